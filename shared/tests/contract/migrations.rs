//! Migrations: the same tables on both databases, made once.

use shared::store::Store;

use crate::{database::Kind, race::race, stage::Stage};

on_both_databases!(
    an_empty_database_is_not_migrated,
    migrating_again_changes_nothing,
    racing_migrations_make_the_tables_once,
    a_database_of_an_older_version_is_not_migrated,
);

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_the_same_tables_and_columns() {
    let sqlite = Stage::on(Kind::Sqlite).await.database.columns().await;
    let postgres = Stage::on(Kind::Postgres).await.database.columns().await;
    assert!(sqlite.contains("jobs.last_seq") && sqlite.len() > 50, "{sqlite:?}");
    assert_eq!(sqlite, postgres);
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_says_so() {
    for url in ["postgres://nobody@127.0.0.1:1/nothing", "sqlite:///nowhere/at/all.db"] {
        assert!(Store::open(url, 1).await.is_err(), "{url}");
    }
}

async fn an_empty_database_is_not_migrated(stage: Stage) {
    let empty = stage.empty().await;
    assert!(!empty.core.store.is_migrated().await.unwrap());
    assert!(empty.core.require_tables().await.is_err());
    empty.core.store.ping().await.unwrap();
    empty.core.store.migrate().await.unwrap();
    assert!(empty.core.store.is_migrated().await.unwrap());
    empty.core.require_tables().await.unwrap();
}

async fn migrating_again_changes_nothing(stage: Stage) {
    let job = stage.submit().await;
    let before = stage.database.columns().await;
    stage.core.store.migrate().await.unwrap();
    assert_eq!(stage.database.columns().await, before);
    crate::invariants::check(&stage, job).await;
}

async fn racing_migrations_make_the_tables_once(stage: Stage) {
    let empty = stage.empty().await;
    let mut cores = vec![empty.core.clone()];
    if stage.database.kind() == Kind::Postgres {
        cores.push(empty.other().await);
        cores.push(empty.other().await);
    }
    let migrated = race(6, |index| {
        let store = cores[index % cores.len()].store.clone();
        async move { store.migrate().await }
    });
    for migrated in migrated.await {
        migrated.unwrap();
    }
    assert!(empty.core.store.is_migrated().await.unwrap());
}

async fn a_database_of_an_older_version_is_not_migrated(stage: Stage) {
    stage.database.run("DELETE FROM _sqlx_migrations").await;
    assert!(!stage.core.store.is_migrated().await.unwrap());
}
