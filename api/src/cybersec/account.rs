//! Opening an account.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shared::identity;

use super::{body::Body, envelope::Reply, problem::Problem, wire::seconds};
use crate::{peer::Peer, site::Site};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Register {
    email: String,
    password: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Registered {
    user_id: String,
    api_key: String,
    expires_at: Option<String>,
    tier: &'static str,
}

/// Opens an account and shows its key, this once.
pub(super) async fn register(
    State(site): State<Site>,
    peer: Peer,
    Body(request): Body<Register>,
) -> Result<Reply<Registered>, Problem> {
    let registered = identity::register(&site.core, peer.0, &request.email, &request.password).await?;
    Ok(Reply(
        StatusCode::CREATED,
        Registered {
            user_id: format!("usr_{}", registered.user.to_base62()),
            api_key: registered.key.reveal().to_owned(),
            expires_at: registered.expires_at.map(seconds),
            tier: registered.tier.as_str(),
        },
    ))
}
