//! Any text as a rule file: refused with a reason or loaded, never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/support/laws.rs"]
#[allow(dead_code, reason = "each target asks for one law")]
mod laws;

fuzz_target!(|text: &str| laws::rule_file(text));
