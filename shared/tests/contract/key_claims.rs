//! Accounts that are had for an e-mail address, and why they are worth nothing to anybody else.

use std::net::{IpAddr, Ipv4Addr};

use chrono::TimeDelta;
use shared::{
    core::Core,
    error::Error,
    identity::{
        ApiKey, Claim, Form, Permissions, Principal, address_of, claim, list_keys, log_in, recognise,
        register, revoke,
    },
    settings::Registration,
    store::audit::Row,
};

use crate::{
    race::race,
    stage::{FROM, Stage},
};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";

on_both_databases!(
    a_claim_opens_an_account_that_watches_certificates_and_does_nothing_else,
    a_claim_of_the_same_key_is_granted_again_and_changes_nothing,
    a_key_of_somebody_elses_is_not_granted_and_they_are_told,
    a_claimed_address_stays_its_owners,
    of_racing_claims_of_one_key_one_address_wins,
    an_address_has_a_hundred_accounts,
    one_place_claims_so_many_new_addresses_a_day_and_so_often_an_hour,
    where_registration_is_closed_nothing_is_claimed,
);

fn chosen(text: &str) -> ApiKey {
    ApiKey::parse_keychest(text).unwrap()
}

async fn opened(core: &Core, email: &str, key: Option<ApiKey>) -> (String, ApiKey) {
    match claim(core, FROM, email, key).await.unwrap() {
        Claim::Opened { email, key } => (email, key),
        other @ (Claim::Held | Claim::Refused | Claim::TooMany) => panic!("{other:?}"),
    }
}

async fn enter(core: &Core, key: &ApiKey) -> Principal {
    recognise(core, Some(key), FROM).await.unwrap().unwrap()
}

async fn log(stage: &Stage, of: &Principal) -> Vec<Row> {
    // Owners read their log; the key of a claim cannot.
    let owner = Principal { permissions: Permissions::ALL, ..of.clone() };
    shared::audit::page(&stage.core, &owner, 0, 100).await.unwrap().0
}

async fn a_claim_opens_an_account_that_watches_certificates_and_does_nothing_else(stage: Stage) {
    let (email, key) = opened(&stage.core, " Ada@Example.com", None).await;
    assert_eq!((email.as_str(), key.form(), key.reveal().len()), (EMAIL, Form::KeyChest, 32));
    let ada = enter(&stage.core, &key).await;
    assert_eq!(ada.permissions, Permissions::WATCHING);
    assert_eq!(address_of(&stage.core, &ada).await.unwrap(), EMAIL);
    assert!(matches!(list_keys(&stage.core, &ada).await, Err(Error::Forbidden(_))));
    assert_eq!(address_of(&stage.core, &stage.owner).await.unwrap(), "owner@example.com");
    let (_, another) = opened(&stage.core, EMAIL, None).await;
    let again = enter(&stage.core, &another).await;
    assert!(key != another && ada.user != again.user && ada.organization != again.organization);
    let lines = log(&stage, &ada).await;
    let told: Vec<_> =
        lines.iter().map(|line| (line.action.as_str(), line.key_id, line.subject_id())).collect();
    assert_eq!(told, [("account.claim", Some(ada.key.uuid()), Some(ada.user.uuid()))]);
}

async fn a_claim_of_the_same_key_is_granted_again_and_changes_nothing(stage: Stage) {
    let key = chosen("my-own-key-0123456789");
    let (_, given) = opened(&stage.core, EMAIL, Some(key.clone())).await;
    assert_eq!(given, key);
    for email in [EMAIL, " ADA@example.com "] {
        let again = claim(&stage.core, FROM, email, Some(key.clone())).await.unwrap();
        assert!(matches!(again, Claim::Held), "{again:?}");
    }
    assert_eq!(stage.database.number("SELECT COUNT(*) FROM users").await, 2);
}

async fn a_key_of_somebody_elses_is_not_granted_and_they_are_told(stage: Stage) {
    let key = chosen("my-own-key-0123456789");
    opened(&stage.core, EMAIL, Some(key.clone())).await;
    let ada = enter(&stage.core, &key).await;
    let refused = claim(&stage.core, FROM, "eve@example.org", Some(key.clone())).await.unwrap();
    assert!(matches!(refused, Claim::Refused), "{refused:?}");
    assert_eq!(address_of(&stage.core, &ada).await.unwrap(), EMAIL);
    let lines = log(&stage, &ada).await;
    assert!(lines.iter().any(|line| line.subject == "claim of a key that is taken"), "{lines:?}");
    revoke(&stage.core, ada.key).await.unwrap();
    for email in [EMAIL, "eve@example.org"] {
        let refused = claim(&stage.core, FROM, email, Some(key.clone())).await.unwrap();
        assert!(matches!(refused, Claim::Refused), "what was revoked stays so: {refused:?}");
    }
}

async fn a_claimed_address_stays_its_owners(stage: Stage) {
    let (_, before) = opened(&stage.core, EMAIL, None).await;
    let registered = register(&stage.core, FROM, EMAIL, PASSWORD).await.unwrap();
    let (_, after) = opened(&stage.core, EMAIL, None).await;
    let ada = enter(&stage.core, &registered.key).await;
    for key in [before, after] {
        let stranger = enter(&stage.core, &key).await;
        assert!(stranger.user != ada.user && stranger.organization != ada.organization);
        assert_eq!(stranger.permissions, Permissions::WATCHING);
    }
    assert_eq!(log_in(&stage.core, FROM, EMAIL, PASSWORD).await.unwrap().user.id, ada.user);
    assert_eq!(list_keys(&stage.core, &ada).await.unwrap().len(), 1, "a claimed key is not theirs");
}

async fn of_racing_claims_of_one_key_one_address_wins(stage: Stage) {
    let key = chosen("my-own-key-0123456789");
    let mut cores = [stage.core.clone(), stage.other_process().await];
    for core in &mut cores {
        core.limits.allowances.claimed_emails_a_day = 8;
    }
    let told = race(8, |index| {
        let (core, key) = (cores[index % 2].clone(), key.clone());
        async move { claim(&core, FROM, ["ada@example.com", "eve@example.org"][index / 4], Some(key)).await }
    });
    let told: Vec<_> = told.await.into_iter().map(Result::unwrap).collect();
    let count = |is: fn(&Claim) -> bool| told.iter().filter(|claim| is(claim)).count();
    assert_eq!(count(|claim| matches!(claim, Claim::Opened { .. })), 1, "{told:?}");
    assert_eq!(count(|claim| matches!(claim, Claim::Held)), 3, "those of the same address: {told:?}");
    assert_eq!(count(|claim| matches!(claim, Claim::Refused)), 4, "those of the other: {told:?}");
    for count in ["SELECT COUNT(*) FROM users", "SELECT COUNT(*) FROM organizations"] {
        assert_eq!(stage.database.number(count).await, 2, "{count}");
    }
}

async fn an_address_has_a_hundred_accounts(stage: Stage) {
    let mut core = stage.core.clone();
    core.limits.allowances.claims_an_hour = 1000;
    for _ in 0..100 {
        opened(&core, EMAIL, None).await;
    }
    let refused = claim(&core, FROM, EMAIL, None).await.unwrap();
    assert!(matches!(refused, Claim::TooMany), "{refused:?}");
    opened(&core, "bob@example.com", None).await;
}

async fn one_place_claims_so_many_new_addresses_a_day_and_so_often_an_hour(stage: Stage) {
    let from = |last| IpAddr::V4(Ipv4Addr::new(127, 0, 0, last));
    let ask = async |last: u8, user: usize| {
        claim(&stage.core, from(last), &format!("user{user}@example.com"), None).await
    };
    for user in 0..5 {
        assert!(matches!(ask(1, user).await, Ok(Claim::Opened { .. })), "{user}");
    }
    assert!(matches!(ask(1, 5).await, Ok(Claim::Refused)));
    assert!(matches!(ask(1, 4).await, Ok(Claim::Opened { .. })), "one that was named before");
    assert!(matches!(ask(2, 5).await, Ok(Claim::Opened { .. })), "from elsewhere");
    for _ in 7..60 {
        assert!(ask(1, 6).await.is_ok());
    }
    assert!(matches!(ask(1, 4).await, Err(Error::LimitReached(standing)) if standing.limit == 60));
    stage.wait(TimeDelta::hours(1));
    assert!(matches!(ask(1, 6).await, Ok(Claim::Refused)), "the day is not over");
    stage.wait(TimeDelta::hours(24));
    assert!(matches!(ask(1, 6).await, Ok(Claim::Opened { .. })));
}

async fn where_registration_is_closed_nothing_is_claimed(stage: Stage) {
    let key = chosen("my-own-key-0123456789");
    opened(&stage.core, EMAIL, Some(key.clone())).await;
    let mut core = stage.core.clone();
    core.limits.registration = Registration::Closed;
    assert!(matches!(claim(&core, FROM, EMAIL, None).await, Ok(Claim::Refused)));
    assert!(matches!(claim(&core, FROM, EMAIL, Some(key)).await, Ok(Claim::Held)), "theirs already");
}
