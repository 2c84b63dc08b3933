//! What holds of every job at every moment at which nobody writes.

use std::collections::{HashMap, HashSet};

use shared::{
    event::{Event, Fact, Tally},
    id::JobId,
    job::{Job, Status},
    store::scans::list::{self, StoredPort},
};

use crate::stage::Stage;

/// Checks one job.
pub(crate) async fn check(stage: &Stage, id: JobId) {
    let (job, events) = (stage.job(id).await, stage.events(id).await);
    check_events(&job, &events);
    assert!(job.shards_left >= 0, "{job:?}");
    assert!((0..=job.total_units.max(0)).contains(&job.done_units), "{job:?}");
    assert_eq!(job.completed_at.is_some(), job.status.is_final(), "{job:?}");
    assert_eq!(job.started_at.is_some(), job.deadline_at.is_some(), "{job:?}");
    check_shards(stage, &job).await;
    check_counts(stage, &job, &events).await;
}

/// Numbers without a hole; one `running`; one `complete`, the last, of an ended job and of no other.
fn check_events(job: &Job, events: &[Event]) {
    let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=job.last_seq).collect::<Vec<i64>>(), "{job:?}");
    let running = Fact::Status { status: Status::Running };
    let times = events.iter().filter(|event| event.fact == running).count();
    assert_eq!(times, usize::from(job.started_at.is_some()), "{events:?}");
    let ends: Vec<&Event> =
        events.iter().filter(|event| matches!(event.fact, Fact::Complete { .. })).collect();
    assert_eq!(ends.len(), usize::from(job.status.is_final()), "{job:?}: {events:?}");
    if let Some(end) = ends.first() {
        assert_eq!(end.seq, job.last_seq);
        assert!(
            matches!(end.fact, Fact::Complete { status, .. } if status == job.status),
            "{job:?}: {end:?}"
        );
    }
}

/// As many shards as the job says are left; none of an ended job.
async fn check_shards(stage: &Stage, job: &Job) {
    let shards = stage.database.shards(job.id).await;
    let left = shards.iter().filter(|shard| ["queued", "running"].contains(&shard.status.as_str())).count();
    if job.status.is_final() {
        assert_eq!(left, 0, "{job:?}: {shards:?}");
    } else {
        assert_eq!(i64::try_from(left).unwrap(), job.shards_left, "{job:?}: {shards:?}");
    }
    assert!(
        shards.iter().all(|shard| shard.units.start <= shard.position && shard.position <= shard.units.end)
    );
}

/// Every port once, as a row and as an event; the scan's counts are those of its hosts and of its ports.
async fn check_counts(stage: &Stage, job: &Job, events: &[Event]) {
    let store = &stage.core.store;
    let scan = list::find(store, job.user_id, job.id).await.unwrap().unwrap();
    let rows = list::found(store, job.id).await.unwrap();
    let told = events.iter().filter_map(|event| match &event.fact {
        Fact::PortFound(port) => Some((port.address, port.port)),
        Fact::Status { .. }
        | Fact::ServiceFound(_)
        | Fact::UnresolvedHost(_)
        | Fact::Warning(_)
        | Fact::Complete { .. } => None,
    });
    let told: Vec<_> = told.collect();
    check_services(&rows, events);
    let once: HashSet<_> = told.iter().copied().collect();
    assert_eq!(once.len(), told.len(), "{events:?}");
    assert_eq!(once, rows.iter().map(|port| (port.address, port.port)).collect());
    let mut sum = Tally::default();
    for host in list::hosts(store, job.id).await.unwrap() {
        sum.open += host.tally.open;
        sum.closed += host.tally.closed;
        sum.filtered += host.tally.filtered;
    }
    assert_eq!(scan.tally(), sum, "{job:?}");
    assert_eq!(sum.open, i64::try_from(rows.len()).unwrap(), "{job:?}");
}

/// What runs on a port is told once, after the port.
fn check_services(rows: &[StoredPort], events: &[Event]) {
    let mut ports = HashSet::new();
    let mut services = HashMap::new();
    for event in events {
        if let Fact::PortFound(port) = &event.fact {
            ports.insert((port.address, port.port));
        } else if let Fact::ServiceFound(found) = &event.fact {
            let place = (found.port.address, found.port.port);
            assert!(ports.contains(&place), "{events:?}");
            assert_eq!(services.insert(place, *found.service.clone()), None, "{events:?}");
        }
    }
    let stored = rows.iter().filter_map(|row| Some(((row.address, row.port), row.service.clone()?)));
    assert_eq!(services, stored.collect());
}
