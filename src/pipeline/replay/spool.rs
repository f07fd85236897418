//! What a run gathers, packed: in memory up to a bound, what is more in a file without a name.
//!
//! **Invariant:** things of one token come out together, whatever the order in which they went in; no raw token is among them.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, Write as _};

use crate::pipeline::replay::packed::{HEAD, Head, Packed};

/// How many bytes are kept in memory.
const IN_MEMORY: usize = 64 << 20;
/// The most parts: each is an open file.
const MOST_PARTS: u64 = 512;

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
        self.memory.extend_from_slice(packed.bytes());
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
            let head = Head::read(&thing);
            thing.resize(HEAD + head.length, 0);
            reader.read_exact(&mut thing[HEAD..])?;
            parts[(root(head.home) % count) as usize].write_all(&thing)?;
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
            let head = Head::read(&bytes[at..]);
            order.push((root(head.home), at));
            at += HEAD + head.length;
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
    #[must_use]
    pub fn things<'b>(&'b self, places: &'b [(u64, usize)]) -> impl ExactSizeIterator<Item = (Head, &'b [u8])> {
        places.iter().map(|(_, at)| {
            let head = Head::read(&self.bytes[*at..]);
            (head, &self.bytes[head.thing(*at)])
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::pipeline::replay::packed::Packed;
    use crate::pipeline::replay::spool::Spool;

    /// Things of three tokens, one of which has two names, so many rounds of them.
    fn gathered(rounds: u64) -> Vec<(u64, Vec<usize>)> {
        let mut spool = Spool::default();
        for _ in 0..rounds {
            let mut packed = Packed::default();
            packed.push_exposure(3, &"x".repeat(1000));
            packed.push_exposure(8, "y");
            packed.push_exposure(13, &"z".repeat(300));
            spool.take(&packed).expect("because there is room");
        }
        let root = |home: u64| if home == 13 { 3 } else { home };
        let mut all = Vec::new();
        for mut part in spool.divide(&root).expect("because there is room") {
            let loaded = part.load(&root).expect("because it was written");
            for (token, places) in loaded.tokens() {
                assert_eq!(places, loaded.of(token));
                let mut things: Vec<_> = loaded.things(places).map(|(_, bytes)| bytes.len()).collect();
                things.sort_unstable();
                things.dedup();
                all.push((token, things));
            }
        }
        all.sort_by_key(|(token, _)| *token);
        all
    }

    #[test]
    fn things_of_one_token_come_out_together() {
        let expected = [(3, vec![300, 1000]), (8, vec![1])];
        for rounds in [1, 10, 100_000] {
            assert_eq!(gathered(rounds), expected, "{rounds}");
        }
        assert!(gathered(0).is_empty());
    }
}
