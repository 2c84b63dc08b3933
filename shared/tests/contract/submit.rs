//! Submitting: all of it or nothing.

use shared::{
    bell::{Heard, News},
    error::Error,
    event::Fact,
    identity::{Principal, Role},
    job::{Status, submit},
    scan::{Ability, Engine, ScanOptions, ScanRequest, ScanType},
};

use crate::{
    invariants::check,
    scanner::{Script, request},
    stage::Stage,
};

on_both_databases!(
    a_submitted_scan_has_its_shard_and_its_first_event,
    a_submitted_scan_is_rung_and_told,
    a_submission_that_fails_half_way_stores_nothing,
    a_refused_submission_stores_nothing,
    a_scan_that_no_worker_can_do_is_refused,
    a_scan_that_a_worker_can_do_is_taken,
    options_that_cannot_be_had_are_refused,
);

async fn a_submitted_scan_has_its_shard_and_its_first_event(stage: Stage) {
    let request = Script::short().request();
    let scan = submit::scan(&stage.core, &stage.owner, &request).await.unwrap();
    assert_eq!((scan.job.status, scan.job.total_units, scan.job.shards_left), (Status::Queued, 0, 1));
    assert_eq!((scan.job.subject.as_str(), scan.job.created_at), ("127.0.0.0/30", stage.now()));
    assert_eq!((scan.job.user_id, scan.job.organization_id), (stage.owner.user, stage.owner.organization));
    assert_eq!(scan.job.request, serde_json::to_value(&request).unwrap());
    let shards = stage.database.shards(scan.job.id).await;
    assert_eq!(shards.len(), 1);
    assert_eq!((shards[0].id.number, shards[0].status.as_str(), shards[0].attempt), (0, "queued", 0));
    let events = stage.events(scan.job.id).await;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].seq, events[0].at), (1, stage.now()));
    assert_eq!(events[0].fact, Fact::Status { status: Status::Queued });
    check(&stage, scan.job.id).await;
}

async fn a_submitted_scan_is_rung_and_told(stage: Stage) {
    let mut news = stage.core.bell.news();
    let job = stage.submit().await;
    assert_eq!(stage.hush().await, stage.queued(job).await);
    let event = stage.events(job).await.remove(0);
    assert_eq!(news.next().await, Some(Heard::Message(News::Event(event))));
}

async fn a_submission_that_fails_half_way_stores_nothing(stage: Stage) {
    let request = Script::short().request();
    stage.database.hide_events().await;
    let refused = submit::scan(&stage.core, &stage.owner, &request).await;
    assert!(matches!(refused, Err(Error::Internal(_))), "{refused:?}");
    stage.database.show_events().await;
    nothing_is_stored(&stage).await;
    let scan = submit::scan(&stage.core, &stage.owner, &request).await.unwrap();
    check(&stage, scan.job.id).await;
}

async fn a_refused_submission_stores_nothing(stage: Stage) {
    let submit = async |principal: &Principal, target: &str, ports: &str| {
        submit::scan(&stage.core, principal, &request(target, ports)).await.unwrap_err()
    };
    let viewer = Principal { permissions: Role::Viewer.permissions(), ..stage.owner.clone() };
    assert!(matches!(submit(&viewer, "127.0.0.1", "80").await, Error::Forbidden(_)));
    assert!(matches!(submit(&stage.owner, "169.254.169.254", "80").await, Error::Refused(_)));
    assert!(matches!(submit(&stage.owner, "10.0.0.0/16", "1-65535").await, Error::Invalid(_)));
    nothing_is_stored(&stage).await;
}

async fn a_scan_that_no_worker_can_do_is_refused(stage: Stage) {
    let by_syn = ScanRequest { scan_type: ScanType::Syn, ..request("127.0.0.1", "80") };
    let refused = async || submit::scan(&stage.core, &stage.owner, &by_syn).await.unwrap_err();
    assert!(matches!(refused().await, Error::Invalid(_)), "there is no worker");
    stage.core.bell.report_worker(Ability::Connections).await;
    assert!(matches!(refused().await, Error::Invalid(_)), "there is one without the right");
    nothing_is_stored(&stage).await;
}

async fn a_scan_that_a_worker_can_do_is_taken(stage: Stage) {
    let by_syn = ScanRequest { scan_type: ScanType::Syn, ..request("127.0.0.1", "80") };
    stage.core.bell.report_worker(Ability::RawPackets).await;
    let scan = submit::scan(&stage.core, &stage.owner, &by_syn).await.unwrap();
    assert_eq!(scan.job.request["scan_type"], "syn");
}

async fn options_that_cannot_be_had_are_refused(mut stage: Stage) {
    stage.core.limits.scan_rate = Some(1000);
    let refused = async |scan_type, engine, rate| {
        let options = ScanOptions { engine, rate, ..ScanOptions::default() };
        let request = ScanRequest { scan_type, options, ..request("127.0.0.1", "80") };
        let error = submit::scan(&stage.core, &stage.owner, &request).await.err()?;
        let Error::Invalid(invalid) = error else { panic!("{error:?}") };
        Some(invalid.field)
    };
    assert_eq!(refused(ScanType::Udp, Engine::Connect, None).await, Some("options.engine"));
    assert_eq!(refused(ScanType::Tcp, Engine::Syn, None).await, Some("options.engine"), "there is no worker");
    assert_eq!(refused(ScanType::Fin, Engine::Auto, None).await, Some("scan_type"));
    assert_eq!(refused(ScanType::Tcp, Engine::Auto, Some(0)).await, Some("options.rate"));
    assert_eq!(refused(ScanType::Tcp, Engine::Auto, Some(1001)).await, Some("options.rate"));
    nothing_is_stored(&stage).await;
    assert_eq!(refused(ScanType::Tcp, Engine::Connect, Some(1000)).await, None);
    assert_eq!(refused(ScanType::Udp, Engine::Auto, Some(1)).await, None);
}

async fn nothing_is_stored(stage: &Stage) {
    for count in [
        "SELECT COUNT(*) FROM jobs",
        "SELECT COUNT(*) FROM scans",
        "SELECT COUNT(*) FROM shards",
        "SELECT COUNT(*) FROM events",
    ] {
        assert_eq!(stage.database.number(count).await, 0, "{count}");
    }
    assert_eq!(stage.core.bell.waiting().await, Some(0));
}
