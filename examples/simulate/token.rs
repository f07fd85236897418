//! Tokens that nobody ever issued, from a seed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use beartrap::model::fingerprint::Fingerprint;
use beartrap::model::token_key::TokenKey;
use beartrap::rules::builtin::SOURCES;
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::{self, Random};
use beartrap::rules::load::load_text;
use serde_json::Value;

/// A token of no known format: letters and digits.
pub fn opaque(random: &mut Random) -> String {
    text(random.bytes(ByteSet::alnum(), 40))
}

/// A token of a built-in rule.
///
/// # Panics
///
/// When there is no such rule.
pub fn of_rule(file: &str, id: &str, random: &mut Random) -> String {
    let (name, source) = SOURCES.iter().find(|(name, _)| name.ends_with(file)).expect("because it is a rule file");
    let rules = load_text(name, source).expect("because the build has checked it");
    let written = rules.iter().find(|written| written.rule.info.id == id).expect("because the file has the rule");
    text(generate::token(&written.rule, random))
}

/// A signed JWT with these parts; nobody has the key.
pub fn jwt(header: &Value, payload: &Value, random: &mut Random) -> String {
    let signature: Vec<u8> = (0..32).map(|_| random.next().to_le_bytes()[0]).collect();
    [header.to_string().into_bytes(), payload.to_string().into_bytes(), signature].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
}

/// The public id of a temporary key.
pub fn key_id(random: &mut Random) -> String {
    let set = ByteSet::empty().with(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    text([b"ASIA".to_vec(), random.bytes(set, 16)].concat())
}

/// Its name.
pub fn key(token: &str) -> TokenKey {
    TokenKey::Fingerprint(Fingerprint::of(token.as_bytes()))
}

/// Lower-case hexadecimal digits: ids of traces, requests and events.
pub fn hex(random: &mut Random, digits: usize) -> String {
    text(random.bytes(ByteSet::empty().with(b"0123456789abcdef"), digits))
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("because tokens are ASCII")
}
