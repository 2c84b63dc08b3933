//! Requests an hour: counted for the key, else for the address, and told on every answer.

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
    identity::ApiKey,
    limit::{Purpose, Rule, Standing},
};

use super::problem::Problem;
use crate::{
    caller::{Identity, Presented, Recognised, bearer, hand_on, identify},
    peer::Peer,
    rate_headers::tell_dashed,
    site::Site,
};

const HOUR: Duration = Duration::from_hours(1);

/// Finds out who calls, counts the request, and lets it through while there is something left.
pub(super) async fn count(State(site): State<Site>, request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let presented = bearer(request.headers()).map(|text| Presented::key(ApiKey::parse(text), &request));
    let identified = identify(&site.core, presented).await;
    let standing = stand(&site.core, &identified, Peer::of(request.extensions())).await;
    let mut response = hand_on::<Problem>(&site, identified, &standing, request, next).await;
    // The reset is the end of the hour, in Unix seconds.
    tell_dashed(response.headers_mut(), &standing, standing.resets_at.timestamp());
    response
}

/// Counts the request.
async fn stand(core: &Core, identified: &Result<Identity, Error>, peer: Peer) -> Standing {
    let allowances = &core.limits.allowances;
    let (rule, subject) = if let Ok(Identity(Ok(Recognised { principal, .. }))) = identified {
        let (most, purpose) = (allowances.chenist_requests_an_hour, Purpose::Quota);
        let (name, unit) = ("chenist.requests", "requests an hour");
        (Rule { name, unit, most, window: HOUR, lock: None, purpose }, principal.key.into())
    } else {
        let unit = "requests an hour without a valid key";
        (Rule::throttle("chenist.anonymous", unit, allowances.anonymous_requests_an_hour), peer.0.into())
    };
    core.limiter.take(&rule, subject, core.clock.now()).await
}
