//! One connection to an address: counted, limited, and with its first bytes remembered.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, Weak},
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use crate::{failure::Failure, target::Limits};

/// As many bytes as tell what somebody speaks.
const OPENING: usize = 3;

/// Makes connections, to one address only as many at once as [`Limits::connections`] says.
#[derive(Debug, Default)]
pub(crate) struct Dialer {
    gates: Mutex<HashMap<IpAddr, Weak<Semaphore>>>,
}

impl Dialer {
    /// Connects before `deadline`.
    pub(crate) async fn dial(
        &self,
        address: SocketAddr,
        limits: &Limits,
        deadline: Instant,
    ) -> Result<Wire, Failure> {
        let gate = self.gate(address.ip(), limits.connections);
        let turn = timeout_at(deadline, gate.acquire_owned()).await.map_err(|_| Failure::Timeout)?;
        // The semaphore is never closed.
        let turn = turn.map_err(|_| Failure::Timeout)?;
        let until = deadline.min(Instant::now() + limits.connect);
        let connected = timeout_at(until, TcpStream::connect(address)).await.map_err(|_| Failure::Timeout)?;
        let stream = connected.map_err(|error| Failure::of_connect(&error, address.ip()))?;
        // Questions are small, and each waits for its answer.
        stream.set_nodelay(true).ok();
        Ok(Wire { stream, left: limits.bytes, opening: Vec::new(), _turn: turn })
    }

    fn gate(&self, address: IpAddr, connections: usize) -> Arc<Semaphore> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(&address).and_then(Weak::upgrade) {
            return gate;
        }
        if gates.len() >= 1024 {
            gates.retain(|_, gate| gate.strong_count() > 0);
        }
        let gate = Arc::new(Semaphore::new(connections.max(1)));
        gates.insert(address, Arc::downgrade(&gate));
        gate
    }
}

/// A connection. Reading more than its limit is an error.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    left: usize,
    opening: Vec<u8>,
    _turn: OwnedSemaphorePermit,
}

impl Wire {
    /// The first bytes since the connection stood, or since [`Self::forget`].
    pub(crate) fn opening(&self) -> &[u8] {
        &self.opening
    }

    /// Takes what comes next for the beginning of something new.
    pub(crate) fn forget(&mut self) {
        self.opening.clear();
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let came = buffer.filled().get(before..).unwrap_or_default();
        let missing = OPENING.saturating_sub(self.opening.len());
        self.opening.extend(came.iter().take(missing));
        match self.left.checked_sub(came.len()) {
            Some(left) => self.left = left,
            None => return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into())),
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
