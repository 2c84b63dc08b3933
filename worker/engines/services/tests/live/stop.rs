//! Dropping the future is how it is stopped.

use crate::play::{FOREVER, Service, drain};
use services::{Identifier, Looks};

#[tokio::test]
async fn dropping_it_closes_every_connection() {
    let (ended, mut ends) = tokio::sync::mpsc::unbounded_channel();
    let service = Service::play(move |mut stream| {
        let ended = ended.clone();
        async move {
            drain(&mut stream).await;
            ended.send(()).unwrap();
        }
    });
    let service = service.await;
    let identifier = Identifier::new().unwrap();
    let target = service.target("localhost");
    tokio::select! {
        _ = identifier.identify(&target, Looks::ALL) => panic!("it says nothing, so nothing can be known yet"),
        taken = service.taken.acquire_many(3) => taken.unwrap().forget(),
    }
    for _ in 0..3 {
        tokio::time::timeout(FOREVER, ends.recv()).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn many_ports_take_turns() {
    let identifier = Identifier::new().unwrap();
    let service = Service::greeting(b"SSH-2.0-dropbear_2022.83\r\n").await;
    let target = service.target("localhost");
    let asked = (0..100).map(|_| identifier.identify(&target, Looks::ALL));
    for identity in futures::future::join_all(asked).await {
        assert_eq!(identity.version.as_deref(), Some("2022.83"));
    }
}
