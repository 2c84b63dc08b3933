//! What a request says in its body: as JSON, or as a form. Fields that no call has are passed over.

use axum::{
    body::Body,
    extract::{FromRequestParts, Request},
    http::{HeaderMap, request::Parts},
};
use serde::Deserialize;
use serde_json::Value;
use shared::error::Invalid;
use tokio::time::timeout;

use super::problem::Problem;
use crate::{
    json::{self, Fault, Unreadable},
    patience::PATIENCE,
    site::Site,
};

/// The largest body that is read, in bytes.
const LIMIT: usize = 64 * 1024;

/// The fields of all calls, as they came.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Fields {
    email: Option<Value>,
    api_key: Option<Value>,
}

impl Fields {
    pub(super) fn email(&self) -> Result<&str, Invalid> {
        text("email", self.email.as_ref())
    }

    pub(super) fn api_key(&self) -> Result<&str, Invalid> {
        text("api_key", self.api_key.as_ref())
    }

    /// Whether a key was given, be it one or not.
    pub(super) fn has_key(&self) -> bool {
        self.api_key.is_some()
    }

    fn of_form(bytes: &[u8]) -> Result<Self, Fault> {
        let mut fields = Self::default();
        for (name, value) in form_urlencoded::parse(bytes) {
            let field = match name.as_ref() {
                "email" => &mut fields.email,
                "api_key" => &mut fields.api_key,
                _ => continue,
            };
            if field.replace(Value::from(value.as_ref())).is_some() {
                return Err(Fault { path: name.into_owned(), message: "is given twice".to_owned() });
            }
        }
        Ok(fields)
    }
}

fn text<'a>(field: &'static str, value: Option<&'a Value>) -> Result<&'a str, Invalid> {
    match value {
        None => Err(Invalid::new(field, "", format!("the field {field} is required"))),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Invalid::new(field, "", format!("the field {field} takes a text"))),
    }
}

/// What a body comes to. Read once, before anything else, since a key may stand in it; travels as an extension.
#[derive(Clone, Debug)]
pub(super) enum Said {
    Fields(Fields),
    /// The path of what is wrong, and the message.
    Fault(String, String),
    /// Neither JSON nor a form, or nothing at all.
    OtherType,
    TooLong,
    Late,
}

impl Said {
    /// Takes the body out of a request.
    pub(super) async fn take(request: &mut Request) -> Self {
        let body = std::mem::replace(request.body_mut(), Body::empty());
        let read = timeout(PATIENCE, Self::read(request.headers(), body)).await;
        read.unwrap_or(Self::Late)
    }

    async fn read(headers: &HeaderMap, body: Body) -> Self {
        let parse = if json::is(headers, "application/json") {
            json::parse
        } else if json::is(headers, "application/x-www-form-urlencoded") {
            Fields::of_form
        } else {
            return Self::OtherType;
        };
        let fields =
            json::bytes(body, LIMIT).await.and_then(|bytes| parse(&bytes).map_err(Unreadable::Fault));
        match fields {
            Ok(fields) => Self::Fields(fields),
            Err(Unreadable::Fault(Fault { path, message })) => Self::Fault(path, message),
            Err(Unreadable::NotJson) => Self::OtherType,
            Err(Unreadable::TooLong(_)) => Self::TooLong,
        }
    }

    /// The key in the body; a text that is none for what is no text.
    pub(super) fn key(&self) -> Option<&str> {
        match self {
            Self::Fields(fields) => fields.has_key().then(|| fields.api_key().unwrap_or_default()),
            Self::Fault(..) | Self::OtherType | Self::TooLong | Self::Late => None,
        }
    }
}

/// For calls that cannot do without.
impl FromRequestParts<Site> for Fields {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, Problem> {
        match parts.extensions.remove::<Said>() {
            Some(Said::Fields(fields)) => Ok(fields),
            Some(Said::Fault(path, message)) => Err(Problem::unreadable(&path, &message)),
            Some(Said::OtherType) | None => Err(Problem::other_type()),
            Some(Said::TooLong) => Err(Problem::too_long(LIMIT)),
            Some(Said::Late) => Err(Problem::slow()),
        }
    }
}
