//! Hawk: requests and answers that carry a signature under a shared key, and not the key.
//!
//! Pure: a header, a key and the time in, a verdict or a header out. Who has which key, and which nonces were seen, is
//! the caller's business. *Source*: the README of the Hawk project, version 1 of the protocol, with SHA-256.

mod header;
mod mac;
mod payload;

use thiserror::Error;

use self::mac::{Kind, sign, sign_time};
pub(crate) use self::{
    header::{Header, Malformed},
    payload::Payload,
};

/// How far the client's clock may be from ours, in seconds.
pub(crate) const SKEW: i64 = 60;

/// A request as far as its signature covers it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Path and query as they came: nothing decoded, nothing reordered.
    pub(crate) target: &'a str,
    /// The host that the client called.
    pub(crate) host: &'a str,
    /// The port that it called, also where it is the usual one of the scheme.
    pub(crate) port: u16,
}

/// Why a well-formed header is not believed. The words are those that clients know.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nobody has this id, or may not use it.
    #[error("Unknown credentials")]
    Unknown,
    /// The signature is not of this request under this key.
    #[error("Bad mac")]
    Mac,
    /// There is a body, and nothing says what it is.
    #[error("Missing required payload hash")]
    NoHash,
    /// The body is not the one that was signed.
    #[error("Bad payload hash")]
    Hash,
    /// The clocks are too far apart.
    #[error("Stale timestamp")]
    Stale,
    /// The same request was here before.
    #[error("Invalid nonce")]
    Nonce,
}

/// Believes a header, but for its nonce: that is to be remembered only for a request that holds otherwise.
///
/// # Errors
/// The first [`Refusal`] in the order of signature, body, time.
pub(crate) fn verify(
    header: &Header,
    key: &[u8],
    request: &Request<'_>,
    payload: &Payload<'_>,
    now: i64,
) -> Result<(), Refusal> {
    let signed = sign(key, Kind::Header, header, request, header.hash.as_deref().unwrap_or_default());
    if !signed.is(&header.mac) {
        return Err(Refusal::Mac);
    }
    match &header.hash {
        None if !payload.bytes.is_empty() => return Err(Refusal::NoHash),
        Some(hash) if *hash != payload.hash() => return Err(Refusal::Hash),
        None | Some(_) => (),
    }
    if header.ts.abs_diff(now) > SKEW.unsigned_abs() { Err(Refusal::Stale) } else { Ok(()) }
}

/// `Server-Authorization` for the answer to a request that was believed: covers its exact bytes and media type.
pub(crate) fn answer(header: &Header, key: &[u8], request: &Request<'_>, payload: &Payload<'_>) -> String {
    let hash = payload.hash();
    let mac = sign(key, Kind::Response, header, request, &hash).text();
    format!("Hawk mac=\"{mac}\", hash=\"{hash}\"")
}

/// `WWW-Authenticate` for a request that was not believed. A client whose clock is off is told ours, signed with the key
/// of both, so that it may set its own by it.
pub(crate) fn challenge(refusal: Refusal, key: &[u8], now: i64) -> String {
    if refusal != Refusal::Stale {
        return format!("Hawk error=\"{refusal}\"");
    }
    let tsm = sign_time(key, now).text();
    format!("Hawk ts=\"{now}\", tsm=\"{tsm}\", error=\"{refusal}\"")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &[u8] = b"werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn";
    const NOW: i64 = 1_353_832_234;
    const NOTHING: Payload<'_> = Payload { media_type: "", bytes: b"" };
    const FLYING: Payload<'_> = Payload { media_type: "text/plain", bytes: b"Thank you for flying Hawk" };

    /// The requests of the specification's two examples.
    fn example(method: &str) -> Request<'_> {
        Request { method, target: "/resource/1?b=1&a=2", host: "example.com", port: 8000 }
    }

    fn get() -> Header {
        let text = "Hawk id=\"dh37fgj492je\", ts=\"1353832234\", nonce=\"j4h3g2\", ext=\"some-app-ext-data\", \
                    mac=\"6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE=\"";
        Header::parse(text).unwrap()
    }

    fn post() -> Header {
        let text = "Hawk id=\"dh37fgj492je\", ts=\"1353832234\", nonce=\"j4h3g2\", \
                    hash=\"Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY=\", ext=\"some-app-ext-data\", \
                    mac=\"aSe1DERmZuRl3pI36/9BdZmnErTw3sNzOOAUlfeKjVw=\"";
        Header::parse(text).unwrap()
    }

    /// A header with a good signature, whatever else it holds.
    fn signed(header: Header, request: &Request<'_>) -> Header {
        let hash = header.hash.clone().unwrap_or_default();
        Header { mac: sign(KEY, Kind::Header, &header, request, &hash).text(), ..header }
    }

    #[test]
    fn the_examples_of_the_specification_are_believed() {
        assert_eq!(verify(&get(), KEY, &example("GET"), &NOTHING, NOW), Ok(()));
        assert_eq!(verify(&post(), KEY, &example("POST"), &FLYING, NOW), Ok(()));
        let shouting = Request { host: "EXAMPLE.com", ..example("get") };
        assert_eq!(verify(&get(), KEY, &shouting, &NOTHING, NOW), Ok(()), "host and method in any case");
    }

    #[test]
    fn whatever_is_changed_is_noticed() {
        let request = example("GET");
        for other in [
            Request { method: "POST", ..request },
            Request { target: "/resource/1?a=2&b=1", ..request },
            Request { host: "example.org", ..request },
            Request { port: 8001, ..request },
        ] {
            assert_eq!(verify(&get(), KEY, &other, &NOTHING, NOW), Err(Refusal::Mac), "{other:?}");
        }
        for other in [
            Header { ts: NOW + 1, ..get() },
            Header { nonce: "other".to_owned(), ..get() },
            Header { ext: None, ..get() },
            Header { app: Some("app".to_owned()), ..get() },
            Header { hash: Some(NOTHING.hash()), ..get() },
            Header { mac: "nonsense".to_owned(), ..get() },
        ] {
            assert_eq!(verify(&other, KEY, &request, &NOTHING, NOW), Err(Refusal::Mac), "{other:?}");
        }
        assert_eq!(verify(&get(), b"another key", &request, &NOTHING, NOW), Err(Refusal::Mac));
    }

    #[test]
    fn bodies_are_those_that_were_signed() {
        let (request, other) = (example("POST"), Payload { bytes: b"Thank you", ..FLYING });
        assert_eq!(verify(&post(), KEY, &request, &other, NOW), Err(Refusal::Hash));
        let unhashed = signed(Header { hash: None, ..post() }, &request);
        assert_eq!(verify(&unhashed, KEY, &request, &FLYING, NOW), Err(Refusal::NoHash));
        assert_eq!(verify(&unhashed, KEY, &request, &NOTHING, NOW), Ok(()));
    }

    #[test]
    fn a_minute_is_the_most_that_clocks_may_differ() {
        let request = example("GET");
        for (now, expected) in [
            (NOW - SKEW, Ok(())),
            (NOW + SKEW, Ok(())),
            (NOW - SKEW - 1, Err(Refusal::Stale)),
            (NOW + SKEW + 1, Err(Refusal::Stale)),
            (i64::MIN, Err(Refusal::Stale)),
        ] {
            assert_eq!(verify(&get(), KEY, &request, &NOTHING, now), expected);
        }
    }

    #[test]
    fn the_servers_time_is_signed() {
        let said = challenge(Refusal::Stale, b"2983d45yun89q", 1_362_346_425_875);
        let expected = "Hawk ts=\"1362346425875\", tsm=\"3GsOORXcEEZmxpOhx5yJkSNYdFUS3CeTNgRTUJQ5abQ=\", \
                        error=\"Stale timestamp\"";
        assert_eq!(said, expected);
        assert_eq!(challenge(Refusal::Nonce, b"2983d45yun89q", NOW), "Hawk error=\"Invalid nonce\"");
    }

    proptest! {
        #[test]
        fn a_signature_holds_for_its_own_request_alone(
            target in "/[!-~]{0,40}", host in "[a-zA-Z0-9.-]{1,20}", port: u16,
            ext in proptest::option::of("[ -~]{0,20}"), app in proptest::option::of("[ -~]{1,9}"), dlg in proptest::option::of("[ -~]{1,9}"),
        ) {
            let request = Request { method: "GET", target: &target, host: &host, port };
            let header = Header { ts: NOW, nonce: "n".to_owned(), ext, app, dlg, ..Header::default() };
            let header = signed(header, &request);
            prop_assert_eq!(verify(&header, KEY, &request, &NOTHING, NOW), Ok(()));
            let longer = format!("{target}x");
            let other = Request { target: &longer, ..request };
            prop_assert_eq!(verify(&header, KEY, &other, &NOTHING, NOW), Err(Refusal::Mac));
        }
    }
}
