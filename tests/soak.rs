//! Soak: files are written, rotated and packed while the real program follows them, is killed and is stopped; `BEARTRAP_SOAK_SECONDS` says how long.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/binary.rs"]
mod binary;

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use rusqlite::Connection;
use serde_json::Value;

use crate::binary::{peak_kb, run, wait};

/// How many logs are written at a time.
const LOGS: usize = 8;
/// How long the program goes on before it is ended in one way or another.
const STRETCH: Duration = Duration::from_millis(1500);
/// How long it may take to catch up when nothing more is written.
const LAG: Duration = Duration::from_secs(10);
/// The most memory that it may hold, in kB: most of it is the program itself and the cache of its state.
const MEMORY: u64 = 200_000;
/// The most files that it may have open.
const OPEN: usize = 64;

fn length() -> Duration {
    Duration::from_secs(std::env::var("BEARTRAP_SOAK_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(5))
}

/// Logs, and a database, that programs write.
struct World {
    directory: PathBuf,
    database: Connection,
    random: Random,
    uses: u64,
    rotated: u64,
}

impl World {
    fn new(directory: &Path) -> Self {
        fs::create_dir(directory.join("logs")).unwrap();
        let database = Connection::open(directory.join("logs/agent.db")).unwrap();
        database.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE part (id INTEGER PRIMARY KEY, data TEXT)").unwrap();
        Self { directory: directory.to_owned(), database, random: Random::new(3), uses: 0, rotated: 0 }
    }

    /// A record of a use, or a line in which a token lies.
    fn line(&mut self) -> String {
        if self.random.below(4) == 0 {
            let secret = String::from_utf8(self.random.bytes(ByteSet::alnum(), 40)).unwrap();
            return format!("Authorization: Bearer {secret}");
        }
        self.uses += 1;
        let (number, token, pad) = (self.uses, self.random.below(200), "x".repeat(self.random.below(300)));
        format!("{{\"keys\":[\"token_id:{token}\"],\"time\":\"2026-03-02T10:00:00Z\",\"user\":\"u\",\"request_id\":\"r{number}\",\"pad\":\"{pad}\"}}")
    }

    fn happen(&mut self) {
        let log = self.directory.join(format!("logs/{}.log", self.random.below(LOGS)));
        match self.random.below(40) {
            0 if log.exists() => {
                self.rotated += 1;
                fs::rename(&log, log.with_extension(format!("log.{}", self.rotated))).unwrap();
            }
            1..4 => {
                let line = self.line();
                self.database.execute("INSERT INTO part (data) VALUES (?1)", [line]).unwrap();
            }
            _ => {
                // A shorter file is not known again by how it begins.
                let first = if log.exists() { String::new() } else { format!("begin {} {}\n", self.rotated, "x".repeat(1024)) };
                let lines: Vec<String> = (0..=self.random.below(40)).map(|_| self.line()).collect();
                let text = first + &lines.join("\n") + "\n";
                let (early, late) = text.as_bytes().split_at(self.random.below(text.len()));
                let mut file = OpenOptions::new().create(true).append(true).open(&log).unwrap();
                file.write_all(early).unwrap();
                file.write_all(late).unwrap();
            }
        }
    }

    /// Starts the program; what it tells goes to a file.
    fn follow(&self) -> Child {
        let file = |name: &str| File::options().create(true).append(true).open(self.directory.join(name)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_beartrap"));
        command.args(["watch", "logs", "--state", "state", "--format", "jsonl", "-q"]).current_dir(&self.directory);
        command.stdin(Stdio::null()).stdout(file("told.jsonl")).stderr(file("said.txt")).spawn().unwrap()
    }

    /// What the state says of every file that was not read to its end.
    fn behind(&self) -> Vec<Value> {
        let mut records = run(&self.directory, &["watch", "--status", "--state", "state", "--format", "jsonl"]).records();
        records.retain(|record| record["behind"].as_u64().is_some_and(|bytes| bytes > 0));
        records
    }
}

/// Fingerprints of tokens in JSONL; a line that was cut when its writer was killed is left out.
fn found(text: &str) -> BTreeSet<String> {
    let records = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    records.filter(|record| record["type"] == "finding").map(|record| record["fingerprint"].to_string()).collect()
}

fn open_files(child: &Child) -> usize {
    fs::read_dir(format!("/proc/{}/fd", child.id())).map_or(0, Iterator::count)
}

#[test]
fn nothing_is_lost_and_nothing_grows() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(folder.path());
    let (begin, mut stretch, mut child) = (Instant::now(), Instant::now(), world.follow());
    let (mut memory, mut files, mut ends) = (0, 0, 0);
    while begin.elapsed() < length() {
        world.happen();
        std::thread::sleep(Duration::from_millis(3));
        if stretch.elapsed() < STRETCH {
            continue;
        }
        (memory, files) = (memory.max(peak_kb(&child).unwrap_or(0)), files.max(open_files(&child)));
        ends += 1;
        if ends % 3 == 0 {
            child.kill().unwrap();
            child.wait().unwrap();
        } else if ends % 3 == 1 {
            assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
            assert_eq!(wait(&mut child, Duration::from_secs(4)), Some(0));
        } else {
            stretch = Instant::now();
            continue;
        }
        (stretch, child) = (Instant::now(), world.follow());
    }
    let quiet = Instant::now();
    loop {
        let behind = world.behind();
        if behind.is_empty() {
            break;
        }
        let said = || fs::read_to_string(world.directory.join("said.txt")).unwrap();
        assert!(quiet.elapsed() < LAG, "behind: {behind:#?}\n{}", said());
        std::thread::sleep(Duration::from_millis(100));
    }
    // The database is left alone for a while after it was read.
    std::thread::sleep(Duration::from_secs(6));
    (memory, files) = (memory.max(peak_kb(&child).unwrap_or(0)), files.max(open_files(&child)));
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(wait(&mut child, Duration::from_secs(4)), Some(0));
    // Without its log, the database is scanned cell by cell and nothing as it lies.
    world.database = Connection::open_in_memory().unwrap();
    let said = fs::read_to_string(world.directory.join("said.txt")).unwrap();
    let told = found(&fs::read_to_string(world.directory.join("told.jsonl")).unwrap());
    let scanned = found(&run(&world.directory, &["scan", "logs", "--format", "jsonl", "-q"]).out());
    assert!(scanned.len() > 20 && told == scanned, "{} of {}: {said}", told.intersection(&scanned).count(), scanned.len());
    let stats: Value = serde_json::from_str(&run(&world.directory, &["ledger", "stats", "--state", "state", "--format", "json"]).out()).unwrap();
    assert_eq!(stats["uses"].as_u64(), Some(world.uses), "{said}");
    assert!(memory < MEMORY && files < OPEN + usize::try_from(world.rotated).unwrap(), "{memory} kB, {files} files");
}
