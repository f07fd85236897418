//! Laws that hold for all bytes; the fuzz targets and the property tests ask the same functions.

use std::io::BufReader;
use std::ops::ControlFlow;
use std::sync::{Arc, LazyLock};

use beartrap::ledger::import::detect::detect;
use beartrap::ledger::import::entry::Item;
use beartrap::ledger::import::format::{FORMATS, Format};
use beartrap::ledger::import::read::{How, read};
use beartrap::model::finding::Finding;
use beartrap::model::origin::Origin;
use beartrap::observe::reader::{ReadRecord, Reader, Understood};
use beartrap::pipeline::stream::Placing;
use beartrap::rules::foreign::load::load_text;
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
        let Some(chunk) = cutter.cut(Cut::Full, &mut Vec::new()) else { break };
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

/// A rule file of any tool is refused or loaded, and never more than that; what was loaded can be scanned with.
pub fn rule_file(text: &str) {
    for name in ["fuzz.toml", "fuzz.yml"] {
        let Ok(loaded) = load_text(name, text) else { continue };
        for written in loaded.written.iter().filter(|written| written.rule.alternatives.len() < 8) {
            let _ = beartrap::rules::example::expand(&written.rule, "a <secret> <secret:cut> <b62:9>", 1);
        }
    }
}

/// What is said of each record: how it was understood, where it begins, its line, its length, and what it says.
type Told = Vec<(Understood, u64, u64, usize, String)>;

/// Records are a function of the bytes, not of how they arrive; they come in order and none overlaps another.
pub fn records(bytes: &[u8], splits: &[u8]) {
    let whole = records_of(bytes, &[]);
    let mut end = 0;
    for (_, start, _, length, _) in &whole {
        assert!(*start >= end, "a record begins at {start}, before {end}");
        end = start + *length as u64;
    }
    assert!(end <= bytes.len() as u64, "a record ends at {end} of {}", bytes.len());
    let split = records_of(bytes, splits);
    let different = (0..whole.len().max(split.len())).find(|at| whole.get(*at) != split.get(*at));
    assert!(different.is_none(), "{} and {} records; first different, number {different:?}", whole.len(), split.len());
}

/// The records of bytes that arrive in parts of these lengths, over and over; without any, all at once.
fn records_of(mut bytes: &[u8], splits: &[u8]) -> Told {
    let mut reader = Reader::new("a.log".to_owned(), None);
    let mut told = Told::new();
    let mut tell = |record: ReadRecord| {
        let said = format!("{:?}", record.said);
        told.push((record.understood, record.start, record.line, record.bytes.len(), said));
    };
    let mut lengths = splits.iter().map(|length| usize::from(*length) + 1).cycle();
    while !bytes.is_empty() {
        let (part, rest) = bytes.split_at(lengths.next().unwrap_or(bytes.len()).min(bytes.len()));
        reader.push(part, &mut tell);
        bytes = rest;
    }
    reader.end(&mut tell);
    told
}

/// No input of an import is more than refused: every refusal says on which line, and items do not depend on how the input is read.
pub fn imports(bytes: &[u8], capacity: u8) {
    for format in FORMATS {
        let items = items_of(format, bytes, bytes.len() + 1);
        let lines = bytes.split(|byte| *byte == b'\n').count() as u64;
        let mut end = 0;
        for item in &items {
            assert!((1..=lines).contains(&item.line), "{}: an item on line {} of {lines}", format.name, item.line);
            assert!(item.end >= end && item.end <= bytes.len() as u64, "{}: an item ends at {}, after {end}", format.name, item.end);
            assert!(item.result.as_ref().err().is_none_or(|reject| reject.line == item.line), "{}: a refusal of another line", format.name);
            end = item.end;
        }
        assert!(items == items_of(format, bytes, usize::from(capacity) + 1), "{}: items depend on how the input is read", format.name);
    }
    let _ = detect(bytes);
}

fn items_of(format: &'static Format, bytes: &[u8], capacity: usize) -> Vec<Item> {
    let mut items = Vec::new();
    let mut sink = |item| {
        items.push(item);
        ControlFlow::Continue(())
    };
    let mut input = BufReader::with_capacity(capacity, bytes);
    read(How { format, mapping: None, gram_of: &|_| None }, &mut input, 1, &mut sink).expect("because memory can be read");
    items
}
