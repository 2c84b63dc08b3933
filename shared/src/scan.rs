//! The scan: what is asked for, what is planned, what is found.

mod method;
pub mod plan;
pub mod service;
pub mod warning;

use serde::{Deserialize, Serialize};

pub use self::method::{Ability, Discovery, Engine, Protocol, ScanType};
use crate::{
    error::{Error, Invalid, Result},
    ports::PortSet,
    settings::Limits,
    target::TargetList,
};

/// The most units (addresses times ports) that one scan may have: a /16 with 256 ports.
pub const MAX_UNITS: i64 = 1 << 24;

/// The most packets a second that a scan may ask for, or a worker be allowed.
pub const MAX_RATE: u32 = 10_000_000;

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

/// How else a scan is done; all switches are off by default.
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
    /// What tries the ports, where the scan type leaves a choice.
    pub engine: Engine,
    /// Packets a second that each worker may send for this scan; without it the worker's usual rate.
    pub rate: Option<u32>,
    /// Whether addresses of blocks are asked first whether anybody is there.
    pub discovery: Discovery,
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

    /// What a worker must be able to do for it.
    #[must_use]
    pub fn needs(&self) -> Ability {
        match self.options.engine {
            Engine::Syn => Ability::RawPackets,
            Engine::Auto | Engine::Connect => self.scan_type.needs(),
        }
    }

    /// Checks what can be known before names are resolved: the size, the options, and the policy for literal addresses.
    ///
    /// # Errors
    /// `Invalid` for too large a scan or options that cannot be had, `Refused` for an address that may not be scanned.
    pub fn check(&self, limits: &Limits) -> Result<()> {
        check_size(self.units())?;
        self.check_options(limits.scan_rate.unwrap_or(MAX_RATE))?;
        for target in &self.target {
            limits.targets.check(target)?;
        }
        Ok(())
    }

    fn check_options(&self, most: u32) -> Result<()> {
        let engine = self.options.engine;
        if engine != Engine::Auto && self.scan_type != ScanType::Tcp {
            let message = "the engine is a choice for scans of type tcp; other types have one of their own";
            return Err(Invalid::new("options.engine", engine.as_str(), message).into());
        }
        match self.options.rate {
            Some(rate) if !(1..=most).contains(&rate) => {
                let message = format!("rate is a number of packets a second from 1 to {most}");
                Err(Invalid::new("options.rate", &rate.to_string(), message).into())
            }
            _ => Ok(()),
        }
    }

    /// A guess at how long the scan takes, in whole seconds, at least 1.
    ///
    /// Assumes what is usual for a host across the internet: most ports silent, a thousand of them at a time, and a few
    /// open ones, of which one keeps whoever talks to it waiting.
    #[must_use]
    pub fn estimated_seconds(&self) -> i64 {
        let tries = if self.options.fast_mode { 1 } else { 3 };
        let talk = if self.options.identifies() { 3 } else { 0 };
        (self.units() * tries / 2000).max(1) + talk
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
