//! `cargo bench --bench watch`: how soon lines are judged, how fast a backlog is read, what a flood and what silence cost.

#[path = "../compare/bar.rs"]
mod bar;
#[path = "../compare/case.rs"]
#[allow(dead_code, reason = "the comparison uses the rest")]
mod case;
#[path = "../../examples/corpus/mod.rs"]
#[allow(dead_code, reason = "the comparison and the example use the rest")]
mod corpus;
mod live;
#[path = "../compare/measure.rs"]
#[allow(dead_code, reason = "the comparison uses the rest")]
mod measure;

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use clap::Parser;

use crate::bar::{Bars, Limit};
use crate::corpus::order::Order;
use crate::live::Live;
use crate::measure::{Feed, Usage, best_of, run};

/// Measures watch
#[derive(Parser, Debug)]
struct Args {
    /// Lines whose time to a verdict is taken
    #[arg(long, default_value_t = 2000)]
    lines: usize,
    /// Size of the backlog
    #[arg(long, default_value = "1G", value_parser = corpus::order::size)]
    backlog: u64,
    /// How long files are flooded
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Files of the largest directory
    #[arg(long, default_value_t = 10_000)]
    files: usize,
    /// Small sizes: does it work at all
    #[arg(long)]
    quick: bool,
    /// Missed bars fail
    #[arg(long)]
    strict: bool,
    /// What `cargo bench` says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

/// Files into which lines are written whose time is taken.
const FILES: usize = 100;
/// Files that are flooded, and how fast, all together, in bytes a second.
const FLOODED: usize = 20;
const FLOOD: u64 = 50_000_000;
/// How often short runs are repeated; the best counts.
const ROUNDS: usize = 3;
/// How long a told line is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

struct Bench<'a> {
    directory: &'a Path,
    bars: Bars,
    random: Random,
}

fn main() -> anyhow::Result<ExitCode> {
    if measure::launched()? {
        return Ok(ExitCode::SUCCESS);
    }
    let args = Args::parse();
    let share = if args.quick { 20 } else { 1 };
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut bench = Bench { directory: directory.path(), bars: Bars::default(), random: Random::new(7) };
    bench.latency(args.lines / usize::try_from(share)?)?;
    bench.silence(1000, Duration::from_secs(20 / share))?;
    bench.many(args.files / usize::try_from(share)?, Duration::from_secs(20 / share))?;
    bench.flood(Duration::from_secs(args.seconds / share))?;
    bench.backlog(args.backlog / share)?;
    write!(io::stdout().lock(), "{}", bench.bars)?;
    Ok(bench.bars.status(args.strict))
}

impl Bench<'_> {
    /// A fresh directory for logs, and one for the state.
    fn fresh(&self) -> anyhow::Result<PathBuf> {
        for name in ["logs", "state"] {
            let path = self.directory.join(name);
            if path.exists() {
                fs::remove_dir_all(path)?;
            }
        }
        fs::create_dir(self.directory.join("logs"))?;
        Ok(self.directory.join("logs"))
    }

    fn token(&mut self) -> String {
        String::from_utf8(self.random.bytes(ByteSet::alnum(), 40)).expect("because letters and digits are text")
    }

    /// From the write of a line to its verdict, committed: of a token that was issued, in a public log.
    fn latency(&mut self, lines: usize) -> anyhow::Result<()> {
        let logs = self.fresh()?;
        let tokens: Vec<String> = (0..=lines).map(|_| self.token()).collect();
        self.issue(&tokens)?;
        let file = |number: usize| logs.join(format!("{}.log", number % FILES));
        (0..FILES).try_for_each(|number| append(&file(number), "begun\n"))?;
        let live = Live::start(self.directory, &["--reach", "external"])?;
        let mut times = Vec::with_capacity(lines);
        for (number, token) in tokens.iter().enumerate() {
            std::thread::sleep(Duration::from_millis(3));
            let clock = Instant::now();
            append(&file(number * 37), &format!("{{\"level\":\"info\",\"msg\":\"GET /v1\",\"authorization\":\"Bearer {token}\"}}\n"))?;
            let told = live.next(PATIENCE).with_context(|| format!("line {number} was not told"))?;
            anyhow::ensure!(told.contains("EX-0"), "no verdict: {told}");
            times.push(clock.elapsed().as_secs_f64() * 1e3);
        }
        live.end()?;
        // The first one waits for the start.
        times.remove(0);
        times.sort_by(f64::total_cmp);
        self.bars.add("line written to verdict, p50 in ms", times[times.len() / 2], Limit::AtMost(10.0));
        self.bars.add("line written to verdict, p99 in ms", times[times.len() * 99 / 100], Limit::AtMost(50.0));
        Ok(())
    }

    /// Issued-token records of these tokens, which live long.
    fn issue(&self, tokens: &[String]) -> anyhow::Result<()> {
        let record = |token: &String| {
            let fp = beartrap::model::fingerprint::Fingerprint::of(token.as_bytes());
            format!(r#"{{"v":1,"fp":"{fp}","token_type":"access_token","issued_to":{{"agent_id":"agent-7"}},"expires_at":4102444800}}"#) + "\n"
        };
        fs::write(self.directory.join("issued.jsonl"), tokens.iter().map(record).collect::<String>())?;
        self.beartrap(&["ledger", "import", "issued.jsonl", "--state", "state"]).map(drop)
    }

    /// What following costs while nothing is written.
    fn silence(&mut self, files: usize, time: Duration) -> anyhow::Result<()> {
        let logs = self.fresh()?;
        (0..files).try_for_each(|number| append(&logs.join(format!("{number}.log")), "a line\n"))?;
        let live = Live::start(self.directory, &[])?;
        self.await_start(&live, &logs.join("0.log"))?;
        std::thread::sleep(Duration::from_secs(3));
        let before = live.cpu();
        std::thread::sleep(time);
        let share = live.cpu().saturating_sub(before).as_secs_f64() / time.as_secs_f64();
        live.end()?;
        self.bars.add("1,000 silent files: per cent of a core", share * 100.0, Limit::AtMost(0.5));
        Ok(())
    }

    /// Start with very many files, and what they cost while one in a hundred is written to every second.
    fn many(&mut self, files: usize, time: Duration) -> anyhow::Result<()> {
        let logs = self.fresh()?;
        let file = |number: usize| logs.join(format!("{}/{number}.log", number % 100));
        (0..100.min(files)).try_for_each(|number| fs::create_dir(logs.join(number.to_string())))?;
        (0..files).try_for_each(|number| append(&file(number), "a line\n"))?;
        let clock = Instant::now();
        let live = Live::start(self.directory, &[])?;
        self.await_start(&live, &file(files - 1))?;
        self.bars.add("10,000 files: start in seconds", clock.elapsed().as_secs_f64(), Limit::AtMost(2.0));
        std::thread::sleep(Duration::from_secs(3));
        let before = live.cpu();
        let since = Instant::now();
        while since.elapsed() < time {
            let turn = Instant::now();
            (0..files / 100).try_for_each(|number| append(&file(number * 97 % files), "{\"level\":\"info\",\"msg\":\"request done\"}\n"))?;
            std::thread::sleep(Duration::from_secs(1).saturating_sub(turn.elapsed()));
        }
        let share = live.cpu().saturating_sub(before).as_secs_f64() / since.elapsed().as_secs_f64();
        live.end()?;
        self.bars.add("10,000 files, 1 % active: per cent of a core", share * 100.0, Limit::AtMost(0.5));
        Ok(())
    }

    /// Writes a token and waits until it is told: then everything that was there has been read.
    fn await_start(&mut self, live: &Live, file: &Path) -> anyhow::Result<()> {
        append(file, &format!("Authorization: Bearer {}\n", self.token()))?;
        live.next(PATIENCE).context("nothing was told")?;
        Ok(())
    }

    /// Many bytes a second into a few files, for a while: what is behind must not grow, nor memory.
    fn flood(&mut self, time: Duration) -> anyhow::Result<()> {
        let logs = self.fresh()?;
        let log = case::make(case::Material::Log, Order { size: FLOOD / 5, rate: 2.0, seed: 7 }, self.directory)?.path;
        let text = fs::read(log)?;
        let mut files = (0..FLOODED)
            .map(|number| OpenOptions::new().create(true).append(true).open(logs.join(format!("{number}.log"))))
            .collect::<io::Result<Vec<_>>>()?;
        let live = Live::start(self.directory, &[])?;
        let (since, mut written, mut delays) = (Instant::now(), 0_u64, Vec::new());
        let lines = text.split_inclusive(|b| *b == b'\n').collect::<Vec<_>>();
        let pieces: Vec<Vec<u8>> = lines.chunks(100).map(<[&[u8]]>::concat).collect();
        let mut turns = pieces.iter().cycle().zip((0..FLOODED).cycle());
        while since.elapsed() < time {
            let due = u128::from(FLOOD) * since.elapsed().as_millis() / 1000;
            while u128::from(written) < due {
                let (piece, at) = turns.next().context("the log is empty")?;
                files[at].write_all(piece)?;
                written += piece.len() as u64;
            }
            if since.elapsed().as_secs() as usize / 5 > delays.len() {
                delays.push(self.behind()?);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let clock = Instant::now();
        while self.behind()? > 0 && clock.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(100));
        }
        let rest = clock.elapsed().as_secs_f64();
        let peak = live.peak() as f64 / f64::from(1 << 20);
        live.end()?;
        writeln!(
            io::stdout(),
            "flood: {:.0} MB written, behind every 5 s in MB: {:.0?}",
            written as f64 / 1e6,
            delays.iter().map(|delay| *delay as f64 / 1e6).collect::<Vec<_>>()
        )?;
        self.bars.add("50 MB a second: seconds until all was read", rest, Limit::AtMost(2.5));
        self.bars.add("50 MB a second: peak memory in MB", peak, Limit::AtMost(64.0));
        Ok(())
    }

    /// How many bytes are written and not read, by the state.
    fn behind(&self) -> anyhow::Result<u64> {
        let out = Command::new(env!("CARGO_BIN_EXE_beartrap"))
            .args(["watch", "logs", "--status", "--state", "state", "--format", "jsonl"])
            .current_dir(self.directory)
            .stderr(Stdio::null())
            .output()?;
        let lines = String::from_utf8(out.stdout)?;
        let files = lines.lines().map(serde_json::from_str::<serde_json::Value>).collect::<Result<Vec<_>, _>>()?;
        let read: u64 = files.iter().filter_map(|file| file["read"].as_u64()).sum();
        let written: u64 = fs::read_dir(self.directory.join("logs"))?.map(|file| Ok(file?.metadata()?.len())).sum::<io::Result<u64>>()?;
        Ok(written.saturating_sub(read))
    }

    /// The rate at which what was written before is read, in proportion to that of `scan` with the same state on one thread.
    fn backlog(&mut self, size: u64) -> anyhow::Result<()> {
        self.fresh()?;
        let log = case::make(case::Material::Log, Order { size, rate: 2.0, seed: 7 }, self.directory)?.path;
        let log = log.to_string_lossy().into_owned();
        let scan = best_of(ROUNDS, || -> anyhow::Result<Usage> {
            self.beartrap(&["scan", &log, "--state", "scanned", "--threads", "1", "--format", "jsonl"])
        })?;
        let expected = self.findings()?;
        let watch = best_of(ROUNDS, || -> anyhow::Result<Usage> {
            let usage = self.beartrap(&["watch", &log, "--state", "state", "--once", "--from", "start", "--format", "jsonl"])?;
            let findings = self.findings()?;
            anyhow::ensure!(findings == expected, "{findings} findings, {expected} by scan");
            Ok(usage)
        })?;
        self.bars.add("backlog: part of scan's rate", scan.wall.as_secs_f64() / watch.wall.as_secs_f64(), Limit::AtLeast(0.6));
        self.bars.add("backlog: peak memory in MB", watch.peak as f64 / f64::from(1 << 20), Limit::AtMost(64.0));
        Ok(())
    }

    fn findings(&self) -> anyhow::Result<usize> {
        let out = fs::read_to_string(self.directory.join("out"))?;
        Ok(out.lines().filter(|line| line.contains("\"type\":\"finding\"")).count())
    }

    fn beartrap(&self, words: &[&str]) -> anyhow::Result<Usage> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_beartrap"));
        command.args(words).current_dir(self.directory);
        let usage = run(&command, Feed::Argument, &self.directory.join("out"))?;
        anyhow::ensure!((0..=1).contains(&usage.status), "beartrap {} ended with {}", words.join(" "), usage.status);
        Ok(usage)
    }
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}
