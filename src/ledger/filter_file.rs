//! A filter for those who may not have the ledger: says "possibly issued" of a fingerprint, and holds no fingerprint.
//!
//! Format: `beartrap-filter` and a line feed, version (one byte), salt (16 bytes), number of parts (u32), for each part seed (u64), three
//! lengths (u32 each), number of cells (u32) and the cells (u32 each), then SHA-256 of all before. Numbers are little-endian.
//!
//! **Invariant:** what is asked was hashed with the file's salt, so that two exports have nothing in common; of 2^32 fingerprints that were never
//! issued, about one is said to be possible.

use std::io::{self, Read, Write};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use xorf::{BinaryFuse32, Filter as _};

use crate::ledger::filter::{is_sound, share_of};
use crate::model::fingerprint::Fingerprint;
use crate::model::known::{Gram, GramKey, Known, Lengths, MayHold};

const MAGIC: &[u8] = b"beartrap-filter\n";
const VERSION: u8 = 1;
/// The largest file that is read, in bytes: room for 200 million tokens.
const LARGEST: u64 = 1 << 30;

/// Fingerprints that were possibly issued.
pub struct FilterFile {
    salt: [u8; 16],
    parts: Vec<BinaryFuse32>,
}

/// Why a filter file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FilterFileError {
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("this is no filter of a ledger\nhint: `beartrap ledger export --filter FILE` writes one")]
    Foreign,
    /// It is of a newer version.
    #[error("this filter has version {0}, this program knows {VERSION}\nhint: use the newer program, or export the filter again with this one")]
    Newer(u8),
    /// It is damaged.
    #[error("this filter is damaged: its checksum does not fit\nhint: export or fetch it again")]
    Damaged,
    /// It could not be made.
    #[error("no filter could be made of these fingerprints\nhint: try again; another salt will do")]
    NotMade,
}

impl FilterFile {
    /// Makes a filter over the digests of plain fingerprints.
    ///
    /// # Errors
    ///
    /// [`FilterFileError::NotMade`], which practically does not happen.
    pub fn new(salt: [u8; 16], digests: &[[u8; 32]]) -> Result<Self, FilterFileError> {
        let count = (digests.len() / 100_000).next_power_of_two().min(1024);
        let mut shares = vec![Vec::new(); count];
        for digest in digests {
            let index = salted(&salt, digest);
            shares[share_of(index, count)].push(index);
        }
        let mut parts = Vec::with_capacity(count);
        for mut share in shares {
            share.sort_unstable();
            share.dedup();
            parts.push(BinaryFuse32::try_from(&share).map_err(|_| FilterFileError::NotMade)?);
        }
        Ok(Self { salt, parts })
    }

    /// Whether a fingerprint was possibly issued.
    #[must_use]
    pub fn may_hold(&self, digest: &[u8; 32]) -> bool {
        let index = salted(&self.salt, digest);
        let part = &self.parts[share_of(index, self.parts.len())];
        part.len() > 0 && part.contains(&index)
    }

    /// Writes the file.
    ///
    /// # Errors
    ///
    /// Whatever the writer says.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        bytes.extend(self.salt);
        bytes.extend(u32::try_from(self.parts.len()).expect("because parts are few").to_le_bytes());
        for part in &self.parts {
            bytes.extend(part.descriptor.seed.to_le_bytes());
            let cells = u32::try_from(part.fingerprints.len()).expect("because a part is small");
            for number in [part.descriptor.segment_length, part.descriptor.segment_length_mask, part.descriptor.segment_count_length, cells] {
                bytes.extend(number.to_le_bytes());
            }
            part.fingerprints.iter().for_each(|cell| bytes.extend(cell.to_le_bytes()));
        }
        let digest = Sha256::digest(&bytes);
        out.write_all(&bytes)?;
        out.write_all(&digest)
    }

    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`FilterFileError`]
    pub fn read(input: &mut dyn Read) -> Result<Self, FilterFileError> {
        let mut bytes = Vec::new();
        input.take(LARGEST).read_to_end(&mut bytes)?;
        let rest = bytes.strip_prefix(MAGIC).ok_or(FilterFileError::Foreign)?;
        let version = *rest.first().ok_or(FilterFileError::Damaged)?;
        if version != VERSION {
            return Err(FilterFileError::Newer(version));
        }
        let (body, digest) = bytes.split_last_chunk::<32>().ok_or(FilterFileError::Damaged)?;
        if Sha256::digest(body)[..] != digest[..] {
            return Err(FilterFileError::Damaged);
        }
        parse(&body[MAGIC.len() + 1..]).ok_or(FilterFileError::Damaged)
    }
}

fn parse(mut body: &[u8]) -> Option<FilterFile> {
    fn take<const N: usize>(body: &mut &[u8]) -> Option<[u8; N]> {
        let (head, rest) = body.split_first_chunk()?;
        *body = rest;
        Some(*head)
    }
    let salt = take(&mut body)?;
    let count = u32::from_le_bytes(take(&mut body)?);
    let mut parts = Vec::new();
    for _ in 0..count {
        let seed = u64::from_le_bytes(take(&mut body)?);
        let mut number = || take(&mut body).map(u32::from_le_bytes);
        let (segment_length, segment_length_mask, segment_count_length, cells) = (number()?, number()?, number()?, number()? as usize);
        let (fingerprints, rest) = body.split_at_checked(cells.checked_mul(4)?)?;
        body = rest;
        if !is_sound([segment_length, segment_length_mask, segment_count_length], cells) {
            return None;
        }
        // The library makes filters from indices only: one is made, and everything in it replaced.
        let mut part = BinaryFuse32::try_from(&[0_u64][..]).ok()?;
        let descriptor = &mut part.descriptor;
        descriptor.seed = seed;
        (descriptor.segment_length, descriptor.segment_length_mask, descriptor.segment_count_length) =
            (segment_length, segment_length_mask, segment_count_length);
        part.fingerprints = fingerprints.as_chunks().0.iter().map(|cell| u32::from_le_bytes(*cell)).collect();
        parts.push(part);
    }
    (parts.len().is_power_of_two() && body.is_empty()).then_some(FilterFile { salt, parts })
}

/// The index under which the file knows a digest.
fn salted(salt: &[u8; 16], digest: &[u8; 32]) -> u64 {
    let hash = Sha256::new_with_prefix(salt).chain_update(digest).finalize();
    u64::from_le_bytes(*hash.first_chunk().expect("because a digest has 32 bytes"))
}

/// Says yes to everything: the file is asked with whole fingerprints only.
struct Everything(Lengths);

impl MayHold for Everything {
    fn lengths(&self) -> &Lengths {
        &self.0
    }

    fn may_hold(&self, _: u64) -> bool {
        true
    }
}

impl Known for FilterFile {
    fn view(&self) -> Arc<dyn MayHold> {
        Arc::new(Everything(Lengths::new(&[0])))
    }

    fn holds(&self, fingerprint: &Fingerprint) -> bool {
        self.may_hold(fingerprint.digest())
    }

    fn gram_key(&self) -> Option<GramKey> {
        None
    }

    fn grams(&self, _: u64) -> Vec<Gram> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::filter_file::{FilterFile, FilterFileError};
    use crate::model::fingerprint::Fingerprint;

    fn digests(from: u32, to: u32) -> Vec<[u8; 32]> {
        (from..to).map(|i| *Fingerprint::of(&i.to_le_bytes()).digest()).collect()
    }

    #[test]
    fn what_was_issued_is_possible_and_nothing_else() {
        for count in [0, 1, 2, 1000, 250_000] {
            let issued = digests(0, count);
            let mut file = Vec::new();
            FilterFile::new([7; 16], &issued).expect("because it can be made").write(&mut file).expect("because memory can be written");
            let read = FilterFile::read(&mut &file[..]).expect("because it is whole");
            assert!(issued.iter().all(|digest| read.may_hold(digest)), "{count}");
            assert_eq!(digests(1_000_000, 1_300_000).iter().filter(|digest| read.may_hold(digest)).count(), 0, "{count}");
            assert!(issued.iter().take(100).all(|digest| memchr::memmem::find(&file, &digest[..8]).is_none()), "no fingerprint in clear");
        }
    }

    #[test]
    fn damage_is_named() {
        let mut file = Vec::new();
        FilterFile::new([7; 16], &digests(0, 100)).expect("because it can be made").write(&mut file).expect("because memory can be written");
        assert!(matches!(FilterFile::read(&mut &b"what"[..]), Err(FilterFileError::Foreign)));
        assert!(matches!(FilterFile::read(&mut &file[..file.len() - 1]), Err(FilterFileError::Damaged)));
        let mut newer = file.clone();
        newer[16] = 9;
        assert!(matches!(FilterFile::read(&mut &newer[..]), Err(FilterFileError::Newer(9))));
        file[80] ^= 1;
        assert!(matches!(FilterFile::read(&mut &file[..]), Err(FilterFileError::Damaged)));
    }
}
