//! The files that are followed: those that are there, those that are gone, and what has happened to each since it was read.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::instant::Instant;
use crate::model::problem::Problem;
use crate::pipeline::replay::listener::Threads;
use crate::pipeline::stream::is_plain;
use crate::pipeline::watch::cells::Cells;
use crate::pipeline::watch::kept::{HowFar, Kept};
use crate::pipeline::watch::stream::Stream;
use crate::sources::follow::file_id::FileId;
use crate::sources::follow::sweep::Listed;
use crate::sources::follow::window::{HEAD, Outline};
use crate::sources::open::open;
use crate::store::step::NewValue;

/// How long what is known of a file is kept after it is gone, in seconds.
const REMEMBERED: i64 = 7 * 86_400;

/// How often it is looked which files are long gone, in seconds.
const LOOK: i64 = 60;

/// Where a file begins that was not followed before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NewFile {
    /// At its first byte.
    AtStart,
    /// Behind what it holds when it is first met.
    AtEnd,
}

/// A file that is followed.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Followed<'a> {
    /// What is kept of it.
    pub kept: Kept,
    /// The file as it was last listed; none once it is gone.
    pub listed: Option<Listed>,
    /// What was read of it, where it is a database.
    pub cells: Cells,
    /// What is known of its columns from earlier rows, such as calls without an answer.
    pub threads: Threads,
    /// What of it was not read when it was last read whole.
    pub problems: Vec<Problem>,
    /// Its text, while it is open.
    pub stream: Option<Stream<'a>>,
    /// Whether there may be something to read.
    pub is_due: bool,
    /// When it was last read, by the clock of the run.
    pub read_at: Duration,
    /// When it was last read whole, by the same clock.
    pub whole_at: Option<Duration>,
    /// Whether what is kept has changed since it was written down.
    pub is_new: bool,
    /// Whether it was told that it cannot be read.
    pub failed: bool,
    /// Whether something of it was read, or is to be.
    pub has_begun: bool,
    /// What was kept of other contents that it had.
    before: Vec<Kept>,
}

impl Followed<'_> {
    /// A file of which this is kept.
    fn new(kept: Kept, listed: Option<Listed>) -> Self {
        Self {
            kept,
            listed,
            cells: Cells::default(),
            threads: Threads::default(),
            problems: Vec::new(),
            stream: None,
            is_due: true,
            read_at: Duration::ZERO,
            whole_at: None,
            is_new: true,
            failed: false,
            has_begun: false,
            before: Vec::new(),
        }
    }

    /// Opens the file, under its present path.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn open(&self) -> io::Result<File> {
        let listed = self.listed.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let file = open(&listed.path, listed.kind)?;
        // Another file may have taken the path since.
        if FileId::of(&file.metadata()?) == self.kept.id { Ok(file) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    /// Takes what it holds now as read, where that can be seen.
    pub fn skip(&mut self, file: &File) {
        if let Some(Ok(kept)) = self.listed.as_ref().map(|listed| at_end(file, listed, self.kept.clone())) {
            (self.kept, self.is_new) = (kept, true);
        }
    }

    /// Whether there may be something to do about it.
    fn is_active(&self) -> bool {
        self.is_due || self.is_new || self.stream.is_some() || !self.before.is_empty()
    }

    /// Closes the text where nothing of it waits.
    pub fn close(&mut self) {
        let is_idle = |stream: &Stream| !stream.has_part() && stream.how_far().is_some();
        if !self.is_due && self.stream.as_ref().is_some_and(is_idle) {
            self.stream = None;
        }
    }

    /// The file has other content now, of which nothing was read: the same written anew, or something else.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn begin_anew(&mut self, file: &File) -> io::Result<()> {
        let is_again = self.kept.head.length() > 0 && self.kept.head.is_in(file)?;
        let new = if is_again { self.kept.anew() } else { Kept::new(self.kept.id, self.kept.path.clone(), self.kept.there) };
        self.before.push(std::mem::replace(&mut self.kept, new));
        (self.stream, self.is_due, self.is_new, self.has_begun) = (None, true, true, is_again);
        self.whole_at = None;
        self.cells.clear();
        Ok(())
    }

    /// Whether the file still holds what was read of it.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn is_same(&self, file: &File) -> io::Result<bool> {
        Ok(file.metadata()?.len() >= self.kept.offset() && self.kept.head.is_in(file)? && self.kept.last.is_in(file)?)
    }
}

/// All files.
///
/// **Invariant:** whatever is asked again and again is asked of the active ones only, so that thousands of silent files cost nothing.
pub struct Table<'a> {
    files: BTreeMap<FileId, Followed<'a>>,
    /// Those that may have something to read, are open, or changed since they were written down; others among them by mistake.
    active: BTreeSet<FileId>,
    /// When it was last looked which files are long gone, in seconds since 1970-01-01T00:00:00Z.
    looked_at: i64,
    paths: HashMap<PathBuf, FileId>,
    /// Contents that files had which have others now: copies of them may be met.
    former: Vec<Kept>,
}

impl<'a> Table<'a> {
    /// Files of which earlier runs kept something.
    #[must_use]
    pub fn new(kept: impl IntoIterator<Item = Kept>, mut cells: BTreeMap<FileId, Cells>) -> Self {
        let mut known = |kept: Kept| {
            let cells = cells.remove(&kept.id).unwrap_or_default();
            (kept.id, Followed { is_due: false, is_new: false, has_begun: true, cells, ..Followed::new(kept, None) })
        };
        let (former, present): (Vec<Kept>, Vec<Kept>) = kept.into_iter().partition(|kept| kept.is_former);
        let files = present.into_iter().map(&mut known).collect();
        Self { files, active: BTreeSet::new(), looked_at: i64::MIN, paths: HashMap::new(), former }
    }

    /// All files, in the order of their ids.
    pub fn files(&mut self) -> impl Iterator<Item = &mut Followed<'a>> {
        self.files.values_mut()
    }

    /// One file; whoever asks may change it.
    pub fn file(&mut self, id: FileId) -> Option<&mut Followed<'a>> {
        self.active.insert(id);
        self.files.get_mut(&id)
    }

    /// Calls for each file that may have something to read, is open, or changed since it was written down.
    ///
    /// # Errors
    ///
    /// The first one of `act`.
    pub fn each_active<E>(&mut self, mut act: impl FnMut(&mut Followed<'a>) -> Result<(), E>) -> Result<(), E> {
        let files = &mut self.files;
        self.active.iter().try_for_each(|id| files.get_mut(id).map_or(Ok(()), &mut act))
    }

    fn active(&self) -> impl Iterator<Item = (&FileId, &Followed<'a>)> {
        self.active.iter().filter_map(|id| self.files.get_key_value(id))
    }

    /// Leaves those alone about which there is nothing to do.
    pub fn rest(&mut self) {
        let files = &self.files;
        self.active.retain(|id| files.get(id).is_some_and(Followed::is_active));
    }

    /// How many files there are and were.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Whether files may have something to read.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.active().any(|(_, file)| file.is_due)
    }

    /// Ids of files that may have something to read.
    #[must_use]
    pub fn due(&self) -> Vec<FileId> {
        self.active().filter(|(_, file)| file.is_due).map(|(id, _)| *id).collect()
    }

    /// Whether lines wait for their ends.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.active().any(|(_, file)| file.stream.as_ref().is_some_and(Stream::waits))
    }

    /// Takes in what a sweep saw.
    pub fn sweep(&mut self, listed: Vec<Listed>, new: NewFile, now: Instant) {
        self.paths.clear();
        let there: HashSet<FileId> = listed.iter().map(|file| file.id).collect();
        for file in listed {
            self.paths.insert(file.path.clone(), file.id);
            self.meet(file, new, &there, now);
        }
        for (id, gone) in self.files.iter_mut().filter(|(id, _)| !there.contains(id)) {
            // What was written before it went is read, as long as it is open.
            gone.is_due |= gone.listed.take().is_some() && gone.stream.is_some();
            self.active.extend(gone.is_active().then_some(*id));
        }
    }

    /// Hears that something happened to a path; whether a sweep must tell what.
    pub fn touch(&mut self, path: &Path, now: Instant) -> bool {
        let Some(file) = self.paths.get(path).and_then(|id| self.files.get_mut(id)) else { return true };
        let Some(listed) = file.listed.as_ref().and_then(|listed| Listed::named(path, listed.kind)) else { return true };
        if listed.id != file.kept.id {
            return true;
        }
        file.meet(listed, now);
        self.active.extend(file.is_active().then_some(file.kept.id));
        false
    }

    /// A file that is there.
    fn meet(&mut self, listed: Listed, new: NewFile, there: &HashSet<FileId>, now: Instant) {
        if let Some(file) = self.files.get_mut(&listed.id) {
            file.meet(listed, now);
            self.active.extend(file.is_active().then_some(file.kept.id));
            return;
        }
        let path = listed.path.to_string_lossy().into_owned();
        // Another number for the same content: moved to another disk, restored, or replaced by a copy that goes on.
        let same = self.files.values().find(|one| one.kept.path == path && !there.contains(&one.kept.id)).map(|one| one.kept.id);
        let old = same.and_then(|id| self.files.remove(&id));
        let was_known = old.is_some();
        let mut kept = Kept::new(listed.id, path, now.seconds());
        if let Some(old) = old {
            let follows = open(&listed.path, listed.kind).and_then(|file| old.is_same(&file)).unwrap_or(false);
            if follows && old.kept.head.length() > 0 {
                kept = Kept { id: listed.id, ..old.kept.clone() };
            } else {
                // What was replaced is remembered under its own number.
                self.files.insert(old.kept.id, old);
            }
        }
        let mut file = Followed::new(kept, Some(listed));
        if !was_known
            && new == NewFile::AtEnd
            && let Ok(opened) = file.open()
        {
            file.skip(&opened);
        }
        self.active.insert(file.kept.id);
        self.files.insert(file.kept.id, file);
    }

    /// Whether what is kept of any file has changed since it was written down.
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.active().any(|(_, file)| file.is_new)
    }

    /// What of kept files is to be written down; what is long gone is forgotten.
    pub fn values(&mut self, now: Instant) -> Vec<NewValue> {
        let mut values = if now.seconds() >= self.looked_at.saturating_add(LOOK) { self.forget(now) } else { Vec::new() };
        for id in &self.active {
            let Some(file) = self.files.get_mut(id) else { continue };
            let before = file.before.drain(..).filter(|kept| kept.head.length() == HEAD).map(|kept| Kept { is_former: true, ..kept });
            let known = self.former.len();
            self.former.extend(before);
            values.extend(self.former[known..].iter().map(Kept::to_value));
            if std::mem::take(&mut file.is_new) {
                values.push(file.kept.to_value());
                values.extend(file.cells.values(file.kept.id));
            }
        }
        values
    }

    /// Forgets what is long gone; what is to be removed of it.
    fn forget(&mut self, now: Instant) -> Vec<NewValue> {
        self.looked_at = now.seconds();
        let (mut values, mut cells) = (Vec::new(), Vec::new());
        let mut stays = |kept: &Kept, is_there: bool| {
            let stays = is_there || kept.there >= now.seconds() - REMEMBERED;
            values.extend((!stays).then(|| kept.to_nothing()));
            stays
        };
        self.files.retain(|id, file| {
            let stays = stays(&file.kept, file.listed.is_some() || file.stream.is_some());
            if !stays {
                file.cells.clear();
                cells.extend(file.cells.values(*id));
            }
            stays
        });
        self.former.retain(|kept| stays(kept, false));
        values.extend(cells);
        values
    }

    /// Whether such a text was read under the name that this one was made of, as `app.log.1.gz` is of `app.log`.
    #[must_use]
    pub fn has_read(&self, path: &Path, text: &Outline) -> bool {
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let own = name(path);
        let extends = |other: &Path| other.parent() == path.parent() && own.len() > name(other).len() && own.starts_with(&name(other));
        let is_of = |kept: &Kept| extends(Path::new(&kept.path)) || extends(Path::new(&kept.uri));
        let present = self.files.values().flat_map(|file| file.before.iter().chain([&file.kept]));
        text.head.length() == HEAD && present.chain(&self.former).any(|kept| kept.is(text) && is_of(kept))
    }
}

impl Followed<'_> {
    /// It is there, as it was listed.
    fn meet(&mut self, mut listed: Listed, now: Instant) {
        if self.kept.is_whole() {
            listed.look_beside();
        }
        let path = listed.path.to_string_lossy();
        if self.kept.path != path {
            self.kept.path = path.into_owned();
            self.is_new = true;
            // What is read whole is read anew under its new name, where it changes.
            if self.kept.offset() == 0 || self.kept.is_whole() {
                self.kept.uri.clone_from(&self.kept.path);
                (self.stream, self.has_begun) = (None, false);
            }
        }
        self.kept.there = now.seconds();
        let changed = self.listed.as_ref().is_none_or(|before| (before.stamp, before.log) != (listed.stamp, listed.log));
        // What could not be read is tried again, also where it has not changed.
        self.is_due |= changed || self.failed;
        self.listed = Some(listed);
    }
}

/// What is kept of a file whose present content is taken as read.
fn at_end(file: &File, listed: &Listed, mut kept: Kept) -> io::Result<Kept> {
    if !is_plain(file)? {
        kept.how_far = HowFar::whole(listed);
        return Ok(kept);
    }
    kept.how_far = HowFar::behind(file, &kept.uri)?;
    kept.look(file)?;
    Ok(kept)
}
