//! API keys: a prefix, 34 random characters, 6 characters of checksum; or what a client thought up. Kept as a keyed digest.

use std::fmt;

use super::Permissions;
use crate::{
    error::{Error, Result},
    id::to_base62,
};

/// How a key looks, which says where it was made. A key of any form with a prefix, but for a session's, is good wherever
/// its permissions reach.
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
    /// 16 to 64 letters, digits and dashes without any prefix, as KeyChest has them. Clients think them up themselves, so
    /// one is as good as its client's imagination: it is good for watching certificates, in that dialect alone.
    KeyChest,
}

impl Form {
    const BEARERS: [Self; 3] = [Self::CyberSec, Self::Chad, Self::Chenist];
    const ALL: [Self; 6] =
        [Self::CyberSec, Self::Chad, Self::Chenist, Self::Session, Self::Hawk, Self::KeyChest];

    /// The word that the database and the command line use: what a key of this form begins with, where it does.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hawk => "hawk",
            Self::KeyChest => "keychest",
            Self::CyberSec | Self::Chad | Self::Chenist | Self::Session => self.prefix(),
        }
    }

    /// What a key of this form may do at most.
    #[must_use]
    pub fn permissions(self) -> Permissions {
        match self {
            Self::KeyChest => Permissions::WATCHING,
            Self::CyberSec | Self::Chad | Self::Chenist | Self::Session | Self::Hawk => Permissions::ALL,
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
            Self::Hawk | Self::KeyChest => "",
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
    /// Makes a key from 202 bits of the operating system's randomness; one of KeyChest's from 128, in 32 hexadecimal
    /// digits.
    ///
    /// # Errors
    /// `Internal` when the system has none to give.
    pub fn generate(form: Form) -> Result<Self> {
        let mut random = [0_u8; 32];
        getrandom::fill(&mut random).map_err(Error::internal)?;
        let (one, two) = random.split_at(16);
        let number = |half: &[u8]| half.iter().fold(0, |sum: u128, byte| (sum << 8) | u128::from(*byte));
        if form == Form::KeyChest {
            return Ok(Self { form, text: format!("{:032x}", number(one)) });
        }
        // The first character of 22 carries less than a digit's worth: take the 17 last of each half.
        let halves = [to_base62(number(one)), to_base62(number(two))];
        let secret: String = halves.iter().flat_map(|half| half.chars().skip(5)).collect();
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

    /// Accepts what a client of KeyChest may have thought up: 16 to 64 ASCII letters, digits and dashes. Keys of every
    /// other form have a `_`.
    #[must_use]
    pub fn parse_keychest(text: &str) -> Option<Self> {
        let fits = (16..=64).contains(&text.len());
        let is_clean = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (fits && is_clean).then(|| Self { form: Form::KeyChest, text: text.to_owned() })
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
    fn a_key_that_a_client_thought_up_is_of_no_other_form() {
        for text in
            ["0123456789abcdef", "A-Z-a-z-0-9-----", "5b9b6aceb95011e7bb9f7fca73a26228", &"-".repeat(64)]
        {
            assert_eq!(ApiKey::parse_keychest(text).unwrap().form(), Form::KeyChest, "{text}");
            assert_eq!((ApiKey::parse(text), ApiKey::parse_session(text)), (None, None), "{text}");
        }
        let long = "x".repeat(65);
        for text in
            ["", "0123456789abcde", "0123456789abcde_", "0123456789abcd\u{e9}", "0123456789abcde ", &long]
        {
            assert_eq!(ApiKey::parse_keychest(text), None, "{text}");
        }
        for form in [Form::CyberSec, Form::Chad, Form::Chenist, Form::Session] {
            assert_eq!(ApiKey::parse_keychest(ApiKey::generate(form).unwrap().reveal()), None, "{form:?}");
        }
    }

    #[test]
    fn a_generated_key_of_keychest_is_32_hexadecimal_digits() {
        let (one, two) =
            (ApiKey::generate(Form::KeyChest).unwrap(), ApiKey::generate(Form::KeyChest).unwrap());
        assert_ne!(one, two);
        assert_eq!(ApiKey::parse_keychest(one.reveal()), Some(one.clone()));
        let is_digit = |sign: char| sign.is_ascii_digit() || ('a'..='f').contains(&sign);
        assert!(one.reveal().len() == 32 && one.reveal().chars().all(is_digit), "{}", one.reveal());
        assert_eq!(one.shown(), &one.reveal()[..4]);
    }

    #[test]
    fn forms_read_back_from_their_words() {
        for form in Form::ALL {
            assert_eq!(Form::try_from(form.as_str().to_owned()), Ok(form));
        }
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
