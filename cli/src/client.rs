//! The calls of the HTTP API the command line makes.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL};
use reqwest::{RequestBuilder, Response, StatusCode, redirect};
use rustls::ClientConfig;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use crate::call_error::CallError;
use crate::failure::Failure;
use crate::key::Key;
use crate::server_url::ServerUrl;
use crate::tls;
use crate::wire::{CreateScan, Created, Ended, Envelope};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may take that is not a stream.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the question for the server's health may hold up the scan's first line.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// A server, and our key to it.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    tls: ClientConfig,
    server: ServerUrl,
    key: Key,
}

impl Client {
    /// Prepares the calls; nothing is sent yet.
    ///
    /// # Errors
    /// When TLS or the HTTP client cannot be set up.
    pub(crate) fn new(server: ServerUrl, key: Key) -> Result<Self, Failure> {
        let tls = tls::settings(&server)?;
        let builder = reqwest::Client::builder()
            .user_agent(concat!("vedette/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .tls_backend_preconfigured(tls.clone());
        let builder = if server.is_loopback() { builder.no_proxy() } else { builder };
        let http = builder
            .build()
            .map_err(|error| Failure::failed("preparing HTTP", error.to_string()).caused_by(error))?;
        Ok(Self { http, tls, server, key })
    }

    /// Where the server is.
    pub(crate) fn server(&self) -> &ServerUrl {
        &self.server
    }

    /// The TLS settings, for connections beside HTTP.
    pub(crate) fn tls(&self) -> &ClientConfig {
        &self.tls
    }

    /// Our key.
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// Asks for a scan.
    pub(crate) async fn create(&self, scan: &CreateScan<'_>) -> Result<Created, CallError> {
        read(self.call(self.http.post(self.server.join("api/v1/scans")).json(scan)).await?)
    }

    /// Reads how a scan stands.
    pub(crate) async fn status(&self, scan_id: &str) -> Result<Ended, CallError> {
        read(self.call(self.http.get(self.scan_path(scan_id, ""))).await?)
    }

    /// Reads what a scan found.
    pub(crate) async fn results(&self, scan_id: &str) -> Result<Value, CallError> {
        self.call(self.http.get(self.scan_path(scan_id, "/results"))).await
    }

    /// Asks for a scan to be given up; one that ended already is none the worse.
    pub(crate) async fn cancel(&self, scan_id: &str) -> Result<(), CallError> {
        match self.call(self.http.delete(self.scan_path(scan_id, ""))).await {
            Ok(_) | Err(CallError::Refused { status: 409, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether the server says that it has no worker; one that does not say so soon is believed to have one.
    pub(crate) async fn lacks_worker(&self) -> bool {
        let asked = self.call(self.http.get(self.server.join("api/v1/health")));
        let Ok(Ok(health)) = timeout(HEALTH_TIMEOUT, asked).await else { return false };
        health.pointer("/components/worker").is_some_and(|worker| worker == "missing")
    }

    /// Opens the stream behind a link the server gave; the answer is of any status.
    pub(crate) async fn open_stream(&self, link: &str, last_id: Option<&str>) -> Result<Response, CallError> {
        let url = self.server.rebase(link).ok_or(CallError::Foreign { status: 201, cause: None })?;
        let mut request =
            self.http.get(url).header(ACCEPT, "text/event-stream").header(CACHE_CONTROL, "no-store");
        if let Some(id) = last_id {
            request = request.header("Last-Event-ID", id);
        }
        self.signed(request).send().await.map_err(CallError::Unreachable)
    }

    fn scan_path(&self, scan_id: &str, rest: &str) -> reqwest::Url {
        self.server.join(&format!("api/v1/scans/{scan_id}{rest}"))
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(AUTHORIZATION, self.key.authorization())
    }

    async fn call(&self, request: RequestBuilder) -> Result<Value, CallError> {
        let response =
            self.signed(request).timeout(CALL_TIMEOUT).send().await.map_err(CallError::Unreachable)?;
        let status = response.status();
        let body = response.bytes().await.map_err(CallError::Unreachable)?;
        unwrap_envelope(status, &body)
    }
}

/// The error in an answer that was meant to be a stream.
pub(crate) async fn refusal(response: Response) -> CallError {
    let status = response.status();
    let body = response.bytes().await.unwrap_or_default();
    match unwrap_envelope(status, &body) {
        Ok(_) => CallError::Foreign { status: status.as_u16(), cause: None },
        Err(error) => error,
    }
}

/// The data of an answer, or its error.
pub(crate) fn unwrap_envelope(status: StatusCode, body: &[u8]) -> Result<Value, CallError> {
    let foreign = |cause| CallError::Foreign { status: status.as_u16(), cause };
    let envelope: Envelope = serde_json::from_slice(body).map_err(|error| foreign(Some(error)))?;
    match envelope {
        Envelope { error: Some(problem), .. } => Err(CallError::Refused { status: status.as_u16(), problem }),
        Envelope { data: Some(data), .. } if status.is_success() => Ok(data),
        Envelope { .. } => Err(foreign(None)),
    }
}

fn read<T: DeserializeOwned>(data: Value) -> Result<T, CallError> {
    serde_json::from_value(data).map_err(|error| CallError::Foreign { status: 200, cause: Some(error) })
}
