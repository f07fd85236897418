//! The end of the audit log, signed: a line to be kept elsewhere, by which a log that was cut off or written anew is found out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::delivery::jose::KeySet;
use crate::delivery::key::{Form, SigningKey};
use crate::model::fingerprint::hex;
use crate::model::instant::Instant;
use crate::store::audit::{Flaw, NoteSeq, Noted};

/// Version of the line.
const VERSION: u32 = 1;

/// A signed end of a log; one JSON object on a line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SignedEnd {
    /// Version of the line.
    pub v: u32,
    /// The last record's place.
    pub seq: NoteSeq,
    /// The last record's hash, in hexadecimal.
    pub hash: String,
    /// When it was signed.
    pub at: Instant,
    /// Which key signed it, `whpk_...`; for people: whoever verifies has the key from elsewhere.
    pub key: String,
    /// The signature in base64.
    pub signature: String,
}

impl SignedEnd {
    /// Signs a log's last record.
    #[must_use]
    pub fn sign(noted: &Noted, at: Instant, key: &SigningKey) -> Self {
        let mut end = Self { v: VERSION, seq: noted.seq, hash: hex(&noted.hash), at, key: key.verifying().to_string(), signature: String::new() };
        end.signature = STANDARD.encode(key.sign(end.text().as_bytes(), Form::Fixed));
        end
    }

    /// Whether one of these keys signed it.
    #[must_use]
    pub fn is_signed_by(&self, keys: &KeySet) -> bool {
        let signature = STANDARD.decode(&self.signature).unwrap_or_default();
        self.v == VERSION && keys.named(None).any(|key| key.verifies(self.text().as_bytes(), &signature, Form::Fixed))
    }

    /// What is signed.
    fn text(&self) -> String {
        format!("beartrap audit checkpoint {}\n{}\n{}\n{}\n", self.v, self.seq, self.hash, self.at)
    }

    /// What is wrong with the log by it; `found` is the log's record at its place, and `last` the place of its last one.
    #[must_use]
    pub fn flaw(&self, found: Option<&Noted>, last: NoteSeq) -> Option<Flaw> {
        match found {
            Some(noted) if hex(&noted.hash) == self.hash => None,
            None if last < self.seq => Some(Flaw::Truncated { seq: self.seq, last }),
            _ => Some(Flaw::Rewritten { seq: self.seq }),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::delivery::checkpoint::SignedEnd;
    use crate::delivery::jose::KeySet;
    use crate::delivery::key::SigningKey;
    use crate::delivery::payload::sample;
    use crate::model::instant::Instant;
    use crate::store::audit::{Flaw, Note, Noted};

    fn key(octet: u8) -> SigningKey {
        SigningKey::read(&sample::ed25519_key(octet)).expect("because it is one")
    }

    #[test]
    fn a_checkpoint_is_verified_and_held_against_the_log() {
        let at = Instant::from_number(1_772_445_600).expect("because it is a time");
        let noted = |record: &str| Noted::after(None, &Note { at, record: record.into() });
        let end = SignedEnd::sign(&noted("{}"), at, &key(1));
        let line = serde_json::to_string(&end).expect("because it can be written");
        let read: SignedEnd = serde_json::from_str(&line).expect("because it was just written");
        let keys = |octet| KeySet::from(vec![key(octet).verifying()]);
        assert!(read.is_signed_by(&keys(1)) && !read.is_signed_by(&keys(2)) && !read.is_signed_by(&KeySet::default()));
        for forged in [SignedEnd { seq: 2, ..end.clone() }, SignedEnd { hash: String::new(), ..end.clone() }, SignedEnd { v: 2, ..end.clone() }] {
            assert!(!forged.is_signed_by(&keys(1)));
        }
        for (found, last, flaw) in [
            (Some(noted("{}")), 9, None),
            (Some(noted("[]")), 9, Some(Flaw::Rewritten { seq: 1 })),
            (None, 0, Some(Flaw::Truncated { seq: 1, last: 0 })),
            (None, 9, Some(Flaw::Rewritten { seq: 1 })),
        ] {
            assert_eq!(end.flaw(found.as_ref(), last), flaw);
        }
    }
}
