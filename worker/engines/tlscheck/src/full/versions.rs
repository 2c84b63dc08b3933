use crate::{
    failure::Failure,
    hello::{Asker, Offer, Refusal, Version, suites, suites::Suite},
};

/// As many connections as one version may take.
const CONNECTIONS: usize = 120;

/// A version that a server takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// The version.
    pub version: Version,
    /// Its suites, the server's choice first; of SSL 2 none, since its ciphers are no suites.
    pub suites: Vec<Suite>,
    /// Whether the server chooses by its own order; none where there is nothing to choose.
    pub server_prefers: Option<bool>,
}

impl Offered {
    /// The numbers of the suites.
    pub(crate) fn numbers(&self) -> Vec<u16> {
        self.suites.iter().map(|suite| suite.number).collect()
    }

    /// The numbers of the suites that are so.
    pub(crate) fn numbers_of(&self, is_so: impl Fn(&Suite) -> bool) -> Vec<u16> {
        self.suites.iter().filter(|suite| is_so(suite)).map(|suite| suite.number).collect()
    }
}

/// What was found out about one version.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) offered: Option<Offered>,
    pub(super) is_complete: bool,
}

/// What an offer came to.
enum Step {
    /// The server took this suite.
    Taken(u16),
    /// It takes none of these.
    None,
    /// It does not take the version.
    NoVersion,
    /// It gave no answer that says anything.
    Silence,
}

/// Finds out whether a server takes a version, and which suites with it.
pub(super) async fn ask(asker: &Asker<'_>, version: Version) -> Found {
    if version == Version::Ssl2 {
        return ask_ssl2(asker).await;
    }
    let chunks = if version == Version::Tls13 { vec![suites::TLS13.to_vec()] } else { suites::chunks() };
    let mut numbers = Vec::new();
    let mut left = CONNECTIONS;
    let mut is_complete = true;
    'chunks: for mut chunk in chunks {
        while !chunk.is_empty() && left > 0 {
            left -= 1;
            match step(asker, version, &chunk).await {
                Step::Taken(number) => {
                    chunk.retain(|other| *other != number);
                    numbers.push(number);
                }
                Step::None => break,
                Step::NoVersion => break 'chunks,
                Step::Silence => {
                    is_complete = false;
                    break 'chunks;
                }
            }
        }
    }
    if numbers.is_empty() {
        return Found { offered: None, is_complete };
    }
    let server_prefers = preference(asker, version, &numbers).await;
    let suites = numbers.iter().filter_map(|number| Suite::of(*number)).collect();
    Found { offered: Some(Offered { version, suites, server_prefers }), is_complete: is_complete && left > 0 }
}

async fn step(asker: &Asker<'_>, version: Version, suites: &[u16]) -> Step {
    match asker.ask(&Offer::new(asker.name(), version, suites), false).await {
        Ok(answer) if answer.version != version => Step::NoVersion,
        Ok(answer) if suites.contains(&answer.suite) => Step::Taken(answer.suite),
        // protocol_version
        Err(Refusal::Alert(70)) => Step::NoVersion,
        // A suite that was not offered says as much as an alert, and many servers hang up on what they do not take.
        Ok(_) | Err(Refusal::Alert(_) | Refusal::Failed(Failure::Reset | Failure::NotTls)) => Step::None,
        Err(Refusal::Failed(_)) => Step::Silence,
    }
}

async fn ask_ssl2(asker: &Asker<'_>) -> Found {
    match asker.ask_ssl2().await {
        Ok(hello) => {
            let is_taken = !hello.ciphers.is_empty() || !hello.certificate.is_empty();
            let offered = Offered { version: Version::Ssl2, suites: Vec::new(), server_prefers: None };
            Found { offered: is_taken.then_some(offered), is_complete: true }
        }
        // Most servers wait for the rest of what they take for something else.
        Err(_) => Found { offered: None, is_complete: true },
    }
}

/// Whether the server takes its own first choice where the client puts it last.
async fn preference(asker: &Asker<'_>, version: Version, numbers: &[u16]) -> Option<bool> {
    let (first, others) = numbers.split_first()?;
    let reversed = [others, &[*first]].concat();
    if others.is_empty() {
        return None;
    }
    match step(asker, version, &reversed).await {
        Step::Taken(number) => Some(number == *first),
        Step::None | Step::NoVersion | Step::Silence => None,
    }
}
