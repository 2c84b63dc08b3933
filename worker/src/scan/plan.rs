//! Planning a scan: names to addresses, once; the policy; shards.

use ipnet::IpNet;
use shared::{
    error::Result,
    job::{FailureCode, finish::split},
    scan::{MAX_UNITS, ScanRequest, plan::Plan},
    target::Target,
};

use super::fail;
use crate::{Outcome, Work};

/// Resolves, vets and splits. The addresses found here are the ones that are scanned: a name that changes its mind
/// afterwards changes nothing.
pub(super) async fn perform(work: &Work, request: &ScanRequest) -> Result<Outcome> {
    let blocks = match blocks(work, request).await {
        Ok(blocks) => blocks,
        Err(failed) => return Ok(failed),
    };
    let plan = Plan::new(blocks);
    let units = plan.units(&request.ports);
    if units > MAX_UNITS {
        let message = format!(
            "the names stand for so many addresses that there are {units} ports to scan, more than {MAX_UNITS}"
        );
        return Ok(fail(FailureCode::Refused, message));
    }
    tracing::info!(addresses = plan.addresses(), units, "planned");
    split(&work.core, &work.claim, &plan, units).await?;
    Ok(Outcome::Settled)
}

async fn blocks(work: &Work, request: &ScanRequest) -> std::result::Result<Vec<(IpNet, String)>, Outcome> {
    let policy = &work.core.limits.targets;
    let refused = |refusal: shared::target_policy::Refusal| fail(FailureCode::Refused, refusal.to_string());
    let mut blocks = Vec::new();
    for target in &request.target {
        policy.check(target).map_err(refused)?;
        match target {
            Target::Address(address) => blocks.push((IpNet::from(*address), target.to_string())),
            Target::Block(net) => blocks.push((*net, target.to_string())),
            Target::Host(name) => {
                let addresses = work.resolver.addresses(&name.to_string()).await;
                for address in addresses.map_err(|message| fail(FailureCode::UnknownHost, message))? {
                    policy.check_address(address).map_err(refused)?;
                    blocks.push((IpNet::from(address), target.to_string()));
                }
            }
        }
    }
    Ok(blocks)
}
