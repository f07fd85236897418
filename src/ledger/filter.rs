//! Says "surely not known" for almost everything that is looked up, from a few bytes a token in memory.
//!
//! Merged parts share all indices by their upper bits; a part of a batch covers what one import wrote; what no part covers is kept one by one.
//!
//! **Invariant:** never no for an index that was written.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use xorf::{BinaryFuse16, Filter as _};

use crate::model::known::{Lengths, MayHold};
use crate::store::store::{FilterPart, FilterState, RecordId};

/// Bytes of a part's head: version, seed, three lengths.
const HEAD: usize = 1 + 8 + 3 * 4;
const VERSION: u8 = 1;
/// About how many indices a merged part covers.
const SHARE: u64 = 100_000;
/// The most merged parts.
const MOST_PARTS: u64 = 1024;

/// A filter over 64-bit indices that spread evenly.
#[derive(Clone, Default)]
pub struct Filter {
    merged: Arc<Vec<Option<BinaryFuse16>>>,
    batches: Vec<Arc<BinaryFuse16>>,
    late: HashSet<u64>,
    last: RecordId,
    lengths: Lengths,
}

/// Why a filter cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the filter over the ledger is damaged\nhint: `beartrap ledger verify --repair` makes it anew")]
pub struct DamagedFilter;

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    ///
    /// [`DamagedFilter`]
    pub fn read(state: FilterState) -> Result<Self, DamagedFilter> {
        let mut filter =
            Self { late: state.late.iter().copied().collect(), last: state.last, lengths: Lengths::new(&state.lengths), ..Self::default() };
        let mut merged = Vec::new();
        for part in state.parts {
            let read = if part.bytes.is_empty() { None } else { Some(decode(&part.bytes).ok_or(DamagedFilter)?) };
            match read {
                read if part.merged && part.number as usize == merged.len() => merged.push(read),
                Some(read) if !part.merged => filter.batches.push(Arc::new(read)),
                _ => return Err(DamagedFilter),
            }
        }
        filter.merged = Arc::new(merged);
        if filter.merged.is_empty() || filter.merged.len().is_power_of_two() { Ok(filter) } else { Err(DamagedFilter) }
    }

    /// The last record that is covered.
    #[must_use]
    pub fn last(&self) -> RecordId {
        self.last
    }

    /// This filter and a batch that was written: its part, or its indices, and the lengths of its tokens.
    #[must_use]
    pub fn with(&self, indices: &[u64], part: Option<&[u8]>, lengths: &BTreeSet<u32>, last: RecordId) -> Self {
        let mut with = self.clone();
        for length in lengths {
            with.lengths.add(*length);
        }
        match part.and_then(decode) {
            Some(part) => with.batches.push(Arc::new(part)),
            None => with.late.extend(indices),
        }
        with.last = last;
        with
    }

    /// Whether so much is not merged that merging pays.
    #[must_use]
    pub fn is_scattered(&self) -> bool {
        self.batches.len() > 1 || self.late.len() > 20_000
    }
}

impl MayHold for Filter {
    fn lengths(&self) -> &Lengths {
        &self.lengths
    }

    fn may_hold(&self, index: u64) -> bool {
        let merged = match self.merged.len() {
            0 => false,
            parts => self.merged[share_of(index, parts)].as_ref().is_some_and(|part| part.contains(&index)),
        };
        merged || self.batches.iter().any(|part| part.contains(&index)) || (!self.late.is_empty() && self.late.contains(&index))
    }
}

/// A part over some indices; none where it cannot be made, which happens for very few.
#[must_use]
pub fn part_of(indices: &[u64]) -> Option<Vec<u8>> {
    let mut unique = indices.to_vec();
    unique.sort_unstable();
    unique.dedup();
    BinaryFuse16::try_from(&unique).ok().map(|part| encode(&part))
}

/// How many merged parts a number of indices needs.
#[must_use]
pub fn parts_for(indices: u64) -> u32 {
    u32::try_from((indices / SHARE).next_power_of_two().clamp(1, MOST_PARTS)).expect("because it is small")
}

/// The first and the last index that a merged part covers.
#[must_use]
pub fn range_of(number: u32, parts: u32) -> (u64, u64) {
    let bits = parts.trailing_zeros();
    if bits == 0 {
        return (0, u64::MAX);
    }
    let first = u64::from(number) << (64 - bits);
    (first, first + (u64::MAX >> bits))
}

/// One merged part.
#[must_use]
pub fn merged_part(number: u32, indices: &[u64]) -> Option<FilterPart> {
    let bytes = if indices.is_empty() { Vec::new() } else { part_of(indices)? };
    Some(FilterPart { merged: true, number, bytes })
}

/// Which of a power of two parts an index belongs to: its upper bits say.
#[must_use]
#[inline]
pub fn share_of(index: u64, parts: usize) -> usize {
    let bits = parts.trailing_zeros();
    if bits == 0 { 0 } else { (index >> (64 - bits)) as usize }
}

fn encode(part: &BinaryFuse16) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + part.fingerprints.len() * 2 + 4);
    bytes.push(VERSION);
    bytes.extend(part.descriptor.seed.to_le_bytes());
    for length in [part.descriptor.segment_length, part.descriptor.segment_length_mask, part.descriptor.segment_count_length] {
        bytes.extend(length.to_le_bytes());
    }
    part.fingerprints.iter().for_each(|fingerprint| bytes.extend(fingerprint.to_le_bytes()));
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<BinaryFuse16> {
    let (body, check) = bytes.split_last_chunk()?;
    if crc32fast::hash(body) != u32::from_le_bytes(*check) || body.first() != Some(&VERSION) || body.len() < HEAD {
        return None;
    }
    let number = |at: usize| body[at..].first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    // The library makes filters from indices only: one is made, and everything in it replaced.
    let mut part = BinaryFuse16::try_from(&[0_u64][..]).ok()?;
    let descriptor = &mut part.descriptor;
    descriptor.seed = body[1..].first_chunk().map(|bytes| u64::from_le_bytes(*bytes))?;
    (descriptor.segment_length, descriptor.segment_length_mask, descriptor.segment_count_length) = (number(9)?, number(13)?, number(17)?);
    part.fingerprints = body[HEAD..].as_chunks().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect();
    let descriptor = &part.descriptor;
    let lengths = [descriptor.segment_length, descriptor.segment_length_mask, descriptor.segment_count_length];
    is_sound(lengths, part.fingerprints.len()).then_some(part)
}

/// Whether a fuse filter with these lengths (segment, its mask, all segments) reads only cells that it has.
#[must_use]
pub fn is_sound([segment, mask, all]: [u32; 3], cells: usize) -> bool {
    segment.is_power_of_two() && mask == segment - 1 && u64::from(all) + 2 * u64::from(segment) <= cells as u64
}

#[cfg(test)]
mod tests {
    use crate::ledger::filter::{Filter, merged_part, part_of, parts_for, range_of};
    use crate::model::known::MayHold as _;
    use crate::store::store::{FilterPart, FilterState};

    fn indices(count: u64) -> Vec<u64> {
        (1..=count).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (i << 7)).collect()
    }

    #[test]
    fn everything_written_is_held_and_hardly_anything_else() {
        let all = indices(250_000);
        let parts = parts_for(250_000);
        assert_eq!(parts, 2);
        let mut state = FilterState::default();
        for number in 0..parts {
            let (first, last) = range_of(number, parts);
            let share: Vec<u64> = all.iter().copied().filter(|index| (first..=last).contains(index)).collect();
            state.parts.push(merged_part(number, &share).expect("because it can be made"));
        }
        let batch = indices(300_000).split_off(250_000);
        state.parts.push(FilterPart { merged: false, number: 0, bytes: part_of(&batch).expect("because it can be made") });
        state.late = vec![7, 8];
        let filter = Filter::read(state).expect("because it is whole");
        assert!(all.iter().chain(&batch).chain(&[7, 8]).all(|index| filter.may_hold(*index)));
        let wrong = (1..1_000_000_u64).filter(|i| filter.may_hold(i.wrapping_mul(0xD6E8_FEB8_6659_FD93) | 1)).count();
        assert!(wrong < 200, "{wrong} of a million");
    }

    #[test]
    fn damage_is_noticed_and_nothing_is_an_empty_filter() {
        let mut bytes = part_of(&indices(1000)).expect("because it can be made");
        bytes[100] ^= 1;
        let state = FilterState { parts: vec![FilterPart { merged: true, number: 0, bytes }], ..FilterState::default() };
        assert!(Filter::read(state).is_err());
        assert!(!Filter::default().may_hold(1));
        assert_eq!((range_of(0, 1), range_of(1, 2).1, parts_for(10_000_000)), ((0, u64::MAX), u64::MAX, 128));
    }
}
