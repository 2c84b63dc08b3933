//! Lists of scans: filters, orders, pages.

use shared::{
    id::JobId,
    job::{Status, cancel::cancel, finish::finish, submit},
    store::scans::{
        Scan,
        list::{Filter, Sort, count, page},
    },
};

use crate::{
    scanner::{names, request},
    stage::Stage,
};

const SORTS: [Sort; 5] = [Sort::CreatedAt, Sort::StartedAt, Sort::CompletedAt, Sort::Target, Sort::Status];
const TARGETS: [&str; 4] = ["10.0.0.1", "10.0.0.10", "example.com", "10.0.0.2"];

on_both_databases!(
    every_order_has_ties_by_id_and_the_missing_last,
    pages_cover_every_scan_once_in_every_order,
    filters_let_through_what_they_say,
);

async fn every_order_has_ties_by_id_and_the_missing_last(stage: Stage) {
    let all = fill(&stage).await;
    for sort in SORTS {
        for descending in [false, true] {
            let listed =
                page(&stage.core.store, &Filter { sort, descending, ..whole(&stage) }).await.unwrap();
            let ids: Vec<JobId> = listed.iter().map(|scan| scan.job.id).collect();
            assert_eq!(ids, sorted(&all, sort, descending), "{sort:?}, descending: {descending}");
        }
    }
}

async fn pages_cover_every_scan_once_in_every_order(stage: Stage) {
    let all = fill(&stage).await;
    for sort in SORTS {
        for descending in [false, true] {
            let seen = paged(&stage, sort, descending).await;
            assert_eq!(seen, sorted(&all, sort, descending), "{sort:?}, descending: {descending}");
        }
    }
}

/// Every page, one after the other.
async fn paged(stage: &Stage, sort: Sort, descending: bool) -> Vec<JobId> {
    let mut seen = Vec::new();
    for offset in (0..).step_by(5) {
        let filter = Filter { sort, descending, offset, limit: 5, ..whole(stage) };
        let listed = page(&stage.core.store, &filter).await.unwrap();
        if listed.is_empty() {
            break;
        }
        seen.extend(listed.iter().map(|scan| scan.job.id));
        assert_eq!(count(&stage.core.store, &filter).await.unwrap(), 24);
    }
    seen
}

async fn filters_let_through_what_they_say(stage: Stage) {
    let all = fill(&stage).await;
    let subjects = [None, Some("10.0.0.1"), Some("example.com"), Some("10.0.0"), Some("")];
    let statuses = [
        vec![],
        vec![Status::Queued],
        vec![Status::Completed, Status::Cancelled],
        vec![Status::TimedOut],
        vec![Status::Queued, Status::Running, Status::Queued],
    ];
    for subject in subjects {
        for statuses in &statuses {
            let filter =
                Filter { subject: subject.map(str::to_owned), statuses: statuses.clone(), ..whole(&stage) };
            let through = all.iter().filter(|scan| {
                subject.is_none_or(|subject| scan.job.subject == subject)
                    && (statuses.is_empty() || statuses.contains(&scan.job.status))
            });
            let expected: Vec<JobId> = through.map(|scan| scan.job.id).collect();
            let listed = page(&stage.core.store, &filter).await.unwrap();
            let ids: Vec<JobId> = listed.iter().map(|scan| scan.job.id).collect();
            assert_eq!(ids, expected, "{subject:?} {statuses:?}");
            let counted = count(&stage.core.store, &filter).await.unwrap();
            assert_eq!(counted, i64::try_from(expected.len()).unwrap(), "{subject:?} {statuses:?}");
        }
    }
}

/// Every scan, in the order in which they were submitted.
fn whole(stage: &Stage) -> Filter {
    let (user, sort) = (stage.owner.user, Sort::CreatedAt);
    Filter { user, subject: None, statuses: Vec::new(), sort, descending: false, offset: 0, limit: 1000 }
}

/// Twenty-four scans in four states, many of them at the same moment; those that wait have no times but one.
async fn fill(stage: &Stage) -> Vec<Scan> {
    for index in 0..24_usize {
        if index.is_multiple_of(5) {
            stage.wait_seconds(1);
        }
        let request = request(TARGETS[index % 4], "80");
        let job = submit::scan(&stage.core, &stage.owner, &request).await.unwrap().job.id;
        match index % 3 {
            0 => (),
            1 => drop(stage.claim_one(job).await),
            _ => end(stage, job, index).await,
        }
    }
    page(&stage.core.store, &whole(stage)).await.unwrap()
}

/// Some are completed, some cancelled, some of these before they started.
async fn end(stage: &Stage, job: JobId, index: usize) {
    if index.is_multiple_of(4) {
        return cancel(&stage.core, &stage.owner, job).await.unwrap();
    }
    let claim = stage.claim_one(job).await;
    if index % 4 == 1 {
        return cancel(&stage.core, &stage.owner, job).await.unwrap();
    }
    finish(&stage.core, &names(&[claim])).await.unwrap();
}

/// The order that a list ought to have, by a stable sort of all rows.
fn sorted(all: &[Scan], sort: Sort, descending: bool) -> Vec<JobId> {
    let key = |scan: &Scan| match sort {
        Sort::CreatedAt => Some(scan.job.created_at.to_rfc3339()),
        Sort::StartedAt => scan.job.started_at.map(|time| time.to_rfc3339()),
        Sort::CompletedAt => scan.job.completed_at.map(|time| time.to_rfc3339()),
        Sort::Target => Some(scan.job.subject.clone()),
        Sort::Status => Some(scan.job.status.as_str().to_owned()),
    };
    let mut keys: Vec<(bool, Option<String>, JobId)> =
        all.iter().map(|scan| (key(scan).is_none(), key(scan), scan.job.id)).collect();
    keys.sort();
    if descending {
        keys.reverse();
        // What has no value comes last in both directions.
        keys.sort_by_key(|(missing, ..)| *missing);
    }
    keys.into_iter().map(|(_, _, id)| id).collect()
}
