//! One listener: a socket, and the number that must come next.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use memchr::memmem::Finder;

use crate::Fault;

/// What a message is recognised by, whatever it is framed in: its number follows.
const MARK: &[u8] = b"\"port\":";
/// A head that takes longer will not come.
const PATIENCE: Duration = Duration::from_mins(1);

/// A socket that messages of one topic come in by.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: TcpStream,
    pub(crate) topic: usize,
    /// The number that must come next.
    next: u16,
    /// What was read of a message that is not whole yet.
    tail: Vec<u8>,
}

/// Finds the numbers of messages.
#[derive(Debug)]
pub(crate) struct Numbers(Finder<'static>);

impl Numbers {
    pub(crate) fn new() -> Self {
        Self(Finder::new(MARK))
    }
}

impl Listener {
    /// Dials and asks; [`Self::enter`] reads the answer.
    pub(crate) fn dial(server: SocketAddr, topic: usize, next: u16, request: &str) -> Result<Self, Fault> {
        let mut socket = TcpStream::connect(server)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.write_all(request.as_bytes())?;
        Ok(Self { socket, topic, next, tail: Vec::new() })
    }

    /// Reads the head of the answer, and keeps what came with it.
    pub(crate) fn enter(&mut self) -> Result<(), Fault> {
        let mut read = Vec::new();
        let mut part = [0; 1024];
        let end = loop {
            let length = self.socket.read(&mut part)?;
            if length == 0 {
                return Err("the server closed".into());
            }
            read.extend(part.iter().take(length));
            if let Some(end) = memchr::memmem::find(&read, b"\r\n\r\n") {
                break end + 4;
            }
        };
        if !(read.starts_with(b"HTTP/1.1 200") || read.starts_with(b"HTTP/1.1 101")) {
            return Err(String::from_utf8_lossy(&read).into_owned().into());
        }
        self.tail = read.split_off(end);
        self.socket.set_nonblocking(true)?;
        Ok(())
    }

    /// Reads what is there, by way of `buffer`, and gives `told` each number; returns how many bytes came.
    pub(crate) fn take(
        &mut self,
        buffer: &mut [u8],
        numbers: &Numbers,
        mut told: impl FnMut(usize, u16),
    ) -> Result<usize, Fault> {
        let kept = self.tail.len();
        let (before, space) = buffer.split_at_mut(kept);
        before.copy_from_slice(&self.tail);
        let length = match self.socket.read(space) {
            Ok(0) => return Err("the server closed a stream".into()),
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error.into()),
        };
        let read = buffer.get(..kept + length).unwrap_or_default();
        let rest = self.read_numbers(read, numbers, &mut told)?;
        self.tail.clear();
        self.tail.extend_from_slice(read.get(rest..).unwrap_or_default());
        Ok(length)
    }

    /// Returns where what is not whole yet begins.
    fn read_numbers(
        &mut self,
        read: &[u8],
        numbers: &Numbers,
        told: &mut impl FnMut(usize, u16),
    ) -> Result<usize, Fault> {
        let mut rest = 0;
        for at in numbers.0.find_iter(read) {
            let digits = at + MARK.len();
            let behind = read.get(digits..).unwrap_or_default();
            let Some(length) = behind.iter().position(|byte| !byte.is_ascii_digit()) else { return Ok(at) };
            let number: u16 = str::from_utf8(behind.get(..length).unwrap_or_default())?.parse()?;
            if number != self.next {
                return Err(format!("number {number} came in the place of {}", self.next).into());
            }
            self.next += 1;
            told(self.topic, number);
            rest = digits + length;
        }
        Ok(rest.max(read.len().saturating_sub(MARK.len() - 1)))
    }
}
