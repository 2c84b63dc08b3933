//! Takes what a client still sends once its request has been answered.
//!
//! Over HTTP/2 a request whose body was not read to its end is reset right behind the answer, and some clients then lose
//! the answer. HTTP/1.1 has no such thing.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream, HttpBody},
    extract::Request,
    http::{Method, Version},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use tokio::time::timeout;

/// The most that is taken, in bytes, and how long it may take.
const MOST: usize = 16 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers, and takes the rest of the body before the answer is sent.
pub(crate) async fn take_rest(request: Request, next: Next) -> Response {
    // The body of a WebSocket is what it carries.
    if request.version() != Version::HTTP_2 || request.method() == Method::CONNECT {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let mut rest = Rest(Arc::new(Mutex::new(body.into_data_stream())));
    let response = next.run(Request::from_parts(parts, Body::from_stream(rest.clone()))).await;
    if timeout(PATIENCE, rest.drain()).await.is_err() {
        tracing::debug!("a client goes on sending what nobody reads");
    }
    response
}

/// A body that can be read on after its reader has dropped it.
#[derive(Clone, Debug)]
struct Rest(Arc<Mutex<BodyDataStream>>);

impl Rest {
    async fn drain(&mut self) {
        let mut taken = 0;
        while taken < MOST
            && let Some(Ok(part)) = self.next().await
        {
            taken += part.len();
        }
    }
}

impl Stream for Rest {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::{Router, middleware, routing::post};
    use futures::stream;
    use tower::ServiceExt;

    use super::*;

    /// How many of ten parts of a body are taken of a request that is answered without a look at them.
    async fn taken(version: Version, method: Method) -> usize {
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = taken.clone();
        let parts = stream::iter(0..10).map(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>("part")
        });
        let app = Router::new()
            .route("/", post(async || "answer").connect(async || "answer"))
            .layer(middleware::from_fn(take_rest));
        let request = Request::builder().uri("/").version(version).method(method);
        let request = request.body(Body::from_stream(parts)).unwrap();
        assert_eq!(app.oneshot(request).await.unwrap().status(), 200);
        taken.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn the_rest_of_a_body_is_taken_where_the_answer_would_be_lost() {
        assert_eq!(taken(Version::HTTP_2, Method::POST).await, 10);
        assert_eq!(taken(Version::HTTP_11, Method::POST).await, 0);
        assert_eq!(taken(Version::HTTP_2, Method::CONNECT).await, 0);
    }
}
