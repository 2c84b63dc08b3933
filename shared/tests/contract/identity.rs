//! Accounts, keys, and whose is what.

use chrono::TimeDelta;
use shared::{
    error::{Error, Noun},
    id::JobId,
    identity::{ApiKey, Form, Principal, Role, Tier, authenticate, open_owner, register},
    job::cancel::{cancel, delete_results, find},
    store::scans::list::{self, Filter, Sort},
};

use crate::{
    race::race,
    stage::{FROM, INSTANT, Stage},
};

const PASSWORD: &str = "correct horse battery";

on_both_databases!(
    a_registered_user_is_recognised_by_their_key,
    a_key_ends_at_its_hour,
    a_wrong_key_is_refused,
    a_revoked_key_and_a_disabled_user_are_refused,
    an_address_has_one_account,
    an_unusable_address_or_password_is_refused,
    an_address_registers_so_often_an_hour,
    the_owner_is_opened_once,
    racing_processes_open_one_owner,
    scans_of_others_are_invisible,
);

async fn a_registered_user_is_recognised_by_their_key(stage: Stage) {
    let registered = register(&stage.core, FROM, "Ada@Example.com", PASSWORD).await.unwrap();
    assert_eq!(registered.expires_at, Some(stage.now() + TimeDelta::days(365)));
    let ada = authenticate(&stage.core, registered.key.reveal(), FROM).await.unwrap();
    assert_eq!((ada.user, ada.role, ada.tier), (registered.user, Role::Owner, Tier::Free));
    assert_ne!(ada.organization, stage.owner.organization);
}

async fn a_key_ends_at_its_hour(stage: Stage) {
    let registered = register(&stage.core, FROM, "ada@example.com", PASSWORD).await.unwrap();
    let end = registered.expires_at.unwrap();
    stage.wait(end - stage.now() - INSTANT);
    assert!(authenticate(&stage.core, registered.key.reveal(), FROM).await.is_ok());
    stage.wait(INSTANT);
    let refused = authenticate(&stage.core, registered.key.reveal(), FROM).await;
    assert!(matches!(refused, Err(Error::Unauthenticated("API key has expired"))), "{refused:?}");
}

async fn a_wrong_key_is_refused(stage: Stage) {
    let unknown = ApiKey::generate(Form::CyberSec).unwrap();
    for key in [unknown.reveal(), "", "sk_live_", "sk_live_0123456789abcde!", "' OR 1 = 1 --"] {
        let refused = authenticate(&stage.core, key, FROM).await;
        assert!(matches!(refused, Err(Error::Unauthenticated(_))), "{key}: {refused:?}");
    }
}

async fn a_revoked_key_and_a_disabled_user_are_refused(stage: Stage) {
    let registered = register(&stage.core, FROM, "ada@example.com", PASSWORD).await.unwrap();
    let key = registered.key.reveal();
    assert!(authenticate(&stage.core, key, FROM).await.is_ok());
    for (off, on) in [
        ("UPDATE api_keys SET revoked_at = created_at", "UPDATE api_keys SET revoked_at = NULL"),
        ("UPDATE users SET enabled = NOT enabled", "UPDATE users SET enabled = NOT enabled"),
    ] {
        stage.database.run(off).await;
        // What is changed past the server is noticed within a second.
        stage.wait_seconds(1);
        assert!(
            matches!(authenticate(&stage.core, key, FROM).await, Err(Error::Unauthenticated(_))),
            "{off}"
        );
        stage.database.run(on).await;
        assert!(authenticate(&stage.core, key, FROM).await.is_ok(), "{on}");
    }
}

async fn an_address_has_one_account(stage: Stage) {
    let told = race(4, |_| {
        let core = stage.core.clone();
        async move { register(&core, FROM, "ada@example.com", PASSWORD).await.map(drop) }
    });
    let told = told.await;
    assert_eq!(told.iter().filter(|told| told.is_ok()).count(), 1);
    assert_eq!(told.iter().filter(|told| matches!(told, Err(Error::EmailTaken))).count(), 3, "{told:?}");
    let again = register(&stage.core, FROM, " ADA@example.COM ", PASSWORD).await;
    assert!(matches!(again, Err(Error::EmailTaken)), "{again:?}");
    for (count, expected) in [
        ("SELECT COUNT(*) FROM users", 2),
        ("SELECT COUNT(*) FROM organizations", 2),
        ("SELECT COUNT(*) FROM api_keys", 2),
    ] {
        assert_eq!(stage.database.number(count).await, expected, "{count}");
    }
}

async fn an_unusable_address_or_password_is_refused(stage: Stage) {
    for (email, password) in [("ada", PASSWORD), ("", PASSWORD), ("ada@example.com", "short")] {
        let refused = register(&stage.core, FROM, email, password).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{email}: {refused:?}");
    }
    assert_eq!(stage.database.number("SELECT COUNT(*) FROM users").await, 1);
}

async fn an_address_registers_so_often_an_hour(stage: Stage) {
    let register = async |from: [u8; 4], number: usize| {
        register(&stage.core, from.into(), &format!("user{number}@example.com"), "short").await
    };
    for number in 0..20 {
        assert!(matches!(register([127, 0, 0, 1], number).await, Err(Error::Invalid(_))), "{number}");
    }
    let refused = register([127, 0, 0, 1], 20).await;
    assert!(matches!(refused, Err(Error::LimitReached(standing)) if standing.limit == 20), "{refused:?}");
    assert!(matches!(register([127, 0, 0, 2], 20).await, Err(Error::Invalid(_))));
    stage.wait(TimeDelta::hours(1));
    assert!(matches!(register([127, 0, 0, 1], 20).await, Err(Error::Invalid(_))));
}

async fn the_owner_is_opened_once(stage: Stage) {
    assert_eq!((stage.owner.role, stage.owner.tier), (Role::Owner, Tier::Enterprise));
    assert!(open_owner(&stage.core, "owner@example.com", None).await.unwrap().is_none());
    assert!(open_owner(&stage.core, "another@example.com", None).await.unwrap().is_none());
    let empty = stage.empty().await;
    empty.core.store.migrate().await.unwrap();
    let key = ApiKey::parse("sk_live_0123456789abcdef").unwrap();
    let owner = open_owner(&empty.core, "owner@example.com", Some(key.clone())).await.unwrap().unwrap();
    assert_eq!((&owner.key, owner.expires_at), (&key, None));
    empty.core.clock.advance(TimeDelta::days(36_500));
    assert_eq!(authenticate(&empty.core, key.reveal(), FROM).await.unwrap().user, owner.user);
}

async fn racing_processes_open_one_owner(stage: Stage) {
    let cores = [stage.core.clone(), stage.other_process().await];
    for _ in 0..8 {
        stage.database.run("DELETE FROM api_keys").await;
        stage.database.run("DELETE FROM users").await;
        let opened = race(8, |index| {
            let core = cores[index % 2].clone();
            async move { open_owner(&core, "owner@example.com", None).await }
        });
        let opened = opened.await.into_iter().map(|opened| opened.unwrap());
        assert_eq!(opened.flatten().count(), 1);
    }
}

async fn scans_of_others_are_invisible(stage: Stage) {
    let registered = register(&stage.core, FROM, "ada@example.com", PASSWORD).await.unwrap();
    let ada = authenticate(&stage.core, registered.key.reveal(), FROM).await.unwrap();
    let job = stage.submit().await;
    assert_hidden(&stage, &ada, job).await;
    stage.claim_one(job).await;
    assert_hidden(&stage, &ada, job).await;
    cancel(&stage.core, &stage.owner, job).await.unwrap();
    assert_hidden(&stage, &ada, job).await;
    assert!(find(&stage.core, &stage.owner, job).await.unwrap().deleted_at.is_none());
}

async fn assert_hidden(stage: &Stage, other: &Principal, job: JobId) {
    let status = stage.job(job).await.status;
    let answers = [
        find(&stage.core, other, job).await.map(drop),
        cancel(&stage.core, other, job).await,
        delete_results(&stage.core, other, job).await,
    ];
    for answer in answers {
        assert!(matches!(answer, Err(Error::NotFound(Noun::Job))), "{answer:?}");
    }
    let (user, sort) = (other.user, Sort::CreatedAt);
    let filter =
        Filter { user, subject: None, statuses: Vec::new(), sort, descending: false, offset: 0, limit: 10 };
    assert!(list::page(&stage.core.store, &filter).await.unwrap().is_empty());
    assert_eq!(list::count(&stage.core.store, &filter).await.unwrap(), 0);
    assert_eq!(stage.job(job).await.status, status);
}
