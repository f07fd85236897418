//! Words near a token that say something of it: comments that accept it, and masks that stand for other secrets.
//!
//! **Invariant:** a byte is searched once, however many tokens stand around it.

use std::ops::Range;
use std::sync::LazyLock;

use crate::scan::searcher::{Hit, Searcher};

/// How far from a token masks count, in bytes to each side: less than the margins of a chunk.
const REACH: usize = 4096;
/// How far a comment counts, in bytes to each side on its line.
const LINE: usize = 1024;
/// Markers that accept: our own, which may name rules, and those of others, for whatever is on the line; then what stands where a secret was masked.
const SIGNS: [&str; 9] = [
    "beartrap:allow",
    "gitleaks:allow",
    "trufflehog:ignore",
    "kingfisher:ignore",
    "ggignore",
    "pragma: allowlist secret",
    "pragma: whitelist secret",
    "***",
    "[MASKED]",
];
/// How many of them accept.
const MARKERS: usize = 7;
/// The length of the longest.
const LONGEST: usize = 24;

static SEARCHER: LazyLock<Searcher> = LazyLock::new(|| Searcher::new(&SIGNS));

/// What stands around the tokens of a text, which are asked about in their order.
pub struct Near<'a> {
    bytes: &'a [u8],
    /// What was searched.
    searched: Range<usize>,
    /// Signs in it.
    signs: Vec<Hit>,
}

impl<'a> Near<'a> {
    /// A text of which nothing was asked yet.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, searched: 0..0, signs: Vec::new() }
    }

    /// Whether a comment on the line of a token accepts a finding of this rule.
    pub fn is_allowed(&mut self, token: &Range<usize>, rule: &str) -> bool {
        let bytes = self.bytes;
        let first = token.start.saturating_sub(LINE);
        let start = memchr::memrchr(b'\n', &bytes[first..token.start]).map_or(first, |at| first + at + 1);
        let last = bytes.len().min(token.end + LINE);
        let end = memchr::memchr(b'\n', &bytes[token.end..last]).map_or(last, |at| token.end + at);
        let sides = [start..token.start, token.end..end];
        let accepts = |marker: &Hit, side: &Range<usize>| marker.literal > 0 || names(&bytes[marker.end..side.end], rule);
        let mut markers = self.signs(token).filter(|sign| sign.literal < MARKERS);
        markers.any(|marker| sides.iter().any(|side| lies_in(marker, side) && accepts(marker, side)))
    }

    /// Whether secrets are masked near a token.
    pub fn is_masked(&mut self, token: &Range<usize>) -> bool {
        self.signs(token).any(|sign| sign.literal >= MARKERS)
    }

    /// Signs within reach of a token.
    fn signs(&mut self, token: &Range<usize>) -> impl Iterator<Item = &Hit> {
        let around = token.start.saturating_sub(REACH)..self.bytes.len().min(token.end + REACH);
        if around.start < self.searched.start || around.start > self.searched.end {
            (self.searched, self.signs) = (around.start..around.start, Vec::new());
        }
        self.search(around.end);
        let first = self.signs.partition_point(|sign| sign.start < around.start);
        self.signs[first..].iter().take_while(move |sign| sign.end <= around.end)
    }

    /// Searches on, for all that begins before `end`.
    fn search(&mut self, end: usize) {
        let limit = self.bytes.len().min(end + LONGEST);
        let mut at = self.searched.end;
        if at >= end {
            return;
        }
        while let Some(sign) = SEARCHER.next(self.bytes, at, limit).filter(|sign| sign.start < end) {
            at = sign.start + 1;
            self.signs.push(sign);
        }
        self.searched.end = end;
    }
}

fn lies_in(sign: &Hit, range: &Range<usize>) -> bool {
    range.start <= sign.start && sign.end <= range.end
}

/// Whether what follows the marker names this rule, or none.
fn names(after: &[u8], rule: &str) -> bool {
    let Some(list) = after.strip_prefix(b"[") else { return true };
    let end = memchr::memchr(b']', list).unwrap_or(list.len());
    list[..end].split(|b| *b == b',').any(|id| id.trim_ascii() == rule.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use crate::scan::near::{LONGEST, Near, REACH, SIGNS};

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
            assert_eq!(Near::new(text.as_bytes()).is_allowed(&(start..start + 5), "a-rule"), expected, "{text}");
        }
        assert_eq!(SIGNS.iter().map(|sign| sign.len()).max(), Some(LONGEST));
    }

    proptest! {
        #[test]
        fn what_was_asked_before_changes_no_answer(signs in proptest::collection::vec((0_usize..60_000, 0_usize..9), 0..12), tokens in proptest::collection::vec(0_usize..60_000, 1..20)) {
            let mut text = vec![b' '; 60_040];
            for (at, sign) in signs {
                text[at..at + SIGNS[sign].len()].copy_from_slice(SIGNS[sign].as_bytes());
            }
            let mut near = Near::new(&text);
            for at in tokens {
                let token = at..at + 20;
                let around = &text[at.saturating_sub(REACH)..text.len().min(at + 20 + REACH)];
                let is_masked = ["***", "[MASKED]"].iter().any(|mask| memchr::memmem::find(around, mask.as_bytes()).is_some());
                assert_eq!(near.is_masked(&token), is_masked, "{token:?}");
                assert_eq!(near.is_allowed(&token, "a"), Near::new(&text).is_allowed(&token, "a"), "{token:?}");
            }
        }
    }
}
