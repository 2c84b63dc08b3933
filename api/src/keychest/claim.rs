//! Claims: an account for whoever names an e-mail address.

use std::convert::Infallible;

use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
    http::request::Parts,
};
use serde::Serialize;
use shared::{
    error::Invalid,
    identity::{self, ApiKey, Claim, parse_email},
};

use super::{body::Fields, problem::Problem};
use crate::{peer::Peer, site::Site};

/// How a claim went: with the address and the key where an account was opened.
#[derive(Serialize)]
pub(super) struct Claimed {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
}

/// The address in a path; no address where it is no text.
pub(super) struct Email(String);

impl<S: Send + Sync> FromRequestParts<S> for Email {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.map(|Path(text)| text).unwrap_or_default()))
    }
}

/// Opens an account with a key that is generated.
pub(super) async fn generated(
    State(site): State<Site>,
    peer: Peer,
    Email(email): Email,
) -> Result<Json<Claimed>, Problem> {
    answer(identity::claim(&site.core, peer.0, &email, None).await?)
}

/// Opens an account with a key that the client thought up; done again, it says that all is well.
pub(super) async fn chosen(
    State(site): State<Site>,
    peer: Peer,
    fields: Fields,
) -> Result<Json<Claimed>, Problem> {
    let (email, key) = (fields.email().and_then(parse_email), fields.api_key().and_then(parse_key));
    match (email, key) {
        (Ok(email), Ok(key)) => answer(identity::claim(&site.core, peer.0, &email, Some(key)).await?),
        (email, key) => {
            let faults: Vec<Invalid> = [email.err(), key.err()].into_iter().flatten().collect();
            Err(Problem::invalid(&faults))
        }
    }
}

fn parse_key(text: &str) -> Result<ApiKey, Invalid> {
    // The refused text may be somebody's key: it is not repeated.
    let message = "a key has 16 to 64 characters: letters, digits and dashes";
    ApiKey::parse_keychest(text).ok_or_else(|| Invalid::new("api_key", "", message))
}

fn answer(claim: Claim) -> Result<Json<Claimed>, Problem> {
    match claim {
        Claim::Opened { email, key } => {
            let api_key = Some(key.reveal().to_owned());
            Ok(Json(Claimed { status: "created", user: Some(email), api_key }))
        }
        Claim::Held => Ok(Json(Claimed { status: "success", user: None, api_key: None })),
        Claim::Refused => Err(Problem::refused_claim("not-allowed")),
        Claim::TooMany => Err(Problem::refused_claim("too-many")),
    }
}
