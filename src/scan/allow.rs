//! Comments on a token's line that say: this one is known and accepted.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// How far from the token a comment counts, in bytes to each side on its line.
const REACH: usize = 1024;
/// Markers that accept: our own, which may name rules, and those of others, for whatever is on the line.
const MARKERS: [&[u8]; 7] = [
    b"beartrap:allow",
    b"gitleaks:allow",
    b"trufflehog:ignore",
    b"kingfisher:ignore",
    b"ggignore",
    b"pragma: allowlist secret",
    b"pragma: whitelist secret",
];

/// Whether a comment on the line of `start..end` accepts a finding of this rule.
#[must_use]
pub fn is_allowed(bytes: &[u8], start: usize, end: usize, rule: &str) -> bool {
    let before = &bytes[start.saturating_sub(REACH)..start];
    let before = memchr::memrchr(b'\n', before).map_or(before, |at| &before[at + 1..]);
    let after = &bytes[end..bytes.len().min(end + REACH)];
    let after = memchr::memchr(b'\n', after).map_or(after, |at| &after[..at]);
    [before, after].into_iter().any(|side| accepts(side, rule))
}

/// A search for all markers at once, which takes time to prepare.
static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| AhoCorasick::new(MARKERS).expect("because a few words fit into an automaton"));

fn accepts(text: &[u8], rule: &str) -> bool {
    FINDER.find_iter(text).any(|marker| marker.pattern().as_usize() > 0 || names(&text[marker.end()..], rule))
}

/// Whether what follows the marker names this rule, or none.
fn names(after: &[u8], rule: &str) -> bool {
    let Some(list) = after.strip_prefix(b"[") else { return true };
    let end = memchr::memchr(b']', list).unwrap_or(list.len());
    list[..end].split(|b| *b == b',').any(|id| id.trim_ascii() == rule.as_bytes())
}

#[cfg(test)]
mod tests {
    use crate::scan::allow::is_allowed;

    #[test]
    fn markers_count_on_their_line_only() {
        for (text, expected) in [
            ("TOKEN # beartrap:allow", true),
            ("TOKEN # beartrap:allow[a-rule]", true),
            ("TOKEN # beartrap:allow[other, a-rule]", true),
            ("TOKEN # beartrap:allow[other]", false),
            ("TOKEN # gitleaks:allow", true),
            ("/* trufflehog:ignore */ TOKEN", true),
            ("TOKEN // kingfisher:ignore", true),
            ("TOKEN # ggignore", true),
            ("TOKEN # pragma: allowlist secret", true),
            ("# beartrap:allow\nTOKEN", false),
            ("TOKEN\n# beartrap:allow", false),
            ("TOKEN allow", false),
        ] {
            let start = text.find("TOKEN").unwrap_or(0);
            assert_eq!(is_allowed(text.as_bytes(), start, start + 5, "a-rule"), expected, "{text}");
        }
    }
}
