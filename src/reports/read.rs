//! Reads a report: tells from its first bytes whose it is, and hands over one finding after the other.

use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;

use zeroize::Zeroizing;

use crate::ledger::import::objects::{Objects, Outcome};
use crate::reports::claim::Claim;
use crate::reports::error::{Fault, ReportError};
use crate::reports::format::{Format, Reading, known, of_keys};
use crate::reports::keys::{keys, shown};

/// How many of the first bytes are looked at.
pub const HEAD: usize = 256 << 10;

/// The key of one object that holds all findings, as kingfisher and betterleaks write it.
const WRAPPER: &str = "findings";

/// What a report is.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Empty: a tool that writes a line for each finding found nothing.
    Empty,
    /// Objects, each of which says whose it is.
    Items,
    /// One document.
    Document(&'static Format),
}

/// One finding of a report.
#[derive(Debug)]
pub struct Item {
    /// Its number, from 1.
    pub number: u64,
    /// What it says: mostly one claim; none where it is no finding, several where one token lies at several places.
    pub result: Result<Vec<Claim>, Fault>,
}

/// Numbers findings and hands them on.
pub struct Teller<'s> {
    sink: &'s mut dyn FnMut(Item) -> ControlFlow<()>,
    told: u64,
    /// Whether nobody wants more.
    pub stopped: bool,
}

impl<'s> Teller<'s> {
    /// Hands findings to this function, until it breaks.
    pub fn new(sink: &'s mut dyn FnMut(Item) -> ControlFlow<()>) -> Self {
        Self { sink, told: 0, stopped: false }
    }

    /// Hands on one finding.
    pub fn tell(&mut self, result: Result<Vec<Claim>, Fault>) -> ControlFlow<()> {
        self.told += 1;
        let flow = (self.sink)(Item { number: self.told, result });
        self.stopped |= flow.is_break();
        flow
    }
}

/// Tells from its first bytes what a report is.
///
/// # Errors
///
/// What it is instead.
pub fn sniff(head: &[u8]) -> Result<Kind, ReportError> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match text.first() {
        None => Ok(Kind::Empty),
        Some(b'{') => of_object(text),
        Some(b'[') => of_array(text[1..].trim_ascii_start()),
        Some(b'<') => Err(ReportError::Form { seen: "XML", instead: "JSON or SARIF" }),
        _ if text.starts_with(b"RuleID,") => Err(ReportError::Form { seen: "CSV", instead: "JSON: `--report-format json`" }),
        // A greeting or a line of a log before the first finding.
        _ => match memchr::memmem::find(text, b"\n{") {
            Some(at) => of_object(&text[at + 1..]),
            None => Err(ReportError::Form { seen: "some text", instead: "JSON, JSON lines or SARIF" }),
        },
    }
}

fn of_object(text: &[u8]) -> Result<Kind, ReportError> {
    let keys = keys(text);
    match of_keys(&keys) {
        Some(format) if matches!(format.reading, Reading::Document(_)) => Ok(Kind::Document(format)),
        Some(_) => Ok(Kind::Items),
        None if keys.iter().any(|key| key == WRAPPER) => Ok(Kind::Items),
        None => Err(unknown(&keys)),
    }
}

fn of_array(text: &[u8]) -> Result<Kind, ReportError> {
    match text.first() {
        None => Err(ReportError::Truncated),
        Some(b']') => Ok(Kind::Empty),
        Some(b'{') => {
            let keys = keys(text);
            of_keys(&keys).map(|_| Kind::Items).ok_or_else(|| unknown(&keys))
        }
        Some(_) => Err(ReportError::Unknown { seen: "a list of something other than objects".to_owned(), known: known() }),
    }
}

fn unknown(keys: &[String]) -> ReportError {
    ReportError::Unknown { seen: shown(keys), known: known() }
}

/// Reads a report to its end, or until the teller is stopped; `ahead` is the same report once more, where it can be read twice.
///
/// # Errors
///
/// What keeps the rest from being read; what was told before is true.
pub fn read(kind: Kind, ahead: Option<&mut dyn Read>, input: &mut dyn Read, teller: &mut Teller) -> Result<(), ReportError> {
    match kind {
        Kind::Empty => Ok(()),
        Kind::Items => items(&mut BufReader::with_capacity(HEAD, input), teller),
        Kind::Document(Format { reading: Reading::Document(read), .. }) => read(ahead, input, teller),
        Kind::Document(_) => unreachable!("because `sniff` makes documents of documents only"),
    }
}

fn items(input: &mut dyn BufRead, teller: &mut Teller) -> Result<(), ReportError> {
    let mut objects = Objects::new(input, &[WRAPPER], 1);
    let mut buffer = Zeroizing::new(Vec::new());
    let mut is_known = false;
    while let Some(piece) = objects.next(&mut buffer)? {
        let result = match piece.outcome {
            Outcome::Whole => item(&buffer),
            Outcome::TooLong => Err(Fault::TooLong),
            Outcome::BrokenOff => Err(Fault::Truncated),
            Outcome::Unfinished => return Err(ReportError::Truncated),
            // What a tool said beside its findings.
            Outcome::Stray => Ok(Vec::new()),
        };
        if !is_known && result.as_ref().is_err_and(|fault| *fault == Fault::Unknown) {
            return Err(unknown(&keys(&buffer)));
        }
        let is_stray = piece.outcome == Outcome::Stray;
        is_known |= !is_stray;
        buffer.clear();
        if !is_stray && teller.tell(result).is_break() {
            break;
        }
    }
    Ok(())
}

/// One finding, in the format of its keys.
fn item(text: &[u8]) -> Result<Vec<Claim>, Fault> {
    match of_keys(&keys(text)).map(|format| format.reading) {
        Some(Reading::Items(parse)) => parse(std::str::from_utf8(text).map_err(|_| Fault::Unknown)?),
        _ => Err(Fault::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use crate::reports::error::Fault;
    use crate::reports::read::{Kind, Teller, read, sniff};

    fn kind(text: &str) -> String {
        match sniff(text.as_bytes()) {
            Ok(Kind::Empty) => "empty".to_owned(),
            Ok(Kind::Items) => "items".to_owned(),
            Ok(Kind::Document(format)) => format.name.to_owned(),
            Err(error) => error.to_string().lines().next().unwrap_or_default().to_owned(),
        }
    }

    #[test]
    fn reports_are_told_by_their_first_bytes() {
        for (text, expected) in [
            ("", "empty"),
            (" \n", "empty"),
            ("[]\n", "empty"),
            ("\u{feff}[ {\"RuleID\": \"a\", \"File\": \"b\", \"Secret", "items"),
            ("{\"SourceMetadata\": {}, \"DetectorName\": \"x\"}", "items"),
            ("a greeting\n\n{\"SourceMetadata\": {}, \"DetectorName\": \"x\"}", "items"),
            ("{\"findings\": [{\"rule\": {}, \"finding\": {}}]}", "items"),
            ("{\"version\": \"1.5.0\", \"plugins_used\": [], \"results\": {\"a", "detect-secrets"),
            ("{\"$schema\": \"x\", \"version\": \"2.1.0\", \"runs\": [{\"resul", "sarif"),
            ("{\"vulnerabilities\": [], \"scan\": {}}", "no known tool's report: an object with `vulnerabilities`, `scan`"),
            ("[1, 2]", "no known tool's report: a list of something other than objects"),
            ("<?xml version=\"1.0\"?>", "this is XML, not JSON"),
            ("RuleID,Commit,File,SymlinkFile,Secret\n", "this is CSV, not JSON"),
            ("nothing of the kind", "this is some text, not JSON"),
            ("[", "it ends in the middle: what is missing was not read"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn one_bad_finding_keeps_the_others() {
        let good = r#"{"SourceMetadata": {"Data": {"Filesystem": {"file": "a"}}}, "DetectorName": "x", "Verified": false, "Raw": "r"}"#;
        let bad = r#"{"SourceMetadata": 1, "DetectorName": 2}"#;
        let broken = &good[..50];
        let text = format!("greeting\n{good}\n{bad}\n{{\"a\": 1}}\n{broken}\n{good}\n");
        let mut told = Vec::new();
        let mut sink = |item: crate::reports::read::Item| {
            told.push(item.result.map(|claims| claims.len()));
            ControlFlow::Continue(())
        };
        read(Kind::Items, None, &mut text.as_bytes(), &mut Teller::new(&mut sink)).expect("because each finding stands for itself");
        assert_eq!(told, [Ok(1), Err(Fault::Fields("trufflehog")), Err(Fault::Unknown), Err(Fault::Truncated), Ok(1)]);
    }
}
