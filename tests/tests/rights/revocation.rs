//! A key that is revoked and a user who is disabled are shut out at once, everywhere, with the streams they have open.

use std::time::Duration;

use futures::future::join_all;
use vedette_tests::deployment::Deployment;
use vedette_tests::follow::Follow;
use vedette_tests::listeners::{own_address, ports};
use vedette_tests::wait::within;
use vedette_tests::websocket::Socket;
use vedette_tests::{Client, Pair, TestService, on_every_pair};

/// Open streams look by themselves every 15 to 20 seconds: what ends them sooner is that they were told.
const TOLD: Duration = Duration::from_secs(8);

on_every_pair! {
    a_rotated_key_is_shut_out_everywhere_with_its_streams,
    what_the_command_line_takes_away_is_gone_in_every_process,
}

async fn a_rotated_key_is_shut_out_everywhere_with_its_streams(pair: Pair) {
    let service = Deployment::of(pair).slowed_to(200).start().await;
    let user = service.register("ada@example.net").await;
    let open = Open::by(&service, &user).await;
    let rotated = user.post("/api/v1/auth/rotate", &serde_json::json!({})).await;
    let key = rotated.created()["api_key"].as_str().unwrap().to_owned();
    open.end(&service, &user).await;
    let after = service.client_at(service.api_count() - 1, &key);
    after.scans("").await.granted();
    after.scan_with_id(&open_scan(&after).await).stop().await;
}

async fn what_the_command_line_takes_away_is_gone_in_every_process(pair: Pair) {
    let service = Deployment::of(pair).slowed_to(200).start().await;
    let ada = service.register("ada@example.net").await;
    let (id, second) = service.issue("ada@example.net", &[]).await;
    let open = Open::by(&service, &second).await;
    service.operate_json(&["key", "revoke", &id]).await;
    open.end(&service, &second).await;
    let open = Open::by(&service, &ada).await;
    service.operate_json(&["user", "disable", "ada@example.net"]).await;
    open.end(&service, &ada).await;
    service.operate_json(&["user", "enable", "ada@example.net"]).await;
    for row in ada.scans("status=running").await.ok()["scans"].as_array().unwrap() {
        ada.scan_with_id(row["scan_id"].as_str().unwrap()).stop().await;
    }
    second.scans("").await.refused(401, "INVALID_API_KEY");
}

/// A stream and a WebSocket at each api.
struct Open {
    streams: Vec<Follow>,
    sockets: Vec<Socket>,
}

impl Open {
    async fn by(service: &TestService, user: &Client) -> Open {
        let scan = user.scan(&own_address().to_string()).ports(&ports(1, 20_000)).await;
        scan.reached(1).await;
        let mut open = Open { streams: Vec::new(), sockets: Vec::new() };
        for api in 0..service.api_count() {
            let scan = scan.seen_by(&service.client_at(api, user.key()));
            let (mut stream, mut socket) = (scan.follow().await, scan.websocket().await);
            stream.next_named("progress").await;
            socket.hear_type("progress").await;
            open.streams.push(stream);
            open.sockets.push(socket);
        }
        open
    }

    /// Waits for all of them to end, and insists that the key opens nothing anywhere.
    async fn end(mut self, service: &TestService, user: &Client) {
        let streams = join_all(self.streams.iter_mut().map(Follow::rest));
        let sockets = join_all(self.sockets.iter_mut().map(Socket::rest));
        let both = futures::future::join(streams, sockets);
        let (streams, sockets) = within("the end of all streams", TOLD, both).await;
        assert!(streams.iter().flatten().all(|frame| frame.event != "complete"), "{streams:?}");
        assert!(sockets.iter().all(|(_, code)| *code == 1008), "{sockets:?}");
        for api in 0..service.api_count() {
            let client = service.client_at(api, user.key());
            client.scans("").await.refused(401, "INVALID_API_KEY");
        }
    }
}

async fn open_scan(user: &Client) -> String {
    let list = user.scans("").await;
    list.ok()["scans"][0]["scan_id"].as_str().unwrap().to_owned()
}
