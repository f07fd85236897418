//! The command line of the generator.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::corpus::order::size;

/// Makes a corpus with planted synthetic tokens
#[derive(Parser, Debug)]
pub struct Args {
    /// What to make
    pub kind: Shape,
    /// About how large: 1G, 500M, 64K or bytes; powers of 1,000
    #[arg(long, default_value = "1M", value_parser = size)]
    pub size: u64,
    /// The same seed makes the same bytes
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// The file, `-` for standard output, or for `source` the directory
    #[arg(long)]
    pub out: PathBuf,
    /// Tokens in a megabyte
    #[arg(long, value_name = "N")]
    pub tokens_per_mb: Option<f64>,
    /// Where to write what was planted, as JSON lines
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// Base64 without line ends
    #[arg(long)]
    pub one_line: bool,
    /// Print on standard error what the corpus is made of
    #[arg(long)]
    pub stats: bool,
}

/// What is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Shape {
    /// Mixed log lines
    Log,
    /// A tree of source files
    Source,
    /// Base64 of random bytes in lines of 76 characters
    Base64,
    /// Random hexadecimal digits on one line
    Hex,
    /// A token every 50 bytes
    Dense,
    /// JSON records on one line
    Longline,
    /// One token of every rule
    Tokens,
}

impl Shape {
    /// Tokens in a megabyte unless asked otherwise.
    pub fn rate(self) -> f64 {
        match self {
            Self::Base64 => 0.1,
            _ => 2.0,
        }
    }
}
