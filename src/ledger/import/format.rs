//! The formats that can be imported; adding one is a file, a line in the list and a fixture.

use serde_json::{Map, Value};

use crate::ledger::import::context::{Context, GramOf};
use crate::ledger::import::entry::Parsed;
use crate::ledger::import::mapping::Mapping;
use crate::ledger::import::{auth0, cloudtrail, csv, entra, github_audit, jsonl, k8s_audit, oauth_log, okta, vault_audit};

/// A format of records or logs.
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it holds, in one line for people.
    pub about: &'static str,
    /// How its input falls into items.
    pub framing: Framing,
    /// Texts without all of which an object hands out no token and ends none; they spare a second parse of nearly all records of logs.
    pub marks: &'static [&'static str],
    /// Whether an object of the input is of this format.
    pub recognizes: fn(&Map<String, Value>) -> bool,
}

/// How an input falls into items, and what one says.
pub enum Framing {
    /// One JSON object on each line.
    Lines(fn(&str, Option<&Mapping>, GramOf) -> Parsed),
    /// JSON objects: on lines, spread over lines, in an array, or in an array under this key of one object.
    Objects(&'static str, fn(&mut Value, &mut Context) -> Parsed),
    /// Rows under a header.
    Rows,
}

/// Every format, in the order in which they are listed for people and asked by `detect`.
pub const FORMATS: &[Format] = &[
    jsonl::FORMAT,
    csv::FORMAT,
    github_audit::FORMAT,
    cloudtrail::FORMAT,
    k8s_audit::FORMAT,
    vault_audit::FORMAT,
    okta::FORMAT,
    auth0::FORMAT,
    entra::FORMAT,
    oauth_log::FORMAT,
];

impl Format {
    /// The format of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    /// Whether reading can go on at an item's end with the input's rest alone; a table needs its header.
    #[must_use]
    pub fn resumable(&self) -> bool {
        !matches!(self.framing, Framing::Rows)
    }

    /// Whether a mapping applies.
    #[must_use]
    pub fn mappable(&self) -> bool {
        !matches!(self.framing, Framing::Objects(..))
    }
}
