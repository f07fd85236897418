//! Laws that hold for all bytes; the fuzz targets and the property tests ask the same functions.

use std::sync::{Arc, LazyLock};

use beartrap::model::finding::Finding;
use beartrap::model::origin::Origin;
use beartrap::pipeline::stream::Placing;
use beartrap::rules::load::load_text;
use beartrap::scan::engine::Engine;
use beartrap::sources::cutter::{Cut, CutOptions, Cutter};

/// The findings in bytes that are complete in themselves.
pub fn whole(engine: &Engine, bytes: &[u8]) -> Vec<Finding> {
    engine.scan(&Arc::new(Origin::Memory("test".into())), bytes)
}

/// Ordinary text, as long as the context that a chunk has after its core: before it, every core is as small as asked for.
static MARGIN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let line = b"\n all is well and so on until the end of the day";
    line.repeat(CutOptions::default().right / line.len() + 1)
});

/// Law 1: findings are a function of the bytes, not of the size of chunks; what differs, if anything.
pub fn breach(engine: &Engine, bytes: &[u8], core: usize) -> Option<String> {
    let padded = [bytes, &MARGIN].concat();
    difference(&whole(engine, &padded), &chunked(engine, &padded, core))
}

/// The findings in bytes that are cut into cores of this many bytes.
fn chunked(engine: &Engine, mut bytes: &[u8], core: usize) -> Vec<Finding> {
    let origin = Arc::new(Origin::Memory("test".into()));
    let mut cutter = Cutter::new(CutOptions { core: core.max(1), ..CutOptions::default() });
    let mut placing = Placing::START;
    let mut found = Vec::new();
    while !cutter.is_done() {
        cutter.fill(&mut bytes).expect("because a slice can be read");
        let Some(chunk) = cutter.cut(Cut::Full, Vec::new()) else { break };
        found.extend(placing.place(engine.scan_chunk(&origin, &chunk)).0);
    }
    found
}

/// Where two scans of the same bytes part; shows rules, spans and decoders, and no secret.
pub fn difference(left: &[Finding], right: &[Finding]) -> Option<String> {
    let name = |finding: Option<&Finding>| {
        finding.map_or_else(|| "nothing".to_owned(), |f| format!("{} {}..{} {:?}", f.rule.id, f.span.start(), f.span.end(), f.decoders))
    };
    let at = (0..left.len().max(right.len())).find(|i| left.get(*i) != right.get(*i))?;
    Some(format!("{} and {} findings; first different, number {at}: {} and {}", left.len(), right.len(), name(left.get(at)), name(right.get(at))))
}

/// A rule file is refused or loaded, and never more than that; what was loaded can be scanned with.
pub fn rule_file(text: &str) {
    let Ok(rules) = load_text("fuzz.toml", text) else { return };
    for written in rules.iter().filter(|written| written.rule.alternatives.len() < 8) {
        let _ = beartrap::rules::example::expand(&written.rule, "a <secret> <secret:cut> <b62:9>", 1);
    }
}
