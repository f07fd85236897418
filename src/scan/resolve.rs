//! Settles which of several candidates for one place stands: the better proven, the more precise, the longer.

use std::ops::Range;

use crate::model::decoder::Decoder;
use crate::scan::candidate::{Candidate, Lead};

/// Keeps, of candidates of one layer that overlap, the best one.
#[must_use]
pub fn settle(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    if candidates.len() < 2 {
        return candidates;
    }
    candidates.sort_by(|a, b| b.rank().cmp(&a.rank()).then(a.span.start.cmp(&b.span.start)).then(a.rule.cmp(&b.rule)));
    let mut kept = Spans::default();
    candidates.retain(|candidate| kept.insert(&candidate.span));
    candidates.sort_by_key(|candidate| candidate.span.start);
    candidates
}

/// Adds the candidates of decoded layers to those of the layer itself.
///
/// A token that was joined from parts stands for its parts. Where else both claim a place, a literal's match stands against whatever is inside it; a name's match gives way to what it decodes to.
pub fn merge(outer: &mut Vec<Candidate>, inner: Vec<Candidate>) {
    if inner.is_empty() {
        return;
    }
    let whole: Vec<Range<usize>> = inner.iter().filter(|c| c.decoders.first() == Some(&Decoder::Unwrap)).map(|c| c.span.clone()).collect();
    outer.retain(|candidate| !whole.iter().any(|w| w.start <= candidate.span.start && candidate.span.end <= w.end));
    let firm: Vec<Range<usize>> = outer.iter().filter(|c| c.lead == Lead::Literal).map(|c| c.span.clone()).collect();
    let same = |a: &Candidate, b: &Candidate| a.span == b.span && a.identity == b.identity;
    let new = |c: &Candidate| !is_covered(&firm, &c.span) && !outer.iter().any(|o| same(o, c));
    let mut inner: Vec<Candidate> = inner.into_iter().filter(new).collect();
    inner.sort_by(|a, b| {
        a.span.start.cmp(&b.span.start).then(a.span.end.cmp(&b.span.end)).then(b.rank().cmp(&a.rank())).then(a.decoders.len().cmp(&b.decoders.len()))
    });
    inner.dedup_by(|later, first| later.span == first.span && (later.rule == first.rule || later.identity == first.identity));
    let spans: Vec<Range<usize>> = inner.iter().map(|c| c.span.clone()).collect();
    outer.retain(|candidate| candidate.lead == Lead::Literal || !touches(&spans, &candidate.span));
    outer.extend(inner);
    outer.sort_by(|a, b| a.span.start.cmp(&b.span.start).then(a.span.end.cmp(&b.span.end)));
}

/// Whether one of the sorted, disjoint spans overlaps this one.
fn is_covered(spans: &[Range<usize>], span: &Range<usize>) -> bool {
    let after = spans.partition_point(|s| s.end <= span.start);
    spans.get(after).is_some_and(|s| s.start < span.end)
}

/// Whether one of the spans, sorted by start, overlaps this one.
fn touches(spans: &[Range<usize>], span: &Range<usize>) -> bool {
    let until = spans.partition_point(|s| s.start < span.end);
    spans[..until].iter().rev().take(64).any(|s| s.end > span.start)
}

/// Disjoint spans, in order.
#[derive(Default)]
struct Spans(std::collections::BTreeMap<usize, usize>);

impl Spans {
    /// Adds the span unless it overlaps one that is there.
    fn insert(&mut self, span: &Range<usize>) -> bool {
        let before = self.0.range(..span.end).next_back();
        if before.is_some_and(|(_, end)| *end > span.start) {
            return false;
        }
        self.0.insert(span.start, span.end);
        true
    }
}
