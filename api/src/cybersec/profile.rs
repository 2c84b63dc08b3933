//! The caller's own account.

use axum::{extract::State, http::StatusCode};
use serde::Serialize;
use shared::{
    identity::{Form, profile},
    job::allowance::usage,
};

use super::{caller::Bearer, envelope::Reply, limit::for_user, problem::Problem, wire::seconds};
use crate::{public_id::user_id, site::Site};

/// Who calls, what they may do, and what they have had of it.
#[derive(Debug, Serialize)]
pub(super) struct Profile {
    user_id: String,
    email: String,
    organization: String,
    role: &'static str,
    tier: &'static str,
    created_at: String,
    permissions: Vec<&'static str>,
    api_key: Key,
    limits: Limits,
    usage: Used,
    /// Of a session: to be said in `X-CSRF-Token` by whatever changes something.
    csrf_token: Option<String>,
}

#[derive(Debug, Serialize)]
struct Key {
    prefix: String,
    expires_at: Option<String>,
}

/// Null stands for any number.
#[derive(Debug, Serialize)]
struct Limits {
    scans_per_day: Option<i64>,
    requests_per_hour: i64,
    concurrent_scans: Option<i64>,
}

#[derive(Debug, Serialize)]
struct Used {
    scans_today: i64,
    requests_this_hour: i64,
    concurrent_scans: i64,
}

/// Shows the caller's account.
pub(super) async fn read(
    State(site): State<Site>,
    Bearer { principal, key }: Bearer,
) -> Result<Reply<Profile>, Problem> {
    let core = &site.core;
    let (user, stored) = profile(core, &principal).await?;
    let scans = usage(core, &principal).await?;
    let requests =
        core.limiter.look(&for_user(core, principal.tier), principal.user.into(), core.clock.now()).await;
    let allowance = core.limits.allowances.of(principal.tier);
    let profile = Profile {
        user_id: user_id(user.id),
        email: user.email,
        organization: user.organization,
        role: user.role.as_str(),
        tier: user.tier.as_str(),
        created_at: seconds(user.created_at),
        permissions: principal.permissions.words().collect(),
        api_key: Key { prefix: stored.prefix, expires_at: stored.expires_at.map(seconds) },
        limits: Limits {
            scans_per_day: allowance.scans_a_day,
            requests_per_hour: allowance.requests_an_hour,
            concurrent_scans: allowance.scans_at_once,
        },
        usage: Used {
            scans_today: scans.scans_today,
            requests_this_hour: requests.limit - requests.remaining,
            concurrent_scans: scans.scans_at_once,
        },
        csrf_token: (key.form() == Form::Session).then(|| core.secret.csrf_token(&key)),
    };
    Ok(Reply(StatusCode::OK, profile))
}
