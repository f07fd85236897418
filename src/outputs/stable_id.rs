//! Ids that stay the same from run to run, so that servers recognise a finding they have seen.
//!
//! **Invariant:** no line number or offset takes part, so that moving a line changes nothing.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::model::finding::{Finding, Identity};
use crate::outputs::place::{artifact, members};

/// 16 bytes from SHA-256 over rule, fingerprint and path.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StableId([u8; 16]);

impl StableId {
    /// The id of a finding; several findings of one token in one file share it.
    #[must_use]
    pub fn of(finding: &Finding, root: Option<&Path>) -> Self {
        let identity = match &finding.identity {
            Identity::Fingerprint { fingerprint, .. } => fingerprint.to_string(),
            Identity::Withheld => format!("withheld {}", finding.preview),
        };
        let uri = artifact(&finding.origin, root).uri;
        let names = members(&finding.origin);
        let fields = ["beartrap id v1", &finding.rule.id, &identity, &uri].into_iter().chain(names);
        Self::hash(fields.map(str::as_bytes))
    }

    /// 32 hexadecimal digits.
    #[must_use]
    pub fn hex(self) -> String {
        self.0.iter().fold(String::with_capacity(32), |mut text, byte| {
            write!(text, "{byte:02x}").expect("because writing to a String does not fail");
            text
        })
    }

    /// The id of the n-th finding (from 1) of one token in one file, as a UUID of version 8 (RFC 9562, section 5.8).
    #[must_use]
    pub fn uuid(self, occurrence: u64) -> String {
        let Self(mut bytes) = if occurrence > 1 { Self::hash([&self.0[..], &occurrence.to_be_bytes()]) } else { self };
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let digits = Self(bytes).hex();
        [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
    }

    fn hash<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = Sha256::new();
        for field in fields {
            let length = u64::try_from(field.len()).expect("because a field's length fits into 64 bits");
            hasher.update(length.to_be_bytes());
            hasher.update(field);
        }
        let digest: [u8; 32] = hasher.finalize().into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(bytes)
    }
}

/// Counts how often each id has been seen.
#[derive(Default, Debug)]
pub struct Occurrences(HashMap<StableId, u64>);

impl Occurrences {
    /// Which finding with this id it is, from 1.
    pub fn next(&mut self, id: StableId) -> u64 {
        let count = self.0.entry(id).or_default();
        *count += 1;
        *count
    }
}
