//! Encrypted connections: one set of trusted roots for HTTP and WebSocket.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use crate::failure::Failure;
use crate::server_url::ServerUrl;

/// Chooses ring for everything in the process that asks for TLS without naming its cryptography.
///
/// To be called once, at the start of `main`; a second call changes nothing.
pub(crate) fn install_provider() {
    drop(ring::default_provider().install_default());
}

/// The settings for connections to `server`.
///
/// Trusts what the system trusts, so that a private authority works; the roots of the public web where the
/// system has none, as in a bare container. Nothing is loaded for a server without TLS.
///
/// # Errors
/// When the cryptography cannot offer the protocol versions asked for.
pub(crate) fn settings(server: &ServerUrl) -> Result<ClientConfig, Failure> {
    let roots = if server.is_secure() { trusted_roots() } else { RootCertStore::empty() };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::failed("preparing TLS", error.to_string()).caused_by(error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

fn trusted_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}
