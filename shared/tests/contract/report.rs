//! Reporting: gapless numbers, everything once.

use std::collections::HashSet;

use shared::{
    bell::{Heard, News},
    error::Error,
    event::{Event, Fact, Tally},
    job::{
        Status,
        finish::finish,
        report::{Report, Reported, report},
    },
    scan::warning::{Warning, WarningCode},
    store::scans::{HostTally, list, warnings},
};

use crate::{
    invariants::check,
    race::race,
    scanner::{Script, TARGET, names, truth},
    stage::Stage,
};

on_both_databases!(
    event_numbers_have_no_hole_under_racing_reports,
    a_report_moves_the_checkpoint_and_is_told,
    a_port_that_is_found_again_changes_nothing,
    a_port_that_comes_twice_in_one_report_is_stored_once,
    a_report_that_is_made_again_is_counted_once,
    a_report_that_fails_half_way_changes_nothing,
    a_large_report_is_stored_whole,
    a_warning_is_told_once_a_scan_however_many_shards_meet_it,
    what_is_known_of_a_host_adds_up_over_its_shards,
);

async fn event_numbers_have_no_hole_under_racing_reports(stage: Stage) {
    let cores = [stage.core.clone(), stage.other_process().await];
    let script = Script::of_ports(60);
    let job = stage.planned(&script).await;
    let claims = stage.claim_all(job).await;
    assert_eq!(claims.len(), 24);
    let runs = race(24, |index| {
        let (core, claim, script) = (cores[index % 2].clone(), claims[index].clone(), script.clone());
        async move {
            for start in (claim.units.start..claim.units.end).step_by(4) {
                let next = script.report(start..(start + 4).min(claim.units.end), &HashSet::new());
                assert_eq!(report(&core, &claim, &next).await.unwrap(), Reported::Kept);
            }
            finish(&core, &[(claim.shard, claim.attempt)]).await.unwrap();
        }
    });
    runs.await;
    check(&stage, job).await;
    let ended = stage.job(job).await;
    assert_eq!((ended.status, ended.done_units, ended.shards_left), (Status::Completed, 240, 0));
    assert_eq!(ended.last_seq, 3 + truth(240).open);
}

async fn a_report_moves_the_checkpoint_and_is_told(stage: Stage) {
    let (job, claims) = stage.working().await;
    let mut news = stage.core.bell.news();
    let next = Script::short().report(10..14, &HashSet::new());
    report(&stage.core, &claims[1], &next).await.unwrap();
    assert_eq!(stage.database.shards(job).await[1].position, 14);
    let Some(Heard::Message(News::Event(event))) = news.next().await else { panic!("an event comes first") };
    assert_eq!((event.seq, &event.fact), (3, &Fact::PortFound(Script::short().open(12))));
    let Some(Heard::Message(News::Progress(progress))) = news.next().await else { panic!("then progress") };
    assert_eq!((progress.job, progress.seq, progress.done, progress.total), (job, 3, 4, 40));
    assert_eq!(progress.tally, Tally { open: 1, closed: 2, filtered: 1 });
    check(&stage, job).await;
}

async fn a_warning_is_told_once_a_scan_however_many_shards_meet_it(stage: Stage) {
    let (job, claims) = stage.working().await;
    let limited =
        |last: u8| Warning { code: WarningCode::IcmpLimited, address: Some([127, 0, 0, last].into()) };
    let dropped = Warning::of(WarningCode::AnswersDropped);
    for (claim, told) in claims.iter().zip([vec![limited(1)], vec![limited(2), dropped], vec![dropped]]) {
        let next = Report { position: claim.position, warnings: told, ..Report::default() };
        assert_eq!(report(&stage.core, claim, &next).await.unwrap(), Reported::Kept);
    }
    let events = stage.events(job).await;
    let warning = |event: &Event| if let Fact::Warning(warning) = event.fact { Some(warning) } else { None };
    let told = events.iter().filter_map(warning);
    assert_eq!(told.collect::<Vec<Warning>>(), [limited(1), dropped]);
    assert_eq!(warnings::of(&stage.core.store, job).await.unwrap(), [dropped, limited(1)]);
    check(&stage, job).await;
}

async fn what_is_known_of_a_host_adds_up_over_its_shards(stage: Stage) {
    let (job, claims) = stage.working().await;
    let [pit, gone] = [1, 2].map(|last: u8| HostTally::new([127, 0, 0, last].into(), TARGET));
    let counted = |host: &HostTally, open, filtered| HostTally {
        tally: Tally { open, filtered, closed: 0 },
        skipped: filtered,
        ..host.clone()
    };
    let told = [
        vec![counted(&pit, 3, 0), counted(&gone, 0, 5)],
        vec![HostTally { all_ports_open: true, ..counted(&pit, 4, 0) }],
        vec![counted(&pit, 5, 0), counted(&gone, 0, 2)],
    ];
    for (claim, hosts) in claims.iter().zip(told) {
        let next = Report { position: claim.position, hosts, ..Report::default() };
        assert_eq!(report(&stage.core, claim, &next).await.unwrap(), Reported::Kept);
    }
    let stored = list::hosts(&stage.core.store, job).await.unwrap();
    assert_eq!(stored, [HostTally { all_ports_open: true, ..counted(&pit, 12, 0) }, counted(&gone, 0, 7)]);
    assert_eq!(list::skipped_hosts(&stage.core.store, job).await.unwrap(), 1);
    assert_eq!(list::all_ports_open(&stage.core.store, job).await.unwrap(), [pit.address]);
}

async fn a_port_that_is_found_again_changes_nothing(stage: Stage) {
    let (job, claims) = stage.working().await;
    let found = |position, units: &[i64]| {
        let found = units.iter().map(|unit| Script::short().open(*unit)).collect();
        Report { position, found, ..Report::default() }
    };
    report(&stage.core, &claims[1], &found(10, &[12, 15])).await.unwrap();
    for again in [found(10, &[12, 15]), found(10, &[15]), found(10, &[18, 12])] {
        assert_eq!(report(&stage.core, &claims[1], &again).await.unwrap(), Reported::Kept);
    }
    check(&stage, job).await;
    let scan = list::find(&stage.core.store, stage.owner.user, job).await.unwrap().unwrap();
    assert_eq!((scan.tally().open, scan.job.last_seq, scan.job.done_units), (3, 5, 0));
    let known = list::open_units(&stage.core.store, job, 13, 18).await.unwrap();
    assert_eq!(known, [15]);
}

async fn a_port_that_comes_twice_in_one_report_is_stored_once(stage: Stage) {
    let (job, claims) = stage.working().await;
    let port = Script::short().open(12);
    let twice = Report { position: 10, found: vec![port.clone(), port], ..Report::default() };
    report(&stage.core, &claims[1], &twice).await.unwrap();
    check(&stage, job).await;
    assert_eq!(stage.job(job).await.last_seq, 3);
}

/// Whoever does not hear of the commit makes the same report again.
async fn a_report_that_is_made_again_is_counted_once(stage: Stage) {
    let (job, claims) = stage.working().await;
    let next = Script::short().report(10..17, &HashSet::new());
    for _ in 0..3 {
        assert_eq!(report(&stage.core, &claims[1], &next).await.unwrap(), Reported::Kept);
    }
    let scan = list::find(&stage.core.store, stage.owner.user, job).await.unwrap().unwrap();
    assert_eq!(scan.job.done_units, 7);
    assert_eq!(scan.tally(), Tally { open: 2, closed: 3, filtered: 2 });
    check(&stage, job).await;
}

async fn a_report_that_fails_half_way_changes_nothing(stage: Stage) {
    let (job, claims) = stage.working().await;
    let next = Script::short().report(10..20, &HashSet::new());
    stage.database.hide_events().await;
    let failed = report(&stage.core, &claims[1], &next).await;
    assert!(matches!(failed, Err(Error::Internal(_))), "{failed:?}");
    let failed = finish(&stage.core, &names(&claims)).await;
    assert!(matches!(failed, Err(Error::Internal(_))), "{failed:?}");
    stage.database.show_events().await;
    check(&stage, job).await;
    assert_eq!((stage.job(job).await.done_units, stage.job(job).await.last_seq), (0, 2));
    assert_eq!(stage.database.shards(job).await[1].position, 10);
    assert_eq!(report(&stage.core, &claims[1], &next).await.unwrap(), Reported::Kept);
    finish(&stage.core, &names(&claims)).await.unwrap();
    check(&stage, job).await;
}

async fn a_large_report_is_stored_whole(stage: Stage) {
    let script = Script::of_ports(3000);
    let job = stage.planned(&script).await;
    let first = stage.claim_all(job).await.remove(0);
    let found: Vec<_> = (0..12_000).map(|unit| script.open(unit)).collect();
    report(&stage.core, &first, &Report { position: 0, found, ..Report::default() }).await.unwrap();
    check(&stage, job).await;
    assert_eq!(list::found(&stage.core.store, job).await.unwrap().len(), 12_000);
}
