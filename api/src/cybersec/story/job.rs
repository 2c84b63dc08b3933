//! The story of one job.

use std::{collections::VecDeque, vec};

use shared::{
    event::{Event, Fact},
    id::JobId,
    identity::Principal,
    job::view::{self, About, View},
};

use super::Told;
use crate::{
    cybersec::{
        event::{encode, encode_reset, encode_step, encode_stored, encode_view},
        problem::Problem,
        start::{Reset, Start},
    },
    hub::{Encoded, Item, Listener, wait_for_the_database},
    site::Site,
};

/// First how far the job is, then its facts, each with its number.
#[derive(Debug)]
pub(in crate::cybersec) struct JobStory {
    site: Site,
    principal: Principal,
    job: JobId,
    about: About,
    listener: Listener,
    first: VecDeque<Encoded>,
    /// Whether nothing has been told yet: before anything it is seen whether the facts are all there.
    is_new: bool,
    /// What stands in for facts that were removed.
    stand_ins: vec::IntoIter<Event>,
}

impl JobStory {
    /// The story of a job as the caller has just read it.
    pub(in crate::cybersec) fn new(site: &Site, principal: &Principal, view: &View, start: Start) -> Self {
        let (site, principal) = (site.clone(), principal.clone());
        let listener = site.hub.listen(0, view);
        let (job, about) = (view.job.id, view.about());
        let (first, stand_ins) = (VecDeque::new(), Vec::new().into_iter());
        let mut story = Self { site, principal, job, about, listener, first, is_new: true, stand_ins };
        story.start(start, view);
        story
    }

    fn start(&mut self, start: Start, view: &View) {
        let (behind, reset) = match start {
            Start::Behind(number) => (number, None),
            Start::Anew(reset) => (0, Some(reset)),
        };
        self.stand_ins = Vec::new().into_iter();
        self.first = reset.map(encode_reset).into_iter().chain([encode_view(view)]).collect();
        self.listener.rewind(behind);
    }

    pub(super) async fn next(&mut self) -> Told {
        loop {
            if self.is_new && !self.listener.is_whole().await {
                Box::pin(self.stand_in()).await;
                continue;
            }
            self.is_new = false;
            if let Some(message) = self.first.pop_front() {
                return message.into();
            }
            if let Some(event) = self.stand_ins.next() {
                let is_last = matches!(event.fact, Fact::Complete { .. });
                return Told { message: encode_stored(&event, &self.about), is_last };
            }
            match self.listener.next().await {
                Item::Progress(step) => return step.encoded(encode_step).into(),
                Item::Event(frame) => {
                    let is_last = matches!(frame.event.fact, Fact::Complete { .. });
                    return Told { message: frame.encoded(encode), is_last };
                }
                Item::Pruned => Box::pin(self.stand_in()).await,
            }
        }
    }

    /// Goes on with what is stored beside the facts that were removed. Whoever has been told some is told anew.
    async fn stand_in(&mut self) {
        let read = async {
            let view = view::find(&self.site.core, &self.principal, self.job).await?;
            let facts = view::facts(&self.site.core, &view).await?;
            Ok::<_, shared::error::Error>((view, facts))
        };
        match read.await {
            Ok((view, facts)) => {
                let behind = self.listener.last();
                self.start(if behind > 0 { Start::Anew(Reset::Pruned) } else { Start::Behind(0) }, &view);
                self.stand_ins = facts.into_iter();
                self.listener.rewind(view.job.last_seq);
            }
            Err(error) => wait_for_the_database(&error).await,
        }
    }

    pub(super) async fn resume(&mut self, position: &str) -> Result<(), Problem> {
        let view = view::find(&self.site.core, &self.principal, self.job).await?;
        let start = Start::read(Some(position), view.job.last_seq);
        match start {
            Start::Behind(number) => {
                self.stand_ins = Vec::new().into_iter();
                self.listener.rewind(number);
            }
            Start::Anew(_) => self.start(start, &view),
        }
        Ok(())
    }
}
