//! The examples of a rule: texts in which `<secret>` and a few other marks stand for generated tokens,
//! so that no token is ever written in a rule file.

use crate::rules::byte_set::ByteSet;
use crate::rules::generate::{Random, token};
use crate::rules::rule::Rule;

/// An example ready to be scanned.
pub struct Example {
    /// The text.
    pub text: Vec<u8>,
    /// The token in place of the first `<secret>` in it, if any.
    pub secret: Option<Vec<u8>>,
}

/// Replaces the marks of a template:
///
/// - `<secret>`: a token of the rule; the same one throughout
/// - `<secret:cut>`: without its last two characters; `<secret:grown>`: with eight more of its kind
/// - `<secret:other>`: with its last character changed, so that a checksum no longer fits
/// - `<b62:N>`, `<b64u:N>`, `<hex:N>`, `<digits:N>`, `<lower:N>`, `<upper:N>`, `<uuid>`: N random characters
#[must_use]
pub fn expand(rule: &Rule, template: &str, seed: u64) -> Example {
    let mut random = Random::new(seed ^ rule.info.id.bytes().fold(0_u64, |n, b| n.wrapping_mul(31).wrapping_add(u64::from(b))));
    let secret = token(rule, &mut random);
    let mut text = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find('<') {
        text.extend(&rest.as_bytes()[..at]);
        rest = &rest[at..];
        let mark = rest.find('>').map_or("", |end| &rest[1..end]);
        if let Some(bytes) = fill_mark(rule, mark, &secret, &mut random) {
            text.extend(bytes);
            rest = &rest[mark.len() + 2..];
        } else {
            text.push(b'<');
            rest = &rest[1..];
        }
    }
    text.extend(rest.as_bytes());
    Example { text, secret: template.contains("<secret>").then_some(secret) }
}

fn fill_mark(rule: &Rule, mark: &str, secret: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let tail = rule.alternatives[0].tail;
    match mark {
        "secret" => return Some(secret.to_vec()),
        "secret:cut" => return Some(secret[..secret.len() - 2].to_vec()),
        "secret:grown" => {
            let kind = ByteSet::alnum();
            let more: Vec<u8> = kind.iter().filter(|b| tail.contains(*b)).collect();
            return Some([secret, &random.bytes(ByteSet::empty().with(&more), 8)].concat());
        }
        "secret:other" => {
            let mut other = secret.to_vec();
            let last = other.last_mut()?;
            *last = if *last == b'7' { b'8' } else { b'7' };
            return Some(other);
        }
        "uuid" => {
            let hex = ByteSet::empty().with(b"0123456789abcdef");
            let parts = [8, 4, 4, 4, 12].map(|n| random.bytes(hex, n));
            return Some(parts.join(&b'-'));
        }
        _ => {}
    }
    let (class, count) = mark.split_once(':')?;
    let set = match class {
        "b62" => ByteSet::alnum(),
        "b64u" => ByteSet::alnum().with(b"-_"),
        "hex" => ByteSet::empty().with(b"0123456789abcdef"),
        "digits" => ByteSet::empty().with(b"0123456789"),
        "lower" => ByteSet::empty().with(b"abcdefghijklmnopqrstuvwxyz"),
        "upper" => ByteSet::empty().with(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        _ => return None,
    };
    Some(random.bytes(set, count.parse().ok()?))
}
