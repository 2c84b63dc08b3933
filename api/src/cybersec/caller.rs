//! Who is calling: `Authorization: Bearer sk_live_..`, on streams also `?api_key=`, or the cookie of a session.

use std::net::IpAddr;

use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderMap, Method, Uri, header, request::Parts},
};
use serde::Deserialize;
use shared::{
    core::Core,
    error::{Error, Result},
    identity::{ApiKey, Changes, Form, Permission, Principal, Refusal, recognise},
};

use super::problem::Problem;
use crate::{
    peer::{BaseUrl, Peer},
    site::Site,
};

/// The cookie that holds a session.
pub(super) const COOKIE: &str = "vedette_session";
/// Where a page says the token of its session.
pub(super) const CSRF_HEADER: &str = "x-csrf-token";

/// The caller of an ordinary request.
#[derive(Debug)]
pub(super) struct Caller(pub(super) Principal);

/// A caller together with the key or the session that they came with.
#[derive(Clone, Debug)]
pub(super) struct Bearer {
    pub(super) principal: Principal,
    pub(super) key: ApiKey,
}

/// Leave to follow a scan, for as long as the key holds.
#[derive(Debug)]
pub(super) struct Leave {
    pub(super) principal: Principal,
    core: Core,
    key: ApiKey,
    changes: Changes,
}

impl Leave {
    /// Waits until the user's rights may have changed.
    pub(super) async fn changed(&mut self) {
        self.changes.of(self.principal.user).await;
    }

    /// Whether the key still holds. While the database is away, nobody can say that it does not.
    pub(super) async fn holds(&mut self) -> bool {
        match recognise(&self.core, Some(&self.key), self.principal.address).await {
            Ok(Ok(principal)) => {
                self.principal = principal;
                self.principal.permissions.allow(Permission::ReadScans)
            }
            Ok(Err(_)) => false,
            Err(error) => error.is_passing(),
        }
    }
}

/// Whom a request's key speaks for, or why for nobody. Found before a request is counted; travels as an extension of
/// the request, so that the key is looked up once.
#[derive(Clone, Debug)]
pub(super) struct Identity(pub(super) std::result::Result<Bearer, Nobody>);

/// Why a request has no caller.
#[derive(Clone, Copy, Debug)]
pub(super) enum Nobody {
    /// It came with no key.
    Missing,
    /// Its key was not accepted.
    Refused(Refusal),
    /// It came with a session's cookie, but maybe from a page of somebody else's.
    Forged,
}

impl From<Nobody> for Error {
    fn from(nobody: Nobody) -> Self {
        match nobody {
            Nobody::Missing => Self::Unauthenticated("API key is missing or invalid"),
            Nobody::Refused(refusal) => refusal.into(),
            Nobody::Forged => Self::Forbidden(
                "with a session's cookie a change takes its csrf_token in the header X-CSRF-Token, and a WebSocket \
                 a page of this server",
            ),
        }
    }
}

/// The key that a request came with.
pub(super) struct Presented {
    /// `None` for a text that is no key.
    key: Option<ApiKey>,
    from: IpAddr,
    is_forged: bool,
}

impl Presented {
    /// `None` for a request without any.
    pub(super) fn find(site: &Site, place: KeyPlace, request: &Request) -> Option<Self> {
        let key = place.find(request)?.read();
        let is_forged = key.as_ref().is_some_and(|key| is_forged(site, key, request));
        Some(Self { key, from: Peer::of(request.extensions()).0, is_forged })
    }
}

/// Recognises the caller. Without a usable key there is none, which is for the handler to mind.
pub(super) async fn identify(core: &Core, presented: Option<Presented>) -> Result<Identity> {
    let Some(Presented { key, from, is_forged }) = presented else {
        return Ok(Identity(Err(Nobody::Missing)));
    };
    let found = match (recognise(core, key.as_ref(), from).await?, key) {
        (Ok(_), _) if is_forged => Err(Nobody::Forged),
        (Ok(principal), Some(key)) => Ok(Bearer { principal, key }),
        (Ok(_), None) => Err(Nobody::Missing),
        (Err(refusal), _) => Err(Nobody::Refused(refusal)),
    };
    Ok(Identity(found))
}

/// A browser sends the cookie along whoever wrote the page, so a change must also say what only our page can know. A
/// WebSocket can change something too, but a page cannot give it a header: there the browser says whose page it is.
fn is_forged(site: &Site, session: &ApiKey, request: &Request) -> bool {
    if session.form() != Form::Session {
        return false;
    }
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if request.headers().contains_key(header::UPGRADE) {
        let host = |url: &str| url.split('/').nth(2).map(str::to_owned);
        let base = request.extensions().get().map_or_else(|| site.own_url(), |BaseUrl(url)| url.clone());
        return host(header(header::ORIGIN.as_str())) != host(&base);
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    !reads && !site.core.secret.is_csrf_token(session, header(CSRF_HEADER))
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
    /// What the request came with, whatever it is worth.
    fn find(self, request: &Request) -> Option<Credential> {
        let in_query = match self {
            Self::Header => None,
            Self::HeaderOrQuery => in_query(request.uri()),
        };
        let key = bearer(request.headers()).or(in_query).map(Credential::Key);
        key.or_else(|| cookie(request.headers()).map(|text| Credential::Cookie(text.to_owned())))
    }
}

/// A text that should be a key of some form.
enum Credential {
    Key(String),
    Cookie(String),
}

impl Credential {
    fn read(&self) -> Option<ApiKey> {
        match self {
            Self::Key(text) => ApiKey::parse(text),
            Self::Cookie(text) => ApiKey::parse_session(text),
        }
    }
}

impl FromRequestParts<Site> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> std::result::Result<Self, Problem> {
        Ok(Self(found(parts)?.principal))
    }
}

impl FromRequestParts<Site> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> std::result::Result<Self, Problem> {
        Ok(found(parts)?)
    }
}

impl FromRequestParts<Site> for Leave {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> std::result::Result<Self, Problem> {
        let Bearer { principal, key } = found(parts)?;
        principal.permissions.require(Permission::ReadScans)?;
        let mut leave = Self { principal, core: site.core.clone(), key, changes: site.core.known.changes() };
        // The key may have been revoked between the question and the subscription.
        if leave.holds().await { Ok(leave) } else { Err(Error::from(Nobody::Missing).into()) }
    }
}

fn found(parts: &mut Parts) -> Result<Bearer> {
    let identity = parts.extensions.remove::<Identity>().map_or(Err(Nobody::Missing), |identity| identity.0);
    identity.map_err(Error::from)
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().to_owned())
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    cookies.find_map(|(name, value)| (name == COOKIE).then_some(value))
}

#[derive(Deserialize)]
struct KeyInQuery {
    api_key: Option<String>,
}

fn in_query(uri: &Uri) -> Option<String> {
    let query: axum_extra::extract::Query<KeyInQuery> = axum_extra::extract::Query::try_from_uri(uri).ok()?;
    query.0.api_key
}
