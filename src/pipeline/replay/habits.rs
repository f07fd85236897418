//! What identities used, over all tokens of a run.
//!
//! **Invariant:** some thirty bytes for an identity and for each of its tools: their names are kept as keyed hashes.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher as _, Hash};

use crate::detect::used::{Habit, Used};
use crate::model::instant::Instant;

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
    uses: u64,
    since: Option<Instant>,
}

impl Habits {
    /// Learns from the uses of a token; whether some identity may have used some tool for the first time with it.
    pub fn learn(&mut self, case: &Used) -> bool {
        let mut first = false;
        for one in case.uses {
            let Some(identity) = case.identity(one) else { continue };
            let of_identity = self.hash(&identity);
            let own = self.identities.entry(of_identity).or_default();
            own.uses += 1;
            let (Some(tool), Some(time)) = (&one.what.record.tool, one.what.record.time) else { continue };
            own.since = Some(own.since.map_or(time, |since| since.min(time)));
            let of_tool = self.hash((&identity, tool));
            let known = self.tools.entry(of_tool).or_insert(time);
            first |= *known >= time;
            *known = time.min(*known);
        }
        first
    }

    /// What those who used a token are used to, as far as its tools are concerned.
    #[must_use]
    pub fn of(&self, case: &Used) -> Vec<Habit> {
        let used: BTreeSet<_> = case.uses.iter().filter_map(|one| Some((case.identity(one)?, one.what.record.tool.as_ref()?))).collect();
        let habit = |(identity, tool): (Cow<str>, &String)| {
            let own = self.identities.get(&self.hash(&identity))?;
            let first = *self.tools.get(&self.hash((&identity, tool)))?;
            Some(Habit { identity: identity.into_owned(), since: own.since?, uses: own.uses, tool: (tool.clone(), first) })
        };
        used.into_iter().filter_map(habit).collect()
    }

    /// By the key of the tables themselves, which nobody who writes logs knows.
    fn hash(&self, thing: impl Hash) -> u64 {
        self.identities.hasher().hash_one(thing)
    }
}
