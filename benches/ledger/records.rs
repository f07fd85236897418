//! Issued-token records of tokens that never were, as an issuer would write them.

use std::io::{self, Write};
use std::ops::Range;

use beartrap::model::fingerprint::Fingerprint;

/// The fingerprint of the `i`-th token.
pub fn fingerprint(i: u64) -> Fingerprint {
    Fingerprint::of(&i.to_le_bytes())
}

/// Writes records, one a line; `more` is put into each.
pub fn write_records(out: &mut dyn Write, numbers: Range<u64>, more: &str) -> io::Result<()> {
    for i in numbers {
        writeln!(
            out,
            r#"{{"v":1,{more}"fp":"{}","token_type":"access_token","iss":"https://id.example.test","issued_to":{{"agent_id":"agent-{}","session_id":"s-{}","task_id":"t-{}"}},"scope":["tools:read"],"aud":["https://tools.example.test"],"issued_at":{},"expires_at":{}}}"#,
            fingerprint(i),
            i % 1000,
            i / 20,
            i / 5,
            1_772_445_600 + i / 100,
            4_102_444_800_u64 + i / 100
        )?;
    }
    out.flush()
}
