//! The cases: which corpus each needs, and how large in proportion to the log.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::corpus::order::{Order, Sink};
use crate::corpus::plant::Planter;
use crate::corpus::{log, plain, source};

/// One case of the comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Case {
    Log,
    Threads,
    Memory,
    Start,
    Source,
    LongLine,
    Base64,
    Hex,
    Dense,
    Others,
}

/// All cases by name. Those that need the log stand together; those that read large reports stand last, for their memory would count as the children's.
pub const CASES: [(&str, Case); 10] = [
    ("memory", Case::Memory),
    ("log", Case::Log),
    ("threads", Case::Threads),
    ("start", Case::Start),
    ("source", Case::Source),
    ("longline", Case::LongLine),
    ("base64", Case::Base64),
    ("hex", Case::Hex),
    ("others", Case::Others),
    ("dense", Case::Dense),
];

/// A corpus on disk.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// Its file or directory.
    pub path: PathBuf,
    /// What was planted in it.
    pub labels: PathBuf,
    /// Its size in bytes, about.
    pub bytes: u64,
}

/// What a corpus is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Material {
    Log,
    Source,
    LongLine,
    Base64,
    Hex,
    Dense,
    Tokens,
}

/// Makes a corpus in a directory, unless it is there.
///
/// # Errors
///
/// When it cannot be written.
pub fn make(material: Material, order: Order, directory: &Path) -> io::Result<Corpus> {
    let path = directory.join(format!("{material:?}-{}-{}", order.size, order.rate).to_lowercase());
    let corpus = Corpus { labels: directory.join(format!("{}.labels", path.file_name().unwrap_or_default().display())), path, bytes: order.size };
    if corpus.labels.exists() {
        return Ok(corpus);
    }
    let mut labels = BufWriter::new(File::create(&corpus.labels)?);
    let mut planter = Planter::new(&mut labels);
    if material == Material::Source {
        source::source(order, &corpus.path, None, &mut planter)?;
    } else {
        let mut file = File::create(&corpus.path)?;
        let mut sink = Sink::new(&mut file, None);
        match material {
            Material::Log => log::log(order, &mut sink, &mut planter)?,
            Material::LongLine => log::long_line(order, &mut sink, &mut planter)?,
            Material::Base64 => plain::base64(order, plain::Lines::Mime, &mut sink, &mut planter)?,
            Material::Hex => plain::hex(order, &mut sink)?,
            Material::Dense => plain::dense(order, &mut sink, &mut planter)?,
            Material::Tokens | Material::Source => plain::tokens(order, &mut sink, &mut planter)?,
        }
    }
    labels.flush()?;
    Ok(corpus)
}
