//! What identities used, over all tokens of a run.
//!
//! **Invariant:** some thirty bytes for an identity and for each of its tools: hashes stand for their names.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher as _, BuildHasherDefault, Hash, Hasher};

use crate::detect::options::Options;
use crate::detect::used::{Habit, Used};
use crate::model::instant::Instant;
use crate::model::text::Text;
use crate::model::token_use::Record;

/// What a record says of habits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    identity: u64,
    /// A tool, and when it was used.
    tool: Option<(u64, Instant)>,
}

/// How names become numbers: under the key of a set of this run, so that nobody who writes logs can choose names with one number.
#[derive(Clone, Default, Debug)]
pub struct Numbers(HashSet<u64>);

impl Numbers {
    fn of(&self, name: impl Hash) -> u64 {
        self.0.hasher().hash_one(name)
    }
}

impl Mark {
    /// The record's mark; none where it names nobody.
    #[must_use]
    pub fn of(record: &Record, options: &Options, numbers: &Numbers) -> Option<Self> {
        let identity = options.identity(record, None)?;
        let identity = numbers.of(&*identity);
        Some(Self { identity, tool: record.tool.as_deref().zip(record.time).map(|(tool, time)| (numbers.of((identity, tool)), time)) })
    }
}

/// A map by numbers that were made under a key, and need not be hashed again.
type ByNumber<T> = HashMap<u64, T, BuildHasherDefault<Itself>>;

/// Takes a number for its own hash.
#[derive(Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn write(&mut self, _: &[u8]) {
        unreachable!("because only numbers are hashed");
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// What identities used.
#[derive(Default)]
pub struct Habits {
    /// How their names and those of their tools become numbers.
    pub numbers: Numbers,
    identities: ByNumber<Custom>,
    /// When an identity first used a tool.
    tools: ByNumber<Instant>,
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
            if let Some(mark) = Mark::of(&one.what.record, case.options, &self.numbers) {
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
            .filter_map(|one| {
                Some((case.identity(one)?, Mark::of(&one.what.record, case.options, &self.numbers)?.identity, one.what.record.tool.as_ref()?))
            })
            .collect();
        let habit = |(identity, mark, tool): (Cow<str>, u64, &Text)| {
            let own = self.identities.get(&mark)?;
            let first = *self.tools.get(&self.numbers.of((mark, tool.as_str())))?;
            Some(Habit { identity: identity.into_owned(), since: own.since?, uses: own.uses, tool: (tool.to_string(), first) })
        };
        used.into_iter().filter_map(habit).collect()
    }
}
