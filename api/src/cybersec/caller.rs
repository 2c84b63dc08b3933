//! Who is calling: `Authorization: Bearer sk_live_..`, on streams also `?api_key=`, or the cookie of a session.

use axum::{
    extract::{FromRequestParts, Request},
    http::request::Parts,
};
use shared::{
    error::Error,
    identity::{ApiKey, Changes, Permission, Principal, recognise},
};

use super::problem::Problem;
use crate::{
    caller::{Nobody, Presented, Recognised, bearer, found, in_query},
    site::Site,
};

/// The caller of an ordinary request.
#[derive(Debug)]
pub(super) struct Caller(pub(super) Principal);

/// A caller together with the key or the session that they came with.
#[derive(Clone, Debug)]
pub(super) struct Bearer {
    pub(super) principal: Principal,
    pub(super) key: ApiKey,
}

/// Leave to follow jobs, for as long as the key holds.
#[derive(Debug)]
pub(super) struct Leave {
    pub(super) principal: Principal,
    site: Site,
    key: ApiKey,
    changes: Changes,
    needs: Vec<Permission>,
}

impl Leave {
    /// Ends it as soon as one of these is not allowed any more.
    pub(super) fn need(&mut self, needs: Vec<Permission>) {
        self.needs = needs;
    }

    /// Waits until the user's rights may have changed.
    pub(super) async fn changed(&mut self) {
        self.changes.of(self.principal.user).await;
    }

    /// Whether the key still holds. While the database is away, nobody can say that it does not.
    pub(super) async fn holds(&mut self) -> bool {
        // Apart, since each stream holds the room for whatever it may come to wait for.
        match Box::pin(recognise(&self.site.core, Some(&self.key), self.principal.address)).await {
            Ok(Ok(principal)) => {
                self.principal = principal;
                self.needs.iter().all(|needed| self.principal.permissions.allow(*needed))
            }
            Ok(Err(_)) => false,
            Err(error) => error.is_passing(),
        }
    }
}

/// Where the key of a request may stand.
#[derive(Clone, Copy, Debug)]
pub(super) enum KeyPlace {
    /// In the header, else in the cookie.
    Header,
    /// In the header, else in the query, else in the cookie.
    HeaderOrQuery,
}

impl KeyPlace {
    /// What a request came with, whatever it is worth.
    pub(super) fn find(self, site: &Site, request: &Request) -> Option<Presented> {
        let in_header = bearer(request.headers()).map(str::to_owned);
        let text: Option<String> = match self {
            Self::Header => in_header,
            Self::HeaderOrQuery => in_header.or_else(|| in_query(request.uri())),
        };
        match text {
            Some(text) => Some(Presented::key(ApiKey::parse(&text), request)),
            None => Presented::session(site, request),
        }
    }
}

impl FromRequestParts<Site> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, Problem> {
        Ok(Self(found(parts)?.principal))
    }
}

impl FromRequestParts<Site> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, Problem> {
        let Recognised { principal, key } = found(parts)?;
        Ok(Self { principal, key })
    }
}

impl FromRequestParts<Site> for Leave {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let Recognised { principal, key } = found(parts)?;
        let (site, changes) = (site.clone(), site.core.known.changes());
        let mut leave = Self { principal, site, key, changes, needs: Vec::new() };
        // The key may have been revoked between the question and the subscription.
        if leave.holds().await { Ok(leave) } else { Err(Error::from(Nobody::Missing).into()) }
    }
}
