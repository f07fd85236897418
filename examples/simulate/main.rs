//! Simulates agents and replay: `cargo run --release --example simulate -- --out DIR --seed 7 --records 1000000 --shuffle`.

mod args;
#[path = "mod.rs"]
mod simulate;

use std::io::{self, Write as _};

use anyhow::Context as _;
use clap::Parser as _;

use crate::args::Args;
use crate::simulate::run::run;

fn main() -> anyhow::Result<()> {
    let (order, folder) = Args::parse().order()?;
    let summary = run(&order, &folder).with_context(|| format!("cannot write into `{}`", folder.display()))?;
    let (injected, traps) = (summary.injected.len(), summary.traps.len());
    writeln!(io::stderr(), "{} honest uses, {injected} incidents, {traps} traps", summary.records)?;
    Ok(())
}
