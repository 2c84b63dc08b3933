//! Requests an hour: counted for the user of a valid key, else for the address, and told on every answer.
//!
//! The user and not the key, since more keys are no more allowance; the user and not the organization, since the
//! document knows accounts only. A request that fails to authenticate counts for its address like any other without a
//! key, so that keys cannot be guessed without end; whoever shares that address and has a key is not slowed by it.
//! Health is never refused, and shows where the address stands; OPTIONS is not counted at all.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::{Extensions, Method},
    middleware::Next,
    response::Response,
};
use shared::{
    core::Core,
    identity::Tier,
    limit::{Purpose, Rule, Subject},
};

use super::{caller::KeyPlace, problem::Problem};
use crate::{
    caller::{Identity, Recognised, hand_on, identify},
    peer::Peer,
    rate_headers::tell,
    site::Site,
};

/// Finds out who calls, counts the request, and lets it through while there is something left.
pub(super) async fn count(
    State((site, place)): State<(Site, KeyPlace)>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let presented = place.find(&site, &request);
    let identified = identify(&site.core, presented).await;
    let (rule, subject) = match &identified {
        Ok(Identity(Ok(Recognised { principal, .. }))) => {
            (for_user(&site.core, principal.tier), principal.user.into())
        }
        Ok(_) | Err(_) => for_address(&site.core, request.extensions()),
    };
    let standing = site.core.limiter.take(&rule, subject, site.core.clock.now()).await;
    let mut response = hand_on::<Problem>(&site, identified, &standing, request, next).await;
    // A limit of another kind, such as that of scans a day, tells of itself when it refuses.
    let told = response.extensions().get().copied().unwrap_or(standing);
    tell(response.headers_mut(), &told);
    response
}

/// Lets the request through uncounted.
pub(super) async fn show(State(site): State<Site>, request: Request, next: Next) -> Response {
    let (rule, subject) = for_address(&site.core, request.extensions());
    let standing = site.core.limiter.look(&rule, subject, site.core.clock.now()).await;
    let mut response = next.run(request).await;
    tell(response.headers_mut(), &standing);
    response
}

/// The rule for a user of a tier.
pub(super) fn for_user(core: &Core, tier: Tier) -> Rule {
    Rule {
        name: "cybersec.requests",
        unit: "requests an hour",
        most: core.limits.allowances.of(tier).requests_an_hour,
        window: Duration::from_hours(1),
        lock: None,
        purpose: Purpose::Quota,
    }
}

fn for_address(core: &Core, extensions: &Extensions) -> (Rule, Subject) {
    let most = core.limits.allowances.anonymous_requests_an_hour;
    let rule = Rule::throttle("cybersec.anonymous", "requests an hour without a valid key", most);
    (rule, Peer::of(extensions).0.into())
}
