//! One file of records and how they get there: in order or mixed, some twice, some lost, with a clock that is off.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use beartrap::rules::generate::Random;

use crate::simulate::clock::Millis;
use crate::simulate::order::{Copies, Delivery, Sequence};

/// What may become of a record on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It arrives.
    Arrives,
    /// It may get lost.
    MayDrop,
}

/// How records stand in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// One on a line.
    Lines,
    /// In documents `{"Records": [...]}`, a new file for every thousand.
    Documents,
}

/// Records that are held back so that they can be mixed.
const HELD: usize = 4096;
/// One of so many records is written twice.
const TWICE: usize = 16;
/// Records in a document.
const PER_DOCUMENT: u64 = 1000;

/// A file, or a series of documents.
pub struct Stream {
    path: PathBuf,
    out: Option<BufWriter<File>>,
    framing: Framing,
    delivery: Delivery,
    random: Random,
    held: Vec<Vec<u8>>,
    written: u64,
    /// How far its clock is off.
    pub shift: Millis,
}

impl Stream {
    /// A stream that writes to `path`; of documents, `path` is the folder.
    pub fn new(path: PathBuf, framing: Framing, delivery: Delivery, mut random: Random) -> Self {
        let span = 2 * delivery.skew + 1;
        let shift = i64::try_from(random.next() >> 1).expect("because a bit is missing") % span - delivery.skew;
        Self { path, out: None, framing, delivery, random, held: Vec::new(), written: 0, shift }
    }

    /// Takes a record over.
    pub fn put(&mut self, record: &[u8], fate: Fate) -> io::Result<()> {
        if fate == Fate::MayDrop && self.delivery.drop > 0.0 && self.draw() < self.delivery.drop {
            return Ok(());
        }
        self.pass(record)?;
        if self.delivery.copies == Copies::SomeTwice && self.random.below(TWICE) == 0 { self.pass(record) } else { Ok(()) }
    }

    /// Writes what is held back, and the end of the file.
    pub fn finish(&mut self) -> io::Result<()> {
        for i in (1..self.held.len()).rev() {
            let other = self.random.below(i + 1);
            self.held.swap(i, other);
        }
        for record in std::mem::take(&mut self.held) {
            self.write(&record)?;
        }
        self.close()
    }

    /// A number from 0 to 1.
    fn draw(&mut self) -> f64 {
        (self.random.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn pass(&mut self, record: &[u8]) -> io::Result<()> {
        if self.delivery.sequence == Sequence::Sorted {
            return self.write(record);
        }
        if self.held.len() < HELD {
            self.held.push(record.to_vec());
            return Ok(());
        }
        let at = self.random.below(HELD);
        let mut old = std::mem::take(&mut self.held[at]);
        self.write(&old)?;
        old.clear();
        old.extend(record);
        self.held[at] = old;
        Ok(())
    }

    fn write(&mut self, record: &[u8]) -> io::Result<()> {
        let (place, framing) = (self.written % PER_DOCUMENT, self.framing);
        if framing == Framing::Documents && place == 0 {
            self.close()?;
        }
        let path = match framing {
            Framing::Lines => self.path.clone(),
            Framing::Documents => self.path.join(format!("{:05}.json", self.written / PER_DOCUMENT)),
        };
        let out = match &mut self.out {
            Some(out) => out,
            none => none.insert(open(&path)?),
        };
        if framing == Framing::Documents {
            out.write_all(if place == 0 { b"{\"Records\":[\n" } else { b",\n" })?;
        }
        out.write_all(record)?;
        if framing == Framing::Lines {
            out.write_all(b"\n")?;
        }
        self.written += 1;
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        let Some(mut out) = self.out.take() else { return Ok(()) };
        if self.framing == Framing::Documents {
            out.write_all(b"\n]}\n")?;
        }
        out.flush()
    }
}

/// A new file, with its folder.
pub fn open(path: &Path) -> io::Result<BufWriter<File>> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    Ok(BufWriter::with_capacity(1 << 16, File::create(path)?))
}
