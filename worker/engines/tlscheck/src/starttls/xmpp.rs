use tokio::io::{AsyncRead, AsyncWrite};

use super::{Host, conversation::Conversation};
use crate::failure::Failure;

/// Between servers, where everything else is for clients.
const SERVER_PORT: u16 = 5269;

/// Opens a stream, looks for the offer, and asks for TLS.
pub(super) async fn xmpp<S: AsyncRead + AsyncWrite + Unpin>(
    talk: &mut Conversation<'_, S>,
    host: Host<'_>,
) -> Result<(), Failure> {
    let space = if host.port == SERVER_PORT { "jabber:server" } else { "jabber:client" };
    // Names have been parsed before; nothing else gets between the quotes.
    let name: String = host.name.unwrap_or("localhost").chars().filter(|it| is_of_name(*it)).collect();
    let opening = format!(
        "<?xml version='1.0'?><stream:stream to='{name}' version='1.0' xmlns='{space}' \
         xmlns:stream='http://etherx.jabber.org/streams'>"
    );
    talk.say(opening.as_bytes()).await?;
    let features = talk.hear(end_of_features).await?;
    let features = String::from_utf8_lossy(&features);
    if !features.trim_start().starts_with('<') {
        return Err(Failure::NotTls);
    }
    if !features.contains("<starttls") {
        return Err(Failure::StarttlsMissing);
    }
    talk.say(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>").await?;
    let reply = talk.hear(end_of_element).await?;
    let goes_on = String::from_utf8_lossy(&reply).trim_start().starts_with("<proceed");
    if goes_on { Ok(()) } else { Err(Failure::StarttlsMissing) }
}

/// Where the first element ends, or the opening tag of one that is no reply to the request.
fn end_of_element(heard: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(heard).ok()?;
    let end = text.find('>')? + 1;
    let has_content = text.trim_start().starts_with("<proceed") && !text.get(..end)?.ends_with("/>");
    if has_content { text.find("</proceed>").map(|at| at + "</proceed>".len()) } else { Some(end) }
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || ".-_".contains(character)
}

/// Where the offers end, or what ends the stream instead. Somebody who speaks no XML is heard at once.
fn end_of_features(heard: &[u8]) -> Option<usize> {
    const ENDS: [&str; 3] = ["</stream:features>", "<stream:features/>", "</stream:stream>"];
    let first = heard.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if *first != b'<' {
        return Some(heard.len());
    }
    let text = String::from_utf8_lossy(heard);
    // A lossy text is longer than its bytes only where those are no XML at all.
    ENDS.iter().filter_map(|end| text.find(end).map(|at| at + end.len())).min()
}
