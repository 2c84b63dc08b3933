//! Services that the test plays itself: they greet whoever connects, once their gate is open.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::listeners::own_address;

/// Ports of one address that no other test uses. They close when this is dropped.
#[derive(Debug)]
pub struct Greeters {
    address: IpAddr,
    ports: Vec<u16>,
    gate: watch::Sender<bool>,
    connected: Arc<watch::Sender<usize>>,
    _listening: JoinSet<()>,
}

impl Greeters {
    /// Opens so many ports that greet everybody.
    pub async fn open(count: usize, greeting: &'static str) -> Greeters {
        let greeters = Greeters::behind_a_gate(count, greeting).await;
        greeters.open_gate();
        greeters
    }

    /// Opens so many ports that take connections and say nothing before [`Greeters::open_gate`].
    ///
    /// # Panics
    /// When no port is free.
    pub async fn behind_a_gate(count: usize, greeting: &'static str) -> Greeters {
        let address = own_address().into();
        let (gate, connected) = (watch::Sender::new(false), Arc::new(watch::Sender::new(0)));
        let (mut ports, mut listening) = (Vec::new(), JoinSet::new());
        for _ in 0..count {
            let listener = TcpListener::bind(SocketAddr::new(address, 0)).await.unwrap();
            ports.push(listener.local_addr().unwrap().port());
            listening.spawn(listen(listener, greeting, gate.subscribe(), Arc::clone(&connected)));
        }
        Greeters { address, ports, gate, connected, _listening: listening }
    }

    /// Lets the greetings out.
    pub fn open_gate(&self) {
        self.gate.send_replace(true);
    }

    /// Waits until so many connections, and no more, are open.
    ///
    /// # Panics
    /// Never.
    pub async fn connected(&self, count: impl Fn(usize) -> bool) {
        self.connected.subscribe().wait_for(|open| count(*open)).await.unwrap();
    }

    /// The address, as a scan takes it for its target.
    #[must_use]
    pub fn target(&self) -> String {
        self.address.to_string()
    }

    /// The ports, as a scan takes them.
    #[must_use]
    pub fn ports(&self) -> String {
        self.ports.iter().map(u16::to_string).collect::<Vec<_>>().join(",")
    }
}

async fn listen(
    listener: TcpListener,
    greeting: &'static str,
    gate: watch::Receiver<bool>,
    connected: Arc<watch::Sender<usize>>,
) {
    let mut served = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connected.send_modify(|open| *open += 1);
        let (gate, connected) = (gate.clone(), Arc::clone(&connected));
        served.spawn(async move {
            greet(stream, greeting, gate).await;
            connected.send_modify(|open| *open -= 1);
        });
    }
}

/// Greets once the gate is open, and stays until the other side goes.
async fn greet(mut stream: TcpStream, greeting: &str, mut gate: watch::Receiver<bool>) {
    let mut part = [0; 512];
    while !*gate.borrow() {
        tokio::select! {
            _ = gate.changed() => (),
            heard = stream.read(&mut part) => if !heard.is_ok_and(|length| length > 0) { return },
        }
    }
    stream.write_all(greeting.as_bytes()).await.ok();
    while stream.read(&mut part).await.is_ok_and(|length| length > 0) {}
}
