//! Many listeners on one thread.

use std::{
    net::SocketAddr,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use rustix::event::{
    Timespec,
    epoll::{self, CreateFlags, Event, EventData, EventFlags},
};

use crate::{
    Fault,
    board::Board,
    listener::{Listener, Numbers},
};

/// Requests that are on their way at once while listeners come.
const AT_ONCE: usize = 64;
/// More than a socket gives at once.
const BUFFER: usize = 256 * 1024;

/// Topics that follow each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Topics {
    pub(crate) first: usize,
    pub(crate) count: usize,
}

/// Listeners and what they have read.
#[derive(Debug)]
pub(crate) struct Crowd {
    epoll: OwnedFd,
    listeners: Vec<Listener>,
    numbers: Numbers,
    buffer: Vec<u8>,
}

/// What came.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// From publish to read, in microseconds, one for each delivery.
    pub(crate) latencies_us: Vec<u64>,
    /// Bytes, framing and all else included.
    pub(crate) bytes: usize,
}

impl Crowd {
    /// Dials so that each topic has `each` listeners, who expect the number behind `after` first; `request` is theirs by
    /// topic.
    pub(crate) fn gather(
        server: SocketAddr,
        topics: Topics,
        each: usize,
        after: u16,
        request: impl Fn(usize) -> String,
    ) -> Result<Self, Fault> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let mut listeners: Vec<Listener> = Vec::with_capacity(topics.count * each);
        let all: Vec<usize> = (0..each).flat_map(|_| topics.first..topics.first + topics.count).collect();
        for several in all.chunks(AT_ONCE) {
            let first = listeners.len();
            for topic in several {
                listeners.push(Listener::dial(server, *topic, after + 1, &request(*topic))?);
            }
            for (index, listener) in listeners.iter_mut().enumerate().skip(first) {
                listener.enter()?;
                let data = EventData::new_u64(u64::try_from(index)?);
                epoll::add(&epoll, &listener.socket, data, EventFlags::IN)?;
            }
        }
        Ok(Self { epoll, listeners, numbers: Numbers::new(), buffer: vec![0; BUFFER] })
    }

    /// How many listeners there are.
    pub(crate) fn len(&self) -> usize {
        self.listeners.len()
    }

    /// Reads until so many deliveries have come.
    ///
    /// # Errors
    /// When they do not come within `patience`, or a number is missing, repeated or out of turn.
    pub(crate) fn take(&mut self, count: usize, board: &Board, patience: Duration) -> Result<Taken, Fault> {
        let mut taken = Taken::default();
        taken.latencies_us.reserve(count);
        // What came with the heads of answers has been read already.
        for index in 0..self.listeners.len() {
            self.read(index, board, &mut taken)?;
        }
        let until = Instant::now() + patience;
        let mut events: Vec<Event> = Vec::with_capacity(1024);
        while taken.latencies_us.len() < count {
            if Instant::now() > until {
                return Err(format!("{} of {count} deliveries came", taken.latencies_us.len()).into());
            }
            events.clear();
            let wait = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
            epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&wait))?;
            for event in &events {
                let data = event.data;
                self.read(usize::try_from(data.u64())?, board, &mut taken)?;
            }
        }
        Ok(taken)
    }

    fn read(&mut self, index: usize, board: &Board, taken: &mut Taken) -> Result<(), Fault> {
        let Some(listener) = self.listeners.get_mut(index) else { return Ok(()) };
        let latencies = &mut taken.latencies_us;
        let told = |topic, number| latencies.push(board.since_us(topic, number).unwrap_or(0));
        taken.bytes += listener.take(&mut self.buffer, &self.numbers, told)?;
        Ok(())
    }
}
