//! The ledger through the binary: what a user adds, imports, asks and forgets, and what a scan makes of it.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use base64::Engine as _;
use beartrap::ledger::batch::Ready;
use beartrap::ledger::ledger::Ledger;
use beartrap::model::finding::Finding;
use beartrap::model::fingerprint::Fingerprint;
use beartrap::model::grade::Confidence;
use beartrap::model::issuance::Issuance;
use beartrap::model::known::{Gram, GramKey, Known, Lengths, MayHold};
use beartrap::model::origin::Origin;
use beartrap::model::secret::Secret;
use beartrap::model::token_key::TokenKey;
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use beartrap::rules::rule_set::RuleSet;
use beartrap::scan::engine::{Engine, Options};
use beartrap::scan::issuing::describe;
use beartrap::store::sqlite::Sqlite;
use beartrap::store::state_dir::Access;
use proptest::prelude::{ProptestConfig, any, prop, prop_assert, proptest};
use serde_json::Value;

fn beartrap(directory: &Path, words: &str, input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_beartrap"))
        .args(words.split_whitespace())
        .current_dir(directory)
        .env_remove("BEARTRAP_STATE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn token(seed: u64, length: usize) -> String {
    String::from_utf8(Random::new(seed).bytes(ByteSet::alnum(), length)).unwrap()
}

/// The finding records of a scan.
fn findings(output: &Output) -> Vec<Value> {
    let records = out(output).lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
    records.into_iter().filter(|record| record["type"] == "finding").collect()
}

#[test]
fn a_token_that_was_added_is_found_wherever_it_lies_and_told_whose_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let token = token(1, 40);
    let added = beartrap(at, "ledger add --state st --agent agent-7 --task t-1 --scope pay:write --type access_token --expires 1h", &token);
    assert_eq!(out(&added).trim(), Fingerprint::of(token.as_bytes()).to_string(), "{}", err(&added));
    let wrapped = base64::engine::general_purpose::STANDARD.encode(format!("the word is {token} and so on"));
    for (name, text) in [
        ("plain", format!("x {token} y")),
        ("glued", format!("abc_{token}-def.{token}")),
        ("url", format!("GET /a/{token}/b?x=1")),
        ("json", format!(r#"{{"a":"{{\"b\":\"{token}\"}}"}}"#)),
        ("base64", wrapped),
        ("percent", format!("q=%7B%22k%22%3A%22{token}%22%7D")),
    ] {
        fs::create_dir_all(at.join("logs")).unwrap();
        fs::write(at.join("logs").join(name), text).unwrap();
        let scanned = beartrap(at, &format!("scan logs/{name} --state st -f jsonl"), "");
        let found = findings(&scanned);
        assert!(!found.is_empty(), "{name}: {}", err(&scanned));
        for one in found {
            assert_eq!(one["fingerprint"], Fingerprint::of(token.as_bytes()).to_string(), "{name}");
            assert_eq!(one["ledger"]["issued"], "yes", "{name}");
            assert_eq!(one["ledger"]["issuance"]["issued_to"]["agent_id"], "agent-7", "{name}");
            assert_eq!(one["ledger"]["liveness_now"], "live", "{name}");
            assert!(one["ledger"]["verdicts"].as_array().unwrap().iter().any(|verdict| verdict["id"] == "EX-02"), "{name}");
        }
    }
    let shown = beartrap(at, &format!("ledger show {} --state st --format json", Fingerprint::of(token.as_bytes())), "");
    let shown: Value = serde_json::from_str(&out(&shown)).unwrap();
    assert_eq!(shown["exposures"].as_array().unwrap().len(), 6);
    for entry in fs::read_dir(at.join("st")).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert!(memchr::memmem::find(&bytes, token.as_bytes()).is_none(), "the state holds no token");
    }
}

#[test]
fn lives_end_by_revocation_of_key_family_session_task_and_subject() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let mut text = String::new();
    for (seed, flags) in ["", "--family f1", "--session s1", "--task t1", "--agent a1", "--user u1"].iter().enumerate() {
        let token = token(100 + seed as u64, 32);
        assert!(beartrap(at, &format!("ledger add --state st --issued 2h {flags}"), &token).status.success());
        text.push_str(&format!("{token}\n"));
    }
    fs::write(at.join("log"), &text).unwrap();
    let live = || findings(&beartrap(at, "scan log --state st --only-live -f jsonl", "")).len();
    assert_eq!(live(), 6);
    let first = Fingerprint::of(text.lines().next().unwrap().as_bytes());
    for (gone, target) in
        [format!("--key {first}"), "--family f1".into(), "--session s1".into(), "--subject a1".into(), "--subject u1".into()].iter().enumerate()
    {
        let said = beartrap(at, &format!("ledger event revoke {target} --reason leaked --state st"), "");
        assert!(said.status.success(), "{}", err(&said));
        assert_eq!(live(), 5 - gone, "{target}");
    }
    assert!(beartrap(at, "ledger event task-end --task t1 --state st", "").status.success());
    assert_eq!(live(), 1, "a task's end is no revocation: HY-06 asks for it");
    assert_eq!(findings(&beartrap(at, "scan log --state st --only-ours -f jsonl", "")).len(), 6);
    let known = beartrap(at, "ledger event revoke --family f1 --at 2026-01-01T00:00:00Z --state st", "");
    assert!(err(&known).contains("recorded"));
    assert!(!beartrap(at, "ledger event task-end --family f1 --state st", "").status.success());
}

#[test]
fn imports_are_idempotent_resumable_and_tell_what_was_refused() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let record = |i: u32| {
        format!(r#"{{"fp":"{}","issued_to":{{"agent_id":"a"}},"issued_at":1772445600,"expires_at":4102444800}}"#, Fingerprint::of(&i.to_le_bytes()))
    };
    let lines: Vec<String> = (0..50).map(record).collect();
    fs::write(at.join("r.jsonl"), format!("{}\nnonsense\n{}\n", lines[..20].join("\n"), lines[20..40].join("\n"))).unwrap();
    let first = beartrap(at, "ledger import r.jsonl --rejects bad --state st", "");
    assert_eq!(first.status.code(), Some(3));
    assert!(err(&first).contains("40 new, 0 updated, 0 known, 0 facts, 1 rejected") && err(&first).contains("r.jsonl:21"), "{}", err(&first));
    assert_eq!(fs::read_to_string(at.join("bad")).unwrap().lines().count(), 1);
    let again = beartrap(at, "ledger import r.jsonl --state st", "");
    assert!(err(&again).contains("0 new, 0 updated, 0 known, 0 facts, 0 rejected"), "what was read is not read again: {}", err(&again));
    let again = beartrap(at, "ledger import r.jsonl --again --state st", "");
    assert!(err(&again).contains("0 new, 0 updated, 40 known"), "{}", err(&again));
    fs::OpenOptions::new().append(true).open(at.join("r.jsonl")).unwrap().write_all(format!("{}\n", lines[40..].join("\n")).as_bytes()).unwrap();
    let more = beartrap(at, "ledger import r.jsonl --state st", "");
    assert!(err(&more).contains("10 new, 0 updated, 0 known"), "{}", err(&more));
    let stats: Value = serde_json::from_str(&out(&beartrap(at, "ledger stats --format json --state st", ""))).unwrap();
    assert_eq!((stats["records"].as_u64(), stats["names"].as_u64()), (Some(50), Some(50)));
    assert!(beartrap(at, "ledger verify --state st", "").status.success());
    let exported = out(&beartrap(at, "ledger export --state st", ""));
    assert_eq!(beartrap(at, "ledger import - --format jsonl --state other", &exported).status.code(), Some(0));
    assert_eq!(out(&beartrap(at, "ledger export --state other", "")), exported, "an export is an import");
}

#[test]
fn what_expired_is_forgotten_for_good() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let record =
        |name: &str, end: &str| format!(r#"{{"alt_keys":["token_id:{name}"],"issued_to":{{"user":"user-of-{name}"}},"expires_at":"{end}"}}"#);
    let lines = [record("old", "2020-01-01T00:00:00Z"), record("new", "2999-01-01T00:00:00Z"), record("older", "2019-01-01T00:00:00Z")];
    assert!(beartrap(at, "ledger import - --format jsonl --state st", &lines.join("\n")).status.success());
    let said = beartrap(at, "ledger forget --expired-before 90d --state st", "");
    assert!(err(&said).contains("2 records"), "{}", err(&said));
    assert_eq!(beartrap(at, "ledger show token_id:old --state st", "").status.code(), Some(1));
    assert_eq!(beartrap(at, "ledger show token_id:new --state st", "").status.code(), Some(0));
    for entry in fs::read_dir(at.join("st")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        assert!(memchr::memmem::find(&bytes, b"user-of-old").is_none(), "{} still holds it", path.display());
    }
    assert!(beartrap(at, "ledger verify --state st", "").status.success());
}

#[test]
fn old_uses_and_judgements_are_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let used = |time: &str| format!(r#"{{"keys":["token_id:x"],"time":"{time}","user":"u","user_agent":"marked","task_id":"t"}}"#);
    let issued = r#"{"alt_keys":["token_id:x"],"issued_to":{"task_id":"other"},"expires_at":"2026-01-02T00:00:00Z"}"#;
    assert!(beartrap(at, "ledger import - --format jsonl --state st", issued).status.success());
    fs::write(at.join("uses.jsonl"), [used("2026-01-01T00:00:00Z"), used("2026-03-01T00:00:00Z")].join("\n")).unwrap();
    beartrap(at, "replay uses.jsonl --state st --now 2026-03-02T00:00:00Z", "");
    let counts = |name: &str| {
        let stats: serde_json::Value = serde_json::from_str(&out(&beartrap(at, "ledger stats --state st --format json", ""))).unwrap();
        stats[name].as_u64().unwrap()
    };
    let judged = counts("judgements");
    assert!(counts("uses") == 2 && judged > 0);
    let said = err(&beartrap(at, "ledger forget --used-before 2026-02-01T00:00:00Z --state st", ""));
    assert!(said.starts_with("1 use from before 2026-02-01T00:00:00Z removed"), "{said}");
    let said = err(&beartrap(at, "ledger forget --used-before 2999-01-01T00:00:00Z --judged-before 2999-01-01T00:00:00Z --state st", ""));
    assert!(said.contains(&format!("{judged} judgement")), "{said}");
    assert_eq!((counts("uses"), counts("judgements"), counts("records")), (0, 0, 1));
    assert!(!beartrap(at, "ledger forget --state st", "").status.success(), "what is to be forgotten must be said");
}

#[test]
fn passwords_are_stored_keyed_only_and_found_again() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let word = ["tr0ub", "4dor"].concat();
    let added = beartrap(at, "ledger add --state st --user bob", &word);
    assert!(out(&added).starts_with("hmac-sha256:"), "{}", err(&added));
    let plain = Fingerprint::of(word.as_bytes());
    let exported = out(&beartrap(at, "ledger export --state st", ""));
    assert!(!exported.contains(&plain.to_string()[7..]) && !exported.contains("length"));
    fs::write(at.join("env"), format!("DB_{}={word}\n", "PASSWORD")).unwrap();
    assert!(beartrap(at, "ledger keys rotate --state st", "").status.success());
    assert_eq!(out(&beartrap(at, "ledger keys list --state st", "")).lines().count(), 2);
    let found = findings(&beartrap(at, "scan env --state st -f jsonl", ""));
    assert_eq!((found.len(), &found[0]["ledger"]["issued"]), (1, &Value::from("yes")), "an older key still counts");
    assert_eq!(found[0]["fingerprint"], Value::Null);
}

#[test]
fn a_filter_says_possibly_without_the_ledger() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let (ours, other) = (token(7, 36), token(8, 36));
    assert!(beartrap(at, "ledger add --state st", &ours).status.success());
    assert!(beartrap(at, "ledger export --filter ledger.filter --state st", "").status.success());
    let file = fs::read(at.join("ledger.filter")).unwrap();
    assert!(memchr::memmem::find(&file, &Fingerprint::of(ours.as_bytes()).digest()[..8]).is_none());
    fs::write(at.join("log"), format!("one {ours} two\ntoken = \"{other}\"\n")).unwrap();
    let found = findings(&beartrap(at, "scan log --ledger-filter ledger.filter -f jsonl", ""));
    let standing: Vec<_> = found.iter().map(|one| (one["line"].as_u64(), one["ledger"]["issued"].as_str())).collect();
    assert_eq!(standing, [(Some(1), Some("possibly")), (Some(2), Some("no"))]);
    assert_eq!(findings(&beartrap(at, "scan log --ledger-filter ledger.filter --only-ours -f jsonl", "")).len(), 1);
    fs::write(at.join("ledger.filter"), &file[..file.len() - 1]).unwrap();
    let damaged = beartrap(at, "scan log --ledger-filter ledger.filter", "");
    assert!(damaged.status.code() == Some(2) && err(&damaged).contains("hint:"), "{}", err(&damaged));
}

#[cfg(unix)]
#[test]
fn a_state_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    assert!(beartrap(at, "ledger stats --state st", "").status.success());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&at.join("st")), mode(&at.join("st/state.db"))), (0o700, 0o600));
    fs::set_permissions(at.join("st"), fs::Permissions::from_mode(0o750)).unwrap();
    for words in ["ledger stats --state st", "scan . --state st"] {
        let refused = beartrap(at, words, "");
        assert!(refused.status.code() == Some(2) && err(&refused).contains("chmod 700"), "{}", err(&refused));
    }
    assert!(beartrap(at, "ledger stats --state st --allow-shared-state", "").status.success());
    fs::set_permissions(at.join("st"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(at.join("st/state.db"), "this is no database, and longer than a header would have to be").unwrap();
    let foreign = beartrap(at, "ledger stats --state st", "");
    assert!(foreign.status.code() == Some(2) && err(&foreign).contains("not a state of beartrap"), "{}", err(&foreign));
}

fn ledger_of(directory: &Path, tokens: &[&[u8]]) -> Arc<Ledger> {
    let ledger = Ledger::open(Box::new(Sqlite::open(&directory.join("st"), Access::Owner).unwrap()), [3; 16]).unwrap();
    let mut ready = tokens
        .iter()
        .map(|token| {
            let described = describe(&Secret::new(token.to_vec()), ledger.key_for_grams());
            let issuance = Issuance { fp: Some(TokenKey::Fingerprint(described.fingerprint)), length: described.length, ..Issuance::default() };
            Ready::issued(&issuance, described.gram)
        })
        .collect::<Vec<_>>()
        .into_iter();
    ledger.import(&mut || ready.next().map(|ready| (ready, None))).unwrap();
    drop(ledger);
    Arc::new(Ledger::open(Box::new(Sqlite::open(&directory.join("st"), Access::Owner).unwrap()), [3; 16]).unwrap())
}

/// A ledger that was told fingerprints only, and lengths where there are some.
fn ledger_by_fingerprints(directory: &Path, tokens: &[(&str, Option<u32>)]) -> Arc<Ledger> {
    let lines =
        tokens.iter().map(|(token, length)| serde_json::json!({"fp": Fingerprint::of(token.as_bytes()).to_string(), "length": length}).to_string());
    fs::write(directory.join("records.jsonl"), lines.collect::<Vec<_>>().join("\n")).unwrap();
    assert!(beartrap(directory, "ledger import records.jsonl --state st", "").status.success());
    Arc::new(Ledger::open(Box::new(Sqlite::open(&directory.join("st"), Access::Owner).unwrap()), [3; 16]).unwrap())
}

#[test]
fn a_fingerprint_alone_finds_what_a_machine_made_and_a_length_finds_anything() {
    let made = [token(40, 16), token(41, 40), format!("x7-{}", token(42, 20)), "abcdefghijklmnopqrst".to_owned(), "0123456789012345".to_owned()];
    let words = ["correct-horse-battery", "the/path/of/all/things"];
    let found = |ledger: &Arc<Ledger>, text: &str| {
        let all = scan(ledger, format!("it is {text} there").as_bytes());
        all.iter().any(|finding| finding.fingerprint() == Some(&Fingerprint::of(text.as_bytes())))
    };
    let directory = tempfile::tempdir().unwrap();
    let all: Vec<(&str, Option<u32>)> = made.iter().map(String::as_str).chain(words).map(|text| (text, None)).collect();
    let ledger = ledger_by_fingerprints(directory.path(), &all);
    for text in &made {
        assert!(found(&ledger, text), "{} bytes", text.len());
    }
    for text in words {
        assert!(!found(&ledger, text), "{text} is no token that a machine made");
    }
    let directory = tempfile::tempdir().unwrap();
    let told: Vec<(&str, Option<u32>)> = all.iter().map(|(text, _)| (*text, Some(text.len() as u32))).collect();
    let ledger = ledger_by_fingerprints(directory.path(), &told);
    for (text, _) in &all {
        assert!(found(&ledger, text), "{} bytes", text.len());
    }
    let directory = tempfile::tempdir().unwrap();
    let wrong: Vec<(&str, Option<u32>)> = all.iter().map(|(text, _)| (*text, Some(text.len() as u32 + 1))).collect();
    let ledger = ledger_by_fingerprints(directory.path(), &wrong);
    assert!(!found(&ledger, &made[1]), "texts of other lengths are not hashed");
}

fn scan(ledger: &Arc<Ledger>, text: &[u8]) -> Vec<Finding> {
    let engine = Engine::new(&RuleSet::builtin(), Options { known: Some(Arc::clone(ledger) as Arc<dyn Known>), ..Options::default() });
    engine.scan(&Arc::new(Origin::Memory("text".into())), text)
}

#[test]
fn an_issued_token_is_sure_whatever_its_rule_says() {
    // With a wrong checksum, it would be of low confidence.
    let text = b"ghp_Qw7Rt2Yp9Lk4Mn8Bv3Cx6Zs1Df5Gh0JkLqWe";
    let directory = tempfile::tempdir().unwrap();
    let empty = ledger_of(directory.path(), &[]);
    assert!(scan(&empty, text).is_empty());
    let directory = tempfile::tempdir().unwrap();
    let found = scan(&ledger_of(directory.path(), &[text]), text);
    let told: Vec<_> = found.iter().map(|finding| (&*finding.rule.id, finding.confidence, &*finding.reason)).collect();
    assert_eq!(told, [("github-pat", Confidence::High, "the ledger knows exactly this token")]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_issued_token_is_found_between_any_bytes(seed: u64, length in 24_usize..200, before in prop::collection::vec(any::<u8>(), 0..60), after in prop::collection::vec(any::<u8>(), 0..60)) {
        let directory = tempfile::tempdir().unwrap();
        let token = Random::new(seed).bytes(ByteSet::alnum().with(b"-_"), length);
        let ledger = ledger_of(directory.path(), &[&token]);
        let text = [&before[..], &token, &after].concat();
        let found = scan(&ledger, &text);
        let wanted = Fingerprint::of(&token);
        prop_assert!(found.iter().any(|finding| finding.fingerprint() == Some(&wanted)), "{} in {} bytes", length, text.len());
    }

    #[test]
    fn a_short_token_is_found_wherever_it_is_delimited(seed: u64, length in 16_usize..24, left in "[ \"'(\\[{,;<>]", right in "[ \"')\\]},;<>]") {
        let directory = tempfile::tempdir().unwrap();
        let token = Random::new(seed).bytes(ByteSet::alnum(), length);
        let ledger = ledger_of(directory.path(), &[&token]);
        let text = [b"some text ", left.as_bytes(), &token, right.as_bytes(), b" more text"].concat();
        let wanted = Fingerprint::of(&token);
        prop_assert!(scan(&ledger, &text).iter().any(|finding| finding.fingerprint() == Some(&wanted)));
        prop_assert!(scan(&ledger, &[&text[..10], &token[1..]].concat()).iter().all(|finding| finding.fingerprint() != Some(&wanted)), "no false match");
    }
}

#[test]
fn what_another_process_adds_is_seen_after_a_refresh() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = ledger_of(directory.path(), &[]);
    let secret = token(9, 40);
    let text = format!("some {secret} text");
    assert!(scan(&ledger, text.as_bytes()).iter().all(|finding| finding.rule.id != "issued-token"));
    assert!(beartrap(directory.path(), "ledger add --state st", &secret).status.success());
    ledger.refresh().unwrap();
    let glued = format!("some_{secret}_text");
    for text in [text, glued] {
        assert!(scan(&ledger, text.as_bytes()).iter().any(|finding| finding.fingerprint() == Some(&Fingerprint::of(secret.as_bytes()))), "{text:.6}");
    }
}

/// A ledger whose filter says yes to everything.
struct Gullible(Arc<Ledger>);

struct Yes(Lengths);

impl MayHold for Yes {
    fn lengths(&self) -> &Lengths {
        &self.0
    }

    fn may_hold(&self, _: u64) -> bool {
        true
    }
}

impl Known for Gullible {
    fn view(&self) -> Arc<dyn MayHold> {
        Arc::new(Yes(Lengths::new(&[0])))
    }

    fn holds(&self, fingerprint: &Fingerprint) -> bool {
        self.0.holds(fingerprint)
    }

    fn gram_key(&self) -> Option<GramKey> {
        self.0.gram_key()
    }

    fn grams(&self, hash: u64) -> Vec<Gram> {
        self.0.grams(hash)
    }
}

#[test]
fn a_filter_that_errs_costs_a_look_and_finds_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = ledger_of(directory.path(), &[token(5, 30).as_bytes()]);
    let lines: Vec<String> = (0..200).map(|i| format!("value {} and {}", token(1000 + i, 30), token(5000 + i, 17))).collect();
    let text = lines.join("\n");
    let engine = |known: Arc<dyn Known>| Engine::new(&RuleSet::builtin(), Options { known: Some(known), ..Options::default() });
    let origin = Arc::new(Origin::Memory("text".into()));
    let sound = engine(Arc::clone(&ledger) as Arc<dyn Known>).scan(&origin, text.as_bytes());
    let gullible = engine(Arc::new(Gullible(ledger))).scan(&origin, text.as_bytes());
    assert!(sound == gullible && sound.iter().all(|finding| finding.rule.id != "issued-token"));
}

#[test]
fn a_look_up_that_fails_is_told_and_changes_the_exit_status() {
    let directory = tempfile::tempdir().unwrap();
    let opaque = token(77, 40);
    assert!(beartrap(directory.path(), "ledger add --agent a --expires 1h --state st", &opaque).status.success());
    fs::write(directory.path().join("notes.txt"), format!("seen {opaque} there\n")).unwrap();
    let whole = beartrap(directory.path(), "scan notes.txt --state st --only-ours", "");
    assert_eq!(whole.status.code(), Some(1), "{}", err(&whole));
    let database = rusqlite::Connection::open(directory.path().join("st/state.db")).unwrap();
    database.execute_batch("ALTER TABLE name RENAME TO gone").unwrap();
    drop(database);
    let damaged = beartrap(directory.path(), "scan notes.txt --state st --only-ours", "");
    assert_eq!(damaged.status.code(), Some(3), "{}", err(&damaged));
    assert!(err(&damaged).contains("no such table"), "{}", err(&damaged));
}
