//! Watch: whatever happens to files and to the run itself, every line that was ever written is read once.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use beartrap::detect::options::Options;
use beartrap::ledger::ledger::Ledger;
use beartrap::model::finding::Finding;
use beartrap::model::instant::Instant;
use beartrap::model::problem::Problem;
use beartrap::model::token_key::TokenKey;
use beartrap::pipeline::ours::Book;
use beartrap::pipeline::progress::Progress;
use beartrap::pipeline::replay::gather::Gathered;
use beartrap::pipeline::replay::habits::Numbers;
use beartrap::pipeline::replay::judge::{Bench, Memory};
use beartrap::pipeline::replay::sight::Reading;
use beartrap::pipeline::watch::steps::{Hear, Setting, Watch};
use beartrap::pipeline::watch::table::NewFile;
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use beartrap::rules::rule_set::RuleSet;
use beartrap::scan::engine::{self, Engine};
use beartrap::sources::follow::sweep::sweep;
use beartrap::sources::follow::target::Target;
use beartrap::store::sqlite::Sqlite;
use beartrap::store::state_dir::Access;
use beartrap::store::store::Store;
use flate2::Compression;
use flate2::write::GzEncoder;

/// The time of all tests.
fn now() -> Instant {
    Instant::from_number(1_772_445_600).unwrap()
}

/// Whoever is told, and counts.
struct Heard<'a> {
    ledger: &'a Ledger,
    options: &'a Options,
    findings: &'a mut BTreeMap<String, u32>,
    problems: Vec<Problem>,
}

impl Hear for Heard<'_> {
    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        *self.findings.entry(finding.fingerprint().unwrap().to_string()).or_default() += 1;
        Ok(())
    }

    fn judge(&mut self, gathered: &mut Gathered, now: Instant) -> anyhow::Result<u64> {
        let bench = Bench { ledger: self.ledger, options: self.options, now, memory: Memory::Placeless };
        bench.judge(gathered, &mut |_| {}, &mut |_| Ok(()))?;
        Ok(0)
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

/// Files that are written to, and what was written.
struct World {
    directory: tempfile::TempDir,
    random: Random,
    lines: u64,
    tokens: u64,
    rotated: u64,
}

/// How a run ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// As if it were killed.
    Crash,
    /// As somebody says stop.
    Stop,
}

impl World {
    fn new(seed: u64) -> Self {
        let world = Self { directory: tempfile::tempdir().unwrap(), random: Random::new(seed), lines: 0, tokens: 0, rotated: 0 };
        fs::create_dir(world.at("logs")).unwrap();
        world
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn log(&mut self) -> PathBuf {
        let number = self.random.below(3);
        self.at(&format!("logs/{number}.log"))
    }

    /// A line: a use of a token of its own, or a token that lies there, or nothing much.
    fn line(&mut self) -> String {
        match self.random.below(5) {
            0 => {
                self.tokens += 1;
                let body = self.random.bytes(ByteSet::alnum(), 40);
                format!("Authorization: Bearer {}\n", String::from_utf8(body).unwrap())
            }
            1 => format!("{}\n", "nothing to see ".repeat(1 + self.random.below(40))),
            _ => {
                self.lines += 1;
                let pad = "x".repeat(self.random.below(600));
                format!("{{\"keys\":[\"token_id:{}\"],\"time\":\"2026-03-02T10:00:00Z\",\"user\":\"u\",\"pad\":\"{pad}\"}}\n", self.lines)
            }
        }
    }

    /// One thing that happens to files; what is overwritten or removed was read before.
    fn happen(&mut self, run: &mut dyn FnMut()) {
        let path = self.log();
        match self.random.below(8) {
            0 if path.exists() => {
                self.rotated += 1;
                fs::rename(&path, path.with_extension(format!("log.{}", self.rotated))).unwrap();
            }
            1 if path.exists() => {
                run();
                self.rotated += 1;
                fs::copy(&path, path.with_extension(format!("log.{}", self.rotated))).unwrap();
                OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
                if self.random.below(2) == 0 {
                    run();
                }
            }
            2 if path.exists() => {
                run();
                fs::remove_file(&path).unwrap();
            }
            3 if path.exists() => {
                run();
                let packed = path.with_extension(format!("log.{}.gz", self.rotated + 1));
                self.rotated += 1;
                let mut encoder = GzEncoder::new(fs::File::create(packed).unwrap(), Compression::fast());
                encoder.write_all(&fs::read(&path).unwrap()).unwrap();
                encoder.finish().unwrap();
                fs::remove_file(&path).unwrap();
            }
            _ => {
                // A shorter file is not known again by how it begins.
                self.rotated += 1;
                let has_begun = fs::metadata(&path).is_ok_and(|file| file.len() > 0);
                let first = if has_begun { String::new() } else { format!("begin {} {}\n", self.rotated, "x".repeat(1024)) };
                let text: String = std::iter::once(first).chain((0..=self.random.below(12)).map(|_| self.line())).collect();
                let cut = self.random.below(text.len());
                let mut file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
                file.write_all(&text.as_bytes()[..cut]).unwrap();
                if self.random.below(2) == 0 {
                    run();
                }
                file.write_all(&text.as_bytes()[cut..]).unwrap();
            }
        }
    }
}

/// Runs `play` while files are followed; called again and again, it goes on where it was.
fn follow(directory: &Path, findings: &mut BTreeMap<String, u32>, end: End, play: &mut dyn FnMut(&mut dyn FnMut())) {
    let ledger = Arc::new(Ledger::open(Box::new(Sqlite::open(&directory.join("state"), Access::Owner).unwrap()), [7; 16]).unwrap());
    let options = Options::default();
    let engine = Engine::new(&RuleSet::builtin(), engine::Options::default());
    let gram_of = |_: &[u8]| None;
    let reading = Reading { mapping: None, reach: None, now: now(), options: &options, gram_of: &gram_of };
    let progress = Progress::default();
    let numbers = Numbers::default();
    let setting = Setting { engine: &engine, reading, numbers: &numbers, ledger: &ledger, progress: &progress, new: NewFile::AtStart };
    let book = Book { ledger: Arc::clone(&ledger), reach: None, options: options.clone(), seen: Vec::new() };
    let mut watch = Watch::open(setting, book).unwrap();
    let mut heard = Heard { ledger: &ledger, options: &options, findings, problems: Vec::new() };
    let targets = [Target::new(&directory.join("logs")).unwrap()];
    let mut clock = Duration::from_secs(1);
    let mut run = || {
        watch.sweep(sweep(&targets, None), false, now(), &mut heard);
        // So little time goes by that no line is looked at before its end has come.
        clock += Duration::from_millis(10);
        while watch.step(now(), clock, &mut heard).unwrap() > 0 {}
        let due: Vec<_> =
            watch.table().files().filter(|file| file.is_due).map(|file| (file.kept.clone(), file.listed.clone(), file.read_at)).collect();
        assert!(due.is_empty(), "{due:?} at {clock:?}");
    };
    play(&mut run);
    if end == End::Stop {
        run();
        watch.finish(now(), &mut heard).unwrap();
    }
    assert_eq!(heard.problems, []);
}

/// How often the use on a line is kept.
fn uses_of(store: &Sqlite, line: u64) -> usize {
    let name = format!("token_id:{line}").parse::<TokenKey>().unwrap().index();
    let mut count = 0;
    store.uses(&[name], &mut |_| count += 1).unwrap();
    count
}

#[test]
fn every_line_is_read_once_whatever_happens() {
    for seed in 0..60 {
        let mut world = World::new(seed);
        let directory = world.directory.path().to_owned();
        let mut findings = BTreeMap::new();
        let mut crashes = 0;
        for _ in 0..6 {
            let end = if seed % 2 == 0 && world.random.below(2) == 0 { End::Crash } else { End::Stop };
            crashes += u32::from(end == End::Crash);
            follow(&directory, &mut findings, end, &mut |run| {
                for _ in 0..8 {
                    world.happen(run);
                    if world.random.below(3) == 0 {
                        run();
                    }
                }
            });
        }
        follow(&directory, &mut findings, End::Stop, &mut |run| run());
        let store = Sqlite::open(&directory.join("state"), Access::Owner).unwrap();
        let uses: Vec<usize> = (1..=world.lines).map(|line| uses_of(&store, line)).collect();
        let missed = uses.iter().filter(|times| **times == 0).count();
        assert_eq!((missed, findings.len() as u64), (0, world.tokens), "seed {seed}, {crashes} crashes");
        let again = uses.iter().filter(|times| **times > 1).count() + findings.values().filter(|times| **times > 1).count();
        assert!(again == 0 || crashes > 0, "seed {seed}: {again} read again");
    }
}
