//! A cursor that reads towards the start and knows how far it has looked.

use std::cell::Cell;
use std::ops::Range;

use crate::rules::byte_set::ByteSet;

/// How far back a name is looked for, in bytes.
pub const LOOK_BACK: usize = 256;
/// What words consist of.
pub const WORD: ByteSet = ByteSet::alnum().with(b"_-.$@");

/// A cursor that moves towards the start, not beyond its floor.
#[derive(Clone, Copy)]
pub struct Back<'a> {
    /// All bytes.
    pub bytes: &'a [u8],
    /// The place right after the next byte to be read.
    pub at: usize,
    /// Where it stops.
    pub floor: usize,
    /// The first byte that was looked at.
    pub read: &'a Cell<usize>,
}

impl<'a> Back<'a> {
    /// Begins before the byte at `at`; `read` will hold the first place that was looked at.
    #[must_use]
    pub fn new(bytes: &'a [u8], at: usize, read: &'a Cell<usize>) -> Self {
        Self { bytes, at, floor: at.saturating_sub(LOOK_BACK), read }
    }

    /// The next byte.
    pub fn peek(&self) -> Option<u8> {
        self.peek_at(1)
    }

    /// The byte `back` places before.
    pub fn peek_at(&self, back: usize) -> Option<u8> {
        // At the floor the answer depends on where the floor is, too.
        self.reads_from(self.at.saturating_sub(back).max(self.floor));
        (self.at >= self.floor + back).then(|| self.bytes[self.at - back])
    }

    /// Notes that all bytes from here on were looked at.
    pub fn reads_from(&self, at: usize) {
        self.read.set(self.read.get().min(at));
    }

    /// The line up to here, with the break before it.
    pub fn line(&self) -> &[u8] {
        self.reads_from(self.floor);
        let line = &self.bytes[self.floor..self.at];
        memchr::memrchr(b'\n', line).map_or(line, |at| &line[at..])
    }

    /// Moves over bytes of a set; says over how many.
    pub fn skip(&mut self, set: ByteSet) -> usize {
        self.skip_while(|b| set.contains(b))
    }

    /// Moves while the test holds; says over how many bytes.
    pub fn skip_while(&mut self, test: impl Fn(u8) -> bool) -> usize {
        let before = self.at;
        while self.peek().is_some_and(&test) {
            self.at -= 1;
        }
        before - self.at
    }

    /// The word that ends here.
    pub fn word(&mut self) -> Range<usize> {
        let end = self.at;
        self.skip(WORD);
        self.at..end
    }

    /// Whether a text ends here.
    pub fn is_before(&self, text: &[u8]) -> bool {
        self.reads_from(self.at.saturating_sub(text.len()).max(self.floor));
        self.bytes[self.floor..self.at].ends_with(text)
    }
}
