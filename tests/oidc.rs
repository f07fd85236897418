//! Tokens of a real `OpenID` provider: that they are ours, whose, alive, revoked, or came again; runs where `BEARTRAP_TEST_OIDC` names one.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/http.rs"]
mod http;
#[path = "support/oidc.rs"]
mod oidc;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::{run, text};
use crate::oidc::{AGENT, JWT, OPAQUE, Oidc};

/// A directory with logs, and with a state that gets the provider's records.
struct Desk<'a> {
    provider: &'a Oidc,
    directory: TempDir,
}

impl<'a> Desk<'a> {
    fn new(provider: &'a Oidc) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("logs")).unwrap();
        Self { provider, directory }
    }

    fn at(&self) -> &Path {
        self.directory.path()
    }

    fn log(&self, name: &str, line: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.at().join("logs").join(name)).unwrap();
        writeln!(file, "{line}").unwrap();
    }

    /// Tells the ledger what was issued, and what became of it, since the last time.
    fn import(&self) {
        let ran = run(self.at(), &["ledger", "import", self.provider.records.to_str().unwrap(), "--state", "st"]);
        assert!(ran.status == 0 && ran.err().contains(" 0 rejected"), "{}", ran.err());
    }

    /// Runs one of our commands over the logs; what it tells holds none of the tokens.
    fn tell(&self, words: &[&str], tokens: &[&str]) -> Vec<Value> {
        let ran = run(self.at(), &[words, &["logs", "--state", "st", "--format", "jsonl", "-q"]].concat());
        assert!(matches!(ran.status, 0 | 1), "{}", ran.err());
        let told = ran.out() + &ran.err();
        assert!(tokens.iter().all(|token| !told.contains(token)), "a token was told");
        ran.records().into_iter().filter(|record| record["type"] != "summary").collect()
    }
}

/// Waits until a second is over: runs of ours know the time to the second, and so do access logs.
fn wait() {
    sleep(Duration::from_millis(1100));
}

/// The ids of the detections that fire for a finding.
fn verdicts(finding: &Value) -> Vec<String> {
    finding["ledger"]["verdicts"].as_array().unwrap().iter().map(|verdict| text(&verdict["id"])).collect()
}

#[test]
fn a_leaked_token_is_ours_and_we_say_whose_and_that_it_lives() {
    let Some(provider) = Oidc::running() else { return };
    assert_eq!(provider.get("/.well-known/openid-configuration").json()["revocation_endpoint"], provider.revocation());
    for (resource, before) in [(JWT, "Authorization: Bearer "), (OPAQUE, "Authorization: Bearer "), (OPAQUE, "retried with ")] {
        let desk = Desk::new(&provider);
        let token = provider.issue(resource);
        desk.log("agent.log", &format!("{} INFO {before}{token}", Timestamp::now()));
        desk.import();
        assert!(!fs::read_to_string(&provider.records).unwrap().contains(&token), "records hold no tokens");
        for command in [&["scan"][..], &["watch", "--once"]] {
            let told = desk.tell(command, &[&token]);
            assert_eq!(told.len(), 1, "{command:?} {resource} {before}: {told:#?}");
            let ledger = &told[0]["ledger"];
            let issuance = &ledger["issuance"];
            assert_eq!((&ledger["issued"], &ledger["liveness_now"]), (&json!("yes"), &json!("live")), "{ledger:#}");
            assert_eq!((&issuance["iss"], &issuance["issued_to"]["client_id"]), (&json!(provider.issuer), &json!(AGENT)));
            assert_eq!((&issuance["aud"], &issuance["scope"]), (&json!([resource]), &json!(["jira.search"])));
            assert!((1..=600).contains(&ledger["seconds_left"].as_i64().unwrap()), "{ledger:#}");
            assert!(verdicts(&told[0]).contains(&"EX-02".to_owned()), "{ledger:#}");
        }
    }
}

#[test]
fn a_token_that_the_provider_revoked_is_dead() {
    let Some(provider) = Oidc::running() else { return };
    let desk = Desk::new(&provider);
    let token = provider.issue(OPAQUE);
    desk.log("agent.log", &format!("Authorization: Bearer {token}"));
    desk.import();
    assert!(provider.is_active(&token));
    assert_eq!(desk.tell(&["scan", "--only-live"], &[&token]).len(), 1);
    provider.revoke(AGENT, &token);
    assert!(!provider.is_active(&token));
    wait();
    desk.import();
    assert_eq!(desk.tell(&["scan", "--only-live"], &[&token]).len(), 0);
    let told = desk.tell(&["scan"], &[&token]);
    assert_eq!(told[0]["ledger"]["liveness_now"], "revoked");
    assert!(!verdicts(&told[0]).contains(&"EX-02".to_owned()), "{told:#?}");
}

/// A line of an access log, now.
fn line(source: &str, token: &str, status: u16, program: &str) -> String {
    let time = Timestamp::now().strftime("%d/%b/%Y:%H:%M:%S +0000");
    format!("{source} - - [{time}] \"POST /token?grant_type=refresh_token&refresh_token={token} HTTP/1.1\" {status} 120 \"-\" \"{program}\"")
}

#[test]
fn a_refresh_token_that_comes_again_is_told_and_its_family_is_dead() {
    let Some(provider) = Oidc::running() else { return };
    let desk = Desk::new(&provider);
    let first = provider.login("ann");
    let second = provider.rotate(&first);
    desk.log("access.log", &line("203.0.113.9", &first, 200, "app/1.0"));
    assert_eq!((provider.is_active(&first), provider.is_active(&second)), (false, true));
    desk.import();
    assert_eq!(desk.tell(&["replay"], &[&first, &second]), [""; 0], "a rotation is nothing to tell of");
    wait();
    let refused = provider.refresh(&first);
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_grant")));
    desk.log("access.log", &line("198.51.100.7", &first, refused.status, "curl/8.5.0"));
    wait();
    desk.import();
    let told = desk.tell(&["replay"], &[&first, &second]);
    let reuse = told.iter().find(|judgement| judgement["id"] == "TR-12").unwrap_or_else(|| panic!("{told:#?}"));
    assert_eq!((&reuse["severity"], reuse["uses"].as_array().unwrap().len()), (&json!("critical"), 2), "{reuse:#}");
    let evidence = reuse["evidence"].as_array().unwrap();
    assert!(evidence.contains(&json!({"name": "source_ip", "value": "198.51.100.7"})), "{reuse:#}");
    // Whoever got the second one, owner or thief, has nothing any more.
    assert!(!provider.is_active(&second));
    desk.log("agent.log", &format!("kept {second}"));
    let kept: Vec<Value> =
        desk.tell(&["scan"], &[&first, &second]).into_iter().filter(|finding| text(&finding["origin"]["path"]).ends_with("agent.log")).collect();
    assert_eq!(
        (&kept[0]["ledger"]["liveness_now"], &kept[0]["ledger"]["issuance"]["issued_to"]["user"]),
        (&json!("revoked"), &json!("ann")),
        "{kept:#?}"
    );
}
