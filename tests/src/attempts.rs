//! How often a scan tried each port of an address, as the kernel saw it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{
    AddressFamily, RecvFlags, SocketFlags, SocketType, bind, ipproto, recv, socket_with, sockopt,
};

/// Bytes of packets that wait while this process waits for a processor.
const BUFFER: usize = 128 << 20;
const SYN: u8 = 2;
const ACK: u8 = 16;

/// Counts the SYN packets to an address.
#[derive(Debug)]
pub struct Attempts {
    done: Arc<AtomicBool>,
    counting: JoinHandle<BTreeMap<u16, u32>>,
}

impl Attempts {
    /// Begins to count; `None` without the right to raw sockets.
    ///
    /// # Panics
    /// When the address is not of this machine.
    #[must_use]
    pub fn count(address: Ipv4Addr) -> Option<Attempts> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::INET, SocketType::RAW, flags, Some(ipproto::TCP)).ok()?;
        sockopt::set_socket_recv_buffer_size_force(&socket, BUFFER).ok()?;
        bind(&socket, &SocketAddrV4::new(address, 0)).unwrap();
        let done = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&done);
        Some(Attempts { done, counting: std::thread::spawn(move || listen(&socket, &told)) })
    }

    /// The ports that were tried, each with how often.
    ///
    /// # Panics
    /// When counting failed.
    #[must_use]
    pub fn end(self) -> BTreeMap<u16, u32> {
        self.done.store(true, Ordering::Relaxed);
        self.counting.join().unwrap()
    }
}

/// Counts until the end, and what waits then.
fn listen(socket: &OwnedFd, done: &AtomicBool) -> BTreeMap<u16, u32> {
    let mut counts = BTreeMap::new();
    let mut packet = [0; 128];
    loop {
        let is_last = done.load(Ordering::Relaxed);
        while let Ok((length, _)) = recv(socket, &mut packet, RecvFlags::DONTWAIT) {
            if let Some(port) = tried(&packet[..length]) {
                *counts.entry(port).or_default() += 1;
            }
        }
        if is_last {
            return counts;
        }
        let limit = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
        poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&limit)).unwrap();
    }
}

/// The port that a packet asks for a connection to.
fn tried(packet: &[u8]) -> Option<u16> {
    let header = usize::from(packet.first()? & 15) * 4;
    let segment = packet.get(header..)?;
    let asks = segment.get(13)? & (SYN | ACK) == SYN;
    asks.then(|| u16::from_be_bytes([segment[2], segment[3]]))
}
