//! The shared store when the server is away, busy with others, or not ours; runs where `BEARTRAP_TEST_POSTGRES` names one.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, reason = "what a law relies on fails the test where it fails")]

#[path = "support/stores.rs"]
mod stores;

use beartrap::store::error::StoreError;
use beartrap::store::open::open;
use beartrap::store::state_dir::Access;
use beartrap::store::store::Novelty;

use crate::stores::{Home, fp, load, plain, uses_of, write};

fn refusal(state: &str) -> StoreError {
    open(state, Access::Owner).err().expect("because it is refused")
}

#[test]
fn a_server_that_is_away_is_told_without_its_password() {
    let error = refusal("postgres://user:word@127.0.0.1:1/ledger");
    assert!(matches!(&error, StoreError::Server { place, .. } if place == "127.0.0.1/ledger"), "{error:?}");
    let text = format!("{error} {error:?}");
    assert!(text.contains("hint:") && !text.contains("word"), "{text}");
}

#[test]
fn a_database_or_user_that_is_missing_is_told() {
    let Some(home) = Home::postgres("missing") else { return };
    let Home::Postgres { url, .. } = &home else { return };
    let missing = refusal(&url.replace("/postgres", "/no_such_database")).to_string();
    assert!(missing.contains("hint: make the database") && missing.contains("/no_such_database: "), "{missing}");
    let stranger = refusal(&url.replace("//beartrap@", "//stranger:word@")).to_string();
    assert!(stranger.contains("hint: check the user") && !stranger.contains(":word"), "{stranger}");
}

#[test]
fn a_lost_connection_is_made_again() {
    let Some(home) = Home::postgres("lost") else { return };
    let mut store = open(&format!("{}&application_name=beartrap_lost", home.state()), Access::Owner).unwrap();
    write(&mut *store, &[plain(1)]);
    let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'beartrap_lost'";
    for round in 2..5 {
        home.meddle(end);
        assert_eq!(store.find(&fp(1)).unwrap().len(), 1);
        home.meddle(end);
        assert_eq!(uses_of(&*store, &[fp(1)]), [""; 0]);
        home.meddle(end);
        assert_eq!(write(&mut *store, &[plain(round)]).last, i64::try_from(round).unwrap());
    }
    assert_eq!(store.verify().unwrap(), [""; 0]);
}

#[test]
fn other_versions_and_other_tables_are_refused() {
    let Some(home) = Home::postgres("versions") else { return };
    drop(home.open());
    home.meddle("UPDATE schema_version SET version = 99");
    let newer = refusal(&home.state());
    assert!(matches!(newer, StoreError::Newer { found: 99, .. }), "{newer:?}");
    home.meddle("DROP TABLE schema_version");
    let foreign = refusal(&home.state());
    assert!(matches!(foreign, StoreError::Foreign { .. }), "{foreign:?}");
}

#[test]
fn a_lock_that_stays_is_told_and_nothing_is_written() {
    let Some(home) = Home::postgres("locked") else { return };
    let Home::Postgres { url, schema } = &home else { return };
    let mut store = open(&format!("{}&options=-clock_timeout%3D200", home.state()), Access::Owner).unwrap();
    write(&mut *store, &[plain(1)]);
    let mut other = postgres::Client::connect(url, postgres::NoTls).unwrap();
    let mut holds = other.transaction().unwrap();
    holds.batch_execute(&format!("LOCK TABLE {schema}.counter")).unwrap();
    let error = store.write(&mut load(&[plain(2)], Novelty::New)).expect_err("because it is locked");
    assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
    holds.rollback().unwrap();
    assert_eq!(write(&mut *store, &[plain(2)]).last, 2);
}
