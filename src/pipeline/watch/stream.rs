//! A text that grows: scanned and read line by line, from where an earlier run came to.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use crate::model::finding::{Finding, Identity};
use crate::model::fingerprint::Fingerprint;
use crate::model::instant::Instant;
use crate::model::origin::Origin;
use crate::model::place::Position;
use crate::pipeline::replay::gather::Gathered;
use crate::pipeline::replay::judge::ReplayError;
use crate::pipeline::replay::sight::Sight;
use crate::pipeline::watch::kept::HowFar;
use crate::pipeline::watch::steps::Setting;
use crate::scan::engine::Engine;
use crate::sources::cutter::{Cut, CutOptions, CutState, Cutter};

/// An open text.
pub struct Stream<'a> {
    file: File,
    origin: Arc<Origin>,
    /// Where reading goes on.
    offset: u64,
    cutter: Cutter,
    sight: Sight<'a>,
    at: Position,
    /// Where tokens begin that were found in a line whose end has not come, with their hashes.
    early: Vec<(u64, u64)>,
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
        let mut stream = Self { file, origin, offset: cut.next, cutter, sight, at, early: Vec::new(), spare: Vec::new() };
        // The context of what comes next, and the beginning of a record whose end has not come.
        let from = begun.min(cut.base);
        let before = stream.bytes(from, cut.next)?;
        let behind = |place: u64| usize::try_from(place - from).map_or(&[][..], |skip| &before[skip..]);
        stream.cutter.push(behind(cut.base));
        stream.sight.hear(behind(begun));
        Ok(stream)
    }

    fn bytes(&mut self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(from))?;
        (&self.file).take(to - from).read_to_end(&mut bytes)?;
        if bytes.len() as u64 == to - from { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Reads what was written since, but not more than this; how much it was.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn read(&mut self, engine: &Engine, most: u64, find: &mut dyn FnMut(Finding)) -> io::Result<u64> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(self.offset))?;
        let read = (&self.file).take(most).read_to_end(&mut bytes)? as u64;
        self.offset += read;
        if read > 0 {
            self.push(engine, &bytes, find);
        }
        Ok(read)
    }

    fn push(&mut self, engine: &Engine, bytes: &[u8], find: &mut dyn FnMut(Finding)) {
        self.cutter.push(bytes);
        while let Some(chunk) = self.cutter.cut(Cut::Lines, std::mem::take(&mut self.spare)) {
            let mut found = engine.scan_chunk(&self.origin, &chunk);
            self.sight.hear(&chunk.bytes[chunk.core.clone()]);
            found.place(&mut self.at);
            for finding in found.findings {
                self.sight.find(&finding, finding.position.line);
                if !self.early.contains(&early(&finding)) {
                    find(finding);
                }
            }
            self.early.clear();
            self.spare = chunk.bytes;
        }
    }

    /// Tells what lies in a line whose end has not come; told once.
    pub fn peek(&mut self, engine: &Engine, find: &mut dyn FnMut(Finding)) {
        let Some(chunk) = self.cutter.rest() else { return };
        let mut found = engine.scan_chunk(&self.origin, &chunk);
        found.place(&mut self.at.clone());
        for finding in found.findings.into_iter().filter(|finding| finding.span.start() >= self.cutter.state().next) {
            let early = early(&finding);
            if !self.early.contains(&early) {
                self.early.push(early);
                find(finding);
            }
        }
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

    /// Whether part of a line waits for its end.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.offset > self.cutter.state().next
    }

    /// Where reading goes on.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
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

/// What a finding of a file is known by, wherever in it it lies.
#[must_use]
pub fn hash_of(finding: &Finding) -> u64 {
    let identity = match &finding.identity {
        Identity::Fingerprint { fingerprint, .. } => fingerprint.to_string(),
        Identity::Withheld => finding.preview.clone(),
    };
    Fingerprint::index_of(format!("{} {identity}", finding.rule.id).as_bytes())
}
