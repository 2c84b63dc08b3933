//! A link with bad weather, for machines whose kernel has no `netem`: a router in user space that delays the IPv4
//! packets it passes on, loses some, and passes only so many a second.
//!
//! It stands in a network namespace of its own between the interfaces `relay0` and `relay1`, which [`SETUP`] gives their
//! addresses. Whoever is at the other ends routes `198.18.1.0/24` and `198.18.0.0/24` through them.

mod checksum;

use std::{
    collections::VecDeque,
    io,
    net::{Ipv4Addr, SocketAddr},
    os::fd::OwnedFd,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, eth, ipproto, recv, sendto,
        socket_with, sockopt,
    },
};

/// What befalls each packet, in both directions.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// How long it is under way.
    pub delay: Duration,
    /// Of 1000 packets, so many are lost.
    pub lost: u64,
    /// The time that one packet takes the link. What would have to wait for longer than 20 ms is lost.
    pub interval: Duration,
}

impl Weather {
    /// A link of 10 ms that loses nothing.
    #[must_use]
    pub fn fair() -> Self {
        Self { delay: Duration::from_millis(10), lost: 0, interval: Duration::ZERO }
    }
}

/// For a shell in the namespace of the link. The kernel must pass nothing on by itself.
pub const SETUP: &str = "
    echo 0 > /proc/sys/net/ipv4/ip_forward
    ip link set relay0 up
    ip addr add 198.18.1.254/24 dev relay0
    ip link set relay1 up
    ip addr add 198.18.0.254/24 dev relay1";
const OWN: [Ipv4Addr; 2] = [Ipv4Addr::new(198, 18, 1, 254), Ipv4Addr::new(198, 18, 0, 254)];

const QUEUE: Duration = Duration::from_millis(20);
/// Packets that wait for this process, in bytes; the system may grant less.
const BUFFER: usize = 64 << 20;
/// Packets that are taken in before those that are due are passed on.
const BATCH: usize = 64;
/// An IPv4 header without options.
const HEADER: usize = 20;

/// The router.
#[derive(Debug)]
pub struct Link {
    weather: Weather,
    receiver: OwnedFd,
    sender: OwnedFd,
    under_way: VecDeque<(Instant, Vec<u8>)>,
    /// When all that was taken in has gone through the link.
    free: Instant,
    noise: u64,
}

impl Link {
    /// Opens the link of this namespace.
    ///
    /// # Errors
    /// Without the right to raw sockets.
    pub fn open(weather: Weather) -> io::Result<Self> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let open = |family, kind, protocol| socket_with(family, kind, flags, Some(protocol));
        let receiver = open(AddressFamily::PACKET, SocketType::DGRAM, eth::IP)?;
        let sender = open(AddressFamily::INET, SocketType::RAW, ipproto::RAW)?;
        // Beyond the system's limit only for those with the right; others get what there is.
        if sockopt::set_socket_recv_buffer_size_force(&receiver, BUFFER).is_err() {
            sockopt::set_socket_recv_buffer_size(&receiver, BUFFER)?;
        }
        Ok(Self { weather, receiver, sender, under_way: VecDeque::new(), free: Instant::now(), noise: 1 })
    }

    /// Passes packets on until `gone`.
    ///
    /// # Errors
    /// When waiting for packets fails.
    pub fn run(&mut self, gone: &AtomicBool) -> io::Result<()> {
        while !gone.load(Ordering::Relaxed) {
            let is_busy = self.take_in();
            while self.under_way.front().is_some_and(|(due, _)| *due <= Instant::now())
                && let Some((_, packet)) = self.under_way.pop_front()
            {
                self.pass_on(packet);
            }
            if !is_busy {
                self.wait()?;
            }
        }
        Ok(())
    }

    /// For a packet, or a moment at which one may be due.
    fn wait(&self) -> io::Result<()> {
        let nanoseconds = if self.under_way.is_empty() { 20_000_000 } else { 200_000 };
        let limit = Timespec { tv_sec: 0, tv_nsec: nanoseconds };
        poll(&mut [PollFd::new(&self.receiver, PollFlags::IN)], Some(&limit))?;
        Ok(())
    }

    /// Takes a batch in; whether more may wait.
    fn take_in(&mut self) -> bool {
        let mut buffer = [0; 2048];
        for _ in 0..BATCH {
            let Ok((length, _)) = recv(&self.receiver, &mut buffer, RecvFlags::DONTWAIT) else {
                return false;
            };
            let now = Instant::now();
            let start = self.free.max(now);
            let is_lost = self.roll() < self.weather.lost || start > now + QUEUE;
            let is_for_others = length >= HEADER && !OWN.contains(&destination(&buffer));
            if is_for_others && !is_lost {
                self.free = start + self.weather.interval;
                let packet = buffer.iter().take(length).copied().collect();
                self.under_way.push_back((self.free + self.weather.delay, packet));
            }
        }
        true
    }

    fn pass_on(&self, mut packet: Vec<u8>) {
        checksum::mend(&mut packet);
        let to = SocketAddr::from((destination(&packet), 0));
        // Where the other end is full or down, the packet is lost, as on any link.
        let _sent = sendto(&self.sender, &packet, SendFlags::empty(), &to);
    }

    /// A number from 0 to 999 that looks random and is the same in every run.
    fn roll(&mut self) -> u64 {
        self.noise =
            self.noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.noise >> 33) % 1000
    }
}

fn destination(packet: &[u8]) -> Ipv4Addr {
    packet
        .get(16..HEADER)
        .and_then(|bytes| <[u8; 4]>::try_from(bytes).ok())
        .map_or(Ipv4Addr::UNSPECIFIED, Ipv4Addr::from)
}
