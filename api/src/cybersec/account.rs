//! Opening an account, logging in and out.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde::{Deserialize, Serialize};
use shared::identity::{self, Session};

use super::{body::Body, caller::Bearer, envelope::Reply, problem::Problem, wire::seconds};
use crate::{
    caller::COOKIE,
    peer::{BaseUrl, Peer},
    public_id::user_id,
    site::Site,
};

/// Who somebody claims to be, or wants to become.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
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
    Body(request): Body<Credentials>,
) -> Result<Reply<Registered>, Problem> {
    let registered = identity::register(&site.core, peer.0, &request.email, &request.password).await?;
    Ok(Reply(
        StatusCode::CREATED,
        Registered {
            user_id: user_id(registered.user),
            api_key: registered.key.reveal().to_owned(),
            expires_at: registered.expires_at.map(seconds),
            tier: registered.tier.as_str(),
        },
    ))
}

#[derive(Debug, Serialize)]
pub(super) struct LoggedIn {
    user_id: String,
    email: String,
    role: &'static str,
    tier: &'static str,
    expires_at: String,
    /// To be said in `X-CSRF-Token` by whatever changes something.
    csrf_token: String,
}

/// Begins a session, which the browser keeps in a cookie that no script can read.
pub(super) async fn log_in(
    State(site): State<Site>,
    peer: Peer,
    BaseUrl(base): BaseUrl,
    Body(request): Body<Credentials>,
) -> Result<impl IntoResponse, Problem> {
    let session = identity::log_in(&site.core, peer.0, &request.email, &request.password).await?;
    let csrf_token = site.core.secret.csrf_token(&session.key);
    let Session { user, key, expires_at } = session;
    let seconds_left = (expires_at - site.core.clock.now()).num_seconds();
    let cookie = cookie(&base, key.reveal(), seconds_left);
    let logged_in = LoggedIn {
        user_id: user_id(user.id),
        email: user.email,
        role: user.role.as_str(),
        tier: user.tier.as_str(),
        expires_at: seconds(expires_at),
        csrf_token,
    };
    Ok(([(header::SET_COOKIE, cookie)], Reply(StatusCode::OK, logged_in)))
}

#[derive(Debug, Serialize)]
pub(super) struct LoggedOut {
    logged_out: bool,
}

/// Ends the session that the request came with.
pub(super) async fn log_out(
    State(site): State<Site>,
    Bearer { principal, key }: Bearer,
    BaseUrl(base): BaseUrl,
) -> Result<impl IntoResponse, Problem> {
    identity::log_out(&site.core, &principal, &key).await?;
    let cookie = cookie(&base, "", 0);
    Ok(([(header::SET_COOKIE, cookie)], Reply(StatusCode::OK, LoggedOut { logged_out: true })))
}

/// Other sites' pages make no request with it, and only an encrypted connection carries it where there is one.
fn cookie(base: &str, value: &str, seconds: i64) -> String {
    let secure = if base.starts_with("https://") { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}
