//! Comments on a token's line that say: this one is known and accepted.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// How far from the token a comment counts, in bytes to each side on its line.
const REACH: usize = 1024;
/// Markers that accept whatever is on the line.
const MARKERS: [&[u8]; 6] =
    [b"gitleaks:allow", b"trufflehog:ignore", b"kingfisher:ignore", b"ggignore", b"pragma: allowlist secret", b"pragma: whitelist secret"];
/// Our own marker, which may name rules.
const OWN: &[u8] = b"beartrap:allow";

/// Whether a comment on the line of `start..end` accepts a finding of this rule.
#[must_use]
pub fn is_allowed(bytes: &[u8], start: usize, end: usize, rule: &str) -> bool {
    let before = &bytes[start.saturating_sub(REACH)..start];
    let before = memchr::memrchr(b'\n', before).map_or(before, |at| &before[at + 1..]);
    let after = &bytes[end..bytes.len().min(end + REACH)];
    let after = memchr::memchr(b'\n', after).map_or(after, |at| &after[..at]);
    [before, after].into_iter().any(|side| accepts(side, rule))
}

/// Searches for our own marker and for those of others, which take time to prepare.
static FINDERS: LazyLock<(Finder, [Finder; 6])> = LazyLock::new(|| (Finder::new(OWN), MARKERS.map(Finder::new)));

fn accepts(text: &[u8], rule: &str) -> bool {
    let (own, others) = &*FINDERS;
    own.find_iter(text).any(|at| names(&text[at + OWN.len()..], rule)) || others.iter().any(|marker| marker.find(text).is_some())
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
