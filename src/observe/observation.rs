//! What a log format's reader says of one record, and what it may remember of the file that the record stands in.

use std::borrow::Cow;
use std::collections::HashMap;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::model::text::Text;
use crate::model::token_use::{Presented, Record};

/// What a reader says; one record of a log may say several things.
#[derive(Debug)]
pub enum Said<'a> {
    /// When, who and what, and the tokens that were presented: none where the record only surrounds tokens that lie in it.
    Record(Box<Observation>),
    /// A line of another log, which this record carries: a container's, a service's.
    Line {
        /// The line.
        text: Cow<'a, str>,
        /// Whether the next line of the same stream continues it.
        partial: bool,
        /// What the carrying record knows; it fills the gaps of the line's own.
        around: Box<Record>,
    },
}

/// One record.
#[derive(Clone, PartialEq, Debug, Default, BorshSerialize, BorshDeserialize)]
pub struct Observation {
    /// When, who, where and what.
    pub record: Box<Record>,
    /// The tokens that were presented.
    pub presented: Vec<Presented>,
    /// The record's own id.
    pub record_id: Option<Text>,
    /// Of a document that is a whole conversation, which of its messages it is, from 0.
    pub part: Option<usize>,
}

/// What is known of the file or stream that records stand in.
#[derive(Clone, PartialEq, Default, Debug, BorshSerialize, BorshDeserialize)]
pub struct Thread {
    /// Its name, for formats that tell a run or session by it.
    pub location: String,
    /// What earlier records said once for all later ones, such as an agent's session.
    pub base: Record,
    /// Tools by the ids of calls that have no answer yet; a reader keeps at most 1,024.
    pub calls: HashMap<String, Text>,
    /// Uses by the ids of the calls that made them, to be said again with what came of them; as many at most.
    pub asked: HashMap<String, Vec<Observation>>,
}

/// Most calls without an answer that are remembered.
const MAX_CALLS: usize = 1024;

impl Thread {
    /// Whether nothing is known but the name.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.calls.is_empty() && self.asked.is_empty() && self.base == Record::default()
    }

    /// Remembers a call until its answer comes. Where too many have none, all are forgotten: their answers will hardly come.
    pub fn ask(&mut self, id: &str, tool: &str, uses: &[Observation]) {
        if self.calls.len() >= MAX_CALLS || self.asked.len() >= MAX_CALLS {
            self.calls.clear();
            self.asked.clear();
        }
        self.calls.insert(id.to_owned(), tool.into());
        if !uses.is_empty() {
            self.asked.insert(id.to_owned(), uses.to_vec());
        }
    }

    /// The tool of a call that is answered now, and the uses that it made.
    pub fn answer(&mut self, id: &str) -> (Option<Text>, Vec<Observation>) {
        (self.calls.remove(id), self.asked.remove(id).unwrap_or_default())
    }
}

impl Observation {
    /// A record that presented these tokens.
    #[must_use]
    pub fn new(record: impl Into<Box<Record>>, presented: Vec<Presented>) -> Self {
        Self { record: record.into(), presented, record_id: None, part: None }
    }
}
