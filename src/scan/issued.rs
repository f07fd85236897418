//! Tokens that no rule knows but somebody issued: looks up whatever is delimited, and known tokens between any bytes.

use std::ops::Range;
use std::sync::Arc;

use crate::model::fingerprint::Fingerprint;
use crate::model::known::{GramKey, Known, MayHold};
use crate::rules::byte_set::ByteSet;
use crate::rules::rule::{MAX_REACH, MIN_RUN};
use crate::scan::ngram::each_least;
use crate::scan::walk::Run;

/// What may also stand in a token, outside of runs.
const BESIDE: ByteSet = ByteSet::empty().with(b"=:|!@$*%^~");
/// What a text is also taken without, at its ends.
const EDGE: ByteSet = ByteSet::empty().with(b"-_.~+/=:|!@$*%^");
/// How far a text reaches beyond its run.
const BEYOND: usize = 256;
/// How many texts are looked up together.
const TOGETHER: usize = 1024;

/// Looks up the texts of one layer.
pub struct Issued<'a> {
    known: &'a dyn Known,
    view: Arc<dyn MayHold>,
    bytes: &'a [u8],
    /// The shortest text that is looked up.
    least: usize,
    /// Texts that wait to be looked up.
    texts: Vec<Range<usize>>,
    /// Their indices.
    indices: Vec<u64>,
    /// What is known.
    found: Vec<Range<usize>>,
}

/// The issued tokens that runs of a layer hold or are part of.
#[must_use]
pub fn issued<'r>(known: &dyn Known, bytes: &[u8], runs: impl Iterator<Item = &'r Run>) -> Vec<Range<usize>> {
    let (texts, indices) = (Vec::with_capacity(TOGETHER), Vec::with_capacity(TOGETHER));
    let view = known.view();
    let least = if view.lengths().has_others() { MIN_RUN } else { view.lengths().least().max(MIN_RUN) };
    let mut issued = Issued { known, view, bytes, least, texts, indices, found: Vec::new() };
    let key = known.gram_key();
    for run in runs {
        issued.delimited(run);
        if let Some(key) = key {
            issued.grams(run, key);
        }
    }
    issued.look_up();
    issued.found
}

impl Issued<'_> {
    /// Tokens whose n-gram is kept, between any bytes.
    fn grams(&mut self, run: &Run, key: GramKey) {
        let Self { known, view, bytes, found, .. } = self;
        each_least(bytes, run, key, |at, hash| {
            if !view.may_hold(hash) {
                return;
            }
            for gram in known.grams(hash) {
                let Some(start) = at.checked_sub(gram.before as usize) else { continue };
                let span = start..start + gram.length as usize;
                if bytes.get(span.clone()).is_some_and(|token| known.holds(&Fingerprint::of(token))) {
                    found.push(span);
                }
            }
        });
    }

    /// The run and its parts, and the run with what stands beside it.
    fn delimited(&mut self, run: &Run) {
        if run.len() >= self.least {
            self.inside(run);
        }
        let beside = |at: Option<usize>| at.and_then(|at| self.bytes.get(at)).is_some_and(|b| BESIDE.contains(*b));
        if beside(run.start.checked_sub(1)) || beside(Some(run.end)) {
            self.extended(run);
        }
    }

    /// The run as it is, without what stands at its ends, and its parts between slashes.
    fn inside(&mut self, run: &Run) {
        let holds = classes(&self.bytes[run.clone()]);
        if !self.view.lengths().has_any() && !may_hold_generated(holds) {
            return;
        }
        self.text(run.clone());
        let trimmed = trimmed(self.bytes, run.clone());
        if trimmed != *run {
            self.text(trimmed);
        }
        if holds & SLASH != 0 {
            self.pieces(run);
        }
    }

    /// The parts of a run between slashes, as far as they are long enough.
    fn pieces(&mut self, run: &Run) {
        let mut start = run.start;
        while start + self.least <= run.end {
            if let Some(slash) = memchr::memrchr(b'/', &self.bytes[start..start + self.least]) {
                start += slash + 1;
                continue;
            }
            let rest = &self.bytes[start..run.end];
            let length = memchr::memchr(b'/', rest).unwrap_or(rest.len());
            if length < run.len() {
                self.text(start..start + length);
            }
            start += length + 1;
        }
    }

    /// The run with what stands beside it, to either side and to both.
    fn extended(&mut self, run: &Run) {
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
                self.text(span);
            }
        }
    }

    /// A text that may be a token waits to be looked up.
    #[inline]
    fn text(&mut self, span: Range<usize>) {
        let text = &self.bytes[span.clone()];
        let lengths = self.view.lengths();
        let is_asked = lengths.has(text.len()) || lengths.has_others() && may_be_generated(text);
        if !(MIN_RUN..=MAX_REACH).contains(&text.len()) || !is_asked {
            return;
        }
        self.indices.push(Fingerprint::index_of(text));
        self.texts.push(span);
        if self.texts.len() == TOGETHER {
            self.look_up();
        }
    }

    /// Looks up what waits.
    fn look_up(&mut self) {
        let Self { known, view, bytes, texts, indices, found, .. } = self;
        view.select(indices, &mut |at| {
            let span = &texts[at];
            if known.holds(&Fingerprint::of(&bytes[span.clone()])) {
                found.push(span.clone());
            }
        });
        texts.clear();
        indices.clear();
    }
}

/// Classes of characters in a text.
const DIGIT: u8 = 1;
const SMALL: u8 = 2;
const CAPITAL: u8 = 4;
const SLASH: u8 = 8;
const OTHER: u8 = 16;

/// Whether a text with these classes, or a part of it, can be a token that a machine made.
fn may_hold_generated(classes: u8) -> bool {
    classes & (DIGIT | CAPITAL) != 0 || classes == SMALL
}

/// Whether a text can be a token that a machine made. Not so words between separators, which have no digit and letters of one case only, and
/// paths, which have slashes and no capital: base64 without a capital is rarer than one in a thousand, of sixteen characters.
#[inline]
fn may_be_generated(text: &[u8]) -> bool {
    let holds = classes(text);
    let mixed = holds & DIGIT != 0 || holds & (SMALL | CAPITAL) == SMALL | CAPITAL;
    if holds & SLASH != 0 { holds & CAPITAL != 0 } else { mixed || matches!(holds, SMALL | CAPITAL) }
}

/// The classes of a text's characters. Sixteen at a time, the last ones twice.
#[inline]
fn classes(text: &[u8]) -> u8 {
    let mut lanes = [0; 16];
    let (chunks, _) = text.as_chunks::<16>();
    for chunk in chunks.iter().chain(text.last_chunk()) {
        for (lane, b) in lanes.iter_mut().zip(chunk) {
            *lane |= class(*b);
        }
    }
    lanes.iter().fold(0, |all, lane| all | lane)
}

/// The class of one character, without a branch or a table, so that many are classed at once.
#[inline]
fn class(b: u8) -> u8 {
    let is = |first: u8, count: u8, class: u8| if b.wrapping_sub(first) < count { class } else { 0 };
    let known = is(b'0', 10, DIGIT) | is(b'a', 26, SMALL) | is(b'A', 26, CAPITAL) | is(b'/', 1, SLASH);
    if known == 0 { OTHER } else { known }
}

fn trimmed(bytes: &[u8], span: Range<usize>) -> Range<usize> {
    let text = &bytes[span.clone()];
    let before = text.iter().take_while(|b| EDGE.contains(**b)).count();
    let after = text[before..].iter().rev().take_while(|b| EDGE.contains(**b)).count();
    span.start + before..span.end - after
}
