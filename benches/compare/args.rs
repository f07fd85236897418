//! The command line of the comparison.

use clap::Parser;

use crate::corpus::order::size;

/// Runs beartrap, ripgrep and every other scanner on PATH on generated corpora
#[derive(Parser, Debug)]
pub struct Args {
    /// Size of the log; the other corpora are in proportion
    #[arg(long, default_value = "1G", value_parser = size)]
    pub size: u64,
    /// The cases, all unless given: log, threads, memory, start, source, longline, base64, hex, dense, others
    #[arg(long, value_delimiter = ',')]
    pub cases: Vec<String>,
    /// A fiftieth of the sizes and one run each: does it work at all
    #[arg(long)]
    pub quick: bool,
    /// Missed bars fail
    #[arg(long)]
    pub strict: bool,
    /// Runs of each, of which the best counts
    #[arg(long, default_value_t = 3)]
    pub runs: usize,
    /// Where randomness starts
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// What `cargo bench` says to every bench
    #[arg(long, hide = true)]
    pub bench: bool,
}

impl Args {
    /// A size that is `per_mille` of the log's, in bytes.
    pub fn part(&self, per_mille: u64) -> u64 {
        self.size / 1000 * per_mille / if self.quick { 50 } else { 1 }
    }

    /// How often each is run.
    pub fn rounds(&self) -> usize {
        if self.quick { 1 } else { self.runs.max(1) }
    }
}
