//! `cargo bench --bench deliver`: how soon a webhook is received, how many go out in a second, and what a million that wait cost.

#[path = "../compare/bar.rs"]
mod bar;
#[path = "../watch/live.rs"]
#[allow(dead_code, reason = "the bench of watch uses the rest")]
mod live;
#[path = "../compare/measure.rs"]
#[allow(dead_code, reason = "the comparison uses the rest")]
mod measure;
mod queue;
#[path = "../../tests/support/receiver.rs"]
mod receiver;

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use clap::Parser;

use crate::bar::{Bars, Limit};
use crate::live::Live;
use crate::measure::{Feed, Usage, run};
use crate::queue::queue;
use crate::receiver::Receiver;

/// Measures delivery
#[derive(Parser, Debug)]
struct Args {
    /// Lines whose time to a webhook is taken
    #[arg(long, default_value_t = 300)]
    lines: usize,
    /// Alerts that are delivered
    #[arg(long, default_value_t = 20_000)]
    alerts: usize,
    /// Alerts that wait
    #[arg(long, default_value_t = 1_000_000)]
    backlog: usize,
    /// A tenth of the lines and alerts, and a hundredth of the backlog: does it work at all
    #[arg(long)]
    quick: bool,
    /// Missed bars fail
    #[arg(long)]
    strict: bool,
    /// What `cargo bench` says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

/// The endpoint's name.
const ENDPOINT: &str = "hook";

struct Bench<'a> {
    directory: &'a Path,
    bars: Bars,
}

fn main() -> anyhow::Result<ExitCode> {
    if measure::launched()? {
        return Ok(ExitCode::SUCCESS);
    }
    let args = Args::parse();
    let (few, fewer) = if args.quick { (10, 100) } else { (1, 1) };
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    fs::create_dir(directory.path().join("logs"))?;
    let mut bench = Bench { directory: directory.path(), bars: Bars::default() };
    bench.latency(args.lines / few)?;
    bench.throughput(args.alerts / few)?;
    bench.backlog(args.backlog / fewer)?;
    write!(io::stdout().lock(), "{}", bench.bars)?;
    Ok(bench.bars.status(args.strict))
}

impl Bench<'_> {
    /// From the write of a line with a token to the receipt of its webhook.
    fn latency(&mut self, lines: usize) -> anyhow::Result<()> {
        let receiver = Receiver::good();
        self.tell(&receiver.url())?;
        let log = self.directory.join("logs/a.log");
        append(&log, "begun\n")?;
        let live = Live::start(self.directory, &["--alert", ENDPOINT])?;
        let (mut random, mut times) = (Random::new(7), Vec::with_capacity(lines));
        for number in 0..=lines {
            let token = String::from_utf8(random.bytes(ByteSet::alnum(), 40))?;
            std::thread::sleep(Duration::from_millis(10));
            let clock = Instant::now();
            append(&log, &format!("Authorization: Bearer {token}\n"))?;
            let came = receiver.wait(number + 1);
            anyhow::ensure!(came.len() == number + 1, "line {number} was told {} times", came.len());
            times.push(came[number].at.duration_since(clock).as_secs_f64() * 1e3);
        }
        live.end()?;
        // The first one waits for the start.
        times.remove(0);
        times.sort_by(f64::total_cmp);
        self.bars.add("line written to webhook received, p50 in ms", times[times.len() / 2], Limit::AtMost(20.0));
        self.bars.add("line written to webhook received, p99 in ms", times[times.len() * 99 / 100], Limit::AtMost(100.0));
        Ok(())
    }

    /// How many are delivered in a second to somebody who takes them at once.
    fn throughput(&mut self, alerts: usize) -> anyhow::Result<()> {
        let receiver = Receiver::good();
        self.tell(&receiver.url())?;
        queue(&self.directory.join("many"), ENDPOINT, alerts)?;
        let usage = self.deliver("many")?;
        anyhow::ensure!((usage.status, receiver.count()) == (0, alerts), "{} of {alerts} came", receiver.count());
        self.bars.add("deliveries a second", alerts as f64 / usage.wall.as_secs_f64(), Limit::AtLeast(2000.0));
        Ok(())
    }

    /// What very many alerts cost while nobody takes them, and when somebody does.
    fn backlog(&mut self, alerts: usize) -> anyhow::Result<()> {
        queue(&self.directory.join("backlog"), ENDPOINT, alerts)?;
        self.tell("http://127.0.0.1:1/")?;
        let usage = self.deliver("backlog")?;
        anyhow::ensure!(usage.status == 3, "it ended with {}", usage.status);
        self.bars.add("1,000,000 alerts wait: peak memory in MB", usage.peak as f64 / f64::from(1 << 20), Limit::AtMost(64.0));
        let receiver = Receiver::good();
        self.tell(&receiver.url())?;
        let clock = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_beartrap"));
        command.args(words("backlog")).current_dir(self.directory).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let first = receiver.wait(1).first().map(|came| came.at.duration_since(clock).as_secs_f64());
        child.kill()?;
        child.wait()?;
        self.bars.add("1,000,000 alerts wait: seconds until the first is received", first.unwrap_or(f64::INFINITY), Limit::AtMost(1.0));
        Ok(())
    }

    /// Writes the settings.
    fn tell(&self, url: &str) -> anyhow::Result<()> {
        fs::write(self.directory.join("key"), format!("whsec_{}", "QkJC".repeat(10)))?;
        fs::write(self.directory.join("beartrap.toml"), format!("[endpoint.{ENDPOINT}]\nurl = \"{url}\"\nsecret_file = \"key\"\n"))?;
        Ok(())
    }

    fn deliver(&self, state: &str) -> anyhow::Result<Usage> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_beartrap"));
        command.args(words(state)).current_dir(self.directory);
        Ok(run(&command, Feed::Argument, &self.directory.join("out"))?)
    }
}

fn words(state: &str) -> [&str; 5] {
    ["outbox", "run", "--quiet", "--state", state]
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}
