//! What a run gathers, packed: in memory up to a bound, what is more in a file without a name.
//!
//! **Invariant:** things of one token come out together, whatever the order in which they went in; no raw token is among them.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, Write as _};

use borsh::BorshSerialize;

/// How many bytes are kept in memory.
const IN_MEMORY: usize = 64 << 20;
/// The most parts: each is an open file.
const MOST_PARTS: u64 = 512;
/// Bytes before each thing: its home, its kind and its length.
const HEAD: usize = 13;

/// What a packed thing is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// What it says of habits, `Option<Mark>`, and a `TokenUse`.
    Use = 0,
    /// An `Exposure`, as JSON.
    Exposure = 1,
}

/// Packed things, one after the other.
#[derive(Default, Debug)]
pub struct Packed(Vec<u8>);

impl Packed {
    /// Adds a thing of the token whose name has this index.
    pub fn push(&mut self, home: u64, kind: Kind, thing: &impl BorshSerialize) {
        let start = self.0.len();
        self.0.extend_from_slice(&home.to_le_bytes());
        self.0.extend_from_slice(&[kind as u8, 0, 0, 0, 0]);
        thing.serialize(&mut self.0).expect("because it is written to memory");
        let length = u32::try_from(self.0.len() - start - HEAD).expect("because records are shorter than 4 GB");
        self.0[start + 9..start + HEAD].copy_from_slice(&length.to_le_bytes());
    }

    /// Size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.len()
    }
}

/// The head of a packed thing: its home, its kind, and how long it is behind the head.
fn head(bytes: &[u8]) -> (u64, Kind, usize) {
    let home = u64::from_le_bytes(*bytes.first_chunk().expect("because a head has 13 bytes"));
    let length = u32::from_le_bytes(*bytes[9..].first_chunk().expect("because a head has 13 bytes"));
    (home, if bytes[8] == Kind::Use as u8 { Kind::Use } else { Kind::Exposure }, length as usize)
}

/// Everything that was gathered.
#[derive(Default)]
pub struct Spool {
    memory: Vec<u8>,
    file: Option<File>,
    /// Bytes in the file.
    written: u64,
}

impl Spool {
    /// Takes packed things over.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn take(&mut self, packed: &Packed) -> io::Result<()> {
        self.memory.extend_from_slice(&packed.0);
        if self.memory.len() > IN_MEMORY { self.spill() } else { Ok(()) }
    }

    /// Whether nothing was taken over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.memory.is_empty() && self.written == 0
    }

    fn spill(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(tempfile::tempfile()?);
        }
        let file = self.file.as_mut().expect("because it was just made");
        file.write_all(&self.memory)?;
        self.written += self.memory.len() as u64;
        self.memory.clear();
        Ok(())
    }

    /// Divides everything into parts of whole tokens that fit in memory; `root` gives the name that stands for a token.
    ///
    /// # Errors
    ///
    /// The files cannot be written or read.
    pub fn divide(mut self, root: &dyn Fn(u64) -> u64) -> io::Result<Vec<Part>> {
        if self.file.is_none() {
            return Ok(vec![Part::Memory(self.memory)]);
        }
        self.spill()?;
        let mut file = self.file.take().expect("because it is there");
        file.rewind()?;
        self.memory = Vec::new();
        let count = (self.written / (IN_MEMORY as u64 / 2)).clamp(2, MOST_PARTS);
        let mut parts = (0..count).map(|_| Ok(BufWriter::with_capacity(1 << 16, tempfile::tempfile()?))).collect::<io::Result<Vec<_>>>()?;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let (mut thing, mut left) = (Vec::new(), self.written);
        while left > 0 {
            thing.resize(HEAD, 0);
            reader.read_exact(&mut thing)?;
            let (home, _, length) = head(&thing);
            thing.resize(HEAD + length, 0);
            reader.read_exact(&mut thing[HEAD..])?;
            parts[(root(home) % count) as usize].write_all(&thing)?;
            left -= thing.len() as u64;
        }
        parts.into_iter().map(|part| part.into_inner().map(Part::File).map_err(io::IntoInnerError::into_error)).collect()
    }
}

/// All things of some tokens, packed.
pub enum Part {
    /// Here.
    Memory(Vec<u8>),
    /// In a file without a name.
    File(File),
}

impl Part {
    /// Brings the part into memory, and its things in the order of their tokens.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn load(&mut self, root: &dyn Fn(u64) -> u64) -> io::Result<Loaded<'_>> {
        let bytes = match self {
            Self::Memory(bytes) => Cow::Borrowed(&bytes[..]),
            Self::File(file) => {
                let mut bytes = Vec::new();
                file.rewind()?;
                file.read_to_end(&mut bytes)?;
                Cow::Owned(bytes)
            }
        };
        let (mut order, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            let (home, _, length) = head(&bytes[at..]);
            order.push((root(home), at));
            at += HEAD + length;
        }
        order.sort_unstable();
        Ok(Loaded { bytes, order })
    }
}

/// A part in memory.
pub struct Loaded<'a> {
    bytes: Cow<'a, [u8]>,
    /// The name that stands for the token, and where the thing begins.
    order: Vec<(u64, usize)>,
}

impl Loaded<'_> {
    /// The things of each token under the name that stands for it.
    pub fn tokens(&self) -> impl Iterator<Item = (u64, &[(u64, usize)])> {
        self.order.chunk_by(|a, b| a.0 == b.0).map(|things| (things[0].0, things))
    }

    /// The things of one token.
    #[must_use]
    pub fn of(&self, root: u64) -> &[(u64, usize)] {
        let first = self.order.partition_point(|(one, _)| *one < root);
        let count = self.order[first..].partition_point(|(one, _)| *one == root);
        &self.order[first..first + count]
    }

    /// What stands at these places.
    pub fn things<'b>(&'b self, places: &'b [(u64, usize)]) -> impl Iterator<Item = (Kind, &'b [u8])> {
        places.iter().map(|(_, at)| {
            let (_, kind, length) = head(&self.bytes[*at..]);
            (kind, &self.bytes[at + HEAD..at + HEAD + length])
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::pipeline::replay::spool::{Kind, Packed, Spool};

    /// Things of three tokens, one of which has two names, so many rounds of them.
    fn gathered(rounds: u64) -> Vec<(u64, Vec<(Kind, usize)>)> {
        let mut spool = Spool::default();
        for _ in 0..rounds {
            let mut packed = Packed::default();
            packed.push(3, Kind::Use, &"x".repeat(1000));
            packed.push(8, Kind::Exposure, &"y");
            packed.push(13, Kind::Use, &"z".repeat(300));
            spool.take(&packed).expect("because there is room");
        }
        let root = |home: u64| if home == 13 { 3 } else { home };
        let mut all = Vec::new();
        for mut part in spool.divide(&root).expect("because there is room") {
            let loaded = part.load(&root).expect("because it was written");
            for (token, places) in loaded.tokens() {
                assert_eq!(places, loaded.of(token));
                let mut things: Vec<_> = loaded.things(places).map(|(kind, bytes)| (kind, bytes.len())).collect();
                things.sort_unstable_by_key(|(_, length)| *length);
                things.dedup();
                all.push((token, things));
            }
        }
        all.sort_by_key(|(token, _)| *token);
        all
    }

    #[test]
    fn things_of_one_token_come_out_together() {
        let expected = [(3, vec![(Kind::Use, 304), (Kind::Use, 1004)]), (8, vec![(Kind::Exposure, 5)])];
        for rounds in [1, 10, 100_000] {
            assert_eq!(gathered(rounds), expected, "{rounds}");
        }
        assert!(gathered(0).is_empty());
    }
}
