//! What a reader of a scan's results must know about them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::job::UnknownWord;

/// Something that makes the results say less than they seem to. Each code is told once a scan, however many shards meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// What it is.
    pub code: WarningCode,
    /// The first address it was met at, where it is about addresses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
}

/// The closed list of warnings. Stored by their words: a new version may add some, never change or drop one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// Answers came faster than a worker could read them.
    AnswersDropped,
    /// Other scans took the packet budget, so that retries came late.
    BudgetExhausted,
    /// Ports that are counted as filtered may be open: the scan type cannot tell.
    OpenOrFiltered,
    /// A host limits the ICMP errors by which closed ports are told.
    IcmpLimited,
    /// A host opens whatever port is tried: its open ports mean nothing, and few of them are stored.
    AllPortsOpen,
    /// Addresses of a block were not scanned, because nobody answered there.
    HostsSkipped,
}

impl Warning {
    /// A warning about no address.
    #[must_use]
    pub fn of(code: WarningCode) -> Self {
        Self { code, address: None }
    }

    /// What a person is told.
    #[must_use]
    pub fn message(&self) -> String {
        let what = match self.code {
            WarningCode::AnswersDropped => {
                "answers came faster than they could be read; open ports may be missed"
            }
            WarningCode::BudgetExhausted => {
                "the packet budget was too small for all scans; open ports may be missed"
            }
            WarningCode::OpenOrFiltered => {
                "ports without an answer count as filtered; with this scan type they may also be open"
            }
            WarningCode::IcmpLimited => {
                "a host limits its ICMP errors, so that closed ports count as filtered"
            }
            WarningCode::AllPortsOpen => {
                "a host opens whatever port is tried, so that its open ports mean nothing"
            }
            WarningCode::HostsSkipped => {
                "addresses where nobody answers are skipped, and their ports count as filtered"
            }
        };
        self.address.map_or_else(|| what.to_owned(), |address| format!("{what}: {address}"))
    }
}

impl WarningCode {
    /// The word that the database keeps.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AnswersDropped => "answers_dropped",
            Self::BudgetExhausted => "budget_exhausted",
            Self::OpenOrFiltered => "open_or_filtered",
            Self::IcmpLimited => "icmp_limited",
            Self::AllPortsOpen => "all_ports_open",
            Self::HostsSkipped => "hosts_skipped",
        }
    }
}

impl TryFrom<String> for WarningCode {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        let hosts = [Self::IcmpLimited, Self::AllPortsOpen, Self::HostsSkipped];
        [Self::AnswersDropped, Self::BudgetExhausted, Self::OpenOrFiltered]
            .into_iter()
            .chain(hosts)
            .find(|code| code.as_str() == word)
            .ok_or(UnknownWord(word))
    }
}
