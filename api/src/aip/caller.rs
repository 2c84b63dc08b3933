//! Who is calling: believes or refuses a signed request.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{header::AUTHORIZATION, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use shared::{
    audit::{self, Who},
    core::Core,
    error::{Error, chain},
    identity::{Refusal, Signatory, Signer, Unsigned, recognise_signer},
};

use super::{
    limit,
    problem::Problem,
    signed::{Signed, payload, text},
};
use crate::{
    hawk::{self, Header},
    peer::{BaseUrl, Peer},
    site::Site,
};

/// The longest body that is read, in bytes.
const LONGEST: usize = 1 << 20;

/// Lets a request through that bears the signature of somebody known, for as long as their organization has requests
/// left; the answer, whatever it is, is signed with the same key.
pub(super) async fn authenticate(
    State(site): State<Site>,
    base_url: BaseUrl,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let (sent, address) = (Signed::of(&base_url, &parts), Peer::of(&parts.extensions));
    let Ok(body) = to_bytes(body, LONGEST).await else {
        return refuse(&site, address, Problem::too_large().into()).await.0;
    };
    let (header, signer) = match believe(&site.core, &sent, &parts, &body).await {
        Ok(believed) => believed,
        Err(doubt) => {
            let (response, signature) = refuse(&site, address, doubt).await;
            return match signature {
                Some((header, key)) => sent.answer(response, &header, &key).await,
                None => response,
            };
        }
    };
    let standing = limit::take_signed(&site.core, signer.principal.organization).await;
    let mut response = if standing.allowed {
        next.run(Request::from_parts(parts, Body::from(body))).await
    } else {
        Problem::limited(&standing).into_response()
    };
    response.extensions_mut().insert(standing);
    sent.answer(response, &header, &signer.key).await
}

async fn believe(core: &Core, sent: &Signed, parts: &Parts, body: &[u8]) -> Result<(Header, Signer), Doubt> {
    let header = Header::parse(text(&parts.headers, &AUTHORIZATION)).map_err(Problem::from)?;
    let now = core.clock.now();
    let payload = payload(&parts.headers, body);
    let verify = |key: &[u8]| {
        let verdict = hawk::verify(&header, key, &sent.request(), &payload, now.timestamp());
        verdict.map_err(|why| (why, hawk::challenge(why, key, now.timestamp())))
    };
    let from = Peer::of(&parts.extensions).0;
    let organization = header.ext.as_deref().unwrap_or_default();
    let signatory = Signatory { id: &header.id, organization, from };
    let signer = match recognise_signer(core, &signatory, verify).await? {
        Ok(signer) => signer,
        Err(Unsigned::Signatory(refusal)) => return Err(refusal.into()),
        Err(Unsigned::Elsewhere(refusal, key)) => return Err(Doubt::from(refusal).signed(header, key)),
        Err(Unsigned::Signature((why, challenge))) => {
            // Anybody can name a user: what does not hold stands in nobody's log but that of strangers.
            let stranger = Who { address: Some(from), ..Who::default() };
            return Err(Doubt::new(why, challenge, stranger));
        }
    };
    // Last, since only who has the key may fill the memory.
    let word = format!("hawk\n{}\n{}\n{}", header.id, header.ts, header.nonce);
    if core.limiter.is_first(&word, now).await {
        return Ok((header, signer));
    }
    let why = hawk::Refusal::Nonce;
    let challenge = hawk::challenge(why, &signer.key, now.timestamp());
    Err(Doubt::new(why, challenge, Who::from(&signer.principal)).signed(header, signer.key))
}

/// What the answer to a signature that holds is signed with, even if the request is refused.
type Signature = (Header, Vec<u8>);

/// Why a request is not believed: what its sender is told, and what the audit log.
struct Doubt {
    problem: Problem,
    entry: Option<(Who, String)>,
    signature: Option<Signature>,
}

impl Doubt {
    fn new(why: hawk::Refusal, challenge: String, who: Who) -> Self {
        let entry = Some((who, why.to_string()));
        Self { problem: Problem::unbelieved(why, challenge), entry, signature: None }
    }

    fn signed(self, header: Header, key: Vec<u8>) -> Self {
        Self { signature: Some((header, key)), ..self }
    }
}

impl From<Refusal> for Doubt {
    fn from(refusal: Refusal) -> Self {
        let entry = Some((refusal.who(), refusal.reason().to_owned()));
        let error = Error::from(refusal);
        let problem = if let Error::Unauthenticated(_) = error {
            // Whoever may not call at all is told as little as whom nobody knows.
            let why = hawk::Refusal::Unknown;
            Problem::unbelieved(why, hawk::challenge(why, &[], 0))
        } else {
            error.into()
        };
        Self { problem, entry, signature: None }
    }
}

impl From<Problem> for Doubt {
    fn from(problem: Problem) -> Self {
        Self { problem, entry: None, signature: None }
    }
}

impl From<Error> for Doubt {
    fn from(error: Error) -> Self {
        Problem::from(error).into()
    }
}

/// Answers a request that is not believed. Past the limit nothing is written: strangers could fill the log.
async fn refuse(site: &Site, address: Peer, doubt: Doubt) -> (Response, Option<Signature>) {
    let Doubt { problem, entry, signature } = doubt;
    if problem.status.is_server_error() {
        return (problem.into_response(), signature);
    }
    let standing = limit::take_refused(&site.core, address).await;
    if !standing.allowed {
        return (Problem::limited(&standing).into_response(), signature);
    }
    if let Some((who, why)) = entry
        && let Err(error) = audit::refused(&site.core, who, &why).await
    {
        site.metrics.audit_failed();
        tracing::warn!(error = chain(&error), "a refused signature is not in the audit log");
    }
    let mut response = problem.into_response();
    response.extensions_mut().insert(standing);
    (response, signature)
}
