/// What is known about one port. Nothing is guessed from the port's number.
///
/// Every text comes from the other side: it is cut, and its control characters are escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The protocol, under its usual name, such as `ssh`; inside TLS `https`, `imaps` and so on. None when unknown.
    pub service: Option<String>,
    /// Such as `OpenSSH`.
    pub product: Option<String>,
    /// As the service says it, such as `9.2p1`.
    pub version: Option<String>,
    /// The product as a CPE 2.3 name; an unknown version is `*`.
    pub cpe: Option<String>,
    /// The first thing that was heard, at most 500 bytes.
    pub banner: Option<String>,
    /// How sure the service and its product are, 0 to 100; 0 when unknown.
    pub confidence: u8,
    /// The status of the answer to `GET /`.
    pub http_status: Option<u16>,
    /// What the answers tell about the operating system.
    pub os: Option<OsHint>,
    /// Set when the port speaks TLS, at once or after it was asked to (STARTTLS): then the service has its plain name.
    pub tls: Option<Tls>,
}

/// A hint at the operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsHint {
    /// `Linux`, `Windows`, `BSD`, `macOS` and so on.
    pub family: String,
    /// Such as `Debian`.
    pub name: Option<String>,
    /// 0 to 100.
    pub confidence: u8,
}

/// What one handshake shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// `TLSv1.2` or `TLSv1.3`; none when the other side speaks only versions that are older.
    pub version: Option<String>,
    /// Of the server, if it showed one.
    pub certificate: Option<Certificate>,
}

/// A server's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The distinguished name, such as `CN=example.com`.
    pub subject: String,
    /// The distinguished name of who signed it.
    pub issuer: String,
    /// Unix seconds.
    pub not_before: i64,
    /// Unix seconds.
    pub not_after: i64,
    /// Of the whole certificate, in lower-case hexadecimal digits.
    pub sha256: String,
    /// Whether a path leads from it to a root that browsers trust, now.
    pub is_trusted: bool,
    /// Whether it was made out to the host that was asked for.
    pub names_host: bool,
}
