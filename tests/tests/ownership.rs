//! Nobody sees, stops, follows or deletes what belongs to somebody else.
#![cfg(test)]

use vedette_tests::deployment::Deployment;
use vedette_tests::listeners::{own_address, ports};
use vedette_tests::websocket::Refused;
use vedette_tests::{Client, Pair, Scan, on_every_pair};

on_every_pair! {
    somebody_elses_scan_is_not_found_anywhere,
}

async fn somebody_elses_scan_is_not_found_anywhere(pair: Pair) {
    let service = Deployment::of(pair).slowed_to(200).start().await;
    let ada = service.register("ada@example.net").await;
    let bob = service.register("bob@example.net").await;
    let running = ada.scan(&own_address().to_string()).ports(&ports(1, 20_000)).await;
    let finished = ada.scan(&own_address().to_string()).ports("1-3").await;
    finished.finished().await;
    for scan in [&running, &finished] {
        for stranger in [&bob, &service.owner()] {
            assert_hidden(&scan.seen_by(stranger), stranger).await;
        }
    }
    assert_hidden(&bob.scan_with_id("scan_doesNotExist0"), &bob).await;
    assert_eq!(ada.scans("").await.ok()["pagination"]["total"], 2);
    assert_eq!(finished.results().await["summary"]["total_ports_scanned"], 3, "it is still there");
    assert_eq!(running.status().await["error"], serde_json::Value::Null, "and nobody else stopped it");
    assert_eq!(running.cancel().await.ok()["status"], "cancelled");
}

async fn assert_hidden(scan: &Scan, stranger: &Client) {
    scan.ask_status().await.refused(404, "SCAN_NOT_FOUND");
    scan.ask_results().await.refused(404, "SCAN_NOT_FOUND");
    scan.cancel().await.refused(404, "SCAN_NOT_FOUND");
    scan.delete_results().await.refused(404, "SCAN_NOT_FOUND");
    stranger.get(&scan.path("/stream")).await.refused(404, "SCAN_NOT_FOUND");
    let upgrade = stranger.websocket(&format!("/ws/scans/{}", scan.id)).await;
    assert_eq!(upgrade.err(), Some(Refused(404)));
    assert!(stranger.scans("").await.ok()["scans"].as_array().unwrap().is_empty());
}
