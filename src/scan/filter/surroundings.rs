//! Filters that look at what stands around the value.

use crate::model::carrier::CarrierKind;
use crate::model::rule_info::TokenKind;
use crate::scan::filter::Case;
use crate::scan::random::looks_generated;

/// Ends of names that say: not the credential itself.
const OTHER_ENDS: [&str; 45] = [
    "id",
    "ids",
    "name",
    "names",
    "type",
    "types",
    "url",
    "uri",
    "endpoint",
    "count",
    "limit",
    "length",
    "len",
    "size",
    "expiry",
    "expires",
    "expiration",
    "ttl",
    "path",
    "file",
    "filename",
    "field",
    "header",
    "prefix",
    "suffix",
    "format",
    "version",
    "algorithm",
    "alg",
    "label",
    "description",
    "regex",
    "pattern",
    "scheme",
    "usage",
    "index",
    "offset",
    "class",
    "selector",
    "policy",
    "arn",
    "func",
    "used",
    "date",
    "changed",
];
/// Parts of names that say: something else.
const OTHER_PARTS: [&str; 38] = [
    "publickey",
    "pubkey",
    "tokenize",
    "maxtoken",
    "numtoken",
    "primarykey",
    "foreignkey",
    "partitionkey",
    "sortkey",
    "cachekey",
    "keyboard",
    "keyring",
    "keyword",
    "monkey",
    "csrf",
    "xsrf",
    "nonce",
    "thumbprint",
    "fingerprint",
    "idempotency",
    "author",
    "passenger",
    "passthrough",
    "compass",
    "routingkey",
    // Where a list goes on.
    "nexttoken",
    "pagetoken",
    "paginationtoken",
    "continuationtoken",
    "inputtoken",
    "outputtoken",
    "synctoken",
    // What a test tries.
    "wrong",
    "correct",
    "invalid",
    "bogus",
    "fake",
    "dummy",
];
/// Parts of names whose values are credentials.
const TELLING_PARTS: [&str; 6] = ["token", "key", "secret", "auth", "pass", "credential"];
/// Parts of names whose values are digests.
const DIGEST_PARTS: [&str; 14] =
    ["sha1", "sha256", "sha512", "md5", "digest", "checksum", "hash", "etag", "commit", "integrity", "revision", "gitsha", "blob", "resolved"];

/// Filter `name`.
#[must_use]
pub fn is_other_name(case: &Case) -> bool {
    let plain = case.name();
    let name = plain.as_str();
    if name == "authorization" || name.ends_with("authorization") || name == "xauthtoken" {
        return false;
    }
    let cookie = case.introduction.is_some_and(|introduction| introduction.kind == CarrierKind::Cookie);
    (!cookie && OTHER_ENDS.iter().any(|end| name.ends_with(end) && *end != name)) || OTHER_PARTS.iter().any(|part| name.contains(part))
}

/// Filter `digest`.
#[must_use]
pub fn is_digest(case: &Case) -> bool {
    let token = case.token();
    let plain = case.name();
    let name = plain.as_str();
    if case.kind == TokenKind::PasswordHash {
        return false;
    }
    let hex = token.iter().all(u8::is_ascii_hexdigit) && matches!(token.len(), 32 | 40 | 56 | 64 | 96 | 128);
    let before = case.before(12);
    is_marked_digest(before, token)
        || names_digest(name)
        || (hex && !is_telling(name) && says(case.before(64), &[b"commit ", b"sha1", b"sha256", b"md5", b"checksum", b"digest"]))
}

/// Whether the mark of a digest's algorithm stands before a value or at its start.
#[must_use]
pub fn is_marked_digest(before: &[u8], value: &[u8]) -> bool {
    let marks = [&b"sha1-"[..], b"sha256-", b"sha384-", b"sha512-", b"sha1:", b"sha256:", b"sha512:", b"md5:", b"h1:"];
    marks.iter().any(|mark| before.ends_with(mark) || value.starts_with(mark))
}

/// Whether a name says that its value is a digest: `token_hash` is one of a token, `hash_key` is a key.
fn names_digest(name: &str) -> bool {
    let last = |parts: &[&str]| parts.iter().filter_map(|part| name.rfind(part)).max();
    let vendor = ["hashicorp", "hashnode"].iter().any(|vendor| name.contains(vendor));
    !vendor && last(&DIGEST_PARTS).is_some_and(|digest| last(&TELLING_PARTS).is_none_or(|telling| telling < digest))
}

/// Whether a name says that its value is a credential.
fn is_telling(name: &str) -> bool {
    TELLING_PARTS.iter().any(|part| name.contains(part))
}

/// Filter `public-key`.
#[must_use]
pub fn is_public_key(case: &Case) -> bool {
    let token = case.token();
    let before = case.before(80);
    let marked = says(before, &[b"ssh-rsa", b"ssh-ed25519", b"ssh-dss", b"ecdsa-sha2", b"public key", b"certificate", b"publickey", b"pubkey"]);
    (token.starts_with(b"AAAA") && marked) || token.starts_with(b"MII") || (marked && token.len() > 40)
}

/// Filter `data-uri`.
#[must_use]
pub fn is_data_uri(case: &Case) -> bool {
    !case.decoded && case.before(16).ends_with(b";base64,")
}

/// Filter `blob`: a `+` and generated text stand right before or after, as nowhere but in base64.
#[must_use]
pub fn is_inside_base64(case: &Case) -> bool {
    let reach = 48;
    let before = case.before(reach).strip_suffix(b"+");
    let after = case.after(reach).strip_prefix(b"+");
    let solid = |text: &&[u8]| text.len() + 1 == reach && text.iter().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(b));
    [before, after].into_iter().flatten().any(|text| solid(&text) && looks_generated(text))
}

/// Code without spaces: more than a quarter of what stands before is punctuation of code.
/// Filter `minified`.
#[must_use]
pub fn is_minified(case: &Case) -> bool {
    let before = case.before(240);
    let marks = before.iter().filter(|b| b"(){};,!?".contains(b)).count();
    let quotes = before.iter().filter(|b| b"\"\\".contains(b)).count();
    let spaces = before.iter().filter(|b| b" \t".contains(b)).count();
    before.len() >= 200 && marks * 4 > before.len() && spaces * 20 < before.len() && quotes * 8 < before.len()
}

/// Filter `test-vector`.
#[must_use]
pub fn is_test_vector(case: &Case) -> bool {
    const WORDS: [&[u8]; 8] =
        [b"test vector", b"test_vector", b"testvector", b"not a real", b"fake token", b"fake key", b"for example", b"known answer"];
    says(case.before(160), &WORDS) || says(case.after(80), &WORDS[3..])
}

/// Whether one of the lower-case words stands in the text, in any case.
fn says(text: &[u8], words: &[&[u8]]) -> bool {
    let lower = text.to_ascii_lowercase();
    words.iter().any(|word| memchr::memmem::find(&lower, word).is_some())
}
