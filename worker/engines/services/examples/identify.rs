//! Says what runs on ports: `identify HOST_NAME ADDRESS:PORT [ADDRESS:PORT ...]`, with `udp:` before the address for UDP.
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
    let ports: Vec<String> = arguments.collect();
    let read = |text: &String| text.strip_prefix("udp:").unwrap_or(text).parse::<SocketAddr>();
    let addresses: Vec<SocketAddr> = ports.iter().map(read).collect::<Result<_, _>>()?;
    let identifier = &Identifier::new()?;
    let found = stream::iter(ports.iter().zip(addresses)).map(|(port, address)| {
        let target = Target { address, host: host.clone() };
        async move { (port, identity(identifier, &target, port.starts_with("udp:")).await) }
    });
    let mut found = std::pin::pin!(found.buffer_unordered(64));
    while let Some((port, identity)) = found.next().await {
        let Identity { service, product, version, tls, .. } = identity;
        let words = [service, product, version, tls.and_then(|tls| tls.version)];
        println!("{port}\t{}", words.map(Option::unwrap_or_default).join("\t"));
    }
    Ok(())
}

async fn identity(identifier: &Identifier, target: &Target, is_udp: bool) -> Identity {
    if is_udp {
        identifier.identify_datagrams(target).await
    } else {
        identifier.identify(target, Looks::ALL).await
    }
}
