//! A text that grows: scanned and read line by line, from where an earlier run came to.

use std::fs::File;
use std::io;
use std::sync::Arc;

use crate::model::finding::Finding;
use crate::model::instant::Instant;
use crate::model::origin::Origin;
use crate::model::place::Position;
use crate::pipeline::replay::gather::Gathered;
use crate::pipeline::replay::judge::ReplayError;
use crate::pipeline::replay::sight::Sight;
use crate::pipeline::watch::kept::{HowFar, hash_of};
use crate::pipeline::watch::setting::Setting;
use crate::pipeline::watch::visit::VisitError;
use crate::scan::engine::Engine;
use crate::sources::cutter::{Cut, CutOptions, CutState, Cutter};
use crate::sources::follow::window::{FileAt, bytes_at};

/// An open text.
pub struct Stream<'a> {
    file: File,
    origin: Arc<Origin>,
    /// Where reading goes on.
    offset: u64,
    /// Up to where a line was looked at whose end had not come.
    looked: u64,
    cutter: Cutter,
    sight: Sight<'a>,
    at: Position,
    /// Where tokens begin that were found in a line whose end has not come, with their hashes.
    early: Vec<(u64, u64)>,
}

/// Buffers that all streams read with in turn: what stays of a stream between its turns is little.
#[derive(Default)]
pub struct Room {
    read: Vec<u8>,
    spare: Vec<u8>,
}

impl<'a> Stream<'a> {
    /// Goes on with a file under the name by which it is told of.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn open(file: File, uri: &str, how_far: &HowFar, setting: Setting<'a>) -> io::Result<Self> {
        let (cut, line, reader) = match how_far {
            HowFar::Text { cut, line, reader } => (*cut, *line, reader.clone()),
            HowFar::Whole { .. } => (CutState::default(), 1, None),
        };
        let origin = Arc::new(Origin::File(uri.into()));
        let name = origin.to_string();
        let begun = reader.as_ref().map_or(cut.next, |state| state.place.offset);
        let sight = match reader {
            Some(state) => Sight::resume(name, setting.reading, setting.numbers, *state),
            None => Sight::new(name, setting.reading, setting.numbers),
        };
        let cutter = Cutter::resume(CutOptions::default(), cut);
        let at = Position { line, column: 1 };
        let mut stream = Self { file, origin, offset: cut.next, looked: 0, cutter, sight, at, early: Vec::new() };
        // The context of what comes next, and the beginning of a record whose end has not come.
        let from = begun.min(cut.base);
        let before = bytes_at(&stream.file, from, cut.next - from)?;
        if before.len() as u64 != cut.next - from {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let behind = |place: u64| usize::try_from(place - from).map_or(&[][..], |skip| &before[skip..]);
        stream.cutter.push(behind(cut.base));
        stream.sight.hear(behind(begun));
        Ok(stream)
    }

    /// Reads what was written since, but not more than this; how much it was.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn read(&mut self, engine: &Engine, most: usize, room: &mut Room, find: &mut dyn FnMut(Finding)) -> io::Result<u64> {
        self.cutter.move_to(std::mem::take(&mut room.read));
        let read = self.cutter.fill_up(&mut FileAt { file: &self.file, at: self.offset }, most);
        if matches!(read, Ok(1..)) {
            self.scan(engine, &mut room.spare, find);
        }
        room.read = self.cutter.move_to(Vec::new());
        let read = read? as u64;
        self.offset += read;
        Ok(read)
    }

    /// Scans what has come in whole lines.
    fn scan(&mut self, engine: &Engine, spare: &mut Vec<u8>, find: &mut dyn FnMut(Finding)) {
        while let Some(chunk) = self.cutter.cut(Cut::Lines, spare) {
            let mut found = engine.scan_chunk(&self.origin, &chunk);
            found.place(&mut self.at);
            for finding in found.findings {
                self.sight.find(&finding, finding.position.line);
                if !self.early.contains(&early(&finding)) {
                    find(finding);
                }
            }
            self.early.clear();
            self.sight.hear(&chunk.bytes[chunk.core.clone()]);
            *spare = chunk.bytes;
        }
    }

    /// Looks once at what has come of a line whose end has not; `find` says whether it tells of a finding, which is not told again then.
    pub fn peek(&mut self, engine: &Engine, find: &mut dyn FnMut(Finding) -> bool) {
        self.looked = self.offset;
        let Some(chunk) = self.cutter.rest() else { return };
        let mut found = engine.scan_chunk(&self.origin, &chunk);
        found.place(&mut self.at.clone());
        for finding in found.findings.into_iter().filter(|finding| finding.span.start() >= self.cutter.state().next) {
            let early = early(&finding);
            if !self.early.contains(&early) && find(finding) {
                self.early.push(early);
            }
        }
    }

    /// Hands over what an object says of uses that has come whole, though not the end of its line. When that has come it says the same again, which
    /// is kept once; of a line of text nobody can tell whether it is whole.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or what was read not gathered.
    pub fn tell_ahead(&self, setting: Setting<'a>, gathered: &mut Gathered) -> Result<(), VisitError> {
        let Some(state) = self.sight.state() else { return Ok(()) };
        let from = state.place.offset;
        let bytes = bytes_at(&self.file, from, self.offset.saturating_sub(from))?;
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Ok(());
        }
        let mut ahead = Sight::resume(self.origin.to_string(), setting.reading, setting.numbers, state);
        ahead.hear(&bytes);
        let is_whole = ahead.state().is_some_and(|state| state.place.offset > from);
        if is_whole {
            gathered.add(ahead.take_told().uncounted())?;
        }
        Ok(())
    }

    /// Hands over what the stream told of uses.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]
    pub fn tell(&mut self, gathered: &mut Gathered) -> Result<(), ReplayError> {
        gathered.add(self.sight.take_told())
    }

    /// Says what time it is now, for what nothing dates.
    pub fn set_now(&mut self, now: Instant) {
        self.sight.set_now(now);
    }

    /// How far it was read; none while something of it waits for what comes next.
    #[must_use]
    pub fn how_far(&self) -> Option<HowFar> {
        let reader = Box::new(self.sight.state()?);
        Some(HowFar::Text { cut: self.cutter.state(), line: self.at.line, reader: Some(reader) })
    }

    /// Whether part of a line has come.
    #[must_use]
    pub fn has_part(&self) -> bool {
        self.offset > self.cutter.state().next
    }

    /// Whether part of a line has come at which nobody has looked yet.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.has_part() && self.looked < self.offset
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }
}

/// Where a token begins, and what it is.
fn early(finding: &Finding) -> (u64, u64) {
    (finding.span.start(), hash_of(finding))
}
