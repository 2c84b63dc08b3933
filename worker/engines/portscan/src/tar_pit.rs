use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
};

use crate::{
    error::Error, permutation::Permutation, probe::Probe, scan::scan, settings::Settings, stop::Stop,
};

/// Ports that are picked, from this one on: so high that services seldom choose them.
const LOWEST: u16 = 20_000;
const PICKED: u64 = 16;
/// One may be lost.
const ENOUGH: u64 = 15;

/// Tells whether a host opens whatever port is tried, as tar pits do, and firewalls that answer in the place of hosts: at
/// least 15 of 16 ports that are picked at random from 20,000 on. Its open ports then mean nothing.
///
/// Of `settings`, the method and what limits the rate are kept.
///
/// ```
/// use portscan::{Settings, Stop, opens_every_port};
///
/// assert!(!opens_every_port(&Settings::default(), "127.0.0.1".parse()?, &Stop::new())?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of [`scan`](crate::scan()).
pub fn opens_every_port(settings: &Settings, address: IpAddr, stop: &Stop) -> Result<bool, Error> {
    let key = RandomState::new().hash_one(address);
    let order = Permutation::new(u64::from(u16::MAX - LOWEST), key);
    let probes = (0..PICKED).map(|number| {
        let port = LOWEST + u16::try_from(order.at(number)).unwrap_or_default();
        Probe { number, address: (address, port).into() }
    });
    let summary = scan(&settings.in_haste(settings.method), probes, stop, |_| {})?;
    Ok(summary.tally.open >= ENOUGH)
}
