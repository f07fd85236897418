//! Tokens that imported records show raw are found between any bytes, whatever the format; from names alone they are not.

use std::io::BufReader;
use std::sync::Arc;

use beartrap::ledger::import::format::Format;
use beartrap::ledger::ledger::Ledger;
use beartrap::model::fingerprint::Fingerprint;
use beartrap::model::known::Known;
use beartrap::model::origin::Origin;
use beartrap::pipeline::importing::{ImportSource, import};
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use beartrap::rules::rule_set::RuleSet;
use beartrap::scan::engine::{Engine, Options};
use beartrap::store::sqlite::Sqlite;
use beartrap::store::state_dir::Access;
use beartrap::store::store::Checkpoint;
use proptest::prelude::{ProptestConfig, any, prop, prop_assert, proptest};

/// Every format that shows tokens, and a record in which `T` stands for one.
const RECORDS: [(&str, &str); 8] = [
    ("jsonl", r#"{"token":"T","issued_to":{"agent_id":"agent-7"}}"#),
    ("jsonl", r#"{"access_token":"a","refresh_token":"T","issued_to":{"agent_id":"agent-7"}}"#),
    ("csv", "token\nT\n"),
    (
        "cloudtrail",
        r#"{"eventVersion":"1.1","eventName":"AssumeRole","eventTime":"2026-03-02T10:00:00Z","responseElements":{"credentials":{"sessionToken":"T"}}}"#,
    ),
    (
        "k8s-audit",
        r#"{"apiVersion":"audit.k8s.io/v1","verb":"create","stage":"ResponseComplete","objectRef":{"subresource":"token"},"stageTimestamp":"2026-03-02T10:00:00Z","responseObject":{"status":{"token":"T"}}}"#,
    ),
    ("vault-audit", r#"{"type":"response","time":"2026-03-02T10:00:00Z","request":{"path":"auth/x"},"response":{"auth":{"client_token":"T"}}}"#),
    ("vault-audit", r#"{"type":"response","time":"2026-03-02T10:00:00Z","request":{"path":"x"},"response":{"wrap_info":{"token":"T"}}}"#),
    ("oauth-log", r#"{"time":"2026-03-02T10:00:00Z","request":{"grant_type":"client_credentials"},"response":{"access_token":"T","expires_in":60}}"#),
];

/// A ledger that read one record.
fn ledger(format: &str, record: &str) -> Arc<Ledger> {
    let directory = tempfile::tempdir().expect("because there is room");
    let open = || {
        let store = Sqlite::open(&directory.path().join("st"), Access::Owner).expect("because the directory is ours");
        Ledger::open(Box::new(store), [3; 16]).expect("because the store is whole")
    };
    let ledger = open();
    let source = ImportSource {
        format: Format::named(format).expect("because it is a format"),
        mapping: None,
        name: None,
        from: Checkpoint { source: String::new(), offset: 0, line: 0 },
    };
    let mut refused = Vec::new();
    let imported = import(&ledger, &source, &mut BufReader::new(record.as_bytes()), &mut |reject| refused.push(reject.reason.clone()));
    assert!(imported.is_ok_and(|imported| imported.error.is_none()) && refused.is_empty(), "{format}: {refused:?}");
    // A scan is another process.
    drop(ledger);
    Arc::new(open())
}

fn finds(ledger: &Arc<Ledger>, text: &[u8], token: &[u8]) -> bool {
    let engine = Engine::new(&RuleSet::builtin(), Options { known: Some(Arc::clone(ledger) as Arc<dyn Known>), ..Options::default() });
    let wanted = Fingerprint::of(token);
    engine.scan(&Arc::new(Origin::Memory("text".into())), text).iter().any(|finding| finding.fingerprint() == Some(&wanted))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_token_that_was_imported_raw_is_found_between_any_bytes(
        seed: u64,
        length in 24_usize..120,
        before in prop::collection::vec(any::<u8>(), 0..60),
        after in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let token = Random::new(seed).bytes(ByteSet::alnum(), length);
        let written = String::from_utf8_lossy(&token).into_owned();
        // Letters on both sides, so that no place is delimited.
        let text = [&before[..], b"x", &token, b"x", &after].concat();
        for (format, record) in RECORDS {
            let ledger = ledger(format, &record.replace("\"T\"", &format!("\"{written}\"")).replace("\nT\n", &format!("\n{written}\n")));
            prop_assert!(finds(&ledger, &text, &token), "{format}: {length} in {} bytes", text.len());
        }
    }
}

#[test]
fn a_fingerprint_alone_is_not_found_where_nothing_delimits_the_token() {
    let token = Random::new(5).bytes(ByteSet::alnum(), 40);
    let ledger = ledger("jsonl", &format!("{{\"fp\":\"{}\"}}", Fingerprint::of(&token)));
    assert!(!finds(&ledger, &[b"x", &token[..], b"x"].concat(), &token));
}
