//! Readers that count, and that end a stream quietly where it fails or a limit bites, keeping the reason for later.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};

use crate::model::origin::Origin;
use crate::model::problem::{Problem, ProblemKind};
use crate::sources::unpack::UnpackLimits;

/// What must have come out of a decoder before its ratio means anything.
const RATIO_FLOOR: u64 = 16 << 20;

/// What all decoders of one top-level file have used up together.
#[derive(Default)]
pub struct Tally {
    /// Bytes read from the top-level file.
    pub input: Cell<u64>,
    /// Bytes that came out of decoders.
    pub output: Cell<u64>,
    /// Members met.
    pub members: Cell<u64>,
    /// Streams around the current one that ended before their time: what breaks inside them is only an echo.
    cuts: Cell<u32>,
    /// A limit on the whole file was reached.
    spent: Cell<bool>,
}

impl Tally {
    /// Whether a surrounding stream has been cut, so that an early end here is no news.
    pub fn is_cut(&self) -> bool {
        self.cuts.get() > 0
    }

    /// Whether the whole file is over.
    pub fn is_spent(&self) -> bool {
        self.spent.get()
    }

    /// Ends the whole file.
    pub fn spend(&self) {
        self.spent.set(true);
    }
}

/// The bytes of the top-level file; a failing read ends them.
pub struct Input<'m, R> {
    inner: R,
    tally: &'m Tally,
    failure: Option<io::Error>,
}

impl<'m, R> Input<'m, R> {
    /// Wraps what the caller gave.
    pub fn new(inner: R, tally: &'m Tally) -> Self {
        Self { inner, tally, failure: None }
    }

    /// What the caller gave.
    pub fn inner(&self) -> &R {
        &self.inner
    }

    /// Why the file could not be read to its end.
    pub fn into_problem(self, origin: &Origin) -> Option<Problem> {
        let message = format!("reading stopped: {}\nhint: check the disk or the connection; what was read so far is scanned", self.failure?);
        Some(Problem { origin: origin.clone(), kind: ProblemKind::Unreadable, message })
    }
}

impl<R: Read> Read for Input<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.failure.is_some() {
            return Ok(0);
        }
        match self.inner.read(buffer) {
            Ok(count) => {
                add(&self.tally.input, count);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.failure = Some(error);
                self.tally.cuts.update(|cuts| cuts + 1);
                Ok(0)
            }
        }
    }
}

impl<R: Seek> Seek for Input<'_, R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.inner.seek(position)
    }
}

/// Counts the compressed bytes that one decoder takes.
pub struct Counted<'c, R> {
    inner: R,
    taken: &'c Cell<u64>,
}

impl<'c, R> Counted<'c, R> {
    /// Counts into `taken`.
    pub fn new(inner: R, taken: &'c Cell<u64>) -> Self {
        Self { inner, taken }
    }
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        add(self.taken, count);
        Ok(count)
    }
}

/// Why a decoder's stream ended before its time.
enum Cut {
    Failed(io::Error),
    Ratio,
    Total,
    Echo,
}

/// The output of one decoder within the limits.
pub struct Guard<'m, R> {
    inner: R,
    tally: &'m Tally,
    limits: &'m UnpackLimits,
    taken: &'m Cell<u64>,
    given: u64,
    cut: Option<Cut>,
}

impl<'m, R> Guard<'m, R> {
    /// Watches a decoder that has taken `taken` compressed bytes so far.
    pub fn new(inner: R, tally: &'m Tally, limits: &'m UnpackLimits, taken: &'m Cell<u64>) -> Self {
        Self { inner, tally, limits, taken, given: 0, cut: None }
    }

    /// Whether it ended before its time.
    pub fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    /// Takes the guard away and says why the stream ended early, unless somebody else says it already.
    pub fn into_problem(self, origin: &Origin) -> Option<Problem> {
        let cut = self.cut?;
        self.tally.cuts.update(|cuts| cuts - 1);
        let (kind, message) = match cut {
            Cut::Echo => return None,
            Cut::Failed(error) if error.kind() == io::ErrorKind::OutOfMemory => (ProblemKind::Limit, window_message(self.limits)),
            Cut::Failed(error) => (ProblemKind::Damaged, damage_message(&error)),
            Cut::Ratio => (ProblemKind::Limit, ratio_message(self.limits, self.given)),
            Cut::Total => (ProblemKind::Limit, total_message(self.limits)),
        };
        Some(Problem { origin: origin.clone(), kind, message })
    }

    fn count(&mut self, count: usize) {
        add(&self.tally.output, count);
        self.given += count as u64;
        let fed = self.taken.get().min(self.tally.input.get()).max(1);
        if self.tally.output.get() > self.limits.total_bytes {
            let cut = if self.tally.is_spent() { Cut::Echo } else { Cut::Total };
            self.tally.spend();
            self.end(cut);
        } else if self.given > RATIO_FLOOR && self.given / fed > self.limits.ratio {
            self.end(Cut::Ratio);
        }
    }

    fn end(&mut self, cut: Cut) {
        self.cut = Some(if self.tally.is_cut() { Cut::Echo } else { cut });
        self.tally.cuts.update(|cuts| cuts + 1);
    }
}

impl<R: Read> Read for Guard<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_cut() {
            return Ok(0);
        }
        match self.inner.read(buffer) {
            Ok(count) => {
                self.count(count);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.end(Cut::Failed(error));
                Ok(0)
            }
        }
    }
}

fn add(counter: &Cell<u64>, count: usize) {
    counter.update(|sum| sum.saturating_add(count as u64));
}

fn damage_message(error: &io::Error) -> String {
    format!("damaged or cut short: {error}\nhint: fetch the file again; everything before the damage is scanned")
}

fn window_message(limits: &UnpackLimits) -> String {
    format!("its decoder needs more memory than the limit `window` of {} bytes\nhint: raise the limit, or decompress it first", limits.window)
}

fn ratio_message(limits: &UnpackLimits, given: u64) -> String {
    format!(
        "more than `ratio` = {} bytes came out per compressed byte; stopped after {given} bytes\nhint: raise the limit if you trust the file",
        limits.ratio
    )
}

fn total_message(limits: &UnpackLimits) -> String {
    format!(
        "more than `total_bytes` = {} bytes came out of the file; the rest is not scanned\nhint: raise the limit, or unpack it first",
        limits.total_bytes
    )
}
