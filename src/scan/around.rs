//! What stands around a value and may name its vendor: its line, the two before, and the heads of the blocks that it lies in.

use std::ops::Range;

/// How far from a value a vendor's word may stand, in bytes.
pub const NEAR: usize = 240;
/// On how many lines before the value's own a vendor's word may stand.
const NEAR_LINES: usize = 2;
/// How far before a value the head of its block may begin, in bytes.
const BLOCK: usize = 1024;
/// How many blocks around a value are looked at.
const DEPTH: usize = 6;

/// What stands before the value on its line and the two before, and in and after it on its line.
pub fn near(bytes: &[u8], value: usize) -> Range<usize> {
    let first = value.saturating_sub(NEAR);
    let start = memchr::memrchr_iter(b'\n', &bytes[first..value]).nth(NEAR_LINES).map_or(first, |at| first + at + 1);
    let last = bytes.len().min(value + NEAR);
    let end = memchr::memchr(b'\n', &bytes[value..last]).map_or(last, |at| value + at);
    start..end
}

/// The lines that open the blocks around a value, innermost first: less indented than all after them, as in YAML, JSON and HCL, or `[section]`.
pub fn heads(bytes: &[u8], value: usize) -> impl Iterator<Item = &[u8]> {
    let window = &bytes[value.saturating_sub(BLOCK)..value];
    // The first line of the window may have begun before it.
    let whole = memchr::memchr_iter(b'\n', window).count() + usize::from(value <= BLOCK);
    let mut lines = window.rsplit(|b| *b == b'\n').take(whole);
    let mut least = lines.next().map_or(0, indentation);
    let mut ended = false;
    lines
        .filter(move |line| {
            let depth = indentation(line);
            let (opens, is_section) = (depth < least, is_section(line) && depth <= least);
            let counts = !ended && !line.trim_ascii().is_empty() && (opens || is_section);
            if counts {
                (least, ended) = (depth, is_section);
            }
            counts
        })
        .take(DEPTH)
}

/// How many blanks a line begins with.
fn indentation(line: &[u8]) -> usize {
    line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// `[section]` of INI and TOML.
fn is_section(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.len() <= 64 && line.starts_with(b"[") && line.ends_with(b"]")
}

#[cfg(test)]
mod tests {
    use crate::scan::around::{heads, near};

    #[test]
    fn a_block_is_known_by_its_head() {
        for (text, expected) in [
            ("[vendor]\na = 1\nb = 2\n\nc = 3\nkey = ", true),
            ("vendor:\n  a: 1\n  b: 2\n  c: 3\n  key: ", true),
            ("{\n \"vendor\": {\n  \"a\": 1,\n  \"b\": {},\n  \"c\": 3,\n  \"key\": ", true),
            ("provider \"vendor\" {\n  a = 1\n  b = 2\n  c = 3\n  key = ", true),
            ("vendor = 1\na = 1\nb = 2\nkey = ", false),
            ("[vendor]\na = 1\n[other]\nb = 2\nc = 3\nkey = ", false),
            ("vendor:\n  a: 1\n  b: 2\n  c: 3\nkey: ", false),
            ("a = 1\nvendor = 2\nkey = ", true),
        ] {
            let bytes = text.as_bytes();
            let mut texts = std::iter::once(&bytes[near(bytes, text.len())]).chain(heads(bytes, text.len()));
            let found = texts.any(|around| memchr::memmem::find(around, b"vendor").is_some());
            assert_eq!(found, expected, "{text}");
        }
    }
}
