//! Looks for what stands in records that say anything of tokens, so that the others need not be read.

use std::sync::LazyLock;

use memchr::memchr;

use crate::observe::signs::{PROGRAMS, SIGNS, STREAMS};
use crate::rules::byte_set::ByteSet;
use crate::rules::rarity::chance;
use crate::scan::sieve::{Sieve, Window};

/// What begins a server's part of a URL, as it is and as JSON may escape it: user information in it is a token.
const AUTHORITIES: [&str; 2] = ["://", ":\\/\\/"];
/// How JSON may escape any character.
const ESCAPE: &str = "\\u00";
/// Characters that writers of JSON escape although they need not: `&`, `'`, `<`, `>`. No sign holds one.
const ESCAPED: [&[u8]; 4] = [b"26", b"27", b"3c", b"3e"];

/// All signs.
struct Search {
    sieve: Sieve,
    /// By the numbers of their windows.
    signs: Vec<Sign>,
}

/// A sign, as the bytes that may stand at each of its places.
struct Sign {
    sets: Vec<ByteSet>,
    /// Where in it the window stands that is looked for.
    window: usize,
    /// What else must hold of what stands before and behind it.
    holds: Check,
}

type Check = fn(before: &[u8], behind: &[u8]) -> bool;

static SEARCH: LazyLock<Search> = LazyLock::new(|| {
    let all: [(&[&str], Check); 5] =
        [(SIGNS, |_, _| true), (PROGRAMS, has_option), (STREAMS, is_part), (&AUTHORITIES, has_user), (&[ESCAPE], is_needless)];
    let signs: Vec<Sign> = all.iter().flat_map(|(texts, holds)| texts.iter().map(|text| Sign::new(text, *holds))).collect();
    let windows: Vec<Window> = signs.iter().map(|sign| window(&sign.sets, sign.window)).collect();
    Search { sieve: Sieve::new(&windows), signs }
});

/// Calls `found` with the place of every sign that stands whole in these bytes, in order of their rarest bytes.
pub fn each(bytes: &[u8], mut found: impl FnMut(usize)) {
    let Search { sieve, signs } = &*SEARCH;
    sieve.each(bytes, 0..bytes.len(), |at, number| {
        if let Some(start) = at.checked_sub(signs[number].window).filter(|start| signs[number].stands(bytes, *start)) {
            found(start);
        }
    });
}

impl Sign {
    fn new(sign: &str, holds: Check) -> Self {
        let sets: Vec<ByteSet> = sign.bytes().map(set).collect();
        let cost = |from: usize| chance(&window(&sets, from).map(blurred));
        let from = (0..=sets.len().saturating_sub(4)).min_by(|a, b| cost(*a).total_cmp(&cost(*b)));
        Self { sets, window: from.unwrap_or_default(), holds }
    }

    fn stands(&self, bytes: &[u8], start: usize) -> bool {
        let Some((own, behind)) = bytes[start..].split_at_checked(self.sets.len()) else { return false };
        self.sets.iter().zip(own).all(|(set, byte)| set.contains(*byte)) && (self.holds)(&bytes[..start], behind)
    }
}

/// What the search takes for these bytes at first: all that have the lower half of one and the upper half of one.
fn blurred(set: ByteSet) -> ByteSet {
    let halves = set.iter().fold((0_u16, 0_u16), |(low, high), byte| (low | 1 << (byte & 15), high | 1 << (byte >> 4)));
    let is_like = |byte: &u8| halves.0 >> (byte & 15) & 1 == 1 && halves.1 >> (byte >> 4) & 1 == 1;
    (0..=u8::MAX).filter(is_like).fold(ByteSet::empty(), |all, byte| all.with(&[byte]))
}

/// Four places of a sign; where it has fewer, anything may follow.
fn window(sets: &[ByteSet], from: usize) -> Window {
    std::array::from_fn(|i| sets.get(from + i).copied().unwrap_or(ByteSet::all()))
}

/// The bytes that a character of a sign stands for.
fn set(character: u8) -> ByteSet {
    match character {
        b'^' => others(|byte| byte.is_ascii_alphabetic() || b"-_".contains(byte)),
        b'$' => others(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)),
        b'-' => ByteSet::empty().with(b"-_"),
        b'"' => ByteSet::empty().with(b"\"\\"),
        _ => ByteSet::empty().with(&[character, character.to_ascii_uppercase()]),
    }
}

/// All bytes but these.
fn others(these: fn(&u8) -> bool) -> ByteSet {
    (0..=u8::MAX).filter(|byte| !these(byte)).fold(ByteSet::empty(), |all, byte| all.with(&[byte]))
}

/// Whether an option of the program may follow on the line.
fn has_option(_: &[u8], behind: &[u8]) -> bool {
    let line = &behind[..memchr(b'\n', behind).unwrap_or(behind.len())];
    line.starts_with(b"-") || line.windows(2).any(|two| two[1] == b'-' && matches!(two[0], b' ' | b'\t' | b'"' | b'\'' | b'n' | b't'))
}

/// Whether the line that this stream gave may go on in the next record: not where Docker wrote its break.
fn is_part(before: &[u8], _: &[u8]) -> bool {
    let text = before.strip_suffix(br#"n","stream":"#);
    let escapes = text.map_or(0, |text| text.iter().rev().take_while(|b| **b == b'\\').count());
    escapes.is_multiple_of(2)
}

/// Whether a server's part has user information, which ends at its last `@`.
fn has_user(_: &[u8], behind: &[u8]) -> bool {
    let end = behind.iter().position(|b| b"/?#\"\r\n".contains(b));
    behind[..end.unwrap_or(behind.len())].contains(&b'@')
}

/// Whether an escaped character is one that hides a sign: an ASCII character that JSON need not escape.
fn is_needless(_: &[u8], behind: &[u8]) -> bool {
    behind.first().is_some_and(|half| (b'2'..=b'7').contains(half))
        && !ESCAPED.iter().any(|code| behind.get(..2).is_some_and(|own| own.eq_ignore_ascii_case(code)))
}

#[cfg(test)]
mod tests {
    use crate::pipeline::replay::signs::each;

    fn has(text: &str) -> bool {
        let mut any = false;
        each(text.as_bytes(), |_| any = true);
        any
    }

    #[test]
    fn signs_are_told_from_what_is_like_them() {
        for text in [
            r#"{"Authorization":"x"}"#,
            r#"{"x_api_key":"x"}"#,
            r#"{"body":"{\"http_cookie\":\"a=b\"}"}"#,
            "GET /a?page=1&access_token=x HTTP/1.1",
            "GET /a?code=x HTTP/1.1",
            "GET /a?b=1\\u0026sig=x HTTP/1.1",
            "to postgres://user:secret@db/x",
            r#"{"url":"https:\/\/user:secret@host\/"}"#,
            r#"{"\u0061uthorization":"x"}"#,
            r#"{"query":{"token":"x"}}"#,
            r#"{"hashed_token":"x"}"#,
            "$ http -a a:b GET x",
            r#"["http","GET","-a","a:b"]"#,
            "$ http\t-a\ta:b GET x",
            r#"{"cmd":"http\t-a\ta:b GET x"}"#,
            r#"{"url":"https://user:it's secret@host/"}"#,
            r#"{"log":"half a line","stream":"stdout","time":"T"}"#,
            r#"{"log":"{\"half\":\"a line\\n","stream":"stdout","time":"T"}"#,
            r#"{"stream":"stderr","log":"whole\n"}"#,
            r#"{"keys":["sha256:0"]}"#,
            "2026-03-02T10:00:00Z stdout P half",
        ] {
            assert!(has(text), "{text}");
        }
        for text in [
            r#"{"message":"Authorized as token bearer","tokens":7,"input_tokens":9}"#,
            "GET /monkey=1&statuscode=200 HTTP/1.1 https://host/a@b",
            r#"{"message":"a \u001b[31m \u003ctag\u003e \u0026 more","query":"SELECT 1"}"#,
            "2026-03-02T10:00:00Z stdout F whole HTTP/1.1",
            "baked cookies, http-nio-8080",
            r#"{"log":"whole\n","stream":"stdout","time":"T"}"#,
            "npm http fetch GET 200 https://registry.test/a-b",
            "",
            "x",
        ] {
            assert!(!has(text), "{text}");
        }
    }

    #[test]
    fn a_sign_is_found_wherever_it_stands() {
        for before in 0..80 {
            for after in 0..40 {
                let text = format!("{} Api-Key{}", "x".repeat(before), " ".repeat(after));
                let mut found = Vec::new();
                each(text.as_bytes(), |at| found.push(at));
                assert_eq!(found, [before + 1], "{before} {after}");
            }
        }
    }
}
