//! Who is calling: believes or refuses a signed request, and signs its answer.

use axum::{
    body::{Body, to_bytes},
    extract::{Request as HttpRequest, State},
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{AUTHORIZATION, CONTENT_TYPE},
        request::Parts,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use shared::hawk_key::{self, Holder};

use super::problem::Problem;
use crate::{
    hawk::{self, Header, Payload, Refusal, Request},
    peer::BaseUrl,
    site::Site,
};

const SERVER_AUTHORIZATION: HeaderName = HeaderName::from_static("server-authorization");
/// The longest body that is read, in bytes.
const LONGEST: usize = 1 << 20;

/// Lets a request through that bears the signature of somebody known; the answer, whatever it is, is signed with the
/// same key.
pub(super) async fn authenticate(
    State(site): State<Site>,
    base_url: BaseUrl,
    request: HttpRequest,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST).await else { return Problem::too_large().into_response() };
    let signed = Signed::of(&base_url, &parts);
    match believe(&site, &signed, &parts, &body).await {
        Ok((header, holder)) => {
            let response = next.run(HttpRequest::from_parts(parts, Body::from(body))).await;
            sign(response, &header, &holder.key, &signed.request()).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// What a signature covers, as the client saw it.
struct Signed {
    method: String,
    target: String,
    host: String,
    port: u16,
}

impl Signed {
    fn of(base_url: &BaseUrl, parts: &Parts) -> Self {
        let called = base_url.called();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        Self {
            method: parts.method.to_string(),
            target: format!("{}{target}", called.prefix),
            host: called.host.to_owned(),
            port: called.port,
        }
    }

    fn request(&self) -> Request<'_> {
        Request { method: &self.method, target: &self.target, host: &self.host, port: self.port }
    }
}

async fn believe(
    site: &Site,
    signed: &Signed,
    parts: &Parts,
    body: &Bytes,
) -> Result<(Header, Holder), Problem> {
    let header = Header::parse(text(&parts.headers, &AUTHORIZATION).unwrap_or_default())?;
    let now = site.core.clock.now();
    let organization = header.ext.as_deref().unwrap_or_default();
    let holder = hawk_key::find(&site.core, &header.id, organization).await?;
    let payload =
        Payload { media_type: text(&parts.headers, &CONTENT_TYPE).unwrap_or_default(), bytes: body };
    // A stranger's signature is looked at like any other, under a key that nobody has.
    let key = holder.as_ref().map_or(&[][..], |holder| &holder.key);
    let verdict = hawk::verify(&header, key, &signed.request(), &payload, now.timestamp());
    let holder = holder.ok_or(Refusal::Unknown)?;
    match verdict {
        Err(Refusal::Stale) => return Err(Problem::stale(&holder.key, now.timestamp())),
        verdict => verdict?,
    }
    // Last, since only who has the key may fill the memory.
    let word = format!("hawk\n{}\n{}\n{}", header.id, header.ts, header.nonce);
    if site.core.limiter.is_first(&word, now).await {
        Ok((header, holder))
    } else {
        Err(Refusal::Nonce.into())
    }
}

/// Signs the finished answer: its exact bytes, and the media type that it is sent under.
async fn sign(response: Response, header: &Header, key: &[u8], request: &Request<'_>) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else { return Problem::panicked().into_response() };
    let payload =
        Payload { media_type: text(&parts.headers, &CONTENT_TYPE).unwrap_or_default(), bytes: &bytes };
    if let Ok(value) = HeaderValue::try_from(hawk::answer(header, key, request, &payload)) {
        parts.headers.insert(SERVER_AUTHORIZATION, value);
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
