//! `cargo bench --bench replay`: use records a second with every detection on, with the expected judgements, at growing sizes.

#[path = "../compare/bar.rs"]
mod bar;
#[path = "../compare/measure.rs"]
#[allow(dead_code, reason = "the comparison uses the rest")]
mod measure;
#[path = "../../examples/simulate/mod.rs"]
#[allow(dead_code, reason = "the example uses the rest")]
mod simulate;

use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode};

use clap::Parser;

use crate::bar::{Bar, Limit};
use crate::measure::{Feed, Usage, run};
use crate::simulate::order::Order;

/// Measures replay
#[derive(Parser, Debug)]
struct Args {
    /// Honest uses of the largest simulation
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// A hundredth of the size: does it work at all
    #[arg(long)]
    quick: bool,
    /// Missed bars fail
    #[arg(long)]
    strict: bool,
    /// What `cargo bench` says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

/// The time for which the simulation's labels hold.
const NOW: &str = "2026-03-03T00:00:00Z";

fn main() -> anyhow::Result<ExitCode> {
    let mut raw = std::env::args_os().skip(1);
    if raw.next().is_some_and(|first| first == measure::LAUNCH) {
        measure::launch(raw)?;
        return Ok(ExitCode::SUCCESS);
    }
    let args = Args::parse();
    let records = if args.quick { args.records / 100 } else { args.records };
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let (small, large) = (rate(directory.path(), records / 10)?, rate(directory.path(), records)?);
    let bars = [
        Bar { what: "JSONL uses a second, one thread", figure: large.0, limit: Limit::AtLeast(300_000.0) },
        Bar { what: "the same at a tenth of the size, in proportion", figure: large.0 / small.0, limit: Limit::AtLeast(0.8) },
        Bar { what: "peak memory in MB", figure: large.1.peak as f64 / f64::from(1 << 20), limit: Limit::AtMost(2048.0) },
    ];
    let mut out = io::stdout().lock();
    writeln!(out, "\n| bar | limit | measured | |\n|---|---|---:|---|")?;
    bars.iter().try_for_each(|bar| writeln!(out, "{bar}"))?;
    let slow = args.strict && bars.iter().any(|bar| !bar.is_met());
    Ok(if slow { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Uses a second of CPU time over the use records of a simulation; every detection of replay must have fired.
fn rate(directory: &Path, records: u64) -> anyhow::Result<(f64, Usage)> {
    let folder = directory.join(records.to_string());
    simulate::run::run(&Order { records, ..Order::default() }, &folder)?;
    let uses = std::fs::read(folder.join("uses.jsonl"))?;
    let count = memchr::memchr_iter(b'\n', &uses).count();
    drop(uses);
    let mut command = Command::new(env!("CARGO_BIN_EXE_beartrap"));
    command.args(["replay", "issued.jsonl", "uses.jsonl", "--config", "settings.toml", "--now", NOW]);
    command.args(["--threads", "1", "--format", "jsonl", "--all", "--fail-on", "none", "--quiet"]).current_dir(&folder);
    let out = directory.join("out");
    let usage = run(&command, Feed::Argument, &out)?;
    let told = std::fs::read_to_string(out)?;
    let missing: Vec<String> = [1, 3, 7, 12, 15, 16, 23].iter().map(|id| format!("\"TR-{id:02}\"")).filter(|id| !told.contains(id)).collect();
    anyhow::ensure!(usage.status == 0 && missing.is_empty(), "status {}, not told: {missing:?}", usage.status);
    Ok((count as f64 / usage.cpu.as_secs_f64(), usage))
}
