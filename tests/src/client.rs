//! Somebody with a key, speaking verbs of the domain.

use std::net::{IpAddr, Ipv4Addr};

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::answer::Answer;
use crate::authority::{Authority, NAME};
use crate::follow::Follow;
use crate::scan::{Scan, ScanOrder};
use crate::wait::{SOON, within};
use crate::websocket::{Refused, Socket};

/// One identity at one api.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    address: String,
    authority: Option<Authority>,
    key: Option<String>,
    session: Option<Session>,
}

/// What a browser that is logged in has.
#[derive(Clone, Debug)]
pub struct Session {
    /// The cookie, as it is sent.
    pub cookie: String,
    /// What every change takes besides.
    pub csrf_token: String,
}

impl Client {
    pub(crate) fn new(address: &str, key: &str) -> Client {
        // Another member of the workspace builds reqwest with TLS but without its cryptography; none of it is used here.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Client {
            http,
            address: address.to_owned(),
            authority: None,
            key: Some(key.to_owned()),
            session: None,
        }
    }

    /// The same key from another loopback address.
    ///
    /// # Panics
    /// When there is no such address.
    #[must_use]
    pub fn dialling_from(&self, address: Ipv4Addr) -> Client {
        let http = reqwest::Client::builder().no_proxy().local_address(IpAddr::V4(address)).build().unwrap();
        Client { http, ..self.clone() }
    }

    /// The same place over TLS, if its certificate is from this authority.
    ///
    /// # Panics
    /// When the authority's own certificate cannot be read.
    #[must_use]
    pub fn over_tls(&self, authority: &Authority) -> Client {
        let root = reqwest::Certificate::from_pem(authority.certificate().as_bytes()).unwrap();
        let builder = reqwest::Client::builder().no_proxy().tls_certs_only([root]);
        let http = builder.resolve(NAME, self.address.parse().unwrap()).build().unwrap();
        Client { http, authority: Some(authority.clone()), ..self.clone() }
    }

    /// The same key at another place, such as a proxy.
    #[must_use]
    pub fn at(&self, address: &str) -> Client {
        Client { address: address.to_owned(), ..self.clone() }
    }

    /// How its requests begin, such as `http://127.0.0.1:8000`.
    #[must_use]
    pub fn base(&self) -> String {
        let port = self.address.rsplit(':').next().unwrap_or_default();
        match &self.authority {
            Some(_) => format!("https://{NAME}:{port}"),
            None => format!("http://{}", self.address),
        }
    }

    /// The same place without a key.
    #[must_use]
    pub fn without_key(&self) -> Client {
        Client { key: None, ..self.clone() }
    }

    /// The same place with a session and without a key.
    #[must_use]
    pub fn with_session(&self, session: Session) -> Client {
        Client { key: None, session: Some(session), ..self.clone() }
    }

    /// Begins a session.
    ///
    /// # Panics
    /// When the login is refused.
    pub async fn log_in(&self, email: &str, password: &str) -> Session {
        let credentials = serde_json::json!({ "email": email, "password": password });
        let answer = self.without_key().post("/api/v1/auth/login", &credentials).await;
        let csrf_token = answer.ok()["csrf_token"].as_str().unwrap().to_owned();
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        Session { cookie, csrf_token }
    }

    /// The key.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn key(&self) -> &str {
        self.key.as_deref().expect("a client with a key")
    }

    /// Host and port.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Orders a scan of a target; await the order to get the scan.
    #[must_use]
    pub fn scan(&self, target: &str) -> ScanOrder {
        ScanOrder::new(self, target)
    }

    /// A scan that exists already, perhaps somebody else's.
    #[must_use]
    pub fn scan_with_id(&self, id: &str) -> Scan {
        Scan::new(self, id, Value::Null)
    }

    /// The list of scans, asked with a query such as `status=completed&page=2`.
    pub async fn scans(&self, query: &str) -> Answer {
        self.get(&format!("/api/v1/scans?{query}")).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// POST of a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// A request with the key, to be completed by the test.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base()));
        let request = match &self.session {
            Some(session) => {
                request.header("cookie", &session.cookie).header("x-csrf-token", &session.csrf_token)
            }
            None => request,
        };
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Panics
    /// When there is no answer soon.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        within("an answer", SOON, async {
            let response = request.send().await.unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let text = response.text().await.unwrap();
            Answer { status, headers, body: serde_json::from_str(&text).unwrap_or_default(), text }
        })
        .await
    }

    /// Opens a live stream; what the server answers is in [`Follow`].
    ///
    /// # Panics
    /// When there is no answer soon.
    pub async fn open(&self, path: &str, after: Option<u64>) -> Follow {
        self.try_open(path, after).await.expect("an answer")
    }

    /// Opens a live stream, if anybody listens.
    pub async fn try_open(&self, path: &str, after: Option<u64>) -> Option<Follow> {
        let request = self.request(Method::GET, path);
        let request = match after {
            Some(number) => request.header("last-event-id", number),
            None => request,
        };
        Follow::open(request).await
    }

    /// Opens a live stream behind a position, whatever it is.
    ///
    /// # Panics
    /// When there is no answer soon.
    pub async fn open_behind(&self, path: &str, position: &str) -> Follow {
        self.try_open_behind(path, position).await.expect("an answer")
    }

    /// Opens a live stream behind a position, if anybody listens.
    pub async fn try_open_behind(&self, path: &str, position: &str) -> Option<Follow> {
        Follow::open(self.request(Method::GET, path).header("last-event-id", position)).await
    }

    /// Opens a WebSocket with the key in the query, as a browser must.
    ///
    /// # Errors
    /// The HTTP status of a refused upgrade.
    pub async fn websocket(&self, path: &str) -> Result<Socket, Refused> {
        let url = format!("{}{}", self.base().replacen("http", "ws", 1), self.with_key(path));
        match &self.authority {
            Some(authority) => Socket::open_tls(&url, &self.address, authority).await,
            None => Socket::open(&url).await,
        }
    }

    /// Opens a WebSocket that takes next to nothing as long as nobody reads it.
    pub async fn narrow_websocket(&self, path: &str) -> Socket {
        Socket::open_narrow(&self.address, &self.with_key(path)).await
    }

    pub(crate) fn with_key(&self, path: &str) -> String {
        let key = self.key.as_deref().unwrap_or_default();
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("{path}{joint}api_key={key}")
    }
}
