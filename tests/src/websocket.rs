//! A WebSocket client of one scan.

use std::sync::Arc;

use futures::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, client_async, client_async_tls_with_config, connect_async,
};

use crate::authority::Authority;
use crate::client::Client;
use crate::raw;
use crate::wait::{LONG, SOON, within};

/// An open WebSocket.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// The HTTP status of an upgrade that was refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused(pub u16);

/// What comes out of a WebSocket.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A text frame; each is one JSON document.
    Said(Value),
    /// The end, with its close code.
    Closed(u16),
}

impl Socket {
    pub(crate) async fn open(url: &str) -> Result<Socket, Refused> {
        Self::opened(within("a websocket", SOON, Box::pin(connect_async(url))).await)
    }

    /// Opens one over TLS at an address, whatever address its URL would have led to.
    pub(crate) async fn open_tls(url: &str, address: &str, authority: &Authority) -> Result<Socket, Refused> {
        let stream = TcpStream::connect(address).await.unwrap();
        let connector = Some(Connector::Rustls(Arc::new(authority.trusting_client())));
        let opening = Box::pin(client_async_tls_with_config(url, stream, None, connector));
        Self::opened(within("a websocket", SOON, opening).await)
    }

    fn opened<T>(
        opened: Result<(WebSocketStream<MaybeTlsStream<TcpStream>>, T), Error>,
    ) -> Result<Socket, Refused> {
        match opened {
            Ok((stream, _)) => Ok(Socket { stream }),
            Err(Error::Http(response)) => Err(Refused(response.status().as_u16())),
            Err(other) => panic!("no websocket and no refusal either: {other}"),
        }
    }

    /// Opens one for a page of some origin, with the cookie that the browser has.
    ///
    /// # Errors
    /// The HTTP status of a refused upgrade.
    ///
    /// # Panics
    /// When there is neither a WebSocket nor a refusal.
    pub async fn open_from_page(url: &str, origin: &str, cookie: &str) -> Result<Socket, Refused> {
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        request.headers_mut().insert("cookie", cookie.parse().unwrap());
        match within("a websocket", SOON, Box::pin(connect_async(request))).await {
            Ok((stream, _)) => Ok(Socket { stream }),
            Err(Error::Http(response)) => Err(Refused(response.status().as_u16())),
            Err(other) => panic!("no websocket and no refusal either: {other}"),
        }
    }

    /// Opens one that takes as little as a connection can, as long as nobody reads it.
    pub(crate) async fn open_narrow(address: &str, path: &str) -> Socket {
        let stream = MaybeTlsStream::Plain(raw::narrow(address).await);
        let opening = Box::pin(client_async(format!("ws://{address}{path}"), stream));
        let (stream, _) = within("a websocket", SOON, opening).await.unwrap();
        Socket { stream }
    }

    /// Opens one, if there is a server that opens it.
    pub(crate) async fn try_open(api: &Client, path: &str) -> Option<Socket> {
        let url = format!("{}{}", api.base().replacen("http", "ws", 1), api.with_key(path));
        let (stream, _) = within("a websocket", SOON, Box::pin(connect_async(url))).await.ok()?;
        Some(Socket { stream })
    }

    /// Takes as much at once as any client, whoever opened it narrow: what waits in the other's buffers would come in
    /// small pieces, each after a pause of the kernel.
    ///
    /// # Panics
    /// When it is not one over plain TCP.
    pub fn widen(&self) {
        let MaybeTlsStream::Plain(stream) = self.stream.get_ref() else { panic!("over TLS") };
        rustix::net::sockopt::set_socket_recv_buffer_size(stream, 1 << 20).unwrap();
    }

    /// The next text frame; none when the socket was closed or cut.
    ///
    /// # Panics
    /// When a text is not JSON.
    pub async fn next_said(&mut self) -> Option<Value> {
        loop {
            if let Message::Text(text) = self.stream.next().await?.ok()? {
                return Some(serde_json::from_str(&text).expect("JSON"));
            }
        }
    }

    /// Sends a text.
    ///
    /// # Panics
    /// When the socket is closed.
    pub async fn say(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    /// Sends any message.
    ///
    /// # Panics
    /// When the socket is closed.
    pub async fn send(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }

    /// Sends these bytes as they are, past every rule of the protocol.
    ///
    /// # Panics
    /// When the connection is gone.
    pub async fn send_raw(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).await.unwrap();
    }

    /// The next text frame, or the end.
    ///
    /// # Panics
    /// When the connection breaks without a close frame, or a text is not JSON.
    pub async fn hear(&mut self) -> Heard {
        within("a frame", SOON, self.next_heard()).await
    }

    /// The next frame of a type.
    ///
    /// # Panics
    /// When the socket is closed before.
    pub async fn hear_type(&mut self, kind: &str) -> Value {
        loop {
            match self.hear().await {
                Heard::Said(said) if said["type"] == kind => return said,
                Heard::Said(_) => {}
                Heard::Closed(code) => panic!("closed with {code} before {kind}"),
            }
        }
    }

    /// Everything until the end, and the close code.
    pub async fn rest(&mut self) -> (Vec<Value>, u16) {
        within("the end of a websocket", LONG, self.next_rest()).await
    }

    /// Sends a ping of the protocol itself and returns what the pong carries.
    ///
    /// # Panics
    /// When no pong comes.
    pub async fn pong_to(&mut self, bytes: &'static [u8]) -> Vec<u8> {
        self.send(Message::Ping(bytes.into())).await;
        within("a pong", SOON, self.next_pong()).await
    }

    async fn next_rest(&mut self) -> (Vec<Value>, u16) {
        let mut frames = Vec::new();
        loop {
            match self.next_heard().await {
                Heard::Said(said) => frames.push(said),
                Heard::Closed(code) => return (frames, code),
            }
        }
    }

    async fn next_heard(&mut self) -> Heard {
        loop {
            match self.next_message().await {
                Message::Text(text) => return Heard::Said(serde_json::from_str(&text).expect("JSON")),
                Message::Close(frame) => return Heard::Closed(frame.map_or(1005, |frame| frame.code.into())),
                Message::Ping(_) | Message::Pong(_) => {}
                other @ (Message::Binary(_) | Message::Frame(_)) => panic!("not a text: {other:?}"),
            }
        }
    }

    async fn next_pong(&mut self) -> Vec<u8> {
        loop {
            if let Message::Pong(pong) = self.next_message().await {
                return pong.to_vec();
            }
        }
    }

    async fn next_message(&mut self) -> Message {
        self.stream.next().await.expect("a close frame before the end").unwrap()
    }
}
