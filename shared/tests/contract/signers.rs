//! Keys that requests are signed with: made, replaced, taken away, and what they are good for meanwhile.

use std::net::IpAddr;

use chrono::TimeDelta;
use shared::{
    core::Core,
    error::Error,
    identity::{
        Addresses, ApiKey, Form, Home, Issued, KeyOrder, Permissions, Refusal, Role, Signatory, Signer,
        Unsigned, add_user, issue_signing_key, public_id, recognise_signer, revoke, set_enabled,
    },
    store::{
        identity::User,
        keys::{Whose, list},
    },
};

use crate::stage::{FROM, Stage};

on_both_databases!(
    a_signature_is_believed_of_its_user_and_organization_alone,
    a_new_key_revokes_the_last_one,
    racing_orders_leave_one_good_key,
    a_key_that_is_revoked_ended_or_its_users_no_more_is_refused,
    a_key_holds_from_its_addresses_and_for_what_it_may,
    a_change_by_another_process_is_noticed_within_a_second,
);

async fn ada(stage: &Stage) -> User {
    let home = Home::Joined(stage.owner.organization, Role::Analyst);
    add_user(&stage.core, home, "ada@example.com", None).await.unwrap()
}

fn order() -> KeyOrder {
    KeyOrder::unlimited(Form::Hawk, None)
}

type Recognised = Result<Signer, Unsigned<&'static str>>;

/// Shows what was signed with a key in a user's name.
async fn show(core: &Core, user: &User, key: &ApiKey, from: IpAddr) -> Recognised {
    let (id, organization) = (public_id(user.id.uuid()), public_id(user.organization_id.uuid()));
    let signatory = Signatory { id: &id, organization: &organization, from };
    let verify = |known: &[u8]| if known == key.reveal().as_bytes() { Ok(()) } else { Err("another key") };
    recognise_signer(core, &signatory, verify).await.unwrap()
}

fn refusal(recognised: Recognised) -> Refusal {
    match recognised {
        Err(Unsigned::Signatory(refusal) | Unsigned::Elsewhere(refusal, _)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn is_another_key(recognised: &Recognised) -> bool {
    matches!(recognised, Err(Unsigned::Signature("another key")))
}

async fn a_signature_is_believed_of_its_user_and_organization_alone(stage: Stage) {
    let (core, ada) = (&stage.core, ada(&stage).await);
    let issued = issue_signing_key(core, &ada, &order()).await.unwrap();
    for _ in 0..2 {
        let signer = show(core, &ada, &issued.key, FROM).await.unwrap();
        assert_eq!((signer.principal.user, signer.principal.key), (ada.id, issued.id));
        assert_eq!(signer.key, issued.key.reveal().as_bytes());
        assert!(!format!("{signer:?} {issued:?}").contains(issued.key.reveal()));
        let guess = ApiKey::generate(Form::Hawk).unwrap();
        assert!(is_another_key(&show(core, &ada, &guess, FROM).await));
        let (id, organization) = (public_id(ada.id.uuid()), public_id(ada.organization_id.uuid()));
        for (id, organization) in [(id.as_str(), ""), (&id, &id), (&organization, &organization), ("", "")] {
            let signatory = Signatory { id, organization, from: FROM };
            let recognised = recognise_signer(core, &signatory, |_| Ok(())).await.unwrap();
            assert_eq!(refusal(recognised).reason(), "unknown key", "{id} {organization}");
        }
    }
    assert!(ApiKey::parse(issued.key.reveal()).is_none(), "it cannot be sent");
}

async fn a_new_key_revokes_the_last_one(stage: Stage) {
    let (core, ada) = (&stage.core, ada(&stage).await);
    let first = issue_signing_key(core, &ada, &order()).await.unwrap();
    assert!(show(core, &ada, &first.key, FROM).await.is_ok());
    let second = issue_signing_key(core, &ada, &order()).await.unwrap();
    assert!(is_another_key(&show(core, &ada, &first.key, FROM).await));
    assert_eq!(show(core, &ada, &second.key, FROM).await.unwrap().principal.key, second.id);
    let listed = list(&core.store, Whose::User(ada.id)).await.unwrap();
    let told: Vec<_> = listed.iter().map(|key| (key.id, key.form, key.revoked_at.is_some())).collect();
    assert_eq!(told, [(first.id, Form::Hawk, true), (second.id, Form::Hawk, false)]);
    let secrets = "SELECT COUNT(*) FROM hawk_secrets";
    assert_eq!(stage.database.number(secrets).await, 1, "a secret that is good for nothing is forgotten");
}

async fn racing_orders_leave_one_good_key(stage: Stage) {
    let (ada, cores) = (ada(&stage).await, [stage.core.clone(), stage.other_process().await]);
    let issued: Vec<Issued> = crate::race::race(6, |index| {
        let (core, ada) = (cores[index % 2].clone(), ada.clone());
        async move { issue_signing_key(&core, &ada, &order()).await.unwrap() }
    })
    .await;
    stage.wait_seconds(1);
    let mut good = 0;
    for one in &issued {
        good += usize::from(show(&stage.core, &ada, &one.key, FROM).await.is_ok());
    }
    let listed = list(&stage.core.store, Whose::User(ada.id)).await.unwrap();
    let unrevoked = listed.iter().filter(|key| key.revoked_at.is_none()).count();
    assert_eq!((good, unrevoked, listed.len()), (1, 1, 6));
}

async fn a_key_that_is_revoked_ended_or_its_users_no_more_is_refused(stage: Stage) {
    let (core, ada) = (&stage.core, ada(&stage).await);
    let day = KeyOrder { expires_at: Some(stage.now() + TimeDelta::days(1)), ..order() };
    let issued = issue_signing_key(core, &ada, &day).await.unwrap();
    assert!(show(core, &ada, &issued.key, FROM).await.is_ok());
    set_enabled(core, &ada, false).await.unwrap();
    assert_eq!(refusal(show(core, &ada, &issued.key, FROM).await).reason(), "disabled user");
    set_enabled(core, &ada, true).await.unwrap();
    assert!(show(core, &ada, &issued.key, FROM).await.is_ok());
    stage.wait(TimeDelta::days(1));
    assert_eq!(refusal(show(core, &ada, &issued.key, FROM).await).reason(), "expired key");
    let issued = issue_signing_key(core, &ada, &order()).await.unwrap();
    revoke(core, issued.id).await.unwrap();
    let refused = refusal(show(core, &ada, &issued.key, FROM).await);
    assert_eq!((refused.reason(), refused.who().key), ("revoked key", Some(issued.id)));
    let guess = ApiKey::generate(Form::Hawk).unwrap();
    assert!(is_another_key(&show(core, &ada, &guess, FROM).await));
    let past = KeyOrder { expires_at: Some(stage.now()), ..order() };
    assert!(matches!(issue_signing_key(core, &ada, &past).await, Err(Error::Invalid(_))));
}

async fn a_key_holds_from_its_addresses_and_for_what_it_may(stage: Stage) {
    let (core, ada) = (&stage.core, ada(&stage).await);
    let narrow = KeyOrder {
        allowed_addresses: Addresses::parse("192.0.2.0/24").unwrap(),
        permissions: Permissions::parse("scans:read,scans:write").unwrap(),
        read_only: true,
        ..order()
    };
    let issued = issue_signing_key(core, &ada, &narrow).await.unwrap();
    let elsewhere = refusal(show(core, &ada, &issued.key, FROM).await);
    assert!(matches!(Error::from(elsewhere), Error::Forbidden(_)));
    let signer = show(core, &ada, &issued.key, IpAddr::from([192, 0, 2, 1])).await.unwrap();
    assert_eq!(signer.principal.permissions.to_string(), "scans:read");
    let guess = ApiKey::generate(Form::Hawk).unwrap();
    assert!(is_another_key(&show(core, &ada, &guess, FROM).await), "a stranger learns nothing of addresses");
}

async fn a_change_by_another_process_is_noticed_within_a_second(stage: Stage) {
    let (ada, other) = (ada(&stage).await, stage.other_process().await);
    let first = issue_signing_key(&stage.core, &ada, &order()).await.unwrap();
    assert!(show(&other, &ada, &first.key, FROM).await.is_ok());
    let second = issue_signing_key(&stage.core, &ada, &order()).await.unwrap();
    assert!(show(&other, &ada, &second.key, FROM).await.is_ok(), "a new key is good at once");
    revoke(&stage.core, second.id).await.unwrap();
    stage.wait_seconds(1);
    assert_eq!(refusal(show(&other, &ada, &second.key, FROM).await).reason(), "revoked key");
}
