//! What stands around a value and may name its vendor: its line, the two before, and the heads of the blocks that it lies in.

/// How far from a value a vendor's word may stand, in bytes.
pub const NEAR: usize = 240;
/// On how many lines before the value's own a vendor's word may stand.
const NEAR_LINES: usize = 2;
/// How far before a value the head of its block may begin, in bytes.
const BLOCK: usize = 1024;
/// How many blocks around a value are looked at.
const DEPTH: usize = 6;

/// Everything around a value that may name its vendor.
pub fn texts(bytes: &[u8], value: usize) -> impl Iterator<Item = &[u8]> {
    [before(bytes, value), after(bytes, value)].into_iter().chain(heads(bytes, value))
}

/// What stands in and after the value on its line.
fn after(bytes: &[u8], value: usize) -> &[u8] {
    let after = &bytes[value..bytes.len().min(value + NEAR)];
    memchr::memchr(b'\n', after).map_or(after, |at| &after[..at])
}

/// What stands before the value, on its line and the two before.
fn before(bytes: &[u8], value: usize) -> &[u8] {
    let before = &bytes[value.saturating_sub(NEAR)..value];
    let start = memchr::memrchr_iter(b'\n', before).nth(NEAR_LINES).map_or(0, |at| at + 1);
    &before[start..]
}

/// The lines that open the blocks around a value, innermost first: less indented than all after them, as in YAML, JSON and HCL, or `[section]`.
fn heads(bytes: &[u8], value: usize) -> impl Iterator<Item = &[u8]> {
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
    use crate::scan::around::texts;

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
            let found = texts(text.as_bytes(), text.len()).any(|around| memchr::memmem::find(around, b"vendor").is_some());
            assert_eq!(found, expected, "{text}");
        }
    }
}
