//! Settles which of several candidates for one place stands: the better proven, the more precise, the longer.

use std::collections::HashMap;
use std::ops::Range;

use crate::model::decoder::Decoder;
use crate::model::grade::Confidence;
use crate::scan::candidate::{Candidate, Lead};

/// Keeps, of candidates of one layer that overlap, the best one.
#[must_use]
pub fn settle(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    if candidates.len() < 2 {
        return candidates;
    }
    vouch(&mut candidates);
    candidates.sort_by(|a, b| b.rank().cmp(&a.rank()).then(a.span.start.cmp(&b.span.start)).then(a.rule.cmp(&b.rule)));
    let mut kept = Spans::default();
    candidates.retain(|candidate| kept.insert(&candidate.span));
    candidates.sort_by_key(|candidate| candidate.span.start);
    candidates
}

/// A format too common to be sure of is as sure as the name that introduces it, which alone would say less of the token.
fn vouch(candidates: &mut [Candidate]) {
    if !candidates.iter().any(|c| c.tentative) {
        return;
    }
    let mut named: HashMap<Range<usize>, Vec<Confidence>> = HashMap::new();
    for candidate in candidates.iter().filter(|c| c.lead == Lead::Name && !c.tentative) {
        named.entry(candidate.span.clone()).or_default().push(candidate.confidence);
    }
    for candidate in candidates.iter_mut().filter(|c| c.tentative && c.lead > Lead::Name) {
        let by = named.get(&candidate.span).and_then(|by| by.iter().find(|confidence| **confidence > candidate.confidence));
        if let Some(confidence) = by {
            (candidate.confidence, candidate.reason) = (*confidence, "prefix, length and alphabet fit, and its name says so");
        }
    }
}

/// Adds the candidates of decoded layers to those of the layer itself.
///
/// A token that was joined from parts stands for its parts. Where else both claim a place, a literal's match stands against whatever is inside it; a name's match gives way to what it decodes to.
pub fn merge(outer: &mut Vec<Candidate>, mut inner: Vec<Candidate>) {
    if inner.is_empty() {
        return;
    }
    inner.sort_by(|a, b| {
        a.span.start.cmp(&b.span.start).then(b.span.end.cmp(&a.span.end)).then(b.rank().cmp(&a.rank())).then(a.decoders.len().cmp(&b.decoders.len()))
    });
    inner.dedup_by(|later, first| later.span == first.span && (later.rule == first.rule || later.identity == first.identity));
    drop_parts(&mut inner);
    let grown = Grown::of(&inner);
    outer.retain(|candidate| !grown.covers(&candidate.span));
    let firm: Vec<Range<usize>> = outer.iter().filter(|c| c.lead.is_firm()).map(|c| c.span.clone()).collect();
    inner.retain(|candidate| !is_covered(&firm, &candidate.span) && !is_known(outer, candidate));
    let spans: Vec<Range<usize>> = inner.iter().map(|c| c.span.clone()).collect();
    outer.retain(|candidate| candidate.lead.is_firm() || !touches(&spans, &candidate.span));
    outer.extend(inner);
    outer.sort_by(|a, b| a.span.start.cmp(&b.span.start).then(a.span.end.cmp(&b.span.end)));
}

/// Drops what lies inside a better token of the same decoding: the JWT in a token that ends with one.
fn drop_parts(inner: &mut Vec<Candidate>) {
    let mut around: Option<Candidate> = None;
    inner.retain(|candidate| {
        let inside = around.as_ref().is_some_and(|o| {
            o.span != candidate.span && candidate.span.end <= o.span.end && o.rank() > candidate.rank() && o.decoders == candidate.decoders
        });
        if !inside && candidate.lead.is_firm() && around.as_ref().is_none_or(|o| candidate.span.end > o.span.end) {
            around = Some(candidate.clone());
        }
        !inside
    });
}

/// Whether the layer itself has this token at this place.
fn is_known(outer: &[Candidate], candidate: &Candidate) -> bool {
    let from = outer.partition_point(|o| o.span.start < candidate.span.start);
    outer[from..].iter().take_while(|o| o.span.start == candidate.span.start).any(|o| o.span == candidate.span && o.identity == candidate.identity)
}

/// Tokens that were matched too short before a line break or an escape in them was undone.
struct Grown {
    starts: Vec<usize>,
    /// For each, the farthest end of it and all before it.
    ends: Vec<usize>,
}

impl Grown {
    fn of(sorted: &[Candidate]) -> Self {
        let grown = sorted.iter().filter(|c| c.decoders.first() == Some(&Decoder::Unwrap) || is_escaped(c));
        let (starts, mut ends): (Vec<usize>, Vec<usize>) = grown.map(|c| (c.span.start, c.span.end)).unzip();
        for i in 1..ends.len() {
            ends[i] = ends[i].max(ends[i - 1]);
        }
        Self { starts, ends }
    }

    /// Whether one of them holds the span and goes on after it.
    fn covers(&self, span: &Range<usize>) -> bool {
        let until = self.starts.partition_point(|start| *start <= span.start);
        until > 0 && self.ends[until - 1] > span.end
    }
}

fn is_escaped(candidate: &Candidate) -> bool {
    candidate.lead == Lead::Literal && matches!(candidate.decoders[..], [Decoder::Escape | Decoder::Percent | Decoder::Entity])
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
