//! Laws that hold for all bytes; the fuzz targets and the property tests ask the same functions.

use std::sync::Arc;

use beartrap::model::finding::Finding;
use beartrap::model::origin::Origin;
use beartrap::pipeline::scanner::Scanner;
use beartrap::rules::load::load_text;
use beartrap::scan::engine::Engine;
use beartrap::sources::cutter::CutOptions;

/// The findings in bytes that are complete in themselves.
pub fn whole(engine: &Engine, bytes: &[u8]) -> Vec<Finding> {
    engine.scan(&Arc::new(Origin::Memory("test".into())), bytes)
}

/// The findings in the same bytes, cut into cores of this many bytes.
pub fn chunked(engine: &Engine, bytes: &[u8], core: usize) -> Vec<Finding> {
    let chunks = CutOptions { core: core.max(1), ..CutOptions::default() };
    let mut scanner = Scanner::with_options(engine, Origin::Memory("test".into()), chunks);
    let mut found = scanner.push(bytes);
    found.extend(scanner.finish());
    found
}

/// Law 1: findings are a function of the bytes; the message shows where they part, and no secret.
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
