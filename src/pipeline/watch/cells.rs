//! Cells of one database that were read, by numbers that stand for their columns and what they hold, so that no cell is read again as it was.
//!
//! **Invariant:** at most [`MOST`] numbers of eight bytes; what was read again changes no part of what is kept.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use borsh::BorshDeserialize as _;

use crate::model::origin::Origin;
use crate::model::problem::{Problem, ProblemKind};
use crate::sources::follow::file_id::FileId;
use crate::sources::unpack::Remember;
use crate::store::step::NewValue;

/// What names of kept cells begin with.
pub const PREFIX: &str = "cells/";
/// How many cells of a database are remembered.
pub const MOST: usize = 1 << 20;
/// How many parts they are kept in, so that a new cell writes few of them anew.
const PARTS: u64 = 64;

/// Cells that were read.
#[derive(Default, Debug)]
pub struct Cells {
    /// Sorted numbers, by their part.
    parts: BTreeMap<u64, Vec<u64>>,
    /// Parts that have changed since they were written down.
    changed: BTreeSet<u64>,
}

/// Too many cells to be remembered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooMany;

impl TooMany {
    /// What it means for a database.
    #[must_use]
    pub fn problem(self, database: &Origin) -> Problem {
        let message = format!(
            "more than {MOST} values are too many to be remembered: the database is read whole whenever it changes\nhint: remove from it what is no longer needed"
        );
        Problem { origin: database.clone(), kind: ProblemKind::Limit, message }
    }
}

impl Cells {
    /// How many cells were read that are alike.
    #[must_use]
    pub fn count(&self, cell: u64) -> usize {
        let part = self.parts.get(&(cell % PARTS)).map_or(&[][..], Vec::as_slice);
        part.partition_point(|one| *one <= cell) - part.partition_point(|one| *one < cell)
    }

    /// Whether none was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// These cells are there now, and no others.
    ///
    /// # Errors
    ///
    /// [`TooMany`]; then none is remembered.
    pub fn replace(&mut self, cells: impl IntoIterator<Item = u64>) -> Result<(), TooMany> {
        let mut parts: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        cells.into_iter().for_each(|cell| parts.entry(cell % PARTS).or_default().push(cell));
        for part in parts.values_mut() {
            part.sort_unstable();
        }
        let is_kept = parts.values().map(Vec::len).sum::<usize>() <= MOST;
        if !is_kept {
            parts.clear();
        }
        self.changed.extend((0..PARTS).filter(|part| parts.get(part) != self.parts.get(part)));
        self.parts = parts;
        if is_kept { Ok(()) } else { Err(TooMany) }
    }

    /// These cells are there too.
    ///
    /// # Errors
    ///
    /// [`TooMany`]; then none is remembered.
    pub fn add(&mut self, cells: impl IntoIterator<Item = u64>) -> Result<(), TooMany> {
        let before: Vec<u64> = self.parts.values().flatten().copied().collect();
        self.replace(before.into_iter().chain(cells))
    }

    /// None was read.
    pub fn clear(&mut self) {
        self.changed.extend(std::mem::take(&mut self.parts).into_keys());
    }

    /// What has changed since it was written down, for the database with this number.
    pub fn values(&mut self, id: FileId) -> impl Iterator<Item = NewValue> {
        std::mem::take(&mut self.changed).into_iter().map(move |part| {
            let bytes = self.parts.get(&part).map(|cells| borsh::to_vec(cells).expect("because it is written to memory"));
            NewValue { name: name(id, part), bytes }
        })
    }

    /// What is kept of all databases, by the values of that prefix; what another version wrote is read anew.
    #[must_use]
    pub fn all(values: Vec<(String, Vec<u8>)>) -> BTreeMap<FileId, Self> {
        let mut all: BTreeMap<FileId, Self> = BTreeMap::new();
        for (name, bytes) in values {
            if let Some((id, part)) = parse(&name)
                && let Ok(cells) = Vec::try_from_slice(&bytes)
            {
                all.entry(id).or_default().parts.insert(part, cells);
            }
        }
        all
    }
}

fn name(id: FileId, part: u64) -> String {
    format!("{PREFIX}{:x}.{:x}/{part:02x}", id.device, id.inode)
}

fn parse(name: &str) -> Option<(FileId, u64)> {
    let number = |text| u64::from_str_radix(text, 16).ok();
    let (id, part) = name.strip_prefix(PREFIX)?.split_once('/')?;
    let (device, inode) = id.split_once('.')?;
    Some((FileId { device: number(device)?, inode: number(inode)? }, number(part)?))
}

/// One reading of a database: what it held before, and what it holds now.
pub struct Reading<'a> {
    before: &'a Cells,
    /// Cells that are there, and how many of each.
    now: RefCell<HashMap<u64, usize>>,
}

impl<'a> Reading<'a> {
    /// Cells are not met yet.
    #[must_use]
    pub fn new(before: &'a Cells) -> Self {
        Self { before, now: RefCell::default() }
    }

    /// All cells that were met.
    pub fn into_cells(self) -> impl Iterator<Item = u64> {
        self.now.into_inner().into_iter().flat_map(|(cell, count)| std::iter::repeat_n(cell, count))
    }
}

impl Remember for Reading<'_> {
    fn has_read(&self, cell: u64) -> bool {
        let mut now = self.now.borrow_mut();
        // One more shows that they are too many.
        if now.len() > MOST {
            return false;
        }
        let count = now.entry(cell).or_default();
        *count += 1;
        *count <= self.before.count(cell)
    }
}

#[cfg(test)]
mod tests {
    use crate::pipeline::watch::cells::{Cells, MOST, Reading, TooMany};
    use crate::sources::follow::file_id::FileId;
    use crate::sources::unpack::Remember as _;

    const ID: FileId = FileId { device: 0x1f, inode: 77 };

    #[test]
    fn what_is_kept_comes_back_and_little_is_written_anew() {
        let mut cells = Cells::default();
        assert_eq!(cells.replace((0..1000).map(|cell| cell * cell)), Ok(()));
        let values: Vec<_> = cells.values(ID).collect();
        let stored = values.iter().filter_map(|value| Some((value.name.clone(), value.bytes.clone()?))).collect();
        let mut again = Cells::all(stored).remove(&ID).expect("because it was kept");
        assert!((0..1000).all(|cell| again.count(cell * cell) == 1) && again.count(3) == 0);
        assert_eq!(again.replace((0..1000).map(|cell| cell * cell)), Ok(()));
        assert_eq!(again.add([3]), Ok(()));
        assert_eq!(again.values(ID).map(|value| value.name).collect::<Vec<_>>(), ["cells/1f.4d/03"]);
        assert!(again.count(3) == 1 && again.values(ID).next().is_none());
        again.clear();
        assert!(again.is_empty() && again.values(ID).all(|value| value.bytes.is_none()));
    }

    #[test]
    fn cells_that_are_alike_are_counted() {
        let mut cells = Cells::default();
        assert_eq!(cells.replace([5, 5, 69]), Ok(()));
        let reading = Reading::new(&cells);
        assert_eq!([5, 69, 5, 5, 69].map(|cell| reading.has_read(cell)), [true, true, true, false, false]);
        let mut met: Vec<u64> = reading.into_cells().collect();
        met.sort_unstable();
        assert_eq!(met, [5, 5, 5, 69, 69]);
    }

    #[test]
    fn too_many_are_not_remembered() {
        let mut cells = Cells::default();
        assert_eq!(cells.replace([1]), Ok(()));
        let reading = Reading::new(&cells);
        assert!(reading.has_read(1) && (0..MOST as u64 + 9).all(|cell| !reading.has_read(cell + 2)));
        let met: Vec<u64> = reading.into_cells().collect();
        assert_eq!((met.len(), cells.replace(met)), (MOST + 1, Err(TooMany)));
        assert!(cells.is_empty());
    }
}
