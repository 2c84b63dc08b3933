//! Keys: listed, replaced, revoked.

use axum::{extract::State, http::StatusCode};
use serde::Serialize;
use shared::{
    identity::{self, Permissions},
    store::keys::StoredKey,
};

use super::{
    body::PathKey,
    caller::{Bearer, Caller},
    envelope::Reply,
    problem::Problem,
    wire::seconds,
};
use crate::{
    public_id::{key_id, user_id},
    site::Site,
};

/// A key as its owner sees it.
#[derive(Debug, Serialize)]
pub(super) struct Key {
    key_id: String,
    user_id: String,
    name: String,
    prefix: String,
    permissions: Vec<&'static str>,
    read_only: bool,
    allowed_addresses: Vec<String>,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    revoked_at: Option<String>,
}

impl From<StoredKey> for Key {
    fn from(key: StoredKey) -> Self {
        let most = if key.read_only { Permissions::READING } else { Permissions::ALL };
        Self {
            key_id: key_id(key.id),
            user_id: user_id(key.user_id),
            name: key.name,
            prefix: key.prefix,
            permissions: key.permissions.both(most).words().collect(),
            read_only: key.read_only,
            allowed_addresses: key.allowed_addresses.blocks().collect(),
            created_at: seconds(key.created_at),
            expires_at: key.expires_at.map(seconds),
            last_used_at: key.last_used_at.map(seconds),
            revoked_at: key.revoked_at.map(seconds),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Keys {
    keys: Vec<Key>,
}

/// Lists the caller's keys; an owner's list has those of the whole organization.
pub(super) async fn list(
    State(site): State<Site>,
    Caller(principal): Caller,
) -> Result<Reply<Keys>, Problem> {
    let keys = identity::list_keys(&site.core, &principal).await?;
    Ok(Reply(StatusCode::OK, Keys { keys: keys.into_iter().map(Key::from).collect() }))
}

#[derive(Debug, Serialize)]
pub(super) struct Rotated {
    key_id: String,
    api_key: String,
    expires_at: Option<String>,
}

/// Replaces the key that the request came with, and shows the new one, this once.
pub(super) async fn rotate(
    State(site): State<Site>,
    Bearer { principal, key }: Bearer,
) -> Result<Reply<Rotated>, Problem> {
    let issued = identity::rotate(&site.core, &principal, &key).await?;
    let rotated = Rotated {
        key_id: key_id(issued.id),
        api_key: issued.key.reveal().to_owned(),
        expires_at: issued.expires_at.map(seconds),
    };
    Ok(Reply(StatusCode::CREATED, rotated))
}

#[derive(Debug, Serialize)]
pub(super) struct Revoked {
    key_id: String,
    revoked: bool,
}

/// Revokes a key for good.
pub(super) async fn revoke(
    State(site): State<Site>,
    Caller(principal): Caller,
    PathKey(id): PathKey,
) -> Result<Reply<Revoked>, Problem> {
    identity::revoke_visible(&site.core, &principal, id).await?;
    Ok(Reply(StatusCode::OK, Revoked { key_id: key_id(id), revoked: true }))
}
