//! The reports that can be imported; adding one is a file, a line in the list and a row of `docs/import.md`.

use std::io::Read;

use crate::reports::claim::Claim;
use crate::reports::error::{Fault, ReportError};
use crate::reports::read::Teller;
use crate::reports::{betterleaks, detect_secrets, gitleaks, kingfisher, noseyparker, sarif, trufflehog, trufflehog2};

/// A tool's report.
pub struct Format {
    /// Its name.
    pub name: &'static str,
    /// What it is, in one line for people.
    pub about: &'static str,
    /// Whether an object with these keys is of this format.
    pub recognizes: fn(&[String]) -> bool,
    /// How it is read.
    pub reading: Reading,
}

/// How a report falls into findings.
#[derive(Clone, Copy)]
pub enum Reading {
    /// Objects, one for each finding: on lines, in an array, or in an array under `findings`.
    Items(fn(&str) -> Result<Vec<Claim>, Fault>),
    /// One object, read as it comes; first, where the input can be read twice, for what its findings refer to.
    Document(ReadDocument),
}

/// Reads a document, which is given once more where it can be read twice.
pub type ReadDocument = fn(Option<&mut dyn Read>, &mut dyn Read, &mut Teller) -> Result<(), ReportError>;

/// Every format, in the order in which they are listed for people and asked.
pub const FORMATS: [&Format; 8] = [
    &gitleaks::FORMAT,
    &betterleaks::FORMAT,
    &trufflehog::FORMAT,
    &trufflehog2::FORMAT,
    &kingfisher::FORMAT,
    &noseyparker::FORMAT,
    &detect_secrets::FORMAT,
    &sarif::FORMAT,
];

/// The format of an object with these keys.
#[must_use]
pub fn of_keys(keys: &[String]) -> Option<&'static Format> {
    FORMATS.into_iter().find(|format| (format.recognizes)(keys))
}

/// The names of all formats, for messages.
#[must_use]
pub fn known() -> String {
    FORMATS.map(|format| format.name).join(", ")
}

/// Whether all of these are among the keys.
#[must_use]
pub fn has(keys: &[String], wanted: &[&str]) -> bool {
    wanted.iter().all(|wanted| keys.iter().any(|key| key == wanted))
}

/// A finding's typed fields.
///
/// # Errors
///
/// [`Fault::Fields`], without a word of the text.
pub fn parse<'t, T: serde::Deserialize<'t>>(text: &'t str, format: &Format) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|_| Fault::Fields(format.name))
}
