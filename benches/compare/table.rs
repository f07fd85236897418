//! One row for each tool and case, as a markdown table.

use std::fmt;

use crate::measure::Usage;
use crate::score::Score;

/// What one tool did in one case.
#[derive(Clone, Debug)]
pub struct Row {
    /// The case.
    pub case: String,
    /// The tool.
    pub tool: String,
    /// Size of the corpus in bytes.
    pub bytes: u64,
    /// What it took; none when it failed.
    pub usage: Option<Usage>,
    /// What it found, where it reports findings.
    pub score: Option<Score>,
    /// Processor time in proportion to that of `rg` in the same case.
    pub ratio: Option<f64>,
}

/// The head of the table.
pub const HEAD: &str = "| case | MB | tool | CPU s | wall s | MB/s CPU | peak MB | found | exact | CPU / rg |\n\
    |---|---:|---|---:|---:|---:|---:|---:|---:|---:|\n";

impl Row {
    /// Megabytes (10^6 bytes) in a second of processor time.
    pub fn rate(&self) -> f64 {
        self.usage.map_or(0.0, |usage| self.bytes as f64 / 1e6 / usage.cpu.as_secs_f64().max(1e-6))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| {} | {:.1} | {} ", self.case, self.bytes as f64 / 1e6, self.tool)?;
        let Some(usage) = self.usage else { return write!(f, "| failed | | | | | | |") };
        let peak = usage.peak as f64 / 1024.0 / 1024.0;
        write!(f, "| {:.3} | {:.3} | {:.0} | {peak:.1} ", usage.cpu.as_secs_f64(), usage.wall.as_secs_f64(), self.rate())?;
        match &self.score {
            Some(score) => write!(f, "| {} of {} | {} ", score.near, score.planted, score.exact)?,
            None => write!(f, "| | ")?,
        }
        match self.ratio {
            Some(ratio) => write!(f, "| {ratio:.2} |"),
            None => write!(f, "| |"),
        }
    }
}
