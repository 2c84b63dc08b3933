//! The secret: the first one is remembered, and every other is refused.

use shared::{core::Core, error::Error, identity::Secret};

use crate::{race::race, stage::Stage};

on_both_databases!(another_secret_than_the_first_is_refused, racing_processes_agree_on_one_secret);

fn with_secret(core: &Core, letter: char) -> Core {
    Core { secret: Secret::parse(&letter.to_string().repeat(32)).unwrap(), ..core.clone() }
}

async fn another_secret_than_the_first_is_refused(stage: Stage) {
    let other = stage.other_process().await;
    with_secret(&stage.core, 'a').require_secret().await.unwrap();
    with_secret(&other, 'a').require_secret().await.unwrap();
    let refused = with_secret(&other, 'b').require_secret().await;
    let Err(Error::Invalid(invalid)) = refused else { panic!("{refused:?}") };
    assert_eq!(invalid.field, "VEDETTE_SECRET_KEY");
    assert!(!invalid.message.contains("bbbb"), "{invalid}");
    with_secret(&stage.core, 'a').require_secret().await.unwrap();
}

async fn racing_processes_agree_on_one_secret(stage: Stage) {
    let cores = [stage.core.clone(), stage.other_process().await];
    let accepted = race(8, |index| {
        let core = with_secret(&cores[index % 2], if index < 4 { 'a' } else { 'b' });
        async move { core.require_secret().await.is_ok() }
    });
    let accepted = accepted.await;
    assert_eq!(accepted.iter().filter(|accepted| **accepted).count(), 4, "{accepted:?}");
}
