//! What is passed over says nothing: of every log, skimming tells the same as reading all of it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use beartrap::detect::options::Options;
use beartrap::ledger::import::context::GramOf;
use beartrap::model::fingerprint::Fingerprint;
use beartrap::model::instant::Instant;
use beartrap::model::origin::Origin;
use beartrap::pipeline::replay::habits::Numbers;
use beartrap::pipeline::replay::sight::{Reading, Sight, Sightings};
use beartrap::rules::rule_set::RuleSet;
use beartrap::scan::engine::{self, Engine};
use proptest::prelude::{ProptestConfig, any, prop, prop_assert_eq, proptest};
use regex::{Captures, Regex};
use serde_json::Value;

/// Lines that say nothing, of different kinds.
const QUIET: [&str; 5] = [
    "Mar  2 10:02:30 update-35 kernel: [453916.187290] offset: little earth",
    r#"{"level":"info","ts":"2026-03-02T10:00:00Z","msg":"nothing","shape":{"sides":[1,{"a":"}"}]}}"#,
    r#"192.0.2.1 - - [02/Mar/2026:10:00:00 +0000] "GET /a?page=2 HTTP/1.1" 200 5 "-" "Mozilla/5.0""#,
    "    at com.example.Service.run(Service.java:12)",
    "[10:00:01] [info] a word {in} braces",
];

/// Logs that tell of a token, each by a sign of its own. `T` stands for a time, `FP` for a fingerprint, `H` for its digits, `S` for a token, `PROOF` for one of its possession.
const TELLING: &[&str] = &[
    r#"{"time":"T","Authorization":"Bearer FP"}"#,
    r#"{"time":"T","headers":{"X-Vault-Token":"FP"}}"#,
    r#"{"time":"T","method":"GET","path":"/a","status":200,"headers":[{"name":"x-api-key","value":"FP"}]}"#,
    r#"{"time":"T","headers":{"Cf-Access-Jwt-Assertion":"FP"}}"#,
    r#"{"time":"T","headers":{"x-amzn-oidc-data":"FP"}}"#,
    r#"{"time":"T","headers":{"x-amzn-oidc-accesstoken":"FP"}}"#,
    r#"{"time":"T","headers":{"Cookie":"sid=0123456789abcdef"}}"#,
    r#"{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{\"headers\":[\"Cookie: a=0123456789abcdef\"]}"}}]}"#,
    r#"{"time":"T","headers":{"DPoP":"PROOF"}}"#,
    r#"192.0.2.1 - - [02/Mar/2026:10:00:00 +0000] "GET /a?token=FP HTTP/1.1" 200 5 "-" "-""#,
    r#"192.0.2.1 - - [02/Mar/2026:10:00:00 +0000] "GET /a?b=1&apikey=FP HTTP/1.1" 200 5 "-" "-""#,
    r#"192.0.2.1 - - [02/Mar/2026:10:00:00 +0000] "GET /a?code=FP HTTP/1.1" 200 5 "-" "-""#,
    r#"192.0.2.1 - - [02/Mar/2026:10:00:00 +0000] "GET /a?b;key=FP HTTP/1.1" 200 5 "-" "-""#,
    r#"192.0.2.1 - - [02/Mar/2026:10:00:00 +0000] "GET /a?sig=FP HTTP/1.1" 200 5 "-" "-""#,
    r#"{"time":"T","method":"GET","url":"/a?b=1\u0026sig=FP","status":200}"#,
    r#"{"time":"T","method":"GET","url":"https://S:x-oauth-basic@host.test/a","status":200}"#,
    r#"{"time":"T","method":"GET","url":"https:\/\/u:S@host.test\/a","status":200}"#,
    r#"{"time":"T","\u0061uthorization":"Bearer FP"}"#,
    r#"{"time":"T","method":"GET","path":"/a","status":200,"args":{"code":"FP"}}"#,
    r#"{"time":"T","method":"GET","path":"/a","status":200,"args": {"code":"FP"}}"#,
    r#"{"time":"T","method":"GET","path":"/a","status":200,"args" : {"code":"FP"}}"#,
    r#"{"time":"T","method":"GET","path":"/a","status":200,"query":{"code":"FP"}}"#,
    r#"{"time":"T","method":"GET","path":"/a","status":200,"request_query": {"code":"FP"}}"#,
    r#"{"time":"T","method":"GET","path":"/a","status":200,"query" : {"key":"FP"}}"#,
    r#"{"time":"T","method":"GET","path":"/a","status":200,"queryString":{"key":"FP"}}"#,
    r#"{"time":"T","method":"GET","path":"/a","status":200,"query_string": {"key":"FP"}}"#,
    r#"{"time":"T","method":"GET","path":"/a","status":200,"querystring" : {"key":"FP"}}"#,
    r#"{"time":"T","method":"GET","path":"/a","status":200,"queryParams":{"sig":"FP"}}"#,
    r#"{"time":"T","method":"GET","path":"/a","status":200,"query_params": {"sig":"FP"}}"#,
    r#"{"time":"T","method":"GET","path":"/a","status":200,"query_params" : {"sig":"FP"}}"#,
    "2026-03-02T10:00:00.0000000Z ##[command]curl -u S: https://host.test/a",
    "2026-03-02T10:00:00.0000000Z $ wget --password=S host.test/a",
    "2026-03-02T10:00:00.0000000Z + http -a u:S host.test/a",
    "2026-03-02T10:00:00.0000000Z + https -a u:S host.test/a",
    "2026-03-02T10:00:00.0000000Z + xh -a u:S host.test/a",
    r#"{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"sh","arguments":{"cmd":["http","-a","u:S","host.test"]}}}]}"#,
    r#"{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"sh","arguments":"{\"cmd\":[\"https\",\"-a\",\"u:S\",\"x.test\"]}"}}]}"#,
    r#"{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"sh","arguments":{"cmd":["xh","-a","u:S","host.test"]}}}]}"#,
    r#"{"time":"T","token":{"fingerprint":"FP"}}"#,
    r#"{"time":"T","message":"called","tokenFingerprint":"FP"}"#,
    r#"{"time":"T","message":"called","token_fp":"FP"}"#,
    r#"{"time":"T","message":"called","token_sha256":"FP"}"#,
    r#"{"time":"T","fp":"FP"}"#,
    r#"{"time":"T","alt_keys":["FP"]}"#,
    r#"{"time":"T","event":"issued","iss":"https://host.test","jti":"a","issued_to":{}}"#,
    r#"{"time":"T","event":"issued","token":"S","issued_to":{}}"#,
    r#"{"time":"T","event":"issued","secret":"S","issued_to":{}}"#,
    r#"{"at":"T","time":"T","event":"revoked","target":{"session":"a"}}"#,
    r#"{"at":"T","time":"T","task_id":"a","status":"failed"}"#,
    r#"{"eventVersion":"1","eventSource":"s3","eventName":"Get","eventTime":"T","userIdentity":{"accessKeyId":"AKIASYNTHETIC"}}"#,
    concat!(
        r#"{"eventVersion":"1","eventSource":"sts","eventName":"AssumeRole","eventTime":"T","userIdentity":{},"#,
        r#""responseElements":{"credentials":{"sessionToken":"S"}}}"#
    ),
    concat!(
        r#"{"apiVersion":"audit.k8s.io/v1","stage":"ResponseComplete","auditID":"a","requestReceivedTimestamp":"T","verb":"get","#,
        r#""user":{"extra":{"authentication.kubernetes.io/credential-id":["JTI=a"]}}}"#
    ),
    r#"{"type":"request","time":"T","request":{"operation":"read","path":"a"},"auth":{"accessor":"a"}}"#,
    r#"{"action":"repo.create","actor":"a","@timestamp":1772445600000,"token_id":7}"#,
    r#"{"action":"repo.create","actor":"a","@timestamp":1772445600000,"hashed_token":"H"}"#,
    r#"{"code":"TJ001I","event":"bot.join","uid":"a","time":"T","method":"iam","token_name":"a"}"#,
    r#"{"decision_id":"a","timestamp":"T","result":true,"input":{"jwt":"FP"}}"#,
    r#"{"eventType":"user.read","published":"T","uuid":"a","transaction":{"detail":{"requestApiTokenId":"a"}}}"#,
    r#"{"eventType":"app.oauth2.as.token.grant.at","published":"T","uuid":"a","target":[{"type":"AccessToken","id":"a"}]}"#,
    r#"{"eventType":"user.session.end","published":"T","uuid":"a","authenticationContext":{"externalSessionId":"a"}}"#,
    r#"{"log_id":"a","type":"sertft","date":"T","details":{"familyId":"a","tokenCounter":2}}"#,
    r#"{"uniqueTokenIdentifier":"a","createdDateTime":"T","status":{"errorCode":0}}"#,
    r#"{"time":"T","properties":{"signInActivityId":"a","requestUri":"https://host.test/a","timeGenerated":"T"}}"#,
    r#"{"activityDisplayName":"Revoke user sign-in sessions","activityDateTime":"T","targetResources":[{"id":"a"}]}"#,
    r#"{"activityDisplayName":"revokeSignInSessions","activityDateTime":"T","targetResources":[{"id":"a"}]}"#,
    r#"{"activityDisplayName":"Update StsRefreshTokenValidFrom Timestamp","activityDateTime":"T","targetResources":[{"id":"a"}]}"#,
    r#"{"activityDisplayName":"Disable account","activityDateTime":"T","targetResources":[{"id":"a"}]}"#,
    // Half a line, of which only the whole is a use.
    "2026-03-02T10:00:00Z stdout P {\"time\":\"T\",\"Author\n2026-03-02T10:00:00Z stdout F ization\":\"Bearer FP\"}",
    "2026-03-02T10:00:00Z stderr P {\"time\":\"T\",\"toke\n2026-03-02T10:00:00Z stderr F n.fingerprint\":\"FP\"}",
    r#"{"log":"{\"time\":\"T\",\"Author","stream":"stdout","time":"T"}
{"log":"ization\":\"Bearer FP\"}\n","stream":"stdout","time":"T"}"#,
    r#"{"log":"{\"time\":\"T\",\"Author","stream":"stderr","time":"T"}
{"log":"ization\":\"Bearer FP\"}\n","stream":"stderr","time":"T"}"#,
    // What a later record needs of an earlier one.
    "section_start:1772445600:build\r\u{1b}[0K\n$ curl -u S: https://host.test/a",
    "section_end:1772445600:build\r\u{1b}[0K\n$ curl -u S: https://host.test/a",
    "Running with gitlab-runner 17.0\n$ curl -u S: https://host.test/a",
    r#"{"timestamp":"T","type":"session_meta","payload":{"id":"session-1"}}
{"timestamp":"T","type":"response_item","payload":{"type":"function_call","name":"sh","call_id":"c","arguments":"curl -u S: x.test"}}"#,
    r#"{"type":"user","sessionId":"session-1","uuid":"a","message":{"role":"user","content":"hello"}}
{"type":"assistant","message":{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"sh","input":{"cmd":"curl -u S: x.test"}}]}}"#,
    r#"{"type":"user","session_id":"session-1","message":{"role":"user","content":"hello"}}
{"type":"assistant","message":{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"sh","input":{"cmd":"curl -u S: x.test"}}]}}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params" :{"clientInfo":{"name":"agent-1"}}}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"f","arguments":{"cmd":"curl -u S: x.test"}}}"#,
];

struct Bench {
    engine: Engine,
    options: Options,
    numbers: Numbers,
}

impl Bench {
    fn new() -> Self {
        let engine = Engine::new(&RuleSet::builtin(), engine::Options::default());
        Self { engine, options: Options::default(), numbers: Numbers::default() }
    }

    /// What a log tells, heard in steps of this many bytes; with or without what the scan finds in it, which leads to records as well.
    fn told(&self, name: &str, text: &[u8], (step, scans): (usize, bool), thorough: bool) -> (Sightings, String) {
        let gram_of: GramOf = &|_| None;
        let now = Instant::from_number(1_790_000_000).expect("because it is a time");
        let reading = Reading { mapping: None, reach: None, now, options: &self.options, gram_of, thorough };
        let mut sight = Sight::new(name.to_owned(), reading, &self.numbers);
        let findings = if scans { self.engine.scan(&Arc::new(Origin::Memory(name.to_owned())), text) } else { Vec::new() };
        let mut findings = findings.iter().peekable();
        for (at, part) in text.chunks(step).enumerate().map(|(number, part)| (number * step, part)) {
            let end = (at + part.len()) as u64;
            while let Some(finding) = findings.next_if(|finding| finding.span.start() < end) {
                sight.find(finding, finding.position.line);
            }
            sight.hear(part);
        }
        sight.end();
        let told = sight.take_told();
        let text = format!("{:?} {:?} {:?} {:?}", told.packed.bytes(), told.names, told.entries, told.marks);
        (told, text)
    }

    /// Checks one log; how many of its records were passed over.
    fn check(&self, name: &str, text: &[u8]) -> u64 {
        let mut passed = 0;
        for how in [(text.len().max(1), true), (text.len().max(1), false), (1000, true)] {
            let (all, expected) = self.told(name, text, how, true);
            let (skimmed, told) = self.told(name, text, how, false);
            assert_eq!(
                told,
                expected,
                "{name} {how:?}: {} ({}, {} passed)",
                String::from_utf8_lossy(text),
                all.coverage.total().uses,
                skimmed.coverage.passed
            );
            assert_eq!(skimmed.coverage.total().uses, all.coverage.total().uses);
            assert_eq!(all.coverage.passed, 0);
            passed = skimmed.coverage.passed.max(passed);
        }
        passed
    }
}

/// The logs of the repository, by their names.
fn logs() -> Vec<(String, String)> {
    let mut logs = Vec::new();
    for folder in ["fixtures/logs", "fixtures/ledger"] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("because it is there") {
            let path = entry.expect("because it can be read").path();
            let name = path.file_name().expect("because it is a file").to_string_lossy().into_owned();
            if !name.contains(".said.") {
                logs.push((name, fs::read_to_string(path).expect("because it is text")));
            }
        }
    }
    logs.sort();
    logs
}

/// How a writer of JSON spells an object: what stands around colons, and which characters it escapes.
#[derive(Clone, Copy, Debug)]
struct Spelling {
    colon: &'static str,
    escapes: &'static [char],
}

const SPELLINGS: [Spelling; 4] = [
    Spelling { colon: ":", escapes: &[] },
    Spelling { colon: ": ", escapes: &['/'] },
    Spelling { colon: " : ", escapes: &['<', '>', '&', '\'', '='] },
    Spelling { colon: ":", escapes: &['a', 'k', 't', '@'] },
];

fn spell(value: &Value, how: Spelling, out: &mut String) {
    let mut list = |open: char, close: char, parts: &mut dyn Iterator<Item = (Option<&String>, &Value)>| {
        out.push(open);
        for (number, (key, value)) in parts.enumerate() {
            out.push_str(if number > 0 { "," } else { "" });
            if let Some(key) = key {
                spell(&Value::String(key.clone()), how, out);
                out.push_str(how.colon);
            }
            spell(value, how, out);
        }
        out.push(close);
    };
    match value {
        Value::Object(object) => list('{', '}', &mut object.iter().map(|(key, value)| (Some(key), value))),
        Value::Array(values) => list('[', ']', &mut values.iter().map(|value| (None, value))),
        Value::String(text) => {
            for c in value.to_string().chars() {
                match c {
                    '/' if how.escapes.contains(&c) => out.push_str("\\/"),
                    // What follows a backslash is left alone.
                    c if how.escapes.contains(&c) && !text.contains('\\') && !value.to_string().contains('\\') => {
                        out.push_str(&format!("\\u{:04x}", u32::from(c)));
                    }
                    c => out.push(c),
                }
            }
        }
        other => out.push_str(&other.to_string()),
    }
}

#[test]
fn logs_tell_the_same_when_they_are_skimmed() {
    let bench = Bench::new();
    let mut passed = 0;
    for (name, text) in logs() {
        passed += bench.check(&name, text.as_bytes());
        bench.check(&name, format!("{}\n{text}\n{}\n", QUIET[0], QUIET[1]).as_bytes());
        // Every line between others, and in every spelling.
        let lines = text.lines().flat_map(|line| [line, QUIET[line.len() % QUIET.len()]]);
        passed += bench.check(&name, lines.collect::<Vec<_>>().join("\n").as_bytes());
        for how in SPELLINGS {
            let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(&text).into_iter().collect();
            let mut spelled = String::new();
            for value in values.into_iter().flatten() {
                spelled.push_str(QUIET[2]);
                spelled.push('\n');
                spell(&value, how, &mut spelled);
                spelled.push('\n');
            }
            passed += bench.check(&name, spelled.as_bytes());
        }
    }
    assert!(passed > 500, "{passed}");
}

#[test]
fn every_sign_leads_to_what_it_is_a_sign_of() {
    let bench = Bench::new();
    let token = "Zq3x".repeat(9);
    let fingerprint = Fingerprint::of(token.as_bytes()).to_string();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let proof = serde_json::json!({ "jti": "a", "htm": "GET", "htu": "https://host.test/", "iat": 1, "ath": URL_SAFE_NO_PAD.encode(Fingerprint::of(b"a").digest()) });
    let key = serde_json::json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": { "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" } });
    let proof = format!("{}.{}.{}", part(&key), part(&proof), "A".repeat(86));
    let placeholder = Regex::new(r"\b(T|FP|S|PROOF|H)\b").expect("because it is one");
    let mut silent = Vec::new();
    for telling in TELLING {
        let text = placeholder.replace_all(telling, |found: &Captures| match &found[0] {
            "T" => "2026-03-02T10:00:00Z",
            "FP" => &fingerprint,
            "S" => &token,
            "PROOF" => &proof,
            _ => &fingerprint["sha256:".len()..],
        });
        let lines: Vec<&str> = text.lines().flat_map(|line| [QUIET[0], line]).collect();
        let text = lines.join("\n") + "\n";
        let (all, _) = bench.told("jobs/7/trace.log", text.as_bytes(), (text.len(), false), true);
        if all.coverage.total().uses == 0 && all.entries.is_empty() {
            silent.push(telling);
        }
        bench.check("jobs/7/trace.log", text.as_bytes());
    }
    assert!(silent.is_empty(), "nothing is told by {silent:#?}");
}

#[test]
fn lines_that_say_nothing_are_passed_over() {
    let bench = Bench::new();
    for quiet in QUIET {
        let text = format!("{quiet}\n").repeat(100);
        assert!(bench.check("quiet.log", text.as_bytes()) >= 98, "{quiet}");
    }
    let token = format!("ghp_{}", "Zq3x".repeat(9));
    let told = bench.check("lying.log", format!("{}\n{}\ntook {token} along\n{}\n", QUIET[0], QUIET[1], QUIET[2]).as_bytes());
    assert!(told >= 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn mixed_lines_tell_the_same_when_they_are_skimmed(
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..8), 1..60),
        cut in prop::option::of(any::<prop::sample::Index>()),
        scans in any::<bool>(),
    ) {
        thread_local!(static BENCH: (Bench, Vec<String>) = (Bench::new(), logs().into_iter().flat_map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()));
        BENCH.with(|(bench, lines)| {
            let mut text = String::new();
            for (pick, quiet) in &picks {
                text.push_str(QUIET.get(*quiet).copied().unwrap_or_else(|| pick.get(&lines[..]).as_str()));
                text.push('\n');
            }
            // Well formed, or broken off somewhere.
            let end = cut.map_or(text.len(), |cut| cut.index(text.len()));
            let text = &text.as_bytes()[..end];
            let (_, expected) = bench.told("mixed.log", text, (text.len().max(1), scans), true);
            let (_, told) = bench.told("mixed.log", text, (text.len().max(1), scans), false);
            prop_assert_eq!(told, expected);
            Ok(())
        })?;
    }
}
