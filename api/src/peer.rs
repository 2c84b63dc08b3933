//! Who sent a request, and what they called the server: by the connection, or as trusted proxies tell it.

mod forwarded;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{
        Extensions, HeaderMap, HeaderName, HeaderValue, Uri, header::HOST, request::Parts, uri::Authority,
    },
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;

use self::forwarded::Chain;
use crate::site::Site;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The address that a request comes from, on whose account requests without a valid key are counted.
///
/// That is the other end of the connection, or, where that is a proxy to be trusted, whom the proxy names. Nobody else's
/// headers are believed, since anybody can write one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl Peer {
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or(Self(Ipv4Addr::UNSPECIFIED.into()))
    }
}

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.extensions))
    }
}

/// What the client called the server by, such as `https://scan.example.net`; no slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl(pub(crate) String);

/// The parts of a [`BaseUrl`] that a signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Called<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    /// What a proxy takes off the front of each path; mostly empty.
    pub(crate) prefix: &'a str,
}

impl BaseUrl {
    /// Its host, its port, be it the usual one of its scheme, and its path.
    pub(crate) fn called(&self) -> Called<'_> {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("http", &self.0));
        let (authority, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let usual = if scheme == "https" { 443 } else { 80 };
        let named = authority.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        // What follows the last colon inside of brackets is no port.
        let (host, port) = named
            .filter(|(host, _)| !host.contains('[') || host.ends_with(']'))
            .unwrap_or((authority, usual));
        Called { host, port, prefix }
    }
}

impl FromRequestParts<Site> for BaseUrl {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().cloned().unwrap_or_else(|| Self(site.own_url())))
    }
}

/// Finds both out, for everything that handles the request.
pub(crate) async fn recognise(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let connected = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let other_end = connected.map_or(Ipv4Addr::UNSPECIFIED.into(), |ConnectInfo(address)| address.ip());
    let chain = chain(request.headers(), other_end, &site.web.trusted_proxies);
    let base_url = base_url(&site, &chain, request.headers(), request.uri());
    let extensions = request.extensions_mut();
    extensions.insert(Peer(chain.client));
    extensions.insert(BaseUrl(base_url));
    next.run(request).await
}

fn chain(headers: &HeaderMap, other_end: IpAddr, trusted: &[IpNet]) -> Chain {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    Chain::walk(other_end, entries(headers, &FOR), is_trusted)
}

fn base_url(site: &Site, chain: &Chain, headers: &HeaderMap, uri: &Uri) -> String {
    if let Some(url) = &site.web.public_url {
        return url.clone();
    }
    let scheme = chain.told(&entries(headers, &PROTO)).and_then(forwarded::scheme);
    let host = chain.told(&entries(headers, &FORWARDED_HOST)).and_then(forwarded::host);
    // HTTP/2 has the host in its address, HTTP/1.1 in a header.
    let called = uri.authority().map(Authority::as_str);
    let called = called.or_else(|| text(headers.get(HOST)?)).and_then(forwarded::host);
    let scheme = scheme.unwrap_or(site.web.scheme());
    host.or(called).map_or_else(|| site.own_url(), |host| format!("{scheme}://{host}"))
}

/// The entries of a list that may stand in several header lines. What is no text is an entry that says nothing.
fn entries<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let lines = headers.get_all(name).iter().map(|line| text(line).unwrap_or_default());
    lines.flat_map(|line| line.split(',')).map(str::trim).collect()
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_host_a_port_and_perhaps_a_path() {
        for (url, host, port, prefix) in [
            ("http://scan.example.net", "scan.example.net", 80, ""),
            ("https://scan.example.net", "scan.example.net", 443, ""),
            ("https://scan.example.net:8443/vedette", "scan.example.net", 8443, "/vedette"),
            ("http://[2001:db8::1]", "[2001:db8::1]", 80, ""),
            ("http://[2001:db8::1]:8000", "[2001:db8::1]", 8000, ""),
        ] {
            assert_eq!(BaseUrl(url.to_owned()).called(), Called { host, port, prefix }, "{url}");
        }
    }
}
