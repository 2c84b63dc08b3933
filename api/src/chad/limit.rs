//! Requests a minute: counted for the key, of which some have a high rate tier, else for the address, and told on every
//! answer.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use shared::{
    core::Core,
    error::Error,
    identity::RateTier,
    limit::{Purpose, Rule, Standing, Subject},
};

use super::{caller, problem::Problem};
use crate::{
    caller::{Identity, Recognised, hand_on, identify},
    peer::Peer,
    rate_headers::tell,
    site::Site,
};

/// Finds out who calls, counts the request, and lets it through while there is something left.
pub(super) async fn count(State(site): State<Site>, request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let (presented, peer) = (caller::find(&site, &request), Peer::of(request.extensions()).0.into());
    let identified = identify(&site.core, presented).await;
    let standing = stand(&site.core, &identified, peer).await;
    let mut response = hand_on::<Problem>(&site, identified, &standing, request, next).await;
    tell(response.headers_mut(), &standing);
    response
}

/// Counts the request.
async fn stand(core: &Core, identified: &Result<Identity, Error>, peer: Subject) -> Standing {
    let allowances = &core.limits.allowances;
    let (name, subject, purpose) = match identified {
        Ok(Identity(Ok(Recognised { principal, .. }))) => {
            ("chad.requests", principal.key.into(), Purpose::Quota)
        }
        Ok(_) | Err(_) => ("chad.anonymous", peer, Purpose::Throttle),
    };
    let most = match identified {
        Ok(Identity(Ok(Recognised { principal, .. }))) if principal.rate_tier == RateTier::High => {
            allowances.chad_high_requests_a_minute
        }
        Ok(_) | Err(_) => allowances.chad_requests_a_minute,
    };
    let window = Duration::from_mins(1);
    let rule = Rule { name, unit: "requests a minute", most, window, lock: None, purpose };
    core.limiter.take(&rule, subject, core.clock.now()).await
}
