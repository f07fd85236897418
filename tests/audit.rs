//! `beartrap audit` as a user meets it: whatever is done to the log is found.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/binary.rs"]
mod binary;

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beartrap::model::audit::{AuditKind, AuditRecord};
use beartrap::model::instant::Instant;
use beartrap::store::audit::{Audit as _, Note};
use beartrap::store::sqlite::Sqlite;
use beartrap::store::state_dir::{Access, DATABASE};
use beartrap::store::step::Step;
use beartrap::store::store::Store as _;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::binary::{Ran, run};

/// Appends decisions `from` to `to` to a state of their own directory.
fn decide(state: &Path, from: i64, to: i64) {
    let note = |number: i64| {
        let record = AuditRecord {
            token: format!("token_id:{number}").parse().ok(),
            why: Some("severity high\u{202e}".to_owned()),
            ..AuditRecord::new(AuditKind::Decided, "ann@host", format!("revoke {number}"))
        };
        Note::new(Instant::from_number(1_772_445_600 + number).unwrap(), &record)
    };
    let notes: Vec<Note> = (from..=to).map(note).collect();
    Sqlite::open(state, Access::Owner).unwrap().commit(&Step { notes: &notes, ..Step::default() }).unwrap();
}

fn meddle(state: &Path, sql: &str) {
    let sql = format!("DROP TRIGGER IF EXISTS audit_kept; DROP TRIGGER IF EXISTS audit_unchanged; {sql}");
    rusqlite::Connection::open(state.join(DATABASE)).unwrap().execute_batch(&sql).unwrap();
}

/// Key files `NAME.key` and `NAME.pub`.
fn keys(at: &Path, name: &str, octet: u8) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[octet; 32]).unwrap();
    fs::write(at.join(format!("{name}.key")), format!("whsk_{}\n", STANDARD.encode([octet; 32]))).unwrap();
    fs::write(at.join(format!("{name}.pub")), format!("whpk_{}\n", STANDARD.encode(pair.public_key().as_ref()))).unwrap();
}

fn audit(at: &Path, args: &[&str]) -> Ran {
    run(at, &[&["audit"], args, &["--state", "st"]].concat())
}

#[test]
fn the_log_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    let (at, state) = (directory.path(), directory.path().join("st"));
    assert_eq!((audit(at, &["show"]).out(), audit(at, &["verify"]).out()), (String::new(), "whole: 0 records\n".to_owned()));
    decide(&state, 1, 3);
    let shown = audit(at, &["show"]);
    let second = "     2  2026-03-02T10:00:02Z  decided     ann@host  revoke 2 (severity high\\u202e)  token token_id:2";
    assert_eq!((shown.status, shown.out().lines().nth(1)), (0, Some(second)), "{}", shown.out());
    let lines = audit(at, &["show", "--format", "jsonl", "--since", "2026-03-02T10:00:02Z"]).records();
    assert_eq!(lines.iter().map(|line| &line["seq"]).collect::<Vec<_>>(), [&json!(2), &json!(3)]);
    assert_eq!((&lines[0]["at"], &lines[0]["record"]["who"]), (&json!("2026-03-02T10:00:02Z"), &json!("ann@host")));
    assert_eq!(lines[0]["hash"].as_str().map(str::len), Some(64));
    assert_eq!(audit(at, &["show", "--about", "token_id:3"]).out().lines().count(), 1);
    assert_eq!(audit(at, &["show", "--about", "token_id:4"]).out(), "");
}

#[test]
fn every_change_is_found_with_its_place() {
    for (sql, status, expected) in [
        ("", 0, "whole: 30 records\n"),
        ("DELETE FROM audit WHERE seq = 7", 1, "records 7 to 7 are missing\n"),
        ("UPDATE audit SET record = replace(record, 'revoke 9', 'ignore 9') WHERE seq = 9", 1, "record 9 does not follow"),
        ("UPDATE audit SET at = at + 1 WHERE seq = 9", 1, "record 9 does not follow"),
        ("INSERT INTO audit SELECT 31, at, record, hash FROM audit WHERE seq = 30", 1, "record 31 does not follow"),
        ("INSERT INTO audit SELECT 0, at, record, hash FROM audit WHERE seq = 1", 1, "record 0 stands before the first"),
        (
            "UPDATE audit SET seq = 99 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 99",
            1,
            "record 4 does not follow",
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let (at, state) = (directory.path(), directory.path().join("st"));
        decide(&state, 1, 30);
        meddle(&state, sql);
        let ran = audit(at, &["verify"]);
        assert!(ran.status == status && ran.out().starts_with(expected), "{sql}: {} {}{}", ran.status, ran.out(), ran.err());
    }
}

#[test]
fn checkpoints_find_an_end_that_was_cut_off_and_a_log_written_anew() {
    let directory = tempfile::tempdir().unwrap();
    let (at, state) = (directory.path(), directory.path().join("st"));
    keys(at, "mine", 1);
    keys(at, "other", 2);
    decide(&state, 1, 5);
    let line = audit(at, &["checkpoint", "--key", "mine.key"]);
    let end: Value = serde_json::from_str(&line.out()).unwrap();
    assert_eq!((&end["v"], &end["seq"], line.status), (&json!(1), &json!(6), 0));
    fs::write(at.join("kept"), &line.stdout).unwrap();
    decide(&state, 7, 9);
    assert_eq!(audit(at, &["checkpoint", "--key", "mine.key", "--output", "kept"]).out(), "");
    let check = |public: &str, status: i32, expected: &str| {
        let ran = audit(at, &["verify", "--checkpoint", "kept", "--public-key", public]);
        let said = format!("{}{}", ran.out(), ran.err());
        assert!(ran.status == status && said.contains(expected), "{expected}: {} {said}", ran.status);
    };
    check("mine.pub", 0, "whole: 10 records, held against 2 checkpoints");
    check("other.pub", 2, "kept:1: this key has not signed it");
    check("mine.key", 2, "no public key");
    let whole = fs::read_to_string(at.join("kept")).unwrap();
    fs::write(at.join("kept"), whole.replace("\"seq\":6", "\"seq\":5")).unwrap();
    check("mine.pub", 2, "kept:1: this key has not signed it");
    fs::write(at.join("kept"), "nonsense\n").unwrap();
    check("mine.pub", 2, "kept:1: no checkpoint");
    fs::write(at.join("kept"), &whole).unwrap();

    meddle(&state, "DELETE FROM audit WHERE seq > 8");
    assert_eq!(audit(at, &["verify"]).status, 0, "without a checkpoint nobody can know");
    check("mine.pub", 1, "the log ends at record 8; a checkpoint was signed at record 10");
    meddle(&state, "DELETE FROM audit");
    decide(&state, 1, 12);
    check("mine.pub", 1, "record 6 is not the one that a checkpoint was signed at");
    assert_eq!(Sqlite::open(&state, Access::Owner).unwrap().last_note().unwrap().map(|noted| noted.seq), Some(12));

    let ran = audit(at, &["checkpoint", "--key", "mine.pub"]);
    assert!(ran.status == 2 && ran.err().contains("begins with `whsk_`") && !ran.err().contains("whpk_"), "{}", ran.err());
    assert_eq!(audit(at, &["verify", "--checkpoint", "kept"]).status, 2);
}
