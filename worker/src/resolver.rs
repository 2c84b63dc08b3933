//! Names to addresses.

use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};

/// How long the system may take over one name.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks up the addresses of a host name, A and AAAA.
#[derive(Clone, Debug)]
pub enum Resolver {
    /// Asks the system: its hosts file, its name servers.
    System,
    /// Knows these names and no others.
    Fixed(Arc<HashMap<String, Vec<IpAddr>>>),
}

impl Resolver {
    /// The addresses of `name`, each once, in the order they came; an error says why there are none.
    ///
    /// # Errors
    /// A text for a person when the name has no address, or when nobody answered in time.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        let mut addresses = match self {
            Self::Fixed(names) => names.get(name).cloned().unwrap_or_default(),
            Self::System => {
                let lookup = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((name, 0))).await;
                let found = lookup.map_err(|_| format!("no name server answered for {name} in time"))?;
                let found = found.map_err(|error| format!("{name} cannot be resolved: {error}"))?;
                found.map(|address| address.ip().to_canonical()).collect()
            }
        };
        let mut seen = Vec::new();
        addresses.retain(|address| {
            !seen.contains(address) && {
                seen.push(*address);
                true
            }
        });
        if addresses.is_empty() { Err(format!("{name} has no address")) } else { Ok(addresses) }
    }
}
