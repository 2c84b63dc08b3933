use num_bigint::BigUint;
use x509_parser::{certificate::X509Certificate, prelude::FromDer, public_key::PublicKey};

use super::Offered;
use crate::{
    bytes::put16,
    failure::Failure,
    hello::{Asker, Inbox, Message, Offer, Refusal, hear, send},
};

/// Whether a server's answers tell strangers whether what it decrypted was well formed (Bleichenbacher's attack, ROBOT).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Robot {
    /// It decrypts nothing with its key, or could not be asked.
    #[default]
    NotAsked,
    /// All its answers are the same.
    Safe,
    /// Its answers differ, again and again: it can be made to decrypt.
    Oracle,
}

/// What is encrypted in place of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As it should be.
    Right,
    /// It does not begin with the two bytes that say what follows.
    WrongStart,
    /// There is a zero too early.
    WrongLength,
    /// There is no zero at all.
    NoEnd,
    /// The version in it is none.
    WrongVersion,
}

const FORMS: [Form; 5] = [Form::Right, Form::WrongStart, Form::WrongLength, Form::NoEnd, Form::WrongVersion];

/// What came as an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reaction {
    Alert(u8),
    Other(u8),
    Ended,
    Silence,
}

/// Sends secrets of five forms, none of which the client knows the key to, and compares what comes back. What differs
/// must differ a second time: networks have their moods.
pub(super) async fn ask(asker: &Asker<'_>, old: Option<&Offered>) -> Robot {
    let Some(offered) = old else { return Robot::NotAsked };
    let suites = offered.numbers_of(|suite| suite.is_rsa_exchange && !suite.is_export);
    if suites.is_empty() {
        return Robot::NotAsked;
    }
    let Some(first) = round(asker, offered, &suites).await else { return Robot::NotAsked };
    if first.windows(2).all(|pair| matches!(pair, [one, other] if one == other)) {
        return Robot::Safe;
    }
    match round(asker, offered, &suites).await {
        Some(second) if second == first => Robot::Oracle,
        _ => Robot::Safe,
    }
}

async fn round(asker: &Asker<'_>, offered: &Offered, suites: &[u16]) -> Option<Vec<Reaction>> {
    let mut reactions = Vec::new();
    for form in FORMS {
        reactions.push(react(asker, offered, suites, form).await?);
    }
    Some(reactions)
}

async fn react(asker: &Asker<'_>, offered: &Offered, suites: &[u16], form: Form) -> Option<Reaction> {
    let mut wire = asker.connect().await.ok()?;
    let mut inbox = Inbox::default();
    let offer = Offer::new(asker.name(), offered.version, suites);
    let answer = match asker.ask_on(&mut wire, &mut inbox, &offer, true).await {
        Ok(answer) if answer.is_done => answer,
        Ok(_) | Err(Refusal::Alert(_) | Refusal::Failed(_)) => return None,
    };
    let secret = encrypted(answer.chain.first()?, form, offered.version.number())?;
    let mut message = vec![16];
    let mut body = Vec::new();
    if offered.version.number() > 0x0300 {
        put16(&mut body, &secret);
    } else {
        body = secret;
    }
    crate::bytes::put24(&mut message, &body);
    let version = offered.version.number().to_be_bytes();
    let mut flight = Vec::new();
    // The secret, that what follows is encrypted, and an end of the handshake that nobody can decrypt.
    for (kind, content) in [(22, message.as_slice()), (20, &[1]), (22, &[0x5a; 40])] {
        flight.push(kind);
        flight.extend(version);
        put16(&mut flight, content);
    }
    let until = asker.until();
    send(&mut wire, &flight, until).await.ok()?;
    Some(match hear(&mut wire, &mut inbox, until).await {
        Ok(Message::Alert(_, what)) => Reaction::Alert(what),
        Ok(Message::Handshake(kind, _) | Message::Record(kind, _)) => Reaction::Other(kind),
        Err(Failure::Timeout) => Reaction::Silence,
        Err(_) => Reaction::Ended,
    })
}

/// A secret of this form, encrypted with the key of a certificate.
fn encrypted(certificate: &[u8], form: Form, version: u16) -> Option<Vec<u8>> {
    let (_, read) = X509Certificate::from_der(certificate).ok()?;
    let Ok(PublicKey::RSA(key)) = read.public_key().parsed() else { return None };
    let (modulus, exponent) = (BigUint::from_bytes_be(key.modulus), BigUint::from_bytes_be(key.exponent));
    let length = usize::try_from(modulus.bits()).ok()?.div_ceil(8);
    // Larger ones would only cost time; nobody has them.
    if !(64..=1024).contains(&length) || exponent.bits() > 64 {
        return None;
    }
    let padded = padded(form, version, length);
    let secret = BigUint::from_bytes_be(&padded).modpow(&exponent, &modulus).to_bytes_be();
    Some([vec![0; length.saturating_sub(secret.len())], secret].concat())
}

/// PKCS #1, 7.2.1, with or without a mistake.
fn padded(form: Form, version: u16, length: usize) -> Vec<u8> {
    const SECRET: usize = 48;
    let [major, minor] = if form == Form::WrongVersion { [2, 2] } else { version.to_be_bytes() };
    let start = if form == Form::WrongStart { [0x41, 0x17] } else { [0, 2] };
    let end = u8::from(form == Form::NoEnd);
    let mut padding = vec![0xa5; length.saturating_sub(SECRET + 3)];
    if let (Form::WrongLength, Some(byte)) = (form, padding.get_mut(10)) {
        *byte = 0;
    }
    let mut secret = vec![0x5a; SECRET - 2];
    if form == Form::NoEnd {
        secret.fill(0x11);
    }
    [&start[..], &padding, &[end, major, minor], &secret].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_what_they_say() {
        for form in FORMS {
            let padded = padded(form, 0x0303, 256);
            assert_eq!(padded.len(), 256);
            let zero = padded.iter().skip(2).position(|byte| *byte == 0);
            let expected = match form {
                Form::NoEnd => None,
                Form::WrongLength => Some(10),
                Form::Right | Form::WrongStart | Form::WrongVersion => Some(205),
            };
            assert_eq!(zero, expected, "{form:?}");
            assert_eq!(padded.starts_with(&[0, 2]), form != Form::WrongStart);
        }
    }
}
