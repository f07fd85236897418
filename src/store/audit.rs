//! The audit log as a chain: each record's hash covers the one before it, so that nothing in between can change unnoticed.
//!
//! **Invariant:** `hash = SHA-256(previous hash || seq || at || record)`: 32 bytes (zeros before the first record), 8 bytes, 8 bytes, and
//! the record's UTF-8; numbers are big-endian and signed, times are milliseconds since 1970-01-01T00:00:00Z.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::model::audit::AuditRecord;
use crate::model::instant::Instant;
use crate::store::error::StoreError;

/// A record's place in the log: 1, 2, 3 and so on.
pub type NoteSeq = i64;

/// What stands before the first record.
const ORIGIN: [u8; 32] = [0; 32];

/// A record to be appended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// When it was done.
    pub at: Instant,
    /// The record as one line of JSON.
    pub record: String,
}

/// A record as the log has it; what somebody made of it included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Noted {
    /// Its place.
    pub seq: NoteSeq,
    /// When it was done, in milliseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// The record as one line of JSON.
    pub record: String,
    /// The hash over all of it and the one before.
    pub hash: Vec<u8>,
}

/// The part of a store that is only appended to; `Store::commit` appends.
pub trait Audit {
    /// Records from a place on, in order, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn notes(&self, from: NoteSeq, limit: u32) -> Result<Vec<Noted>, StoreError>;

    /// The last record.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn last_note(&self) -> Result<Option<Noted>, StoreError>;
}

/// What is wrong with a log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, thiserror::Error)]
pub enum Flaw {
    /// Records are not there.
    #[error("records {first} to {last} are missing")]
    Missing {
        /// The first of them.
        first: NoteSeq,
        /// The last of them.
        last: NoteSeq,
    },
    /// A record stands where none can.
    #[error("record {seq} stands before the first or comes twice")]
    Misplaced {
        /// Its place.
        seq: NoteSeq,
    },
    /// A record, its time, its place or its hash is not what was appended, or the record before it is not.
    #[error("record {seq} does not follow from the one before it: one of the two was changed, moved or put in")]
    Changed {
        /// Its place.
        seq: NoteSeq,
    },
    /// The log ends before a checkpoint.
    #[error("the log ends at record {last}; a checkpoint was signed at record {seq}")]
    Truncated {
        /// The checkpoint's place.
        seq: NoteSeq,
        /// The last record.
        last: NoteSeq,
    },
    /// The log is whole and another one than was signed.
    #[error("record {seq} is not the one that a checkpoint was signed at: the log was written anew")]
    Rewritten {
        /// The checkpoint's place.
        seq: NoteSeq,
    },
}

/// A log that is read from its beginning; remembers the record it has come to.
#[derive(Clone, Debug)]
pub struct Chain {
    seq: NoteSeq,
    hash: Vec<u8>,
}

impl Default for Chain {
    fn default() -> Self {
        Self { seq: 0, hash: ORIGIN.to_vec() }
    }
}

impl Note {
    /// A record that is to be appended.
    #[must_use]
    pub fn new(at: Instant, record: &AuditRecord) -> Self {
        Self { at, record: serde_json::to_string(record).expect("because records can be written") }
    }
}

impl Noted {
    /// The record that follows another one, or begins the log.
    #[must_use]
    pub fn after(previous: Option<&Self>, note: &Note) -> Self {
        let (seq, at) = (previous.map_or(0, |noted| noted.seq).saturating_add(1), note.at.0.as_millisecond());
        let hash = digest(previous.map_or(&ORIGIN, |noted| &noted.hash), seq, at, &note.record);
        Self { seq, at, record: note.record.clone(), hash: hash.to_vec() }
    }

    /// When it was done; none where somebody wrote a number that is no time.
    #[must_use]
    pub fn time(&self) -> Option<Instant> {
        Timestamp::from_millisecond(self.at).ok().map(Instant)
    }

    /// What it says; none where it cannot be read.
    #[must_use]
    pub fn said(&self) -> Option<AuditRecord> {
        serde_json::from_str(&self.record).ok()
    }
}

impl Chain {
    /// Goes on to the next record; says what is wrong with it.
    pub fn follow(&mut self, noted: &Noted) -> Vec<Flaw> {
        let seq = noted.seq;
        if seq <= self.seq {
            return vec![Flaw::Misplaced { seq }];
        }
        let is_next = seq == self.seq + 1;
        let follows = digest(&self.hash, seq, noted.at, &noted.record).as_slice() == noted.hash;
        let flaw = match (is_next, follows) {
            (true, true) => None,
            (true, false) => Some(Flaw::Changed { seq }),
            (false, _) => Some(Flaw::Missing { first: self.seq + 1, last: seq - 1 }),
        };
        // What follows is held against what stands here, so that one change is told once or twice and not for ever.
        (self.seq, self.hash) = (seq, noted.hash.clone());
        flaw.into_iter().collect()
    }

    /// The place of the last record.
    #[must_use]
    pub fn seq(&self) -> NoteSeq {
        self.seq
    }
}

/// Reads the whole log, `page` records at a time; `tell` hears each record and what is wrong with it.
///
/// # Errors
///
/// [`StoreError`]
pub fn walk(log: &(impl Audit + ?Sized), page: u32, tell: &mut dyn FnMut(&Noted, Vec<Flaw>)) -> Result<Chain, StoreError> {
    let (mut chain, mut from) = (Chain::default(), NoteSeq::MIN);
    loop {
        let notes = log.notes(from, page)?;
        for noted in &notes {
            let flaws = chain.follow(noted);
            tell(noted, flaws);
        }
        match notes.last().and_then(|last| last.seq.checked_add(1)) {
            Some(next) => from = next,
            None => return Ok(chain),
        }
    }
}

fn digest(previous: &[u8], seq: NoteSeq, at: i64, record: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(seq.to_be_bytes());
    hash.update(at.to_be_bytes());
    hash.update(record.as_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use crate::model::audit::{AuditKind, AuditRecord};
    use crate::model::fingerprint::hex;
    use crate::model::instant::Instant;
    use crate::store::audit::{Audit, Flaw, Note, NoteSeq, Noted, walk};
    use crate::store::error::StoreError;

    struct Log(Vec<Noted>);

    impl Audit for Log {
        fn notes(&self, from: NoteSeq, limit: u32) -> Result<Vec<Noted>, StoreError> {
            Ok(self.0.iter().filter(|noted| noted.seq >= from).take(limit as usize).cloned().collect())
        }

        fn last_note(&self) -> Result<Option<Noted>, StoreError> {
            Ok(self.0.last().cloned())
        }
    }

    fn note(number: i64) -> Note {
        let at = Instant::from_number(1_772_445_600 + number).expect("because it is a time");
        Note::new(at, &AuditRecord::new(AuditKind::Decided, "ann@host", format!("decision {number}")))
    }

    fn log() -> Vec<Noted> {
        let mut log: Vec<Noted> = Vec::new();
        for number in 0..5 {
            log.push(Noted::after(log.last(), &note(number)));
        }
        log
    }

    fn forged(log: &[Noted], place: usize, number: i64) -> Noted {
        Noted::after(place.checked_sub(1).map(|before| &log[before]), &note(number))
    }

    #[test]
    fn every_change_is_found() {
        let check = |what: &str, change: &dyn Fn(&mut Vec<Noted>), expected: &[Flaw]| {
            let mut log = Log(log());
            change(&mut log.0);
            let mut flaws = Vec::new();
            walk(&log, 2, &mut |_, some| flaws.extend(some)).expect("because it is in memory");
            assert_eq!(flaws, expected, "{what}");
        };
        let changed = |seq| Flaw::Changed { seq };
        check("nothing", &|_| {}, &[]);
        check("empty", &|log| log.clear(), &[]);
        check("a word", &|log| log[1].record.push(' '), &[changed(2)]);
        check("a time", &|log| log[1].at += 1, &[changed(2)]);
        check("a hash", &|log| log[4].hash[0] ^= 1, &[changed(5)]);
        check("a record and its hash", &|log| log[1] = forged(log, 1, 9), &[changed(3)]);
        check("the first and its hash", &|log| log[0] = forged(log, 0, 9), &[changed(2)]);
        check("removed", &|log| drop(log.remove(2)), &[Flaw::Missing { first: 3, last: 3 }]);
        check("several removed", &|log| drop(log.drain(..3)), &[Flaw::Missing { first: 1, last: 3 }]);
        let moved = |log: &mut Vec<Noted>| {
            log.swap(1, 2);
            (log[1].seq, log[2].seq) = (2, 3);
        };
        check("two exchanged", &moved, &[changed(2), changed(3), changed(4)]);
        let closed = |log: &mut Vec<Noted>| {
            drop(log.remove(2));
            log[2..].iter_mut().for_each(|noted| noted.seq -= 1);
        };
        check("removed and the gap closed", &closed, &[changed(3), changed(4)]);
        check("put in before the first", &|log| log.insert(0, Noted { seq: 0, ..log[0].clone() }), &[Flaw::Misplaced { seq: 0 }]);
        check("appended with a wrong hash", &|log| log.push(Noted { seq: 6, ..log[4].clone() }), &[changed(6)]);
    }

    #[test]
    fn the_bytes_under_a_hash_are_fixed() {
        let at = Instant::from_number(1_772_445_600).expect("because it is a time");
        let first = Noted::after(None, &Note { at, record: "{}".into() });
        assert_eq!((first.seq, first.at), (1, 1_772_445_600_000));
        let mut bytes = vec![0; 32];
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 1]);
        bytes.extend(1_772_445_600_000_i64.to_be_bytes());
        bytes.extend(b"{}");
        assert_eq!(hex(&first.hash), crate::model::fingerprint::Fingerprint::of(&bytes).to_string()["sha256:".len()..]);
    }
}
