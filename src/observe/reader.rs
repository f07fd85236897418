//! Reads a stream's records as it arrives, whatever formats they have and however they are mixed.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use bumpalo::Bump;

use crate::model::token_use::Record;
use crate::observe::cut::{Cut, CutPlace, Piece, PieceKind};
use crate::observe::format::{LINE_FORMATS, OBJECT_FORMATS};
use crate::observe::json::{Json, items, parse};
use crate::observe::mapping::Mapping;
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::{part, token_use};

/// How deep lines may be carried in lines.
const MAX_DEPTH: u32 = 4;
/// The longest line that is put together from pieces, in bytes.
const MAX_JOINED: usize = 4 << 20;

/// A record as it stands in the stream, and what it says.
#[derive(Debug)]
pub struct ReadRecord<'a> {
    /// Its bytes; of one that is too long, none.
    pub bytes: &'a [u8],
    /// Offset of its first byte in the stream.
    pub start: u64,
    /// Line on which it begins, from 1.
    pub line: u64,
    /// How it was understood.
    pub understood: Understood,
    /// What it says: nothing, or one thing, or several.
    pub said: Vec<Observation>,
}

/// How a record was understood.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Understood {
    /// By the reader of this log format.
    By(&'static str),
    /// It is a JSON object that no format knows.
    UnknownObject,
    /// It is a line of text that no format knows.
    Text,
    /// It is no JSON, or only the beginning of an object.
    Malformed,
    /// It is longer than a record may be.
    TooLong,
}

/// How far a stream was read, and what is known of it: what reading goes on with.
#[derive(Clone, PartialEq, Debug, BorshSerialize, BorshDeserialize)]
pub struct ReaderState {
    /// Where the next record begins.
    pub place: CutPlace,
    thread: Thread,
}

impl ReaderState {
    /// A stream of this name of which only what stands from a place on is read: the beginning of this line.
    #[must_use]
    pub fn from_line(location: String, offset: u64, line: u64) -> Self {
        Self { place: CutPlace::lines(offset, line), thread: Thread { location, ..Thread::default() } }
    }
}

/// A stream on its way into records.
pub struct Reader {
    cut: Cut,
    state: State,
    /// Places in the stream whose records are read while others are passed over; none where all are read.
    marks: Option<VecDeque<u64>>,
    /// How many records were passed over.
    passed: u64,
}

/// What is known of the stream so far.
struct State {
    thread: Thread,
    mapping: Option<Arc<Mapping>>,
    /// The beginning of a carried line whose end has not come.
    joined: String,
    /// How the last line was understood that was an object by itself.
    last: Option<Understood>,
}

impl Reader {
    /// A stream of this name; records that a mapping recognizes are read by it.
    #[must_use]
    pub fn new(location: String, mapping: Option<Arc<Mapping>>) -> Self {
        Self::at(Cut::new(wrappers()), Thread { location, ..Thread::default() }, mapping)
    }

    /// A stream that was read before; the bytes from `state.place` on are to be pushed.
    #[must_use]
    pub fn resume(state: ReaderState, mapping: Option<Arc<Mapping>>) -> Self {
        Self::at(Cut::resume(wrappers(), state.place), state.thread, mapping)
    }

    /// Another stream of the same file, of which this is known.
    #[must_use]
    pub fn knowing(thread: Thread, mapping: Option<Arc<Mapping>>) -> Self {
        Self::at(Cut::new(wrappers()), thread, mapping)
    }

    /// What is known of the stream when it has ended.
    #[must_use]
    pub fn into_thread(self) -> Thread {
        self.state.thread
    }

    fn at(cut: Cut, thread: Thread, mapping: Option<Arc<Mapping>>) -> Self {
        Self { cut, state: State { thread, mapping, joined: String::new(), last: None }, marks: None, passed: 0 }
    }

    /// How far the stream was read; none while part of a carried line is kept, which is never written down.
    #[must_use]
    pub fn state(&self) -> Option<ReaderState> {
        self.state.joined.is_empty().then(|| ReaderState { place: self.cut.place(), thread: self.state.thread.clone() })
    }

    /// Takes bytes over; calls `tell` with every record that is whole by now.
    pub fn push(&mut self, bytes: &[u8], tell: &mut dyn FnMut(ReadRecord)) {
        self.marks = None;
        self.cut.push(bytes);
        self.read(tell);
    }

    /// Takes bytes over of which only the records at these places of the stream, in order, say anything of tokens: others may be passed over,
    /// and are only counted.
    pub fn skim(&mut self, bytes: &[u8], marks: &[u64], tell: &mut dyn FnMut(ReadRecord)) {
        self.marks.get_or_insert_default().extend(marks);
        self.cut.push(bytes);
        self.read(tell);
    }

    /// How many records were passed over since this was asked last.
    pub fn take_passed(&mut self) -> u64 {
        std::mem::take(&mut self.passed)
    }

    /// Passes over what says nothing, unless what comes next may mean something for what came before.
    fn pass(&mut self) {
        let Some(marks) = self.marks.as_mut().filter(|_| self.state.is_settled()) else { return };
        let from = self.cut.place().offset;
        while marks.pop_front_if(|mark| *mark < from).is_some() {}
        self.passed += self.cut.pass(marks.front().copied().unwrap_or(u64::MAX));
    }

    /// Says that no more bytes come.
    pub fn end(&mut self, tell: &mut dyn FnMut(ReadRecord)) {
        self.cut.end();
        self.read(tell);
    }

    fn read(&mut self, tell: &mut dyn FnMut(ReadRecord)) {
        // The trees of records stand here, one after the other.
        let mut arena = Bump::new();
        loop {
            arena.reset();
            self.pass();
            let mut said = Vec::new();
            // Most records are lines by themselves, and read without following their braces first.
            if let Some(piece) = self.cut.line()
                && let Some(understood) = self.state.whole(piece.bytes, &arena, &mut said)
            {
                let (end, line) = (piece.start + piece.bytes.len() as u64, piece.line);
                self.state.tell(piece, understood, said, tell);
                self.cut.take_line(end, line);
                continue;
            }
            let Some(piece) = self.cut.next_piece() else { return };
            let understood = match piece.kind {
                PieceKind::Object => self.state.json((piece.bytes, &arena), &Record::default(), 0, &mut said),
                PieceKind::Line => self.state.line(&String::from_utf8_lossy(piece.bytes), &Record::default(), 0, &mut said),
                PieceKind::Broken => Understood::Malformed,
                PieceKind::TooLong => Understood::TooLong,
            };
            self.state.tell(piece, understood, said, tell);
        }
    }
}

/// Keys under which documents of known formats hold their records.
fn wrappers() -> Vec<&'static str> {
    OBJECT_FORMATS.iter().flat_map(|format| format.wrappers).copied().collect()
}

impl State {
    /// Whether nothing of earlier records waits for later ones: half a line, or a use for what came of it.
    fn is_settled(&self) -> bool {
        self.joined.is_empty() && self.thread.asked.is_empty() && self.mapping.is_none()
    }

    /// Tells a record, with what earlier ones said for all.
    fn tell(&self, piece: Piece, understood: Understood, mut said: Vec<Observation>, tell: &mut dyn FnMut(ReadRecord)) {
        for observation in &mut said {
            observation.record.surround(&self.thread.base);
        }
        part::each(ReadRecord { bytes: piece.bytes, start: piece.start, line: piece.line, understood, said }, tell);
    }

    /// A line that may be an object by itself; `None` where it is none.
    fn whole(&mut self, bytes: &[u8], arena: &Bump, out: &mut Vec<Observation>) -> Option<Understood> {
        const OURS: Understood = Understood::By(token_use::FORMAT.name);
        // Neighbours have one format, and ours, which comes first of all, is read without a tree.
        if self.last == Some(OURS) && self.mapping.is_none() {
            out.extend(token_use::read_line(bytes, arena));
        }
        self.last = if out.is_empty() { Some(self.object(&parse(bytes, arena)?, &Record::default(), 0, out)) } else { Some(OURS) };
        self.last
    }

    fn json(&mut self, (bytes, arena): (&[u8], &Bump), around: &Record, depth: u32, out: &mut Vec<Observation>) -> Understood {
        parse(bytes, arena).map_or(Understood::Malformed, |value| self.object(&value, around, depth, out))
    }

    fn object(&mut self, value: &Json<'_>, around: &Record, depth: u32, out: &mut Vec<Observation>) -> Understood {
        let mut said = Vec::new();
        let understood = if let Some(mapping) = self.mapping.clone().filter(|mapping| mapping.recognizes(value)) {
            mapping.read(value, &mut self.thread, &mut |one| said.push(one));
            Understood::By("mapping")
        } else if let Some(format) = OBJECT_FORMATS.iter().find(|format| (format.recognizes)(value)) {
            (format.read)(value, &mut self.thread, &mut |one| said.push(one));
            Understood::By(format.name)
        } else {
            return self.document(value, around, depth, out);
        };
        self.take(said, around, depth, out).unwrap_or(understood)
    }

    /// The records in an array of a document.
    fn document(&mut self, value: &Json<'_>, around: &Record, depth: u32, out: &mut Vec<Observation>) -> Understood {
        let wrappers = OBJECT_FORMATS.iter().flat_map(|format| format.wrappers);
        let Some(records) = wrappers.map(|key| items(value, &[key])).find(|records| !records.is_empty()) else { return Understood::UnknownObject };
        let by = records.iter().map(|record| if depth < MAX_DEPTH { self.object(record, around, depth + 1, out) } else { Understood::UnknownObject });
        by.fold(Understood::UnknownObject, Understood::min)
    }

    fn line(&mut self, text: &str, around: &Record, depth: u32, out: &mut Vec<Observation>) -> Understood {
        if depth > 0 && text.trim_start().starts_with('{') {
            return self.json((text.as_bytes(), &Bump::new()), around, depth, out);
        }
        let mut said = Vec::new();
        let format = LINE_FORMATS.iter().find(|format| (format.read)(text, &mut self.thread, &mut |one| said.push(one)));
        let Some(format) = format else { return Understood::Text };
        self.take(said, around, depth, out).unwrap_or(Understood::By(format.name))
    }

    /// Takes over what a reader said; how a carried line was understood, where it was.
    fn take(&mut self, said: Vec<Said>, around: &Record, depth: u32, out: &mut Vec<Observation>) -> Option<Understood> {
        let mut inner = None;
        for one in said {
            match one {
                Said::Record(mut observation) => {
                    observation.record.surround(around);
                    out.push(*observation);
                }
                Said::Line { text, partial, around: mut nearer } => {
                    nearer.surround(around);
                    inner = self.carried(text, partial, &nearer, depth + 1, out).or(inner);
                }
            }
        }
        inner
    }

    fn carried(&mut self, text: Cow<str>, partial: bool, around: &Record, depth: u32, out: &mut Vec<Observation>) -> Option<Understood> {
        if partial && self.joined.len() + text.len() <= MAX_JOINED {
            self.joined.push_str(&text);
            return None;
        }
        let whole = if self.joined.is_empty() { text } else { Cow::Owned(std::mem::take(&mut self.joined) + &text) };
        let before = out.len();
        let understood = if depth <= MAX_DEPTH { self.line(&whole, around, depth, out) } else { Understood::Text };
        // What surrounds a line that says nothing still says when and where it was.
        if out.len() == before {
            out.push(Observation::new(around.clone(), Vec::new()));
        }
        matches!(understood, Understood::By(_)).then_some(understood)
    }
}

#[cfg(test)]
mod tests {
    use crate::model::text::Text;
    use crate::model::token_use::TimeQuality;
    use crate::observe::reader::{Reader, Understood};

    type Read = Vec<(Understood, u64, usize, Option<String>, Option<Text>)>;

    /// What is read in such steps, by two readers where one stops.
    fn read(text: &str, step: usize, pause: Option<usize>) -> Read {
        let mut reader = Reader::new("a.log".to_owned(), None);
        let mut all = Vec::new();
        let mut tell = |record: crate::observe::reader::ReadRecord| {
            let said = record.said.first().map(|one| &one.record);
            let (time, session) = (said.and_then(|said| said.time), said.and_then(|said| said.session_id.clone()));
            let tokens = record.said.iter().map(|one| one.presented.len()).sum();
            all.push((record.understood, record.line, tokens, time.map(|time| time.to_string()), session));
        };
        let mut rest = text.as_bytes();
        if let Some(pause) = pause {
            reader.push(&rest[..pause], &mut tell);
            let state = reader.state().expect("because no line is carried");
            rest = &rest[usize::try_from(state.place.offset).expect("because it is short")..];
            let bytes = borsh::to_vec(&state).expect("because it is written to memory");
            reader = Reader::resume(borsh::from_slice(&bytes).expect("because it was written so"), None);
        }
        rest.chunks(step).for_each(|part| reader.push(part, &mut tell));
        reader.end(&mut tell);
        all
    }

    #[test]
    fn formats_may_be_mixed_and_carry_each_other() {
        let key = "kid:AKIDSYNTHETIC";
        let own = format!(r#"{{"keys":["{key}"],"time":"2026-03-02T10:00:00Z"}}"#);
        let carried = serde_json::json!({ "log": format!("{own}\n"), "stream": "stdout", "time": "2026-03-02T11:00:00.5Z" }).to_string();
        let text = format!("{own}\nnothing to see\n{carried}\n{{\"x\": 1}}\n{{\"half\": \n");
        for step in [1, 5, 10_000] {
            let all = read(&text, step, None);
            let expected = [
                (Understood::By("token-use"), 1, 1, Some("2026-03-02T10:00:00Z".to_owned()), None),
                (Understood::Text, 2, 0, None, None),
                (Understood::By("token-use"), 3, 1, Some("2026-03-02T10:00:00Z".to_owned()), None),
                (Understood::UnknownObject, 4, 0, None, None),
                (Understood::Malformed, 5, 0, None, None),
            ];
            assert_eq!(all, expected, "in steps of {step}");
        }
        assert!(TimeQuality::Exact < TimeQuality::Log);
    }

    #[test]
    fn a_stream_is_read_on_from_where_it_was() {
        let own = r#"{"keys":["kid:AKIDSYNTHETIC"],"time":"2026-03-02T10:00:00Z"}"#;
        let meta = r#"{"timestamp":"2026-03-02T09:00:00Z","type":"session_meta","payload":{"id":"session-1","cwd":"/"}}"#;
        let call = r#"{"timestamp":"2026-03-02T09:00:01Z","type":"response_item","payload":{"type":"function_call","name":"shell","arguments":"{}","call_id":"c"}}"#;
        let out =
            r#"{"timestamp":"2026-03-02T09:00:02Z","type":"response_item","payload":{"type":"function_call_output","call_id":"c","output":"x"}}"#;
        let text = format!("{meta}\n{call}\n\n{own}\ntext\n{{\n  \"x\": 1\n}}\n[{own},\n{own}]\n{out}\n{{\"Records\": [{own}]}}\nend");
        let whole = read(&text, text.len(), None);
        for stop in 0..text.len() {
            assert_eq!(read(&text, text.len(), Some(stop)), whole, "stopped at {stop}");
        }
        assert!(whole.len() > 8);
    }

    /// Where records stand, by bytes of the stream, and how they were understood.
    fn places(text: &str, step: usize) -> Vec<(Understood, u64, usize, u64)> {
        let mut reader = Reader::new("a.log".to_owned(), None);
        let mut all = Vec::new();
        let mut tell = |record: crate::observe::reader::ReadRecord| all.push((record.understood, record.start, record.bytes.len(), record.line));
        text.as_bytes().chunks(step).for_each(|part| reader.push(part, &mut tell));
        reader.end(&mut tell);
        all
    }

    #[test]
    fn lines_that_are_read_at_once_are_cut_as_others_are() {
        let own = r#"{"keys":["kid:AKIDSYNTHETIC"],"time":"2026-03-02T10:00:00Z"}"#;
        for text in [
            format!("{own}\r\n\n  {own} \t\n{own}"),
            format!("\u{feff}{own}\n{own}\n"),
            format!("{own} {own}\n{own}x\n{own}\n"),
            format!("{own}\n{{\"Records\":[{own},{own}]}}\n{own}\n"),
            format!("[{own},\n{own}]\n{own}\n"),
            format!("{own}\n{{\"half\": \n{own}\n{{\n\"a\":1\n}}\n{own}\n"),
            format!("{own}\n{{\"a\":\n{own}}}\n{own}\n{{\"a\":1}}}}\n{own}"),
            format!("{own}\n{{not JSON}}\n{{\"a\":tru}}\n{own}\nplain\n"),
        ] {
            let expected = places(&text, 1);
            assert!(expected.len() > 1, "{text}");
            for step in [2, 7, 64, 10_000] {
                assert_eq!(places(&text, step), expected, "{text} in steps of {step}");
            }
        }
    }
}
