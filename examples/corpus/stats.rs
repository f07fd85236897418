//! What a corpus is made of: lines, and runs of token characters, on which a scanner's speed depends.

use std::fmt;

/// Counts over a stream of bytes.
pub struct Stats {
    bytes: u64,
    lines: u64,
    runs: u64,
    in_runs: u64,
    in_long_runs: u64,
    run: u64,
}

/// The shortest run that counts, as in the scan.
const RUN: u64 = beartrap::rules::rule::MIN_RUN as u64;

/// Bytes of `[A-Za-z0-9_.~-]`.
const TOKEN: [bool; 256] = {
    let mut set = [false; 256];
    let mut at = 0;
    while at < 128 {
        let byte = at as u8;
        set[at] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'~' | b'-');
        at += 1;
    }
    set
};

impl Stats {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self { bytes: 0, lines: 0, runs: 0, in_runs: 0, in_long_runs: 0, run: 0 }
    }

    /// Counts these bytes, which follow those before.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        for byte in bytes {
            if TOKEN[usize::from(*byte)] {
                self.run += 1;
                continue;
            }
            if *byte == b'\n' {
                self.lines += 1;
            }
            self.end_run();
        }
    }

    fn end_run(&mut self) {
        if self.run >= RUN {
            self.runs += 1;
            self.in_runs += self.run;
            if self.run >= 4 * RUN {
                self.in_long_runs += self.run;
            }
        }
        self.run = 0;
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_cent = |part: u64| 100.0 * part as f64 / self.bytes.max(1) as f64;
        writeln!(f, "{} bytes, {} lines, {} bytes a line", self.bytes, self.lines, self.bytes / self.lines.max(1))?;
        writeln!(
            f,
            "runs of {RUN} token characters and more: {} a MB, {:.1} % of the bytes; of {} and more: {:.1} %",
            self.runs * 1_000_000 / self.bytes.max(1),
            per_cent(self.in_runs),
            4 * RUN,
            per_cent(self.in_long_runs)
        )
    }
}
