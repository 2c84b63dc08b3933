//! Keys that callers make and change themselves: never with more rights than they come with.

use chrono::TimeDelta;
use shared::{
    core::Core,
    error::{Error, Noun},
    identity::{
        Addresses, ApiKey, End, Form, Home, KeyChange, KeyOrder, Permissions, Principal, RateTier, Role,
        add_user, amend, authenticate, find_key, grant, issue, log_in, recognise, register, revoke,
    },
    store::identity::User,
};

use crate::stage::{FROM, Stage};

const PASSWORD: &str = "correct horse battery";

on_both_databases!(
    a_key_is_made_with_no_more_rights_than_its_maker_has,
    a_change_touches_what_it_names_and_is_felt_at_once,
    a_change_never_widens_what_its_maker_may_not,
    keys_are_shown_and_changed_within_the_organization_only,
    sessions_are_no_keys_to_look_after,
    a_revoked_key_never_holds_again,
);

async fn colleague(stage: &Stage, role: Role) -> User {
    let home = Home::Joined(stage.owner.organization, role);
    add_user(&stage.core, home, "ada@example.com", Some(PASSWORD)).await.unwrap()
}

fn unlimited() -> KeyOrder {
    KeyOrder::unlimited(Form::Chad, None)
}

async fn enter(core: &Core, key: &ApiKey) -> Principal {
    authenticate(core, key.reveal(), FROM).await.unwrap()
}

/// A caller with a key like this.
async fn caller(stage: &Stage, user: &User, order: KeyOrder) -> Principal {
    enter(&stage.core, &issue(&stage.core, user, &order).await.unwrap().key).await
}

fn addresses(text: &str) -> Addresses {
    Addresses::parse(text).unwrap()
}

async fn a_key_is_made_with_no_more_rights_than_its_maker_has(stage: Stage) {
    let ada = colleague(&stage, Role::Analyst).await;
    let narrow = KeyOrder {
        permissions: Permissions::parse("scans:read,account:write").unwrap(),
        allowed_addresses: addresses("127.0.0.0/8"),
        ..unlimited()
    };
    let narrow = caller(&stage, &ada, narrow).await;
    let made = grant(&stage.core, &narrow, unlimited()).await.unwrap();
    assert_eq!(made.stored.permissions.to_string(), "scans:read,account:write");
    assert_eq!(made.stored.allowed_addresses.to_string(), "127.0.0.0/8", "where nothing else is ordered");
    assert_eq!(enter(&stage.core, &made.key).await.permissions, narrow.permissions);
    let order = KeyOrder { allowed_addresses: addresses("127.0.0.1"), ..unlimited() };
    assert!(grant(&stage.core, &narrow, order).await.is_ok());
    for wide in ["0.0.0.0/0", "127.0.0.1,192.0.2.1", "::1"] {
        let order = KeyOrder { allowed_addresses: addresses(wide), ..unlimited() };
        assert!(matches!(grant(&stage.core, &narrow, order).await, Err(Error::Forbidden(_))), "{wide}");
    }
    let whole = caller(&stage, &ada, unlimited()).await;
    let high = KeyOrder { rate_tier: RateTier::High, ..unlimited() };
    assert!(matches!(grant(&stage.core, &whole, high.clone()).await, Err(Error::Forbidden(_))));
    let high = grant(&stage.core, &stage.owner, high).await.unwrap();
    assert_eq!(enter(&stage.core, &high.key).await.rate_tier, RateTier::High);
    let reading = caller(&stage, &ada, KeyOrder { read_only: true, ..unlimited() }).await;
    assert!(matches!(grant(&stage.core, &reading, unlimited()).await, Err(Error::Forbidden(_))));
    let past = KeyOrder { expires_at: Some(stage.now()), ..unlimited() };
    assert!(matches!(grant(&stage.core, &whole, past).await, Err(Error::Invalid(_))));
    for (name, description) in [("x".repeat(101), String::new()), (String::new(), "x".repeat(501))] {
        let order = KeyOrder { name, description, ..unlimited() };
        assert!(matches!(grant(&stage.core, &whole, order).await, Err(Error::Invalid(_))));
    }
}

async fn a_change_touches_what_it_names_and_is_felt_at_once(stage: Stage) {
    let order = KeyOrder {
        name: "laptop".to_owned(),
        description: "at home".to_owned(),
        allowed_addresses: addresses("127.0.0.0/8"),
        ..KeyOrder::unlimited(Form::Chad, Some(stage.now() + TimeDelta::days(1)))
    };
    let made = grant(&stage.core, &stage.owner, order).await.unwrap();
    assert!(enter(&stage.core, &made.key).await.permissions == Permissions::ALL);
    let id = made.stored.id;
    let change = async |change: KeyChange| amend(&stage.core, &stage.owner, id, &change).await.unwrap();
    let key = change(KeyChange { read_only: Some(true), ..KeyChange::default() }).await;
    assert_eq!((key.name.as_str(), key.description.as_str(), key.read_only), ("laptop", "at home", true));
    assert_eq!((key.expires_at, key.rate_tier), (made.stored.expires_at, RateTier::Standard));
    assert_eq!(enter(&stage.core, &made.key).await.permissions, Permissions::READING);
    let all = KeyChange {
        name: Some("desk".to_owned()),
        description: Some(String::new()),
        end: Some(End::Never),
        read_only: Some(false),
        rate_tier: Some(RateTier::High),
        allowed_addresses: Some(addresses("192.0.2.0/24")),
        is_active: Some(true),
    };
    let key = change(all).await;
    assert_eq!((key.name.as_str(), key.description.as_str(), key.read_only), ("desk", "", false));
    assert_eq!((key.expires_at, key.rate_tier), (None, RateTier::High));
    let elsewhere = authenticate(&stage.core, made.key.reveal(), FROM).await;
    assert!(matches!(elsewhere, Err(Error::Forbidden(_))), "{elsewhere:?}");
    let past = KeyChange { end: Some(End::At(stage.now())), ..KeyChange::default() };
    assert!(matches!(amend(&stage.core, &stage.owner, id, &past).await, Err(Error::Invalid(_))));
    let (lines, _) = shared::audit::page(&stage.core, &stage.owner, 0, 100).await.unwrap();
    let about = lines.iter().filter(|line| line.subject_id() == Some(id.uuid()));
    let mut told: Vec<_> = about.map(|line| line.action.as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["key.change", "key.change", "key.create"]);
}

async fn a_change_never_widens_what_its_maker_may_not(stage: Stage) {
    let ada = colleague(&stage, Role::Analyst).await;
    let whole = issue(&stage.core, &ada, &unlimited()).await.unwrap();
    let narrow = KeyOrder { permissions: Permissions::parse("account:write").unwrap(), ..unlimited() };
    let narrow = caller(&stage, &ada, narrow).await;
    let widening = KeyChange { allowed_addresses: Some(Addresses::default()), ..KeyChange::default() };
    let refused = amend(&stage.core, &narrow, whole.id, &widening).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "of a key that may do more: {refused:?}");
    let tied =
        caller(&stage, &ada, KeyOrder { allowed_addresses: addresses("127.0.0.0/8"), ..unlimited() }).await;
    for id in [whole.id, tied.key] {
        let refused = amend(&stage.core, &tied, id, &widening).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    }
    let high = KeyChange { rate_tier: Some(RateTier::High), ..KeyChange::default() };
    assert!(matches!(amend(&stage.core, &tied, tied.key, &high).await, Err(Error::Forbidden(_))));
    let name = KeyChange { name: Some("mine".to_owned()), ..KeyChange::default() };
    assert_eq!(amend(&stage.core, &tied, tied.key, &name).await.unwrap().name, "mine");
}

async fn keys_are_shown_and_changed_within_the_organization_only(stage: Stage) {
    let ada = colleague(&stage, Role::Analyst).await;
    let hers = caller(&stage, &ada, unlimited()).await;
    let eve = register(&stage.core, FROM, "eve@example.org", PASSWORD).await.unwrap();
    let eve = enter(&stage.core, &eve.key).await;
    let name = KeyChange { name: Some("mine".to_owned()), ..KeyChange::default() };
    for (who, id) in [(&eve, hers.key), (&hers, stage.owner.key), (&stage.owner, eve.key)] {
        let shown = find_key(&stage.core, who, id).await;
        assert!(matches!(shown, Err(Error::NotFound(Noun::Key))), "{shown:?}");
        let changed = amend(&stage.core, who, id, &name).await;
        assert!(matches!(changed, Err(Error::NotFound(Noun::Key))), "{changed:?}");
    }
    assert_eq!(amend(&stage.core, &stage.owner, hers.key, &name).await.unwrap().name, "mine");
    assert_eq!(find_key(&stage.core, &hers, hers.key).await.unwrap().name, "mine");
}

async fn sessions_are_no_keys_to_look_after(stage: Stage) {
    register(&stage.core, FROM, "ada@example.com", PASSWORD).await.unwrap();
    let session = log_in(&stage.core, FROM, "ada@example.com", PASSWORD).await.unwrap();
    let ada = recognise(&stage.core, Some(&session.key), FROM).await.unwrap().unwrap();
    assert!(matches!(find_key(&stage.core, &ada, ada.key).await, Err(Error::NotFound(Noun::Key))));
    let longer = KeyChange { end: Some(End::Never), ..KeyChange::default() };
    assert!(matches!(amend(&stage.core, &ada, ada.key, &longer).await, Err(Error::NotFound(Noun::Key))));
    let made = grant(&stage.core, &ada, unlimited()).await.unwrap();
    assert_eq!(
        (made.stored.form, made.stored.expires_at),
        (Form::Chad, None),
        "what a session makes outlives it"
    );
}

async fn a_revoked_key_never_holds_again(stage: Stage) {
    let made = grant(&stage.core, &stage.owner, unlimited()).await.unwrap();
    let set = async |is_active| {
        let change = KeyChange { is_active: Some(is_active), ..KeyChange::default() };
        amend(&stage.core, &stage.owner, made.stored.id, &change).await
    };
    assert!(set(true).await.unwrap().revoked_at.is_none());
    enter(&stage.core, &made.key).await;
    assert!(set(false).await.unwrap().revoked_at.is_some());
    assert!(recognise(&stage.core, Some(&made.key), FROM).await.unwrap().is_err());
    assert!(matches!(set(true).await, Err(Error::Invalid(_))));
    set(false).await.unwrap();
    revoke(&stage.core, made.stored.id).await.unwrap();
    let (lines, _) = shared::audit::page(&stage.core, &stage.owner, 0, 100).await.unwrap();
    assert_eq!(lines.iter().filter(|line| line.action == "key.revoke").count(), 1, "{lines:?}");
}
