//! A scanner for callers that hand over a stream piece by piece.

use std::sync::Arc;

use crate::model::finding::Finding;
use crate::model::origin::Origin;
use crate::pipeline::stream::Placing;
use crate::scan::engine::Engine;
use crate::sources::cutter::{Cut, CutOptions, Cutter};

/// Scans a stream that arrives in pieces; where they are cut makes no difference.
///
/// ```
/// use beartrap::model::origin::Origin;
/// use beartrap::pipeline::scanner::Scanner;
/// use beartrap::rules::rule_set::RuleSet;
/// use beartrap::scan::engine::{Engine, Options};
///
/// let engine = Engine::new(&RuleSet::builtin(), Options::default());
/// let mut scanner = Scanner::new(&engine, Origin::Memory("request".into()));
/// let mut findings = scanner.push(b"Authorization: Bearer gh");
/// findings.extend(scanner.push(b"p_... \n"));
/// findings.extend(scanner.finish());
/// assert!(findings.is_empty());
/// ```
pub struct Scanner<'a> {
    engine: &'a Engine,
    origin: Arc<Origin>,
    cutter: Cutter,
    placing: Placing,
    cut: Cut,
}

impl<'a> Scanner<'a> {
    /// A scanner at the start of a stream.
    #[must_use]
    pub fn new(engine: &'a Engine, origin: Origin) -> Self {
        Self::with_options(engine, origin, CutOptions::default())
    }

    /// A scanner with chunks of other sizes; `left` and `right` must not be smaller than the default's for findings to stay the same.
    #[must_use]
    pub fn with_options(engine: &'a Engine, origin: Origin, options: CutOptions) -> Self {
        Self { engine, origin: Arc::new(origin), cutter: Cutter::new(options), placing: Placing::START, cut: Cut::Full }
    }

    /// A scanner that reports what a line holds as soon as the line is whole, in the order in which findings become certain.
    ///
    /// What a later line would have changed stays reported: the first part of a value that goes on, in a token folded over lines.
    #[must_use]
    pub fn live(engine: &'a Engine, origin: Origin) -> Self {
        Self { cut: Cut::Lines, ..Self::new(engine, origin) }
    }

    /// Takes the next bytes; the findings of which all context has arrived.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Finding> {
        self.cutter.push(bytes);
        self.scan()
    }

    /// Ends the stream; the rest of the findings.
    #[must_use]
    pub fn finish(mut self) -> Vec<Finding> {
        self.cutter.end();
        self.scan()
    }

    fn scan(&mut self) -> Vec<Finding> {
        let mut findings = Vec::new();
        while let Some(chunk) = self.cutter.cut(self.cut, &mut Vec::new()) {
            let found = self.engine.scan_chunk(&self.origin, &chunk);
            findings.extend(self.placing.place(found).0);
        }
        findings
    }
}
