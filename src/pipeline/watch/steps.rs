//! Step by step: what was written since is scanned, read, looked up, judged, told, and committed together with how far everything was read.
//!
//! **Invariant:** what is kept never passes a byte whose sightings are not kept; what is told is told before, so that nothing is lost, and what is
//! told again after a crash has the same ids.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::ledger::ledger::{Ledger, LedgerError};
use crate::model::finding::Finding;
use crate::model::instant::Instant;
use crate::model::origin::Origin;
use crate::model::problem::Problem;
use crate::pipeline::ours::{Asked, Book};
use crate::pipeline::replay::gather::{Gathered, Learned};
use crate::pipeline::replay::judge::ReplayError;
use crate::pipeline::stream::{Context, unreadable};
use crate::pipeline::watch::cells::{self, Cells};
use crate::pipeline::watch::file_state::FileState;
use crate::pipeline::watch::hear::Hear;
use crate::pipeline::watch::kept::{HowFar, Kept, PREFIX};
use crate::pipeline::watch::lessons::Lessons;
use crate::pipeline::watch::meters::Meters;
use crate::pipeline::watch::setting::Setting;
use crate::pipeline::watch::status::Counters;
use crate::pipeline::watch::stream::Room;
use crate::pipeline::watch::table::{Followed, NewFile, Table};
use crate::pipeline::watch::visit::{VisitError, Visited, visit};
use crate::pipeline::watch::whole::{self, Known};
use crate::sources::follow::file_id::FileId;
use crate::sources::follow::sweep::Swept;
use crate::sources::follow::window::Outline;
use crate::store::error::StoreError;
use crate::store::step::{NewValue, Seen, Step};

/// How much is read in a step, in bytes.
const STEP: u64 = 16 << 20;
/// How much is enough for a step, so that those who wait for it to be told need not wait long.
const ENOUGH: u64 = 4 << 20;
/// How long the end of a line is waited for, before what there is of it is looked at.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long nothing is written down where nothing was found: a restart reads it again.
const LAZY: Duration = Duration::from_secs(1);
/// The same in bytes.
const LAZY_BYTES: u64 = 64 << 20;
/// Where more files are followed than this, texts are closed as soon as they have been read.
const OPEN: usize = 256;

/// Follows files.
pub struct Watch<'a> {
    setting: Setting<'a>,
    table: Table<'a>,
    asked: Asked,
    lessons: Lessons,
    /// What has been counted since the beginning of the state.
    pub counters: Counters,
    /// How much is read in a step at most, in bytes; a file's share is read whole.
    pub most: u64,
    /// What files are read with.
    room: Room,
    /// Where the run counts.
    meters: Arc<Meters>,
    /// The file that was visited last: the next step begins behind it, so that no file is always the last one.
    visited: Option<FileId>,
    /// When what was read since was written.
    writes: Vec<SystemTime>,
    /// What the last sweep could not read.
    unread: BTreeSet<Problem>,
    /// Whether counters have changed that are not written down.
    has_counted: bool,
    written_at: Duration,
    /// Bytes that were read and not written down.
    unwritten: u64,
}

impl<'a> Watch<'a> {
    /// Goes on where the state says.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]
    pub fn open(setting: Setting<'a>, book: Book) -> Result<Self, LedgerError> {
        let values = setting.ledger.store().values(PREFIX)?;
        let cells = setting.ledger.store().values(cells::PREFIX)?;
        let lessons = Lessons::read(setting.ledger, setting.numbers)?;
        let counters = Counters::read(&**setting.ledger.store())?;
        Ok(Self {
            table: Table::new(values.iter().filter_map(|(_, bytes)| Kept::from_bytes(bytes)), Cells::all(cells)),
            setting,
            asked: Asked::Ledger(Box::new(book)),
            lessons,
            counters,
            most: STEP,
            room: Room::default(),
            meters: Arc::default(),
            visited: None,
            writes: Vec::new(),
            unread: BTreeSet::new(),
            has_counted: false,
            written_at: Duration::ZERO,
            unwritten: 0,
        })
    }

    /// The same, and counts here.
    #[must_use]
    pub fn counting(self, meters: Arc<Meters>) -> Self {
        Self { meters, ..self }
    }

    /// Forgets how far files were read: all are read from their first byte on.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub fn forget(ledger: &Ledger) -> Result<(), StoreError> {
        let mut store = ledger.store();
        let kept = [store.values(PREFIX)?, store.values(cells::PREFIX)?].concat();
        let values: Vec<NewValue> = kept.into_iter().map(|(name, _)| NewValue { name, bytes: None }).collect();
        store.commit(&Step { values: &values, ..Step::default() }).map(drop)
    }

    /// The files.
    pub fn table(&mut self) -> &mut Table<'a> {
        &mut self.table
    }

    /// Takes in what a sweep saw; `first` of this run: files that were not followed before begin where the setting says.
    pub fn sweep(&mut self, swept: Swept, first: bool, now: Instant, hear: &mut dyn Hear) {
        let new = if first { self.setting.new } else { NewFile::AtStart };
        self.table.sweep(swept.files, new, now);
        self.meters.update(|meters| meters.sweeps += 1);
        let unread: BTreeSet<Problem> = swept.problems.into_iter().collect();
        let before = std::mem::take(&mut self.unread);
        for problem in unread.difference(&before) {
            self.problem(problem.clone(), now, hear);
        }
        self.unread = unread;
    }

    /// All files as they are now.
    pub fn files(&mut self) -> Vec<FileState> {
        self.table.files().map(|file| FileState::of(file)).collect()
    }

    /// When what was read since the last call was written, as far as files say so.
    pub fn take_writes(&mut self) -> Vec<SystemTime> {
        std::mem::take(&mut self.writes)
    }

    fn problem(&mut self, problem: Problem, now: Instant, hear: &mut dyn Hear) {
        if !problem.kind.is_by_choice() {
            self.counters.add_problem(&problem, now);
            self.has_counted = true;
        }
        hear.problem(problem);
    }

    /// Reads what was written since, as far as one step goes, and tells and commits what that means; how many bytes it was.
    ///
    /// # Errors
    ///
    /// Nothing of the step is kept then: whoever follows begins again from the state.
    pub fn step(&mut self, now: Instant, clock: Duration, hear: &mut dyn Hear) -> anyhow::Result<u64> {
        let mut gathered = self.lessons.lend(self.setting.ledger);
        self.setting.reading.now = now;
        let (mut findings, mut bytes, mut before) = (Vec::new(), 0, None);
        // A few files with much in them are read on: what is written down for each step costs more than they do.
        while before != Some(bytes) && bytes < ENOUGH.min(self.most) && !self.setting.progress.is_cancelled() {
            before = Some(bytes);
            let mut due = self.table.due();
            let first = due.partition_point(|id| Some(*id) <= self.visited);
            due.rotate_left(first);
            for id in due {
                if bytes >= STEP.min(self.most) || self.setting.progress.is_cancelled() {
                    break;
                }
                let read = self.visit(id, clock, (&mut gathered, &mut findings), hear)?;
                self.count(id, read, now);
                bytes += read;
            }
        }
        self.peek(clock, (&mut gathered, &mut findings))?;
        // What the scan asked and was not answered may have hidden tokens.
        if let Some(error) = self.setting.ledger.take_trouble() {
            return Err(error.into());
        }
        self.unwritten += bytes;
        let read = gathered.coverage.total();
        self.meters.update(|meters| {
            meters.bytes += bytes;
            meters.records += read.records + gathered.coverage.passed;
            meters.uses += read.uses;
        });
        let is_quiet = findings.is_empty() && gathered.is_empty() && !Lessons::has_due(&gathered, now);
        let is_early = self.unwritten < LAZY_BYTES && clock < self.written_at + LAZY;
        let is_idle = self.unwritten == 0 && !self.table.has_news() && !self.has_counted;
        if is_quiet && (is_early || is_idle) {
            self.lessons.take_back(gathered);
            return Ok(bytes);
        }
        self.lessons.keep(&mut gathered, clock);
        self.tell(findings, now, hear)?;
        self.commit(gathered, (now, clock), hear)?;
        self.table.rest();
        Ok(bytes)
    }

    /// Tells what lies in lines whose end has not come, however short a time they have waited.
    ///
    /// # Errors
    ///
    /// It cannot be told or committed.
    pub fn look(&mut self, now: Instant, hear: &mut dyn Hear) -> anyhow::Result<()> {
        let (mut gathered, mut findings) = (self.lessons.lend(self.setting.ledger), Vec::new());
        self.peek(Duration::MAX, (&mut gathered, &mut findings))?;
        self.tell(findings, now, hear)?;
        self.commit(gathered, (now, self.written_at), hear)
    }

    fn tell(&mut self, findings: Vec<Finding>, now: Instant, hear: &mut dyn Hear) -> anyhow::Result<()> {
        for mut finding in findings {
            self.asked.about(&mut finding, now)?;
            hear.finding(&finding)?;
            self.counters.add_finding(finding.severity());
        }
        Ok(())
    }

    /// Writes down how far everything was read.
    ///
    /// # Errors
    ///
    /// The state cannot be written.
    pub fn finish(&mut self, now: Instant, hear: &mut dyn Hear) -> anyhow::Result<()> {
        // Who is stopped has no time for tokens that wait; the next run has.
        if !self.setting.progress.is_cancelled() {
            self.lessons.hurry();
        }
        let mut gathered = self.lessons.lend(self.setting.ledger);
        gathered.learned = Learned::Kept;
        self.commit(gathered, (now, self.written_at), hear)
    }

    fn commit(&mut self, mut gathered: Gathered, (now, clock): (Instant, Duration), hear: &mut dyn Hear) -> anyhow::Result<()> {
        gathered.rest.seen = self.asked.take_seen().into_iter().map(|(record, exposure)| Seen { record, exposure }).collect();
        gathered.rest.values = self.table.values(now);
        let uses = gathered.coverage.total().uses;
        self.counters.add(std::mem::take(&mut self.unwritten), uses, now);
        gathered.rest.values.push(self.counters.to_value());
        self.counters.judgements += hear.judge(&mut gathered, now)?;
        self.lessons.take_back(gathered);
        (self.written_at, self.has_counted) = (clock, false);
        self.meters.update(|meters| meters.steps += 1);
        Ok(())
    }

    /// Takes down that so much of a file was read.
    fn count(&mut self, id: FileId, read: u64, now: Instant) {
        self.visited = Some(id);
        let Some(file) = self.table.file(id).filter(|_| read > 0) else { return };
        file.kept.read_at = Some(now.seconds());
        if !file.is_due {
            self.writes.extend(file.listed.as_ref().and_then(|listed| listed.stamp.time()));
        }
    }

    /// Reads one file's share; how much it was.
    fn visit(
        &mut self,
        id: FileId,
        clock: Duration,
        (gathered, findings): (&mut Gathered, &mut Vec<Finding>),
        hear: &mut dyn Hear,
    ) -> Result<u64, ReplayError> {
        let setting = self.setting;
        let is_crowded = self.table.len() > OPEN;
        let Some(file) = self.table.file(id) else { return Ok(0) };
        match visit(setting, file, clock, &mut self.room, (gathered, findings)) {
            Ok(Visited::Read(bytes)) => {
                setting.progress.add_bytes(bytes);
                if is_crowded {
                    file.close();
                }
                Ok(bytes)
            }
            Ok(Visited::New(opened)) => {
                let path = file.kept.path();
                file.has_begun = true;
                let was_read = Outline::of(&opened).is_ok_and(|text| self.table.has_read(&path, &text));
                if let Some(copy) = self.table.file(id).filter(|_| was_read) {
                    copy.skip(&opened);
                }
                self.visit(id, clock, (gathered, findings), hear)
            }
            Ok(Visited::Whole(opened)) => {
                let (bytes, problems) = self.visit_whole(id, opened, (gathered, findings))?;
                for problem in problems {
                    self.problem(problem, setting.reading.now, hear);
                }
                Ok(bytes)
            }
            Err(VisitError::Io(error)) => {
                file.is_due = false;
                file.stream = None;
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof) {
                    // One that was renamed, replaced, truncated or went meanwhile is met by the next sweep, as if it had just come.
                    file.listed = None;
                } else if !std::mem::replace(&mut file.failed, true) {
                    let problem = unreadable(&Origin::File(file.kept.path()), &error);
                    self.problem(problem, setting.reading.now, hear);
                }
                Ok(0)
            }
            Err(VisitError::Replay(error)) => Err(error),
        }
    }

    fn visit_whole(
        &mut self,
        id: FileId,
        mut opened: File,
        (gathered, findings): (&mut Gathered, &mut Vec<Finding>),
    ) -> Result<(u64, Vec<Problem>), ReplayError> {
        let setting = self.setting;
        // What was read before is no copy.
        let new = self.table.file(id).filter(|file| file.kept.offset() == 0).map(|file| file.kept.path());
        let was_read = new.is_some_and(|path| whole::outline(&mut opened).is_some_and(|text| self.table.has_read(&path, &text)));
        let Some(Followed { kept, listed: Some(listed), cells, threads, problems: before, is_due, is_new, .. }) = self.table.file(id) else {
            return Ok((0, Vec::new()));
        };
        let (mut problems, mut is_young) = (Vec::new(), false);
        let now = HowFar::whole(listed);
        *is_new = true;
        if !was_read {
            kept.again = true;
            let context = Context { engine: setting.engine, progress: setting.progress, listen: None };
            let origin = Origin::File(kept.uri.clone().into());
            let mut find = |finding: Finding| {
                if kept.tells(&finding) {
                    findings.push(finding);
                }
            };
            let read = cells::Reading::new(cells);
            let known = Known { cells: &read, threads };
            problems = whole::read(context, setting.reading, (&origin, opened, known), gathered, &mut find)?;
            let met: Vec<u64> = read.into_cells().collect();
            if setting.progress.is_cancelled() {
                // It was not read to its end, and is read again.
                return Ok((listed.stamp.size, problems));
            }
            if met.is_empty() {
                // What is no database is read from its beginning, where nothing is known.
                threads.clear();
            }
            is_young = !met.is_empty() && now.is_young(setting.reading.now);
            let remembered = if problems.is_empty() { cells.replace(met) } else { cells.add(met) };
            problems.extend(remembered.err().map(|error| error.problem(&origin)));
        }
        let told = std::mem::replace(before, problems.clone());
        problems.retain(|problem| !told.contains(problem));
        kept.how_far = if is_young { now.unsure() } else { now };
        *is_due = is_young;
        Ok((listed.stamp.size, problems))
    }

    /// Looks at lines whose end has not come for long.
    fn peek(&mut self, clock: Duration, (gathered, findings): (&mut Gathered, &mut Vec<Finding>)) -> Result<(), ReplayError> {
        let setting = self.setting;
        self.table.each_active(|file| {
            let is_early = file.is_due || clock < file.read_at + PATIENCE;
            let Followed { stream: Some(stream), kept, is_new, .. } = file else { return Ok(()) };
            if is_early {
                return Ok(());
            }
            if stream.waits() {
                // What a run told of such a line, the next one does not tell again.
                stream.peek(setting.engine, &mut |finding| {
                    let tells = !kept.has_told(&finding) && kept.tells(&finding);
                    if tells {
                        *is_new = true;
                        findings.push(finding);
                    }
                    tells
                });
                match stream.tell_ahead(setting, gathered) {
                    Err(VisitError::Replay(error)) => return Err(error),
                    // Who cannot read the file is told when its line is read.
                    Ok(()) | Err(VisitError::Io(_)) => {}
                }
            }
            Ok(())
        })
    }
}
