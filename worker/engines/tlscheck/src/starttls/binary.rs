//! Protocols that speak in packets.

use tokio::io::{AsyncRead, AsyncWrite};

use super::conversation::Conversation;
use crate::failure::Failure;

/// `ExtendedRequest` 1.3.6.1.4.1.1466.20037, message 1.
const LDAP_REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
/// A packet of eight bytes with the number of `SSLRequest`.
const POSTGRES_REQUEST: &[u8] = &[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/// `CLIENT_SSL` of the capabilities.
const MYSQL_TLS: u32 = 0x0800;

/// How many bytes the DER element at the start has; none while it is not known.
fn element(heard: &[u8]) -> Option<usize> {
    let (first, rest) = heard.get(1..)?.split_first()?;
    if *first < 0x80 {
        return Some(2 + usize::from(*first));
    }
    let digits = rest.get(..usize::from(*first & 0x7f))?;
    // No reply is anywhere near as long as four digits can say; of more, the last four are as good as any.
    let digits_read = digits.iter().rev().take(4).rev();
    let length = digits_read.fold(0_u64, |sum, digit| sum * 256 + u64::from(*digit));
    Some(2 + digits.len() + usize::try_from(length).unwrap_or(usize::MAX).min(1 << 20))
}

pub(super) async fn ldap<S: AsyncRead + AsyncWrite + Unpin>(
    talk: &mut Conversation<'_, S>,
) -> Result<(), Failure> {
    talk.say(LDAP_REQUEST).await?;
    let whole = |heard: &[u8]| match heard.first() {
        // Not a message of LDAP: take what there is, and find out below.
        Some(first) if *first != 0x30 => Some(heard.len()),
        _ => element(heard).filter(|length| heard.len() >= *length),
    };
    let reply = talk.hear(whole).await?;
    if reply.first() != Some(&0x30) {
        return Err(Failure::NotTls);
    }
    match ldap_result(&reply) {
        Some(0) => Ok(()),
        Some(_) => Err(Failure::StarttlsMissing),
        None => Err(Failure::NotTls),
    }
}

/// The result code of an `ExtendedResponse`.
fn ldap_result(reply: &[u8]) -> Option<u8> {
    let body = reply.get(header_length(reply)?..)?;
    // The number of the message, then the response with its result code first.
    let response = body.get(element(body)?..)?;
    if response.first() != Some(&0x78) {
        return None;
    }
    match response.get(header_length(response)?..)? {
        [0x0a, 0x01, code, ..] => Some(*code),
        _ => None,
    }
}

/// How many bytes tag and length of a DER element take.
fn header_length(element: &[u8]) -> Option<usize> {
    let first = *element.get(1)?;
    Some(if first < 0x80 { 2 } else { 2 + usize::from(first & 0x7f) })
}

pub(super) async fn postgres<S: AsyncRead + AsyncWrite + Unpin>(
    talk: &mut Conversation<'_, S>,
) -> Result<(), Failure> {
    talk.say(POSTGRES_REQUEST).await?;
    let reply = talk.hear(|heard| (!heard.is_empty()).then_some(1)).await?;
    match reply.first() {
        Some(b'S') => Ok(()),
        // An old server answers with an error, as to any packet that it does not know.
        Some(b'N' | b'E') => Err(Failure::StarttlsMissing),
        _ => Err(Failure::NotTls),
    }
}

pub(super) async fn mysql<S: AsyncRead + AsyncWrite + Unpin>(
    talk: &mut Conversation<'_, S>,
) -> Result<(), Failure> {
    let packet = |heard: &[u8]| {
        let length = heard.get(..3)?.iter().rev().fold(0, |sum, byte| sum * 256 + usize::from(*byte));
        (heard.len() >= 4 + length || length > 1024).then_some(4 + length)
    };
    let greeting = talk.hear(packet).await?;
    let capabilities = match greeting.get(4) {
        Some(10) => mysql_capabilities(&greeting).ok_or(Failure::NotTls)?,
        // An error instead of a greeting: too many connections, or a host that is not welcome.
        Some(0xff) => return Err(Failure::StarttlsMissing),
        _ => return Err(Failure::NotTls),
    };
    if capabilities & MYSQL_TLS == 0 {
        return Err(Failure::StarttlsMissing);
    }
    // Protocol 4.1, secure authentication and TLS; packets of up to 16 MB; UTF-8; nothing else is said before TLS.
    let mut request = vec![32, 0, 0, 1];
    request.extend(0x0000_8a00_u32.to_le_bytes());
    request.extend(0x0100_0000_u32.to_le_bytes());
    request.push(33);
    request.resize(36, 0);
    talk.say(&request).await
}

/// The lower half of the capabilities: behind the version, the connection's number, eight bytes of salt and a zero.
fn mysql_capabilities(greeting: &[u8]) -> Option<u32> {
    let version = greeting.get(5..)?;
    let end = version.iter().position(|byte| *byte == 0)?;
    let field = version.get(end + 1 + 4 + 8 + 1..)?.get(..2)?;
    Some(u32::from(u16::from_le_bytes(field.try_into().ok()?)))
}
