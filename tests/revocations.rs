//! From a leak to a dead token, through the program: told, revoked, confirmed, escalated, and what must not be revoked.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/oauth.rs"]
mod oauth;
#[path = "support/revoking.rs"]
mod revoking;

use std::thread::sleep;
use std::time::Duration;

use beartrap::model::fingerprint::Fingerprint;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::oauth::{CLIENT, Manner, Oauth};
use crate::revoking::{Desk, Server};

const ISSUER: &str = "https://id.example";

fn desk(server: &Oauth, revocation: &str) -> Desk {
    let client = (CLIENT.0.to_owned(), CLIENT.1.to_owned());
    let place = Server { issuer: ISSUER.into(), revocation: server.url("/revoke"), introspection: server.url("/introspect"), client };
    Desk::new(&place, server, revocation)
}

fn name(token: &str) -> Value {
    json!(Fingerprint::of(token.as_bytes()).to_string())
}

/// A record that was made a minute ago.
fn record(token: &str, more: &Value) -> Value {
    let (issued, ends) = (Timestamp::now() - 1.minute(), Timestamp::now() + 1.hour());
    let mut record = json!({
        "v": 1, "fp": name(token), "length": token.len(), "token_type": "access_token", "iss": ISSUER,
        "issued_to": {"agent_id": "agent-7", "user": "ann"}, "issued_at": issued.to_string(), "expires_at": ends.to_string(),
    });
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    record
}

fn leak(desk: &Desk, token: &str) {
    desk.log("agent.log", &format!("{} INFO Authorization: Bearer {token}", Timestamp::now()));
}

/// A line of an access log.
fn used(token: &str, at: Timestamp, source: &str) -> String {
    let time = at.strftime("%d/%b/%Y:%H:%M:%S +0000");
    format!("{source} - - [{time}] \"POST /token?grant_type=refresh_token&refresh_token={token} HTTP/1.1\" 200 120 \"-\" \"app/1.0\"")
}

#[test]
fn a_token_that_leaks_into_a_log_is_dead_seconds_later() {
    let server = Oauth::begin();
    let desk = desk(&server, "mode = \"on\"\n[detect]\nrevocation_propagation = \"1s\"\nskew = \"0s\"\nlog_skew = \"0s\"");
    let token = server.issue();
    desk.import_lines(&[record(&token, &json!({}))]);
    let watching = desk.watch();
    leak(&desk, &token);
    let exposed = server.wait_for("token.exposed");
    assert_eq!((&exposed["data"]["token"]["fp"], &exposed["data"]["issued_to"]["agent_id"]), (&name(&token), &json!("agent-7")));
    let revoked = server.wait_for("token.revoked");
    assert_eq!((&revoked["data"]["token"]["fp"], &revoked["data"]["finding_id"]), (&name(&token), &exposed["data"]["finding_id"]));
    assert!(!server.is_active(&token));
    let request = desk.revocations().remove(0);
    assert_eq!((&request["state"], &request["token"], &request["late"]), (&json!("dead"), &name(&token), &json!(false)));
    assert!(request["accepted"].is_string() && request["confirmed"].is_string() && (0.0..40.0).contains(&request["seconds"].as_f64().unwrap()));
    let kinds = desk.audited(&name(&token));
    for kind in ["requested", "delivered", "confirmed"] {
        assert!(kinds.contains(&kind.to_owned()), "{kinds:?}");
    }
    // Somebody is still let in with it.
    desk.log("access.log", &used(&token, Timestamp::now() + 5.seconds(), "203.0.113.9"));
    let replayed = server.wait_where("token.replay_detected", |alert| alert["data"]["rule"] == "TR-03");
    assert_eq!(replayed["data"]["token"]["fp"], name(&token));
    watching.end();
    assert_eq!(server.asked(), 1);
    assert_eq!((server.told("token.exposed").len(), server.told("token.revoked").len()), (2, 1), "the access log is a place too");
    desk.assert_silent_about(&[&token]);
}

#[test]
fn a_scan_revokes_what_it_finds_and_says_so() {
    let server = Oauth::begin();
    let desk = desk(&server, "mode = \"on\"");
    let token = server.issue();
    desk.import_lines(&[record(&token, &json!({}))]);
    leak(&desk, &token);
    let ran = desk.scan(&[]);
    assert_eq!(ran.status, 1, "{}", ran.err());
    assert!(!server.is_active(&token) && !(ran.out() + &ran.err()).contains(&token));
    assert_eq!(server.told("token.exposed").len(), 1);
    assert_eq!(desk.run(&["outbox", "run", "--config", "beartrap.toml"]).status, 0);
    assert_eq!((server.told("token.revoked").len(), desk.stand()), (1, vec!["dead".to_owned()]));
    desk.scan(&[]);
    assert_eq!((server.asked(), server.told("token.exposed").len()), (1, 1), "nobody is told twice");
    desk.assert_silent_about(&[&token]);
}

#[test]
fn a_refresh_token_that_comes_again_is_told() {
    let server = Oauth::begin();
    let desk = desk(&server, "mode = \"off\"");
    let (first, second) = (server.issue(), server.issue());
    let now = Timestamp::now();
    let of_family = |generation, minutes: i64| {
        let issued = (now - minutes.minutes()).to_string();
        json!({"token_type": "refresh_token", "family_id": "f", "generation": generation, "issued_at": issued})
    };
    let rotated = json!({"event": "rotated", "target": {"key": name(&first)}, "at": (now - 10.minutes()).to_string()});
    desk.import_lines(&[record(&first, &of_family(0, 60)), record(&second, &of_family(1, 10)), rotated]);
    let watching = desk.watch();
    desk.log("access.log", &used(&first, now - 11.minutes(), "203.0.113.9"));
    desk.log("access.log", &used(&first, now, "198.51.100.7"));
    let told = server.wait_where("token.replay_detected", |alert| alert["data"]["rule"] == "TR-12");
    assert_eq!((&told["data"]["severity"], &told["data"]["observed"]["source_ip"]), (&json!("critical"), &json!("198.51.100.7")));
    watching.end();
    desk.assert_silent_about(&[&first, &second]);
}

#[test]
fn too_many_requests_wait_for_a_person() {
    let server = Oauth::begin();
    let desk = desk(&server, "mode = \"on\"\nper_minute = 2");
    let tokens: Vec<String> = (0..5).map(|_| server.issue()).collect();
    desk.import_lines(&tokens.iter().map(|token| record(token, &json!({}))).collect::<Vec<_>>());
    for token in &tokens {
        leak(&desk, token);
    }
    desk.scan(&[]);
    assert_eq!((server.asked(), desk.stand()), (2, ["dead", "dead", "held", "held", "held"].map(String::from).to_vec()));
    let said = desk.run(&["revocations", "--config", "beartrap.toml"]).err();
    assert!(said.contains(ISSUER) && said.contains("too many"), "{said}");
    // Nobody lets them go by looking again.
    desk.scan(&[]);
    assert_eq!(server.asked(), 2);
    assert!(desk.run(&["revocations", "--resume", ISSUER]).err().contains(ISSUER));
    assert_eq!(desk.run(&["outbox", "retry", "held"]).status, 0);
    // The tokens are gone with the run that met them.
    assert_eq!(desk.run(&["outbox", "run", "--config", "beartrap.toml"]).status, 3);
    assert_eq!(desk.stand(), ["dead", "dead", "needs_token", "needs_token", "needs_token"]);
    desk.scan(&[]);
    assert_eq!((server.asked(), desk.stand()), (5, vec!["dead".to_owned(); 5]));
    assert!(tokens.iter().all(|token| !server.is_active(token)));
    desk.assert_silent_about(&tokens.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn what_must_not_be_revoked_is_not() {
    for (revocation, more, words) in [
        ("mode = \"off\"", json!({}), &[][..]),
        ("mode = \"dry_run\"", json!({}), &[]),
        ("mode = \"on\"", json!({}), &["--dry-run"]),
        ("mode = \"on\"\nnever = [\"session:s1\"]", json!({"issued_to": {"session_id": "s1"}}), &[]),
        ("mode = \"on\"\nonly = [\"TR-12\"]", json!({}), &[]),
        ("mode = \"on\"", json!({"iss": "https://other.example"}), &[]),
    ] {
        let server = Oauth::begin();
        let desk = desk(&server, revocation);
        let token = server.issue();
        desk.import_lines(&[record(&token, &more)]);
        leak(&desk, &token);
        let ran = desk.scan(words);
        let shows = ran.err().contains("token.revocation_requested");
        assert_eq!(shows, revocation.contains("dry") || words.contains(&"--dry-run"), "{revocation} {words:?}: {}", ran.err());
        assert!(server.asked() == 0 && server.is_active(&token) && !ran.err().contains(&token), "{revocation} {words:?}");
        assert_eq!(server.told("token.exposed").len(), usize::from(words.is_empty()), "{revocation} {words:?}");
        assert_eq!(desk.stand(), [""; 0], "{revocation} {words:?}");
    }
}

#[test]
fn a_revocation_that_is_not_confirmed_is_told_once() {
    let server = Oauth::begin();
    server.become_one_who(Manner::Accepts);
    let desk = desk(&server, "mode = \"on\"\ndeadline = \"2s\"");
    let token = server.issue();
    desk.import_lines(&[record(&token, &json!({}))]);
    let watching = desk.watch();
    leak(&desk, &token);
    let late = server.wait_for("finding.updated");
    let action = &late["data"]["action"];
    assert_eq!((&action["kind"], &action["reason"]), (&json!("review"), &json!("revocation_not_confirmed")));
    assert_eq!((desk.stand(), desk.run(&["revocations", "--config", "beartrap.toml"]).status), (vec!["accepted".to_owned()], 1));
    // Somebody revokes it by hand, and tells the ledger.
    let name = name(&token);
    assert_eq!(desk.run(&["ledger", "event", "revoke", "--key", name.as_str().unwrap()]).status, 0);
    server.wait_for("token.revoked");
    sleep(Duration::from_millis(600));
    drop(watching);
    // Neither another look nor another run tells it again.
    assert_eq!(desk.run(&["outbox", "run", "--config", "beartrap.toml"]).status, 0);
    assert_eq!((server.told("finding.updated").len(), server.told("token.revoked").len()), (1, 1));
    assert_eq!(desk.stand(), ["dead"]);
    desk.assert_silent_about(&[&token]);
}

#[test]
fn the_outbox_tells_of_late_revocations_too() {
    let server = Oauth::begin();
    server.become_one_who(Manner::IsBusy);
    let desk = desk(&server, "mode = \"on\"\ndeadline = \"1s\"");
    let token = server.issue();
    desk.import_lines(&[record(&token, &json!({}))]);
    leak(&desk, &token);
    assert!(desk.scan(&[]).err().contains("`as`"));
    sleep(Duration::from_millis(1100));
    for _ in 0..2 {
        desk.run(&["outbox", "run", "--config", "beartrap.toml"]);
        assert_eq!(server.told("finding.updated").len(), 1);
    }
    server.become_one_who(Manner::Revokes);
    desk.scan(&[]);
    assert_eq!((server.is_active(&token), desk.stand()), (false, vec!["dead".to_owned()]));
    desk.assert_silent_about(&[&token]);
}
