//! Follows files as `beartrap watch` does, with the clock and the store in the test's hand.

#![allow(dead_code, reason = "not every test file uses all of it")]

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use beartrap::detect::options::Options;
use beartrap::ledger::ledger::Ledger;
use beartrap::model::finding::Finding;
use beartrap::model::instant::Instant;
use beartrap::model::known::Known;
use beartrap::model::problem::Problem;
use beartrap::model::token_key::TokenKey;
use beartrap::pipeline::ours::Book;
use beartrap::pipeline::progress::Progress;
use beartrap::pipeline::replay::gather::Gathered;
use beartrap::pipeline::replay::habits::Numbers;
use beartrap::pipeline::replay::judge::{Bench, Memory, Nobody};
use beartrap::pipeline::replay::sight::Reading;
use beartrap::pipeline::watch::hear::Hear;
use beartrap::pipeline::watch::setting::Setting;
use beartrap::pipeline::watch::steps::Watch;
use beartrap::pipeline::watch::table::{Followed, NewFile};
use beartrap::rules::rule_set::RuleSet;
use beartrap::scan::engine::{self, Engine};
use beartrap::sources::follow::sweep::sweep;
use beartrap::sources::follow::target::Target;
use beartrap::store::sqlite::Sqlite;
use beartrap::store::state_dir::Access;
use beartrap::store::store::Store;

/// The time of all tests.
pub fn now() -> Instant {
    Instant::from_number(1_772_445_600).unwrap()
}

/// What was told.
#[derive(Default)]
pub struct Told {
    /// Findings by their fingerprints, and how often each was told.
    pub findings: BTreeMap<String, u32>,
    /// Judgements by their ids, and how often each was told.
    pub judgements: BTreeMap<String, u32>,
    /// What was not read.
    pub problems: Vec<Problem>,
    /// Bytes that were scanned in the last stretch.
    pub bytes: u64,
}

/// Whoever is told, and counts.
struct Heard<'a> {
    ledger: &'a Ledger,
    options: &'a Options,
    told: &'a mut Told,
}

impl Hear for Heard<'_> {
    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        *self.told.findings.entry(finding.fingerprint().unwrap().to_string()).or_default() += 1;
        Ok(())
    }

    fn judge(&mut self, gathered: &mut Gathered, now: Instant) -> anyhow::Result<u64> {
        let bench = Bench { ledger: self.ledger, options: self.options, now, memory: Memory::Placeless };
        let judgements = &mut self.told.judgements;
        bench.judge(gathered, &mut Nobody, &mut |judged| {
            for judgement in judged.judgements.iter().filter(|judgement| !judged.known.contains(&judgement.id)) {
                *judgements.entry(judgement.id.clone()).or_default() += 1;
            }
            Ok(())
        })?;
        Ok(0)
    }

    fn problem(&mut self, problem: Problem) {
        self.told.problems.push(problem);
    }
}

/// How a stretch ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// As if it were killed.
    Crash,
    /// As somebody says stop.
    Stop,
}

/// Opens the state as every run does.
pub fn state(directory: &Path) -> Sqlite {
    Sqlite::open(&directory.join("state"), Access::Owner).unwrap()
}

/// Files that are followed.
pub struct Following<'a> {
    watch: Watch<'a>,
    heard: Heard<'a>,
    targets: Vec<Target>,
    clock: Duration,
    /// Why it came to its end.
    pub failure: Option<anyhow::Error>,
}

impl Following<'_> {
    /// Lets time go by, and reads what is due then.
    pub fn run(&mut self, time: Duration) {
        self.run_while(time, &mut || ());
    }

    /// The same where something happens between listing and reading.
    pub fn run_while(&mut self, time: Duration, meanwhile: &mut dyn FnMut()) {
        if self.failure.is_none() {
            self.clock += time;
            self.watch.sweep(sweep(&self.targets, None), false, now(), &mut self.heard);
            meanwhile();
            self.failure = self.steps().err();
        }
    }

    fn steps(&mut self) -> anyhow::Result<()> {
        while self.watch.step(now(), self.clock, &mut self.heard)? > 0 {}
        Ok(())
    }

    /// Files that wait to be read.
    pub fn due(&mut self) -> Vec<String> {
        self.watch.table().files().filter(|file| file.is_due).map(|file| file.kept.path.clone()).collect()
    }

    /// Files that are there and of which nothing was ever read.
    pub fn unread(&mut self) -> Vec<String> {
        let is_unread = |file: &&mut Followed| file.kept.offset() == 0 && file.listed.as_ref().is_some_and(|listed| listed.stamp.size > 0);
        self.watch.table().files().filter(is_unread).map(|file| file.kept.path.clone()).collect()
    }

    /// How many problems were told.
    pub fn problems(&self) -> usize {
        self.heard.told.problems.len()
    }
}

/// What a test does while files are followed.
pub type Play<'a> = &'a mut dyn FnMut(&mut Following);

/// Follows `logs` of a directory, and the file `named` in it; called again and again, it goes on where it was.
pub fn follow(directory: &Path, told: &mut Told, end: End, play: Play) {
    follow_in(Box::new(state(directory)), directory, told, end, play).unwrap();
}

/// The same with a store of the test's own, which may fail: that ends it, and what `play` wants further is not done.
pub fn follow_in(store: Box<dyn Store>, directory: &Path, told: &mut Told, end: End, play: Play) -> anyhow::Result<()> {
    let ledger = Arc::new(Ledger::open(store, [7; 16])?);
    let options = Options::default();
    let known = Some(Arc::clone(&ledger) as Arc<dyn Known>);
    let engine = Engine::new(&RuleSet::builtin(), engine::Options { known, ..engine::Options::default() });
    let gram_of = |_: &[u8]| None;
    let reading = Reading { mapping: None, reach: None, now: now(), options: &options, gram_of: &gram_of, thorough: false };
    let progress = Progress::default();
    let numbers = Numbers::default();
    let setting = Setting { engine: &engine, reading, numbers: &numbers, ledger: &ledger, progress: &progress, new: NewFile::AtStart };
    let book = Book { ledger: Arc::clone(&ledger), reach: None, options: options.clone(), seen: Vec::new() };
    let watch = Watch::open(setting, book)?;
    let heard = Heard { ledger: &ledger, options: &options, told };
    let targets = ["logs", "named"].map(|name| Target::new(&directory.join(name)).unwrap()).into();
    let mut following = Following { watch, heard, targets, clock: Duration::from_secs(1), failure: None };
    play(&mut following);
    if end == End::Stop {
        following.run(Duration::from_millis(10));
    }
    if let Some(failure) = following.failure {
        return Err(failure);
    }
    if end == End::Stop {
        following.watch.finish(now(), &mut following.heard)?;
    }
    following.heard.told.bytes = progress.bytes();
    Ok(())
}

/// How often the use on a line is kept.
pub fn uses_of(store: &dyn Store, line: u64) -> usize {
    let name = format!("token_id:{line}").parse::<TokenKey>().unwrap().index();
    let mut count = 0;
    store.uses(&[name], &mut |_| count += 1).unwrap();
    count
}

/// A directory with one for logs in it.
pub fn with_logs() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("logs")).unwrap();
    directory
}

/// The path of a log.
pub fn log(directory: &tempfile::TempDir, name: &str) -> PathBuf {
    directory.path().join("logs").join(name)
}
