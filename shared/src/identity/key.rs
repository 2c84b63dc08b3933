//! API keys: a prefix, 34 random characters, 6 characters of checksum; kept as a keyed digest.

use std::fmt;

use crate::{
    error::{Error, Result},
    id::to_base62,
};

/// What a key begins with, which says where it was made. A key of any form that is sent, but for a session's, is good
/// wherever its permissions reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `sk_live_`, as the CyberSec API has them.
    CyberSec,
    /// `chad_ak_`, as CHAD has them.
    Chad,
    /// `chn_live_`, as chen.ist has them.
    Chenist,
    /// `vds_`: not a key that anybody is given, but what a browser's cookie holds after a login.
    Session,
    /// Without any prefix: it is never sent, requests are signed with it.
    Hawk,
}

impl Form {
    const BEARERS: [Self; 3] = [Self::CyberSec, Self::Chad, Self::Chenist];
    const ALL: [Self; 5] = [Self::CyberSec, Self::Chad, Self::Chenist, Self::Session, Self::Hawk];

    /// The word that the database and the command line use: what a key of this form begins with, where it does.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hawk => "hawk",
            Self::CyberSec | Self::Chad | Self::Chenist | Self::Session => self.prefix(),
        }
    }

    /// What a key of this form begins with.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::CyberSec => "sk_live_",
            Self::Chad => "chad_ak_",
            Self::Chenist => "chn_live_",
            Self::Session => "vds_",
            Self::Hawk => "",
        }
    }
}

impl TryFrom<String> for Form {
    type Error = String;

    fn try_from(word: String) -> std::result::Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|form| form.as_str() == word)
            .ok_or_else(|| format!("unknown form of a key in the database: {word:?}"))
    }
}

/// Random characters of a generated key, and the characters that check them.
const RANDOM: usize = 34;
const CHECK: usize = 6;

/// A key in the clear: shown to its owner once, never stored, never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    form: Form,
    text: String,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}..)", self.shown())
    }
}

impl ApiKey {
    /// Makes a key from 202 bits of the operating system's randomness.
    ///
    /// # Errors
    /// `Internal` when the system has none to give.
    pub fn generate(form: Form) -> Result<Self> {
        let mut random = [0_u8; 32];
        getrandom::fill(&mut random).map_err(Error::internal)?;
        let (one, two) = random.split_at(16);
        let number =
            |half: &[u8]| to_base62(half.iter().fold(0, |sum: u128, byte| (sum << 8) | u128::from(*byte)));
        // The first character of 22 carries less than a digit's worth: take the 17 last of each half.
        let secret: String =
            [number(one), number(two)].iter().flat_map(|half| half.chars().skip(5)).collect();
        let check = checksum(&secret);
        Ok(Self { form, text: format!("{}{secret}{check}", form.prefix()) })
    }

    /// Accepts a key for the `Authorization` header: the prefix and 16 to 64 letters and digits, of which an operator
    /// may have chosen any but 40. Forty are a generated key, and refused if the last six do not check.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Form::BEARERS.into_iter().find_map(|form| Self::parse_as(form, text))
    }

    /// Accepts what a session's cookie holds.
    #[must_use]
    pub fn parse_session(text: &str) -> Option<Self> {
        Self::parse_as(Form::Session, text)
    }

    fn parse_as(form: Form, text: &str) -> Option<Self> {
        let secret = text.strip_prefix(form.prefix())?;
        let fits =
            (16..=64).contains(&secret.len()) && secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let checks = secret.len() != RANDOM + CHECK
            || secret.split_at_checked(RANDOM).is_some_and(|(random, check)| checksum(random) == check);
        (fits && checks).then(|| Self { form, text: text.to_owned() })
    }

    /// Its form.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The first characters, by which its owner tells it from others.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.text.get(..self.form.prefix().len() + 4).unwrap_or_default()
    }

    /// The whole key, for its owner's eyes.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

fn checksum(secret: &str) -> String {
    let text = to_base62(u128::from(crc32fast::hash(secret.as_bytes())));
    text.get(text.len() - CHECK..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_is_accepted_and_never_repeats() {
        for form in Form::BEARERS {
            let (one, two) = (ApiKey::generate(form).unwrap(), ApiKey::generate(form).unwrap());
            assert_eq!(one.reveal().len(), form.prefix().len() + 40);
            assert_eq!(ApiKey::parse(one.reveal()), Some(one.clone()));
            assert_ne!(one, two);
        }
    }

    #[test]
    fn a_mistyped_key_is_refused_without_looking_it_up() {
        let key = ApiKey::generate(Form::Chad).unwrap();
        let text = key.reveal();
        for at in 8..text.len() {
            let other = if text.as_bytes()[at] == b'x' { "y" } else { "x" };
            let wrong = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert_eq!(ApiKey::parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_session_is_no_key_and_a_key_no_session() {
        let (key, session) =
            (ApiKey::generate(Form::CyberSec).unwrap(), ApiKey::generate(Form::Session).unwrap());
        assert_eq!(ApiKey::parse(session.reveal()), None);
        assert_eq!(ApiKey::parse_session(key.reveal()), None);
        assert_eq!(ApiKey::parse_session(session.reveal()), Some(session.clone()));
    }

    #[test]
    fn keys_hide_in_debug_output() {
        let key = ApiKey::generate(Form::CyberSec).unwrap();
        assert!(!format!("{key:?}").contains(key.reveal()));
        assert_eq!(key.shown().len(), 12);
    }

    #[test]
    fn foreign_keys_are_refused() {
        for text in ["", "sk_live_", "sk_live_short", "sk_test_0123456789abcdef", "sk_live_0123456789abcde!"]
        {
            assert_eq!(ApiKey::parse(text), None, "{text}");
        }
        assert!(ApiKey::parse("sk_live_0123456789abcdef").is_some(), "an operator's own");
    }
}
