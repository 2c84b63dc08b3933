//! Every route for every kind of caller: role, read-only or not, revoked, expired, disabled, from a wrong address, of
//! another organization, and without a key.

use serde_json::json;
use vedette_tests::deployment::Deployment;
use vedette_tests::listeners::own_address;
use vedette_tests::wait::{LONG, SOON, until, within};
use vedette_tests::{Client, Pair, TestService};

use crate::routes::{ROUTES, Takes};

/// Somebody who asks.
struct Caller {
    name: &'static str,
    client: Client,
    /// What stands for the scan and the key in a path.
    scan: String,
    key: String,
    kind: Kind,
}

/// What a caller is to the server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Of good standing, with these rights; the ids are their own.
    Known(&'static [Right]),
    /// An owner elsewhere; the ids are not theirs.
    Foreign,
    /// Somebody who claimed a key: of good standing for watching certificates, and nowhere else.
    Watching,
    /// Of no good standing: always answered with this.
    Refused(u16),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Right {
    ReadScans,
    WriteScans,
    ReadAccount,
    WriteAccount,
    ReadOrganization,
    ReadCertificates,
}

use Right::{ReadAccount, ReadCertificates, ReadOrganization, ReadScans, WriteAccount, WriteScans};

const OWNER: &[Right] =
    &[ReadScans, WriteScans, ReadAccount, WriteAccount, ReadOrganization, ReadCertificates];
const OWNER_READING: &[Right] = &[ReadScans, ReadAccount, ReadOrganization, ReadCertificates];
const ANALYST: &[Right] = &[ReadScans, WriteScans, ReadAccount, WriteAccount, ReadCertificates];
const READING: &[Right] = &[ReadScans, ReadAccount, ReadCertificates];
const VIEWER: &[Right] = &[ReadScans, ReadAccount, WriteAccount, ReadCertificates];

impl Caller {
    fn expected(&self, route: &str, takes: Takes, good: u16) -> u16 {
        let right = match takes {
            Takes::Nothing => return good,
            Takes::Key => None,
            Takes::ReadScans => Some(ReadScans),
            Takes::WriteScans => Some(WriteScans),
            Takes::ReadAccount => Some(ReadAccount),
            Takes::WriteAccount => Some(WriteAccount),
            Takes::ReadOrganization | Takes::Operate => Some(ReadOrganization),
            Takes::ReadCertificates => Some(ReadCertificates),
        };
        match self.kind {
            Kind::Refused(status) => status,
            Kind::Watching if right == Some(ReadCertificates) => good,
            Kind::Watching => 401,
            Kind::Foreign if route.contains('{') => 404,
            Kind::Foreign if matches!(takes, Takes::Operate) => 403,
            Kind::Foreign => good,
            Kind::Known(rights) if right.is_none_or(|right| rights.contains(&right)) => good,
            Kind::Known(_) => 403,
        }
    }

    /// Tells each route that was not answered as it must be.
    async fn ask_for_everything(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (route, takes, good) in ROUTES {
            let (expected, status) = (self.expected(route, takes, good), self.ask(route).await);
            if status != expected {
                wrong.push(format!("{} {route}: {status}, not {expected}", self.name));
            }
        }
        wrong
    }

    async fn ask(&self, route: &str) -> u16 {
        let (method, path) = route.split_once(' ').unwrap();
        let path = path.replace("{scan}", &self.scan).replace("{key}", &self.key);
        let body = match path.trim_end_matches('/').rsplit('/').next() {
            Some("scans") => json!({ "target": own_address().to_string(), "ports": "1" }),
            Some("api-keys") => json!({ "name": "another" }),
            _ => json!({}),
        };
        let request = self.client.request(method.parse().unwrap(), &path);
        let request = if ["POST", "PATCH"].contains(&method) { request.json(&body) } else { request };
        // The head alone: a stream may go on for ever.
        within("an answer", SOON, request.send()).await.unwrap().status().as_u16()
    }

    /// Whether a scan of theirs goes on, as far as a key is left to see it with.
    async fn is_scanning(&self) -> bool {
        let mut unfinished = Vec::new();
        for status in ["queued", "running"] {
            let answer = self.client.scans(&format!("status={status}")).await;
            unfinished.push(answer.status == 200 && answer.ok()["pagination"]["total"] != 0);
        }
        unfinished.contains(&true)
    }
}

#[tokio::test]
async fn every_route_answers_every_kind_of_caller_as_it_must() {
    let service = Deployment::of(Pair::PostgresEmbedded).start().await;
    let callers = callers(&service).await;
    let mut wrong = Vec::new();
    for caller in &callers {
        wrong.extend(caller.ask_for_everything().await);
    }
    finish_all(&callers).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Waits for the scans that were ordered on the way.
async fn finish_all(callers: &[Caller]) {
    for caller in callers {
        until("the end of all scans", LONG, async || (!caller.is_scanning().await).then_some(())).await;
    }
}

async fn callers(service: &TestService) -> Vec<Caller> {
    let mut callers = Vec::new();
    for (name, role, rights) in
        [("an owner", "owner", OWNER), ("an analyst", "analyst", ANALYST), ("a viewer", "viewer", VIEWER)]
    {
        let reading = if role == "owner" { OWNER_READING } else { READING };
        let email = format!("{role}@example.com");
        service.operate_json(&["user", "add", &email]).await;
        let (spare, client) = service.issue(&email, &[]).await;
        let scan = finished_scan(&client).await;
        service.operate_json(&["user", "set-role", &email, role]).await;
        // Read-only first: it leaves everything as it is.
        let (_, read_only) = service.issue(&email, &["--read-only"]).await;
        let (_, whole) = service.issue(&email, &[]).await;
        for (client, rights) in [(read_only, reading), (whole, rights)] {
            let kind = Kind::Known(rights);
            callers.push(Caller { name, client, scan: scan.clone(), key: spare.clone(), kind });
        }
    }
    callers.extend(of_no_good_standing(service).await);
    callers
}

/// An owner's keys that do not hold any more, nobody's, and those of an owner elsewhere.
async fn of_no_good_standing(service: &TestService) -> Vec<Caller> {
    service.operate_json(&["user", "add", "past@example.com", "--role", "owner"]).await;
    service.operate_json(&["user", "add", "gone@example.com", "--role", "owner"]).await;
    let (revoked_id, revoked) = service.issue("past@example.com", &[]).await;
    let (_, expired) = service.issue("past@example.com", &["--days", "1", "--name", "expired"]).await;
    let (_, elsewhere) = service.issue("past@example.com", &["--from", "192.0.2.0/24"]).await;
    let (key, owner) = service.issue("past@example.com", &[]).await;
    let (_, disabled) = service.issue("gone@example.com", &[]).await;
    let scan = finished_scan(&owner).await;
    for client in [&revoked, &disabled, &expired] {
        client.scans("").await.granted();
    }
    service.operate_json(&["key", "revoke", &revoked_id]).await;
    service.operate_json(&["user", "disable", "gone@example.com"]).await;
    service.run_sql("UPDATE api_keys SET expires_at = created_at WHERE name = 'expired'").await;
    until("the end of a key", SOON, async || (expired.scans("").await.status == 401).then_some(())).await;
    let foreign = service.register("foreign@example.org").await;
    let (nobody, watching) = (foreign.without_key(), service.claim("watching@example.org").await);
    let caller = |name, client, kind| Caller { name, client, scan: scan.clone(), key: key.clone(), kind };
    vec![
        caller("a revoked key", revoked, Kind::Refused(401)),
        caller("an expired key", expired, Kind::Refused(401)),
        caller("a disabled user", disabled, Kind::Refused(401)),
        caller("a wrong address", elsewhere, Kind::Refused(403)),
        caller("nobody", nobody, Kind::Refused(401)),
        caller("a claimed key", watching, Kind::Watching),
        caller("another organization", foreign, Kind::Foreign),
    ]
}

async fn finished_scan(client: &Client) -> String {
    let scan = client.scan(&own_address().to_string()).ports("1").await;
    scan.finished().await;
    scan.id
}
