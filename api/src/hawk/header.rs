//! The `Authorization` header: `Hawk id="..", ts="..", nonce="..", mac=".."`, and what may stand beside these.

use thiserror::Error;

/// The longest header that is read.
const LONGEST: usize = 4096;

/// What a client says of its request. Only made by [`Header::parse`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// Whose key made the signature.
    pub(crate) id: String,
    /// When it was made by the client's clock, in seconds since 1970.
    pub(crate) ts: i64,
    /// A word that the client never uses twice.
    pub(crate) nonce: String,
    /// The digest of the body, in base64.
    pub(crate) hash: Option<String>,
    /// What the application adds.
    pub(crate) ext: Option<String>,
    /// The signature, in base64.
    pub(crate) mac: String,
    /// The application that the key was given to, where it was delegated.
    pub(crate) app: Option<String>,
    /// Who delegated it.
    pub(crate) dlg: Option<String>,
}

/// Why a header cannot be read. Nothing of the header is repeated.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// It speaks of another scheme.
    #[error("not a Hawk header")]
    OtherScheme,
    /// It is longer than anybody needs.
    #[error("header too long")]
    TooLong,
    /// It is no list of `name="value"`.
    #[error("bad header format")]
    Form,
    /// An attribute that Hawk does not know.
    #[error("unknown attribute")]
    Unknown,
    /// An attribute stands twice.
    #[error("duplicate attribute")]
    Twice,
    /// One that must be there is missing or empty.
    #[error("missing attributes")]
    Missing,
    /// The timestamp is no whole number of seconds.
    #[error("bad timestamp")]
    Timestamp,
}

impl Header {
    /// Reads a header.
    ///
    /// Shape: the word `Hawk` in any case, then attributes with commas between, in any order and each once. A value is
    /// printable ASCII in quotes; a quote or a backslash in it has a backslash before it.
    ///
    /// # Errors
    /// [`Malformed`] says what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > LONGEST {
            return Err(Malformed::TooLong);
        }
        let (scheme, mut rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        if !scheme.eq_ignore_ascii_case("hawk") {
            return Err(Malformed::OtherScheme);
        }
        let mut read = Attributes::default();
        loop {
            let (name, value, after) = attribute(rest.trim_start())?;
            read.keep(name, value)?;
            let after = after.trim_start();
            if after.is_empty() {
                return read.header();
            }
            rest = after.strip_prefix(',').ok_or(Malformed::Form)?;
        }
    }
}

/// The first attribute of a text: its name, its value, and what comes after.
fn attribute(text: &str) -> Result<(&str, String, &str), Malformed> {
    let (name, quoted) = text.split_once("=\"").ok_or(Malformed::Form)?;
    let mut value = String::new();
    let mut signs = quoted.char_indices();
    while let Some((place, sign)) = signs.next() {
        match sign {
            '"' => return Ok((name, value, quoted.get(place + 1..).unwrap_or_default())),
            '\\' => match signs.next() {
                Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                _ => return Err(Malformed::Form),
            },
            ' '..='~' => value.push(sign),
            _ => return Err(Malformed::Form),
        }
    }
    Err(Malformed::Form)
}

#[derive(Default)]
struct Attributes {
    id: Option<String>,
    ts: Option<String>,
    nonce: Option<String>,
    hash: Option<String>,
    ext: Option<String>,
    mac: Option<String>,
    app: Option<String>,
    dlg: Option<String>,
}

impl Attributes {
    fn keep(&mut self, name: &str, value: String) -> Result<(), Malformed> {
        let place = match name {
            "id" => &mut self.id,
            "ts" => &mut self.ts,
            "nonce" => &mut self.nonce,
            "hash" => &mut self.hash,
            "ext" => &mut self.ext,
            "mac" => &mut self.mac,
            "app" => &mut self.app,
            "dlg" => &mut self.dlg,
            _ => return Err(Malformed::Unknown),
        };
        if place.replace(value).is_some() { Err(Malformed::Twice) } else { Ok(()) }
    }

    fn header(self) -> Result<Header, Malformed> {
        let given = |value: Option<String>| value.filter(|value| !value.is_empty()).ok_or(Malformed::Missing);
        let ts = given(self.ts)?;
        let is_number = ts.bytes().all(|byte| byte.is_ascii_digit());
        Ok(Header {
            id: given(self.id)?,
            ts: ts.parse().ok().filter(|_| is_number).ok_or(Malformed::Timestamp)?,
            nonce: given(self.nonce)?,
            hash: self.hash,
            ext: self.ext,
            mac: given(self.mac)?,
            app: self.app,
            dlg: self.dlg,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHOLE: &str =
        r#"Hawk id="dh37fgj492je", ts="1353832234", nonce="j4h3g2", ext="some-app-ext-data", mac="6R4r=""#;

    #[test]
    fn a_header_is_read_in_any_case_order_and_spacing() {
        let whole = Header::parse(WHOLE).unwrap();
        assert_eq!(
            (whole.id.as_str(), whole.ts, whole.nonce.as_str()),
            ("dh37fgj492je", 1_353_832_234, "j4h3g2")
        );
        assert_eq!((whole.ext.as_deref(), whole.mac.as_str()), (Some("some-app-ext-data"), "6R4r="));
        assert_eq!((&whole.hash, &whole.app, &whole.dlg), (&None, &None, &None));
        let other = r#"HAWK   mac="6R4r=" ,ext="some-app-ext-data",nonce="j4h3g2",  ts="1353832234",id="dh37fgj492je" "#;
        assert_eq!(Header::parse(other), Ok(whole));
        let escaped = Header::parse(r#"Hawk id="a", ts="1", nonce="n", mac="m", ext="a\"b\\c""#).unwrap();
        assert_eq!(escaped.ext.as_deref(), Some(r#"a"b\c"#));
    }

    #[test]
    fn what_is_no_header_is_refused_with_its_reason() {
        for (text, why) in [
            ("", Malformed::OtherScheme),
            ("Bearer x", Malformed::OtherScheme),
            ("Hawkid=\"x\"", Malformed::OtherScheme),
            ("Hawk", Malformed::Form),
            ("Hawk id=x", Malformed::Form),
            (r#"Hawk id="a"#, Malformed::Form),
            (r#"Hawk id="a" ts="1""#, Malformed::Form),
            (r#"Hawk id="a","#, Malformed::Form),
            (r#"Hawk id="a\n""#, Malformed::Form),
            ("Hawk id=\"\u{e4}\"", Malformed::Form),
            ("Hawk id=\"a\tb\"", Malformed::Form),
            (r#"Hawk id="a", x="y""#, Malformed::Unknown),
            (r#"Hawk ID="a""#, Malformed::Unknown),
            (r#"Hawk id="a", id="b""#, Malformed::Twice),
            (r#"Hawk id="a", ts="1", nonce="n""#, Malformed::Missing),
            (r#"Hawk id="", ts="1", nonce="n", mac="m""#, Malformed::Missing),
            (r#"Hawk id="a", ts="+1", nonce="n", mac="m""#, Malformed::Timestamp),
            (r#"Hawk id="a", ts="99999999999999999999", nonce="n", mac="m""#, Malformed::Timestamp),
            (&format!("Hawk id=\"{}\"", "a".repeat(LONGEST)), Malformed::TooLong),
        ] {
            assert_eq!(Header::parse(text), Err(why), "{text}");
        }
    }

    fn quoted(value: &str) -> String {
        value.replace('\\', r"\\").replace('"', "\\\"")
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(text in any::<String>(), end in r#"[a-z=", \\]{0,60}"#) {
            drop(Header::parse(&text));
            drop(Header::parse(&format!("Hawk {end}")));
        }

        #[test]
        fn every_value_comes_back_as_it_was_written(
            id in "[ -~]{1,30}", nonce in "[ -~]{1,30}", mac in "[ -~]{1,30}", ext in proptest::option::of("[ -~]{0,30}"), ts in 0..i64::MAX,
        ) {
            let mut text = format!("Hawk id=\"{}\", ts=\"{ts}\", nonce=\"{}\", mac=\"{}\"", quoted(&id), quoted(&nonce), quoted(&mac));
            if let Some(ext) = &ext {
                text = format!("{text}, ext=\"{}\"", quoted(ext));
            }
            let header = Header { id, ts, nonce, ext, mac, ..Header::default() };
            prop_assert_eq!(Header::parse(&text), Ok(header));
        }
    }
}
