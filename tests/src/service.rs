//! A whole service, started for one test and ended with it.

use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Mutex;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Client;
use crate::deployment::{Backing, Deployment, OWNER_KEY, command, up};
use crate::pair::Pair;
use crate::parting;
use crate::place::free_address;
use crate::postgres::Postgres;
use crate::process::Process;
use crate::redis::Redis;
use crate::wait::{SOON, within};

/// The password of every registered user, so that a leak into a log file is found.
pub const USER_PASSWORD: &str = "securepassword123";

/// The processes of one service with the servers behind them.
///
/// Dropping it fails the test when a job is left queued or running, or when a secret stands in a log file.
#[derive(Debug)]
pub struct TestService {
    pub(crate) deployment: Deployment,
    pub(crate) apis: Vec<Front>,
    pub(crate) workers: Vec<Process>,
    pub(crate) keys: Mutex<Vec<String>>,
    pub(crate) may_leave_jobs: bool,
    pub(crate) past: Vec<(String, String)>,
    started: usize,
    pub(crate) backing: Backing,
    folder: TempDir,
}

/// A process that listens.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) process: Process,
    pub(crate) address: String,
}

impl TestService {
    /// Starts the usual processes of a pair.
    pub async fn start(pair: Pair) -> TestService {
        Deployment::of(pair).start().await
    }

    pub(crate) async fn deploy(deployment: Deployment) -> TestService {
        let backing = Backing::of(&deployment).await;
        let mut service = TestService {
            deployment,
            apis: Vec::new(),
            workers: Vec::new(),
            keys: Mutex::new(vec![OWNER_KEY.to_owned()]),
            may_leave_jobs: false,
            past: Vec::new(),
            started: 0,
            backing,
            folder: tempfile::tempdir().unwrap(),
        };
        service.start_processes().await;
        service
    }

    /// The owner, at the first api.
    #[must_use]
    pub fn owner(&self) -> Client {
        self.owner_at(0)
    }

    /// The owner, at one of several apis.
    ///
    /// # Panics
    /// When there is no such api.
    #[must_use]
    pub fn owner_at(&self, api: usize) -> Client {
        self.client_at(api, OWNER_KEY)
    }

    /// Somebody with a key of their own choice.
    #[must_use]
    pub fn stranger(&self, key: &str) -> Client {
        self.client_at(0, key)
    }

    /// Registers a user, on the free tier.
    ///
    /// # Panics
    /// When registration is refused.
    pub async fn register(&self, email: &str) -> Client {
        let body = json!({ "email": email, "password": USER_PASSWORD });
        let answer = self.owner().without_key().post("/api/v1/auth/register", &body).await;
        let key = answer.created()["api_key"].as_str().unwrap().to_owned();
        self.keys.lock().unwrap().push(key.clone());
        self.client_at(0, &key)
    }

    /// Claims a key for an e-mail address, as KeyChest has them.
    ///
    /// # Panics
    /// When the claim is refused.
    pub async fn claim(&self, email: &str) -> Client {
        let answer = self.owner().without_key().get(&format!("/api/v1.0/access/claim/{email}")).await;
        assert_eq!(answer.body["status"], "created", "{answer:?}");
        let key = answer.body["api_key"].as_str().unwrap().to_owned();
        self.keys.lock().unwrap().push(key.clone());
        self.client_at(0, &key)
    }

    /// Somebody with a key, at one of several apis.
    ///
    /// # Panics
    /// When there is no such api.
    #[must_use]
    pub fn client_at(&self, api: usize, key: &str) -> Client {
        Client::new(&self.front(api).address, key)
    }

    /// How many processes listen.
    #[must_use]
    pub fn api_count(&self) -> usize {
        self.apis.len()
    }

    /// The host and port of the first api.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.front(0).address
    }

    /// The Redis server of a pair that has one.
    ///
    /// # Panics
    /// When the pair has none.
    pub fn redis(&mut self) -> &mut Redis {
        self.backing.redis.as_mut().expect("a pair with redis")
    }

    /// The Postgres cluster of a deployment with its own.
    ///
    /// # Panics
    /// When the cluster is shared.
    #[must_use]
    pub fn postgres(&self) -> &Postgres {
        self.backing.postgres.as_ref().expect("a deployment with its own postgres")
    }

    /// Runs one statement in the service's database, for what no dialect offers.
    ///
    /// # Panics
    /// When the database is not Postgres, or the statement fails.
    pub async fn run_sql(&self, sql: &str) {
        let url = self.backing.database_url.as_deref().expect("a pair with postgres");
        match &self.backing.postgres {
            Some(own) => own.run(url, sql),
            None => Postgres::shared().await.run(url, sql),
        }
    }

    /// Runs `vedette` beside the service, with the same settings; its output, whether or not it went well.
    ///
    /// # Panics
    /// When it does not end soon.
    pub async fn operate(&self, arguments: &[&str]) -> Output {
        let mut command = command("vedette", &self.deployment, &self.backing);
        command.args(arguments).arg("--data").arg(self.folder.path().join("data")).stdin(Stdio::null());
        let mut command = tokio::process::Command::from(command);
        within("the end of a command", SOON, command.kill_on_drop(true).output()).await.unwrap()
    }

    /// Has the logs searched for one more text at the end.
    ///
    /// # Panics
    /// Never.
    pub fn add_secret(&self, text: &str) {
        self.keys.lock().unwrap().push(text.to_owned());
    }

    /// As [`TestService::operate`], with `--json`: the document it prints.
    ///
    /// # Panics
    /// When it fails or prints something else.
    pub async fn operate_json(&self, arguments: &[&str]) -> Value {
        let output = self.operate(&[arguments, &["--json"]].concat()).await;
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Makes a key for a user at the command line, with further arguments of `vedette key create`.
    ///
    /// # Panics
    /// When that fails.
    pub async fn issue(&self, email: &str, arguments: &[&str]) -> (String, Client) {
        let made = self.operate_json(&[&["key", "create", email], arguments].concat()).await;
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        self.keys.lock().unwrap().push(text("key"));
        (text("key_id"), self.client_at(0, &text("key")))
    }

    /// Where the data folder and the logs are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Allows jobs to be left queued or running at the end of the test.
    pub fn may_leave_jobs(&mut self) {
        self.may_leave_jobs = true;
    }

    /// One of the workers.
    ///
    /// # Panics
    /// When there is no such worker.
    pub fn worker(&mut self, number: usize) -> &mut Process {
        self.workers.get_mut(number).expect("no such worker")
    }

    /// Whether workers are processes of their own.
    #[must_use]
    pub fn has_workers(&self) -> bool {
        !self.workers.is_empty()
    }

    /// Starts one more worker.
    pub fn add_worker(&mut self) {
        self.add_worker_of(&self.deployment.clone());
    }

    /// Starts one more worker, which has no rights over this machine's network.
    pub fn add_worker_without_rights(&mut self) {
        self.add_worker_of(&self.deployment.clone().without_rights());
    }

    fn add_worker_of(&mut self, deployment: &Deployment) {
        let name = self.name("worker");
        let mut command = command("vedette-worker", deployment, &self.backing);
        let worker = Process::spawn(&mut command, &name, self.folder.path());
        self.workers.push(worker);
    }

    /// The process that listens first: the api, or everything on pairs of one process.
    ///
    /// # Panics
    /// Never: a service has at least one.
    pub fn api(&mut self) -> &mut Process {
        &mut self.apis.first_mut().expect("an api").process
    }

    /// Starts the first api again on the port it had.
    ///
    /// # Panics
    /// When it does not listen soon.
    pub async fn start_api_again(&mut self) {
        let front = self.apis.remove(0);
        self.past.push((front.process.name().to_owned(), front.process.log()));
        drop(front.process);
        let again = self.front_process(&front.address).await;
        self.apis.insert(0, again);
    }

    /// Waits until one of the workers says a text, and returns the number of that worker.
    pub async fn worker_that_says(&self, text: &str) -> usize {
        crate::wait::until("a worker that says something", SOON, async || {
            self.workers.iter().position(|worker| worker.log().contains(text))
        })
        .await
    }

    /// The log of every process so far, by name.
    #[must_use]
    pub fn logs(&self) -> Vec<(String, String)> {
        let fronts = self.apis.iter().map(|front| &front.process);
        let running = fronts.chain(&self.workers).map(|process| (process.name().to_owned(), process.log()));
        self.past.iter().cloned().chain(running).collect()
    }

    async fn start_processes(&mut self) {
        if self.deployment.pair.is_one_process() {
            let front = self.front_process(&free_address().to_string()).await;
            self.apis.push(front);
            return;
        }
        let mut migrate = command("vedette", &self.deployment, &self.backing);
        let mut migrate = Process::spawn(migrate.arg("migrate"), "migrate", self.folder.path());
        let status = migrate.ended(SOON).await;
        assert!(status.success(), "vedette migrate ended with {status}:\n{}", migrate.log());
        self.past.push(("migrate".to_owned(), migrate.log()));
        (0..self.deployment.workers).for_each(|_| self.add_worker());
        for _ in 0..self.deployment.apis {
            let front = self.front_process(&free_address().to_string()).await;
            self.apis.push(front);
        }
    }

    async fn front_process(&mut self, listen: &str) -> Front {
        let name = self.name("api");
        let (mut command, says) = if self.deployment.pair.is_one_process() {
            (up(&self.deployment, &self.backing, listen, self.folder.path()), "://127.")
        } else {
            let mut api = command("vedette-api", &self.deployment, &self.backing);
            api.env("VEDETTE_LISTEN", listen);
            (api, "listening")
        };
        let mut process = Process::spawn(&mut command, &name, self.folder.path());
        let line = process.logged(says).await;
        Front { address: address_in(&line), process }
    }

    fn name(&mut self, kind: &str) -> String {
        self.started += 1;
        format!("{kind}-{}", self.started)
    }

    fn front(&self, api: usize) -> &Front {
        self.apis.get(api).expect("no such api")
    }
}

impl Drop for TestService {
    fn drop(&mut self) {
        parting::check(self);
    }
}

/// The loopback address and port that a line names.
fn address_in(line: &str) -> String {
    let start = line.find("127.").unwrap_or_else(|| panic!("no address in {line:?}"));
    let address = line.chars().skip(start).take_while(|sign| sign.is_ascii_digit() || ".:".contains(*sign));
    address.collect()
}
