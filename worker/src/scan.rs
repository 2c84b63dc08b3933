//! The scan: shard 0 plans it, the others probe.

mod hosts;
mod identify;
mod ledger;
mod openings;
mod order;
mod plan;
mod probe;
mod rates;
mod system;

use chrono::TimeDelta;
use services::{Extras, Identifier, Recog};
use shared::{
    core::Core,
    error::{Error, chain},
    job::{Failure, FailureCode},
    scan::{Ability, ScanRequest},
};

pub use self::rates::Rates;
use crate::{Outcome, Work};

/// Works one shard of a scan.
pub(crate) async fn perform(work: Work) -> Outcome {
    let request: ScanRequest = match serde_json::from_value(work.claim.job.request.clone()) {
        Ok(request) => request,
        Err(error) => {
            return fail(FailureCode::Internal, format!("the stored request cannot be read: {error}"));
        }
    };
    let outcome = if work.claim.shard.number == 0 {
        plan::perform(&work, &request).await
    } else {
        probe::perform(&work, &request).await
    };
    outcome.unwrap_or_else(|error| retry_or_fail(&error))
}

/// What scans this process is able to do.
pub(crate) fn ability() -> Ability {
    if portscan::can_send_raw().is_ok() { Ability::RawPackets } else { Ability::Connections }
}

/// What finds out what runs on open ports, with the fingerprints that the operator put beside its own.
///
/// # Errors
/// A text for the operator when these cannot be used.
pub(crate) fn identifier(core: &Core) -> Result<Identifier, String> {
    let recog = core.limits.recog.as_deref().map(Recog::open).transpose();
    let recog = recog.map_err(|error| format!("VEDETTE_RECOG: {error}"))?;
    if let Some(recog) = &recog {
        tracing::info!(patterns = recog.patterns(), refused = recog.refused(), "fingerprints are read");
    }
    Identifier::with(Extras { recog, ..Extras::default() }).map_err(|error| error.to_string())
}

/// An error that passes is tried again; any other ends the job.
fn retry_or_fail(error: &Error) -> Outcome {
    if error.is_passing() {
        tracing::warn!(%error, "tried again later");
        return Outcome::Retry(TimeDelta::seconds(1));
    }
    tracing::error!(error = chain(error), "the scan cannot go on");
    fail(FailureCode::Internal, "the server failed at this job; its log says more".to_owned())
}

fn fail(code: FailureCode, message: String) -> Outcome {
    Outcome::Fail(Failure { code, message })
}
