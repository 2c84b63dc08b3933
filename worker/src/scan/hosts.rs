//! The hosts of a shard: whether they may be scanned, and whether anybody is there.

use std::{collections::HashSet, net::IpAddr, ops::Range};

use portscan::{Settings, Stop, find_hosts};
use shared::{
    error::{Error, Result},
    scan::{Discovery, ScanRequest, plan::Plan},
    target_policy::{Refusal, TargetPolicy},
};

/// With no more ports than this, to try them costs little more than to ask first.
const FEW_PORTS: usize = 16;

/// Checks every address of a shard once more before a packet leaves: its plan may be older than the policy.
pub(super) fn check(
    policy: &TargetPolicy,
    plan: &Plan,
    request: &ScanRequest,
    units: &Range<i64>,
) -> std::result::Result<(), Refusal> {
    plan.hosts(&request.ports, units).try_for_each(|host| policy.check_address(host.address.ip()))
}

/// The addresses of a shard that are worth asking whether anybody is there: those of blocks, but none of this machine and
/// none where a port is known to be open.
pub(super) fn doubtful(
    plan: &Plan,
    request: &ScanRequest,
    units: &Range<i64>,
    open: &HashSet<i64>,
) -> Vec<IpAddr> {
    if request.options.discovery == Discovery::Off || request.ports.len() <= FEW_PORTS {
        return Vec::new();
    }
    let address = |unit: &i64| plan.unit(&request.ports, *unit).map(|unit| unit.address.ip());
    let answering: HashSet<IpAddr> = open.iter().filter_map(address).collect();
    let hosts = plan.hosts(&request.ports, units).filter(|host| host.of_block).map(|host| host.address.ip());
    hosts.filter(|address| !address.is_loopback() && !answering.contains(address)).collect()
}

/// Those of `addresses` where nobody answers. A stop ends it early; what it gives then means nothing.
pub(super) async fn absent(
    addresses: Vec<IpAddr>,
    settings: &Settings,
    stop: &Stop,
) -> Result<HashSet<IpAddr>> {
    if addresses.is_empty() {
        return Ok(HashSet::new());
    }
    let (settings, stop) = (settings.clone(), stop.clone());
    let asking = tokio::task::spawn_blocking(move || {
        let present = find_hosts(&settings, &addresses, &stop)?;
        Ok(addresses.into_iter().filter(|address| !present.contains(address)).collect())
    });
    let answered: std::result::Result<HashSet<IpAddr>, portscan::Error> =
        asking.await.map_err(Error::internal)?;
    answered.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(options: &str, ports: &str) -> ScanRequest {
        let text = format!(r#"{{"target": "127.0.0.1", "ports": "{ports}", "options": {options}}}"#);
        serde_json::from_str(&text).unwrap()
    }

    /// A block, an address of its own, and loopback.
    fn plan() -> Plan {
        let nets = ["198.51.100.0/30", "203.0.113.1/32", "127.0.0.0/30"];
        Plan::new(nets.map(|net| (net.parse().unwrap(), net.to_owned())))
    }

    #[test]
    fn only_addresses_of_blocks_beyond_this_machine_are_asked() {
        let asked = |options, ports, open: &[i64]| {
            let open = open.iter().copied().collect();
            doubtful(&plan(), &request(options, ports), &(0..900), &open).len()
        };
        assert_eq!(asked("{}", "1-100", &[]), 4);
        assert_eq!(asked("{}", "1-100", &[105]), 3, "one has answered before");
        assert_eq!(asked("{}", "1-16", &[]), 0);
        assert_eq!(asked(r#"{"discovery": "off"}"#, "1-100", &[]), 0);
    }

    #[test]
    fn an_address_that_is_denied_by_now_is_found_before_a_packet_leaves() {
        let policy = |deny: &str| TargetPolicy {
            base: shared::target_policy::Base::Trusting,
            allow: Vec::new(),
            deny: shared::target_policy::parse_nets(deny).unwrap(),
        };
        let check = |deny, units| check(&policy(deny), &plan(), &request("{}", "1-100"), &units);
        assert!(check("203.0.113.0/24", 0..900).is_err());
        assert!(check("203.0.113.0/24", 0..400).is_ok(), "it is of another shard");
        assert!(check("192.0.2.0/24", 0..900).is_ok());
    }
}
