use super::{Heartbeat, Offered};
use crate::hello::{Asker, Inbox, Message, Offer, hear, send};

/// The number of the extension.
const EXTENSION: u16 = 15;
/// The type of the records.
const RECORD: u8 = 24;

/// Asks for a heartbeat that claims sixteen bytes and has none. A sound server says nothing; one that bleeds sends as many
/// of its own, which are thrown away unread.
pub(super) async fn ask(asker: &Asker<'_>, offered: &Offered) -> Heartbeat {
    beat(asker, offered).await.unwrap_or_default()
}

async fn beat(asker: &Asker<'_>, offered: &Offered) -> Option<Heartbeat> {
    let mut wire = asker.connect().await.ok()?;
    let mut inbox = Inbox::default();
    let numbers = offered.numbers();
    let offer = Offer { heartbeats: true, ..Offer::new(asker.name(), offered.version, &numbers) };
    let answer = asker.ask_on(&mut wire, &mut inbox, &offer, true).await.ok()?;
    if !answer.extensions.contains(&EXTENSION) {
        return None;
    }
    let [major, minor] = answer.version.number().to_be_bytes();
    let until = asker.until();
    send(&mut wire, &[RECORD, major, minor, 0, 3, 1, 0, 16], until).await.ok()?;
    loop {
        match hear(&mut wire, &mut inbox, until).await {
            Ok(Message::Record(RECORD, beat)) if beat.len() > 3 => return Some(Heartbeat::Bleeds),
            Ok(Message::Alert(2, _)) | Err(_) => return Some(Heartbeat::Present),
            Ok(_) => {}
        }
    }
}
