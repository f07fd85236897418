//! `cargo bench --bench ledger`: the ledger at ten million tokens, with expected counts and bars.

#[path = "../compare/bar.rs"]
mod bar;
#[path = "../compare/case.rs"]
#[allow(dead_code, reason = "the comparison uses the rest")]
mod case;
#[path = "../../examples/corpus/mod.rs"]
#[allow(dead_code, reason = "the comparison and the example use the rest")]
mod corpus;
#[path = "../compare/measure.rs"]
#[allow(dead_code, reason = "the comparison uses the rest")]
mod measure;
mod records;

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::Context as _;
use beartrap::ledger::ledger::Ledger;
use beartrap::model::token_key::TokenKey;
use beartrap::store::sqlite::Sqlite;
use beartrap::store::state_dir::Access;
use clap::Parser;

use crate::bar::{Bars, Limit};
use crate::corpus::order::Order;
use crate::measure::{Feed, Usage, best_of, run};
use crate::records::{fingerprint, write_records};

/// Measures the ledger
#[derive(Parser, Debug)]
struct Args {
    /// Tokens in the ledger
    #[arg(long, default_value_t = 10_000_000)]
    tokens: u64,
    /// Size of the log that is scanned
    #[arg(long, default_value = "1G", value_parser = corpus::order::size)]
    log: u64,
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

/// Records of the small import.
const FEW: u64 = 1000;
/// Look-ups that are timed.
const LOOK_UPS: u64 = 200_000;
/// How often short runs are repeated; the best counts.
const ROUNDS: usize = 3;

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
    let (tokens, log) = (args.tokens / share, args.log / share);
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut bench = Bench { directory: directory.path(), bars: Bars::default() };
    bench.import(tokens)?;
    bench.few(tokens)?;
    bench.look_up(tokens)?;
    bench.scan(tokens, log)?;
    write!(io::stdout().lock(), "{}", bench.bars)?;
    Ok(bench.bars.status(args.strict))
}

impl Bench<'_> {
    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.join(name)
    }

    fn beartrap(&self, words: &[&str]) -> anyhow::Result<Usage> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_beartrap"));
        command.args(words).current_dir(self.directory);
        let usage = run(&command, Feed::Argument, &self.path("out"))?;
        anyhow::ensure!(usage.status == 0, "beartrap {} ended with {}", words.join(" "), usage.status);
        Ok(usage)
    }

    fn records(&self) -> anyhow::Result<u64> {
        self.beartrap(&["ledger", "stats", "--state", "state", "--format", "json"])?;
        let counts: serde_json::Value = serde_json::from_slice(&std::fs::read(self.path("out"))?)?;
        counts["records"].as_u64().context("stats have no count of records")
    }

    fn import(&mut self, tokens: u64) -> anyhow::Result<()> {
        write_records(&mut BufWriter::new(File::create(self.path("records.jsonl"))?), 0..tokens, "")?;
        let usage = self.beartrap(&["ledger", "import", "records.jsonl", "--state", "state"])?;
        anyhow::ensure!(self.records()? == tokens, "not every record was imported");
        self.bars.add("import: records a second", tokens as f64 / usage.wall.as_secs_f64(), Limit::AtLeast(100_000.0));
        self.bars.add("import: peak memory in MB", usage.peak as f64 / f64::from(1 << 20), Limit::AtMost(300.0));
        Ok(())
    }

    fn few(&mut self, tokens: u64) -> anyhow::Result<()> {
        write_records(&mut BufWriter::new(File::create(self.path("few.jsonl"))?), tokens..tokens + FEW, "")?;
        let usage = self.beartrap(&["ledger", "import", "few.jsonl", "--state", "state"])?;
        anyhow::ensure!(self.records()? == tokens + FEW, "not every record was imported");
        self.bars.add("import of 1,000 records more: seconds", usage.wall.as_secs_f64(), Limit::AtMost(1.0));
        let again = self.beartrap(&["ledger", "import", "few.jsonl", "--again", "--state", "state"])?;
        anyhow::ensure!(self.records()? == tokens + FEW, "the same records again changed something");
        self.bars.add("the same 1,000 again: seconds", again.wall.as_secs_f64(), Limit::AtMost(1.0));
        Ok(())
    }

    fn look_up(&mut self, tokens: u64) -> anyhow::Result<()> {
        let ledger = Ledger::open(Box::new(Sqlite::open(&self.path("state"), Access::Owner)?), [0; 16])?;
        let names: Vec<TokenKey> = (0..LOOK_UPS).map(|i| TokenKey::Fingerprint(fingerprint(i * 7919 % tokens))).collect();
        let mut best = f64::MAX;
        for _ in 0..2 {
            let clock = Instant::now();
            for name in &names {
                anyhow::ensure!(ledger.find(std::slice::from_ref(name))?.is_some(), "{name} is not found");
            }
            best = best.min(clock.elapsed().as_secs_f64());
        }
        self.bars.add("look-ups a second, store warm", LOOK_UPS as f64 / best, Limit::AtLeast(100_000.0));
        Ok(())
    }

    fn scan(&mut self, tokens: u64, size: u64) -> anyhow::Result<()> {
        let log = case::make(case::Material::Log, Order { size, rate: 2.0, seed: 7 }, self.directory)?.path;
        let log = log.to_string_lossy();
        std::fs::write(self.path("small"), "hello\n")?;
        let scan = |bench: &Self, path: &str, more: &[&str]| -> anyhow::Result<Usage> {
            let words = [&["scan", path, "--threads", "1", "--format", "jsonl", "--fail-on", "none"], more].concat();
            best_of(ROUNDS, || bench.beartrap(&words))
        };
        write_records(&mut BufWriter::new(File::create(self.path("known.jsonl"))?), 0..tokens, "\"length\":43,")?;
        self.beartrap(&["ledger", "import", "known.jsonl", "--state", "known"])?;
        let ours = ["--state", "state"];
        let (plain, with) = (scan(self, "small", &[])?, scan(self, "small", &ours)?);
        self.bars.add("start of a scan: milliseconds more", (with.wall.as_secs_f64() - plain.wall.as_secs_f64()) * 1000.0, Limit::AtMost(150.0));
        self.bars.add("start of a scan: MB more", (with.peak as f64 - plain.peak as f64) / f64::from(1 << 20), Limit::AtMost(64.0));
        let (plain, with, known) = (scan(self, &log, &[])?, scan(self, &log, &ours)?, scan(self, &log, &["--state", "known"])?);
        let share = |with: Usage| with.cpu.as_secs_f64() / plain.cpu.as_secs_f64();
        self.bars.add("scan of a log: CPU time in proportion, lengths known", share(known), Limit::AtMost(1.2));
        self.bars.add("scan of a log: CPU time in proportion, no length known", share(with), Limit::AtMost(1.2));
        Ok(())
    }
}
