//! The part of a test that is the link between the two ends.

use std::{
    io::BufRead,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use link_emulator::{Link, SETUP, Weather};

use super::peer::{self, shell};

/// Passes packets on until the test has gone.
pub(super) fn be_relay(weather: &Weather) {
    static GONE: AtomicBool = AtomicBool::new(false);
    let input = peer::arrive();
    shell(SETUP);
    let mut link = Link::open(*weather).expect("raw sockets are allowed");
    drop(input);
    thread::spawn(|| {
        assert_eq!(std::io::stdin().lock().lines().count(), 0, "nothing more is said");
        GONE.store(true, Ordering::Relaxed);
    });
    peer::say_ready();
    link.run(&GONE).expect("poll works");
}
