//! `csv`: rows of issued-token records under a header (RFC 4180), by the record's own field names or by a mapping.

use std::io::{self, BufRead};
use std::ops::ControlFlow;

use csv_core::{ReadRecordResult, ReaderBuilder};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::ledger::import::cells;
use crate::ledger::import::entry::{Item, Parsed, Reject};
use crate::ledger::import::fault::Fault;
use crate::ledger::import::format::{Format, Framing};
use crate::ledger::import::lines::{LIMIT, Line, Lines};
use crate::ledger::import::mapping::Mapping;
use crate::ledger::import::record;
use crate::model::issuance::Issuance;

/// The format.
pub const FORMAT: Format = Format {
    name: "csv",
    about: "issued-token records as rows under a header; with a mapping, any table",
    framing: Framing::Rows,
    recognizes: |_| false,
    marks: &[],
};

/// Makes entries of a row's record.
pub type Finish<'a> = dyn Fn(Issuance) -> Parsed + 'a;

/// The most columns of a table.
const MAX_COLUMNS: usize = 4096;

/// Whether the first line of a file is a header with the record's field names.
#[must_use]
pub fn recognizes(head: &[u8]) -> bool {
    let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let text = String::from_utf8_lossy(line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)).into_owned();
    let columns = split(text.as_bytes(), delimiter(text.as_bytes())).unwrap_or_default();
    columns.iter().any(|column| cells::names_token(column.trim())) && columns.iter().all(|column| !column.contains(['{', '}']))
}

/// Reads a table and hands its rows to the sink.
///
/// # Errors
///
/// What the input says.
pub fn read(
    finish: &Finish,
    mapping: Option<&Mapping>,
    input: &mut dyn BufRead,
    start_line: u64,
    sink: &mut dyn FnMut(Item) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut lines = Lines::new(input, start_line);
    let mut buffer = Zeroizing::new(Vec::new());
    let mut header: Option<Header> = None;
    while let Some(row) = next_row(&mut lines, &mut buffer)? {
        if buffer.trim_ascii().is_empty() && !row.cut {
            continue;
        }
        let result = match &header {
            Some(header) => header.parse(&buffer, &row, mapping).and_then(finish),
            None => match Header::read(&buffer, &row, mapping) {
                Ok(read) => {
                    header = Some(read);
                    continue;
                }
                Err(fault) => Err(fault),
            },
        };
        let end = if result == Err(Fault::Truncated) { row.start } else { row.end };
        let next_line = if end == row.start { row.number } else { lines.next_number() };
        let result = result.map_err(|fault| Reject { line: row.number, reason: fault.to_string() });
        if sink(Item { line: row.number, end, next_line, result }).is_break() || header.is_none() {
            break;
        }
    }
    Ok(())
}

/// The next row: lines are joined until every quote is closed.
fn next_row(lines: &mut Lines<'_>, buffer: &mut Vec<u8>) -> io::Result<Option<Line>> {
    buffer.clear();
    let Some(mut row) = lines.next(buffer)? else { return Ok(None) };
    let mut quotes = memchr::memchr_iter(b'"', buffer).count();
    while quotes % 2 == 1 && !row.cut && row.terminated {
        buffer.push(b'\n');
        let before = buffer.len();
        let Some(line) = lines.next(buffer)? else { break };
        quotes += memchr::memchr_iter(b'"', &buffer[before..]).count();
        row = Line { end: line.end, cut: line.cut, terminated: line.terminated, ..row };
    }
    Ok(Some(row))
}

struct Header {
    columns: Vec<String>,
    delimiter: u8,
}

impl Header {
    fn read(octets: &[u8], row: &Line, mapping: Option<&Mapping>) -> Result<Self, Fault> {
        check(octets, row)?;
        let delimiter = delimiter(octets);
        let columns: Vec<String> = split(octets, delimiter)?.iter().map(|column| column.trim().to_owned()).collect();
        let repeated = columns.iter().enumerate().find(|(at, column)| !column.is_empty() && columns[..*at].contains(column));
        if let Some((at, _)) = repeated {
            return Err(Fault::Twice { field: format!("column {}", at + 1) });
        }
        if mapping.is_none() && !columns.iter().any(|column| cells::names_token(column)) {
            return Err(Fault::Header);
        }
        Ok(Self { columns, delimiter })
    }

    fn parse(&self, octets: &[u8], row: &Line, mapping: Option<&Mapping>) -> Result<Issuance, Fault> {
        check(octets, row)?;
        let mut texts = split(octets, self.delimiter)?;
        if texts.len() != self.columns.len() {
            let cut_off = !row.terminated && texts.len() < self.columns.len();
            return Err(if cut_off { Fault::Truncated } else { Fault::Cells { cells: texts.len(), columns: self.columns.len() } });
        }
        let map = if let Some(mapping) = mapping {
            let at = |source: &str| self.columns.iter().position(|column| column == source);
            mapping.map(&|source| at(source).map(|at| Value::String(texts[at].clone())))?
        } else {
            let mut map = Map::new();
            for (column, text) in self.columns.iter().zip(&mut texts).filter(|(column, text)| !column.is_empty() && !text.is_empty()) {
                cells::put(&mut map, column, Value::String(std::mem::take(text)), None)?;
            }
            map
        };
        record::from_map(map)
    }
}

/// Refuses rows that are too long, broken off inside quotes, or no UTF-8.
fn check(octets: &[u8], row: &Line) -> Result<(), Fault> {
    if row.cut {
        return Err(Fault::TooLong { limit: LIMIT });
    }
    if memchr::memchr_iter(b'"', octets).count() % 2 == 1 {
        return Err(Fault::Truncated);
    }
    std::str::from_utf8(octets).map(drop).map_err(|error| Fault::Encoding { at: error.valid_up_to() + 1 })
}

/// The one of `,`, `;`, tab and `|` that the header has most of.
fn delimiter(header: &[u8]) -> u8 {
    let count = |delimiter: u8| memchr::memchr_iter(delimiter, header).count();
    [b'|', b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

/// The cells of one row.
fn split(row: &[u8], delimiter: u8) -> Result<Vec<String>, Fault> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).build();
    let mut output = Zeroizing::new(vec![0; row.len() + 1]);
    let columns = memchr::memchr_iter(delimiter, row).count() + 2;
    let mut ends = vec![0; columns.min(MAX_COLUMNS + 1)];
    let (mut read, mut written, mut ended) = (0, 0, 0);
    loop {
        let (result, used, put, more) = reader.read_record(&row[read..], &mut output[written..], &mut ends[ended..]);
        (read, written, ended) = (read + used, written + put, ended + more);
        match result {
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::Record | ReadRecordResult::End => break,
            ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                return Err(Fault::Cells { cells: ended, columns: MAX_COLUMNS });
            }
        }
    }
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let cells = starts.zip(&ends[..ended]).map(|(start, end)| output.get(start..*end).unwrap_or_default());
    Ok(cells.map(|cell| String::from_utf8_lossy(cell).into_owned()).collect())
}
