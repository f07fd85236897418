//! Tokens of a real `OpenID` provider that leak, from the leak to the provider's word that they are dead; runs where `BEARTRAP_TEST_OIDC` names one.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/http.rs"]
mod http;
#[path = "support/oauth.rs"]
mod oauth;
#[path = "support/oidc.rs"]
mod oidc;
#[path = "support/revoking.rs"]
mod revoking;

use std::thread::sleep;
use std::time::Duration;

use beartrap::model::fingerprint::Fingerprint;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::oauth::Oauth;
use crate::oidc::{AGENT, APP, JWT, OPAQUE, Oidc};
use crate::revoking::{Desk, Server};

fn desk(provider: &Oidc, soc: &Oauth, client: &str, revocation: &str) -> Desk {
    let place = Server {
        issuer: provider.issuer.clone(),
        revocation: provider.revocation(),
        introspection: provider.introspection(),
        client: (client.to_owned(), Oidc::secret(client)),
    };
    Desk::new(&place, soc, revocation)
}

fn name(token: &str) -> Value {
    json!(Fingerprint::of(token.as_bytes()).to_string())
}

/// A line of an access log.
fn used(token: &str, at: Timestamp, source: &str) -> String {
    let time = at.strftime("%d/%b/%Y:%H:%M:%S +0000");
    format!("{source} - - [{time}] \"POST /token?grant_type=refresh_token&refresh_token={token} HTTP/1.1\" 200 120 \"-\" \"app/1.0\"")
}

/// The ids of requests to revoke this token.
fn requests(desk: &Desk, token: &str) -> Vec<Value> {
    desk.revocations().into_iter().filter(|request| request["token"] == name(token)).collect()
}

#[test]
fn a_leaked_token_is_dead_at_its_provider_seconds_later() {
    let Some(provider) = Oidc::running() else { return };
    let soc = Oauth::begin();
    let desk = desk(&provider, &soc, AGENT, "mode = \"on\"\n[detect]\nrevocation_propagation = \"1s\"\nskew = \"0s\"\nlog_skew = \"0s\"");
    let token = provider.issue(OPAQUE);
    desk.import(&provider.records);
    let watching = desk.watch();
    desk.log("agent.log", &format!("{} INFO Authorization: Bearer {token}", Timestamp::now()));
    let exposed = soc.wait_for("token.exposed");
    assert_eq!((&exposed["data"]["token"]["fp"], &exposed["data"]["issued_to"]["client_id"]), (&name(&token), &json!(AGENT)));
    let revoked = soc.wait_for("token.revoked");
    assert_eq!(revoked["data"]["token"]["fp"], name(&token));
    assert!(!provider.is_active(&token));
    let request = requests(&desk, &token).remove(0);
    assert_eq!((&request["state"], &request["late"]), (&json!("dead"), &json!(false)), "{request:#}");
    assert!(request["requested"].is_string() && request["accepted"].is_string() && (0.0..40.0).contains(&request["seconds"].as_f64().unwrap()));
    let kinds = desk.audited(&name(&token));
    for kind in ["requested", "delivered", "confirmed"] {
        assert!(kinds.contains(&kind.to_owned()), "{kinds:?}");
    }
    desk.log("access.log", &used(&token, Timestamp::now() + 5.seconds(), "203.0.113.9"));
    soc.wait_where("token.replay_detected", |alert| alert["data"]["rule"] == "TR-03");
    watching.end();
    assert_eq!(soc.told("token.revoked").len(), 1);
    desk.assert_silent_about(&[&token]);
}

#[test]
fn a_scan_has_it_revoked_too_and_not_where_it_must_not() {
    let Some(provider) = Oidc::running() else { return };
    for (mode, words, is_revoked) in [("on", &[][..], true), ("dry_run", &[], false), ("on", &["--dry-run"], false)] {
        let soc = Oauth::begin();
        let desk = desk(&provider, &soc, AGENT, &format!("mode = \"{mode}\""));
        let token = provider.issue(OPAQUE);
        desk.import(&provider.records);
        desk.log("agent.log", &format!("Authorization: Bearer {token}"));
        let ran = desk.scan(words);
        assert_eq!(ran.status, 1, "{}", ran.err());
        assert_eq!(provider.is_active(&token), !is_revoked, "{mode} {words:?}: {}", ran.err());
        assert_eq!(desk.stand(), vec!["dead"; usize::from(is_revoked)], "{mode} {words:?}");
        assert!(!(ran.out() + &ran.err()).contains(&token));
        desk.assert_silent_about(&[&token]);
    }
}

#[test]
fn a_rotated_refresh_token_that_comes_again_is_told_at_once() {
    let Some(provider) = Oidc::running() else { return };
    let soc = Oauth::begin();
    let desk = desk(&provider, &soc, APP, "mode = \"off\"");
    let first = provider.login("ann");
    let second = provider.rotate(&first);
    let rotated = Timestamp::now();
    desk.log("access.log", &used(&first, rotated, "203.0.113.9"));
    let watching = desk.watch();
    provider.refresh(&first);
    desk.import(&provider.records);
    desk.log("access.log", &used(&first, rotated + 1.minute(), "198.51.100.7"));
    let told = soc.wait_where("token.replay_detected", |alert| alert["data"]["rule"] == "TR-12");
    assert_eq!((&told["data"]["token"]["fp"], &told["data"]["severity"]), (&name(&first), &json!("critical")));
    assert!(!provider.is_active(&second), "the provider ends the family");
    watching.end();
    desk.assert_silent_about(&[&first, &second]);
}

#[test]
fn a_server_that_keeps_nothing_of_json_web_tokens_proves_no_death() {
    let Some(provider) = Oidc::running() else { return };
    let soc = Oauth::begin();
    let desk = desk(&provider, &soc, AGENT, "mode = \"on\"\ndeadline = \"1s\"");
    let token = provider.issue(JWT);
    desk.import(&provider.records);
    desk.log("agent.log", &format!("Authorization: Bearer {token}"));
    let ran = desk.scan(&[]);
    assert_eq!((ran.status, desk.stand()), (1, vec!["accepted".to_owned()]), "{}", ran.err());
    sleep(Duration::from_millis(1100));
    desk.run(&["outbox", "run", "--config", "beartrap.toml"]);
    assert_eq!((soc.told("token.revoked").len(), soc.told("finding.updated").len()), (0, 1), "a person looks after it");
    desk.assert_silent_about(&[&token]);
}
