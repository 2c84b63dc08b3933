//! Planning a scan: names to addresses, once; the policy; shards.

use futures::{StreamExt, TryStreamExt, stream};
use ipnet::IpNet;
use shared::{
    error::Result,
    event::UnresolvedHost,
    job::{FailureCode, finish::split},
    scan::{Ability, Engine, MAX_UNITS, ScanRequest, ScanType, plan::Plan},
    target::Target,
    target_policy::Refusal,
};

use super::fail;
use crate::{Outcome, Work};

/// Names that are looked up at the same time: each holds a thread for as long as the name servers are silent.
const LOOKUPS: usize = 8;

/// Resolves, vets and splits. The addresses found here are the ones that are scanned: a name that changes its mind
/// afterwards changes nothing. Names without an address are told and left out, as long as anything is left.
pub(super) async fn perform(work: &Work, request: &ScanRequest) -> Result<Outcome> {
    let plan = match plan(work, request).await {
        Ok(plan) => plan,
        Err(failed) => return Ok(failed),
    };
    let units = plan.units(&request.ports);
    if units > MAX_UNITS {
        let message = format!(
            "the names stand for so many addresses that there are {units} ports to scan, more than {MAX_UNITS}"
        );
        return Ok(fail(FailureCode::Refused, message));
    }
    let workers = work.core.bell.workers().await;
    let needs = needs(request, &plan, workers.map(|workers| workers.all));
    let (addresses, unresolved) = (plan.addresses(), plan.unresolved().len());
    tracing::info!(addresses, units, unresolved, needs = needs.as_str(), "planned");
    split(&work.core, &work.claim, &plan, units, needs).await?;
    Ok(Outcome::Settled)
}

/// What a worker must be able to do for the shards, which are all tried in the same way. Where that is left to us, SYN
/// packets are sent if every worker can, so that none has to look on; and never on loopback, where connections are as
/// fast, and what listens can tell them.
fn needs(request: &ScanRequest, plan: &Plan, all_workers: Option<Ability>) -> Ability {
    let is_free = request.scan_type == ScanType::Tcp && request.options.engine == Engine::Auto;
    if is_free && !plan.is_local() { all_workers.unwrap_or(Ability::Connections) } else { request.needs() }
}

async fn plan(work: &Work, request: &ScanRequest) -> std::result::Result<Plan, Outcome> {
    let targets = stream::iter(request.target.iter().cloned());
    let looking = targets.map(|target| find(work, target)).buffered(LOOKUPS);
    let found: std::result::Result<Vec<Found>, Refusal> = looking.try_collect().await;
    let found = found.map_err(|refusal| fail(FailureCode::Refused, refusal.to_string()))?;
    let (mut blocks, mut unresolved) = (Vec::new(), Vec::new());
    for (target, found) in request.target.iter().zip(found) {
        match found {
            Found::Blocks(nets) => blocks.extend(nets.into_iter().map(|net| (net, target.to_string()))),
            Found::Nothing(host) => unresolved.push(host),
        }
    }
    if blocks.is_empty() {
        let reasons: Vec<String> = unresolved.into_iter().map(|host| host.reason).collect();
        return Err(fail(FailureCode::UnknownHost, reasons.join("; ")));
    }
    Ok(Plan::new(blocks).leaving_out(unresolved))
}

/// What a target stands for.
enum Found {
    Blocks(Vec<IpNet>),
    Nothing(UnresolvedHost),
}

/// Looks a target up. One address that may not be scanned refuses it, however many good ones stand beside it.
async fn find(work: &Work, target: Target) -> std::result::Result<Found, Refusal> {
    let policy = &work.core.limits.targets;
    policy.check(&target)?;
    let host = match target {
        Target::Address(address) => return Ok(Found::Blocks(vec![IpNet::from(address)])),
        Target::Block(net) => return Ok(Found::Blocks(vec![net])),
        Target::Host(name) => name.to_string(),
    };
    match work.resolver.addresses(&host).await {
        Ok(addresses) => {
            addresses.iter().try_for_each(|address| policy.check_address(*address))?;
            Ok(Found::Blocks(addresses.into_iter().map(IpNet::from).collect()))
        }
        Err(reason) => Ok(Found::Nothing(UnresolvedHost { host, reason })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(body: &str, net: &str, all_workers: Option<Ability>) -> Ability {
        let text = format!(r#"{{"target": "127.0.0.1", "ports": "1", {body}}}"#);
        let plan = Plan::new([(net.parse().unwrap(), net.to_owned())]);
        needs(&serde_json::from_str(&text).unwrap(), &plan, all_workers)
    }

    #[test]
    fn syn_packets_are_chosen_where_every_worker_can_send_them() {
        use Ability::{Connections, RawPackets};
        let (far, near) = ("198.51.100.0/24", "127.0.0.0/8");
        let auto = |net, all_workers| asked(r#""scan_type": "tcp""#, net, all_workers);
        assert_eq!(auto(far, Some(RawPackets)), RawPackets);
        assert_eq!(auto(far, Some(Connections)), Connections);
        assert_eq!(auto(far, None), Connections, "it is not known");
        assert_eq!(auto(near, Some(RawPackets)), Connections);
        for net in [far, near] {
            for (body, expected) in [
                (r#""scan_type": "syn""#, RawPackets),
                (r#""scan_type": "xmas""#, RawPackets),
                (r#""scan_type": "udp""#, Connections),
                (r#""options": {"engine": "connect"}"#, Connections),
                (r#""options": {"engine": "syn"}"#, RawPackets),
            ] {
                let decided = [None, Some(Connections), Some(RawPackets)].map(|all| asked(body, net, all));
                assert_eq!(decided, [expected; 3], "{body}");
            }
        }
    }
}
