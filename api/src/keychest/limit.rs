//! Requests a minute: counted for the user of a valid key, else for the address, and told on every answer; when they are
//! counted anew is told to whoever is refused.
//!
//! Clients think up their keys themselves, and some could be guessed. So an address that got too many wrong in an hour is
//! not listened to with a key of that kind, right or wrong, until the hour is over. Keys with a prefix cannot be guessed
//! and go on.

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
    identity::Form,
    limit::{Purpose, Rule, Standing, Subject},
};

use super::{body::Said, caller::KeyPlace, problem::Problem};
use crate::{
    caller::{Identity, Nobody, Presented, Recognised, hand_on, identify},
    peer::Peer,
    rate_headers::{tell, tell_without_reset},
    site::Site,
};

/// Finds out who calls, counts the request, and lets it through while there is something left.
pub(super) async fn count(
    State((site, place)): State<(Site, KeyPlace)>,
    mut request: Request,
    next: Next,
) -> Response {
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let said = Said::take(&mut request).await;
    let (presented, peer) = (place.find(&request, &said), Peer::of(request.extensions()).0.into());
    let identified = listen(&site.core, presented, peer).await;
    let standing = stand(&site.core, &identified, peer).await;
    request.extensions_mut().insert(said);
    let mut response = hand_on::<Problem>(&site, identified, &standing, request, next).await;
    // A limit of another kind, such as that of claims, tells of itself when it refuses.
    let told = response.extensions().get().copied().unwrap_or(standing);
    if told.allowed {
        tell_without_reset(response.headers_mut(), &told);
    } else {
        tell(response.headers_mut(), &told);
    }
    response
}

/// Recognises the caller, unless the address has got too many keys wrong. Only what could be guessed counts: not the
/// revoked key of somebody whose client goes on asking, and not one with a prefix.
async fn listen(core: &Core, presented: Option<Presented>, peer: Subject) -> Result<Identity, Error> {
    if presented.as_ref().and_then(Presented::form) != Some(Form::KeyChest) {
        return identify(core, presented).await;
    }
    let rule = wrong_keys(core);
    let standing = core.limiter.look(&rule, peer, core.clock.now()).await;
    if !standing.allowed {
        return Err(Error::LimitReached(standing));
    }
    let identity = identify(core, presented).await?;
    if let Identity(Err(Nobody::Refused(refusal))) = identity
        && refusal.who().user.is_none()
    {
        core.limiter.take(&rule, peer, core.clock.now()).await;
    }
    Ok(identity)
}

/// Counts the request.
async fn stand(core: &Core, identified: &Result<Identity, Error>, peer: Subject) -> Standing {
    let (name, subject, purpose) = match identified {
        Ok(Identity(Ok(Recognised { principal, .. }))) => {
            ("keychest.requests", principal.user.into(), Purpose::Quota)
        }
        Ok(_) | Err(_) => ("keychest.anonymous", peer, Purpose::Throttle),
    };
    let most = core.limits.allowances.keychest_requests_a_minute;
    let window = Duration::from_mins(1);
    let rule = Rule { name, unit: "requests a minute", most, window, lock: None, purpose };
    core.limiter.take(&rule, subject, core.clock.now()).await
}

fn wrong_keys(core: &Core) -> Rule {
    Rule::throttle("keychest.wrong", "wrong keys an hour", core.limits.allowances.refused_keys_an_hour)
}
