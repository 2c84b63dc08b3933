use std::{fmt, io, net::IpAddr};

/// Why an address gave no certificate, or no whole answer. The list is closed: whoever resolves and vets addresses takes
/// its words from here too, so that a missing answer always has a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Failure {
    /// Nobody listens there.
    Refused,
    /// Nothing came within the time that an answer has.
    Timeout,
    /// The other side broke the connection off.
    Reset,
    /// What answered does not speak TLS.
    NotTls,
    /// TLS is spoken, but the other side refused every form of it that was offered.
    HandshakeFailed,
    /// The service does not offer STARTTLS, or takes it back.
    StarttlsMissing,
    /// Bytes came between the reply to STARTTLS and the handshake: somebody speaks inside what is taken for protected.
    StarttlsInjection,
    /// The handshake ends where a certificate of the client is missing. The server's own was seen all the same.
    ClientCertRequired,
    /// More came than any answer may have.
    TooMuchData,
    /// This machine has no way to IPv6 addresses.
    NoIpv6Route,
    /// No way leads to the address.
    NoRoute,
    /// The address must not be talked to.
    BlockedAddress,
    /// There is no such name.
    DnsNotFound,
    /// The name has no address.
    DnsNoAddress,
    /// The name server could not answer.
    DnsServerFailure,
    /// The name server did not answer in time.
    DnsTimeout,
}

impl Failure {
    /// Every failure.
    pub const ALL: [Self; 16] = [
        Self::Refused,
        Self::Timeout,
        Self::Reset,
        Self::NotTls,
        Self::HandshakeFailed,
        Self::StarttlsMissing,
        Self::StarttlsInjection,
        Self::ClientCertRequired,
        Self::TooMuchData,
        Self::NoIpv6Route,
        Self::NoRoute,
        Self::BlockedAddress,
        Self::DnsNotFound,
        Self::DnsNoAddress,
        Self::DnsServerFailure,
        Self::DnsTimeout,
    ];

    /// Its word, such as `not_tls`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::NotTls => "not_tls",
            Self::HandshakeFailed => "handshake_failed",
            Self::StarttlsMissing => "starttls_missing",
            Self::StarttlsInjection => "starttls_injection",
            Self::ClientCertRequired => "client_cert_required",
            Self::TooMuchData => "too_much_data",
            Self::NoIpv6Route => "no_ipv6_route",
            Self::NoRoute => "no_route",
            Self::BlockedAddress => "blocked_address",
            Self::DnsNotFound => "dns_not_found",
            Self::DnsNoAddress => "dns_no_address",
            Self::DnsServerFailure => "dns_server_failure",
            Self::DnsTimeout => "dns_timeout",
        }
    }

    /// What it means that no connection to `address` came about.
    pub(crate) fn of_connect(error: &io::Error, address: IpAddr) -> Self {
        use io::ErrorKind as Kind;
        let kind = error.kind();
        if kind == Kind::ConnectionRefused {
            return Self::Refused;
        }
        if kind == Kind::TimedOut {
            return Self::Timeout;
        }
        let is_local = matches!(kind, Kind::NetworkUnreachable | Kind::AddrNotAvailable | Kind::Unsupported);
        // Linux says EAFNOSUPPORT where IPv6 is switched off; it has no kind of its own.
        let is_unsupported = error.raw_os_error() == Some(97);
        if address.is_ipv6() && (is_local || is_unsupported) {
            Self::NoIpv6Route
        } else if is_local || kind == Kind::HostUnreachable {
            Self::NoRoute
        } else {
            Self::Reset
        }
    }

    /// What it means that a connection broke.
    pub(crate) fn of_stream(error: &io::Error) -> Self {
        let kind = error.kind();
        if kind == io::ErrorKind::TimedOut {
            Self::Timeout
        } else if kind == io::ErrorKind::FileTooLarge {
            Self::TooMuchData
        } else {
            Self::Reset
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    #[test]
    fn words_are_told_apart() {
        let words: std::collections::BTreeSet<_> = Failure::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(words.len(), Failure::ALL.len());
    }

    #[test]
    fn a_missing_way_is_told_by_its_family() {
        let unreachable = io::Error::from(io::ErrorKind::NetworkUnreachable);
        assert_eq!(Failure::of_connect(&unreachable, V6), Failure::NoIpv6Route);
        assert_eq!(Failure::of_connect(&unreachable, V4), Failure::NoRoute);
        let switched_off = io::Error::from_raw_os_error(97);
        assert_eq!(Failure::of_connect(&switched_off, V6), Failure::NoIpv6Route);
        let host = io::Error::from(io::ErrorKind::HostUnreachable);
        assert_eq!(Failure::of_connect(&host, V6), Failure::NoRoute);
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(Failure::of_connect(&refused, V6), Failure::Refused);
    }
}
