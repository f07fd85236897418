//! What identities used, over all tokens of a run, or of all runs of a state that is watched.
//!
//! **Invariant:** some thirty bytes for an identity and for each of its tools: hashes stand for their names.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher as _, DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use borsh::{BorshDeserialize, BorshSerialize};

use crate::detect::options::Options;
use crate::detect::used::{Habit, Use, Used};
use crate::model::fast_map::FastMap;
use crate::model::instant::Instant;
use crate::model::text::Text;
use crate::model::token_use::Record;
use crate::store::error::StoreError;
use crate::store::step::NewValue;
use crate::store::store::Store;

/// What a record says of habits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    identity: u64,
    /// A tool, and when it was used.
    tool: Option<(u64, Instant)>,
}

/// The name under which habits are kept.
const NAME: &str = "watch/habits";
/// The form in which they are.
const VERSION: u8 = 1;
/// How many identities, tools and tokens are remembered; what comes then begins anew.
const MOST: usize = 1 << 18;

/// How many tools of one identity are remembered with their numbers.
const TOOLS: usize = 8;

/// How names become numbers: under a key, so that nobody who writes logs can choose names with one number. Copies have the same one.
#[derive(Clone, Debug)]
pub struct Numbers(Arc<AtomicU64>);

impl Default for Numbers {
    /// Under the key of a set of this run.
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(HashSet::<u64>::new().hasher().hash_one(0))))
    }
}

impl Numbers {
    fn of(&self, name: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.key(), name).hash(&mut hasher);
        hasher.finish()
    }

    fn key(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Marks records one after the other: neighbours are often of one identity, and use few tools.
#[derive(Default, Debug)]
pub struct Marker {
    /// Agent, workload and client of the last record.
    who: [Option<Text>; 3],
    /// The number that stands for them; none where they name nobody.
    identity: Option<u64>,
    /// Tools, each with the number that stands for its use by them.
    tools: Vec<(Text, u64)>,
}

impl Marker {
    /// The record's mark; none where it names nobody.
    pub fn mark(&mut self, record: &Record, options: &Options, numbers: &Numbers) -> Option<Mark> {
        let who = [&record.agent_id, &record.principal, &record.client_id];
        if self.who.each_ref() != who {
            let identity = options.identity(record, None).map(|identity| numbers.of(&*identity));
            *self = Self { who: who.map(Clone::clone), identity, tools: Vec::new() };
        }
        let identity = self.identity?;
        let used = record.tool.as_ref().map(|tool| self.number(identity, tool, numbers));
        Some(Mark { identity, tool: used.zip(record.time) })
    }

    fn number(&mut self, identity: u64, tool: &Text, numbers: &Numbers) -> u64 {
        if let Some((_, number)) = self.tools.iter().find(|(known, _)| known == tool) {
            return *number;
        }
        let number = numbers.of((identity, tool.as_str()));
        if self.tools.len() >= TOOLS {
            self.tools.clear();
        }
        self.tools.push((tool.clone(), number));
        number
    }
}

/// What identities used.
#[derive(Default)]
pub struct Habits {
    /// How their names and those of their tools become numbers.
    pub numbers: Numbers,
    identities: FastMap<u64, Custom>,
    /// When an identity first used a tool.
    tools: FastMap<u64, Instant>,
    /// How often each used a token when that was counted last, where tokens are counted again: only the difference counts then.
    counted: Option<FastMap<u64, Vec<(u64, u64)>>>,
}

/// How often an identity used anything, and when it first used any tool.
#[derive(Clone, PartialEq, Eq, Default, Debug, BorshSerialize, BorshDeserialize)]
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
        let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
        let (mut marker, numbers) = (Marker::default(), self.numbers.clone());
        for one in case.uses {
            if let Some(mark) = marker.mark(&one.what.record, case.options, &numbers) {
                self.see(mark);
                *counts.entry(mark.identity).or_default() += 1;
            }
        }
        let now = || counts.iter().map(|(identity, count)| (*identity, *count)).collect();
        let before = self.counted.as_mut().and_then(|counted| counted.insert(case.key.index(), now()));
        for (identity, count) in before.into_iter().flatten() {
            let own = self.identities.entry(identity).or_default();
            own.uses = own.uses.saturating_sub(count);
        }
        for (identity, count) in counts {
            self.identities.entry(identity).or_default().uses += count;
        }
    }

    /// The same as [`Habits::of`], of a token that is counted only now.
    pub fn recounted(&mut self, case: &Used) -> Vec<Habit> {
        self.count(case);
        self.of(case)
    }

    /// As they are kept.
    #[must_use]
    pub fn to_value(&self) -> NewValue {
        let nothing = HashMap::default();
        let kept = (VERSION, self.numbers.key(), &self.identities, &self.tools, self.counted.as_ref().unwrap_or(&nothing));
        NewValue { name: NAME.to_owned(), bytes: Some(borsh::to_vec(&kept).expect("because it is written to memory")) }
    }

    /// What was kept, from now on under the key of these numbers; nothing where another version wrote it.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub fn read(store: &dyn Store, numbers: &Numbers) -> Result<Self, StoreError> {
        let kept = store.value(NAME)?.and_then(|bytes| borsh::from_slice(&bytes).ok());
        let kept = kept.filter(|(version, ..): &(u8, u64, _, _, _)| *version == VERSION);
        let nothing = || (VERSION, numbers.key(), HashMap::default(), HashMap::default(), HashMap::default());
        let (_, key, identities, tools, counted) = kept.unwrap_or_else(nothing);
        numbers.0.store(key, Ordering::Relaxed);
        Ok(Self { numbers: numbers.clone(), identities, tools, counted: Some(counted) })
    }

    /// Forgets what is too much to be remembered beyond a run.
    pub fn limit(&mut self) {
        if let Some(counted) = &mut self.counted
            && self.identities.len().max(self.tools.len()).max(counted.len()) > MOST
        {
            counted.clear();
            self.identities.clear();
            self.tools.clear();
        }
    }

    /// What those who used a token are used to, as far as its tools are concerned.
    #[must_use]
    pub fn of(&self, case: &Used) -> Vec<Habit> {
        let mut marker = Marker::default();
        let mut of_use = |one: &'_ Use| marker.mark(&one.what.record, case.options, &self.numbers).map(|mark| mark.identity);
        let used: BTreeSet<_> =
            case.uses.iter().filter_map(|one| Some((case.identity(one)?, of_use(one)?, one.what.record.tool.as_ref()?))).collect();
        let habit = |(identity, mark, tool): (Cow<str>, u64, &Text)| {
            let own = self.identities.get(&mark)?;
            let first = *self.tools.get(&self.numbers.of((mark, tool.as_str())))?;
            Some(Habit { identity: identity.into_owned(), since: own.since?, uses: own.uses, tool: (tool.to_string(), first) })
        };
        used.into_iter().filter_map(habit).collect()
    }
}
