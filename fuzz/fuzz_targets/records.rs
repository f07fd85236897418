//! Any bytes as a log, arriving in any parts: never a panic, and always the records of the whole.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/support/laws.rs"]
#[allow(dead_code, reason = "each target asks for one law")]
mod laws;

fuzz_target!(|input: &[u8]| {
    // The first four bytes say into which parts the others are split.
    let Some((splits, bytes)) = input.split_at_checked(4) else { return };
    laws::records(bytes, splits);
});
