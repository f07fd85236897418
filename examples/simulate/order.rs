//! What is ordered: the size of the world, what goes wrong in it, and how its records are delivered.

use std::collections::BTreeSet;

use crate::simulate::clock::Millis;

/// An order.
#[derive(Clone, Debug)]
pub struct Order {
    /// The same seed makes the same files.
    pub seed: u64,
    /// Agents.
    pub agents: u64,
    /// Sessions of each agent.
    pub sessions: u64,
    /// Tasks of each session.
    pub tasks: u64,
    /// Honest uses altogether.
    pub records: u64,
    /// Which incidents happen.
    pub inject: Choice,
    /// Which traps are set.
    pub traps: Choice,
    /// How records are delivered.
    pub delivery: Delivery,
}

/// Some of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Choice {
    /// Every one.
    All,
    /// Those with these names, in any case; none where it is empty.
    Only(BTreeSet<String>),
}

/// In which order records are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sequence {
    /// By time.
    #[default]
    Sorted,
    /// Mixed, within a few thousand records.
    Shuffled,
}

/// How often records are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Copies {
    /// Each once.
    #[default]
    One,
    /// Some twice.
    SomeTwice,
}

/// How records are delivered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delivery {
    /// In which order.
    pub sequence: Sequence,
    /// How often.
    pub copies: Copies,
    /// The share of honest and trap records that get lost, from 0 to 1.
    pub drop: f64,
    /// How far the clock of a file may be off.
    pub skew: Millis,
}

impl Default for Order {
    fn default() -> Self {
        Self { seed: 7, agents: 20, sessions: 3, tasks: 4, records: 20_000, inject: Choice::All, traps: Choice::All, delivery: Delivery::default() }
    }
}

impl Choice {
    /// Whether a name is chosen.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(&name.to_ascii_lowercase()),
        }
    }

    /// From `all`, `none` or names with commas between, each of which must be known.
    ///
    /// # Errors
    ///
    /// The name that is not known.
    pub fn read<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        match text {
            "all" => return Ok(Self::All),
            "none" => return Ok(Self::Only(BTreeSet::new())),
            _ => {}
        }
        let known: BTreeSet<String> = known.map(str::to_ascii_lowercase).collect();
        let names: BTreeSet<String> = text.split(',').map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty()).collect();
        match names.iter().find(|name| !known.contains(*name)) {
            Some(name) => {
                let list: Vec<String> = known.into_iter().collect();
                Err(format!("`{name}` is not known\nhint: `all`, `none`, or some of {}", list.join(", ")))
            }
            None => Ok(Self::Only(names)),
        }
    }
}
