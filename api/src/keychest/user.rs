//! The caller's own account.

use axum::{Json, extract::State};
use serde::Serialize;
use shared::identity;

use super::{caller::Caller, problem::Problem};
use crate::site::Site;

#[derive(Serialize)]
pub(super) struct User {
    /// Their e-mail address.
    user: String,
}

/// Says by which e-mail address the caller goes.
pub(super) async fn read(State(site): State<Site>, Caller(principal): Caller) -> Result<Json<User>, Problem> {
    Ok(Json(User { user: identity::address_of(&site.core, &principal).await? }))
}
