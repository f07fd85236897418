//! Values under a name that says password: what people write in place of one, and code.
//!
//! People choose passwords, so that they may be words and need not look generated.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::GeneralPurpose;
use zeroize::Zeroizing;

use crate::model::jwt::LENIENT;
use crate::scan::filter::Case;
use crate::scan::random::{is_wordy, looks_generated};

/// Words by which examples and tests name a password; digits and signs that stand for letters are undone before.
const EXAMPLES: [&str; 13] =
    ["password", "passwd", "passphrase", "newpass", "mypass", "secret", "sekret", "test", "changeme", "letmein", "qwerty", "abcdef", "foobar"];
/// Words that are such a password where nothing but digits and signs stands beside them.
const ALONE: [&str; 7] = ["admin", "hunter", "pass", "user", "key", "foo", "abc"];

/// From how many bytes on several names with `=` between them are code, not a password of chance.
const LONG_CODE: usize = 24;

/// Whether the value is none that anybody would guard.
#[must_use]
pub fn is_no_password(case: &Case) -> bool {
    let token = case.token();
    is_everyday(token) || is_code(case) || (case.name().as_str() == "basic" && is_everyday_pair(token))
}

/// A common word, a number, a version, a date or an example.
fn is_everyday(token: &[u8]) -> bool {
    let plain = token.iter().all(|b| b.is_ascii_alphabetic() || b"_-.:/@*".contains(b));
    let numbers = token.iter().all(|b| b.is_ascii_digit() || b".,:-/+TZ".contains(b));
    let letters = token.iter().filter(|b| b.is_ascii_alphanumeric()).count();
    let short = letters < 4 || (letters < 6 && token.len() < 8);
    plain || numbers || short || is_version(token) || is_example(token) || first_field(token).is_some_and(is_everyday)
}

/// The value of a form's field where the next field follows: `secret&scope=all`.
fn first_field(token: &[u8]) -> Option<&[u8]> {
    let (value, rest) = token.split_at(memchr::memchr(b'&', token)?);
    let name = &rest[1..memchr::memchr(b'=', rest)?];
    (!name.is_empty() && name.iter().all(|b| b.is_ascii_lowercase() || *b == b'_')).then_some(value)
}

/// `13.0.0-next-8.29`: three numbers with dots between, whatever follows.
fn is_version(token: &[u8]) -> bool {
    let mut parts = token.splitn(3, |b| *b == b'.');
    let number = |part: Option<&[u8]>| part.is_some_and(|part| !part.is_empty() && part.len() < 4 && part.iter().all(u8::is_ascii_digit));
    number(parts.next()) && number(parts.next()) && parts.next().is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit))
}

fn is_example(token: &[u8]) -> bool {
    let letters: Vec<u8> = token.iter().copied().filter_map(letter).collect();
    let is_word = letters.len() == token.len() && is_wordy(&letters);
    let alone = token.iter().rposition(u8::is_ascii_alphabetic).map_or(&[][..], |last| &token[..=last]);
    let named = EXAMPLES.iter().any(|word| memchr::memmem::find(&letters, word.as_bytes()).is_some());
    is_word || ALONE.iter().any(|word| alone.eq_ignore_ascii_case(word.as_bytes())) || (named && !looks_generated(token))
}

/// The letter that a character is, or stands for.
fn letter(byte: u8) -> Option<u8> {
    match byte {
        b'0' => Some(b'o'),
        b'1' => Some(b'i'),
        b'3' => Some(b'e'),
        b'$' => Some(b's'),
        b'@' => Some(b'a'),
        _ => byte.is_ascii_alphabetic().then(|| byte.to_ascii_lowercase()),
    }
}

/// Whether this is base64 of `user:password` with such a password, and no token in the user's place.
fn is_everyday_pair(encoded: &[u8]) -> bool {
    let mut decoded = Zeroizing::new(vec![0; base64::decoded_len_estimate(encoded.len())]);
    let Ok(length) = GeneralPurpose::new(&STANDARD, LENIENT).decode_slice(encoded, &mut decoded) else { return false };
    let pair = &decoded[..length];
    let colon = memchr::memchr(b':', pair).filter(|_| !pair.iter().any(u8::is_ascii_control));
    colon.is_some_and(|at| is_everyday(&pair[at + 1..]) && !looks_generated(&pair[..at]))
}

/// A name as code writes it, or a short literal such as `!0`.
fn is_identifier(text: &[u8]) -> bool {
    matches!(text, b"!0" | b"!1") || (!text.is_empty() && text.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_'))
}

/// `skipna=False`: what prose on code tells its reader to pass.
fn is_argument(token: &[u8]) -> bool {
    let Some(at) = memchr::memchr(b'=', token) else { return false };
    let value = &token[at + 1..];
    is_identifier(&token[..at]) && [&b"true"[..], b"false", b"none", b"null"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// A type, a constant or a variable after `password:` in code: an identifier without quotes where code goes on or that is compared, or one in capitals.
fn is_code(case: &Case) -> bool {
    let token = case.token();
    let quoted = case.before(1).first().is_some_and(|b| b"\"'`".contains(b));
    let identifier = is_identifier(token);
    let constant = identifier && token.contains(&b'_') && !token.iter().any(u8::is_ascii_lowercase);
    let next = case.after(4).trim_ascii_start().first().copied().unwrap_or(b' ');
    let goes_on = case.before(1) == b" " && b",);=<>{}[(&|".contains(&next);
    // A member of something, and in code without blanks one assignment after another.
    let expression = token.split(|b| b".=".contains(b)).all(is_identifier);
    let assignments = memchr::memchr_iter(b'=', token).count();
    let goes_on = goes_on || (expression && ((assignments > 1 && token.len() >= LONG_CODE) || (assignments == 1 && b",;)".contains(&next))));
    let compared = [&b"== "[..], b"!= "].iter().any(|operator| case.before(3) == *operator);
    constant
        || is_argument(token)
        || (!quoted && expression && (goes_on || compared))
        || (!quoted && matches!(token, [b'&' | b'*' | b'@', rest @ ..] if rest.iter().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(b))))
        || token.starts_with(b"@env:")
}
