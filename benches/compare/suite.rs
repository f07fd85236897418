//! Runs cases: every tool in turn, several times, the best of each; keeps rows, bars and shortfalls.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::Context as _;
use beartrap::rules::generate::Random;

use crate::args::Args;
use crate::bar::{Bars, Limit};
use crate::case::{CASES, Case, Corpus, Material, make};
use crate::corpus::order::Order;
use crate::measure::{Feed, Usage, run};
use crate::score::{Score, labels, score};
use crate::table::{HEAD, Row};
use crate::tool::{BEARTRAP, OTHERS, RG, RG_VARIANTS, Read, Tool};

/// A tool that takes longer than this is not run again.
const PATIENCE: Duration = Duration::from_mins(1);
/// Tokens in a megabyte of a log or a tree.
const RATE: f64 = 2.0;
/// Peak memory that is allowed, in MB.
const MEMORY: f64 = 32.0;

/// What has been measured so far.
pub struct Suite<'a> {
    args: &'a Args,
    directory: tempfile::TempDir,
    literals: PathBuf,
    rows: Vec<Row>,
    bars: Bars,
    missed: BTreeMap<(String, String), usize>,
    /// Whether in some case more were missed than look like text by chance.
    fails: bool,
    log_rate: Option<f64>,
}

/// Of so many planted tokens one may look like text: those of formats that only their looks tell.
const BY_CHANCE: usize = 400;

/// The cases that were asked for.
///
/// # Errors
///
/// A name that no case has.
pub fn chosen(args: &Args) -> anyhow::Result<Vec<Case>> {
    if let Some(unknown) = args.cases.iter().find(|name| CASES.iter().all(|(known, _)| known != name)) {
        anyhow::bail!("no case is named `{unknown}`\nhint: the cases are {}", CASES.map(|(name, _)| name).join(", "));
    }
    Ok(CASES.iter().filter(|(name, _)| args.cases.is_empty() || args.cases.iter().any(|one| one == name)).map(|(_, case)| *case).collect())
}

impl<'a> Suite<'a> {
    /// Prepares a directory for corpora.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn new(args: &'a Args) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).context("no directory for corpora")?;
        let literals = directory.path().join("literals");
        std::fs::write(&literals, some_literals(args.seed))?;
        Ok(Self { args, directory, literals, rows: Vec::new(), bars: Bars::default(), missed: BTreeMap::new(), fails: false, log_rate: None })
    }

    /// Runs one case.
    ///
    /// # Errors
    ///
    /// When a corpus cannot be made, or nothing can be started.
    pub fn run(&mut self, case: Case) -> anyhow::Result<()> {
        match case {
            Case::Log => self.log(),
            Case::Threads => self.threads(),
            Case::Memory => self.memory(),
            Case::Start => self.start(),
            Case::Source => self.source(),
            Case::LongLine => self.linear("longline", Material::LongLine, 100, "one line four times as long: CPU time per byte, in proportion"),
            Case::Dense => self.linear("dense", Material::Dense, 4, "four times as many dense tokens: CPU time per byte, in proportion"),
            Case::Base64 => self.encoded("base64", Material::Base64, "base64: rate in proportion to the log's"),
            Case::Hex => self.encoded("hex", Material::Hex, "hex on one line: rate in proportion to the log's"),
            Case::Others => self.others(),
        }
    }

    /// Two tables and the tokens that were missed.
    pub fn report(&self) -> String {
        let mut text = String::from(HEAD);
        self.rows.iter().for_each(|row| writeln!(text, "{row}").expect("because memory can be written"));
        write!(text, "{}", self.bars).expect("because memory can be written");
        if !self.missed.is_empty() {
            text.push_str("\n| planted but not found exactly: rule | carrier | times |\n|---|---|---:|\n");
        }
        for ((rule, carrier), times) in &self.missed {
            writeln!(text, "| {rule} | {carrier} | {times} |").expect("because memory can be written");
        }
        text
    }

    /// Failure when more planted tokens were not found than chance explains; with `--strict` also when a bar was missed.
    pub fn status(&self) -> ExitCode {
        if self.fails { ExitCode::FAILURE } else { self.bars.status(self.args.strict) }
    }

    fn log(&mut self) -> anyhow::Result<()> {
        let corpus = self.corpus(Material::Log, 1000)?;
        let rows = self.compare("log", &corpus, &[BEARTRAP, RG, RG_VARIANTS[0], RG_VARIANTS[1]])?;
        self.against_rg("log, one thread: CPU time in proportion to rg's", &rows, 1.0);
        self.log_rate = Some(rows[0].rate());
        Ok(())
    }

    fn source(&mut self) -> anyhow::Result<()> {
        let corpus = self.corpus(Material::Source, 500)?;
        let rows = self.compare("source", &corpus, &[BEARTRAP, RG, RG_VARIANTS[0]])?;
        self.against_rg("source tree, one thread: CPU time in proportion to rg's", &rows, 1.5);
        Ok(())
    }

    fn threads(&mut self) -> anyhow::Result<()> {
        let corpus = self.corpus(Material::Log, 1000)?;
        let (mut one, mut two) = (None, None);
        for _ in 0..self.args.rounds() {
            keep(&mut one, self.once(&BEARTRAP, &corpus, 1)?.0);
            keep(&mut two, self.once(&BEARTRAP, &corpus, 2)?.0);
        }
        for (tool, usage) in [("beartrap, 1 thread", one), ("beartrap, 2 threads", two)] {
            self.row(Row { case: "threads".into(), tool: tool.into(), bytes: corpus.bytes, usage, score: None, ratio: None });
        }
        let wall = |usage: Option<Usage>| usage.map_or(0.0, |usage| usage.wall.as_secs_f64());
        self.bars.add("log, two threads: times as fast as one", wall(one) / wall(two).max(1e-6), Limit::AtLeast(1.8));
        Ok(())
    }

    fn memory(&mut self) -> anyhow::Result<()> {
        let corpus = self.corpus(Material::Log, 1000)?;
        let output = self.directory.path().join("report");
        let file = self.once(&BEARTRAP, &corpus, 2)?.0;
        let stdin = run(&Tool::from_stdin(), Feed::Pipe(&corpus.path), &output)?;
        let score = self.scored(&BEARTRAP, &corpus, "")?;
        for (tool, usage, score) in [("beartrap, 2 threads", file, None), ("beartrap -", stdin, Some(score))] {
            self.row(Row { case: "memory".into(), tool: tool.into(), bytes: corpus.bytes, usage: Some(usage), score, ratio: None });
        }
        let megabytes = |usage: Usage| usage.peak as f64 / 1024.0 / 1024.0;
        self.bars.add("log as a file: peak memory in MB", megabytes(file), Limit::AtMost(MEMORY));
        self.bars.add("log on standard input: peak memory in MB", megabytes(stdin), Limit::AtMost(MEMORY));
        Ok(())
    }

    fn start(&mut self) -> anyhow::Result<()> {
        let order = Order { size: 1000, rate: RATE, seed: self.args.seed };
        let corpus = make(Material::Log, order, self.directory.path())?;
        let mut total: Option<Usage> = None;
        for _ in 0..50 {
            let usage = self.once(&BEARTRAP, &corpus, 1)?.0;
            total = Some(total.map_or(usage, |t| Usage { cpu: t.cpu + usage.cpu, wall: t.wall + usage.wall, ..usage.best(t) }));
        }
        let mean = total.map(|t| Usage { cpu: t.cpu / 50, wall: t.wall / 50, ..t });
        self.row(Row { case: "start".into(), tool: "beartrap".into(), bytes: corpus.bytes, usage: mean, score: None, ratio: None });
        let milliseconds = mean.map_or(0.0, |usage| usage.wall.as_secs_f64() * 1e3);
        self.bars.add("start to exit on 1 KB: milliseconds, mean of 50", milliseconds, Limit::AtMost(10.0));
        Ok(())
    }

    /// A corpus and one four times as large must take the same time per byte, within what noise makes of that.
    fn linear(&mut self, name: &str, material: Material, per_mille: u64, what: &'static str) -> anyhow::Result<()> {
        let sizes = [per_mille.div_ceil(4), per_mille];
        let mut rates = Vec::new();
        for size in sizes {
            let corpus = self.corpus(material, size)?;
            rates.push(self.compare(name, &corpus, &[BEARTRAP, RG])?[0].rate());
        }
        self.bars.add(what, rates[0] / rates[1].max(1e-6), Limit::AtMost(1.3));
        Ok(())
    }

    fn encoded(&mut self, name: &str, material: Material, what: &'static str) -> anyhow::Result<()> {
        let corpus = self.corpus(material, 200)?;
        let rate = self.compare(name, &corpus, &[BEARTRAP, RG])?[0].rate();
        if self.log_rate.is_none() {
            let log = self.corpus(Material::Log, 200)?;
            self.log_rate = Some(self.compare("log", &log, &[BEARTRAP])?[0].rate());
        }
        self.bars.add(what, rate / self.log_rate.unwrap_or(f64::NAN), Limit::AtLeast(0.5));
        Ok(())
    }

    /// A smaller log and tree, for many scanners take long.
    fn others(&mut self) -> anyhow::Result<()> {
        let mut tools = vec![BEARTRAP, RG];
        tools.extend(OTHERS.iter().filter(|tool| tool.is_installed()));
        for (name, material) in [("others, log", Material::Log), ("others, source", Material::Source)] {
            let order = Order { size: self.args.part(50), rate: 10.0 * RATE, seed: self.args.seed };
            let corpus = make(material, order, self.directory.path())?;
            self.compare(name, &corpus, &tools)?;
        }
        let order = Order { size: 0, rate: RATE, seed: self.args.seed };
        let mut corpus = make(Material::Tokens, order, self.directory.path())?;
        corpus.bytes = std::fs::metadata(&corpus.path)?.len();
        self.compare("others, every rule once", &corpus, &tools)?;
        Ok(())
    }

    fn corpus(&self, material: Material, per_mille: u64) -> anyhow::Result<Corpus> {
        let rate = if material == Material::Base64 { RATE / 20.0 } else { RATE };
        let order = Order { size: self.args.part(per_mille), rate, seed: self.args.seed };
        make(material, order, self.directory.path()).with_context(|| format!("cannot make the {material:?} corpus"))
    }

    /// Runs the tools in turn, all of them in every round; the first row is ours.
    fn compare(&mut self, case: &str, corpus: &Corpus, tools: &[Tool]) -> anyhow::Result<Vec<Row>> {
        let mut best: Vec<Option<Usage>> = vec![None; tools.len()];
        let mut scores: Vec<Option<Score>> = vec![None; tools.len()];
        for round in 0..self.args.rounds() {
            for (at, tool) in tools.iter().enumerate() {
                if best[at].is_some_and(|usage| usage.cpu > PATIENCE) || (round > 0 && best[at].is_none()) {
                    continue;
                }
                let (usage, found) = self.once(tool, corpus, 1)?;
                if usage.status >= 0 && !found.as_ref().is_some_and(|score| score.findings == 0 && usage.status != 0) {
                    keep(&mut best[at], usage);
                    scores[at] = found;
                }
            }
        }
        let rg = tools.iter().position(|tool| tool.name == RG.name).and_then(|at| best[at]).map(|usage| usage.cpu.as_secs_f64());
        let mut rows = Vec::new();
        for (at, tool) in tools.iter().enumerate() {
            if tool.read == Read::Beartrap {
                self.fails |= scores[at].iter().any(|score| score.planted - score.exact > score.planted / BY_CHANCE);
                let missed = scores[at].iter().flat_map(|score| &score.missed);
                missed.for_each(|(what, times)| *self.missed.entry(what.clone()).or_default() += times);
            }
            let ratio = best[at].zip(rg).map(|(usage, rg)| usage.cpu.as_secs_f64() / rg.max(1e-6));
            let row = Row { case: case.into(), tool: tool.name.into(), bytes: corpus.bytes, usage: best[at], score: scores[at].take(), ratio };
            self.row(row.clone());
            rows.push(row);
        }
        Ok(rows)
    }

    fn once(&self, tool: &Tool, corpus: &Corpus, threads: usize) -> anyhow::Result<(Usage, Option<Score>)> {
        let output = self.directory.path().join("report");
        let command: Command = tool.command(&corpus.path, &self.literals, threads);
        let usage = run(&command, Feed::Argument, &output).with_context(|| format!("cannot run `{}`", tool.name))?;
        let name = corpus.path.file_name().unwrap_or_default().to_string_lossy();
        let score = (tool.read != Read::Nothing).then(|| self.scored(tool, corpus, &name)).transpose()?;
        Ok((usage, score))
    }

    /// Compares the last report with the labels.
    fn scored(&self, tool: &Tool, corpus: &Corpus, name: &str) -> anyhow::Result<Score> {
        let report = std::fs::read(self.directory.path().join("report"))?;
        Ok(score(&labels(&corpus.labels)?, &tool.reported(&report), name))
    }

    fn against_rg(&mut self, what: &'static str, rows: &[Row], limit: f64) {
        if let Some(ratio) = rows[0].ratio {
            self.bars.add(what, ratio, Limit::AtMost(limit));
        }
    }

    fn row(&mut self, row: Row) {
        let _ = writeln!(std::io::stderr(), "{row}");
        self.rows.push(row);
    }
}

fn keep(best: &mut Option<Usage>, usage: Usage) {
    *best = Some(best.map_or(usage, |so_far| so_far.best(usage)));
}

/// 300 literals of 8 to 16 characters that occur nowhere, one a line.
fn some_literals(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed ^ 0x5EED);
    let letters = beartrap::rules::byte_set::ByteSet::alnum().with(b"_");
    let mut text = Vec::new();
    for _ in 0..300 {
        let length = 8 + random.below(9);
        text.extend(random.bytes(letters, length));
        text.push(b'\n');
    }
    text
}
