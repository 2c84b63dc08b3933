//! A listener that plays a service.

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use services::{Identifier, Identity, Looks, Target};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
};

/// A service on a port of its own; it ends when this is dropped.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    /// One permit for each connection that was taken.
    pub(crate) taken: Arc<Semaphore>,
    task: JoinHandle<()>,
}

impl Service {
    /// Plays `part` on every connection.
    pub(crate) async fn play<Part, Playing>(part: Part) -> Self
    where
        Part: Fn(TcpStream) -> Playing + Send + 'static,
        Playing: Future<Output = ()> + Send + 'static,
    {
        Self::play_at("127.0.0.1:0", part).await
    }

    /// The same on an address of the caller's choice.
    pub(crate) async fn play_at<Part, Playing>(address: &str, part: Part) -> Self
    where
        Part: Fn(TcpStream) -> Playing + Send + 'static,
        Playing: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let taken = Arc::new(Semaphore::new(0));
        let counted = Arc::clone(&taken);
        let task = tokio::spawn(async move {
            let mut parts = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                counted.add_permits(1);
                parts.spawn(part(stream));
            }
        });
        Self { address, taken, task }
    }

    /// Says something at once, and listens then.
    pub(crate) async fn greeting(text: &'static [u8]) -> Self {
        Self::play(move |mut stream| async move {
            stream.write_all(text).await.ok();
            drain(&mut stream).await;
        })
        .await
    }

    /// Answers what begins with `question`, and hangs up on everything else.
    pub(crate) async fn answering(question: &'static [u8], answer: &'static [u8]) -> Self {
        Self::play(move |mut stream| async move {
            let mut asked = vec![0; 512];
            let length = stream.read(&mut asked).await.unwrap_or_default();
            if asked[..length].starts_with(question) {
                stream.write_all(answer).await.ok();
                drain(&mut stream).await;
            }
        })
        .await
    }

    /// What is found there.
    pub(crate) async fn identity(&self) -> Identity {
        Identifier::new().unwrap().identify(&self.target("localhost"), Looks::ALL).await
    }

    pub(crate) fn target(&self, host: &str) -> Target {
        Target { address: self.address, host: host.to_owned() }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes what comes until the other side ends.
pub(crate) async fn drain(stream: &mut TcpStream) {
    let mut part = [0; 4096];
    while stream.read(&mut part).await.is_ok_and(|length| length > 0) {}
}

/// Longer than any answer may take.
pub(crate) const FOREVER: Duration = Duration::from_mins(1);

/// Everything that an identity says of a service in one line: service, product, version.
pub(crate) fn words(identity: &Identity) -> [&str; 3] {
    [&identity.service, &identity.product, &identity.version].map(|word| word.as_deref().unwrap_or("-"))
}
