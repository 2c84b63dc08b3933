//! Beginning to follow: who asks, what for, and where they go on.

use axum::http::HeaderMap;
use serde::Deserialize;
use shared::{
    id::JobId,
    job::{
        Kind,
        view::{self, View},
    },
};

use super::{
    caller::Leave,
    problem::Problem,
    start::Start,
    story::{AllStory, Asked, JobStory, Story, Wanted},
};
use crate::{seats::Seat, site::Site};

/// What may stand in the query of any stream.
#[derive(Debug, Deserialize)]
pub(super) struct Position {
    last_event_id: Option<String>,
}

impl Position {
    /// Where the client goes on: what the header says comes before what the query says.
    pub(super) fn text<'a>(&'a self, headers: &'a HeaderMap) -> Option<&'a str> {
        let Some(header) = headers.get("last-event-id") else { return self.last_event_id.as_deref() };
        // What is no text is no position either.
        Some(header.to_str().unwrap_or("?"))
    }
}

/// Everything that a stream needs, whichever way it is carried.
#[derive(Debug)]
pub(super) struct Following {
    pub(super) site: Site,
    pub(super) leave: Leave,
    pub(super) story: Story,
    /// The job that is followed, if it is one.
    pub(super) job: Option<JobId>,
    /// Whether the client has been told everything.
    pub(super) is_over: bool,
    pub(super) _seat: Seat,
}

impl Following {
    /// Follows a scan.
    pub(super) async fn scan(
        site: Site,
        leave: Leave,
        id: JobId,
        position: Option<&str>,
    ) -> Result<Self, Problem> {
        leave.principal.permissions.require(Kind::Scan.reading())?;
        let view = view::find(&site.core, &leave.principal, id).await?;
        match view.job.kind {
            Kind::Scan => Self::viewed(site, leave, &view, position),
        }
    }

    /// Follows a job of any kind.
    pub(super) async fn job(
        site: Site,
        leave: Leave,
        id: JobId,
        position: Option<&str>,
    ) -> Result<Self, Problem> {
        let view = view::find(&site.core, &leave.principal, id).await.map_err(Problem::of_job)?;
        Self::viewed(site, leave, &view, position)
    }

    fn viewed(site: Site, mut leave: Leave, view: &View, position: Option<&str>) -> Result<Self, Problem> {
        leave.need(vec![view.job.kind.reading()]);
        let seat = site.seats.take(&leave.principal).map_err(Problem::full)?;
        let start = Start::read(position, view.job.last_seq);
        let is_over = view.job.status.is_final() && start == Start::Behind(view.job.last_seq);
        let story = Story::Job(JobStory::new(&site, &leave.principal, view, start).into());
        Ok(Self { site, leave, story, job: Some(view.job.id), is_over, _seat: seat })
    }

    /// Follows all jobs of the caller's organization that they may see.
    pub(super) async fn all(
        site: Site,
        mut leave: Leave,
        asked: Asked,
        position: Option<&str>,
    ) -> Result<Self, Problem> {
        let wanted = Wanted::read(asked, &leave.principal)?;
        leave.need(wanted.needs());
        let seat = site.seats.take(&leave.principal).map_err(Problem::full)?;
        let story = AllStory::new(&site, &leave.principal, wanted, position).await?;
        Ok(Self { site, leave, story: Story::All(story.into()), job: None, is_over: false, _seat: seat })
    }
}
