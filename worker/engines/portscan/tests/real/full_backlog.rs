//! A listener that nobody accepts from: once its queue is full, the kernel drops what comes, as a filter would.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use portscan::{Settings, Tally};
use socket2::{Domain, Socket, Type};

use crate::record::record;

/// Keeps the queue full as long as it lives.
pub(crate) struct DeafListener {
    pub(crate) address: SocketAddr,
    listener: Socket,
    _queue: Vec<TcpStream>,
}

impl DeafListener {
    pub(crate) fn new() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a free port");
        listener.listen(0).expect("it listens");
        let address =
            listener.local_addr().ok().and_then(|address| address.as_socket()).expect("it is bound");
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok();
        let queue: Vec<TcpStream> = (0..16).map_while(connect).collect();
        assert!(queue.len() < 16, "the queue fills up");
        Self { address, listener, _queue: queue }
    }
}

/// Quick about silence, so that the test is.
pub(crate) fn impatient() -> Settings {
    let wait = Duration::from_millis(40);
    Settings { tries: 2, first_timeout: wait, min_timeout: wait, max_timeout: wait, ..Settings::default() }
}

#[test]
fn a_full_queue_is_filtered_and_the_scan_ends() {
    let listener = DeafListener::new();
    let (summary, record) = record(&impatient(), vec![listener.address; 5000]);
    assert_eq!(summary.tally, Tally { filtered: 5000, ..Tally::default() });
    assert_eq!(summary.retries, 5000);
    assert!(record.opened.is_empty());
}

#[test]
fn a_socket_given_up_serves_the_next_port() {
    let deaf = DeafListener::new();
    let hearing = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let open = hearing.local_addr().expect("it is bound");
    let closed = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let settings = Settings { window: 1, threads: 1, ..impatient() };
    let (summary, record) = record(&settings, [deaf.address, open, deaf.address, closed].repeat(2));
    assert_eq!(summary.tally, Tally { open: 2, closed: 2, filtered: 4 });
    assert_eq!(record.open_addresses(), [open, open]);
}

#[test]
fn a_port_that_hears_again_is_open() {
    let listener = DeafListener::new();
    let accepting: TcpListener = listener.listener.try_clone().expect("a copy").into();
    accepting.set_nonblocking(true).expect("it is a socket");
    while accepting.accept().is_ok() {}
    let (summary, _) = record(&impatient(), vec![listener.address]);
    assert_eq!(summary.tally.open, 1);
}
