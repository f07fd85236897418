//! What is asked for: kind, size, rate and seed; and the stream that it is written to.

use std::io::{self, Write};

use crate::corpus::stats::Stats;

/// A corpus as asked for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Order {
    /// About how many bytes.
    pub size: u64,
    /// How many tokens in a megabyte (10^6 bytes).
    pub rate: f64,
    /// Where randomness starts.
    pub seed: u64,
}

/// Reads a size such as `500M`: bytes, or with K, M, G in powers of 1,000.
///
/// # Errors
///
/// A text that is not such a size.
pub fn size(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 1_000),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 1_000_000),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 1_000_000_000),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok().and_then(|n| n.checked_mul(unit)).ok_or_else(|| format!("`{text}` is not a size\nhint: write 1G, 500M, 64K or bytes"))
}

/// Collects lines and hands them on in large writes; counts bytes, lines and, if asked, statistics.
pub struct Sink<'a> {
    out: &'a mut dyn Write,
    /// Where the next lines are written.
    pub buffer: Vec<u8>,
    written: u64,
    lines: u64,
    counted: usize,
    stats: Option<&'a mut Stats>,
}

/// How much is collected before it is handed on, in bytes.
const LOAD: usize = 1 << 18;

impl<'a> Sink<'a> {
    /// Writes to `out`.
    pub fn new(out: &'a mut dyn Write, stats: Option<&'a mut Stats>) -> Self {
        Self { out, buffer: Vec::with_capacity(2 * LOAD), written: 0, lines: 0, counted: 0, stats }
    }

    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Number of the line that begins or goes on at the end, from 1.
    pub fn line(&mut self) -> u64 {
        self.lines += memchr::memchr_iter(b'\n', &self.buffer[self.counted..]).count() as u64;
        self.counted = self.buffer.len();
        self.lines + 1
    }

    /// Hands on what has been collected when that is much.
    ///
    /// # Errors
    ///
    /// What the destination says.
    pub fn pass(&mut self) -> io::Result<()> {
        if self.buffer.len() >= LOAD { self.flush() } else { Ok(()) }
    }

    /// Hands on all that has been collected.
    ///
    /// # Errors
    ///
    /// What the destination says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.line();
        if let Some(stats) = &mut self.stats {
            stats.add(&self.buffer);
        }
        self.out.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        self.counted = 0;
        Ok(())
    }
}
