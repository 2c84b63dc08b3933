//! Real servers are known by their names, and by the versions that their packages have.
#![cfg(test)]

use serde_json::{Value, json};
use vedette_tests::place::unpacked_servers;
use vedette_tests::servers::{Server, Servers};
use vedette_tests::skip::skipped;
use vedette_tests::{Pair, TestService};

/// A package, the service and the product that it is, and whether that says its version to strangers.
const KNOWN: [(&str, &str, &str, bool); 20] = [
    ("openssh-server", "ssh", "OpenSSH", true),
    ("dropbear-bin", "ssh", "Dropbear sshd", true),
    ("nginx-light", "http", "nginx", true),
    ("apache2-bin", "http", "Apache httpd", true),
    ("lighttpd", "http", "lighttpd", true),
    ("haproxy", "http", "HAProxy", false),
    ("tinyproxy-bin", "http", "Tinyproxy", true),
    ("redis-server", "redis", "Redis", true),
    ("memcached", "memcached", "memcached", true),
    ("mosquitto", "mqtt", "Mosquitto", true),
    ("nats-server", "nats", "NATS server", true),
    ("beanstalkd", "beanstalkd", "beanstalkd", true),
    ("ngircd", "irc", "ngircd", true),
    ("vsftpd", "ftp", "vsftpd", true),
    ("proftpd-core", "ftp", "ProFTPD", false),
    ("pure-ftpd", "ftp", "Pure-FTPd", false),
    ("dnsmasq-base", "dns", "dnsmasq", true),
    ("rsync", "rsync", "rsync", false),
    ("slapd", "ldap", "OpenLDAP", false),
    ("postgresql", "postgresql", "PostgreSQL", false),
];

/// So many must have been there.
const LEAST: usize = 12;

#[tokio::test]
async fn real_servers_are_known_by_name_and_version() {
    let Some(folder) = unpacked_servers() else {
        return skipped(
            "real_servers_are_known_by_name_and_version",
            "tests/unpack.sh has unpacked no servers",
        );
    };
    let servers = Servers::start(&folder).await;
    let service = TestService::start(Pair::SqliteEmbedded).await;
    let ports: Vec<String> = servers.running.iter().map(|server| server.port.to_string()).collect();
    let order = service.owner().scan(&servers.address.to_string()).ports(&ports.join(","));
    let scan = order.with("options", json!({ "service_detection": true, "ssl_check": true })).await;
    assert_eq!(scan.finished().await["status"], "completed");
    let results = scan.results().await;
    let records = results["ports"].as_array().unwrap();
    let mut wrong = Vec::new();
    for server in &servers.running {
        let record = records.iter().find(|record| record["port"] == server.port);
        let said = record.map(|record| ["service", "product", "version"].map(|field| record[field].clone()));
        if said.as_ref() != Some(&expected(server, record.unwrap_or(&Value::Null))) {
            wrong.push(format!("{server:?}: {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(servers.running.len() >= LEAST, "only {} servers started", servers.running.len());
}

fn expected(server: &Server, record: &Value) -> [Value; 3] {
    let (_, service, product, says_version) =
        KNOWN.into_iter().find(|(package, ..)| *package == server.package).expect("a known package");
    // One of the two nginx speaks TLS.
    let is_tls = !record["tls_version"].is_null();
    let service = if is_tls { format!("{service}s") } else { service.to_owned() };
    [json!(service), json!(product), if says_version { json!(server.version) } else { Value::Null }]
}
