//! Gathers what all streams of a run tell, by token.

use std::sync::Arc;

use crate::ledger::import::entry::Entry;
use crate::ledger::ledger::Ledger;
use crate::model::lifecycle::Target;
use crate::model::token_key::{TokenKey, sure};
use crate::pipeline::alerts::posting::Posted;
use crate::pipeline::replay::coverage::Coverage;
use crate::pipeline::replay::habits::Habits;
use crate::pipeline::replay::hot::Hot;
use crate::pipeline::replay::identities::Identities;
use crate::pipeline::replay::judge::ReplayError;
use crate::pipeline::replay::recognize::recognize;
use crate::pipeline::replay::requests::Requests;
use crate::pipeline::replay::sight::Sightings;
use crate::pipeline::replay::spool::Spool;
use crate::store::step::{NewValue, Seen};

/// What a run has gathered.
pub struct Gathered {
    ledger: Arc<Ledger>,
    /// Which names are of one token.
    pub identities: Identities,
    /// Issuances and facts that logs told.
    pub entries: Vec<Entry>,
    /// Names of tokens of which they tell: what was judged of them without it is judged again.
    pub concerned: Vec<u64>,
    /// What was read.
    pub coverage: Coverage,
    /// Uses, and places where tokens lay.
    pub spool: Spool,
    /// What identities used, as far as records say.
    pub habits: Habits,
    /// When logs say that requests were.
    pub requests: Requests,
    /// Tokens with very many uses, where judging may put uses off.
    pub hot: Option<Hot>,
    /// Whether habits and requests are written down with what is judged.
    pub learned: Learned,
    /// What else is committed with what is judged.
    pub rest: Rest,
}

/// What becomes of habits and requests when all has been judged.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Learned {
    /// They were of one run.
    #[default]
    Dropped,
    /// They stay with what was gathered, for the next step.
    Held,
    /// The same, and they are written down.
    Kept,
}

/// What somebody else wants committed together with uses and judgements.
#[derive(Default, Debug)]
pub struct Rest {
    /// Places where tokens lay.
    pub seen: Vec<Seen>,
    /// Values by name.
    pub values: Vec<NewValue>,
    /// Who is told.
    pub posted: Posted,
}

impl Gathered {
    /// Nothing yet; names that one record of this ledger has are of one token.
    #[must_use]
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Self {
            ledger,
            identities: Identities::default(),
            entries: Vec::new(),
            concerned: Vec::new(),
            coverage: Coverage::default(),
            spool: Spool::default(),
            habits: Habits::default(),
            requests: Requests::default(),
            hot: None,
            learned: Learned::default(),
            rest: Rest::default(),
        }
    }

    /// Takes over what a stream told.
    ///
    /// # Errors
    ///
    /// A file for what does not fit in memory cannot be written, or the ledger cannot be asked.
    pub fn add(&mut self, told: Sightings) -> Result<(), ReplayError> {
        self.coverage.add(&told.coverage);
        self.entries.extend(told.entries);
        self.requests.add(told.requests);
        for mark in told.marks {
            self.habits.hear(mark);
        }
        for names in &told.names {
            self.join(names)?;
        }
        Ok(self.spool.take(&told.packed)?)
    }

    /// Joins names that were logged together, and those that the ledger has for their token.
    fn join(&mut self, names: &[TokenKey]) -> Result<(), ReplayError> {
        let is_new = names.iter().any(|name| self.identities.is_new(name.index()));
        let record = if is_new { recognize(&self.ledger, names)? } else { None };
        let recorded = record.map(|(_, stored)| stored.issuance.keys()).unwrap_or_default();
        self.identities.join(sure(names).chain(&recorded).map(TokenKey::index));
        Ok(())
    }

    /// Takes everything out; what is left has gathered nothing.
    #[must_use]
    pub fn take(&mut self) -> Self {
        let mut nothing = Self::new(Arc::clone(&self.ledger));
        nothing.habits.numbers = self.habits.numbers.clone();
        std::mem::replace(self, nothing)
    }

    /// Whether nothing was told that is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.spool.is_empty()
    }

    /// Takes the issuances and facts over that logs told, and hands them out; all names of a record are of one token.
    pub fn take_entries(&mut self) -> Vec<Entry> {
        let entries = std::mem::take(&mut self.entries);
        for entry in &entries {
            match entry {
                Entry::Issued(issued) => {
                    let names = issued.record.keys();
                    self.identities.join(names.iter().map(TokenKey::index));
                    // That a token has a successor matters to it as well.
                    self.concerned.extend(names.iter().take(1).chain(&issued.record.parent_fp).map(TokenKey::index));
                }
                Entry::Event(event) => self.concerned.extend(key(&event.target).map(TokenKey::index)),
            }
        }
        entries
    }
}

/// The one token that a fact is about.
fn key(target: &Target) -> Option<&TokenKey> {
    if let Target::Key(key) = target { Some(key) } else { None }
}
