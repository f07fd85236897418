//! Any bytes, cut anywhere: never a panic, and always the findings of the whole.

#![no_main]

use std::sync::LazyLock;

use beartrap::model::grade::Confidence;
use beartrap::rules::rule_set::RuleSet;
use beartrap::scan::engine::{Engine, Options};
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/support/laws.rs"]
#[allow(dead_code, reason = "each target asks for one law")]
mod laws;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let options = Options { min_confidence: Confidence::Low, ..Options::default() };
    Engine::new(&RuleSet::builtin(), options)
});

fuzz_target!(|input: &[u8]| {
    // The first byte says into how many cores the others are cut, every other time into none.
    let Some((parts, bytes)) = input.split_first() else { return };
    if parts % 2 == 0 {
        laws::whole(&ENGINE, bytes);
        return;
    }
    let core = bytes.len() / (usize::from(*parts) % 8 + 1) + 1;
    if let Some(difference) = laws::breach(&ENGINE, bytes, core) {
        panic!("{difference}");
    }
});
