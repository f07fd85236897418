//! `beartrap receive` as a sender meets it: what is good is written down once, and nothing else is.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/binary.rs"]
mod binary;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use beartrap::model::fingerprint::Fingerprint;
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;

use crate::binary::{command, run, run_on, start, wait};

const ISSUER: &str = "https://issuer.example";
const SHARED: [u8; 32] = [9; 32];

/// A state, keys, settings with one inlet of each kind, and a run that listens.
struct Receiving {
    directory: TempDir,
    child: Child,
    address: String,
    keys: Vec<u8>,
    authorization: String,
}

impl Receiving {
    fn begin() -> Self {
        Self::telling("", &[])
    }

    /// With further settings and flags.
    fn telling(more: &str, flags: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path();
        let keys = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap().as_ref().to_vec();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &keys, &SystemRandom::new()).unwrap();
        let point = pair.public_key().as_ref();
        let jwk =
            json!({"kty": "EC", "crv": "P-256", "kid": "k1", "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..])});
        fs::write(at.join("keys.json"), json!({"keys": [jwk]}).to_string()).unwrap();
        let authorization = secret(77);
        fs::write(at.join("pre-shared"), format!("{authorization}\n")).unwrap();
        let settings = format!(
            "[receive.hooks]\nkind = 'standard-webhooks'\nsecret_env = 'HOOKS'\n\
             [receive.events]\nkind = 'set'\npublic_key_file = 'keys.json'\nissuer = '{ISSUER}'\naudience = 'us'\n\
             [receive.github]\nkind = 'github'\npublic_key_file = 'keys.json'\npath = '/partners/github'\n\
             [receive.gitlab]\nkind = 'gitlab'\nsecret_file = 'pre-shared'\ntypes = ['our_token']\n{more}"
        );
        fs::write(at.join("beartrap.toml"), settings).unwrap();
        let (child, address) = listen(at, flags);
        Self { directory, child, address, keys, authorization }
    }

    fn at(&self) -> &Path {
        self.directory.path()
    }

    /// Ends the run at once and begins another one.
    fn again(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        (self.child, self.address) = listen(self.directory.path(), &[]);
    }

    fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.send("POST", path, headers, body)
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{request}\r\n").as_bytes()).unwrap();
        // One who sends too much may be cut off.
        drop(stream.write_all(body));
        Reply::read(&mut stream)
    }

    /// A signed webhook; `sent` in seconds from now.
    fn hook(&self, id: &str, sent: i64, body: &Value) -> Reply {
        let (timestamp, body) = ((now() + sent).to_string(), body.to_string());
        let signature = hmac(&SHARED, &format!("{id}.{timestamp}.{body}"));
        let headers = [("webhook-id", id), ("webhook-timestamp", &timestamp), ("webhook-signature", &format!("v1,{signature}"))];
        self.post("/hooks", &headers, body.as_bytes())
    }

    fn set(&self, head: &Value, claims: &Value) -> Reply {
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(head.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.keys, &SystemRandom::new()).unwrap();
        let signature = URL_SAFE_NO_PAD.encode(pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap());
        self.post("/events", &[("Content-Type", "application/secevent+jwt")], format!("{text}.{signature}").as_bytes())
    }

    fn report(&self, body: &str) -> Reply {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.keys, &SystemRandom::new()).unwrap();
        let signature = STANDARD.encode(pair.sign(&SystemRandom::new(), body.as_bytes()).unwrap());
        let headers = [("Github-Public-Key-Identifier", "k1"), ("Github-Public-Key-Signature", &*signature)];
        self.post("/partners/github", &headers, body.as_bytes())
    }

    /// Adds a token of ours.
    fn add(&self, token: &str, more: &[&str]) -> String {
        let args = [&["ledger", "add", "--state", "st"], more].concat();
        let ran = run_on(self.at(), &args, token.as_bytes());
        assert_eq!(ran.status, 0, "{}", ran.err());
        ran.out().trim().to_owned()
    }

    /// What the ledger says of a token.
    fn show(&self, key: &str) -> Value {
        let ran = run(self.at(), &["ledger", "show", key, "--format", "json", "--state", "st"]);
        serde_json::from_str(&ran.out()).unwrap_or_else(|_| panic!("{}{}", ran.out(), ran.err()))
    }

    /// The audit log, which must be whole: kind, what, endpoint.
    fn noted(&self) -> Vec<(String, String)> {
        let verified = run(self.at(), &["audit", "verify", "--state", "st"]);
        assert_eq!(verified.status, 0, "{}{}", verified.out(), verified.err());
        let shown = run(self.at(), &["audit", "show", "--format", "jsonl", "--state", "st"]).records();
        shown.iter().map(|line| (binary::text(&line["record"]["kind"]), binary::text(&line["record"]["what"]))).collect()
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        drop(stream.read_to_end(&mut bytes));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }
}

/// A server that takes whatever comes; path and body of each request.
fn taker() -> (u16, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, (sender, receiver)) = (listener.local_addr().unwrap().port(), channel());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut head, mut length) = (String::new(), 0);
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {
                let last = head.lines().last().unwrap_or_default().to_ascii_lowercase();
                length = last.strip_prefix("content-length: ").and_then(|text| text.parse().ok()).unwrap_or(length);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            if sender.send((path, String::from_utf8(body).unwrap())).is_err() {
                return;
            }
        }
    });
    (port, receiver)
}

fn listen(at: &Path, flags: &[&str]) -> (Child, String) {
    let args = [&["receive", "--listen", "0", "--state", "st"], flags].concat();
    let hooks = format!("whsec_{}", STANDARD.encode(SHARED));
    let mut child = start(command(at, &args).env("HOOKS", hooks).stdout(Stdio::null()).stderr(Stdio::piped()));
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    let address = line.strip_prefix("receiving on ").and_then(|rest| rest.split(": ").next()).unwrap_or_else(|| panic!("{line}")).to_owned();
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    (child, address)
}

fn secret(seed: u64) -> String {
    String::from_utf8(Random::new(seed).bytes(ByteSet::alnum(), 40)).unwrap()
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn hmac(key: &[u8], message: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn revoked(key: &str) -> Value {
    json!({"type": "token.revoked", "timestamp": "2026-03-02T10:00:00Z", "data": {"token": {"fp": key}}})
}

fn no_notes() -> Vec<(String, String)> {
    Vec::new()
}

#[test]
fn webhooks_confirm_and_label_once() {
    let mut receiving = Receiving::begin();
    let key = receiving.add(&secret(1), &[]);
    let body = revoked(&key);
    let forged = |body: &Value, signature: &str| {
        let headers = [("webhook-id", "msg_f"), ("webhook-timestamp", &*now().to_string()), ("webhook-signature", signature)];
        receiving.post("/hooks", &headers, body.to_string().as_bytes()).status
    };
    // Nothing of this is taken.
    let of_other_key = format!("v1,{}", hmac(&[8; 32], &format!("msg_f.{}.{body}", now())));
    let of_other_body = format!("v1,{}", hmac(&SHARED, &format!("msg_f.{}.{{}}", now())));
    for signature in ["", "v1,", "v2,AAAA", "v1a,AAAA", &of_other_key, &of_other_body] {
        assert_eq!(forged(&body, signature), 401, "{signature}");
    }
    let (two, good) = (now().to_string(), format!("v1,{}", hmac(&SHARED, &format!("msg_f.{}.{body}", now()))));
    let twice = [("webhook-id", "msg_f"), ("webhook-timestamp", &*two), ("webhook-signature", &*good), ("webhook-id", "msg_g")];
    assert_eq!(receiving.post("/hooks", &twice, body.to_string().as_bytes()).status, 401);
    for (sent, status) in [(-400, 401), (400, 401)] {
        assert_eq!(receiving.hook("msg_s", sent, &body).status, status, "{sent}");
    }
    assert_eq!(receiving.hook("msg_n", 0, &json!([])).status, 400);
    assert_eq!(receiving.hook("msg_n", 0, &json!({"type": "token.revoked", "data": {"token": {"fp": "nonsense"}}})).status, 400);
    for (method, path, status) in
        [("GET", "/hooks", 405), ("PUT", "/hooks", 405), ("POST", "/hooks/", 404), ("POST", "/other", 404), ("GET", "/healthz", 200)]
    {
        assert_eq!(receiving.send(method, path, &[], b"").status, status, "{method} {path}");
    }
    assert_eq!(receiving.post("/hooks", &[], &vec![b'x'; (1 << 20) + 1]).status, 413);
    assert_eq!((receiving.noted(), receiving.show(&key)["events"].as_array().map(Vec::len)), (no_notes(), Some(0)));

    // This is, once, whatever becomes of the run in between.
    assert_eq!(receiving.hook("msg_1", -290, &body).status, 200);
    assert_eq!(receiving.hook("msg_1", 0, &body).status, 200);
    receiving.again();
    assert_eq!(receiving.hook("msg_1", 5, &body).status, 200);
    assert_eq!(
        receiving.hook("msg_2", 290, &json!({"type": "finding.updated", "data": {"finding_id": "0a1b", "label": "false_positive"}})).status,
        200
    );
    assert_eq!(receiving.hook("msg_3", 0, &json!({"type": "token.exposed", "data": {}})).status, 200);
    let events = receiving.show(&key)["events"].clone();
    assert_eq!(
        (events.as_array().map(Vec::len), &events[0]["event"], &events[0]["at"]),
        (Some(1), &json!("revoked"), &json!("2026-03-02T10:00:00Z"))
    );
    let expected = [
        ("confirmed", format!("{key} is revoked")),
        ("labelled", "`false_positive` for 0a1b".to_owned()),
        ("received", "`token.exposed`, which changes nothing".to_owned()),
    ];
    assert_eq!(receiving.noted(), expected.map(|(kind, what)| (kind.to_owned(), what)));
    let about = run(receiving.at(), &["audit", "show", "--about", &key, "--since", "1h", "--state", "st"]);
    assert!(about.out().lines().count() == 1 && about.out().contains("receive@") && about.out().contains("endpoint hooks"), "{}", about.out());
}

#[test]
fn security_events_end_sessions_and_tokens_once() {
    let receiving = Receiving::begin();
    let of_session = receiving.add(&secret(2), &["--session", "s1", "--issued", "2026-01-01T00:00:00Z"]);
    let head = json!({"typ": "secevent+jwt", "alg": "ES256", "kid": "k1"});
    let event = |name: &str, body: Value| json!({format!("https://schemas.openid.net/secevent/{name}"): body});
    let ended = event("caep/event-type/session-revoked", json!({"event_timestamp": now() - 60}));
    let claims =
        json!({"iss": ISSUER, "jti": "j1", "iat": now(), "aud": ["them", "us"], "sub_id": {"format": "opaque", "id": "s1"}, "events": ended});
    let with = |value: &Value, name: &str, other: Value| {
        let mut value = value.clone();
        value[name] = other;
        value
    };
    for (head, claims, error) in [
        (with(&head, "typ", json!("at+jwt")), claims.clone(), "invalid_request"),
        (with(&head, "alg", json!("none")), claims.clone(), "invalid_key"),
        (with(&head, "alg", json!("HS256")), claims.clone(), "invalid_key"),
        (with(&head, "alg", json!("EdDSA")), claims.clone(), "invalid_key"),
        (with(&head, "kid", json!("k2")), claims.clone(), "invalid_key"),
        (with(&head, "crit", json!(["b64"])), claims.clone(), "invalid_request"),
        (head.clone(), with(&claims, "iss", json!("https://other.example")), "invalid_issuer"),
        (head.clone(), with(&claims, "aud", json!("them")), "invalid_audience"),
        (head.clone(), with(&claims, "iat", json!(now() + 700)), "invalid_request"),
        (head.clone(), with(&claims, "iat", json!(now() - 90_000)), "invalid_request"),
        (head.clone(), with(&claims, "iat", Value::Null), "invalid_request"),
        (head.clone(), with(&claims, "jti", json!("")), "invalid_request"),
        (head.clone(), with(&claims, "events", json!({})), "invalid_request"),
        (head.clone(), with(&claims, "exp", json!(now() - 1)), "invalid_request"),
    ] {
        let reply = receiving.set(&head, &claims);
        let said: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!((reply.status, &said["err"]), (400, &json!(error)), "{head} {claims}: {}", reply.body);
        assert!(reply.head.contains("content-language: en"), "{}", reply.head);
    }
    let text = format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(head.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    for (kind, body, error) in [
        ("application/secevent+jwt", text.as_str(), "authentication_failed"),
        ("application/secevent+jwt", "", "invalid_request"),
        ("application/json", &text, "invalid_request"),
    ] {
        let reply = receiving.post("/events", &[("Content-Type", kind)], body.as_bytes());
        assert!(reply.status == 400 && reply.body.contains(error), "{kind} {body}: {}", reply.body);
    }
    assert_eq!(receiving.noted(), no_notes());

    for _ in 0..2 {
        let reply = receiving.set(&head, &claims);
        assert_eq!((reply.status, reply.body.as_str()), (202, ""));
    }
    let unknown = with(&with(&claims, "jti", json!("j2")), "events", event("ssf/event-type/verification", json!({"state": "x"})));
    assert_eq!(receiving.set(&head, &unknown).status, 202);
    let single = json!({"format": "jwt_id", "iss": ISSUER, "jti": "t-7"});
    let single = with(&with(&claims, "jti", json!("j3")), "sub_id", single);
    assert_eq!(receiving.set(&head, &single).status, 202);
    let noted: Vec<String> = receiving.noted().into_iter().map(|(kind, what)| format!("{kind} {what}")).collect();
    let expected = [
        "confirmed session s1 is revoked".to_owned(),
        "received `https://schemas.openid.net/secevent/ssf/event-type/verification`, which changes nothing".to_owned(),
        format!("confirmed jti:{ISSUER}#t-7 is revoked"),
    ];
    assert_eq!(noted, expected);
    let known = receiving.show(&of_session);
    assert_eq!((known["events"].as_array().map(Vec::len), &known["liveness_now"]), (Some(1), &json!("revoked")), "{known}");
}

#[test]
fn reports_are_hashed_noted_and_labelled() {
    let receiving = Receiving::begin();
    let (ours, other) = (secret(3), secret(4));
    let key = receiving.add(&ours, &[]);
    let entry = |token: &str| json!({"token": token, "type": "our_token", "url": "https://github.com/o/r/blob/1a/f.txt?token=x", "source": "commit"});
    let body = json!([entry(&ours), entry(&other)]).to_string();
    let signed_otherwise =
        receiving.post("/partners/github", &[("Github-Public-Key-Identifier", "k1"), ("Github-Public-Key-Signature", "AAAA")], body.as_bytes());
    assert_eq!(signed_otherwise.status, 401);
    assert_eq!(receiving.post("/partners/github", &[], body.as_bytes()).status, 401);
    assert_eq!((receiving.report("{}").status, receiving.report("[{}]").status, receiving.noted()), (400, 400, no_notes()));
    let label = |token: &str, label: &str| {
        let hash = &Fingerprint::of(token.as_bytes()).to_string()["sha256:".len()..];
        json!({"token_hash": hash, "token_type": "our_token", "label": label})
    };
    for _ in 0..2 {
        let reply = receiving.report(&body);
        let answer: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!((reply.status, answer), (200, json!([label(&ours, "true_positive"), label(&other, "false_positive")])));
    }
    let places = receiving.show(&key)["exposures"].clone();
    assert_eq!((places.as_array().map(Vec::len), &places[0]["count"]), (Some(1), &json!(1)));
    assert_eq!((&places[0]["location"], &places[0]["reach"]), (&json!("https://github.com/o/r/blob/1a/f.txt"), &json!("external")));

    // GitLab tells of the same token elsewhere.
    let authorized = [("Authorization", receiving.authorization.as_str())];
    let body = json!([{"token": ours, "type": "our_token", "location": "https://gitlab.example/g/p/-/blob/1a/f"}]).to_string();
    for (method, path, headers, body, status) in [
        ("POST", "/gitlab/v1/revoke_tokens", &[][..], body.as_str(), 401),
        ("POST", "/gitlab/v1/revoke_tokens", &[("Authorization", "wrong")], &body, 401),
        ("POST", "/gitlab/v1/revoke_tokens", &authorized, "nonsense", 400),
        ("GET", "/gitlab/v1/revoke_tokens", &authorized, "", 405),
        ("POST", "/gitlab", &authorized, &body, 404),
        ("GET", "/gitlab/v1/revocable_token_types", &[], "", 401),
        ("POST", "/gitlab/v1/revoke_tokens", &authorized, &body, 204),
        ("POST", "/gitlab/v1/revoke_tokens", &authorized, &body, 204),
    ] {
        assert_eq!(receiving.send(method, path, headers, body.as_bytes()).status, status, "{method} {path} {body}");
    }
    assert_eq!(receiving.send("GET", "/gitlab/v1/revocable_token_types", &authorized, b"").body, r#"{"types":["our_token"]}"#);
    assert_eq!(receiving.show(&key)["exposures"].as_array().map(Vec::len), Some(2));
    let noted: Vec<String> = receiving.noted().into_iter().map(|(_, what)| what).collect();
    let expected = [
        "a token of ours lay at https://github.com/o/r/blob/1a/f.txt",
        "a token of type `our_token` was reported that the ledger does not know",
        "a token of ours lay at https://gitlab.example/g/p/-/blob/1a/f",
    ];
    assert_eq!(noted, expected);
    for entry in fs::read_dir(receiving.at().join("st")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = if path.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        let found = [&ours, &other].iter().any(|token| memchr::memmem::find(&bytes, token.as_bytes()).is_some());
        assert!(!found, "{}", path.display());
    }
}

#[test]
fn reports_of_tokens_of_ours_are_told_and_revoked_once() {
    let (port, came) = taker();
    let settings = format!(
        "[endpoint.soc]\nurl = 'http://127.0.0.1:{port}/soc'\nsecret_env = 'HOOKS'\n\
         [endpoint.revoke]\nurl = 'http://127.0.0.1:{port}/revoke'\nformat = 'rfc7009'\nclient_id = 'us'\nclient_secret_env = 'HOOKS'\n\
         [revocation]\nmode = 'on'\nissuers = ['{ISSUER}']\nendpoints = ['revoke']\n"
    );
    let receiving = Receiving::telling(&settings, &["--alert", "soc"]);
    let (live, dead) = (secret(5), secret(6));
    let key = receiving.add(&live, &["--issuer", ISSUER, "--issued", "2026-01-01T00:00:00Z", "--expires", "2999-01-01T00:00:00Z"]);
    receiving.add(&dead, &["--issuer", ISSUER, "--issued", "2026-01-01T00:00:00Z", "--expires", "2026-01-02T00:00:00Z"]);
    let entry = |token: &str| json!({"token": token, "type": "our_token", "url": "https://github.com/o/r/blob/1a/f.txt", "source": "commit"});
    let body = json!([entry(&live), entry(&dead), entry(&secret(7))]).to_string();
    for _ in 0..2 {
        assert_eq!(receiving.report(&body).status, 200);
    }
    // Two tokens are ours, and the one that works is revoked.
    let mut all: Vec<(String, String)> = (0..3).map(|_| came.recv_timeout(Duration::from_secs(20)).unwrap()).collect();
    all.sort();
    assert_eq!(came.recv_timeout(Duration::from_millis(1500)).ok(), None);
    assert_eq!((all[0].0.as_str(), all[0].1.starts_with(&format!("token={live}"))), ("/revoke", true));
    let mut alerts: Vec<Value> = all[1..].iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect();
    alerts.sort_by_key(|alert| alert["data"]["severity"].to_string());
    let told = |alert: &Value| {
        let data = &alert["data"];
        let place = &data["observed"]["locations"][0]["uri"];
        [&alert["type"], &data["severity"], place].map(binary::text)
    };
    assert_eq!(told(&alerts[0]), ["token.exposed", "critical", "https://github.com/o/r/blob/1a/f.txt"]);
    assert_eq!(told(&alerts[1]), ["token.exposed", "low", "https://github.com/o/r/blob/1a/f.txt"]);
    assert_eq!((&alerts[0]["data"]["token"]["fp"], &alerts[0]["data"]["token"]["preview"]), (&json!(key), &json!("…(40)")));
    let evidence = &alerts[0]["data"]["evidence"][0];
    assert_eq!(evidence, &json!("reported as `our_token` through inlet `github` (commit)"));
    assert!(!all[1..].iter().any(|(_, body)| body.contains(&live) || body.contains(&dead)));
    let noted: Vec<String> = receiving.noted().into_iter().map(|(kind, _)| kind).collect();
    for (kind, count) in [("received", 3), ("requested", 1), ("configured", 1)] {
        assert_eq!(noted.iter().filter(|one| *one == kind).count(), count, "{noted:?}");
    }
    assert_eq!(receiving.show(&key)["exposures"][0]["count"], json!(1));
}

#[test]
fn one_slow_client_keeps_nobody_waiting() {
    let mut receiving = Receiving::begin();
    let mut slow: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(&receiving.address).unwrap()).collect();
    for stream in &mut slow {
        stream.write_all(b"POST /hooks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx").unwrap();
    }
    assert_eq!(receiving.hook("msg_1", 0, &json!({"type": "token.exposed"})).status, 200);
    // They are cut off, without a success.
    slow[0].set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    assert_ne!(Reply::read(&mut slow[0]).status, 200);
    assert!(Command::new("kill").args(["-TERM", &receiving.child.id().to_string()]).status().unwrap().success());
    assert_eq!(wait(&mut receiving.child, Duration::from_secs(10)), Some(0));
}

#[test]
fn what_cannot_be_right_does_not_begin() {
    let directory = tempfile::tempdir().unwrap();
    let check = |settings: &str, listen: &str, part: &str| {
        fs::write(directory.path().join("beartrap.toml"), settings).unwrap();
        let ran = run(directory.path(), &["receive", "--listen", listen, "--state", "st"]);
        assert!(ran.status == 2 && ran.err().contains(part), "{settings}: {} {}", ran.status, ran.err());
    };
    check("", "0", "no `[receive.NAME]`");
    check("[receive.a]\nkind = 'set'", "0", "`public_key_file` is missing");
    check("[receive.a]\nkind = 'standard-webhooks'\nsecret_env = 'NOT_SET'", "0", "the variable `NOT_SET` of `secret_env` is not set");
    check("[receive.a]\nkind = 'gitlab'\nsecret = 'x'", "0", "unknown field `secret`");
    check("", "0.0.0.0:0", "--behind-proxy");
}
