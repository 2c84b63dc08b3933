//! How often the database is asked about a key: once, whatever the answer, and not at all while the key is known.

use shared::{
    core::Core,
    identity::{
        ApiKey, Form, KeyOrder, Signatory, authenticate, issue, issue_signing_key, public_id,
        recognise_signer, revoke, user,
    },
};
use vedette_tests::postgres::Postgres;

use crate::{
    database::Kind,
    stage::{FROM, Stage},
};

/// Has every statement of connections to come written into the server's log.
const LOG_ALL: &str = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET log_statement = ''all''', \
                       current_database()); END $$";

/// How many queries something makes.
async fn queries(act: impl Future<Output = ()>) -> usize {
    let cluster = Postgres::shared().await;
    let executed = || cluster.log().matches("LOG:  execute ").count();
    let before = executed();
    act.await;
    executed() - before
}

async fn show(core: &Core, key: &ApiKey, is_good: bool) -> usize {
    queries(async { assert_eq!(authenticate(core, key.reveal(), FROM).await.is_ok(), is_good) }).await
}

/// One after the other: the log is one for all.
#[tokio::test]
async fn every_refusal_costs_one_query_and_what_is_known_none() {
    ask_with_keys().await;
    ask_with_signatures().await;
}

async fn ask_with_keys() {
    let stage = Stage::on(Kind::Postgres).await;
    stage.database.run(LOG_ALL).await;
    let (core, owner) = (&stage.other_process().await, user(&stage.core, "owner@example.com").await.unwrap());
    let order = KeyOrder::unlimited(Form::Chad, None);
    let (good, gone) = (
        issue(&stage.core, &owner, &order).await.unwrap(),
        issue(&stage.core, &owner, &order).await.unwrap(),
    );
    revoke(&stage.core, gone.id).await.unwrap();
    assert_eq!(show(core, &good.key, true).await, 1);
    assert_eq!(show(core, &good.key, true).await, 0, "it is known");
    for _ in 0..2 {
        assert_eq!(show(core, &ApiKey::generate(Form::Chad).unwrap(), false).await, 1, "unknown");
        assert_eq!(show(core, &gone.key, false).await, 1, "revoked");
    }
}

async fn ask_with_signatures() {
    let stage = Stage::on(Kind::Postgres).await;
    stage.database.run(LOG_ALL).await;
    let (core, owner) = (&stage.other_process().await, user(&stage.core, "owner@example.com").await.unwrap());
    let issued =
        issue_signing_key(&stage.core, &owner, &KeyOrder::unlimited(Form::Hawk, None)).await.unwrap();
    let (id, organization) = (public_id(owner.id.uuid()), public_id(owner.organization_id.uuid()));
    let sign = async |id: &str, key: &str, is_good: bool| {
        let signatory = Signatory { id, organization: &organization, from: FROM };
        let verify = |known: &[u8]| if known == key.as_bytes() { Ok(()) } else { Err(()) };
        queries(async {
            assert_eq!(recognise_signer(core, &signatory, verify).await.unwrap().is_ok(), is_good);
        })
        .await
    };
    let key = issued.key.reveal();
    assert_eq!(sign(&id, key, true).await, 1);
    assert_eq!(sign(&id, key, true).await, 0, "they are known");
    for _ in 0..2 {
        assert_eq!(sign(&organization, key, false).await, 1, "unknown");
        assert_eq!(sign(&id, "a guess", false).await, 1, "another key, although they are known");
    }
    revoke(&stage.core, issued.id).await.unwrap();
    stage.wait_seconds(1);
    assert_eq!(sign(&id, key, false).await, 1, "revoked");
}
