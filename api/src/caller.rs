//! Whom a request's key speaks for, in whichever dialect. Where the key stands is for the dialect to know.

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{HeaderMap, Method, Uri, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use shared::{
    audit,
    core::Core,
    error::{Error, Result, chain},
    identity::{ApiKey, Form, Principal, Refusal, recognise},
    limit::Standing,
};
use tokio::time::timeout;

use crate::{
    patience::PATIENCE,
    peer::{BaseUrl, Peer},
    site::Site,
};

/// The cookie that holds a session.
pub(crate) const COOKIE: &str = "vedette_session";
/// Where a page says the token of its session.
const CSRF_HEADER: &str = "x-csrf-token";

/// A caller together with the key or the session that they came with.
#[derive(Clone, Debug)]
pub(crate) struct Recognised {
    pub(crate) principal: Principal,
    pub(crate) key: ApiKey,
}

/// Whom a request's key speaks for, or why for nobody. Found before a request is counted; travels as an extension of
/// the request, so that the key is looked up once.
#[derive(Clone, Debug)]
pub(crate) struct Identity(pub(crate) std::result::Result<Recognised, Nobody>);

/// Why a request has no caller.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Nobody {
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
#[derive(Debug)]
pub(crate) struct Presented {
    /// `None` for a text that is no key.
    key: Option<ApiKey>,
    from: IpAddr,
    is_forged: bool,
}

impl Presented {
    /// A text that should be a key, as the dialect reads them.
    pub(crate) fn key(key: Option<ApiKey>, request: &Request) -> Self {
        Self { key, from: Peer::of(request.extensions()).0, is_forged: false }
    }

    /// The session whose cookie a request came with, if it came with one.
    pub(crate) fn session(site: &Site, request: &Request) -> Option<Self> {
        let key = ApiKey::parse_session(cookie(request.headers())?);
        let is_forged = key.as_ref().is_some_and(|key| is_forged(site, key, request));
        Some(Self { key, from: Peer::of(request.extensions()).0, is_forged })
    }

    /// The form of the key; `None` for what is none.
    pub(crate) fn form(&self) -> Option<Form> {
        self.key.as_ref().map(ApiKey::form)
    }
}

/// Recognises the caller. Without a usable key there is none, which is for the handler to mind.
///
/// # Errors
/// `Unavailable` when the database is away, or takes too long.
pub(crate) async fn identify(core: &Core, presented: Option<Presented>) -> Result<Identity> {
    let Some(Presented { key, from, is_forged }) = presented else {
        return Ok(Identity(Err(Nobody::Missing)));
    };
    let recognised = timeout(PATIENCE, recognise(core, key.as_ref(), from)).await;
    let late = |elapsed| Error::Unavailable { what: "the database", source: Box::new(elapsed) };
    let found = match (recognised.map_err(late)??, key) {
        (Ok(_), _) if is_forged => Err(Nobody::Forged),
        (Ok(principal), Some(key)) => Ok(Recognised { principal, key }),
        (Ok(_), None) => Err(Nobody::Missing),
        (Err(refusal), _) => Err(Nobody::Refused(refusal)),
    };
    Ok(Identity(found))
}

/// Hands a request on to its handler, with its caller, while something is left of the limit that it was counted for;
/// else refuses it in the words of a dialect.
pub(crate) async fn hand_on<P: From<Error> + IntoResponse>(
    site: &Site,
    identified: Result<Identity>,
    standing: &Standing,
    mut request: Request,
    next: Next,
) -> Response {
    match identified {
        _ if !standing.allowed => P::from(Error::LimitReached(*standing)).into_response(),
        Err(error) => P::from(error).into_response(),
        Ok(identity) => {
            // Past the limit nothing is written: strangers could fill the log.
            record_refusal(site, &identity).await;
            request.extensions_mut().insert(identity);
            next.run(request).await
        }
    }
}

/// Writes into the audit log that a key was refused.
async fn record_refusal(site: &Site, identity: &Identity) {
    let Identity(Err(Nobody::Refused(refusal))) = identity else { return };
    if let Err(error) = audit::refused(&site.core, refusal.who(), refusal.reason()).await {
        site.metrics.audit_failed();
        tracing::warn!(error = chain(&error), "a refused key is not in the audit log");
    }
}

/// The caller of a request, for its handler.
pub(crate) fn found(parts: &mut Parts) -> Result<Recognised> {
    let identity = parts.extensions.remove::<Identity>().map_or(Err(Nobody::Missing), |identity| identity.0);
    identity.map_err(Error::from)
}

/// The key in `Authorization: Bearer ..`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

#[derive(Deserialize)]
struct KeyInQuery {
    api_key: Option<String>,
}

/// The key in `?api_key=..`; none where two are given.
pub(crate) fn in_query(uri: &Uri) -> Option<String> {
    let query: axum_extra::extract::Query<KeyInQuery> = axum_extra::extract::Query::try_from_uri(uri).ok()?;
    query.0.api_key
}

/// A browser sends the cookie along whoever wrote the page, so a change must also say what only our page can know. A
/// WebSocket can change something too, but a page cannot give it a header: there the browser says whose page it is.
fn is_forged(site: &Site, session: &ApiKey, request: &Request) -> bool {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Over HTTP/2 a WebSocket is opened by CONNECT.
    if request.headers().contains_key(header::UPGRADE) || *request.method() == Method::CONNECT {
        let host = |url: &str| url.split('/').nth(2).map(str::to_owned);
        let base = request.extensions().get().map_or_else(|| site.own_url(), |BaseUrl(url)| url.clone());
        return host(header(header::ORIGIN.as_str())) != host(&base);
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    !reads && !site.core.secret.is_csrf_token(session, header(CSRF_HEADER))
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    cookies.find_map(|(name, value)| (name == COOKIE).then_some(value))
}
