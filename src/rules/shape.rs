//! A rule's pattern as a short list of steps: what a bounded regular expression without nesting comes down to.
//!
//! Matching agrees with leftmost-first regular expressions; `tests/props.rs` compares it with crate `regex`.

use regex_syntax::hir::{Class, Hir, HirKind};
use serde::{Deserialize, Serialize};

use crate::rules::byte_set::ByteSet;

/// The most alternatives that a pattern may expand to.
pub const MAX_ALTERNATIVES: usize = 64;

/// One step of a shape.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Step {
    /// Exactly these bytes.
    #[serde(rename = "l")]
    Literal(Vec<u8>),
    /// Between `min` and `max` bytes of the set, as many as possible unless it is lazy.
    #[serde(rename = "c")]
    Class {
        /// The bytes allowed.
        #[serde(rename = "s")]
        set: ByteSet,
        /// The fewest repetitions.
        #[serde(rename = "n")]
        min: usize,
        /// The most repetitions.
        #[serde(rename = "x")]
        max: usize,
        /// Whether as few as possible are taken.
        #[serde(rename = "z", default)]
        lazy: bool,
    },
}

/// One alternative of a pattern.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Shape(pub Vec<Step>);

/// Why a pattern has no shapes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unshapely {
    /// `*`, `+` or `{n,}`.
    Unbounded,
    /// `^`, `$`, `\b` and the like.
    Look,
    /// More than [`MAX_ALTERNATIVES`].
    TooMany,
    /// A class that holds more than single bytes.
    Unicode,
    /// It can match nothing at all.
    Empty,
}

impl Shape {
    /// The alternatives of a pattern, most preferred first.
    ///
    /// # Errors
    ///
    /// The construct that has no shape.
    pub fn alternatives(hir: &Hir) -> Result<Vec<Self>, Unshapely> {
        let shapes: Vec<Self> = expand(hir)?.into_iter().map(Self::merged).collect();
        if shapes.iter().any(|shape| shape.min_len() == 0) { Err(Unshapely::Empty) } else { Ok(shapes) }
    }

    /// The fewest bytes that it matches.
    #[must_use]
    pub fn min_len(&self) -> usize {
        self.0.iter().map(Step::min_len).sum()
    }

    /// The most bytes that it matches.
    #[must_use]
    pub fn max_len(&self) -> usize {
        self.0.iter().map(Step::max_len).sum()
    }

    /// How many bytes of every match are literal.
    #[must_use]
    pub fn literal_len(&self) -> usize {
        let literal = |step: &Step| if let Step::Literal(bytes) = step { bytes.len() } else { 0 };
        self.0.iter().map(literal).sum()
    }

    /// The bytes that could continue a match: of the last step and of the optional ones at the end.
    #[must_use]
    pub fn last_set(&self) -> ByteSet {
        let mut set = ByteSet::empty();
        for step in self.0.iter().rev() {
            set = set.union(step.last_set());
            if step.min_len() > 0 {
                break;
            }
        }
        set
    }

    /// The literal bytes that every match starts with.
    #[must_use]
    pub fn prefix(&self) -> &[u8] {
        match self.0.first() {
            Some(Step::Literal(bytes)) => bytes,
            _ => &[],
        }
    }

    /// Matches at `start`, the byte after the match not in `tail`; the end of the match.
    #[must_use]
    #[inline]
    pub fn match_at(&self, bytes: &[u8], start: usize, tail: &ByteSet) -> Option<usize> {
        match_steps(&self.0, bytes, start, tail)
    }

    /// How far it can be followed from `start` without going back: the offset of the first byte that does not fit.
    #[must_use]
    pub fn follow(&self, bytes: &[u8], start: usize) -> usize {
        let mut at = start;
        for step in &self.0 {
            let (fits, whole) = match step {
                Step::Literal(literal) => (bytes[at..].iter().zip(literal).take_while(|(a, b)| a == b).count(), literal.len()),
                Step::Class { set, min, max, .. } => (bytes[at..].iter().take(*max).take_while(|b| set.contains(**b)).count(), *min),
            };
            at += fits;
            if fits < whole {
                break;
            }
        }
        at
    }

    /// Whether a match may hold a line break.
    #[must_use]
    pub fn spans_lines(&self) -> bool {
        self.0.iter().any(|step| matches!(step, Step::Class { set, .. } if set.contains(b'\n')))
    }

    /// Joins adjoining literals.
    fn merged(steps: Vec<Step>) -> Self {
        let mut merged: Vec<Step> = Vec::with_capacity(steps.len());
        for step in steps {
            match (merged.last_mut(), step) {
                (Some(Step::Literal(before)), Step::Literal(bytes)) => before.extend(bytes),
                (_, step) => merged.push(step),
            }
        }
        Self(merged)
    }
}

impl Step {
    /// The fewest bytes that it matches.
    #[must_use]
    pub fn min_len(&self) -> usize {
        match self {
            Self::Literal(bytes) => bytes.len(),
            Self::Class { min, .. } => *min,
        }
    }

    /// The most bytes that it matches.
    #[must_use]
    pub fn max_len(&self) -> usize {
        match self {
            Self::Literal(bytes) => bytes.len(),
            Self::Class { max, .. } => *max,
        }
    }

    fn last_set(&self) -> ByteSet {
        match self {
            Self::Literal(bytes) => ByteSet::empty().with(bytes.last().map_or(&[], std::slice::from_ref)),
            Self::Class { set, .. } => *set,
        }
    }
}

fn match_steps(steps: &[Step], bytes: &[u8], at: usize, tail: &ByteSet) -> Option<usize> {
    let Some((step, rest)) = steps.split_first() else {
        return bytes.get(at).is_none_or(|b| !tail.contains(*b)).then_some(at);
    };
    match step {
        Step::Literal(literal) => {
            let end = at + literal.len();
            (bytes.get(at..end)? == &literal[..]).then(|| match_steps(rest, bytes, end, tail))?
        }
        Step::Class { set, min, max, lazy } => {
            let window = &bytes[at.min(bytes.len())..bytes.len().min(at + max)];
            let longest = window.iter().position(|b| !set.contains(*b)).unwrap_or(window.len());
            if longest < *min {
                return None;
            }
            let shortest = if can_give_back(*set, rest, tail) { *min } else { longest };
            if *lazy {
                return (*min..=longest).find_map(|n| match_steps(rest, bytes, at + n, tail));
            }
            (shortest..=longest).rev().find_map(|n| match_steps(rest, bytes, at + n, tail))
        }
    }
}

/// Whether a shorter repetition of `set` could let the rest match where the longest does not.
fn can_give_back(set: ByteSet, rest: &[Step], tail: &ByteSet) -> bool {
    for step in rest {
        let (first, optional) = match step {
            Step::Literal(bytes) => (ByteSet::empty().with(&bytes[..1]), false),
            Step::Class { set, min, .. } => (*set, *min == 0),
        };
        if set.meets(first) {
            return true;
        }
        if !optional {
            return false;
        }
    }
    !set.is_subset(*tail)
}

fn expand(hir: &Hir) -> Result<Vec<Vec<Step>>, Unshapely> {
    match hir.kind() {
        HirKind::Empty => Ok(vec![vec![]]),
        HirKind::Literal(literal) => Ok(vec![vec![Step::Literal(literal.0.to_vec())]]),
        HirKind::Class(class) => Ok(vec![vec![Step::Class { set: set_of(class)?, min: 1, max: 1, lazy: false }]]),
        HirKind::Look(_) => Err(Unshapely::Look),
        HirKind::Capture(capture) => expand(&capture.sub),
        HirKind::Repetition(repetition) => expand_repetition(repetition),
        HirKind::Concat(parts) => parts.iter().try_fold(vec![vec![]], |before, part| product(&before, &expand(part)?)),
        HirKind::Alternation(parts) => {
            let all = parts.iter().map(expand).collect::<Result<Vec<_>, _>>()?.concat();
            if all.len() > MAX_ALTERNATIVES { Err(Unshapely::TooMany) } else { Ok(all) }
        }
    }
}

fn expand_repetition(repetition: &regex_syntax::hir::Repetition) -> Result<Vec<Vec<Step>>, Unshapely> {
    let min = repetition.min as usize;
    let max = repetition.max.ok_or(Unshapely::Unbounded)? as usize;
    if let HirKind::Class(class) = repetition.sub.kind() {
        return Ok(vec![vec![Step::Class { set: set_of(class)?, min, max, lazy: !repetition.greedy }]]);
    }
    if let HirKind::Literal(literal) = repetition.sub.kind()
        && literal.0.len() == 1
    {
        if min == max {
            return Ok(vec![vec![Step::Literal(vec![literal.0[0]; min])]]);
        }
        return Ok(vec![vec![Step::Class { set: ByteSet::empty().with(&literal.0), min, max, lazy: !repetition.greedy }]]);
    }
    let sub = expand(&repetition.sub)?;
    let mut counted = vec![vec![vec![]]];
    for _ in 0..max {
        let next = product(counted.last().expect("because it starts with one"), &sub)?;
        counted.push(next);
    }
    let all: Vec<Vec<Step>> = counted.drain(min..).rev().flatten().collect();
    if all.len() > MAX_ALTERNATIVES { Err(Unshapely::TooMany) } else { Ok(all) }
}

fn product(left: &[Vec<Step>], right: &[Vec<Step>]) -> Result<Vec<Vec<Step>>, Unshapely> {
    if left.len() * right.len() > MAX_ALTERNATIVES {
        return Err(Unshapely::TooMany);
    }
    Ok(left.iter().flat_map(|l| right.iter().map(move |r| [l.clone(), r.clone()].concat())).collect())
}

fn set_of(class: &Class) -> Result<ByteSet, Unshapely> {
    let bytes: Vec<u8> = match class {
        Class::Bytes(class) => class.iter().flat_map(|range| range.start()..=range.end()).collect(),
        Class::Unicode(class) => {
            let class = class.to_byte_class().ok_or(Unshapely::Unicode)?;
            class.iter().flat_map(|range| range.start()..=range.end()).collect()
        }
    };
    Ok(ByteSet::empty().with(&bytes))
}

#[cfg(test)]
mod tests {
    use crate::rules::byte_set::ByteSet;
    use crate::rules::shape::{Shape, Unshapely};

    fn shapes(pattern: &str) -> Result<Vec<Shape>, Unshapely> {
        let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern);
        Shape::alternatives(&hir.expect("because the test's pattern is a regular expression"))
    }

    fn check(pattern: &str, text: &str, expected: Option<usize>) {
        let found = shapes(pattern).expect("because it has a shape").iter().find_map(|shape| shape.match_at(text.as_bytes(), 0, &ByteSet::alnum()));
        assert_eq!(found, expected, "{pattern} on {text}");
    }

    #[test]
    fn matches_like_a_regular_expression_with_a_boundary() {
        check("ab[0-9]{2}", "ab12", Some(4));
        check("ab[0-9]{2}", "ab123", None);
        check("ab[0-9]{2,4}", "ab123.", Some(5));
        check("a[a-z]{1,9}zz[a-z]{1,9}", "abczzdzz", Some(8));
        check("a(?:-x)?[0-9]{1,2}", "a-x7", Some(4));
        check("(?:aa|a)[a-z]{2}", "aabc", Some(4));
        check("(?:[0-9]{2}-){2}[0-9]", "12-34-5", Some(7));
    }

    #[test]
    fn refuses_what_has_no_shape() {
        assert_eq!(shapes("a+"), Err(Unshapely::Unbounded));
        assert_eq!(shapes(r"\bab"), Err(Unshapely::Look));
        assert_eq!(shapes("a?"), Err(Unshapely::Empty));
        assert_eq!(shapes("(?:a|bc){9}"), Err(Unshapely::TooMany));
    }
}
