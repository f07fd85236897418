//! Any bytes as issued-token records of every format: refused by line or read, never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/support/laws.rs"]
#[allow(dead_code, reason = "each target asks for one law")]
mod laws;

fuzz_target!(|input: &[u8]| {
    // The first byte says how much of the others is read at once.
    let Some((capacity, bytes)) = input.split_first() else { return };
    laws::imports(bytes, *capacity);
});
