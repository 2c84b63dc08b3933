//! What keys, roles and sessions allow, and that a change of it holds at once.

use std::net::{IpAddr, Ipv4Addr};

use chrono::TimeDelta;
use shared::{
    core::Core,
    error::{Error, Noun},
    identity::{
        Addresses, ApiKey, Form, Home, Issued, KeyOrder, Permission, Permissions, Principal, Role, Tier,
        add_user, authenticate, issue, list_keys, log_in, log_out, recognise, register, revoke,
        revoke_visible, rotate, set_enabled, set_password, set_role, set_tier, user,
    },
    store::{identity::User, keys},
};

use crate::stage::{FROM, Stage};

const PASSWORD: &str = "correct horse battery";

on_both_databases!(
    a_key_may_what_it_and_its_role_both_may,
    a_key_holds_only_from_its_addresses_until_its_end,
    a_revoked_key_is_refused_at_once_and_for_good,
    a_disabled_user_has_no_key_until_they_are_enabled,
    a_change_by_another_process_is_noticed_within_a_second,
    roles_tiers_and_passwords_change_at_once,
    a_rotated_key_gives_way_to_one_like_it,
    of_racing_rotations_one_wins,
    keys_are_seen_and_revoked_within_the_organization_only,
    a_session_begins_with_the_right_password_and_ends_with_a_logout,
    an_address_logs_in_so_often_an_hour,
    every_change_and_every_refused_login_is_in_the_audit_log,
);

async fn colleague(stage: &Stage, email: &str, role: Role) -> User {
    add_user(&stage.core, Home::Joined(stage.owner.organization, role), email, Some(PASSWORD)).await.unwrap()
}

async fn key_of(core: &Core, user: &User) -> Issued {
    issue(core, user, &KeyOrder::unlimited(Form::CyberSec, None)).await.unwrap()
}

async fn enter(core: &Core, key: &ApiKey) -> Result<Principal, Error> {
    authenticate(core, key.reveal(), FROM).await
}

fn is_unauthenticated(answer: &Result<Principal, Error>) -> bool {
    matches!(answer, Err(Error::Unauthenticated(_)))
}

async fn a_key_may_what_it_and_its_role_both_may(stage: Stage) {
    for (role, words, read_only, expected) in [
        (Role::Owner, "all", false, "all"),
        (
            Role::Analyst,
            "all",
            false,
            "scans:read,scans:write,account:read,account:write,certificates:read,certificates:write",
        ),
        (Role::Analyst, "all", true, "scans:read,account:read,certificates:read"),
        (Role::Analyst, "scans:write,organization:read", false, "scans:write"),
        (Role::Viewer, "all", false, "scans:read,account:read,account:write,certificates:read"),
        (Role::Owner, "scans:read,scans:write", true, "scans:read"),
    ] {
        let email = format!("{}@example.com", shared::id::KeyId::new());
        let user = colleague(&stage, &email, role).await;
        let order = KeyOrder {
            permissions: Permissions::parse(words).unwrap(),
            read_only,
            ..KeyOrder::unlimited(Form::Chad, None)
        };
        let issued = issue(&stage.core, &user, &order).await.unwrap();
        let principal = enter(&stage.core, &issued.key).await.unwrap();
        assert_eq!(principal.permissions.to_string(), expected, "{role:?} {words} {read_only}");
    }
}

async fn a_key_holds_only_from_its_addresses_until_its_end(stage: Stage) {
    let user = colleague(&stage, "ada@example.com", Role::Analyst).await;
    let order = KeyOrder {
        allowed_addresses: Addresses::parse("127.0.0.2,192.0.2.0/24").unwrap(),
        ..KeyOrder::unlimited(Form::Chenist, Some(stage.now() + TimeDelta::days(1)))
    };
    let issued = issue(&stage.core, &user, &order).await.unwrap();
    let from =
        async |address: [u8; 4]| authenticate(&stage.core, issued.key.reveal(), IpAddr::from(address)).await;
    for round in 0..2 {
        assert!(from([127, 0, 0, 2]).await.is_ok() && from([192, 0, 2, 9]).await.is_ok(), "{round}");
        assert!(matches!(from([127, 0, 0, 1]).await, Err(Error::Forbidden(_))), "{round}");
    }
    stage.wait(TimeDelta::days(1));
    assert!(is_unauthenticated(&from([127, 0, 0, 2]).await));
    let past = KeyOrder::unlimited(Form::Chenist, Some(stage.now()));
    assert!(matches!(issue(&stage.core, &user, &past).await, Err(Error::Invalid(_))));
}

async fn a_revoked_key_is_refused_at_once_and_for_good(stage: Stage) {
    let user = colleague(&stage, "ada@example.com", Role::Analyst).await;
    let (lost, kept) = (key_of(&stage.core, &user).await, key_of(&stage.core, &user).await);
    assert!(enter(&stage.core, &lost.key).await.is_ok() && enter(&stage.core, &kept.key).await.is_ok());
    let mut changes = stage.core.known.changes();
    revoke(&stage.core, lost.id).await.unwrap();
    changes.of(user.id).await;
    assert!(is_unauthenticated(&enter(&stage.core, &lost.key).await));
    assert!(enter(&stage.core, &kept.key).await.is_ok());
    revoke(&stage.core, lost.id).await.unwrap();
    set_enabled(&stage.core, &user, true).await.unwrap();
    assert!(is_unauthenticated(&enter(&stage.core, &lost.key).await));
    let nothing = revoke(&stage.core, shared::id::KeyId::new()).await;
    assert!(matches!(nothing, Err(Error::NotFound(Noun::Key))), "{nothing:?}");
}

async fn a_disabled_user_has_no_key_until_they_are_enabled(stage: Stage) {
    let ada = colleague(&stage, "ada@example.com", Role::Analyst).await;
    let issued = key_of(&stage.core, &ada).await;
    let session = log_in(&stage.core, FROM, "ada@example.com", PASSWORD).await.unwrap();
    assert!(enter(&stage.core, &issued.key).await.is_ok());
    set_enabled(&stage.core, &ada, false).await.unwrap();
    assert!(is_unauthenticated(&enter(&stage.core, &issued.key).await));
    assert!(recognise(&stage.core, Some(&session.key), FROM).await.unwrap().is_err());
    assert!(log_in(&stage.core, FROM, "ada@example.com", PASSWORD).await.is_err());
    set_enabled(&stage.core, &ada, true).await.unwrap();
    assert!(enter(&stage.core, &issued.key).await.is_ok());
}

async fn a_change_by_another_process_is_noticed_within_a_second(stage: Stage) {
    let ada = colleague(&stage, "ada@example.com", Role::Analyst).await;
    let issued = key_of(&stage.core, &ada).await;
    let other = stage.other_process().await;
    assert!(enter(&other, &issued.key).await.is_ok());
    revoke(&stage.core, issued.id).await.unwrap();
    stage.wait_seconds(1);
    assert!(is_unauthenticated(&enter(&other, &issued.key).await));
}

async fn roles_tiers_and_passwords_change_at_once(stage: Stage) {
    let ada = colleague(&stage, "ada@example.com", Role::Analyst).await;
    let issued = key_of(&stage.core, &ada).await;
    assert!(enter(&stage.core, &issued.key).await.unwrap().permissions.allow(Permission::WriteScans));
    set_role(&stage.core, &ada, Role::Viewer).await.unwrap();
    assert!(!enter(&stage.core, &issued.key).await.unwrap().permissions.allow(Permission::WriteScans));
    set_tier(&stage.core, &ada, Tier::Pro).await.unwrap();
    assert_eq!(enter(&stage.core, &issued.key).await.unwrap().tier, Tier::Pro);
    set_password(&stage.core, &ada, "another password").await.unwrap();
    assert!(log_in(&stage.core, FROM, "ada@example.com", PASSWORD).await.is_err());
    assert!(log_in(&stage.core, FROM, " ADA@example.com", "another password").await.is_ok());
    assert!(matches!(user(&stage.core, "bob@example.com").await, Err(Error::NotFound(Noun::User))));
}

async fn a_rotated_key_gives_way_to_one_like_it(stage: Stage) {
    let ada = colleague(&stage, "ada@example.com", Role::Analyst).await;
    let order = KeyOrder {
        name: "laptop".to_owned(),
        permissions: Permissions::parse("scans:read,account:write").unwrap(),
        allowed_addresses: Addresses::parse("127.0.0.0/8").unwrap(),
        ..KeyOrder::unlimited(Form::Chad, Some(stage.now() + TimeDelta::days(10)))
    };
    let old = issue(&stage.core, &ada, &order).await.unwrap();
    let before = enter(&stage.core, &old.key).await.unwrap();
    stage.wait(TimeDelta::days(4));
    let new = rotate(&stage.core, &before, &old.key).await.unwrap();
    assert_eq!(new.expires_at, Some(stage.now() + TimeDelta::days(10)));
    assert!(is_unauthenticated(&enter(&stage.core, &old.key).await));
    let after = enter(&stage.core, &new.key).await.unwrap();
    assert_eq!((after.user, after.permissions), (before.user, before.permissions));
    let rows = keys::list(&stage.core.store, keys::Whose::User(ada.id)).await.unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|key| (key.name.as_str(), key.form, key.allowed_addresses.to_string(), key.revoked_at.is_some()))
        .collect();
    let blocks = "127.0.0.0/8".to_owned();
    assert_eq!(told, [("laptop", Form::Chad, blocks.clone(), true), ("laptop", Form::Chad, blocks, false)]);
    let read_only = Principal { permissions: Permissions::READING, ..after };
    assert!(matches!(rotate(&stage.core, &read_only, &new.key).await, Err(Error::Forbidden(_))));
}

async fn of_racing_rotations_one_wins(stage: Stage) {
    let ada = colleague(&stage, "ada@example.com", Role::Analyst).await;
    let old = key_of(&stage.core, &ada).await;
    let principal = enter(&stage.core, &old.key).await.unwrap();
    let told = crate::race::race(6, |_| {
        let (core, principal, key) = (stage.core.clone(), principal.clone(), old.key.clone());
        async move { rotate(&core, &principal, &key).await.map(drop) }
    });
    let told = told.await;
    assert_eq!(told.iter().filter(|told| told.is_ok()).count(), 1, "{told:?}");
    let alive = "SELECT COUNT(*) FROM api_keys WHERE revoked_at IS NULL";
    assert_eq!(stage.database.number(alive).await, 2, "the owner's and the new one");
}

async fn keys_are_seen_and_revoked_within_the_organization_only(stage: Stage) {
    let ada = colleague(&stage, "ada@example.com", Role::Analyst).await;
    let (hers, another) = (key_of(&stage.core, &ada).await, key_of(&stage.core, &ada).await);
    let analyst = enter(&stage.core, &hers.key).await.unwrap();
    let stranger = register(&stage.core, FROM, "eve@example.org", PASSWORD).await.unwrap();
    let stranger = enter(&stage.core, &stranger.key).await.unwrap();
    for (who, id) in [(&stranger, hers.id), (&analyst, stage.owner.key), (&stage.owner, stranger.key)] {
        let answer = revoke_visible(&stage.core, who, id).await;
        assert!(matches!(answer, Err(Error::NotFound(Noun::Key))), "{answer:?}");
    }
    for (who, expected) in [(&stranger, 1), (&analyst, 2), (&stage.owner, 3)] {
        assert_eq!(list_keys(&stage.core, who).await.unwrap().len(), expected);
    }
    revoke_visible(&stage.core, &stage.owner, another.id).await.unwrap();
    assert!(is_unauthenticated(&enter(&stage.core, &another.key).await));
    assert!(enter(&stage.core, &hers.key).await.is_ok());
}

async fn a_session_begins_with_the_right_password_and_ends_with_a_logout(stage: Stage) {
    register(&stage.core, FROM, "ada@example.com", PASSWORD).await.unwrap();
    for (email, password) in [
        ("ada@example.com", "wrong"),
        ("ada@example.com", ""),
        ("bob@example.com", PASSWORD),
        ("owner@example.com", PASSWORD),
        ("no address", PASSWORD),
    ] {
        let refused = log_in(&stage.core, FROM, email, password).await;
        assert!(
            matches!(refused, Err(Error::Unauthenticated("e-mail address or password is wrong"))),
            "{email}: {refused:?}"
        );
    }
    let session = log_in(&stage.core, FROM, "ada@example.com", PASSWORD).await.unwrap();
    let enter = async || recognise(&stage.core, Some(&session.key), FROM).await.unwrap();
    let principal = enter().await.unwrap();
    assert_eq!(principal.user, session.user.id);
    let as_key = authenticate(&stage.core, session.key.reveal(), FROM).await;
    assert!(is_unauthenticated(&as_key), "a session is no key");
    let rotated = rotate(&stage.core, &principal, &session.key).await;
    assert!(matches!(rotated, Err(Error::Forbidden(_))), "{rotated:?}");
    assert!(list_keys(&stage.core, &principal).await.unwrap().iter().all(|key| key.form != Form::Session));
    log_out(&stage.core, &principal, &session.key).await.unwrap();
    assert!(enter().await.is_err());
    let again = log_in(&stage.core, FROM, "ada@example.com", PASSWORD).await.unwrap();
    stage.wait(TimeDelta::hours(12));
    assert!(recognise(&stage.core, Some(&again.key), FROM).await.unwrap().is_err(), "it ends by itself");
}

async fn an_address_logs_in_so_often_an_hour(stage: Stage) {
    let mut core = stage.core.clone();
    core.limits.allowances.logins_an_hour = 2;
    let try_from = async |last| log_in(&core, Ipv4Addr::new(127, 0, 0, last).into(), "a@b", "wrong").await;
    for _ in 0..2 {
        assert!(matches!(try_from(1).await, Err(Error::Unauthenticated(_))));
    }
    assert!(matches!(try_from(1).await, Err(Error::LimitReached(standing)) if standing.limit == 2));
    assert!(matches!(try_from(2).await, Err(Error::Unauthenticated(_))));
}

async fn every_change_and_every_refused_login_is_in_the_audit_log(stage: Stage) {
    let ada = colleague(&stage, "ada@example.com", Role::Analyst).await;
    let issued = key_of(&stage.core, &ada).await;
    let principal = enter(&stage.core, &issued.key).await.unwrap();
    let job = stage.submit().await;
    shared::job::cancel::cancel(&stage.core, &stage.owner, job).await.unwrap();
    shared::job::cancel::delete_results(&stage.core, &stage.owner, job).await.unwrap();
    rotate(&stage.core, &principal, &issued.key).await.unwrap();
    drop(log_in(&stage.core, FROM, "ada@example.com", "wrong").await);
    let session = log_in(&stage.core, FROM, "ada@example.com", PASSWORD).await.unwrap();
    let guest = recognise(&stage.core, Some(&session.key), FROM).await.unwrap().unwrap();
    log_out(&stage.core, &guest, &session.key).await.unwrap();
    set_role(&stage.core, &ada, Role::Viewer).await.unwrap();
    set_tier(&stage.core, &ada, Tier::Pro).await.unwrap();
    set_enabled(&stage.core, &ada, false).await.unwrap();
    let (rows, total) = shared::audit::page(&stage.core, &stage.owner, 0, 100).await.unwrap();
    let mut actions: Vec<_> = rows.iter().rev().map(|row| row.action.as_str()).collect();
    // The clock stands still, so lines of one moment are told apart by their ids alone.
    assert_eq!(actions.first(), Some(&"account.register"));
    actions.sort_unstable();
    assert_eq!(
        actions,
        [
            "account.register",
            "authentication.refused",
            "key.create",
            "key.rotate",
            "organization.set_tier",
            "results.delete",
            "scan.cancel",
            "scan.create",
            "session.begin",
            "session.end",
            "user.add",
            "user.disable",
            "user.set_role"
        ]
    );
    assert_eq!(total, 13);
    let created = rows.iter().find(|row| row.action == "scan.create").unwrap();
    assert_eq!((created.subject_id(), created.key_id), (Some(job.uuid()), Some(stage.owner.key.uuid())));
    assert_eq!(created.address.as_deref(), Some("127.0.0.1"));
    let refused = shared::audit::page(&stage.core, &guest, 0, 1).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
}
