//! What runs behind an open port: the service, its product and version, and what TLS shows of it.
//!
//! An [`Identifier`] is given an address and says within three seconds what it found, whatever the other side does. It
//! knows no job and no database. Dropping the future closes every connection at once: there is no other way to stop.
//!
//! ```no_run
//! use services::{Identifier, Looks, Target};
//!
//! # async fn example() -> Result<(), services::Error> {
//! let identifier = Identifier::new()?;
//! let target = Target { address: ([127, 0, 0, 1], 22).into(), host: "localhost".to_owned() };
//! let identity = identifier.identify(&target, Looks::ALL).await;
//! println!("{:?} {:?} {:?}", identity.service, identity.product, identity.version);
//! # Ok(())
//! # }
//! ```
//!
//! How it works: a port whose number suggests what is there is asked that first. Otherwise, and 150 ms later in any case,
//! the other connections say nothing, offer TLS, ask for a page, and then ask one question after the other, four at a
//! time; the first answer that has the structure of a protocol wins. What is asked, and how answers are read, stands in
//! the folder `data` (see `book`), written from the specifications of the protocols.
//!
//! Services that go on inside TLS when they are asked to are asked (`upgrade`). UDP ports are sent datagrams
//! (`datagrams`), with the same patterns and limits.
//!
//! Reading order: `identifier`, `race` (one port), `dialer` and `exchange` (one connection), `book` (questions and
//! patterns) with `block`, `probe`, `signature` and `decode`, then `http`, `tls`, `upgrade`, `datagrams`, `recog`.

mod block;
mod book;
mod cpe;
mod datagrams;
mod decode;
mod dialer;
mod error;
mod exchange;
mod finding;
mod http;
mod identifier;
mod identity;
mod os;
mod pattern;
mod printable;
mod probe;
mod race;
mod recog;
mod signature;
mod tls;
mod upgrade;
#[cfg(test)]
mod vectors;

pub use error::Error;
pub use identifier::{Extras, Identifier, Looks, Target};
pub use identity::{Certificate, Identity, OsHint, Tls};
pub use recog::{Coverage, Recog};
