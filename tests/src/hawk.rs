//! Keys for signed requests, and clients that sign with them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use sha2::Sha256;

use crate::answer::Answer;
use crate::client::Client;
use crate::deployment::OWNER_EMAIL;
use crate::sample::{Told, run_with};
use crate::service::TestService;

/// The path that says whether a signature holds.
pub const SELF_TEST: &str = "/help/hawk/self-test";

static NONCES: AtomicU64 = AtomicU64::new(0);

/// What a client is set up with.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The key's own id, for the command line.
    pub key_id: String,
    /// The user.
    pub id: String,
    /// What is signed with.
    pub key: String,
    /// The organization.
    pub organization: String,
    /// The certificate of an authority that the clients trust.
    pub root: Option<PathBuf>,
}

impl Credentials {
    /// Has a client make a request, and says what it printed: `hawk` or `@hapi/hawk` of Node, `mohawk` or
    /// `requests-hawk` of Python.
    pub async fn ask(&self, package: &str, url: &str, more: &[&str]) -> Told {
        let is_node = matches!(package, "hawk" | "@hapi/hawk");
        let (program, script) = if is_node { ("node", "hawk.js") } else { ("python3", "hawk.py") };
        let signing = [script, package, &self.id, &self.key, &self.organization, url];
        let root = self
            .root
            .iter()
            .flat_map(|root| ["NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"].map(|name| (name, root)));
        run_with(program, &[&signing[..], more].concat(), root).await
    }

    /// The same for clients that trust this authority.
    #[must_use]
    pub fn trusting(&self, root: &Path) -> Credentials {
        Credentials { root: Some(root.to_owned()), ..self.clone() }
    }

    /// The `Authorization` for a GET of a URL, never the same twice.
    ///
    /// # Panics
    /// When the URL has no host.
    #[must_use]
    pub fn sign(&self, url: &str) -> String {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (authority, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let usual = if scheme == "https" { "443" } else { "80" };
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, usual));
        let (time, nonce) = (UNIX_EPOCH.elapsed().unwrap().as_secs(), NONCES.fetch_add(1, Ordering::Relaxed));
        let Credentials { id, organization, .. } = self;
        let text =
            format!("hawk.1.header\n{time}\n{nonce}\nGET\n{target}\n{host}\n{port}\n\n{organization}\n");
        let mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).unwrap();
        let mac = STANDARD.encode(mac.chain_update(text).finalize().into_bytes());
        format!("Hawk id=\"{id}\", ts=\"{time}\", nonce=\"{nonce}\", ext=\"{organization}\", mac=\"{mac}\"")
    }

    /// Makes a signed GET at a client's place.
    pub async fn get(&self, client: &Client, path: &str) -> Answer {
        show(client, path, &self.sign(&format!("{}{path}", client.base()))).await
    }
}

/// Makes a GET with this `Authorization` at a client's place.
pub async fn show(client: &Client, path: &str, authorization: &str) -> Answer {
    let request = client.without_key().request(Method::GET, path).header("authorization", authorization);
    client.send(request).await
}

impl TestService {
    /// Makes the owner's key for signed requests, beside the running processes.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn hawk_key(&self) -> Credentials {
        self.hawk_key_of(OWNER_EMAIL, &[]).await
    }

    /// The same for the user with this e-mail address, with further arguments of `vedette key create`.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn hawk_key_of(&self, email: &str, arguments: &[&str]) -> Credentials {
        let made = self.operate_json(&[&["key", "create", email, "--hawk"], arguments].concat()).await;
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        self.add_secret(&text("key"));
        let (id, organization) = (text("hawk_id"), text("hawk_organization"));
        Credentials { key_id: text("key_id"), id, key: text("key"), organization, root: None }
    }
}
