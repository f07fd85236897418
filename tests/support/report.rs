//! Failures of all rules and carriers in one table, without any secret.

use std::collections::BTreeMap;
use std::ops::Range;

use beartrap::model::decoder::Decoder;
use beartrap::model::finding::Finding;
use beartrap::model::fingerprint::Fingerprint;

/// A case that legitimately cannot hold: rule, carrier (either may end in `*`) and why.
pub type Exception = (&'static str, &'static str, &'static str);

/// A carrier that fails more often than this is one flaw: its rows are shortened.
const SHOWN: usize = 40;

/// What went wrong, by rule and carrier.
pub struct Report {
    exceptions: &'static [Exception],
    used: Vec<bool>,
    failures: BTreeMap<(String, String), String>,
    cases: usize,
}

impl Report {
    /// No failures yet.
    pub fn new(exceptions: &'static [Exception]) -> Self {
        Self { exceptions, used: vec![false; exceptions.len()], failures: BTreeMap::new(), cases: 0 }
    }

    /// Notes one case; `flaw` says what is wrong with it, if anything.
    pub fn note(&mut self, rule: &str, carrier: &str, flaw: Option<String>) {
        self.cases += 1;
        let Some(flaw) = flaw else { return };
        let excused = self.exceptions.iter().position(|(r, c, _)| fits(r, rule) && fits(c, carrier));
        match excused {
            Some(at) => self.used[at] = true,
            None => drop(self.failures.insert((rule.to_owned(), carrier.to_owned()), flaw)),
        }
    }

    /// Fails with the table if there is anything in it, or if an exception is none.
    #[track_caller]
    pub fn settle(self) {
        let idle = self.exceptions.iter().zip(&self.used).filter(|(_, used)| !**used);
        let idle: Vec<String> = idle.map(|((rule, carrier, _), _)| format!("  {rule}  {carrier}")).collect();
        assert!(self.cases > 0, "no case was tried");
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        self.failures.keys().for_each(|(_, carrier)| *counts.entry(carrier).or_default() += 1);
        let width = |name: &str| if counts.get(name).is_some_and(|count| *count > SHOWN) { 60 } else { 400 };
        let rows: Vec<String> =
            self.failures.iter().map(|((rule, carrier), flaw)| format!("  {rule:36} {carrier:28} {:.*}", width(carrier), flaw)).collect();
        let counts: Vec<String> = counts.iter().map(|(carrier, count)| format!("  {count:4} {carrier}")).collect();
        assert!(
            rows.is_empty() && idle.is_empty(),
            "{} of {} cases fail\nby carrier:\n{}\nby rule:\n{}\nexceptions without a case:\n{}",
            rows.len(),
            self.cases,
            counts.join("\n"),
            rows.join("\n"),
            idle.join("\n")
        );
    }
}

fn fits(pattern: &str, text: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == text, |start| text.starts_with(start))
}

/// What the one finding must be.
pub struct Wanted<'a> {
    /// The token.
    pub token: &'a [u8],
    /// The least bytes that its span covers.
    pub least: Range<usize>,
    /// The most bytes that its span covers.
    pub most: Range<usize>,
    /// The decoders, outermost first.
    pub decoders: &'a [Decoder],
}

impl<'a> Wanted<'a> {
    /// A token that stands there as it is.
    pub fn plain(token: &'a [u8], start: usize) -> Self {
        let span = start..start + token.len();
        Self { token, least: span.clone(), most: span, decoders: &[] }
    }

    /// What is wrong with the findings, in words that show rule ids, lengths and offsets only.
    pub fn flaw(&self, found: &[Finding]) -> Option<String> {
        let wanted = Fingerprint::of(self.token);
        let exact: Vec<&Finding> = found.iter().filter(|finding| finding.fingerprint() == Some(&wanted)).collect();
        let [finding] = exact[..] else {
            let what = if exact.is_empty() { "not found" } else { "found more than once" };
            return Some(format!("{what}; wanted {:?}{}", self.least, list(found)));
        };
        if found.len() > 1 {
            return Some(format!("found, and more; wanted {:?}{}", self.least, list(found)));
        }
        let span = range(finding);
        let covers = span.start <= self.least.start && self.least.end <= span.end;
        let inside = self.most.start <= span.start && span.end <= self.most.end;
        if !covers || !inside {
            return Some(format!("span {span:?} instead of {:?} (at most {:?})", self.least, self.most));
        }
        (finding.decoders != self.decoders).then(|| format!("decoders {:?} instead of {:?}", finding.decoders, self.decoders))
    }
}

/// The span of a finding.
pub fn range(finding: &Finding) -> Range<usize> {
    let at = |offset: u64| usize::try_from(offset).expect("because test texts are small");
    at(finding.span.start())..at(finding.span.end())
}

/// What was found, for a message.
pub fn list(found: &[Finding]) -> String {
    let names: Vec<String> = found.iter().map(|f| format!("{} {:?} {:?} {:?}", f.rule.id, range(f), f.confidence, f.decoders)).collect();
    if names.is_empty() { ", got nothing".to_owned() } else { format!(", got {}", names.join("; ")) }
}
