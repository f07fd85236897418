//! Cuts a stream into its JSON objects: on lines, spread over lines, in an array, or in an array under a key of one object.
//!
//! **Invariant:** no more than one object is in memory, and none of more than the limit of octets.

use std::io::{self, BufRead};

use crate::ledger::import::lines::LIMIT;

/// What became of a piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It ended where its braces did.
    Whole,
    /// Its line ended first.
    BrokenOff,
    /// The input ended first.
    Unfinished,
    /// It was longer than the limit.
    TooLong,
    /// Something that is no object.
    Stray,
}

/// Where a piece stood, and what became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Line on which it begins.
    pub line: u64,
    /// Offset of its first octet.
    pub start: u64,
    /// Offset after it.
    pub end: u64,
    /// Line on which it ends.
    pub end_line: u64,
    /// What became of it.
    pub outcome: Outcome,
}

/// Where the objects stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// One after the other.
    Top,
    /// In an array at the top.
    Array,
    /// In the array under a key.
    Wrapped,
    /// In what follows that array in its object.
    Rest,
}

/// What the octets of a piece belong to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    /// Braces, brackets, numbers.
    Values,
    /// A string.
    Text,
    /// A string, right after a backslash.
    Escape,
    /// Something that is no object.
    Stray,
}

/// The piece that is being read.
struct Open {
    line: u64,
    start: u64,
    depth: u32,
    mode: Mode,
    too_long: bool,
    /// Where the last string of the outermost level begins in the buffer, and where it ends.
    string: (usize, usize),
    /// Whether that string is the key of the value that comes.
    keyed: bool,
}

/// Reads pieces one after the other.
pub struct Objects<'a> {
    input: &'a mut dyn BufRead,
    wrappers: Vec<String>,
    place: Place,
    offset: u64,
    line: u64,
    open: Option<Open>,
    at_line_start: bool,
}

/// What an octet does.
enum Step {
    /// The piece goes on, and the octet belongs to it.
    Take,
    /// The octet belongs to no piece.
    Skip,
    /// The piece ends with the octet.
    Last(Outcome),
    /// The piece ended before the octet.
    Before(Outcome),
    /// The array of pieces begins: what was read of the object around it is no piece.
    Unwrap,
}

impl<'a> Objects<'a> {
    /// Pieces of an input whose first line has this number; arrays under the keys in `wrappers` are opened.
    pub fn new(input: &'a mut dyn BufRead, wrappers: &[&str], start_line: u64) -> Self {
        let wrappers = wrappers.iter().filter(|key| !key.is_empty()).map(|key| format!("\"{key}\"")).collect();
        Self { input, wrappers, place: Place::Top, offset: 0, line: start_line, open: None, at_line_start: true }
    }

    /// Appends the next piece to the buffer.
    ///
    /// # Errors
    ///
    /// What the input says.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> io::Result<Option<Piece>> {
        loop {
            let octets = self.input.fill_buf()?;
            if octets.is_empty() {
                return Ok(self.finish());
            }
            let octet = octets[0];
            if self.open.is_none() && self.offset < 3 && octet == b"\xef\xbb\xbf"[self.offset as usize] {
                self.advance(octet);
                continue;
            }
            if let Some(run) = self.plain_run() {
                self.take_run(run, buffer);
                continue;
            }
            let step = self.step(octet, buffer);
            let before = (self.offset, self.line);
            if !matches!(step, Step::Before(_)) {
                self.advance(octet);
            }
            match step {
                Step::Take => self.keep(octet, buffer),
                Step::Skip => {}
                Step::Unwrap => {
                    buffer.clear();
                    self.open = None;
                }
                Step::Last(outcome) => {
                    self.keep(octet, buffer);
                    return Ok(self.close(outcome, (self.offset, self.line)));
                }
                Step::Before(outcome) => return Ok(self.close(outcome, before)),
            }
        }
    }

    /// How many octets at the front are the inside of a string without an end, an escape or a line break.
    fn plain_run(&mut self) -> Option<usize> {
        self.open.as_ref().filter(|open| open.mode == Mode::Text)?;
        let octets = self.input.fill_buf().ok()?;
        let end = memchr::memchr3(b'"', b'\\', b'\n', octets).unwrap_or(octets.len());
        Some(end).filter(|end| *end > 0)
    }

    fn take_run(&mut self, run: usize, buffer: &mut Vec<u8>) {
        let rest = self.place == Place::Rest;
        if let (Ok(octets), Some(open)) = (self.input.fill_buf(), self.open.as_mut()) {
            let room = if rest { 0 } else { LIMIT.saturating_sub(buffer.len()).min(run) };
            buffer.extend_from_slice(&octets[..room]);
            open.too_long |= room < run && !rest;
        }
        self.input.consume(run);
        self.offset += run as u64;
        self.at_line_start = false;
    }

    fn advance(&mut self, octet: u8) {
        self.input.consume(1);
        self.offset += 1;
        self.line += u64::from(octet == b'\n');
        self.at_line_start = octet == b'\n';
    }

    fn keep(&mut self, octet: u8, buffer: &mut Vec<u8>) {
        if self.place == Place::Rest {
            return;
        }
        if buffer.len() < LIMIT {
            buffer.push(octet);
        } else if let Some(open) = &mut self.open {
            open.too_long = true;
        }
    }

    fn close(&mut self, outcome: Outcome, (end, end_line): (u64, u64)) -> Option<Piece> {
        let open = self.open.take()?;
        let outcome = if open.too_long { Outcome::TooLong } else { outcome };
        Some(Piece { line: open.line, start: open.start, end, end_line, outcome })
    }

    /// The end of the input: whatever is open breaks off.
    fn finish(&mut self) -> Option<Piece> {
        let (end, line) = (self.offset, self.line);
        if let Some(open) = &self.open {
            let outcome = if open.mode == Mode::Stray { Outcome::Stray } else { Outcome::Unfinished };
            self.place = Place::Top;
            return self.close(outcome, (end, line));
        }
        if std::mem::replace(&mut self.place, Place::Top) == Place::Top {
            return None;
        }
        Some(Piece { line, start: end, end, end_line: line, outcome: Outcome::Unfinished })
    }

    fn step(&mut self, octet: u8, buffer: &[u8]) -> Step {
        let fresh_line = self.at_line_start;
        let Some(open) = &mut self.open else { return self.between(octet) };
        match (open.mode, octet) {
            (Mode::Values, _) => {}
            (Mode::Stray, _) => {
                let in_array = self.place != Place::Top;
                let ends = matches!(octet, b'\n' | b'{') || (in_array && matches!(octet, b',' | b']'));
                return if ends { Step::Before(Outcome::Stray) } else { Step::Take };
            }
            (Mode::Text | Mode::Escape, b'\n') if self.place != Place::Rest => return Step::Before(Outcome::BrokenOff),
            (Mode::Escape, _) => {
                open.mode = Mode::Text;
                return Step::Take;
            }
            (Mode::Text, b'\\') => {
                open.mode = Mode::Escape;
                return Step::Take;
            }
            (Mode::Text, b'"') => {
                open.mode = Mode::Values;
                open.string.1 = buffer.len() + 1;
                return Step::Take;
            }
            (Mode::Text, _) => return Step::Take,
        }
        match octet {
            b'"' => {
                open.mode = Mode::Text;
                open.string.0 = buffer.len();
            }
            b'{' if fresh_line && self.place == Place::Top => return Step::Before(Outcome::BrokenOff),
            b'[' if open.keyed && open.depth == 1 && self.place == Place::Top && is_wrapper(&self.wrappers, buffer, open.string) => {
                self.place = Place::Wrapped;
                return Step::Unwrap;
            }
            b'{' | b'[' => open.depth += 1,
            b'}' | b']' => {
                open.depth -= 1;
                if open.depth == 0 {
                    return self.end_of_object();
                }
            }
            b':' if open.depth == 1 => open.keyed = true,
            b',' if open.depth == 1 => open.keyed = false,
            _ => {}
        }
        Step::Take
    }

    fn end_of_object(&mut self) -> Step {
        if self.place == Place::Rest {
            self.place = Place::Top;
            self.open = None;
            return Step::Skip;
        }
        Step::Last(Outcome::Whole)
    }

    /// An octet outside of any piece.
    fn between(&mut self, octet: u8) -> Step {
        let place = self.place;
        match octet {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => return Step::Skip,
            b'[' if place == Place::Top => {
                self.place = Place::Array;
                return Step::Skip;
            }
            b']' if place == Place::Array => {
                self.place = Place::Top;
                return Step::Skip;
            }
            b']' if place == Place::Wrapped => {
                self.place = Place::Rest;
                self.open = Some(self.opened(1));
                return Step::Skip;
            }
            b'{' | b'[' => self.open = Some(self.opened(1)),
            _ => self.open = Some(Open { mode: Mode::Stray, ..self.opened(0) }),
        }
        Step::Take
    }

    fn opened(&self, depth: u32) -> Open {
        Open { line: self.line, start: self.offset, depth, mode: Mode::Values, too_long: false, string: (0, 0), keyed: false }
    }
}

fn is_wrapper(wrappers: &[String], buffer: &[u8], (start, end): (usize, usize)) -> bool {
    let key = buffer.get(start..end).unwrap_or_default();
    wrappers.iter().any(|wrapper| wrapper.as_bytes() == key)
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use crate::ledger::import::objects::{Objects, Outcome};

    fn pieces(text: &str, size: usize) -> Vec<(String, u64, Outcome)> {
        let mut input = BufReader::with_capacity(size, text.as_bytes());
        let mut objects = Objects::new(&mut input, &["Records"], 1);
        let mut found = Vec::new();
        let mut buffer = Vec::new();
        while let Some(piece) = objects.next(&mut buffer).expect("because memory can be read") {
            found.push((String::from_utf8_lossy(&buffer).into_owned(), piece.line, piece.outcome));
            buffer.clear();
        }
        found
    }

    #[test]
    fn objects_are_found_in_every_arrangement() {
        let whole = |text: &str, line| (text.to_owned(), line, Outcome::Whole);
        let broken = |text: &str, line| (text.to_owned(), line, Outcome::BrokenOff);
        let unfinished = |text: &str, line| (text.to_owned(), line, Outcome::Unfinished);
        for (text, expected) in [
            ("{\"a\":1}\n{\"b\":\"}\"}", vec![whole("{\"a\":1}", 1), whole("{\"b\":\"}\"}", 2)]),
            ("\u{feff}[{\"a\":1},\r\n {\"b\":[{}]}]\n", vec![whole("{\"a\":1}", 1), whole("{\"b\":[{}]}", 2)]),
            (
                "{\"v\":\"Records\",\"Records\":[{\"a\":1},{\"b\":{\"Records\":[{}]}}],\"x\":{\"y\":\"]}\"}}",
                vec![whole("{\"a\":1}", 1), whole("{\"b\":{\"Records\":[{}]}}", 1)],
            ),
            ("{\n  \"a\": {\n    \"b\": \"\\\"}\"\n  }\n}\n{}", vec![whole("{\n  \"a\": {\n    \"b\": \"\\\"}\"\n  }\n}", 1), whole("{}", 6)]),
            ("{\"a\":\"x\n{\"b\":1}\n", vec![broken("{\"a\":\"x", 1), whole("{\"b\":1}", 2)]),
            ("{\"a\":[1,\n{\"b\":1}\n", vec![broken("{\"a\":[1,\n", 1), whole("{\"b\":1}", 2)]),
            ("{\"Records\":[{\"a\":1},{\"b\"", vec![whole("{\"a\":1}", 1), unfinished("{\"b\"", 1)]),
            ("{\"Records\":[{\"a\":1}", vec![whole("{\"a\":1}", 1), unfinished("", 1)]),
            ("x y\n{\"b\":1}", vec![("x y".to_owned(), 1, Outcome::Stray), whole("{\"b\":1}", 2)]),
            ("", vec![]),
            ("\n \n", vec![]),
        ] {
            for size in [1, 3, 4096] {
                assert_eq!(pieces(text, size), expected, "{text:?}");
            }
        }
    }
}
