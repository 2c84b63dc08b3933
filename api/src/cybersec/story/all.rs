//! The story of all of an organization's jobs that the caller may see.

use std::{collections::VecDeque, time::Duration, vec};

use serde::Deserialize;
use shared::{
    error::Error,
    event::Position,
    identity::{Permission, Principal},
    job::{
        Kind,
        view::{About, View},
    },
    store::{feed, views},
    target::TargetList,
};
use tokio::time::timeout;

use super::Told;
use crate::{
    cybersec::{
        event::{NAMES, encode, encode_job, encode_position, encode_reset, encode_step, name},
        paging::unknown,
        problem::Problem,
        start::Reset,
    },
    hub::{Encoded, Follower, OrganizationNews, wait_for_the_database},
    site::Site,
};

/// Jobs under way that a listener is shown at its start.
const SHOWN: i64 = 1000;
/// How long what is under way in the database may hold up a listener's start.
const SETTLED: Duration = Duration::from_secs(5);

/// What may be asked of the stream of an organization. Lists have commas between.
#[derive(Debug, Default, Deserialize)]
pub(in crate::cybersec) struct Asked {
    kind: Option<String>,
    subject: Option<String>,
    event: Option<String>,
}

/// What a listener wants to hear of.
#[derive(Clone, Debug)]
pub(in crate::cybersec) struct Wanted {
    kinds: Vec<Kind>,
    subject: Option<String>,
    /// All when there are none.
    events: Vec<&'static str>,
}

impl Wanted {
    /// Reads what was asked for, of the kinds that the caller may see.
    pub(in crate::cybersec) fn read(asked: Asked, principal: &Principal) -> Result<Self, Problem> {
        let may_be_seen = |kind: &Kind| principal.permissions.allow(kind.reading());
        let kinds: Vec<Kind> = match asked.kind {
            Some(words) => listed("kind", &words, &Kind::ALL, Kind::as_str)?,
            None => Kind::ALL.into_iter().filter(may_be_seen).collect(),
        };
        for kind in &kinds {
            principal.permissions.require(kind.reading())?;
        }
        if kinds.is_empty() {
            principal.permissions.require(Permission::ReadScans)?;
        }
        let events =
            asked.event.map_or(Ok(Vec::new()), |words| listed("event", &words, &NAMES, |name| name))?;
        Ok(Self { kinds, subject: asked.subject.map(|subject| canonical(&subject)), events })
    }

    /// What it takes to hear of it.
    pub(in crate::cybersec) fn needs(&self) -> Vec<Permission> {
        self.kinds.iter().map(|kind| kind.reading()).collect()
    }

    fn takes(&self, about: &About, event: &str) -> bool {
        self.takes_job(about) && (self.events.is_empty() || self.events.contains(&event))
    }

    fn takes_job(&self, about: &About) -> bool {
        self.kinds.contains(&about.kind)
            && self.subject.as_ref().is_none_or(|subject| *subject == about.subject)
    }
}

fn listed<T: Copy>(
    field: &'static str,
    words: &str,
    known: &[T],
    word: fn(T) -> &'static str,
) -> Result<Vec<T>, Problem> {
    let found = |text: &str| known.iter().copied().find(|one| word(*one) == text.trim());
    let list: Option<Vec<T>> = words.split(',').map(found).collect();
    list.ok_or_else(|| {
        let known: Vec<_> = known.iter().map(|one| word(*one)).collect();
        unknown(field, words, &format!("takes some of {}, with commas between", known.join(", ")))
    })
}

/// A subject as jobs keep it; what is no target is taken as it is.
fn canonical(subject: &str) -> String {
    TargetList::parse(subject).map_or_else(|_| subject.to_owned(), |list| list.to_string())
}

/// First the jobs that are under way, then the facts of all, each with its position.
#[derive(Debug)]
pub(in crate::cybersec) struct AllStory {
    site: Site,
    principal: Principal,
    wanted: Wanted,
    follower: Follower,
    first: VecDeque<Encoded>,
    jobs: vec::IntoIter<View>,
    /// The position that the listener has been told last.
    told: Option<Position>,
}

/// Where a listener goes on.
enum Start {
    Behind(Position),
    Now(Option<Reset>),
}

impl AllStory {
    pub(in crate::cybersec) async fn new(
        site: &Site,
        principal: &Principal,
        wanted: Wanted,
        position: Option<&str>,
    ) -> Result<Self, Problem> {
        let (site, principal) = (site.clone(), principal.clone());
        let follower = site.hub.follow_all(principal.organization, Position::START).await?;
        let (first, jobs) = (VecDeque::new(), Vec::new().into_iter());
        let mut story = Self { site, principal, wanted, follower, first, jobs, told: None };
        story.start(position).await?;
        Ok(story)
    }

    async fn start(&mut self, position: Option<&str>) -> Result<(), Error> {
        let (oldest, newest) = self.ends().await?;
        match read(position, oldest, newest) {
            Start::Behind(position) => self.set(position, VecDeque::new(), Vec::new()),
            Start::Now(reset) => self.start_now(newest, reset).await?,
        }
        Ok(())
    }

    /// The first and the last position that may be told from. The last may be before the first for a moment, while a
    /// transaction is open that began before the end of a job whose events were removed.
    async fn ends(&self) -> Result<(Position, Position), Error> {
        let store = &self.site.core.store;
        let read = async {
            let oldest = feed::oldest(store, self.principal.organization).await?;
            let mut newest = feed::newest(store).await?;
            while newest < oldest {
                tokio::time::sleep(Duration::from_millis(10)).await;
                newest = feed::newest(store).await?;
            }
            Ok((oldest, newest))
        };
        let late = |elapsed| Error::Unavailable { what: "the order of events", source: Box::new(elapsed) };
        timeout(SETTLED, read).await.map_err(late)?
    }

    /// Behind what has happened until now, with the jobs that are under way to go on from.
    async fn start_now(&mut self, newest: Position, reset: Option<Reset>) -> Result<(), Error> {
        // Read after the position: what changes in between is told twice, as a state and as a fact.
        let jobs = views::unfinished(&self.site.core.store, self.principal.user, SHOWN).await?;
        let first = reset.map(encode_reset).into_iter().chain([encode_position(newest)]).collect();
        self.set(newest, first, jobs);
        self.told = Some(newest);
        Ok(())
    }

    fn set(&mut self, position: Position, first: VecDeque<Encoded>, jobs: Vec<View>) {
        self.follower.rewind(position);
        self.first = first;
        self.jobs = jobs.into_iter();
        self.told = Some(position);
    }

    pub(super) async fn next(&mut self) -> Told {
        loop {
            if let Some(message) = self.first.pop_front() {
                return message.into();
            }
            if let Some(view) = self.jobs.find(|view| self.wanted.takes_job(&view.about())) {
                return encode_job(&view).into();
            }
            match self.follower.next().await {
                OrganizationNews::Event(frame) if self.hears(&frame.about, name(&frame.event.fact)) => {
                    self.told = frame.position;
                    return frame.encoded(encode).into();
                }
                OrganizationNews::Progress(step) if self.hears(&step.about, "progress") => {
                    return step.encoded(encode_step).into();
                }
                OrganizationNews::Event(_) | OrganizationNews::Progress(_) => (),
                OrganizationNews::Pruned => Box::pin(self.start_anew()).await,
            }
        }
    }

    /// A job is its user's: in an organization of several nobody hears of what the others do.
    fn hears(&self, about: &About, event: &str) -> bool {
        about.user == self.principal.user && self.wanted.takes(about, event)
    }

    async fn start_anew(&mut self) {
        let started = match self.ends().await {
            Ok((_, newest)) => self.start_now(newest, Some(Reset::Pruned)).await,
            Err(error) => Err(error),
        };
        if let Err(error) = started {
            wait_for_the_database(&error).await;
        }
    }

    /// The position, when events that the listener does not want have moved it.
    pub(super) fn position(&mut self) -> Option<Encoded> {
        let last = self.follower.last();
        let has_moved = self.first.is_empty() && self.told.is_some_and(|told| told < last);
        has_moved.then(|| {
            self.told = Some(last);
            encode_position(last)
        })
    }

    pub(super) async fn resume(&mut self, position: &str) -> Result<(), Problem> {
        Ok(self.start(Some(position)).await?)
    }
}

fn read(text: Option<&str>, oldest: Position, newest: Position) -> Start {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    match text.map(str::parse::<Position>) {
        None => Start::Now(None),
        Some(Err(_)) => Start::Now(Some(Reset::Unknown)),
        Some(Ok(position)) if position > newest => Start::Now(Some(Reset::Ahead)),
        // Whoever asks for all that there is takes what there is.
        Some(Ok(Position::START)) => Start::Behind(oldest),
        Some(Ok(position)) if position < oldest => Start::Now(Some(Reset::Pruned)),
        Some(Ok(position)) => Start::Behind(position),
    }
}
