//! A request as headers and a URL tell it: who, where, what for, and the tokens that it presented.
//!
//! **Invariant:** the first of several headers that say the same wins; what a record already says stays.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::model::fingerprint::Fingerprint;
use crate::model::text::Text;
use crate::model::token_use::{Outcome, Presented, Proof, Record, Scheme, SessionSource};
use crate::observe::json::{self, Json};
use crate::observe::value::Object;
use crate::observe::{address, credential, mask, proof};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Headers in which proxies say who called them.
const FORWARDED: [&str; 7] =
    ["x-forwarded-for", "x-original-forwarded-for", "x-real-ip", "true-client-ip", "cf-connecting-ip", "x-client-ip", "x-envoy-external-address"];

/// The longest text that is taken over from a header.
const MAX_TEXT: usize = 512;

/// Takes headers over from JSON: an object of texts or lists of texts, or a list of objects with `name` and `value`.
pub fn absorb_headers(record: &mut Record, presented: &mut Vec<Presented>, headers: &Json<'_>) {
    let object = headers.as_object().into_iter().flat_map(Object::iter).filter_map(|(name, value)| Some((name, words(value)?)));
    let list = json::items(headers, &[]).iter().filter_map(|header| {
        let name = json::text(header, &["name"]).or_else(|| json::text(header, &["key"]))?;
        Some((name, words(json::at(header, &["value"])?)?))
    });
    let (proofs, others): (Vec<_>, Vec<_>) = object.chain(list).partition(|(name, _)| name.eq_ignore_ascii_case("dpop"));
    // A proof is best handed over after its token.
    others.iter().chain(&proofs).for_each(|(name, value)| absorb(record, presented, name, value));
}

/// A header's value, whose lines are joined where there are several (RFC 9110, section 5.3).
fn words<'b>(value: &'b Json<'_>) -> Option<Cow<'b, str>> {
    match value.as_array() {
        Some([one]) => one.as_str().map(Cow::Borrowed),
        Some(lines) => Some(lines.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", ").into()),
        None => value.as_str().map(Cow::Borrowed),
    }
}

/// Takes one header over into the record, and its tokens into what was presented. The name may be in any case.
pub fn absorb(record: &mut Record, presented: &mut Vec<Presented>, name: &str, value: &str) {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "dpop" => attach(presented, value),
        "user-agent" => set(&mut record.user_agent, value),
        name if FORWARDED.contains(&name) => forwarded(record, address::list(value)),
        "forwarded" => forwarded(record, address::forwarded(value)),
        "x-request-id" | "request-id" | "x-correlation-id" | "x-amzn-requestid" | "x-amz-request-id" => set(&mut record.request_id, value),
        "traceparent" => traceparent(record, value),
        "x-amzn-trace-id" => amazon_trace(record, value),
        "x-b3-traceid" => set_hexadecimal(&mut record.trace_id, value),
        "x-b3-spanid" => set_hexadecimal(&mut record.span_id, value),
        "host" | ":authority" => set(&mut record.aud, &host(value)),
        ":method" => set(&mut record.method, value),
        ":path" => absorb_url(record, presented, value),
        "mcp-session-id" => session(record, value),
        "mcp-method" => set(&mut record.header_method, value),
        "mcp-name" => set(&mut record.header_name, &encoded_word(value)),
        "www-authenticate" => challenge(record, value),
        "x-forwarded-client-cert" => certificate(record, value),
        "cloudfront-viewer-ja4-fingerprint" | "cf-ja4" | "x-ja4" => set(&mut record.ja4, value),
        _ => add(presented, credential::header(name, value)),
    }
}

/// Takes a URL, or its path and query, over: the host, the path, and the tokens in query and user information.
pub fn absorb_url(record: &mut Record, presented: &mut Vec<Presented>, url: &str) {
    let url = url.trim();
    let (start, rest) = match url.find("://") {
        Some(at) if url.find(['/', '?', '#']) == Some(at + 1) => {
            let after = &url[at + 3..];
            after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()))
        }
        _ => ("", url),
    };
    if !start.is_empty() {
        let (who, authority) = start.rsplit_once('@').unwrap_or(("", start));
        set(&mut record.aud, &host(authority));
        let (name, password) = who.split_once(':').unwrap_or((who, ""));
        add(presented, credential::token(credential::of_pair(name, password), Scheme::Basic));
    }
    let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !path.is_empty() {
        set(&mut record.resource, &mask::path(path));
    }
    add(presented, credential::query(query));
}

/// Takes the first line of a request over: `GET /path?query HTTP/1.1`; false where it is none, as with octets of another protocol.
pub fn absorb_line(record: &mut Record, presented: &mut Vec<Presented>, line: &str) -> bool {
    let mut words = line.split(' ');
    let (Some(method), Some(url)) = (words.next().filter(|word| is_method(word)), words.next().filter(|url| !url.is_empty())) else { return false };
    set(&mut record.method, method);
    absorb_url(record, presented, url);
    true
}

/// Takes the tool from MCP's headers where nothing else names it: bodies are seldom logged.
pub fn complete(record: &mut Record) {
    if record.tool.is_none() && record.header_method.as_deref() == Some("tools/call") {
        record.tool.clone_from(&record.header_name);
    }
}

/// Whether a text could be the method of an HTTP request.
#[must_use]
pub fn is_method(text: &str) -> bool {
    (3..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-')
}

/// Takes an HTTP status over, and what came of the request by it.
pub fn absorb_status(record: &mut Record, status: i64) {
    record.status_code = Some(status);
    record.outcome = match status {
        200..=399 => Outcome::Success,
        401 | 403 => Outcome::Denied,
        _ => Outcome::Unknown,
    };
}

/// A host in lower case, without the port that HTTP has anyway.
fn host(authority: &str) -> String {
    let host = authority.trim().trim_end_matches('.').to_ascii_lowercase();
    let bare = host.strip_suffix(":443").or_else(|| host.strip_suffix(":80")).map(str::to_owned);
    bare.unwrap_or(host)
}

/// Adds tokens that are not there; one that a proof named before gets the proof.
pub fn add(presented: &mut Vec<Presented>, tokens: impl IntoIterator<Item = Presented>) {
    for mut token in tokens {
        if presented.iter().any(|one| one.scheme == token.scheme && one.keys == token.keys && !is_proof_only(one)) {
            continue;
        }
        if let Some(at) = presented.iter().position(is_proof_only).filter(|_| takes_proof(&token)) {
            token.proof = presented.swap_remove(at).proof;
        }
        presented.push(token);
    }
}

/// Puts a proof beside the token that came with it; where there is none, the proof itself names the token.
fn attach(presented: &mut Vec<Presented>, value: &str) {
    let Some(proof) = proof::read(value) else { return };
    match presented.iter_mut().find(|one| takes_proof(one) && one.proof.is_none()) {
        Some(one) => one.proof = Some(Box::new(proof)),
        None => presented.extend(proof_only(proof)),
    }
}

fn takes_proof(token: &Presented) -> bool {
    matches!(token.scheme, Scheme::Dpop | Scheme::Bearer)
}

fn proof_only(proof: Proof) -> Option<Presented> {
    let key = proof::key(&proof)?;
    Some(Presented { keys: vec![key], scheme: Scheme::Dpop, token: None, proof: Some(Box::new(proof)) })
}

/// Whether nothing but a proof names the token.
fn is_proof_only(token: &Presented) -> bool {
    token.token.is_none() && token.keys.len() == 1 && token.proof.as_deref().and_then(proof::key).as_ref() == token.keys.first()
}

/// Sets what the record does not say; `-` stands for nothing.
pub fn set(place: &mut Option<Text>, value: &str) {
    let value = value.trim();
    if place.is_none() && !value.is_empty() && value != "-" {
        // Nearly all are short enough to be copied at once.
        *place = Some(if value.len() <= MAX_TEXT { value.into() } else { value.chars().take(MAX_TEXT).collect() });
    }
}

fn set_hexadecimal(place: &mut Option<Text>, value: &str) {
    let value = value.trim();
    if matches!(value.len(), 16 | 32) && value.bytes().all(|b| b.is_ascii_hexdigit()) && value.bytes().any(|b| b != b'0') {
        set(place, &value.to_ascii_lowercase());
    }
}

fn forwarded(record: &mut Record, addresses: Vec<IpAddr>) {
    if record.forwarded_for.is_empty() {
        record.forwarded_for = addresses;
    }
}

/// `00-<trace>-<span>-<flags>` (W3C Trace Context).
fn traceparent(record: &mut Record, value: &str) {
    let mut parts = value.trim().split('-').skip(1);
    let (Some(trace), Some(span)) = (parts.next(), parts.next()) else { return };
    if trace.len() == 32 && span.len() == 16 {
        set_hexadecimal(&mut record.trace_id, trace);
        set_hexadecimal(&mut record.span_id, span);
    }
}

/// `Root=1-<8 digits>-<24 digits>;Parent=<span>`: the two parts together are the trace's id.
pub fn amazon_trace(record: &mut Record, value: &str) {
    for (name, value) in value.split(';').filter_map(|pair| pair.trim().split_once('=')) {
        match name {
            "Root" => set_hexadecimal(&mut record.trace_id, &value.split('-').skip(1).collect::<String>()),
            "Parent" => set_hexadecimal(&mut record.span_id, value),
            _ => {}
        }
    }
}

fn session(record: &mut Record, value: &str) {
    if record.session_id.is_none() {
        set(&mut record.session_id, value);
        record.session_src = record.session_id.is_some().then_some(SessionSource::Mcp);
    }
}

/// A name, which MCP writes as `=?base64?<text>?=` where it is not plain ASCII.
fn encoded_word(value: &str) -> String {
    let inner = value.trim().strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    inner.and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok()).unwrap_or_else(|| value.to_owned())
}

/// The scopes that a refused request lacked (RFC 6750, section 3.1).
fn challenge(record: &mut Record, value: &str) {
    if record.scope_required.is_empty() && value.contains("insufficient_scope") {
        let scopes = value.split_once("scope=\"").and_then(|(_, rest)| rest.split_once('"')).map_or("", |(scopes, _)| scopes);
        record.scope_required = scopes.split_whitespace().map(Text::from).collect();
    }
}

/// The client's certificate as a proxy of the Envoy family passes it on; the last element is of the nearest client.
fn certificate(record: &mut Record, value: &str) {
    let element = value.rsplit(',').next().unwrap_or_default();
    for (name, value) in element.split(';').filter_map(|pair| pair.trim().split_once('=')) {
        match name.to_ascii_lowercase().as_str() {
            "hash" => {
                let digest = value.parse::<Fingerprint>().ok();
                set(&mut record.tls_client_x5t, &digest.map(|digest| URL_SAFE_NO_PAD.encode(digest.digest())).unwrap_or_default());
            }
            "uri" => set(&mut record.principal, value.trim_matches('"')),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use crate::model::fingerprint::Fingerprint;
    use crate::model::token_key::TokenKey;
    use crate::model::token_use::{Presented, Record, Scheme, SessionSource};
    use crate::observe::request::{absorb, absorb_url};

    fn said(headers: &[(&str, &str)]) -> (Record, Vec<Presented>) {
        let (mut record, mut presented) = (Record::default(), Vec::new());
        for (name, value) in headers {
            absorb(&mut record, &mut presented, name, value);
        }
        (record, presented)
    }

    fn url(text: &str) -> (Record, Vec<Presented>) {
        let (mut record, mut presented) = (Record::default(), Vec::new());
        absorb_url(&mut record, &mut presented, text);
        (record, presented)
    }

    #[test]
    fn headers_fill_the_record() {
        let (record, presented) = said(&[
            ("Host", "MCP.example:443"),
            ("User-Agent", "agent/1.0"),
            ("user-agent", "later/2.0"),
            ("X-Forwarded-For", "192.0.2.1, 198.51.100.2:80"),
            ("traceparent", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"),
            ("Mcp-Session-Id", "s-1"),
            ("Mcp-Method", "tools/call"),
            ("Mcp-Name", "=?base64?c3VjaGU=?="),
            ("WWW-Authenticate", "Bearer error=\"insufficient_scope\", scope=\"mail.read mail.send\""),
            ("x-forwarded-client-cert", &format!("Hash={};URI=spiffe://example/agent", "0b".repeat(32))),
        ]);
        assert_eq!((record.aud.as_deref(), record.user_agent.as_deref()), (Some("mcp.example"), Some("agent/1.0")));
        assert_eq!(record.forwarded_for.len(), 2);
        assert_eq!(record.trace_id.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        assert_eq!(record.span_id.as_deref(), Some("00f067aa0ba902b7"));
        assert_eq!((record.session_id.as_deref(), record.session_src), (Some("s-1"), Some(SessionSource::Mcp)));
        assert_eq!((record.header_method.as_deref(), record.header_name.as_deref()), (Some("tools/call"), Some("suche")));
        assert_eq!(record.scope_required, ["mail.read", "mail.send"]);
        assert_eq!(record.tls_client_x5t.as_deref(), Some(&*URL_SAFE_NO_PAD.encode([11; 32])));
        assert_eq!(record.principal.as_deref(), Some("spiffe://example/agent"));
        assert!(presented.is_empty());
    }

    #[test]
    fn a_proof_and_its_token_meet_in_any_order() {
        let secret = "Zq3-".repeat(8);
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let payload = format!("{{\"jti\":\"p-1\",\"ath\":\"{}\"}}", URL_SAFE_NO_PAD.encode(Fingerprint::of(secret.as_bytes()).digest()));
        let proof = format!("{}.{}.c2ln", encode("{\"alg\":\"ES256\"}"), encode(&payload));
        let token = format!("DPoP {secret}");
        let key = TokenKey::Fingerprint(Fingerprint::of(secret.as_bytes()));
        for headers in [&[("authorization", &*token), ("dpop", &*proof)][..], &[("DPoP", &proof), ("Authorization", &token)], &[("dpop", &proof)]] {
            let (_, presented) = said(headers);
            assert_eq!((presented.len(), &presented[0].keys, &presented[0].scheme), (1, &vec![key.clone()], &Scheme::Dpop));
            assert_eq!(presented[0].proof.as_ref().and_then(|proof| proof.jti.as_deref()), Some("p-1"));
        }
        assert!(said(&[("dpop", "nonsense")]).1.is_empty());
    }

    #[test]
    fn a_url_gives_host_path_and_tokens() {
        let secret = "Zq3x".repeat(8);
        let (record, presented) = url(&format!("https://API.example/v1/mail?access_token={secret}&page=2#top"));
        assert_eq!((record.aud.as_deref(), record.resource.as_deref()), (Some("api.example"), Some("/v1/mail")));
        assert_eq!((presented.len(), &presented[0].scheme), (1, &Scheme::Query));
        let (record, presented) = url(&format!("https://bot:{secret}@git.example:8443/repo.git"));
        assert_eq!((record.aud.as_deref(), presented[0].scheme.clone()), (Some("git.example:8443"), Scheme::Basic));
        for (text, resource) in
            [("/login?next=https://x.example/", Some("/login")), ("*", Some("*")), ("", None), ("?a=b", None), ("https://h.example", None)]
        {
            assert_eq!(url(text).0.resource.as_deref(), resource, "{text}");
        }
    }
}
