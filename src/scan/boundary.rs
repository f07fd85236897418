//! Where a token may begin: after anything that is no letter or digit, or after an escape that ends in one.

use std::ops::Range;

/// How far back an escape is looked for.
const LOOK_BACK: usize = 16;

/// How the escape character of a control sequence is written.
const ESCAPES: [&[u8]; 8] = [b"\x1b", b"\\x1b", b"\\x1B", b"\\033", b"\\e", b"\\u001b", b"\\u001B", b"\\0033"];

/// Whether a token may begin at `start`: the letter or digit before it, if any, belongs to an escape.
#[must_use]
pub fn may_begin(bytes: &[u8], start: usize) -> bool {
    let Some(before) = start.checked_sub(1).map(|at| bytes[at]) else { return true };
    // Inside `%22` nothing begins.
    if before == b'%' && bytes.get(start..start + 2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
        return false;
    }
    // The `t` of `\\t` belongs to the escape.
    if before == b'\\' && matches!(bytes.get(start), Some(b'n' | b'r' | b't')) {
        return false;
    }
    !before.is_ascii_alphanumeric() || ends_escape(&bytes[start.saturating_sub(LOOK_BACK)..start])
}

/// Calls `found` with the places inside a run where a token may begin because an escape ends there that began before the run.
#[inline]
pub fn after_escapes(bytes: &[u8], run: &Range<usize>, found: &mut impl FnMut(usize)) {
    let Some(sign @ (b'\\' | b'%' | b'[' | b';')) = run.start.checked_sub(1).map(|at| bytes[at]) else { return };
    let lengths = match (sign, bytes[run.start]) {
        (b'%', _) => [2, 2],
        (b'[' | b';', _) => [bytes[run.clone()].iter().take(LOOK_BACK).take_while(|b| b.is_ascii_digit()).count() + 1; 2],
        (_, b'u' | b'U') => [5, 5],
        (_, b'x') => [3, 3],
        // `\0` and `\075`.
        (_, b'0'..=b'7') => [1, 3],
        _ => [1, 1],
    };
    let places = lengths[..=usize::from(lengths[0] != lengths[1])].iter().map(|length| run.start + length).filter(|at| *at < run.end);
    // What begins after a separator is no matter of escapes.
    places.filter(|at| bytes[at - 1].is_ascii_alphanumeric() && may_begin(bytes, *at)).for_each(found);
}

/// Whether these bytes end with `\n` and the like, `\x3d`, `\u003d`, `\075`, `%3D`, or a terminal colour code.
fn ends_escape(before: &[u8]) -> bool {
    let at = |back: usize| before.len().checked_sub(back).map_or(0, |i| before[i]);
    let hex = |from: usize, to: usize| (from..=to).all(|back| at(back).is_ascii_hexdigit());
    let octal = |to: usize| (1..=to).all(|back| matches!(at(back), b'0'..=b'7'));
    (at(2) == b'\\' && matches!(at(1), b'n' | b'r' | b't' | b'b' | b'f' | b'v' | b'a' | b'e' | b'0'))
        || (hex(1, 2) && at(3) == b'%')
        || (hex(1, 2) && at(3) == b'x' && at(4) == b'\\')
        || (hex(1, 4) && matches!(at(5), b'u' | b'U') && at(6) == b'\\')
        || (octal(3) && at(4) == b'\\')
        || ends_colour(before)
}

/// Whether these bytes end with a control sequence such as `ESC [ 0 ; 32 m`, its ESC also written as `\x1b`, `\033`, `\e` or `\u001b` (ECMA-48, section 5.4).
fn ends_colour(before: &[u8]) -> bool {
    let Some((b'm' | b'K' | b'J' | b'H' | b'G', rest)) = before.split_last() else { return false };
    let digits = rest.iter().rev().take_while(|b| b.is_ascii_digit() || **b == b';').count();
    let Some((b'[', rest)) = rest[..rest.len() - digits].split_last() else { return false };
    ESCAPES.iter().any(|escape| rest.ends_with(escape))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use crate::rules::byte_set::ByteSet;
    use crate::scan::boundary::{after_escapes, may_begin};

    proptest! {
        #[test]
        fn no_place_after_an_escape_is_passed_over(text in r"(\\|u003d|x3D|075|0|n|r|%|3D|\[|31|;|m|K|a|ghp|033|e){1,8}") {
            let bytes = text.as_bytes();
            let starts = (0..bytes.len()).filter(|at| ByteSet::RUN.contains(bytes[*at]) && (*at == 0 || !ByteSet::RUN.contains(bytes[at - 1])));
            for start in starts {
                let end = start + bytes[start..].iter().take_while(|b| ByteSet::RUN.contains(**b)).count();
                let mut found = Vec::new();
                after_escapes(bytes, &(start..end), &mut |at| found.push(at));
                prop_assert_eq!(found, (start + 1..end).filter(|at| may_begin(bytes, *at)).collect::<Vec<_>>(), "{} in {}", start, text);
            }
        }
    }

    #[test]
    fn letters_and_digits_glue_unless_they_end_an_escape() {
        for before in [
            "",
            " ",
            "=",
            "_",
            "-",
            ".",
            "/",
            r"a\n",
            r"\t",
            "%3D",
            "%20",
            r"\u003d",
            r"\x3D",
            r"\075",
            "\x1b[0;32m",
            "\x1b[0m",
            r"\u001b[1m",
            r"\033[K",
            "&amp;",
        ] {
            assert!(may_begin(before.as_bytes(), before.len()), "{before:?}");
        }
        for before in ["a", "7", "xn", "u003d", "%3", "3D", "[32m", "x[32m", "m"] {
            let text = format!("-{before}");
            assert!(!may_begin(text.as_bytes(), text.len()), "{before:?}");
        }
    }
}
