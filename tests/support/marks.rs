//! Fixtures with marks for tokens, so that no token is written in the repository.
//!
//! - `{{token:1}}`, `{{jwt:1}}`, `{{akia:1}}`, `{{asia:1}}`, `{{hmac:1}}`: made from the number; the same one for the same mark
//! - `{{fp token:1}}`, `{{base64 token:1}}`, `{{digest64 token:1}}`: its fingerprint as printed, its digest in base64, in base64url
//! - `{{unsigned jwt:1}}`, `{{length token:1}}`: the fingerprint of header and payload, the number of octets
#![allow(dead_code)]

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use beartrap::model::fingerprint::Fingerprint;
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;

/// Replaces every mark.
pub fn fill(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (mark, after) = after.split_once("}}").expect("because every mark ends");
        text.push_str(before);
        text.push_str(&replacement(mark));
        rest = after;
    }
    text + rest
}

/// The secrets that a template's marks stand for, whether they stand there themselves or by their digests.
pub fn secrets(template: &str) -> Vec<String> {
    let marks: BTreeSet<&str> = template.split("{{").skip(1).filter_map(|part| part.split_once("}}")).map(|(mark, _)| mark).collect();
    let names = marks.iter().map(|mark| mark.rsplit(' ').next().unwrap_or(mark));
    names.filter(|name| name.starts_with("token:") || name.starts_with("jwt:")).map(make).collect()
}

/// Puts marks for what a text shows of a template's tokens.
pub fn unfill(template: &str, text: &str) -> String {
    let names: BTreeSet<&str> =
        template.split("{{").skip(1).filter_map(|part| part.split_once("}}")).map(|(mark, _)| mark.rsplit(' ').next().unwrap_or(mark)).collect();
    let mut text = text.to_owned();
    for name in names {
        text = text.replace(&replacement(&format!("fp {name}")), &format!("{{{{fp {name}}}}}"));
        if name.starts_with("jwt:") {
            text = text.replace(&replacement(&format!("unsigned {name}")), &format!("{{{{unsigned {name}}}}}"));
        }
        text = text.replace(&make(name), &format!("{{{{{name}}}}}"));
    }
    text
}

fn replacement(mark: &str) -> String {
    let (view, name) = mark.split_once(' ').unwrap_or(("", mark));
    let made = make(name);
    match view {
        "" => made,
        "fp" => Fingerprint::of(made.as_bytes()).to_string(),
        "base64" => STANDARD.encode(Fingerprint::of(made.as_bytes()).digest()),
        "digest64" => URL_SAFE_NO_PAD.encode(Fingerprint::of(made.as_bytes()).digest()),
        "unsigned" => Fingerprint::of(made.rsplit_once('.').expect("because it is a JWT").0.as_bytes()).to_string(),
        "length" => made.len().to_string(),
        _ => panic!("`{view}` is unknown"),
    }
}

fn make(name: &str) -> String {
    let (kind, number) = name.split_once(':').expect("because it has a number");
    let seed = name.bytes().fold(7_u64, |n, b| n.wrapping_mul(31).wrapping_add(u64::from(b)));
    let mut random = Random::new(seed);
    let mut letters = |set: ByteSet, length| String::from_utf8(random.bytes(set, length)).expect("because it is ASCII");
    let capitals = ByteSet::empty().with(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    match kind {
        "token" => letters(ByteSet::alnum(), 40),
        "akia" => format!("AKIA{}", letters(capitals, 16)),
        "asia" => format!("ASIA{}", letters(capitals, 16)),
        "hmac" => format!("hmac-sha256:{}", letters(ByteSet::empty().with(b"0123456789abcdef"), 64)),
        "jwt" => {
            let claims = format!(
                r#"{{"iss":"https://issuer.example","sub":"spiffe://org.example/agent/{number}","aud":"https://api.example","iat":1772445600,"exp":1772449200,"jti":"jwt-{number}","scope":"read write","client_id":"client-{number}","act":{{"sub":"runner","act":{{"sub":"planner"}}}}}}"#
            );
            let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
            format!("{}.{}.{}", part(r#"{"alg":"ES256","kid":"key-1"}"#), part(&claims), letters(ByteSet::alnum(), 86))
        }
        _ => panic!("`{kind}` is unknown"),
    }
}
