//! Reads an input of a known format and hands its items over one by one.

use std::io::{self, BufRead};
use std::ops::ControlFlow;

use zeroize::Zeroizing;

use crate::ledger::import::context::{Context, GramOf};
use crate::ledger::import::csv;
use crate::ledger::import::entry::{Item, Parsed, Reject};
use crate::ledger::import::fault::Fault;
use crate::ledger::import::format::{Format, Framing};
use crate::ledger::import::jsonl;
use crate::ledger::import::lines::{LIMIT, Lines};
use crate::ledger::import::mapping::Mapping;
use crate::ledger::import::objects::{Objects, Outcome};
use crate::ledger::import::record;

/// Where items go; it stops the reading with `Break`.
pub type Sink<'s> = dyn FnMut(Item) -> ControlFlow<()> + 's;

/// How an input is read.
#[derive(Clone, Copy)]
pub struct How<'a> {
    /// What it is.
    pub format: &'a Format,
    /// Which fields are where.
    pub mapping: Option<&'a Mapping>,
    /// How n-grams of raw tokens are made.
    pub gram_of: GramOf<'a>,
}

/// Reads items until the input ends or the sink stops; `start_line` is the number of the input's first line, 1 for a whole file.
///
/// # Errors
///
/// What the input says; whatever is wrong with an item is in the item.
pub fn read(how: How, input: &mut dyn BufRead, start_line: u64, sink: &mut Sink<'_>) -> io::Result<()> {
    let How { format, mapping, gram_of } = how;
    match format.framing {
        Framing::Lines(parse) => read_lines(&|text| parse(text, mapping, gram_of), input, start_line, sink),
        Framing::Objects(wrapper, parse) => {
            let mut context = Context::new(gram_of);
            let mut parse = |text: &str| {
                let mut value = serde_json::from_str(text).map_err(|_| record::explain(text).unwrap_or(Fault::NotObject))?;
                parse(&mut value, &mut context)
            };
            read_objects(wrapper, &mut parse, input, start_line, sink)
        }
        Framing::Rows => csv::read(&|record| jsonl::finish(record, gram_of), mapping, input, start_line, sink),
    }
}

fn read_lines(parse: &dyn Fn(&str) -> Parsed, input: &mut dyn BufRead, start_line: u64, sink: &mut Sink<'_>) -> io::Result<()> {
    let mut lines = Lines::new(input, start_line);
    let mut buffer = Zeroizing::new(Vec::new());
    while let Some(line) = lines.next(&mut buffer)? {
        let parsed = match text(&buffer) {
            _ if line.cut => Some(Err(Fault::TooLong { limit: LIMIT })),
            Ok(text) if text.trim_ascii().is_empty() => None,
            Ok(text) => Some(parse(text)),
            Err(_) if !line.terminated => Some(Err(Fault::Truncated)),
            Err(fault) => Some(Err(fault)),
        };
        buffer.clear();
        let Some(parsed) = parsed else { continue };
        let unfinished = !line.terminated && parsed == Err(Fault::Truncated);
        let (end, next_line) = if unfinished { (line.start, line.number) } else { (line.end, lines.next_number()) };
        if sink(item(line.number, end, next_line, parsed)).is_break() {
            break;
        }
    }
    Ok(())
}

fn read_objects(
    wrapper: &str,
    parse: &mut dyn FnMut(&str) -> Parsed,
    input: &mut dyn BufRead,
    start_line: u64,
    sink: &mut Sink<'_>,
) -> io::Result<()> {
    let mut objects = Objects::new(input, &[wrapper], start_line);
    let mut buffer = Zeroizing::new(Vec::new());
    while let Some(piece) = objects.next(&mut buffer)? {
        let parsed = match piece.outcome {
            Outcome::Whole => text(&buffer).and_then(&mut *parse),
            Outcome::BrokenOff | Outcome::Unfinished => Err(Fault::Truncated),
            Outcome::TooLong => Err(Fault::TooLong { limit: LIMIT }),
            Outcome::Stray => Err(Fault::NotObject),
        };
        buffer.clear();
        let unfinished = piece.outcome == Outcome::Unfinished;
        let (end, next_line) = if unfinished { (piece.start, piece.line) } else { (piece.end, piece.end_line) };
        if sink(item(piece.line, end, next_line, parsed)).is_break() {
            break;
        }
    }
    Ok(())
}

fn text(octets: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(octets).map_err(|error| Fault::Encoding { at: error.valid_up_to() + 1 })
}

fn item(line: u64, end: u64, next_line: u64, parsed: Parsed) -> Item {
    Item { line, end, next_line, result: parsed.map_err(|fault| Reject { line, reason: fault.to_string() }) }
}
