//! Tokens that no rule knows but somebody issued: looks up whatever is delimited, and known tokens between any bytes.

use std::ops::Range;
use std::sync::Arc;

use crate::model::fingerprint::Fingerprint;
use crate::model::known::{Known, MayHold};
use crate::rules::byte_set::ByteSet;
use crate::rules::rule::{MAX_REACH, MIN_RUN};
use crate::scan::kernel::Run;
use crate::scan::ngram::each_least;

/// What may also stand in a token, outside of runs.
const BESIDE: ByteSet = ByteSet::empty().with(b"=:|!@$*%^~");
/// What a text is also taken without, at its ends.
const EDGE: ByteSet = ByteSet::empty().with(b"-_.~+/=:|!@$*%^");
/// How far a text reaches beyond its run.
const BEYOND: usize = 256;
/// How many texts are remembered that were not known.
const SLOTS: usize = 2048;
/// The least size of a layer in which remembering pays.
const LARGE: usize = 64 << 10;

/// Looks up the texts of one layer.
pub struct Issued<'a> {
    known: &'a dyn Known,
    view: Arc<dyn MayHold>,
    bytes: &'a [u8],
    /// Texts that were looked up and are not known.
    misses: Vec<(u32, u32)>,
}

impl<'a> Issued<'a> {
    /// Begins with a layer's bytes.
    #[must_use]
    pub fn new(known: &'a dyn Known, bytes: &'a [u8]) -> Self {
        let slots = if bytes.len() < LARGE { 0 } else { SLOTS };
        Self { known, view: known.view(), bytes, misses: vec![(0, 0); slots] }
    }

    /// Calls `found` with every issued token that a run holds or is part of.
    pub fn each(&mut self, run: &Run, mut found: impl FnMut(Range<usize>)) {
        self.delimited(run, &mut found);
        let Some(key) = self.known.gram_key() else { return };
        let (known, view, bytes) = (self.known, &self.view, self.bytes);
        each_least(bytes, run, key, |at, hash| {
            if !view.may_hold(hash) {
                return;
            }
            for gram in known.grams(hash) {
                let Some(start) = at.checked_sub(gram.before as usize) else { continue };
                let span = start..start + gram.length as usize;
                if bytes.get(span.clone()).is_some_and(|token| known.holds(&Fingerprint::of(token))) {
                    found(span);
                }
            }
        });
    }

    /// The run as it is, with what stands beside it, without what stands at its ends, and its parts between slashes.
    fn delimited(&mut self, run: &Run, found: &mut impl FnMut(Range<usize>)) {
        self.text(run.clone(), found);
        let text = &self.bytes[run.clone()];
        let trimmed = trimmed(self.bytes, run.clone());
        if trimmed != *run {
            self.text(trimmed, found);
        }
        if memchr::memchr(b'/', text).is_some() {
            let mut start = run.start;
            for piece in text.split(|b| *b == b'/') {
                if piece.len() < run.len() {
                    self.text(start..start + piece.len(), found);
                }
                start += piece.len() + 1;
            }
        }
        let beside = |at: Option<usize>| at.and_then(|at| self.bytes.get(at)).is_some_and(|b| BESIDE.contains(*b));
        if beside(run.start.checked_sub(1)) || beside(Some(run.end)) {
            self.extended(run, found);
        }
    }

    /// The run with what stands beside it, to either side and to both.
    fn extended(&mut self, run: &Run, found: &mut impl FnMut(Range<usize>)) {
        let inside = |b: &&u8| BESIDE.contains(**b) || ByteSet::RUN.contains(**b);
        let before = self.bytes[..run.start].iter().rev().take(BEYOND).take_while(inside).count();
        let after = self.bytes[run.end..].iter().take(BEYOND).take_while(inside).count();
        let padding = self.bytes[run.end..run.end + after].iter().take_while(|b| **b == b'=').count();
        let (start, end) = (run.start - before, run.end + after);
        for (span, is_new) in [
            (run.start..run.end + padding, padding > 0),
            (run.start..end, after > padding),
            (start..run.end, before > 0),
            (start..end, before > 0 && after > 0),
        ] {
            if is_new {
                self.text(span, found);
            }
        }
    }

    fn text(&mut self, span: Range<usize>, found: &mut impl FnMut(Range<usize>)) {
        if !(MIN_RUN..=MAX_REACH).contains(&span.len()) {
            return;
        }
        let text = &self.bytes[span.clone()];
        let slot = slot(text) % self.misses.len().max(1);
        if let Some((start, end)) = self.misses.get(slot)
            && text == &self.bytes[*start as usize..*end as usize]
        {
            return;
        }
        let fingerprint = Fingerprint::of(text);
        if self.view.may_hold(fingerprint.index()) && self.known.holds(&fingerprint) {
            return found(span);
        }
        if let Some(miss) = self.misses.get_mut(slot)
            && let (Ok(start), Ok(end)) = (u32::try_from(span.start), u32::try_from(span.end))
        {
            *miss = (start, end);
        }
    }
}

fn trimmed(bytes: &[u8], span: Range<usize>) -> Range<usize> {
    let text = &bytes[span.clone()];
    let before = text.iter().take_while(|b| EDGE.contains(**b)).count();
    let after = text[before..].iter().rev().take_while(|b| EDGE.contains(**b)).count();
    span.start + before..span.end - after
}

/// Spreads texts by their ends and their length.
#[inline]
fn slot(text: &[u8]) -> usize {
    let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) else { return 0 };
    let mixed = (u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(29) ^ text.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 40) as usize
}
