//! Keys: listed, made, shown, changed, revoked.

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use shared::identity::{self, KeyChange, KeyOrder};

use super::{
    body::{Body, PathKey},
    caller::Caller,
    problem::Problem,
    wire::{Changes, Key, NewKey},
};
use crate::site::Site;

/// Lists the caller's keys, the newest first; an owner's list has those of the whole organization.
pub(super) async fn list(
    State(site): State<Site>,
    Caller(principal): Caller,
) -> Result<Json<Vec<Key>>, Problem> {
    let keys = identity::list_keys(&site.core, &principal).await?;
    Ok(Json(keys.into_iter().rev().map(Key::from).collect()))
}

/// Makes a key for the caller, and shows it, this once.
pub(super) async fn create(
    State(site): State<Site>,
    Caller(principal): Caller,
    Body(new): Body<NewKey>,
) -> Result<(StatusCode, Json<Key>), Problem> {
    let granted = identity::grant(&site.core, &principal, KeyOrder::try_from(new)?).await?;
    Ok((StatusCode::CREATED, Json(Key::with_secret(granted.stored, granted.key.reveal()))))
}

/// Shows a key.
pub(super) async fn read(
    State(site): State<Site>,
    Caller(principal): Caller,
    PathKey(id): PathKey,
) -> Result<Json<Key>, Problem> {
    let key = identity::find_key(&site.core, &principal, id).await?;
    Ok(Json(key.into()))
}

/// Changes a key.
pub(super) async fn amend(
    State(site): State<Site>,
    Caller(principal): Caller,
    PathKey(id): PathKey,
    Body(changes): Body<Changes>,
) -> Result<Json<Key>, Problem> {
    let change = KeyChange::try_from(changes)?;
    Ok(Json(identity::amend(&site.core, &principal, id, &change).await?.into()))
}

#[derive(Debug, Serialize)]
pub(super) struct Deleted {
    message: &'static str,
}

/// Revokes a key for good.
pub(super) async fn revoke(
    State(site): State<Site>,
    Caller(principal): Caller,
    PathKey(id): PathKey,
) -> Result<Json<Deleted>, Problem> {
    identity::revoke_visible(&site.core, &principal, id).await?;
    Ok(Json(Deleted { message: "API key revoked" }))
}
