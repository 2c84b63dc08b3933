//! What records of the name say about a certificate. Whoever calls asks for them; nothing here asks a name server.

mod caa;
mod tlsa;

pub use caa::{Caa, CaaVerdict, caa};
pub use tlsa::{Tlsa, TlsaVerdict, tlsa};
