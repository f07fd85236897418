//! `cargo bench --bench replay`: use records a second with every detection on, rates of log formats, memory of tokens, and cost as work grows.

#[path = "../compare/bar.rs"]
mod bar;
#[path = "../compare/measure.rs"]
#[allow(dead_code, reason = "the comparison uses the rest")]
mod measure;
mod records;
#[path = "../../examples/simulate/mod.rs"]
#[allow(dead_code, reason = "the example uses the rest")]
mod simulate;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;

use crate::bar::{Bars, Limit};
use crate::measure::{Feed, Usage, best_of, run};
use crate::records::Plan;
use crate::simulate::order::Order;

/// Measures replay
#[derive(Parser, Debug)]
struct Args {
    /// Honest uses of the simulation
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// Tokens that are held at the same time
    #[arg(long, default_value_t = 10_000_000)]
    tokens: u64,
    /// Records of the largest run; the others have a tenth and a hundredth
    #[arg(long, default_value_t = 100_000_000)]
    largest: u64,
    /// A hundredth of the sizes: does it work at all
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
/// How often short runs are repeated; the best counts.
const ROUNDS: usize = 3;
/// How many uses of one token follow each other where a bench does not count tokens.
const TOGETHER: u64 = 20;

struct Bench<'a> {
    directory: &'a Path,
    bars: Bars,
}

fn main() -> anyhow::Result<ExitCode> {
    if measure::launched()? {
        return Ok(ExitCode::SUCCESS);
    }
    let args = Args::parse();
    let share = if args.quick { 100 } else { 1 };
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut bench = Bench { directory: directory.path(), bars: Bars::default() };
    bench.simulation(args.records / share)?;
    bench.formats(args.records / share / 5)?;
    bench.tokens(args.tokens / share)?;
    bench.growth(args.largest / share)?;
    write!(io::stdout().lock(), "{}", bench.bars)?;
    Ok(bench.bars.status(args.strict))
}

impl Bench<'_> {
    /// Uses a second of CPU time over the use records of a simulation; every detection of replay must have fired.
    fn simulation(&mut self, records: u64) -> anyhow::Result<()> {
        let folder = self.directory.join("simulation");
        simulate::run::run(&Order { records, ..Order::default() }, &folder)?;
        let count = count(&folder.join("uses.jsonl"))?;
        let best = best_of(ROUNDS, || {
            let (usage, told) = self.replay(&folder, &["issued.jsonl", "uses.jsonl", "--config", "settings.toml", "--all"], Feed::Argument)?;
            let missing: Vec<String> = [1, 3, 7, 12, 15, 16, 23].iter().map(|id| format!("\"TR-{id:02}\"")).filter(|id| !told.contains(id)).collect();
            anyhow::ensure!(missing.is_empty(), "not told: {missing:?}");
            Ok(usage)
        })?;
        self.bars.add("JSONL uses a second, one thread", count as f64 / best.cpu.as_secs_f64(), Limit::AtLeast(300_000.0));
        self.bars.add("peak memory in MB", best.peak as f64 / f64::from(1 << 20), Limit::AtMost(256.0));
        Ok(std::fs::remove_dir_all(folder)?)
    }

    /// Megabytes a second of CPU time of logs as others write them.
    fn formats(&mut self, records: u64) -> anyhow::Result<()> {
        let plan = Plan { records, together: TOGETHER };
        let file = self.directory.join("log.jsonl");
        for (what, write) in [("CloudTrail, MB a second", Plan::cloudtrail as fn(Plan, &mut dyn Write) -> _), ("OTLP, MB a second", Plan::otlp)] {
            write(plan, &mut BufWriter::new(File::create(&file)?))?;
            let size = file.metadata()?.len();
            let best = best_of(ROUNDS, || {
                let (usage, told) = self.replay(self.directory, &["log.jsonl"], Feed::Argument)?;
                anyhow::ensure!(told.is_empty(), "told of an honest log: {told:.500}");
                anyhow::Ok(usage)
            })?;
            let seconds = best.cpu.as_secs_f64();
            self.bars.add(what, size as f64 / 1e6 / seconds, Limit::AtLeast(150.0));
        }
        Ok(())
    }

    /// What a token costs in memory, beyond what a run needs for anything.
    fn tokens(&mut self, tokens: u64) -> anyhow::Result<()> {
        let few = self.stream(Plan { records: tokens / 50, together: 1 })?;
        let many = self.stream(Plan { records: tokens, together: 1 })?;
        let each = many.peak.saturating_sub(few.peak) as f64 / (tokens - tokens / 50) as f64;
        self.bars.add("bytes of memory for a token", each, Limit::AtMost(200.0));
        Ok(())
    }

    /// How the cost of a record grows with their number.
    fn growth(&mut self, largest: u64) -> anyhow::Result<()> {
        let mut costs = Vec::new();
        for records in [largest / 100, largest / 10, largest] {
            let usage = self.stream(Plan { records, together: TOGETHER })?;
            let cost = usage.cpu.as_secs_f64() * 1e6 / records as f64;
            writeln!(io::stdout(), "{records} records: {cost:.2} microseconds each, {} MB", usage.peak >> 20)?;
            costs.push(cost);
        }
        self.bars.add("cost of a record of ten times as many", costs[1] / costs[0], Limit::AtMost(1.2));
        self.bars.add("cost of a record of a hundred times as many", costs[2] / costs[0], Limit::AtMost(1.2));
        Ok(())
    }

    /// Replays use records that are made while they are read.
    fn stream(&self, plan: Plan) -> anyhow::Result<Usage> {
        let pipe = self.directory.join("pipe");
        let _ = std::fs::remove_file(&pipe);
        anyhow::ensure!(Command::new("mkfifo").arg(&pipe).status()?.success(), "mkfifo failed");
        let path: PathBuf = pipe.clone();
        let writer = std::thread::spawn(move || plan.token_uses(&mut BufWriter::with_capacity(1 << 20, File::create(path)?)));
        let (usage, told) = self.replay(self.directory, &["-"], Feed::Pipe(&pipe))?;
        writer.join().map_err(|_| anyhow::anyhow!("the writer panicked"))??;
        anyhow::ensure!(told.is_empty(), "told of an honest log: {told:.500}");
        Ok(usage)
    }

    /// One run of the program, and what it told.
    fn replay(&self, at: &Path, words: &[&str], feed: Feed) -> anyhow::Result<(Usage, String)> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_beartrap"));
        command.arg("replay").args(words).args(["--now", NOW, "--threads", "1", "--format", "jsonl", "--fail-on", "none", "--quiet"]);
        let out = self.directory.join("out");
        let usage = run(command.current_dir(at), feed, &out)?;
        anyhow::ensure!(usage.status == 0, "status {}", usage.status);
        Ok((usage, std::fs::read_to_string(out)?))
    }
}

fn count(path: &Path) -> io::Result<usize> {
    Ok(memchr::memchr_iter(b'\n', &std::fs::read(path)?).count())
}
