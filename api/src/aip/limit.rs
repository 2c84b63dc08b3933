//! Requests a minute: so many of an organization, and so many of an address, which is locked out if it goes on.
//!
//! A request counts for its address first, whatever it is worth, and one from an address that is locked out is not
//! even read. For an organization counts what bears a signature of one of its users: whoever merely names it uses up
//! nothing of it. What is not believed counts once more, by the hour, so that nobody fills the audit log or tries
//! signatures without end; whoever shares that address and signs well is not slowed by it.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use shared::{
    core::Core,
    id::OrganizationId,
    limit::{Purpose, Rule, Standing},
};

use super::problem::Problem;
use crate::{peer::Peer, rate_headers::tell_dashed, site::Site};

const MINUTE: Duration = Duration::from_mins(1);
const LOCK: Duration = Duration::from_mins(15);

/// Counts the request for its address, and tells on its answer where the caller stands: with the limit that was
/// reached, else with the last one that was asked.
pub(super) async fn count(State(site): State<Site>, request: Request, next: Next) -> Response {
    let core = &site.core;
    let rule = Rule {
        name: "aip.address",
        unit: "requests a minute of an address",
        most: core.limits.allowances.signed_requests_a_minute_of_an_address,
        window: MINUTE,
        lock: Some(LOCK),
        purpose: Purpose::Throttle,
    };
    let address = Peer::of(request.extensions()).0;
    let standing = core.limiter.take(&rule, address.into(), core.clock.now()).await;
    let mut response =
        if standing.allowed { next.run(request).await } else { Problem::limited(&standing).into_response() };
    let told = response.extensions().get().copied().unwrap_or(standing);
    tell_dashed(response.headers_mut(), &told, wait(&told, core.clock.now()));
    response
}

/// Counts a request that is believed.
pub(super) async fn take_signed(core: &Core, organization: OrganizationId) -> Standing {
    let rule = Rule {
        name: "aip.requests",
        unit: "requests a minute of an organization",
        most: core.limits.allowances.signed_requests_a_minute,
        window: MINUTE,
        lock: None,
        purpose: Purpose::Quota,
    };
    core.limiter.take(&rule, organization.into(), core.clock.now()).await
}

/// Counts a request that is not.
pub(super) async fn take_refused(core: &Core, address: Peer) -> Standing {
    let most = core.limits.allowances.anonymous_requests_an_hour;
    let rule = Rule::throttle("aip.refused", "requests an hour without a valid signature", most);
    core.limiter.take(&rule, address.0.into(), core.clock.now()).await
}

/// The time to wait, in milliseconds, and 0 for whoever need not wait.
fn wait(standing: &Standing, now: DateTime<Utc>) -> i64 {
    if standing.allowed { 0 } else { (standing.resets_at - now).num_milliseconds().max(1) }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::body::{Body, to_bytes};
    use chrono::TimeDelta;
    use tower::ServiceExt;

    use super::*;
    use crate::{
        aip,
        rate_headers::{DASHED_LIMIT, DASHED_REMAINING, DASHED_RESET},
        site::tests::site,
    };

    /// Status, headers and body of the answer to a request from an address.
    async fn ask(site: &Site, from: [u8; 4], length: usize) -> (u16, [i64; 3], String) {
        let body = Body::from(vec![b' '; length]);
        let mut request = Request::builder().uri("/v2/agents").body(body).unwrap();
        request.extensions_mut().insert(Peer(Ipv4Addr::from(from).into()));
        let response = aip::router(site.clone()).oneshot(request).await.unwrap();
        let headers = response.headers();
        let told = [DASHED_LIMIT, DASHED_REMAINING, DASHED_RESET];
        let told = told.map(|name| headers[name].to_str().unwrap().parse().unwrap());
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, told, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn an_address_that_goes_on_is_locked_out_for_a_quarter_of_an_hour() {
        let folder = tempfile::tempdir().unwrap();
        let site = site(folder.path(), &[("VEDETTE_ANONYMOUS_REQUESTS", "1000000")]).await;
        let (one, other) = ([192, 0, 2, 1], [192, 0, 2, 2]);
        for _ in 0..1000 {
            let (status, [limit, _, reset], _) = ask(&site, one, 0).await;
            assert_eq!((status, limit, reset), (401, 1_000_000, 0));
        }
        for (advance, wait) in [(0, 900_000), (60_000, 840_000), (839_999, 1)] {
            site.core.clock.advance(TimeDelta::milliseconds(advance));
            let (status, told, body) = ask(&site, one, 0).await;
            assert_eq!((status, told), (429, [1000, 0, wait]));
            let seconds = (wait + 999) / 1000;
            assert!(body.ends_with(&format!(" Try again in {seconds} seconds.")), "{body}");
        }
        assert_eq!(ask(&site, other, 0).await.0, 401);
        site.core.clock.advance(TimeDelta::milliseconds(1));
        assert_eq!(ask(&site, one, 0).await.0, 401);
    }

    #[tokio::test]
    async fn what_is_too_large_is_counted_like_any_request_that_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let site = site(folder.path(), &[("VEDETTE_ANONYMOUS_REQUESTS", "1")]).await;
        let (status, told, _) = ask(&site, [192, 0, 2, 1], 2 << 20).await;
        assert_eq!((status, told), (413, [1, 0, 0]));
        let (status, [limit, remaining, reset], _) = ask(&site, [192, 0, 2, 1], 0).await;
        assert_eq!((status, limit, remaining), (429, 1, 0));
        assert!((1..=3_600_000).contains(&reset));
    }
}
