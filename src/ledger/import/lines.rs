//! Lines of a stream, with their numbers and offsets, never more than a limit of one in memory.

use std::io::{self, BufRead};

/// The most octets of one item that are kept.
pub const LIMIT: usize = 16 << 20;

/// Where a line stood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// Offset of its first octet.
    pub start: u64,
    /// Offset after its line break.
    pub end: u64,
    /// Whether a line break ends it, rather than the end of the input.
    pub terminated: bool,
    /// Whether octets were dropped because there were too many.
    pub cut: bool,
}

/// Reads lines one after the other.
pub struct Lines<'a> {
    input: &'a mut dyn BufRead,
    offset: u64,
    number: u64,
}

impl<'a> Lines<'a> {
    /// Lines of an input whose first one has this number.
    pub fn new(input: &'a mut dyn BufRead, start_line: u64) -> Self {
        Self { input, offset: 0, number: start_line }
    }

    /// Appends the next line without its break and without a byte order mark to the buffer, which then holds at most `LIMIT` octets.
    ///
    /// # Errors
    ///
    /// What the input says.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<Line>> {
        let (first, before) = (self.offset == 0, buffer.len());
        let mut line = Line { number: self.number, start: self.offset, end: self.offset, terminated: false, cut: false };
        while !line.terminated {
            let piece = self.input.fill_buf()?;
            if piece.is_empty() {
                break;
            }
            let newline = memchr::memchr(b'\n', piece);
            let content = &piece[..newline.unwrap_or(piece.len())];
            let room = LIMIT.saturating_sub(buffer.len()).min(content.len());
            buffer.extend_from_slice(&content[..room]);
            line.cut |= room < content.len();
            line.terminated = newline.is_some();
            let used = newline.map_or(piece.len(), |at| at + 1);
            self.input.consume(used);
            self.offset += used as u64;
        }
        if self.offset == line.start {
            return Ok(None);
        }
        line.end = self.offset;
        self.number += u64::from(line.terminated);
        if line.terminated && buffer.len() > before && buffer.ends_with(b"\r") {
            buffer.pop();
        }
        if first && buffer[before..].starts_with(b"\xef\xbb\xbf") {
            buffer.drain(before..before + 3);
        }
        Ok(Some(line))
    }

    /// The number of the line that comes next.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use crate::ledger::import::lines::{LIMIT, Lines};

    #[test]
    fn lines_keep_numbers_and_offsets_for_every_buffer_size() {
        let text = b"\xef\xbb\xbfone\r\n\ntwo\nthree";
        for size in [1, 2, 3, 64] {
            let mut input = BufReader::with_capacity(size, &text[..]);
            let mut lines = Lines::new(&mut input, 7);
            let mut seen = Vec::new();
            let mut buffer = Vec::new();
            while let Some(line) = lines.next(&mut buffer).expect("because memory can be read") {
                seen.push((String::from_utf8_lossy(&buffer).into_owned(), line.number, line.end, line.terminated));
                buffer.clear();
            }
            let expected = [("one", 7, 8, true), ("", 8, 9, true), ("two", 9, 13, true), ("three", 10, 18, false)];
            assert_eq!(seen, expected.map(|(text, number, end, terminated)| (text.to_owned(), number, end, terminated)));
        }
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_one_read() {
        let mut text = vec![b'x'; LIMIT + 9];
        text.extend(b"\nnext\n");
        let mut input = BufReader::new(&text[..]);
        let mut lines = Lines::new(&mut input, 1);
        let mut buffer = Vec::new();
        let long = lines.next(&mut buffer).expect("because memory can be read").expect("because there is a line");
        assert!(long.cut && buffer.len() == LIMIT);
        buffer.clear();
        let next = lines.next(&mut buffer).expect("because memory can be read").expect("because there is a line");
        assert_eq!((next.number, next.cut, &buffer[..]), (2, false, &b"next"[..]));
    }
}
