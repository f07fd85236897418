//! Bars: what must hold, what was measured, and whether that is enough.

use std::fmt;
use std::process::ExitCode;

/// One bar.
#[derive(Clone, Debug)]
struct Bar {
    /// What is asked.
    what: &'static str,
    /// What was measured.
    figure: f64,
    /// What is allowed.
    limit: Limit,
}

/// A limit on a figure.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Limit {
    /// The figure may not be larger.
    AtMost(f64),
    /// The figure may not be smaller.
    AtLeast(f64),
}

/// All bars of a bench; shown as a table.
#[derive(Default, Debug)]
pub struct Bars(Vec<Bar>);

impl Bars {
    /// Adds a figure and its limit.
    pub fn add(&mut self, what: &'static str, figure: f64, limit: Limit) {
        self.0.push(Bar { what, figure, limit });
    }

    /// Failure where bars are strict and one was missed.
    pub fn status(&self, strict: bool) -> ExitCode {
        if strict && self.0.iter().any(|bar| !bar.is_met()) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

impl fmt::Display for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\n| bar | limit | measured | |\n|---|---|---:|---|\n")?;
        self.0.iter().try_for_each(|bar| writeln!(f, "{bar}"))
    }
}

impl Bar {
    /// Whether the figure is within the limit.
    fn is_met(&self) -> bool {
        match self.limit {
            Limit::AtMost(limit) => self.figure <= limit,
            Limit::AtLeast(limit) => self.figure >= limit,
        }
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_met() { "met" } else { "MISSED" };
        let (word, limit) = match self.limit {
            Limit::AtMost(limit) => ("at most", limit),
            Limit::AtLeast(limit) => ("at least", limit),
        };
        write!(f, "| {} | {word} {limit} | {:.2} | {verdict} |", self.what, self.figure)
    }
}
