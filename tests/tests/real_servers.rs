//! Real servers are known by their names, and by the versions that their packages have.
#![cfg(test)]

use std::collections::HashMap;

use serde_json::{Value, json};
use vedette_tests::place::unpacked_servers;
use vedette_tests::servers::{Expected, Server, Servers};
use vedette_tests::skip::skipped;
use vedette_tests::{Pair, TestService};

/// So many ports must have been there.
const LEAST: usize = 12;
/// UDP ports from there on are none that a scan knows a question for.
const ODD: u64 = 20_000;

#[tokio::test]
async fn real_servers_are_known_by_name_and_version() {
    let Some(folder) = unpacked_servers() else {
        return skipped(
            "real_servers_are_known_by_name_and_version",
            "tests/lab/unpack.sh has unpacked no servers",
        );
    };
    let mut servers = Servers::start(&folder, "short").await;
    servers.running.retain(|server| server.protocol == "tcp" || server.port < ODD);
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let mut records = Vec::new();
    for protocol in ["tcp", "udp"] {
        let ports = servers.ports(protocol);
        let order = service.owner().scan(&servers.address.to_string()).ports(&ports.join(","));
        let order = order.with("scan_type", json!(protocol));
        let scan = order.with("options", json!({ "service_detection": true, "ssl_check": true })).await;
        assert_eq!(scan.finished().await["status"], "completed");
        records.extend(scan.results().await["ports"].as_array().unwrap().clone());
    }
    let table: HashMap<String, Expected> =
        Expected::all().into_iter().map(|expected| (expected.name.clone(), expected)).collect();
    let mut wrong = Vec::new();
    for server in &servers.running {
        let is_own =
            |record: &&Value| record["port"] == server.port && record["protocol"] == server.protocol.as_str();
        let record = records.iter().find(is_own).unwrap_or(&Value::Null);
        let said = ["service", "product", "version"].map(|field| record[field].clone());
        if said != told(&table[&server.name], server) || !speaks_tls(record) {
            wrong.push(format!("{server:?}: {record}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(servers.running.len() >= LEAST, "only {} ports were listened on", servers.running.len());
}

/// The service, the product and the version that a record must have.
fn told(expected: &Expected, server: &Server) -> [Value; 3] {
    let version = match expected.version.as_str() {
        "yes" => json!(server.version),
        "no" => Value::Null,
        part => json!(part),
    };
    [json!(expected.service), json!(expected.product), version]
}

/// Those that were given a certificate show it, at once or when they are asked to go on inside TLS.
fn speaks_tls(record: &Value) -> bool {
    let is_given = ["https", "ftp", "ldap", "postgresql"].iter().any(|service| record["service"] == *service)
        && !["ProFTPD", "Pure-FTPd"].iter().any(|product| record["product"] == *product);
    is_given == (record["certificate"]["subject"] == "CN=lab.test")
}
