//! A link with bad weather: a router in user space that delays what it passes on, and loses some of it.

use std::{
    collections::VecDeque,
    io::BufRead,
    net::Ipv4Addr,
    os::fd::OwnedFd,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, eth, ipproto, recv, sendto,
        socket_with, sockopt,
    },
};

use super::peer::{self, shell};

/// What befalls each packet, in both directions.
pub(super) struct Weather {
    pub(super) delay: Duration,
    /// Of 1000 packets, so many are lost.
    pub(super) lost: u64,
    /// The time that one packet takes the link. What would have to wait for longer than [`QUEUE`] is lost.
    pub(super) interval: Duration,
}

impl Weather {
    /// A link of 10 ms that loses nothing.
    pub(super) fn fair() -> Self {
        Self { delay: Duration::from_millis(10), lost: 0, interval: Duration::ZERO }
    }
}

const QUEUE: Duration = Duration::from_millis(20);

/// The kernel must pass nothing on by itself.
const SETUP: &str = "
    echo 0 > /proc/sys/net/ipv4/ip_forward
    ip link set relay0 up
    ip addr add 198.18.1.254/24 dev relay0
    ip link set relay1 up
    ip addr add 198.18.0.254/24 dev relay1";
const OWN: [Ipv4Addr; 2] = [Ipv4Addr::new(198, 18, 1, 254), Ipv4Addr::new(198, 18, 0, 254)];
const TCP: u8 = 6;
const UDP: u8 = 17;
const HEADER: usize = 20;

/// Passes packets on until the test has gone.
pub(super) fn be_relay(weather: &Weather) {
    static GONE: AtomicBool = AtomicBool::new(false);
    let input = peer::arrive();
    shell(SETUP);
    let mut relay = Relay::open();
    drop(input);
    thread::spawn(|| {
        assert_eq!(std::io::stdin().lock().lines().count(), 0, "nothing more is said");
        GONE.store(true, Ordering::Relaxed);
    });
    peer::say_ready();
    relay.run(weather, &GONE);
}

struct Relay {
    receiver: OwnedFd,
    sender: OwnedFd,
    under_way: VecDeque<(Instant, Vec<u8>)>,
    /// When all that was taken in has gone through the link.
    free: Instant,
    noise: u64,
}

impl Relay {
    fn open() -> Self {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let open = |family, kind, protocol| {
            socket_with(family, kind, flags, Some(protocol)).expect("raw sockets are allowed")
        };
        let receiver = open(AddressFamily::PACKET, SocketType::DGRAM, eth::IP);
        let sender = open(AddressFamily::INET, SocketType::RAW, ipproto::RAW);
        sockopt::set_socket_recv_buffer_size(&receiver, 64 << 20).expect("it is a socket");
        Self { receiver, sender, under_way: VecDeque::new(), free: Instant::now(), noise: 1 }
    }

    fn run(&mut self, weather: &Weather, gone: &AtomicBool) {
        while !gone.load(Ordering::Relaxed) {
            self.take_in(weather);
            while self.under_way.front().is_some_and(|(due, _)| *due <= Instant::now())
                && let Some((_, packet)) = self.under_way.pop_front()
            {
                self.pass_on(packet);
            }
            let nanoseconds = if self.under_way.is_empty() { 20_000_000 } else { 200_000 };
            let pause = Timespec { tv_sec: 0, tv_nsec: nanoseconds };
            poll(&mut [PollFd::new(&self.receiver, PollFlags::IN)], Some(&pause)).expect("poll works");
        }
    }

    fn take_in(&mut self, weather: &Weather) {
        let mut buffer = [0; 2048];
        while let Ok((length, _)) = recv(&self.receiver, &mut buffer, RecvFlags::DONTWAIT) {
            let now = Instant::now();
            let start = self.free.max(now);
            let is_lost = roll(&mut self.noise) < weather.lost || start > now + QUEUE;
            if !OWN.contains(&destination(&buffer)) && !is_lost {
                self.free = start + weather.interval;
                self.under_way.push_back((self.free + weather.delay, buffer[..length].to_vec()));
            }
        }
    }

    fn pass_on(&self, mut packet: Vec<u8>) {
        mend_checksum(&mut packet);
        let to = std::net::SocketAddr::from((destination(&packet), 0));
        // Where the link is full or down, the packet is lost, as on any link.
        let _sent = sendto(&self.sender, &packet, SendFlags::empty(), &to);
    }
}

fn destination(packet: &[u8]) -> Ipv4Addr {
    Ipv4Addr::from([packet[16], packet[17], packet[18], packet[19]])
}

/// A number from 0 to 999 that looks random and is the same in every run.
fn roll(noise: &mut u64) -> u64 {
    *noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*noise >> 33) % 1000
}

/// Writes the checksum of a TCP packet, which the kernel leaves to a network card that is not there; a datagram needs
/// none.
fn mend_checksum(packet: &mut [u8]) {
    if packet[9] == UDP && packet[0] == 0x45 {
        packet[HEADER + 6..HEADER + 8].fill(0);
    }
    if packet[9] != TCP || packet.len() < HEADER + 20 || packet[0] != 0x45 {
        return;
    }
    packet[HEADER + 16..HEADER + 18].fill(0);
    let length = u32::try_from(packet.len() - HEADER).expect("short");
    let pairs = packet[12..].chunks(2);
    let words = pairs.map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)));
    let mut sum = words.sum::<u32>() + length + u32::from(TCP);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let checksum = !u16::try_from(sum).expect("it is folded");
    packet[HEADER + 16..HEADER + 18].copy_from_slice(&checksum.to_be_bytes());
}
