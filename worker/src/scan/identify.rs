//! Finding out what runs on the open ports of a shard, while the rest of it is scanned.

use std::net::SocketAddr;

use portscan::System;
use services::{Identifier, Identity, Looks, Target};
use shared::{
    event::{FoundPort, FoundService},
    scan::{
        Protocol, ScanOptions,
        service::{Certificate, OsHint, Service, Tls},
    },
};
use tokio::task::JoinSet;

use super::system;
use crate::Work;

/// The ports that are being identified. Dropping it closes every connection.
#[derive(Debug)]
pub(super) struct Identifying {
    identifier: Identifier,
    options: ScanOptions,
    running: JoinSet<FoundService>,
}

impl Identifying {
    /// Nothing yet.
    pub(super) fn new(work: &Work, options: ScanOptions) -> Self {
        Self { identifier: work.identifier.clone(), options, running: JoinSet::new() }
    }

    /// Begins with ports that are open and stored, if the scan was asked to. What their answers looked like is asked of
    /// `seen`.
    pub(super) fn begin(&mut self, ports: Vec<FoundPort>, seen: impl Fn(SocketAddr) -> Option<System>) {
        if !self.options.identifies() {
            return;
        }
        for port in ports {
            let (identifier, options) = (self.identifier.clone(), self.options);
            // The address that was vetted and scanned; the name is only said.
            let address = SocketAddr::new(port.address, port.port);
            let system = seen(address);
            self.running.spawn(async move {
                let target = Target { address, host: port.host.clone() };
                let mut identity = match port.protocol {
                    Protocol::Tcp => identifier.identify(&target, looks(options)).await,
                    Protocol::Udp if looks(options).service => identifier.identify_datagrams(&target).await,
                    Protocol::Udp => Identity::default(),
                };
                identity.os = system::join(identity.os, system);
                FoundService { port, service: Box::new(told(identity, options)) }
            });
        }
    }

    /// The next port that is done, together with others that are. Pending while there is none.
    pub(super) async fn next(&mut self) -> Vec<FoundService> {
        let Some(first) = self.running.join_next().await else { return std::future::pending().await };
        let mut done: Vec<FoundService> = first.into_iter().collect();
        while let Some(more) = self.running.try_join_next() {
            done.extend(more);
        }
        done
    }

    /// Whether nothing is left to wait for.
    pub(super) fn is_idle(&self) -> bool {
        self.running.is_empty()
    }
}

fn looks(options: ScanOptions) -> Looks {
    Looks { service: options.service_detection || options.os_detection, tls: options.ssl_check }
}

/// What was asked for, of what was found out.
fn told(identity: Identity, options: ScanOptions) -> Service {
    let os = identity.os.map(|os| OsHint { family: os.family, name: os.name, confidence: os.confidence });
    let certificate = |seen: services::Certificate| Certificate {
        subject: seen.subject,
        issuer: seen.issuer,
        not_before: seen.not_before,
        not_after: seen.not_after,
        sha256: seen.sha256,
        is_trusted: seen.is_trusted,
        names_host: seen.names_host,
    };
    let tls = identity.tls.map(|tls| Tls {
        version: tls.version,
        certificate: tls.certificate.filter(|_| options.ssl_check).map(certificate),
    });
    let beside = Service { os: os.filter(|_| options.os_detection), tls, ..Service::default() };
    if !options.service_detection {
        return beside;
    }
    Service {
        name: identity.service,
        product: identity.product,
        version: identity.version,
        cpe: identity.cpe,
        banner: identity.banner,
        confidence: identity.confidence,
        http_status: identity.http_status,
        ..beside
    }
}
