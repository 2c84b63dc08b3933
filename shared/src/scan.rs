//! The scan: what is asked for, what is planned, what is found.

pub mod plan;
pub mod service;

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Invalid, Result},
    ports::PortSet,
    target::TargetList,
    target_policy::TargetPolicy,
};

/// The most units (addresses times ports) that one scan may have: a /16 with 256 ports.
pub const MAX_UNITS: i64 = 1 << 24;

/// What a caller asks for. Stored with the job as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanRequest {
    /// What to scan.
    pub target: TargetList,
    /// How to probe.
    #[serde(default)]
    pub scan_type: ScanType,
    /// Which ports.
    pub ports: PortSet,
    /// What else to do.
    #[serde(default)]
    pub options: ScanOptions,
}

/// How ports are probed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanType {
    /// Whole TCP connections, which needs no privilege.
    #[default]
    Tcp,
    /// SYN packets alone.
    Syn,
}

impl ScanType {
    /// What a worker must be able to do for it.
    #[must_use]
    pub fn needs(self) -> Ability {
        match self {
            Self::Tcp => Ability::Connections,
            Self::Syn => Ability::RawPackets,
        }
    }
}

/// What a worker may do on the network; each one includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ability {
    /// Open connections.
    Connections,
    /// Send packets of its own making, which takes the right `CAP_NET_RAW`.
    RawPackets,
}

/// Switches of a scan; all off by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of the API, not states")]
pub struct ScanOptions {
    /// Asks for a hint at the operating system.
    pub os_detection: bool,
    /// Asks for services and versions.
    pub service_detection: bool,
    /// Asks for a look at TLS.
    pub ssl_check: bool,
    /// Trades certainty about silent ports for time: fewer tries, shorter waits.
    pub fast_mode: bool,
    /// The caller insisted. Recorded; it opens nothing that the policy refuses.
    pub force: bool,
}

impl ScanOptions {
    /// Whether open ports are talked to once they are found.
    #[must_use]
    pub fn identifies(&self) -> bool {
        self.service_detection || self.os_detection || self.ssl_check
    }
}

impl ScanRequest {
    /// Units of the request, host names counted as one address each.
    #[must_use]
    pub fn units(&self) -> i64 {
        let addresses = i64::try_from(self.target.address_count()).unwrap_or(i64::MAX);
        addresses.saturating_mul(i64::try_from(self.ports.len()).unwrap_or(i64::MAX))
    }

    /// Checks what can be known before names are resolved: the size, and the policy for literal addresses.
    ///
    /// # Errors
    /// `Invalid` for too large a scan, `Refused` for an address that may not be scanned.
    pub fn check(&self, policy: &TargetPolicy) -> Result<()> {
        check_size(self.units())?;
        for target in &self.target {
            policy.check(target)?;
        }
        Ok(())
    }

    /// A guess at how long the scan takes, in whole seconds, at least 1.
    ///
    /// Assumes what is usual for a host across the internet: most ports silent, a thousand of them at a time.
    #[must_use]
    pub fn estimated_seconds(&self) -> i64 {
        let tries = if self.options.fast_mode { 1 } else { 3 };
        (self.units() * tries / 2000).max(1)
    }
}

/// Refuses a scan of more than [`MAX_UNITS`].
pub(crate) fn check_size(units: i64) -> Result<()> {
    if units <= MAX_UNITS {
        return Ok(());
    }
    let message = format!(
        "{units} ports to scan in all (addresses times ports); a scan may have {MAX_UNITS}: split it"
    );
    Err(Error::Invalid(Invalid { field: "ports", value: units.to_string(), message }))
}
