//! How ports are probed.

use serde::{Deserialize, Serialize};

use crate::job::UnknownWord;

/// What kind of scan it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanType {
    /// TCP ports, by the [`Engine`] that is chosen.
    #[default]
    Tcp,
    /// TCP ports, by SYN packets alone.
    Syn,
    /// UDP ports.
    Udp,
    /// TCP ports, by FIN packets, to which an open one is silent.
    Fin,
    /// The same by packets without a flag.
    Null,
    /// The same by packets with FIN, PSH and URG.
    Xmas,
}

/// What tries the ports of a scan of type `tcp`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// SYN packets where every worker has the right to them and the targets are not all on loopback, else connections.
    #[default]
    Auto,
    /// Whole connections, which needs no right.
    Connect,
    /// SYN packets alone.
    Syn,
}

/// Whether addresses of blocks are asked first whether anybody is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Discovery {
    /// They are where it saves work, and those where nobody answers are skipped: their ports count as filtered.
    #[default]
    Auto,
    /// Every port of every address is tried.
    Off,
}

/// What a worker may do on the network; each one includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ability {
    /// Open connections.
    Connections,
    /// Send packets of its own making, which takes the right `CAP_NET_RAW`.
    RawPackets,
}

/// What ports are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// RFC 9293.
    #[default]
    Tcp,
    /// RFC 768.
    Udp,
}

impl ScanType {
    /// Every one, for messages that list them.
    pub const ALL: [Self; 6] = [Self::Tcp, Self::Syn, Self::Udp, Self::Fin, Self::Null, Self::Xmas];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Syn => "syn",
            Self::Udp => "udp",
            Self::Fin => "fin",
            Self::Null => "null",
            Self::Xmas => "xmas",
        }
    }

    /// What a worker must be able to do for it.
    #[must_use]
    pub fn needs(self) -> Ability {
        match self {
            Self::Tcp | Self::Udp => Ability::Connections,
            Self::Syn | Self::Fin | Self::Null | Self::Xmas => Ability::RawPackets,
        }
    }

    /// Whether an open port may be silent to it, so that one that counts as filtered may be open.
    #[must_use]
    pub fn may_miss_open(self) -> bool {
        match self {
            Self::Tcp | Self::Syn => false,
            Self::Udp | Self::Fin | Self::Null | Self::Xmas => true,
        }
    }

    /// What its ports are of.
    #[must_use]
    pub fn protocol(self) -> Protocol {
        match self {
            Self::Udp => Protocol::Udp,
            Self::Tcp | Self::Syn | Self::Fin | Self::Null | Self::Xmas => Protocol::Tcp,
        }
    }
}

impl Ability {
    /// Every one, the least first.
    pub const ALL: [Self; 2] = [Self::Connections, Self::RawPackets];

    /// The word that the database keeps.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::RawPackets => "raw_packets",
        }
    }
}

impl TryFrom<String> for Ability {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|ability| ability.as_str() == word).ok_or(UnknownWord(word))
    }
}

impl Engine {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Connect => "connect",
            Self::Syn => "syn",
        }
    }
}

impl Discovery {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Off => "off",
        }
    }
}

impl Protocol {
    /// The word that the database keeps.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

impl TryFrom<String> for Protocol {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        [Self::Tcp, Self::Udp].into_iter().find(|protocol| protocol.as_str() == word).ok_or(UnknownWord(word))
    }
}
