//! How clients reach the server.

use std::{net::SocketAddr, path::PathBuf};

use ipnet::IpNet;

use super::{LookUp, Unusable, number, unusable};
use crate::target_policy::parse_nets;

/// Where the server listens, and what it is called from outside.
#[derive(Clone, Debug)]
pub struct Web {
    /// `VEDETTE_LISTEN`, or `PORT` on every address; 127.0.0.1:8000 by default.
    pub listen: SocketAddr,
    /// `VEDETTE_PUBLIC_URL`: how clients reach the server, without a slash at its end; by default as they called it.
    pub public_url: Option<String>,
    /// `VEDETTE_TLS_CERT` and `VEDETTE_TLS_KEY`: with them the server speaks TLS, and nothing else.
    pub tls: Option<TlsFiles>,
    /// `VEDETTE_TRUSTED_PROXIES`, none: whose `X-Forwarded-For`, `-Proto` and `-Host` are believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// Two files in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those that lead from it to a root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Web {
    /// A server at this address, without TLS and without proxies.
    #[must_use]
    pub fn plain(listen: SocketAddr) -> Self {
        Self { listen, public_url: None, tls: None, trusted_proxies: Vec::new() }
    }

    /// `http`, or `https` for a server that speaks TLS itself.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    pub(super) fn read(look_up: LookUp<'_>) -> Result<Self, Unusable> {
        Ok(Self {
            listen: listen(look_up)?,
            public_url: public_url(look_up)?,
            tls: tls(look_up)?,
            trusted_proxies: trusted_proxies(look_up)?,
        })
    }
}

fn listen(look_up: LookUp<'_>) -> Result<SocketAddr, Unusable> {
    if let Some(text) = look_up("VEDETTE_LISTEN") {
        return text.parse().map_err(|_| {
            unusable("VEDETTE_LISTEN", format!("`{text}` is not an address and port like 127.0.0.1:8000"))
        });
    }
    let port = number(look_up, "PORT", 0_u16, 1..=u16::MAX)?;
    // A platform that sets PORT expects the process on every address.
    Ok(if port == 0 {
        SocketAddr::from(([127, 0, 0, 1], 8000))
    } else {
        SocketAddr::from(([0, 0, 0, 0], port))
    })
}

fn public_url(look_up: LookUp<'_>) -> Result<Option<String>, Unusable> {
    let Some(url) = look_up("VEDETTE_PUBLIC_URL") else { return Ok(None) };
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let Some(rest) = rest else {
        let message = format!("`{url}` does not start with http:// or https://");
        return Err(unusable("VEDETTE_PUBLIC_URL", message));
    };
    let is_bare = !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['?', '#', '@', ' ']);
    if is_bare {
        return Ok(Some(url.trim_end_matches('/').to_owned()));
    }
    let message = format!("`{url}` is more or less than a scheme, a host and perhaps a port and a path");
    Err(unusable("VEDETTE_PUBLIC_URL", message))
}

fn tls(look_up: LookUp<'_>) -> Result<Option<TlsFiles>, Unusable> {
    match (look_up("VEDETTE_TLS_CERT"), look_up("VEDETTE_TLS_KEY")) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => {
            Ok(Some(TlsFiles { certificate: certificate.into(), key: key.into() }))
        }
        (Some(_), None) => {
            Err(unusable("VEDETTE_TLS_KEY", "is not set, and VEDETTE_TLS_CERT is: TLS needs both files"))
        }
        (None, Some(_)) => {
            Err(unusable("VEDETTE_TLS_CERT", "is not set, and VEDETTE_TLS_KEY is: TLS needs both files"))
        }
    }
}

fn trusted_proxies(look_up: LookUp<'_>) -> Result<Vec<IpNet>, Unusable> {
    const NAME: &str = "VEDETTE_TRUSTED_PROXIES";
    look_up(NAME)
        .map_or(Ok(Vec::new()), |text| parse_nets(&text).map_err(|error| unusable(NAME, error.message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Web, Unusable> {
        Web::read(&|asked| set.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn tls_takes_two_files_or_none() {
        let both = read(&[("VEDETTE_TLS_CERT", "a.pem"), ("VEDETTE_TLS_KEY", "b.pem")]).unwrap();
        assert_eq!(both.tls, Some(TlsFiles { certificate: "a.pem".into(), key: "b.pem".into() }));
        assert_eq!((both.scheme(), read(&[]).unwrap().scheme()), ("https", "http"));
        assert_eq!(read(&[("VEDETTE_TLS_CERT", "a.pem")]).unwrap_err().name, "VEDETTE_TLS_KEY");
        assert_eq!(read(&[("VEDETTE_TLS_KEY", "b.pem")]).unwrap_err().name, "VEDETTE_TLS_CERT");
    }

    #[test]
    fn a_public_url_is_a_scheme_a_host_and_perhaps_a_path() {
        let url = |text: &str| read(&[("VEDETTE_PUBLIC_URL", text)]).map(|web| web.public_url);
        for (text, kept) in [
            ("https://scan.example.com/", "https://scan.example.com"),
            ("http://[::1]:8000", "http://[::1]:8000"),
            ("https://example.com/vedette/", "https://example.com/vedette"),
        ] {
            assert_eq!(url(text).unwrap().as_deref(), Some(kept));
        }
        for text in ["scan.example.com", "ftp://x", "https://", "https:///x", "http://x?y", "http://me@x"] {
            assert_eq!(url(text).unwrap_err().name, "VEDETTE_PUBLIC_URL", "{text}");
        }
    }

    #[test]
    fn proxies_are_addresses_and_blocks() {
        let proxies = |text: &str| read(&[("VEDETTE_TRUSTED_PROXIES", text)]).map(|web| web.trusted_proxies);
        assert_eq!(proxies("10.0.0.0/8, ::1").unwrap().len(), 2);
        assert!(proxies("").unwrap().is_empty());
        assert_eq!(proxies("proxy.example").unwrap_err().name, "VEDETTE_TRUSTED_PROXIES");
    }
}
