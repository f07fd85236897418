//! What identities used, over all tokens of a run.
//!
//! **Invariant:** some thirty bytes for an identity and for each of its tools: hashes stand for their names.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use borsh::{BorshDeserialize, BorshSerialize};

use crate::detect::options::Options;
use crate::detect::used::{Habit, Used};
use crate::model::fingerprint::Fingerprint;
use crate::model::instant::Instant;
use crate::model::token_use::Record;

/// What a record says of habits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, BorshSerialize, BorshDeserialize)]
pub struct Mark {
    identity: u64,
    /// A tool, and when it was used.
    tool: Option<(u64, Instant)>,
}

impl Mark {
    /// The record's mark; none where it names nobody.
    #[must_use]
    pub fn of(record: &Record, options: &Options) -> Option<Self> {
        let identity = options.identity(record, None)?;
        let tool = record.tool.as_deref().zip(record.time).map(|(tool, time)| (hash_of_tool(&identity, tool), time));
        Some(Self { identity: hash(&identity), tool })
    }
}

/// What identities used.
#[derive(Default)]
pub struct Habits {
    identities: HashMap<u64, Custom>,
    /// When an identity first used a tool.
    tools: HashMap<u64, Instant>,
}

/// How often an identity used anything, and when it first used any tool.
#[derive(Default)]
struct Custom {
    /// Records of its uses: retries and hops are counted too.
    records: u64,
    uses: u64,
    since: Option<Instant>,
}

impl Habits {
    /// Hears of a record.
    pub fn hear(&mut self, mark: Mark) {
        self.see(mark).records += 1;
    }

    fn see(&mut self, mark: Mark) -> &mut Custom {
        let own = self.identities.entry(mark.identity).or_default();
        if let Some((tool, time)) = mark.tool {
            own.since = Some(own.since.map_or(time, |since| since.min(time)));
            self.tools.entry(tool).and_modify(|first| *first = time.min(*first)).or_insert(time);
        }
        own
    }

    /// Whether a tool may be new to an identity with this record, when all records have been heard; `least` is how often it must have used
    /// anything.
    #[must_use]
    pub fn may_be_new(&self, mark: Mark, least: u64) -> bool {
        let is_settled = self.identities.get(&mark.identity).is_some_and(|own| own.records >= least);
        is_settled && mark.tool.is_some_and(|(tool, time)| self.tools.get(&tool).is_some_and(|first| *first >= time))
    }

    /// Counts the uses of a token, retries and hops as one.
    pub fn count(&mut self, case: &Used) {
        for one in case.uses {
            if let Some(mark) = Mark::of(&one.what.record, case.options) {
                self.see(mark).uses += 1;
            }
        }
    }

    /// What those who used a token are used to, as far as its tools are concerned.
    #[must_use]
    pub fn of(&self, case: &Used) -> Vec<Habit> {
        let used: BTreeSet<_> = case
            .uses
            .iter()
            .filter_map(|one| Some((case.identity(one)?, Mark::of(&one.what.record, case.options)?.identity, one.what.record.tool.as_ref()?)))
            .collect();
        let habit = |(identity, mark, tool): (Cow<str>, u64, &String)| {
            let own = self.identities.get(&mark)?;
            let first = *self.tools.get(&hash_of_tool(&identity, tool))?;
            Some(Habit { identity: identity.into_owned(), since: own.since?, uses: own.uses, tool: (tool.clone(), first) })
        };
        used.into_iter().filter_map(habit).collect()
    }
}

fn hash(identity: &str) -> u64 {
    Fingerprint::index_of(identity.as_bytes())
}

fn hash_of_tool(identity: &str, tool: &str) -> u64 {
    Fingerprint::index_of(&[identity.as_bytes(), b"\0", tool.as_bytes()].concat())
}
