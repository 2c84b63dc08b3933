//! Planning a scan: names to addresses, once; the policy; shards.

use futures::{StreamExt, TryStreamExt, stream};
use ipnet::IpNet;
use shared::{
    error::Result,
    event::UnresolvedHost,
    job::{FailureCode, finish::split},
    scan::{MAX_UNITS, ScanRequest, plan::Plan},
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
    tracing::info!(addresses = plan.addresses(), units, unresolved = plan.unresolved().len(), "planned");
    split(&work.core, &work.claim, &plan, units).await?;
    Ok(Outcome::Settled)
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
