//! Cuts a stream, as it arrives, into what may be records: JSON objects on lines, spread over lines, or in an array, and lines of text.
//!
//! **Invariant:** at most one record is kept, and none of more than [`LIMIT`] bytes; cutting does not depend on how the stream arrives.

use borsh::{BorshDeserialize, BorshSerialize};
use memchr::{memchr, memchr_iter};

use crate::observe::braces::{Braces, breaks, follow};
use crate::observe::gitlab_stamp::{continues, stamp};

/// The most bytes of one record.
pub const LIMIT: usize = 16 << 20;

/// The byte order mark of UTF-8, which may begin a stream.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A piece of the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece<'a> {
    /// What it is.
    pub kind: PieceKind,
    /// Its bytes; of one that is too long, none.
    pub bytes: &'a [u8],
    /// Offset of its first byte in the stream.
    pub start: u64,
    /// Line on which it begins, from 1.
    pub line: u64,
}

/// What a piece is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PieceKind {
    /// A JSON object, by its braces.
    Object,
    /// A line of text without its break.
    Line,
    /// An object that ends before its braces do.
    Broken,
    /// Something longer than [`LIMIT`].
    TooLong,
}

/// How far a stream was cut: what a later one goes on with, from that byte on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, BorshSerialize, BorshDeserialize)]
pub struct CutPlace {
    /// Offset of the first byte that was not handed out.
    pub offset: u64,
    /// The line on which it stands, from 1.
    pub line: u64,
    place: Place,
}

impl CutPlace {
    /// The beginning of a line.
    #[must_use]
    pub fn lines(offset: u64, line: u64) -> Self {
        Self { offset, line, place: Place::Lines }
    }
}

/// Where in the stream's structure the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, BorshSerialize, BorshDeserialize)]
enum Place {
    /// Between lines.
    Lines,
    /// In an array of records, at this depth of brackets around it.
    Elements(u32),
    /// Behind such an array, in the document around it.
    Rest(Braces),
    /// In a line of which too much was dropped.
    Dropped,
}

/// A stream on its way into pieces.
#[derive(Debug)]
pub struct Cut {
    buffer: Vec<u8>,
    /// How many bytes of the buffer have been handed out.
    taken: usize,
    /// Offset of the buffer's first byte in the stream.
    base: u64,
    line: u64,
    place: Place,
    /// How far the value that begins at `taken` has been followed, so that no byte is looked at twice.
    followed: (usize, Braces),
    ended: bool,
    wrappers: Vec<&'static str>,
}

impl Cut {
    /// A stream of which nothing has arrived; arrays under these keys of a document's outermost level hold records.
    #[must_use]
    pub fn new(wrappers: Vec<&'static str>) -> Self {
        let followed = (0, Braces::default());
        Self { buffer: Vec::new(), taken: 0, base: 0, line: 1, place: Place::Lines, followed, ended: false, wrappers }
    }

    /// A stream that was cut before.
    #[must_use]
    pub fn resume(wrappers: Vec<&'static str>, from: CutPlace) -> Self {
        Self { base: from.offset, line: from.line, place: from.place, ..Self::new(wrappers) }
    }

    /// How far the stream was cut.
    #[must_use]
    pub fn place(&self) -> CutPlace {
        CutPlace { offset: self.base + self.taken as u64, line: self.line, place: self.place }
    }

    /// Takes bytes over.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.base += self.taken as u64;
            self.taken = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Says that no more bytes come.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// The next line, where it may be an object by itself. Only who reads it can tell, so that it is not taken.
    #[must_use]
    pub fn line(&self) -> Option<Piece<'_>> {
        let rest = &self.buffer[self.taken..];
        let blank = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let rest = &rest[blank..];
        if self.place != Place::Lines || self.followed.0 > 0 || !rest.starts_with(b"{") || self.wrapped(rest).is_some() {
            return None;
        }
        let end = memchr(b'\n', rest).or(self.ended.then_some(rest.len())).filter(|end| *end <= LIMIT)?;
        let first = self.taken + blank;
        let line = self.line + breaks(&self.buffer[self.taken..first]);
        Some(Piece { kind: PieceKind::Object, bytes: rest[..end].trim_ascii_end(), start: self.base + first as u64, line })
    }

    /// Passes lines over that are records by themselves and end before this offset; how many of them say something.
    pub fn pass(&mut self, until: u64) -> u64 {
        let mut passed = 0;
        while self.place == Place::Lines && self.followed.0 == 0 {
            let rest = &self.buffer[self.taken..];
            let Some(end) = memchr(b'\n', rest).filter(|end| *end <= LIMIT && self.base + ((self.taken + end) as u64) < until) else { break };
            if !self.stands_alone(&rest[..end], rest.get(end + 1)) {
                break;
            }
            passed += u64::from(!rest[..end].trim_ascii().is_empty());
            self.taken += end + 1;
            self.line += 1;
        }
        passed
    }

    /// Whether no line before or behind this one, whose first byte is this, has to do with it.
    fn stands_alone(&self, line: &[u8], next: Option<&u8>) -> bool {
        let line = line.trim_ascii();
        let is_value = |closing: u8| {
            // Between objects nothing begins a line but another one, or text: what goes on with one begins otherwise.
            let goes_on = next.is_none_or(|next| next.is_ascii_whitespace() || matches!(next, b',' | b']' | b'}'));
            line.ends_with(&[closing]) && (!goes_on || follow(line, 0, Braces::default()).0 == Some(line.len()))
        };
        match line {
            [] => true,
            [b'{', ..] => is_value(b'}'),
            [b'['] | [b'[', b'{' | b']' | b' ' | b'\t', ..] => is_value(b']'),
            [0xef, ..] => self.base + self.taken as u64 > 0,
            _ => stamp(line).is_none(),
        }
    }

    /// Takes the line that ends at this offset in the stream, and stands on this one.
    pub fn take_line(&mut self, end: u64, line: u64) {
        self.taken = (end - self.base) as usize;
        self.line = line;
    }

    /// The next piece; none until more arrives.
    pub fn next_piece(&mut self) -> Option<Piece<'_>> {
        let (kind, first, end, after) = self.step()?;
        let (start, line) = (self.base + first as u64, self.line + breaks(&self.buffer[self.taken..first]));
        self.line += breaks(&self.buffer[self.taken..after]);
        self.taken = after;
        self.followed = (0, Braces::default());
        Some(Piece { kind, bytes: &self.buffer[first..end], start, line })
    }

    /// The next piece: its kind, where it begins and ends in the buffer, and where to go on.
    fn step(&mut self) -> Option<(PieceKind, usize, usize, usize)> {
        loop {
            let rest = &self.buffer[self.taken..];
            match self.place {
                Place::Lines => {
                    if self.base + self.taken as u64 == 0 && !self.ended && rest.len() < MARK.len() && MARK.starts_with(rest) {
                        return None;
                    }
                    let mark = if self.base + self.taken as u64 == 0 && rest.starts_with(MARK) { MARK.len() } else { 0 };
                    let blank = rest[mark..].iter().take_while(|b| b.is_ascii_whitespace()).count();
                    self.skip(mark + blank);
                    let rest = &self.buffer[self.taken..];
                    let first = *rest.first()?;
                    if first == b'[' && self.opens_array(rest)? {
                        self.place = Place::Elements(0);
                        self.skip(1);
                    } else if let Some(inside) = self.wrapped(rest) {
                        self.place = Place::Elements(1);
                        self.skip(inside);
                    } else if first == b'{' {
                        return self.object();
                    } else {
                        return self.text_line();
                    }
                }
                Place::Elements(around) => {
                    let between = rest.iter().take_while(|b| b.is_ascii_whitespace() || **b == b',').count();
                    self.skip(between);
                    match *self.buffer[self.taken..].first()? {
                        b'{' => return self.object(),
                        b']' => {
                            self.place = if around == 0 { Place::Lines } else { Place::Rest(Braces::inside(around)) };
                            self.skip(1);
                        }
                        // A scalar, or a document that broke off.
                        b'"' | b'0'..=b'9' | b't' | b'f' | b'n' | b'-' => self.skip(1),
                        _ => self.place = Place::Lines,
                    }
                }
                Place::Rest(braces) => {
                    let (end, braces) = follow(rest, 0, braces);
                    self.place = if end.is_some() { Place::Lines } else { Place::Rest(braces) };
                    let length = end.unwrap_or(rest.len());
                    self.skip(length);
                    end?;
                }
                Place::Dropped => {
                    let end = memchr(b'\n', rest);
                    let length = end.map_or(rest.len(), |at| at + 1);
                    self.skip(length);
                    end?;
                    self.place = Place::Lines;
                }
            }
        }
    }

    /// An object that begins here: up to its last brace, or up to where another one begins on a line of its own.
    fn object(&mut self) -> Option<(PieceKind, usize, usize, usize)> {
        let first = self.taken;
        let (from, braces) = self.followed;
        let (end, now) = follow(&self.buffer[first..], from, braces);
        let looked = from..end.unwrap_or(self.buffer.len() - first);
        if self.place == Place::Lines
            && let Some(next) = broken(&self.buffer[first..], looked)
        {
            return Some((PieceKind::Broken, first, first + next, first + next));
        }
        if let Some(end) = end {
            return Some((PieceKind::Object, first, first + end, first + end));
        }
        self.followed = (self.buffer.len() - first, now);
        if self.buffer.len() - first > LIMIT {
            self.place = Place::Dropped;
            return Some((PieceKind::TooLong, first, first, self.buffer.len()));
        }
        let all = self.buffer.len();
        (self.ended && all > first).then_some((PieceKind::Broken, first, all, all))
    }

    /// A line, with those that GitLab's runner says continue it.
    fn text_line(&mut self) -> Option<(PieceKind, usize, usize, usize)> {
        let first = self.taken;
        let all = self.buffer.len();
        while let Some(at) = memchr(b'\n', &self.buffer[first + self.followed.0..]) {
            let end = first + self.followed.0 + at;
            let (line, next) = (&self.buffer[first..end], &self.buffer[end + 1..]);
            if !continues(line, next).or(self.ended.then_some(false))? || line.len() > LIMIT {
                return Some((PieceKind::Line, first, end - usize::from(line.ends_with(b"\r")), end + 1));
            }
            self.followed.0 = end + 1 - first;
        }
        if self.ended {
            return Some((PieceKind::Line, first, all, all));
        }
        if all - first > LIMIT {
            self.place = Place::Dropped;
            return Some((PieceKind::TooLong, first, first, all));
        }
        self.followed.0 = all - first;
        None
    }

    /// Whether a bracket opens an array of records, rather than a line such as `[10:00] text`; none until it is clear.
    fn opens_array(&self, rest: &[u8]) -> Option<bool> {
        match rest[1..].iter().find(|b| !b.is_ascii_whitespace()) {
            Some(b) => Some(matches!(b, b'{' | b']')),
            None if self.ended => Some(false),
            None => None,
        }
    }

    /// Where the first element of a wrapped array stands, when a document begins with it: `{"Records": [`.
    fn wrapped(&self, rest: &[u8]) -> Option<usize> {
        let skip = |at: usize| at + rest[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let expect = |at: usize, b: u8| (rest.get(at) == Some(&b)).then_some(at + 1);
        let key = expect(skip(expect(0, b'{')?), b'"')?;
        let quote = key + memchr(b'"', &rest[key..])?;
        self.wrappers.iter().find(|wrapper| rest[key..quote] == *wrapper.as_bytes())?;
        expect(skip(expect(skip(quote + 1), b':')?), b'[')
    }

    /// Leaves bytes out.
    fn skip(&mut self, length: usize) {
        self.line += breaks(&self.buffer[self.taken..self.taken + length]);
        self.taken += length;
        if length > 0 {
            self.followed = (0, Braces::default());
        }
    }
}

/// Where a line in this part begins with an object, which shows that the one before broke off: inner ones are indented or follow a bracket.
fn broken(bytes: &[u8], looked: std::ops::Range<usize>) -> Option<usize> {
    // A line break and what follows it may arrive apart.
    let from = looked.start.saturating_sub(3);
    let mut lines = memchr_iter(b'\n', &bytes[from..looked.end]).map(|at| from + at + 1);
    lines.find(|at| {
        bytes[*at..].starts_with(b"{\"") && !bytes[..*at].trim_ascii_end().ends_with(b",") && !bytes[..*at].trim_ascii_end().ends_with(b"[")
    })
}

#[cfg(test)]
mod tests {
    use crate::observe::cut::{Cut, PieceKind};

    fn pieces(text: &[u8], step: usize) -> Vec<(PieceKind, String, u64, u64)> {
        let mut cut = Cut::new(vec!["Records", "value"]);
        let mut found = Vec::new();
        let mut take = |cut: &mut Cut| {
            while let Some(piece) = cut.next_piece() {
                found.push((piece.kind, String::from_utf8_lossy(piece.bytes).into_owned(), piece.start, piece.line));
            }
        };
        for part in text.chunks(step) {
            cut.push(part);
            take(&mut cut);
        }
        cut.end();
        take(&mut cut);
        found
    }

    #[test]
    fn objects_and_lines_are_cut_however_they_arrive() {
        use PieceKind::{Broken, Line, Object};
        type Expected<'a> = &'a [(PieceKind, &'a str, u64, u64)];
        let cases: [(&str, Expected); 9] = [
            ("{\"a\":1}\n{\"b\":\"}\\\"{\"}\n", &[(Object, "{\"a\":1}", 0, 1), (Object, "{\"b\":\"}\\\"{\"}", 8, 2)]),
            ("one\r\n\ntwo {\"a\":1}\nthree", &[(Line, "one", 0, 1), (Line, "two {\"a\":1}", 6, 3), (Line, "three", 18, 4)]),
            ("{\n  \"a\": {\n    \"b\": 2\n  }\n}\nend\n", &[(Object, "{\n  \"a\": {\n    \"b\": 2\n  }\n}", 0, 1), (Line, "end", 28, 6)]),
            (
                "{\"Records\": [{\"a\":1},\n {\"b\":2}], \"x\": \"]\"}\n{\"c\":3}\n",
                &[(Object, "{\"a\":1}", 13, 1), (Object, "{\"b\":2}", 23, 2), (Object, "{\"c\":3}", 43, 3)],
            ),
            ("[{\"a\":1},{\"b\":[{}]}]\n", &[(Object, "{\"a\":1}", 1, 1), (Object, "{\"b\":[{}]}", 9, 1)]),
            ("[10:00] text\n[info] {\"a\":1}\n", &[(Line, "[10:00] text", 0, 1), (Line, "[info] {\"a\":1}", 13, 2)]),
            ("{\"a\":1,\n{\"b\":2}\n", &[(Object, "{\"a\":1,\n{\"b\":2}\n", 0, 1)]),
            ("{\"a\":\"half\n{\"b\":2}\n", &[(Broken, "{\"a\":\"half\n", 0, 1), (Object, "{\"b\":2}", 11, 2)]),
            ("\u{feff}{\"a\":1}\n{\"b\":", &[(Object, "{\"a\":1}", 3, 1), (Broken, "{\"b\":", 11, 2)]),
        ];
        for (text, expected) in cases {
            for step in [1, 2, 3, 7, 1000] {
                let found = pieces(text.as_bytes(), step);
                // An object that is not closed by the end is what it is.
                if text.starts_with("{\"a\":1,\n") {
                    assert_eq!(found.len(), 1, "{text}");
                    continue;
                }
                let found: Vec<_> = found.iter().map(|(kind, text, start, line)| (*kind, text.as_str(), *start, *line)).collect();
                assert_eq!(found, expected, "{text} in steps of {step}");
            }
        }
    }

    #[test]
    fn what_is_too_long_is_dropped_and_the_next_line_read() {
        let text = [&b"{\"a\":\""[..], &vec![b'x'; 17 << 20], b"\"}\n{\"b\":1}\nend\n"].concat();
        let found = pieces(&text, 1 << 16);
        let kinds: Vec<PieceKind> = found.iter().map(|piece| piece.0).collect();
        assert_eq!(kinds, [PieceKind::TooLong, PieceKind::Object, PieceKind::Line]);
        assert_eq!((found[1].1.as_str(), found[1].3), ("{\"b\":1}", 2));
    }
}
