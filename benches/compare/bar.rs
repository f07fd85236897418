//! Bars: what must hold, what was measured, and whether that is enough.

use std::fmt;

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What is asked.
    pub what: &'static str,
    /// What was measured.
    pub figure: f64,
    /// What is allowed.
    pub limit: Limit,
}

/// A limit on a figure.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Limit {
    /// The figure may not be larger.
    AtMost(f64),
    /// The figure may not be smaller.
    AtLeast(f64),
}

impl Bar {
    /// Whether the figure is within the limit.
    pub fn is_met(&self) -> bool {
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
