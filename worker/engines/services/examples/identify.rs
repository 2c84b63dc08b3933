//! Says what runs on ports: `identify HOST_NAME ADDRESS:PORT [ADDRESS:PORT ...]`.
//!
//! Prints a line for each, with tabs between: the address, the service, its product and version, and the version of TLS.

use std::{env, error::Error, net::SocketAddr};

use futures::{StreamExt, stream};
use services::{Identifier, Identity, Looks, Target};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "an example shows what it found")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let host = arguments.next().ok_or("a host name is missing")?;
    let addresses: Vec<SocketAddr> = arguments.map(|text| text.parse()).collect::<Result<_, _>>()?;
    let identifier = &Identifier::new()?;
    let found = stream::iter(addresses).map(|address| {
        let target = Target { address, host: host.clone() };
        async move { (address, identifier.identify(&target, Looks::ALL).await) }
    });
    let mut found = std::pin::pin!(found.buffer_unordered(64));
    while let Some((address, identity)) = found.next().await {
        let Identity { service, product, version, tls, .. } = identity;
        let words = [service, product, version, tls.and_then(|tls| tls.version)];
        println!("{address}\t{}", words.map(Option::unwrap_or_default).join("\t"));
    }
    Ok(())
}
