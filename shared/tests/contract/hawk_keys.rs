//! Keys that requests are signed with: made, found, renewed, taken away.

use shared::hawk_key::{find, issue, public_id, revoke};

use crate::stage::Stage;

on_both_databases!(a_key_is_found_by_its_user_and_organization_until_it_is_taken_away);

const OWNER: &str = "owner@example.com";

async fn a_key_is_found_by_its_user_and_organization_until_it_is_taken_away(stage: Stage) {
    let (core, other) = (&stage.core, stage.other_process().await);
    let first = issue(core, "Owner@Example.com ").await.unwrap().unwrap();
    assert_eq!(first.organization, public_id(stage.owner.organization.uuid()));
    assert_eq!(first.id.len(), 24);
    let holder = find(&other, &first.id, &first.organization).await.unwrap().unwrap();
    assert_eq!((holder.user, holder.organization), (stage.owner.user, stage.owner.organization));
    assert_eq!(holder.key, first.key.as_bytes());
    for (id, organization) in
        [(first.id.as_str(), ""), (&first.id, &first.id), (&first.organization, &first.organization)]
    {
        assert!(find(core, id, organization).await.unwrap().is_none());
    }
    let second = issue(core, OWNER).await.unwrap().unwrap();
    assert_eq!((&second.id, &second.organization), (&first.id, &first.organization));
    let holder = find(&other, &first.id, &first.organization).await.unwrap().unwrap();
    assert_eq!(holder.key, second.key.as_bytes());
    assert!(!format!("{second:?} {holder:?}").contains(&second.key));
    stage.database.run("UPDATE users SET enabled = NOT enabled").await;
    assert!(
        find(core, &first.id, &first.organization).await.unwrap().is_none(),
        "a disabled user has no key"
    );
    stage.database.run("UPDATE users SET enabled = NOT enabled").await;
    assert!(revoke(core, OWNER).await.unwrap());
    assert!(!revoke(core, OWNER).await.unwrap());
    assert!(find(&other, &first.id, &first.organization).await.unwrap().is_none());
    assert!(issue(core, "nobody@example.com").await.unwrap().is_none());
}
