//! What can be wrong with an item.
//!
//! **Invariant:** a fault holds names of fields and positions, never a value of the item, which may be a secret.

/// Why an item was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// More octets than are kept in memory.
    #[error("the item is longer than {limit} octets\nhint: one record takes one line; check for a missing line break")]
    TooLong {
        /// The most that is read.
        limit: usize,
    },
    /// Octets that are no UTF-8.
    #[error("octet {at} of the item is not UTF-8\nhint: convert the file to UTF-8")]
    Encoding {
        /// The first wrong octet, from 1.
        at: usize,
    },
    /// No JSON.
    #[error("no JSON at column {column}: {what}\nhint: write one JSON object on a line")]
    Syntax {
        /// Column in the item, from 1.
        column: usize,
        /// What the parser expected.
        what: String,
    },
    /// JSON or a row that breaks off.
    #[error("the item breaks off before its end\nhint: the file was cut, or is still being written; import it again when it is whole")]
    Truncated,
    /// JSON that is no object.
    #[error("the item is no JSON object\nhint: write one JSON object on a line")]
    NotObject,
    /// A field with the wrong value.
    #[error("`{field}` is not {wants}\nhint: correct the field, or leave it out where it may be absent")]
    Field {
        /// The field.
        field: String,
        /// What it should be.
        wants: &'static str,
    },
    /// A field that is needed and absent.
    #[error("`{field}` is missing: {wants}\nhint: add the field")]
    Missing {
        /// The field.
        field: &'static str,
        /// What it should be.
        wants: &'static str,
    },
    /// A field that stands twice.
    #[error("`{field}` is given twice\nhint: leave one of them out")]
    Twice {
        /// The field.
        field: String,
    },
    /// A record of a later version.
    #[error("`v` is {version}, and this program knows version {known}\nhint: update beartrap, or write the older version")]
    Version {
        /// The record's version.
        version: u64,
        /// The known one.
        known: u32,
    },
    /// A record that names no token.
    #[error("the record names no token\nhint: give it `fp`, `alt_keys`, or `iss` with `jti`")]
    NoKey,
    /// A row with more or fewer cells than the header.
    #[error("the row has {cells} cells and the header {columns}\nhint: quote cells that hold the delimiter or a quote")]
    Cells {
        /// Cells of the row.
        cells: usize,
        /// Cells of the header.
        columns: usize,
    },
    /// A header that names no column we know.
    #[error("the header names no column of an issued-token record\nhint: name a column `fp`, or give a mapping file")]
    Header,
}

impl Fault {
    /// A field with the wrong value.
    #[must_use]
    pub fn field(field: &str, wants: &'static str) -> Self {
        Self::Field { field: field.chars().filter(|c| !c.is_control()).take(64).collect(), wants }
    }
}
