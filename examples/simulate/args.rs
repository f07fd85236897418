//! The command line of the simulation.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Parser;

use crate::simulate::clock::{Millis, SECOND};
use crate::simulate::order::{Choice, Copies, Delivery, Order, Sequence};
use crate::simulate::{incident, trap};

/// Beyond this, honest uses would fall outside of their tokens' lives.
const MAX_SKEW: i64 = 90;

/// Simulates a day of agents, with incidents and traps
#[derive(Parser, Debug)]
pub struct Args {
    /// The folder that everything is written to
    #[arg(long)]
    out: PathBuf,
    /// The same seed makes the same files
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Agents
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    agents: u64,
    /// Sessions of each agent
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    sessions: u64,
    /// Tasks of each session
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    tasks: u64,
    /// Honest uses
    #[arg(long, default_value_t = 20_000)]
    records: u64,
    /// Incidents: `all`, `none`, or ids of detections with commas between
    #[arg(long, default_value = "all")]
    inject: String,
    /// Traps: `all`, `none`, or names with commas between
    #[arg(long, default_value = "all")]
    traps: String,
    /// Mix the records of each file
    #[arg(long)]
    shuffle: bool,
    /// Write some records twice
    #[arg(long)]
    duplicate: bool,
    /// The share of honest and trap records that get lost
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    drop: f64,
    /// How far clocks of logs may be off, such as 90s
    #[arg(long, default_value = "0s", value_parser = skew)]
    skew: Millis,
}

impl Args {
    /// The order and the folder.
    ///
    /// # Errors
    ///
    /// A name of an incident or a trap that is not known.
    pub fn order(self) -> anyhow::Result<(Order, PathBuf)> {
        let choose = |text: &str, scripts: &[crate::simulate::scene::Script]| Choice::read(text, scripts.iter().map(|script| script.name));
        let order = Order {
            seed: self.seed,
            agents: self.agents,
            sessions: self.sessions,
            tasks: self.tasks,
            records: self.records,
            inject: choose(&self.inject, &incident::all()).map_err(|message| anyhow!(message))?,
            traps: choose(&self.traps, &trap::all()).map_err(|message| anyhow!(message))?,
            delivery: Delivery {
                sequence: if self.shuffle { Sequence::Shuffled } else { Sequence::Sorted },
                copies: if self.duplicate { Copies::SomeTwice } else { Copies::One },
                drop: self.drop,
                skew: self.skew,
            },
        };
        Ok((order, self.out))
    }
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "a share lies between 0 and 1".to_owned())
}

fn skew(text: &str) -> Result<Millis, String> {
    let seconds: Option<i64> = text.strip_suffix('s').unwrap_or(text).parse().ok();
    let seconds = seconds.filter(|seconds| (0..=MAX_SKEW).contains(seconds));
    seconds.map(|seconds| seconds * SECOND).ok_or_else(|| format!("write seconds, such as 30s, and at most {MAX_SKEW}s"))
}
