//! The engine: built once from rules, then asked about chunks by any number of threads.

use std::path::PathBuf;
use std::sync::Arc;

use crate::model::chunk::{Chunk, Owns};
use crate::model::finding::{Finding, Identity, Part};
use crate::model::fingerprint::FingerprintKey;
use crate::model::grade::Confidence;
use crate::model::keep::Keep;
use crate::model::known::Known;
use crate::model::ledger_match::Standing;
use crate::model::origin::Origin;
use crate::model::place::{ByteSpan, Position};
use crate::rules::rule::{MAX_REACH, Rule};
use crate::rules::rule_set::{RuleIndex, RuleSet};
use crate::scan::candidate::{Candidate, Lead};
use crate::scan::context::Contexts;
use crate::scan::grams::Grams;
use crate::scan::judge::Keys;
use crate::scan::layer::Layer;
use crate::scan::literals::Literals;
use crate::scan::near::Near;
use crate::scan::pairs::{APART, Joined, Pairs};
use crate::scan::pass::scan;
use crate::scan::plan::Plan;
use crate::scan::setting::is_example;

/// How far before the core tokens are found too, so that what they contain, touch or complete is settled alike in every chunk.
const BEFORE: usize = MAX_REACH + 4 * APART;
/// How far after the core, for the same reason.
const AFTER: usize = 4 * APART;

/// What the engine may be told.
pub struct Options {
    /// Findings below this are not reported.
    pub min_confidence: Confidence,
    /// How deep decoders may nest; 0 decodes nothing.
    pub max_depth: u32,
    /// What comments on a token's line mean.
    pub comments: Comments,
    /// The key of fingerprints; without one they are plain SHA-256, and those of guessable secrets are withheld.
    pub key: Option<FingerprintKey>,
    /// Further keys: findings are also named under these.
    pub further_keys: Vec<FingerprintKey>,
    /// Who wants to hold tokens in memory.
    pub keep: Option<Arc<dyn Keep>>,
    /// Who knows issued tokens; they are found where no rule knows their format.
    pub known: Option<Arc<dyn Known>>,
    /// What the user asked to be scanned: below these paths, names of tests, examples and documents count.
    pub roots: Vec<PathBuf>,
}

/// What comments such as `beartrap:allow` mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comments {
    /// A finding on their line is accepted.
    Honour,
    /// Nothing: for an audit.
    Ignore,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            min_confidence: Confidence::Medium,
            max_depth: 5,
            comments: Comments::Honour,
            key: None,
            further_keys: Vec::new(),
            keep: None,
            known: None,
            roots: Vec::new(),
        }
    }
}

/// Finds tokens.
pub struct Engine {
    plan: Arc<Plan>,
    min_confidence: Confidence,
    comments: Comments,
    roots: Vec<PathBuf>,
}

/// What was found in one chunk; positions are relative to its core until [`ChunkFindings::place`] is called.
#[derive(Default, Debug)]
pub struct ChunkFindings {
    /// The findings, in the order of the text.
    pub findings: Vec<Finding>,
    /// Findings that a comment accepts.
    pub allowed: u64,
    /// What filters silenced, for those who want to see them at work.
    pub filtered: Vec<Filtered>,
    /// How many lines and columns the core advances.
    advance: Position,
}

/// A candidate that a filter silenced.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filtered {
    /// The filter's name.
    pub filter: &'static str,
    /// The rule's id.
    pub rule: String,
    /// Line and column.
    pub position: Position,
    /// Its bytes in the source.
    pub span: ByteSpan,
}

impl Engine {
    /// Builds an engine.
    #[must_use]
    pub fn new(rules: &RuleSet, options: Options) -> Self {
        let rules = rules.shared();
        let plan = Arc::new(Plan {
            grams: Grams::new(&rules),
            literals: Literals::new(&rules),
            contexts: Contexts::new(&rules),
            pairs: Pairs::new(&rules),
            rules,
            key: options.key,
            further_keys: options.further_keys,
            keep: options.keep,
            issued: options.known.map(|known| (known, Rule::issued())),
            max_depth: options.max_depth,
        });
        Self { plan, min_confidence: options.min_confidence, comments: options.comments, roots: options.roots }
    }

    /// Scans bytes that are complete in themselves.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use beartrap::model::origin::Origin;
    /// use beartrap::rules::rule_set::RuleSet;
    /// use beartrap::scan::engine::{Engine, Options};
    ///
    /// let engine = Engine::new(&RuleSet::builtin(), Options::default());
    /// let origin = Arc::new(Origin::Memory("greeting".into()));
    /// assert!(engine.scan(&origin, b"hello, world").is_empty());
    /// ```
    #[must_use]
    pub fn scan(&self, origin: &Arc<Origin>, bytes: &[u8]) -> Vec<Finding> {
        self.scan_explained(origin, bytes).0
    }

    /// Like [`Self::scan`]; also what filters silenced.
    #[must_use]
    pub fn scan_explained(&self, origin: &Arc<Origin>, bytes: &[u8]) -> (Vec<Finding>, Vec<Filtered>) {
        let chunk = Chunk { bytes: bytes.to_vec(), base: 0, core: 0..bytes.len(), ended: true, owns: Owns::Starts, phase: 0 };
        let mut found = self.scan_chunk(origin, &chunk);
        found.place(&mut Position { line: 1, column: 1 });
        (found.findings, found.filtered)
    }

    /// Scans one chunk: every token whose first byte lies in its core.
    #[must_use]
    pub fn scan_chunk(&self, origin: &Arc<Origin>, chunk: &Chunk) -> ChunkFindings {
        let layer = Layer {
            start: chunk.core.start.saturating_sub(BEFORE),
            end: chunk.bytes.len().min(chunk.core.end + AFTER),
            phase: chunk.phase,
            ..Layer::whole(&chunk.bytes)
        };
        let mut found = scan(&self.plan, layer);
        if !found.candidates.is_empty() && is_example(origin, &self.roots) {
            found.candidates.iter_mut().for_each(doubt);
        }
        let candidates: Vec<Candidate> = found.candidates.into_iter().filter(|c| c.confidence >= self.min_confidence).collect();
        let joined = self.plan.pairs.join(candidates).into_iter().filter(|joined| self.confidence(joined) >= self.min_confidence);
        let (mut lines, mut near) = (Lines::new(chunk), Near::new(&chunk.bytes));
        let mut result = ChunkFindings::default();
        for joined in joined.filter(|joined| owns(chunk, &joined.main.span, self.certain_after(joined))) {
            if self.comments == Comments::Honour && near.is_allowed(&joined.main.span, &self.info(joined.main.rule).id) {
                result.allowed += 1;
                continue;
            }
            let is_masked = near.is_masked(&joined.main.span);
            result.findings.push(Finding { masked_near: is_masked, ..self.finding(origin, chunk, joined, &mut lines) });
        }
        let mut dropped: Vec<_> = found.dropped.into_iter().filter(|d| owns(chunk, &d.span, 0)).collect();
        dropped.sort_by_key(|d| d.span.start);
        let mut places = Lines::new(chunk);
        result.filtered = dropped.iter().map(|d| self.filtered(chunk, d, &mut places)).collect();
        result.advance = lines.position(chunk.core.end);
        result
    }

    /// The same engine for places that somebody else has found: with every confidence, and deaf to comments.
    #[must_use]
    pub fn lenient(&self) -> Self {
        Self { plan: Arc::clone(&self.plan), min_confidence: Confidence::Low, comments: Comments::Ignore, roots: Vec::new() }
    }

    /// Under which keys it fingerprints.
    #[must_use]
    pub fn keys(&self) -> Keys<'_> {
        self.plan.keys()
    }

    /// The rules, by index.
    #[must_use]
    pub fn rule_infos(&self) -> Vec<Arc<crate::model::rule_info::RuleInfo>> {
        let issued = self.plan.issued.iter().map(|(_, rule)| rule);
        self.plan.rules.iter().chain(issued).map(|rule| Arc::clone(&rule.info)).collect()
    }

    /// How many bytes after a token decide whether it stands alone: a key id waits for its secret.
    fn certain_after(&self, joined: &Joined) -> usize {
        if joined.parts.is_empty() && self.plan.pairs.is_id(joined.main.rule) { APART } else { 0 }
    }

    /// How sure the parts are together, or the one that stands alone.
    fn confidence(&self, joined: &Joined) -> Confidence {
        match joined.parts[..] {
            [_, ..] => Confidence::High,
            [] if self.plan.pairs.needs(joined.main.rule) => Confidence::Low,
            [] => joined.main.confidence,
        }
    }

    fn filtered(&self, chunk: &Chunk, dropped: &crate::scan::candidate::Dropped, lines: &mut Lines) -> Filtered {
        Filtered {
            filter: dropped.filter,
            rule: self.info(dropped.rule).id.to_string(),
            position: lines.position(dropped.span.start),
            span: byte_span(chunk, &dropped.span),
        }
    }

    fn info(&self, rule: RuleIndex) -> &Arc<crate::model::rule_info::RuleInfo> {
        &self.plan.rule(rule).info
    }

    fn finding(&self, origin: &Arc<Origin>, chunk: &Chunk, joined: Joined, lines: &mut Lines) -> Finding {
        let confidence = self.confidence(&joined);
        let Joined { main, parts } = joined;
        Finding {
            rule: Arc::clone(self.info(main.rule)),
            origin: Arc::clone(origin),
            span: byte_span(chunk, &main.span),
            position: lines.position(main.span.start),
            confidence,
            reason: if parts.is_empty() { main.reason.to_owned() } else { "the parts of the credential stand together".to_owned() },
            identity: main.identity,
            names: main.names,
            preview: main.preview,
            carrier: main.carrier,
            decoders: main.decoders,
            facts: main.facts,
            parts: parts.into_iter().filter_map(|part| self.part(chunk, part)).collect(),
            masked_near: false,
            standing: Standing::Unasked,
            witness: None,
        }
    }

    fn part(&self, chunk: &Chunk, part: Candidate) -> Option<Part> {
        let Identity::Fingerprint { fingerprint, .. } = part.identity else { return None };
        let position = Lines::new(chunk).position(part.span.start);
        Some(Part {
            rule: Arc::clone(self.info(part.rule)),
            fingerprint,
            names: part.names,
            span: byte_span(chunk, &part.span),
            position,
            preview: part.preview,
        })
    }
}

impl ChunkFindings {
    /// Turns relative positions into those of the source, and moves `at` to the end of the core.
    pub fn place(&mut self, at: &mut Position) {
        let shift = |position: &mut Position| *position = position.from(*at);
        for finding in &mut self.findings {
            shift(&mut finding.position);
            finding.parts.iter_mut().for_each(|part| shift(&mut part.position));
        }
        self.filtered.iter_mut().for_each(|filtered| shift(&mut filtered.position));
        *at = self.end(*at);
    }

    /// Where the core ends that begins at `at`.
    #[must_use]
    pub fn end(&self, at: Position) -> Position {
        self.advance.from(at)
    }
}

/// Thinks less of what only its name calls a secret, in a test, an example or a document.
fn doubt(candidate: &mut Candidate) {
    if candidate.lead == Lead::Name && candidate.ours && candidate.confidence == Confidence::Medium {
        (candidate.confidence, candidate.reason) = (Confidence::Low, "its name says so and it looks generated, in a test, an example or a document");
    }
}

/// Whether a finding belongs to the chunk; it is certain `later` bytes after its end.
fn owns(chunk: &Chunk, span: &std::ops::Range<usize>, later: usize) -> bool {
    let certain = span.end + later;
    match chunk.owns {
        Owns::Starts => chunk.core.contains(&span.start),
        Owns::Ends => certain > chunk.core.start && (certain <= chunk.core.end || chunk.ended),
    }
}

fn byte_span(chunk: &Chunk, span: &std::ops::Range<usize>) -> ByteSpan {
    ByteSpan::new(chunk.base + span.start as u64, chunk.base + span.end as u64).expect("because a token has at least one byte")
}

/// Lines and columns from the start of a core on, counted forwards once.
struct Lines<'a> {
    bytes: &'a [u8],
    core: usize,
    at: usize,
    position: Position,
}

impl<'a> Lines<'a> {
    fn new(chunk: &'a Chunk) -> Self {
        Self { bytes: &chunk.bytes, core: chunk.core.start, at: chunk.core.start, position: Position { line: 0, column: 0 } }
    }

    /// Lines and code points between the core's start and `offset`; before the core, less than nothing (wrapping around).
    fn position(&mut self, offset: usize) -> Position {
        if offset < self.core {
            return self.before(offset);
        }
        if offset < self.at {
            (self.at, self.position) = (self.core, Position { line: 0, column: 0 });
        }
        let passed = &self.bytes[self.at..offset.max(self.at)];
        let lines = memchr::memchr_iter(b'\n', passed).count() as u64;
        let line = memchr::memrchr(b'\n', passed).map_or(passed, |at| &passed[at + 1..]);
        let columns = columns(line);
        self.position.column = if lines > 0 { columns } else { self.position.column + columns };
        self.position.line += lines;
        self.at = self.at.max(offset);
        self.position
    }

    fn before(&self, offset: usize) -> Position {
        let between = &self.bytes[offset..self.core];
        let lines = memchr::memchr_iter(b'\n', between).count() as u64;
        let line = memchr::memrchr(b'\n', &self.bytes[..offset]).map_or(0, |at| at + 1);
        let column = if lines == 0 { 0_u64.wrapping_sub(columns(between)) } else { columns(&self.bytes[line..offset]) };
        Position { line: 0_u64.wrapping_sub(lines), column }
    }
}

/// How many code points a text has: bytes that do not continue one, counted in sums of a byte each, which vector instructions add.
fn columns(text: &[u8]) -> u64 {
    let sum = |part: &[u8]| part.iter().fold(0_u8, |sum, b| sum + u8::from(*b & 0xC0 != 0x80));
    text.chunks(usize::from(u8::MAX)).map(|part| u64::from(sum(part))).sum()
}
