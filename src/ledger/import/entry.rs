//! What an importer gives: entries for the ledger, and items that could not become one.

use crate::ledger::import::fault::Fault;
use crate::model::issuance::Issuance;
use crate::model::known::Gram;
use crate::model::lifecycle::LifecycleEvent;

/// One thing that the ledger should know.
#[derive(Clone, PartialEq, Debug)]
pub enum Entry {
    /// A token was issued.
    Issued(Box<Issued>),
    /// Something happened to issued tokens.
    Event(LifecycleEvent),
}

/// A token that was issued.
#[derive(Clone, PartialEq, Debug)]
pub struct Issued {
    /// Its record.
    pub record: Issuance,
    /// How it is found between any bytes; none where the input did not show it.
    pub gram: Option<Gram>,
}

impl Entry {
    /// An issuance of a token that the input did not show.
    #[must_use]
    pub fn issued(record: Issuance) -> Self {
        Self::shown(record, None)
    }

    /// An issuance of a token that the input may have shown.
    #[must_use]
    pub fn shown(record: Issuance, gram: Option<Gram>) -> Self {
        Self::Issued(Box::new(Issued { record, gram }))
    }
}

/// What one item of the input says, or why it says nothing.
pub type Parsed = Result<Vec<Entry>, Fault>;

/// One item of the input: a line, a row, or an element of a JSON document.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// Line on which it begins, from 1.
    pub line: u64,
    /// Octets of the input before the place from which reading can go on after this item, in formats that can be resumed
    /// (`Format::resumable`); after an item that the end of the input cuts off, that is where the item begins.
    pub end: u64,
    /// The line that stands at `end`: what `read` takes as `start_line` to go on from there.
    pub next_line: u64,
    /// Its entries, none when it is about something else; or why it was refused.
    pub result: Result<Vec<Entry>, Reject>,
}

/// An item that was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reject {
    /// Line on which it begins, from 1.
    pub line: u64,
    /// What is wrong, where, and how to mend it after `hint:`; nothing of the item's values, which may be secrets.
    pub reason: String,
}
