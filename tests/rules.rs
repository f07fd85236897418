//! Every rule, exactly: its examples, its token in every carrier, across every chunk boundary and in every encoding.
//!
//! Tokens are made here and never written down; messages show rules, carriers and offsets.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use beartrap::cli::rules_check::failures;
use beartrap::model::chunk::{Chunk, Owns};
use beartrap::model::decoder::Decoder;
use beartrap::model::finding::Finding;
use beartrap::model::fingerprint::Fingerprint;
use beartrap::model::grade::Confidence;
use beartrap::model::origin::Origin;
use beartrap::pipeline::progress::Progress;
use beartrap::pipeline::stream::Placing;
use beartrap::pipeline::stream::{Context, Event, scan_all};
use beartrap::rules::builtin::SOURCES;
use beartrap::rules::load::load_text;
use beartrap::rules::rule::{MIN_RUN, Rule};
use beartrap::rules::rule_set::RuleSet;
use beartrap::rules::spec::Check;
use beartrap::scan::engine::{Comments, Engine, Options};
use beartrap::sources::cutter::CutOptions;

use crate::encode::Encoded;
use crate::report::{Exception, Report, Wanted, list};

#[path = "support/encode.rs"]
mod encode;
#[path = "support/report.rs"]
mod report;
#[path = "support/tokens.rs"]
mod tokens;

/// Reports whatever it finds, however unsure.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let options = Options { min_confidence: Confidence::Low, comments: Comments::Ignore, ..Options::default() };
    Engine::new(&RuleSet::builtin(), options)
});

fn scan(text: &[u8]) -> Vec<Finding> {
    ENGINE.scan(&Arc::new(Origin::Memory("test".into())), text)
}

/// Whether the rule's tokens have several lines.
fn has_lines(rule: &Rule) -> bool {
    rule.check == Some(Check::Pem)
}

#[test]
fn every_example_of_every_rule_holds() {
    let mut failed = Vec::new();
    for (file, text) in SOURCES {
        for written in load_text(file, text).expect("because build.rs has loaded it") {
            failed.extend(failures(&written));
        }
    }
    assert!(failed.is_empty(), "{} examples fail\n{}", failed.len(), failed.join("\n"));
}

/// Carriers of tokens on one line: name, and the text with `{X}` where the token stands.
const CARRIERS: &[(&str, &str)] = &[
    ("authorization header", "GET /v1 HTTP/1.1\r\nAuthorization: Bearer {X}\r\nAccept: */*\r\n\r\n"),
    ("curl header, single quotes", "curl -sS -H 'Authorization: Bearer {X}' https://api.host.test/v1\n"),
    ("curl header, double quotes", "curl -H \"X-Api-Key: {X}\" https://api.host.test/v1\n"),
    ("option", "deploy --region eu-1 --token {X} --wait\n"),
    ("option with =", "deploy --token={X} --wait\n"),
    ("json value", "{\"id\": 7, \"token\": \"{X}\", \"ttl\": 60}\n"),
    ("compact json value", "{\"id\":7,\"token\":\"{X}\",\"ttl\":60}\n"),
    ("json in json", r#"{"body":"{\"token\":\"{X}\"}"}"#),
    ("json in json in json", r#"{"body":"{\"body\":\"{\\\"token\\\":\\\"{X}\\\"}\"}"}"#),
    ("yaml", "service:\n  token: {X}\n  replicas: 2\n"),
    ("yaml, quoted", "service:\n  token: '{X}'\n"),
    ("yaml block", "service:\n  token: >-\n    {X}\n  replicas: 2\n"),
    ("yaml list", "tokens:\n  - {X}\n  - other\n"),
    (".env", "HOST=db\nAPI_TOKEN={X}\nPORT=1\n"),
    (".env, quoted", "API_TOKEN=\"{X}\"\n"),
    ("ini", "[service]\ntoken = {X}\nport = 1\n"),
    ("toml", "[service]\ntoken = \"{X}\"\n"),
    ("properties", "service.api.token={X}\nservice.port=1\n"),
    ("xml element", "<config><token>{X}</token></config>\n"),
    ("xml attribute", "<add key=\"Token\" value=\"{X}\"/>\n"),
    ("html attribute", "<input type=hidden name=token value='{X}'>\n"),
    ("html attribute, bare", "<input value={X}>\n"),
    ("url query", "GET https://api.host.test/v1?access_token={X}&y=1 HTTP/1.1\n"),
    ("url query, last", "see https://api.host.test/v1?y=1&access_token={X} today\n"),
    ("url fragment", "https://app.host.test/cb#access_token={X}&expires_in=3600\n"),
    ("form body", "grant_type=refresh&token={X}&client=7"),
    ("userinfo", "git clone https://x:{X}@git.host.test/a/b.git\n"),
    ("userinfo without name", "git clone https://{X}@git.host.test/a/b.git\n"),
    ("markdown code", "Use `{X}` for the demo.\n"),
    ("markdown fence", "```\n{X}\n```\n"),
    ("markdown table", "| staging | {X} | 2027 |\n"),
    ("prose", "Take the token {X}, then log in.\n"),
    ("prose, end of sentence", "The token is {X}. Then log in.\n"),
    ("prose, end of text", "The token is {X}."),
    ("parentheses", "the service account ({X}) may write\n"),
    ("brackets", "tokens=[{X}]\n"),
    ("angle brackets", "<{X}>\n"),
    ("semicolon", "token={X};other=1\n"),
    ("escaped LF before", r#"{"out":"line\n{X}\nline"}"#),
    ("escaped CRLF before", r#"{"out":"line\r\n{X}\r\nline"}"#),
    ("twice escaped LF before", r#"{"out":"{\"o\":\"line\\n{X}\\nline\"}"}"#),
    ("escaped tab before", r#"{"out":"name\t{X}\tend"}"#),
    ("tab before", "name\t{X}\tend\n"),
    ("colour code", "\x1b[32m{X}\x1b[0m\n"),
    ("colour code of 256", "\x1b[38;5;196m{X}\x1b[0m\n"),
    ("colour code in json", r#"{"log":"\u001b[32m{X}\u001b[0m\n"}"#),
    ("colour code in C", r#"printf("\x1b[1;32m{X}\x1b[0m\n")"#),
    ("before &", "a={X}&b=1\n"),
    ("before @", "to {X}@host.test\n"),
    ("before <", "<b>{X}<br>\n"),
    ("before ,", "a,{X},b\n"),
    (r"before \u0026", r#"{"url":"/v1?token={X}\u0026y=1"}"#),
    ("before &amp;", "<a href=\"/v1?token={X}&amp;y=1\">\n"),
    ("before &quot;", "<div data-x=\"{&quot;token&quot;:&quot;{X}&quot;}\">\n"),
    ("percent-encoded quotes", "GET /v1?q=%7B%22token%22%3A%22{X}%22%7D HTTP/1.1\n"),
    ("percent-encoded =", "redirect=https%3A%2F%2Fhost.test%2Fcb%3Ftoken%3D{X}%26y%3D1\n"),
    ("start of file", "{X}\nnext\n"),
    ("end of file", "last\n{X}"),
    ("whole file", "{X}"),
    ("crlf", "one\r\n{X}\r\ntwo\r\n"),
    ("shell export", "export API_TOKEN={X}\n"),
    ("shell export, quoted", "export API_TOKEN='{X}'; run\n"),
    ("powershell", "$env:API_TOKEN = \"{X}\"\r\n"),
    ("dockerfile", "FROM scratch\nENV API_TOKEN={X}\n"),
    ("dockerfile, old form", "ENV API_TOKEN {X}\n"),
    ("terraform", "variable \"token\" {\n  default = \"{X}\"\n}\n"),
    ("rust", "const TOKEN: &str = \"{X}\";\n"),
    ("javascript", "fetch(u, {headers: {Authorization: `Bearer {X}`}})\n"),
    ("python", "client = Client(token='{X}')\n"),
    ("go", "token := \"{X}\"\n"),
    ("cookie", "Cookie: theme=dark; session={X}; lang=en\r\n"),
    ("set-cookie", "Set-Cookie: session={X}; Path=/; HttpOnly\r\n"),
    ("log line", "2026-03-02T10:11:12Z INFO auth token={X} user=7\n"),
    ("logfmt, quoted", "level=info msg=\"got token\" token=\"{X}\" user=7\n"),
    ("github actions", "2026-03-02T10:11:12.1234567Z ##[debug]token {X}\n"),
    ("gitlab section", "section_start:1772446272:build\r\x1b[0K\x1b[0;m$ login {X}\x1b[0;m\n"),
    ("docker json log", "{\"log\":\"auth token={X}\\n\",\"stream\":\"stdout\",\"time\":\"2026-03-02T10:11:12.123456789Z\"}\n"),
    ("cri log", "2026-03-02T10:11:12.123456789Z stdout F auth token={X}\n"),
    ("access log", "10.0.0.7 - - [02/Mar/2026:10:11:12 +0000] \"GET /v1?access_token={X}&y=1 HTTP/1.1\" 200 5 \"-\" \"curl/8\"\n"),
    ("mcp env", "{\"mcpServers\":{\"a\":{\"command\":\"npx\",\"env\":{\"API_TOKEN\":\"{X}\"}}}}\n"),
    ("mcp args", "{\"mcpServers\":{\"a\":{\"args\":[\"mcp-remote\",\"--header\",\"Authorization: Bearer {X}\"]}}}\n"),
    ("otlp attribute", "{\"key\":\"http.request.header.authorization\",\"value\":{\"stringValue\":\"Bearer {X}\"}}\n"),
    ("netrc", "machine host.test login x password {X}\n"),
    ("csv", "7,ann,\"{X}\",2027\n"),
    ("diff", "+API_TOKEN={X}\n"),
    ("cjk", "令牌{X}已发放\n"),
    ("typographic quotes", "the token “{X}” works\n"),
    ("byte order mark", "\u{feff}{X}\n"),
    ("binary", "\0\u{1}{X}\0\u{2}"),
];

/// Carriers of blocks of several lines.
const BLOCKS: &[(&str, &str)] = &[
    ("file", "{X}\n"),
    ("end of file", "comment\n{X}"),
    (".env, quoted", "API_KEY=\"{X}\"\nPORT=1\n"),
    ("markdown fence", "```\n{X}\n```\n"),
    ("xml element", "<key>{X}</key>\n"),
    ("cjk", "令牌\n{X}\n已发放\n"),
    ("byte order mark", "\u{feff}{X}\n"),
    ("terraform heredoc", "key = <<EOT\n{X}\nEOT\n"),
];

/// What cannot be told from the bytes alone.
const CARRIER_EXCEPTIONS: &[Exception] = &[
    ("google-service-account-access-token", "prose, end of*", "its padding is dots: one more cannot be told from the sentence's full stop"),
    ("adyen-api-key", "*", "its last part may hold any sign: whether one that follows belongs to it cannot be told"),
    ("github-copilot-token", "semicolon", "a list of pairs with semicolons: one that follows goes on with it"),
    ("livechat-personal-token", "userinfo without name", "a region and a token with a colon between them are a user and a password as well"),
];

#[test]
fn every_token_is_found_exactly_in_every_carrier() {
    let mut report = Report::new(CARRIER_EXCEPTIONS);
    for rule in tokens::anchored() {
        for seed in 0..2 {
            let token = tokens::make(&rule, seed);
            for (name, template) in if has_lines(&rule) { BLOCKS } else { CARRIERS } {
                if name.starts_with("userinfo") && token.iter().any(|b| b"/@?#".contains(b)) {
                    continue;
                }
                let (text, start) = fill(template, &token);
                report.note(&rule.info.id, name, Wanted::plain(&token, start).flaw(&scan(&text)));
            }
        }
    }
    report.settle();
}

fn fill(template: &str, token: &[u8]) -> (Vec<u8>, usize) {
    let (before, after) = template.split_once("{X}").expect("because every carrier has a place for the token");
    ([before.as_bytes(), token, after.as_bytes()].concat(), before.len())
}

/// What stands between two tokens: the nearer they are, the easier one hides the other.
const NEIGHBOURS: &[(&str, &str)] = &[
    ("a blank between", " "),
    ("a line break between", "\n"),
    ("a comma between", ","),
    ("json between", "\",\"token\":\""),
    ("assignment between", "\nOTHER_TOKEN="),
    ("bearer between", "\r\nAuthorization: Bearer "),
    (
        "300 bytes between",
        " and then a long while after many other words, as they stand in a log that says what happened in the night of the 2nd of March, \
        when worker 7 took its time, the queue grew to 9, and all was well and so on until the morning came and it was restarted by hand: the new one is ",
    ),
];

/// Tokens of one rule near each other are all found, each exactly and once.
#[test]
fn no_token_hides_its_neighbour() {
    let mut report = Report::new(&[]);
    for rule in tokens::anchored() {
        let made: Vec<Vec<u8>> = (20..23).map(|seed| tokens::make(&rule, seed)).collect();
        for (name, between) in NEIGHBOURS {
            let text = made.join(between.as_bytes());
            let found = scan(&text);
            let wanted: Vec<_> = made.iter().map(|token| Some(Fingerprint::of(token))).collect();
            let got: Vec<_> = found.iter().map(|finding| finding.fingerprint().cloned()).collect();
            let flaw = (wanted != got).then(|| format!("tokens of {:?}{}", made.iter().map(Vec::len).collect::<Vec<_>>(), list(&found)));
            report.note(&rule.info.id, name, flaw);
        }
    }
    report.settle();
}

/// A line of ordinary log text.
const FILLER: &str = "2026-03-02T10:11:12Z INFO worker 7 took 12 ms, queue 3 of 9, all is well and so on\n";

fn filler(least: usize) -> Vec<u8> {
    FILLER.repeat(least / FILLER.len() + 1).into_bytes()
}

/// Cores of so few bytes that a boundary falls on every byte of the token; margins stay as they are, and are full on both sides.
#[test]
fn every_token_is_found_across_every_chunk_boundary() {
    let CutOptions { left, right, .. } = CutOptions::default();
    let (before, after) = (filler(left), filler(right));
    let mut report = Report::new(&[]);
    for rule in tokens::anchored() {
        let token = tokens::make(&rule, 3);
        let line = [b"2026-03-02T10:11:12Z INFO auth token=", &token[..], b" user=7\n"].concat();
        let text = [&before[..], &line, &after].concat();
        let expected = scan(&text);
        report.note(&rule.info.id, "whole", Wanted::plain(&token, before.len() + 37).flaw(&expected));
        for core in [1, 2, 3, 7, 29] {
            let found = scan_in_chunks(core, &text, before.len()..before.len() + line.len());
            let flaw = (found != expected).then(|| format!("{} findings instead of {}", found.len(), expected.len()));
            report.note(&rule.info.id, &format!("cores of {core}"), flaw);
        }
    }
    report.settle();
}

/// Scans `before` and `after` in one core each, and the line between them in cores of `core` bytes.
fn scan_in_chunks(core: usize, text: &[u8], line: Range<usize>) -> Vec<Finding> {
    let inside = line.clone().step_by(core).map(|start| start..line.end.min(start + core));
    let cores = std::iter::once(0..line.start).chain(inside).chain(std::iter::once(line.end..text.len()));
    let origin = Arc::new(Origin::Memory("test".into()));
    let mut placing = Placing::START;
    let mut found = Vec::new();
    let mut chunk = Chunk { bytes: text.to_vec(), base: 0, core: 0..0, ended: true, owns: Owns::Starts, phase: 0 };
    for core in cores {
        chunk.core = core;
        found.extend(placing.place(ENGINE.scan_chunk(&origin, &chunk)).0);
    }
    found
}

/// A token in a line of text, encoded.
struct Case {
    name: &'static str,
    encoded: Encoded,
    decoders: &'static [Decoder],
    /// How many more bytes a span may cover on each side, since encodings have groups.
    slack: usize,
}

/// The line before it is encoded, and where the token stands in it.
fn line(token: &[u8], before: &str) -> (Encoded, std::ops::Range<usize>) {
    let text = [before.as_bytes(), token, b"\n"].concat();
    (Encoded::plain(&text), before.len()..before.len() + token.len())
}

/// Without a break; a line of base64 can be as long as it likes.
const UNBROKEN: usize = usize::MAX;

fn cases(plain: &Encoded, wide: &Encoded) -> Vec<Case> {
    use Decoder::{Base64, Entity, Escape, Hex, Percent};
    let case = |name, encoded, decoders, slack| Case { name, encoded, decoders, slack };
    let standard = plain.base64(&STANDARD, UNBROKEN);
    vec![
        case("base64", standard.clone().within("data: ", "\n"), &[Base64], 3),
        case("base64, url-safe", plain.base64(&URL_SAFE, UNBROKEN).within("data: ", "\n"), &[Base64], 3),
        case("base64, unpadded", plain.base64(&STANDARD_NO_PAD, UNBROKEN).within("data: ", "\n"), &[Base64], 3),
        case("base64, url-safe, unpadded", plain.base64(&URL_SAFE_NO_PAD, UNBROKEN).within("", ""), &[Base64], 3),
        case("base64, 76 columns", wide.base64(&STANDARD, 76).within("-\n", "\n-\n"), &[Base64], 4),
        case("base64, 64 columns", wide.base64(&STANDARD, 64).within("-\n", "\n-\n"), &[Base64], 4),
        case("base64 in json", standard.clone().within("{\"data\":\"", "\",\"n\":1}\n"), &[Base64], 3),
        case("base64 in a kubernetes secret", standard.clone().within("kind: Secret\ndata:\n  token: ", "\n"), &[Base64], 3),
        case("base64 in a data uri", standard.clone().within("data:application/json;base64,", "\n"), &[Base64], 3),
        case("base64 of base64", standard.clone().base64(&STANDARD, UNBROKEN).within("d: ", "\n"), &[Base64, Base64], 8),
        case("base64 of json of base64", standard.within("{\"data\":\"", "\"}").base64(&STANDARD, UNBROKEN), &[Base64, Base64], 8),
        case("hex", plain.hex().within("data: ", "\n"), &[Hex], 0),
        case("hex of base64", plain.base64(&STANDARD, UNBROKEN).hex().within("data: ", "\n"), &[Hex, Base64], 6),
        case("base64 of hex", plain.hex().base64(&STANDARD, UNBROKEN).within("data: ", "\n"), &[Base64, Hex], 4),
        case("percent", plain.each(encode::percent).within("GET /cb?u=", "&x=1\n"), &[Percent], 0),
        case("json escapes", plain.each(encode::json).within("{\"t\":\"", "\"}\n"), &[Escape], 0),
        case("character references", plain.each(encode::reference).within("<p>", "</p>\n"), &[Entity], 0),
    ]
}

/// What cannot be told from the bytes alone.
const ENCODING_EXCEPTIONS: &[Exception] = &[
    ("github-copilot-token", "*", "a list of pairs: its first pairs are a whole one"),
    ("google-chat-webhook", "*", "the key inside of it is a token by itself"),
    ("power-automate-trigger-url", "*", "a query of several parameters: what follows an encoded `&` is one by itself"),
];

#[test]
fn every_token_is_found_exactly_in_every_encoding() {
    let mut report = Report::new(ENCODING_EXCEPTIONS);
    for rule in tokens::anchored().iter().filter(|rule| !has_lines(rule)) {
        for (seed, before) in [(4, "API_TOKEN="), (5, "MY_API_TOKEN="), (6, "{\"the\": \"token ")] {
            let token = tokens::make(rule, seed);
            let (plain, span) = line(&token, before);
            // Three quarters of the columns: the break falls into the token.
            let (wide, wide_span) = line(&token, &format!("{before:>width$}", width = 48 - token.len().min(40) / 2));
            for case in cases(&plain, &wide) {
                let span = if case.name.ends_with("columns") { &wide_span } else { &span };
                let least = case.encoded.span(span);
                let raw = case.encoded.bytes[least.clone()] == token;
                let most = least.start.saturating_sub(case.slack)..case.encoded.bytes.len().min(least.end + case.slack);
                let wanted = Wanted { token: &token, least, most, decoders: if raw { &[] } else { case.decoders } };
                report.note(&rule.info.id, case.name, wanted.flaw(&scan(&case.encoded.bytes)));
            }
        }
    }
    report.settle();
}

#[test]
fn every_token_is_found_exactly_in_utf16() {
    let mut report = Report::new(&[]);
    for rule in tokens::anchored() {
        let token = tokens::make(&rule, 7);
        let (text, start) = fill("[service]\r\ntoken = {X}\r\nport = 1\r\n", &token);
        let wide = 2 + start * 2..2 + (start + token.len()) * 2;
        let cases = [
            ("UTF-16LE", [b"\xff\xfe", &encode::utf16le(&text)[..]].concat(), Decoder::Utf16le),
            ("UTF-16BE", [b"\xfe\xff", &encode::utf16be(&text)[..]].concat(), Decoder::Utf16be),
        ];
        for (name, bytes, decoder) in cases {
            let wanted = Wanted { token: &token, least: wide.clone(), most: wide.clone(), decoders: &[decoder] };
            report.note(&rule.info.id, name, wanted.flaw(&scan_stream(&bytes)));
        }
    }
    report.settle();
}

/// Scans bytes as those of a file.
fn scan_stream(mut bytes: &[u8]) -> Vec<Finding> {
    let progress = Progress::default();
    let mut found = Vec::new();
    scan_all(Context { engine: &ENGINE, progress: &progress, listen: None }, Origin::Memory("test".into()), &mut bytes, Vec::new(), &mut |event| {
        if let Event::Part(_, part) = event {
            found.extend(part.findings);
        }
    });
    found
}

/// Where a line of `columns` columns breaks.
fn breaks(length: usize, columns: usize) -> Vec<usize> {
    (1..length.div_ceil(columns)).map(|line| line * columns).collect()
}

/// How much of a token stands before the break: so little that more must come, and so much that its anchor is whole in a run of its own.
fn first_part(rule: &Rule) -> usize {
    let alternative = &rule.alternatives[0];
    let anchor = alternative.anchor.as_ref().map_or(0, |anchor| anchor.lead.1 + 4);
    let shortest = rule.alternatives.iter().map(|alternative| alternative.shape.min_len()).min().unwrap_or(0);
    (shortest / 2).max(anchor).clamp(MIN_RUN + 1, 60).min(shortest - 1)
}

/// What cannot be told from the bytes alone.
const SPLIT_EXCEPTIONS: &[Exception] = &[
    ("mailchimp-api-key", "*", "its anchor stands at its very end: a break before it hides it, after it the first part is a whole key"),
    ("newrelic-license-key", "*", "its anchor stands at its very end"),
    ("azure-storage-identifiable-key", "*", "its anchor stands at its very end"),
    ("azure-cosmos-key", "*", "its anchor stands at its very end"),
    ("azure-batch-key", "*", "its anchor stands at its very end"),
    ("azure-api-management-key", "*", "its anchor stands at its very end"),
    ("unleash-api-token", "*", "its anchor stands behind a name of any length"),
    ("power-automate-trigger-url", "*", "its anchor stands behind a host of any length"),
    ("sumologic-source-url", "*", "its anchor stands behind a host of any length"),
    ("dead-mans-snitch-url", "*", "neither part is long enough to be looked at"),
    ("mercury-api-token", "*", "its first part is a whole secret-token URI"),
    ("convex-deploy-key", "*", "its second part begins with a bar, as quoted lines do"),
    ("alibaba-access-key-id", "*", "neither part is long enough to be looked at"),
];

/// Docker's and the container runtimes' longest line, in bytes.
const LONGEST: usize = 16 << 10;

#[test]
fn every_token_is_found_exactly_when_a_line_limit_splits_it() {
    let mut report = Report::new(SPLIT_EXCEPTIONS);
    for rule in tokens::anchored().iter().filter(|rule| !has_lines(rule)) {
        let token = tokens::make(rule, 8);
        let part = first_part(rule);
        let short = format!("{:>width$}", "token ", width = 80 - part);
        let long = String::from_utf8(filler(LONGEST)).expect("because it is ASCII").replace('\n', " ");
        let long = format!("{} token=", &long[..LONGEST - part - 7]);
        let words = |before: &str, after: &str| {
            let text = [before.as_bytes(), &token, after.as_bytes()].concat();
            (Encoded::plain(&text), before.len()..before.len() + token.len())
        };
        let (cri_first, cri_next) = ("2026-03-02T10:11:12.123456789Z stdout P ", "\n2026-03-02T10:11:12.123456790Z stdout F ");
        let docker_gap = "\",\"stream\":\"stdout\",\"time\":\"2026-03-02T10:11:12.123456789Z\"}\n{\"log\":\"";
        let docker_end = "\\n\",\"stream\":\"stdout\",\"time\":\"2026-03-02T10:11:12.123456790Z\"}\n";
        let mut cases = Vec::new();
        for (name, after) in [("then nothing", ""), ("then a blank", " is good\n"), ("then a new line", "\nnext line\n")] {
            let (text, span) = words(&short, after);
            // Whether a full line is the token's last one, nobody can tell.
            if span.end % 80 == 0 {
                continue;
            }
            cases.push((format!("folded at 80 columns, {name}"), text.cut(&breaks(span.end, 80), "\n"), span));
        }
        let (text, span) = words(&short, " is good\n");
        // With a longer rest, the first line would not be a full one.
        if span.end <= 160 {
            cases.push(("two lines, CRLF and indented".into(), text.cut(&[80], "\r\n    "), span.clone()));
            cases.push(("two lines, escaped LF".into(), text.cut(&[80], "\\n"), span.clone()));
            cases.push(("two lines, quoted mail".into(), text.cut(&[80], "\n> "), span));
        }
        let (text, span) = words(&long, "");
        cases.push(("docker json-file".into(), text.cut(&[LONGEST], docker_gap).within("{\"log\":\"", docker_end), span.clone()));
        cases.push(("cri".into(), text.cut(&[LONGEST], cri_next).within(cri_first, "\n"), span.clone()));
        let next = format!("\n{}", cri_first.replace(" P ", " F "));
        cases.push(("cri, then a line".into(), text.cut(&[LONGEST], cri_next).within(cri_first, &format!("{next}done\n")), span));
        let (job, on) = ("2026-03-02T10:11:12.123456Z 00O ", "\n2026-03-02T10:11:12.123457Z 00O+");
        let (text, span) = words("got the token ", " and more after it, on a line that is longer than the first\n");
        let after = format!("\n{job}done with everything that there was to do\n");
        let thirds = [span.start + part, span.start + part + (span.len() - part) / 2];
        cases.push(("gitlab".into(), text.cut(&thirds[..1], on).within(job, &after), span.clone()));
        cases.push(("gitlab, in three".into(), text.cut(&thirds, on).within(job, &after), span));
        let (text, span) = words("got the token ", "");
        cases.push(("gitlab, then a line".into(), text.cut(&[span.start + part], on).within(job, &after), span));
        for (name, encoded, span) in cases {
            let least = encoded.span(&span);
            let wanted = Wanted { token: &token, most: least.clone(), least, decoders: &[Decoder::Unwrap] };
            report.note(&rule.info.id, &name, wanted.flaw(&scan(&encoded.bytes)));
        }
    }
    report.settle();
}
