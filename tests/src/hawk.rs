//! Keys for signed requests, and clients that sign with them.

use std::path::{Path, PathBuf};

use crate::deployment::{OWNER_EMAIL, command};
use crate::process::Process;
use crate::sample::{Told, run_with};
use crate::service::TestService;
use crate::wait::SOON;

/// The path that says whether a signature holds.
pub const SELF_TEST: &str = "/help/hawk/self-test";

/// What a client is set up with.
#[derive(Clone, Debug)]
pub struct Credentials {
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

    /// The `Authorization` for a GET of a URL.
    pub async fn sign(&self, url: &str) -> String {
        let told = self.ask("hawk", url, &["sign"]).await;
        assert!(told.succeeded, "{told:?}");
        told.output.trim().to_owned()
    }
}

impl TestService {
    /// Makes the owner's key for signed requests, past the running processes.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn hawk_key(&mut self) -> Credentials {
        let said = self.hawk_command(&[]).await;
        let value = |name: &str| {
            let line = said.lines().find_map(|line| line.trim_start().strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {said}")).trim().to_owned()
        };
        let key = value("key ");
        self.keys.lock().unwrap().push(key.clone());
        Credentials { id: value("id "), key, organization: value("organization "), root: None }
    }

    /// Takes it away again.
    pub async fn revoke_hawk_key(&mut self) {
        self.hawk_command(&["--revoke"]).await;
    }

    async fn hawk_command(&mut self, more: &[&str]) -> String {
        let mut command = command("vedette", &self.deployment, &self.backing);
        command.args(["hawk-key", OWNER_EMAIL, "--data"]).arg(self.folder().join("data")).args(more);
        let folder = tempfile::tempdir().unwrap();
        said(Process::spawn(&mut command, "hawk-key", folder.path())).await
    }
}

async fn said(mut process: Process) -> String {
    let status = process.ended(SOON).await;
    assert!(status.success(), "{}", process.log());
    process.log()
}
