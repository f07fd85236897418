//! One token's life, as a user reads it: in time order, with silences, in three formats, harmless whatever records say.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/stores.rs"]
mod stores;

use base64::Engine as _;
use beartrap::model::exposure::Exposure;
use beartrap::model::issuance::Issuance;
use beartrap::model::judgement::Judgement;
use beartrap::model::lifecycle::LifecycleEvent;
use beartrap::model::token_key::TokenKey;
use beartrap::outputs::schema::timeline_schema;
use beartrap::store::step::{NewUse, Seen, Step};
use beartrap::store::store::{Few, Store};
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::binary::{Ran, run};
use crate::stores::{Home, fp, record, write};

/// What a log may say to harm its reader.
const HOSTILE: &str = "<script>alert(1)</script>\u{202e}\u{1b}[31m";

fn new_use(keys: &[TokenKey], time: Option<&str>, agent: &str) -> NewUse {
    let mut what = json!({"v": 1, "keys": keys, "scheme": "bearer", "agent_id": agent, "tool": "mail.send", "source_ip": "203.0.113.9",
        "outcome": "success", "time_quality": "exact", "origin": {"uri": "access.log", "line": 7, "parser": "jsonl"}});
    let at = time.map(|time| {
        what["time"] = json!(time);
        time.parse::<jiff::Timestamp>().unwrap().as_second()
    });
    NewUse { names: keys.iter().map(TokenKey::index).collect(), at, json: what.to_string() }
}

fn facts() -> Vec<LifecycleEvent> {
    let fact = json!({"event": "revoked", "target": {"key": fp(1)}, "at": "2026-03-06T10:00:00Z", "reason": "leaked"});
    vec![serde_json::from_value(fact).unwrap()]
}

fn told() -> (Vec<Issuance>, Exposure, Judgement) {
    let issued = [
        json!({"fp": fp(0), "family_id": "f", "issued_at": "2026-03-02T09:00:00Z", "issued_to": {"agent_id": "planner"}}),
        json!({"fp": fp(1), "alt_keys": ["token_id:t1"], "family_id": "f", "parent_fp": fp(0), "issued_at": "2026-03-02T10:00:00Z",
            "expires_at": "2999-01-01T00:00:00Z", "iss": "https://id.example.test", "issued_to": {"agent_id": "mailer"}}),
        json!({"fp": fp(2), "family_id": "f", "parent_fp": fp(1), "issued_to": {"agent_id": "helper"}}),
    ];
    let exposure = json!({"kind": "ci_log", "reach": "external", "location": "build.log", "line": 3, "carrier": null,
        "first_seen": "2026-03-02T10:20:00Z", "last_seen": "2026-03-03T10:20:00Z", "count": 4});
    let judgement = json!({"judgement_id": "0a", "token": fp(1), "at": "2026-03-05T10:30:00Z", "id": "TR-07", "severity": "high",
        "confidence": "high", "message": "Another agent used it", "evidence": [{"name": "agent_id", "value": HOSTILE}],
        "uses": [{"uri": "access.log", "line": 7, "parser": "jsonl"}], "alert": true});
    (issued.iter().map(record).collect(), serde_json::from_value(exposure).unwrap(), serde_json::from_value(judgement).unwrap())
}

/// A state with one token's life.
fn state() -> Home {
    let home = Home::sqlite();
    let mut store: Box<dyn Store> = home.open();
    let (issued, exposure, judgement) = told();
    write(&mut *store, &issued);
    store.write(&mut Few { events: facts(), ..Few::default() }).unwrap();
    let own = store.find(&fp(1)).unwrap()[0].id;
    let uses = [
        new_use(&[fp(1)], Some("2026-03-02T10:30:00Z"), "mailer"),
        new_use(&[fp(1)], Some("2026-03-05T10:30:00Z"), HOSTILE),
        new_use(&["token_id:t1".parse().unwrap()], None, "later"),
        new_use(&[fp(9)], Some("2026-03-05T10:30:00Z"), "stranger"),
    ];
    let step = Step { uses: &uses, seen: &[Seen { record: own, exposure }], judgements: &[judgement], ..Step::default() };
    store.commit(&step).unwrap();
    home
}

fn timeline(home: &Home, key: &str, format: &str) -> Ran {
    run(std::env::temp_dir().as_path(), &["timeline", key, "--state", &home.state(), "--format", format])
}

#[test]
fn a_life_is_told_in_time_order() {
    let home = state();
    // From the ledger's filter, whichever name is asked for.
    let ran = timeline(&home, "token_id:t1", "text");
    assert_eq!((ran.status, ran.err().as_str()), (0, ""));
    let TokenKey::Fingerprint(parent) = fp(0) else { unreachable!() };
    let TokenKey::Fingerprint(child) = fp(2) else { unreachable!() };
    let expected = "\
token OWN
name  token_id:t1

2026-03-02 09:00:00Z   parent   made from sha256:PARENT…, issued to agent planner
                       ... nothing for 60 minutes
2026-03-02 10:00:00Z   issued   by https://id.example.test to agent mailer, until 2999-01-01T00:00:00Z
2026-03-02 10:20:00Z   exposed  lay in build.log:3 (ci log), which others can read, 4 times until 2026-03-03T10:20:00Z
2026-03-02 10:30:00Z   used     by agent mailer from 203.0.113.9, mail.send, accepted
                       ... nothing for 3 days
2026-03-05 10:30:00Z   used     by agent <script>alert(1)</script>\\u202e\\x1b[31m from 203.0.113.9, mail.send, accepted
2026-03-05 10:30:00Z   judged   TR-07 high: Another agent used it
                       ... nothing for 23 hours
2026-03-06 10:00:00Z   revoked  it was revoked: leaked
2999-01-01 00:00:00Z+  ends     its time ends
time not recorded      child    sha256:CHILD… was made from it, issued to agent helper
time not recorded      used     by agent later from 203.0.113.9, mail.send, accepted

+ is ahead: it was ";
    let expected = expected.replace("OWN", &fp(1).to_string()).replace("PARENT", &parent.short()).replace("CHILD", &child.short());
    assert!(ran.out().starts_with(&expected), "{}", ran.out());
    let by_fingerprint = timeline(&home, &fp(1).to_string(), "text").out();
    assert!(by_fingerprint.starts_with(&expected), "{by_fingerprint}");
}

#[test]
fn json_is_one_valid_object() {
    let ran = timeline(&state(), &fp(1).to_string(), "json");
    assert_eq!(ran.out().lines().count(), 1);
    assert!(!ran.out().contains('\u{202e}'), "hidden characters are escaped");
    let told: Value = serde_json::from_str(&ran.out()).unwrap();
    jsonschema::validate(&timeline_schema(), &told).unwrap();
    let kinds: Vec<&str> = told["entries"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["parent", "issued", "exposed", "used", "used", "judged", "revoked", "ends", "child", "used"]);
    assert_eq!((told["entries"][8]["placed"].as_str(), told["entries"][7]["placed"].as_str()), (Some("not_told"), Some("ahead")));
}

#[test]
fn a_page_holds_nothing_that_runs_or_loads() {
    let page = timeline(&state(), &fp(1).to_string(), "html").out();
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;\\u202e\\x1b[31m") && page.contains("Content-Security-Policy"), "{page}");
    let (style, _) = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap();
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style));
    assert!(page.contains(&format!("style-src 'sha256-{hash}'")), "the policy lets the style through");
    for forbidden in ["<script", "src=", "href=", "url(", "@import", "\u{202e}", "\u{1b}"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    for (open, close) in [("<li", "</li>"), ("<details>", "</details>"), ("<dl>", "</dl>")] {
        assert_eq!(page.matches(open).count(), page.matches(close).count(), "{open}");
    }
}

#[test]
fn tokens_that_only_logs_know_have_a_life_too() {
    let ran = timeline(&state(), &fp(9).to_string(), "text");
    assert!(ran.status == 0 && ran.out().contains("used     by agent stranger"), "{}{}", ran.out(), ran.err());
}

#[test]
fn a_name_that_nobody_knows_is_an_error_with_a_hint() {
    let home = state();
    for (key, said) in
        [("token_id:nobody", "error: nobody knows `token_id:nobody`\nhint: "), ("nonsense", "error: a text of 8 characters names no token\nhint: ")]
    {
        let ran = timeline(&home, key, "text");
        assert!(ran.status == 2 && ran.out().is_empty() && ran.err().starts_with(said), "{}", ran.err());
    }
}
