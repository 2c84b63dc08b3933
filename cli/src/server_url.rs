//! Where the server is.

use reqwest::Url;

use crate::failure::Failure;

/// The address of a server: `http` or `https`, a host, and perhaps a path under which a proxy offers it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ServerUrl(Url);

impl ServerUrl {
    /// Reads an address such as `https://scans.example.com`.
    ///
    /// # Errors
    /// Misuse, for another scheme, or with a user name, a query or a fragment in it.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let refused = |happened: &str| {
            // What stands before an @ may be a password.
            let shown = if text.contains('@') { String::new() } else { format!(" `{text}`") };
            Failure::misuse(format!("reading the address{shown} in --server or VEDETTE_SERVER"), happened)
                .advise("write it like https://scans.example.com or http://127.0.0.1:8000")
        };
        if !["http://", "https://"].iter().any(|start| text.starts_with(start)) {
            return Err(refused("it does not begin with http:// or https://"));
        }
        let mut url = Url::parse(text).map_err(|error| refused(&error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("it holds a user name"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("it holds more than an address"));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// Whether connections to it are encrypted.
    pub(crate) fn is_secure(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether it is on this machine, so that no proxy can stand between.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The address of something below the server, `path` being relative.
    pub(crate) fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{path}", self.0.path().trim_end_matches('/')));
        url
    }

    /// A link the server gave, led through the address we know it by.
    ///
    /// The server may know itself by another name (behind a proxy), and the key goes with the request: it must
    /// not follow a link to another machine. So only path and query are taken from the link.
    pub(crate) fn rebase(&self, link: &str) -> Option<Url> {
        let given = self.0.join(link).ok()?;
        let prefix = self.0.path().trim_end_matches('/');
        let below = given.path().strip_prefix(prefix).filter(|rest| rest.starts_with('/'));
        let mut url = self.join(below.unwrap_or(given.path()).trim_start_matches('/'));
        url.set_query(given.query());
        Some(url)
    }

    /// As [`Self::rebase`], for a WebSocket: `ws` stands for `http`, `wss` for `https`.
    pub(crate) fn rebase_socket(&self, link: &str) -> Option<String> {
        let url = self.rebase(link)?;
        url.as_str().strip_prefix("http").map(|rest| format!("ws{rest}"))
    }
}

impl std::fmt::Display for ServerUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn malformed_addresses_are_misuse() {
        for text in
            ["scans.example.com", "ftp://a.test", "http://", "http://u:p@a.test", "http://a.test/?x=1"]
        {
            assert_eq!(ServerUrl::parse(text).unwrap_err().exit(), Exit::Misuse, "{text}");
        }
    }

    #[test]
    fn a_refused_address_names_its_setting_and_no_password() {
        let told = |text: &str| ServerUrl::parse(text).unwrap_err().to_string();
        assert_eq!(
            told("127.0.0.1:8000"),
            "reading the address `127.0.0.1:8000` in --server or VEDETTE_SERVER: it does not begin with http:// or \
             https://; write it like https://scans.example.com or http://127.0.0.1:8000"
        );
        assert!(!told("http://ada:open-sesame@a.test").contains("sesame"));
        assert!(told("http://a.test:99999").contains("port"), "{}", told("http://a.test:99999"));
    }

    #[test]
    fn links_stay_on_the_server_they_came_from() {
        let server = ServerUrl::parse("https://proxy.test/vedette/").unwrap();
        let link = server.rebase("http://inside:8000/api/v1/scans/s/stream?last=1").unwrap();
        assert_eq!(link.as_str(), "https://proxy.test/vedette/api/v1/scans/s/stream?last=1");
        let named = server.rebase("https://elsewhere.test/vedette/ws/scans/s").unwrap();
        assert_eq!(named.as_str(), "https://proxy.test/vedette/ws/scans/s");
        assert_eq!(server.rebase_socket("/ws/scans/s").unwrap(), "wss://proxy.test/vedette/ws/scans/s");
    }

    #[test]
    fn paths_are_joined_below_the_prefix() {
        let plain = ServerUrl::parse("http://127.0.0.1:8000").unwrap();
        assert_eq!(plain.join("api/v1/scans").as_str(), "http://127.0.0.1:8000/api/v1/scans");
        assert!(plain.is_loopback() && !plain.is_secure());
        assert_eq!(plain.to_string(), "http://127.0.0.1:8000");
        assert!(ServerUrl::parse("http://[::1]:8000").unwrap().is_loopback());
    }
}
