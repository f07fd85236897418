//! What is kept of a followed file from one start to the next: which file it is, and how far it was read.
//!
//! **Invariant:** no byte of the file is among it, only hashes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::model::finding::Finding;
use crate::model::fingerprint::Fingerprint;
use crate::model::instant::Instant;
use crate::observe::braces::breaks;
use crate::observe::reader::ReaderState;
use crate::sources::cutter::CutState;
use crate::sources::follow::file_id::FileId;
use crate::sources::follow::sweep::{Listed, Stamp};
use crate::sources::follow::window::{HEAD, Outline, Window};
use crate::store::step::NewValue;

/// What names of kept files begin with.
pub const PREFIX: &str = "follow/";
/// The form of what is kept; another one is read anew.
const VERSION: u8 = 2;
/// How many findings of a file are remembered: by them, nothing is told again of one that was written anew.
const MOST_TOLD: usize = 256;

/// A followed file.
#[derive(Clone, PartialEq, Debug, BorshSerialize, BorshDeserialize)]
pub struct Kept {
    /// Which file it is.
    pub id: FileId,
    /// Its path, as it was last seen.
    pub path: String,
    /// The name under which it is told of: the path at which it was met.
    pub uri: String,
    /// Its first bytes.
    pub head: Window,
    /// The last bytes that were read.
    pub last: Window,
    /// How far it was read.
    pub how_far: HowFar,
    /// When it was last read, in seconds since 1970-01-01T00:00:00Z.
    pub read_at: Option<i64>,
    /// How many findings were told of it.
    pub found: u64,
    /// Findings that were told, as hashes.
    pub told: Vec<u64>,
    /// Whether it was written anew, so that what was told may come again.
    pub again: bool,
    /// Whether the file has other content now.
    pub is_former: bool,
    /// When it was last there, in seconds since 1970-01-01T00:00:00Z.
    pub there: i64,
}

/// How far a file was read.
#[derive(Clone, PartialEq, Debug, BorshSerialize, BorshDeserialize)]
pub enum HowFar {
    /// A text that grows.
    Text {
        /// How far it was scanned.
        cut: CutState,
        /// The line on which what comes next stands, from 1.
        line: u64,
        /// How far its records were read, and what is known of it.
        reader: Option<Box<ReaderState>>,
    },
    /// Something that is read whole whenever it has changed: a container, a database, UTF-16.
    Whole {
        /// How much there was of it when it was read.
        file: Stamp,
        /// How much there was of the log beside it.
        log: Option<Stamp>,
    },
}

impl HowFar {
    /// All of a file that is read whole, as it was listed.
    #[must_use]
    pub fn whole(listed: &Listed) -> Self {
        Self::Whole { file: listed.stamp, log: listed.log }
    }

    /// Whether it was written to so short a time ago that what was written a moment later may look no other.
    #[must_use]
    pub fn is_young(&self, now: Instant) -> bool {
        let Self::Whole { file, log } = self else { return false };
        [Some(*file), *log].into_iter().flatten().any(|stamp| now.seconds().abs_diff(stamp.second()) <= 1)
    }

    /// The same where it is to be looked at once more.
    #[must_use]
    pub fn unsure(mut self) -> Self {
        if let Self::Whole { file, .. } = &mut self {
            file.modified = 0;
        }
        self
    }

    /// Behind the last whole line of what a text holds now.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn behind(mut file: &File, uri: &str) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        let (mut at, mut offset, mut line, mut block) = (0, 0, 1, vec![0; 1 << 16]);
        loop {
            let read = match file.read(&mut block)? {
                0 => break,
                read => read,
            };
            line += breaks(&block[..read]);
            if let Some(last) = memchr::memrchr(b'\n', &block[..read]) {
                offset = at + last as u64 + 1;
            }
            at += read as u64;
        }
        let cut = CutState { base: offset, next: offset, phase: 0 };
        Ok(Self::Text { cut, line, reader: Some(Box::new(ReaderState::from_line(uri.to_owned(), offset, line))) })
    }
}

impl Kept {
    /// A file of which nothing was read.
    #[must_use]
    pub fn new(id: FileId, path: String, there: i64) -> Self {
        let how_far = HowFar::Text { cut: CutState::default(), line: 1, reader: None };
        Self {
            id,
            uri: path.clone(),
            path,
            head: Window::default(),
            last: Window::default(),
            how_far,
            read_at: None,
            found: 0,
            told: Vec::new(),
            again: false,
            is_former: false,
            there,
        }
    }

    /// Takes down what the file that was read looks like.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn look(&mut self, file: &File) -> io::Result<()> {
        let offset = self.offset();
        if self.head.length() < HEAD.min(offset) {
            self.head = Window::head(file, offset)?;
        }
        self.last = Window::last(file, offset)?;
        Ok(())
    }

    /// How many bytes were read.
    #[must_use]
    pub fn offset(&self) -> u64 {
        match &self.how_far {
            HowFar::Text { cut, .. } => cut.next,
            HowFar::Whole { file, .. } => file.size,
        }
    }

    /// Whether a token was told of, among the last ones.
    #[must_use]
    pub fn has_told(&self, finding: &Finding) -> bool {
        self.told.contains(&hash_of(finding))
    }

    /// Whether a finding is to be told, and remembers it.
    pub fn tells(&mut self, finding: &Finding) -> bool {
        let is_new = !self.has_told(finding);
        if is_new {
            if self.told.len() >= MOST_TOLD {
                self.told.remove(0);
            }
            self.told.push(hash_of(finding));
        }
        let tells = is_new || !self.again;
        self.found += u64::from(tells);
        tells
    }

    /// Whether it is read whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self.how_far, HowFar::Whole { .. })
    }

    /// Whether a text of this outline is what was read.
    #[must_use]
    pub fn is(&self, text: &Outline) -> bool {
        !self.is_whole() && self.head == text.head && self.last == text.last && self.offset() == text.length
    }

    /// The same file with other content, of which nothing was read.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self { told: self.told.clone(), found: self.found, again: true, uri: self.uri.clone(), ..Self::new(self.id, self.path.clone(), self.there) }
    }

    /// The path, as the system takes it.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        PathBuf::from(&self.path)
    }

    /// As it is kept.
    #[must_use]
    pub fn to_value(&self) -> NewValue {
        let bytes = borsh::to_vec(&(VERSION, self)).expect("because it is written to memory");
        NewValue { name: self.name(), bytes: Some(bytes) }
    }

    /// As it is removed.
    #[must_use]
    pub fn to_nothing(&self) -> NewValue {
        NewValue { name: self.name(), bytes: None }
    }

    /// Reads what was kept; none where another version wrote it.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[VERSION])?;
        borsh::from_slice(rest).ok()
    }

    fn name(&self) -> String {
        let content = if self.is_former { format!("was/{:x}.", self.head.hash()) } else { String::new() };
        format!("{PREFIX}{content}{:x}.{:x}", self.id.device, self.id.inode)
    }
}

/// What a finding of a file is known by, wherever in it it lies.
#[must_use]
pub fn hash_of(finding: &Finding) -> u64 {
    Fingerprint::index_of(format!("{} {}", finding.rule.id, finding.token()).as_bytes())
}
