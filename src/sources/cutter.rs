//! Cuts a source into chunks; the only place that does.

use std::io::{self, Read};

use borsh::{BorshDeserialize, BorshSerialize};

use crate::model::chunk::{Chunk, Owns};

/// How large the parts of a chunk are, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CutOptions {
    /// The core.
    pub core: usize,
    /// Context before it: at least the farthest that a decision looks back.
    pub left: usize,
    /// Context after it: at least the farthest that a decision looks ahead.
    pub right: usize,
}

impl Default for CutOptions {
    /// Cores of 1 MiB; 48 KiB and 40 KiB of context, more than the longest token and what is looked at around it.
    fn default() -> Self {
        Self { core: 1 << 20, left: 48 << 10, right: 40 << 10 }
    }
}

/// How much is read at once of a live stream, in bytes: what a pipe holds.
const LIVE_READ: usize = 64 << 10;

/// When a core may end before it is full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// Only at the end of the source.
    Full,
    /// After the last whole line that has arrived: for live streams, which also end with a chunk whose core may be empty.
    Lines,
}

/// How far a source was cut: what a later cutter goes on with, together with the bytes from `base` on.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, BorshSerialize, BorshDeserialize)]
pub struct CutState {
    /// Offset of the context before what comes next.
    pub base: u64,
    /// Offset of what comes next.
    pub next: u64,
    /// How many base64 characters stand right before `base`, modulo four.
    pub phase: u8,
}

/// A source on its way into chunks.
pub struct Cutter {
    options: CutOptions,
    /// Bytes that were read, then room for more, kept so that it need not be cleared again.
    buffer: Vec<u8>,
    /// How many bytes were read into the buffer.
    filled: usize,
    /// Offset of the buffer in the source.
    base: u64,
    /// Where the next core begins in the buffer.
    next: usize,
    phase: u8,
    ended: bool,
    /// Whether the chunk that ends the source has been cut.
    finished: bool,
}

impl Cutter {
    /// A source of which nothing has been read yet.
    #[must_use]
    pub fn new(options: CutOptions) -> Self {
        Self { options, buffer: Vec::new(), filled: 0, base: 0, next: 0, phase: 0, ended: false, finished: false }
    }

    /// A source that goes on with a used buffer, to spare the allocation.
    #[must_use]
    pub fn reusing(options: CutOptions, buffer: Vec<u8>) -> Self {
        Self { buffer, ..Self::new(options) }
    }

    /// A source that was cut before, up to `state.next`; the bytes from `state.base` on are to be pushed.
    #[must_use]
    pub fn resume(options: CutOptions, state: CutState) -> Self {
        let next = usize::try_from(state.next - state.base).expect("because context is short");
        Self { base: state.base, next, phase: state.phase, ..Self::new(options) }
    }

    /// How far the source was cut.
    #[must_use]
    pub fn state(&self) -> CutState {
        CutState { base: self.base, next: self.base + self.next as u64, phase: self.phase }
    }

    /// What has arrived and was not cut, with its context, as the end of the source would be cut; none where that is nothing.
    #[must_use]
    pub fn rest(&self) -> Option<Chunk> {
        let bytes = self.buffer[..self.filled].to_vec();
        let core = self.next..self.filled;
        (!core.is_empty()).then_some(Chunk { base: self.base, core, ended: true, owns: Owns::Ends, phase: self.phase, bytes })
    }

    /// The buffer, for the next source.
    #[must_use]
    pub fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    /// Takes bytes over.
    pub fn push(&mut self, bytes: &[u8]) {
        self.room(self.filled + bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled += bytes.len();
    }

    /// Reads as much as is there now, but not more than this; how much it was. A file that gives less than it is asked for has no more.
    ///
    /// # Errors
    ///
    /// Whatever the reader says; nothing is taken over then.
    pub fn fill_up(&mut self, reader: &mut dyn Read, most: usize) -> io::Result<usize> {
        let (from, most) = (self.filled, self.filled + most);
        while self.filled < most {
            let end = self.end_of_room(most);
            match reader.read(self.room(end)) {
                Ok(read) => {
                    self.filled += read;
                    if self.filled < end {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.filled = from;
                    return Err(error);
                }
            }
        }
        Ok(self.filled - from)
    }

    /// Goes on in another buffer, and hands over the one that it had.
    pub fn move_to(&mut self, mut buffer: Vec<u8>) -> Vec<u8> {
        if buffer.len() < self.filled {
            buffer.resize(self.filled, 0);
        }
        buffer[..self.filled].copy_from_slice(&self.buffer[..self.filled]);
        std::mem::replace(&mut self.buffer, buffer)
    }

    /// Says that no more bytes come.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Whether the whole source has been cut.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.ended && self.next == self.filled
    }

    /// Reads until a full chunk is there, or the source ends.
    ///
    /// # Errors
    ///
    /// Whatever the reader says; what was read before stays.
    pub fn fill(&mut self, reader: &mut dyn Read) -> io::Result<()> {
        let wanted = self.wanted();
        while self.filled < wanted && !self.ended {
            let end = self.end_of_room(wanted);
            match reader.read(self.room(end)) {
                Ok(0) => self.ended = true,
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads once: what is there now.
    ///
    /// # Errors
    ///
    /// Whatever the reader says, interruptions excepted.
    pub fn fill_some(&mut self, reader: &mut dyn Read) -> io::Result<()> {
        match reader.read(self.room(self.filled + LIVE_READ)) {
            Ok(0) => self.ended = true,
            Ok(read) => self.filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The next chunk, if enough has been read for one. `spare` is a buffer to go on with, which is taken then.
    pub fn cut(&mut self, cut: Cut, spare: &mut Vec<u8>) -> Option<Chunk> {
        let last = cut == Cut::Lines && self.ended && !self.finished;
        let end = self.core_end(cut).filter(|end| *end > self.next || last)?;
        let keep = end.saturating_sub(self.options.left);
        let kept = self.filled - keep;
        let mut spare = std::mem::take(spare);
        if spare.len() < kept {
            spare.reserve_exact(self.options.left + self.options.core + self.options.right);
            spare.resize(kept, 0);
        }
        spare[..kept].copy_from_slice(&self.buffer[keep..self.filled]);
        let mut bytes = std::mem::replace(&mut self.buffer, spare);
        bytes.truncate(self.filled);
        self.filled = kept;
        let owns = if cut == Cut::Lines { Owns::Ends } else { Owns::Starts };
        let ended = self.ended && end == bytes.len();
        self.finished = ended;
        let chunk = Chunk { base: self.base, core: self.next..end, ended, owns, phase: self.phase, bytes };
        self.phase = phase_at(&chunk.bytes, keep, self.phase);
        self.base += keep as u64;
        self.next = end - keep;
        Some(chunk)
    }

    /// Up to where the next read may go: room grows with what is read, so that small files need little of it.
    fn end_of_room(&self, wanted: usize) -> usize {
        wanted.min(self.filled * 2 + LIVE_READ).max(wanted.min(self.buffer.len()))
    }

    /// Room after what was read, so that `end` bytes fit.
    fn room(&mut self, end: usize) -> &mut [u8] {
        if self.buffer.len() < end {
            self.buffer.reserve_exact(end - self.buffer.len());
            self.buffer.resize(end, 0);
        }
        &mut self.buffer[self.filled..end]
    }

    fn wanted(&self) -> usize {
        self.next + self.options.core + self.options.right
    }

    fn core_end(&self, cut: Cut) -> Option<usize> {
        if self.ended {
            let rest = self.filled - self.next;
            return Some(self.next + rest.min(self.options.core + self.options.right));
        }
        if self.filled >= self.wanted() {
            return Some(self.next + self.options.core);
        }
        match cut {
            Cut::Full => None,
            Cut::Lines => memchr::memrchr(b'\n', &self.buffer[self.next..self.filled]).map(|at| self.next + at + 1),
        }
    }
}

/// How many base64 characters stand right before `at`, modulo four; `before` tells the same of the first byte.
fn phase_at(bytes: &[u8], at: usize, before: u8) -> u8 {
    // Whole blocks first, without early ends inside a block, so that the compiler can use vectors.
    let blocks = bytes[..at].rchunks_exact(64);
    let whole = blocks.take_while(|block| block.iter().fold(true, |all, b| all & is_base64(*b))).count() * 64;
    let run = whole + bytes[..at - whole].iter().rev().take_while(|b| is_base64(**b)).count();
    let carried = if run == at { usize::from(before) } else { 0 };
    u8::try_from((run + carried) % 4).expect("because it is below four")
}

fn is_base64(byte: u8) -> bool {
    (byte | 0x20).wrapping_sub(b'a') < 26 || byte.wrapping_sub(b'0') < 10 || byte == b'+' || byte == b'/' || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests {
    use crate::sources::cutter::{Cut, CutOptions, Cutter};

    const SMALL: CutOptions = CutOptions { core: 10, left: 4, right: 3 };

    fn cores(text: &[u8], cut: Cut) -> Vec<Vec<u8>> {
        let mut cutter = Cutter::new(SMALL);
        let mut reader = text;
        let mut cores = Vec::new();
        loop {
            cutter.fill(&mut reader).expect("because a slice can be read");
            while let Some(chunk) = cutter.cut(cut, &mut Vec::new()) {
                assert_eq!(&text[usize::try_from(chunk.base).unwrap_or(0)..][..chunk.bytes.len()], &chunk.bytes[..]);
                let complete = chunk.ended || chunk.bytes.len() >= chunk.core.end + SMALL.right;
                assert!(complete && (chunk.base == 0 || chunk.core.start == SMALL.left), "{chunk:?}");
                cores.push(chunk.bytes[chunk.core.clone()].to_vec());
                cutter.fill(&mut reader).expect("because a slice can be read");
            }
            if cutter.is_done() {
                return cores;
            }
        }
    }

    #[test]
    fn cores_adjoin_and_cover_the_source() {
        for length in 0..60 {
            let text: Vec<u8> = (0..length).map(|i| b'a' + i % 26).collect();
            assert_eq!(cores(&text, Cut::Full).concat(), text);
        }
    }

    #[test]
    fn a_live_stream_is_cut_after_whole_lines() {
        let mut cutter = Cutter::new(CutOptions { core: 100, left: 4, right: 3 });
        cutter.push(b"one\ntwo\nthr");
        let chunk = cutter.cut(Cut::Lines, &mut Vec::new()).expect("because two lines have arrived");
        assert_eq!(&chunk.bytes[chunk.core], b"one\ntwo\n");
        assert!(cutter.cut(Cut::Lines, &mut Vec::new()).is_none());
        cutter.push(b"ee\n");
        let chunk = cutter.cut(Cut::Lines, &mut Vec::new()).expect("because a third line has arrived");
        assert!(&chunk.bytes[chunk.core] == b"three\n" && !chunk.ended);
        cutter.end();
        let chunk = cutter.cut(Cut::Lines, &mut Vec::new()).expect("because the stream has ended");
        assert!(chunk.core.is_empty() && chunk.ended);
        assert!(cutter.cut(Cut::Lines, &mut Vec::new()).is_none() && cutter.is_done());
    }

    #[test]
    fn a_source_is_cut_on_from_where_it_was() {
        let text: Vec<u8> = (0..200_u8).map(|i| if i % 7 == 6 { b'\n' } else { b'a' + i % 26 }).collect();
        let cut = |cutter: &mut Cutter| std::iter::from_fn(|| cutter.cut(Cut::Lines, &mut Vec::new())).collect::<Vec<_>>();
        for stop in 0..text.len() {
            let mut whole = Cutter::new(SMALL);
            whole.push(&text[..stop]);
            cut(&mut whole);
            let state = whole.state();
            let mut later = Cutter::resume(SMALL, state);
            let base = usize::try_from(state.base).expect("because it is short");
            later.push(&text[base..stop]);
            assert_eq!(later.rest().map(|rest| rest.bytes), whole.rest().map(|rest| rest.bytes));
            for cutter in [&mut whole, &mut later] {
                cutter.push(&text[stop..]);
                cutter.end();
            }
            assert_eq!(format!("{:?}", cut(&mut later)), format!("{:?}", cut(&mut whole)), "stopped at {stop}");
        }
    }

    #[test]
    fn the_phase_counts_characters_before_the_buffer() {
        let mut cutter = Cutter::new(SMALL);
        cutter.push(b" aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        let phases: Vec<u8> = std::iter::from_fn(|| cutter.cut(Cut::Full, &mut Vec::new())).map(|chunk| chunk.phase).collect();
        assert_eq!(phases, [0, (10 - 4 - 1) % 4]);
    }
}
