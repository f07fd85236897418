//! Watch: databases are read by new rows, with what only their logs hold, whatever the programs do that write them.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/watching.rs"]
mod watching;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use beartrap::model::fingerprint::Fingerprint;
use beartrap::model::problem::ProblemKind;
use beartrap::model::token_key::TokenKey;
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use beartrap::store::store::Store;
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::watching::{End, Told, follow, log, state, uses_of, with_logs};

/// Longer than a database is left alone after it was read.
const LONG: Duration = Duration::from_secs(10);

/// A program that keeps transcripts in a database, as agents do.
struct Program {
    directory: TempDir,
    path: PathBuf,
    connection: Connection,
    random: Random,
    told: Told,
}

impl Program {
    fn new(pragmas: &str) -> Self {
        let directory = with_logs();
        let path = log(&directory, "agent.db");
        let connection = open(&path, pragmas);
        connection.execute_batch("CREATE TABLE part (id TEXT PRIMARY KEY, data TEXT)").unwrap();
        Self { directory, path, connection, random: Random::new(7), told: Told::default() }
    }

    /// Writes a row: a use of the token with this number, and a token that lies there.
    fn write(&mut self, id: u64) -> u64 {
        let secret = String::from_utf8(self.random.bytes(ByteSet::alnum(), 40)).unwrap();
        let row =
            format!("{{\"keys\":[\"token_id:{id}\"],\"time\":\"2026-03-02T10:00:00Z\",\"user\":\"u\",\"said\":\"Authorization: Bearer {secret}\"}}");
        self.connection
            .execute("INSERT INTO part VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET data = excluded.data", (format!("prt_{id:024}"), &row))
            .unwrap();
        row.len() as u64
    }

    fn run(&self, sql: &str) {
        self.connection.execute_batch(sql).unwrap();
    }

    /// What watching tells in one more run, which must not leave a trace beside the database: new findings, and bytes that were scanned.
    fn watch(&mut self) -> (usize, u64) {
        let before: u32 = self.told.findings.values().sum();
        let listing = listing(&self.path);
        follow(self.directory.path(), &mut self.told, End::Stop, &mut |watch| watch.run(LONG));
        assert_eq!(listing, crate::listing(&self.path), "nothing is written");
        let after: u32 = self.told.findings.values().sum();
        (usize::try_from(after - before).unwrap(), self.told.bytes)
    }

    fn uses(&self, id: u64) -> usize {
        uses_of(&state(self.directory.path()), id)
    }
}

fn open(path: &Path, pragmas: &str) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(pragmas).unwrap();
    connection
}

/// What lies beside a database, but for the index of its log, in which readers say up to where they read.
fn listing(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let content = |path: PathBuf| {
        let bytes = if path.to_string_lossy().ends_with("-shm") { Vec::new() } else { fs::read(&path).unwrap() };
        (path.to_string_lossy().into_owned(), bytes)
    };
    entries.map(content).collect()
}

const WAL: &str = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;";

#[test]
fn rows_are_read_once_while_their_program_goes_on() {
    for pragmas in [WAL, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;", ""] {
        let mut program = Program::new(pragmas);
        let written: u64 = (1..=50).map(|id| program.write(id)).sum();
        let (found, bytes) = program.watch();
        assert!(found == 50 && bytes > written, "{pragmas}: {found} in {bytes}");
        let (found, bytes) = program.watch();
        assert!(found == 0 && bytes < 200, "{pragmas}: nothing is new: {found} in {bytes}");
        // One more, one that says something else, and one that is gone.
        let written = program.write(51) + program.write(20);
        program.run(&format!("DELETE FROM part WHERE id = 'prt_{:024}'", 30));
        let (found, bytes) = program.watch();
        assert!(found == 2 && (written..written + 400).contains(&bytes), "{pragmas}: {found} in {bytes}");
        assert_eq!((1..=51).map(|id| program.uses(id)).collect::<Vec<_>>(), vec![1; 51], "{pragmas}");
        assert_eq!(program.told.problems, []);
        program.write(52);
        assert_eq!(program.watch().0, 1, "{pragmas}: the program was not kept from writing");
    }
}

#[test]
fn what_only_the_log_holds_is_seen_at_once() {
    let mut program = Program::new(WAL);
    program.write(1);
    let directory = program.directory.path().to_owned();
    let mut told = std::mem::take(&mut program.told);
    follow(&directory, &mut told, End::Crash, &mut |watch| {
        watch.run(LONG);
        for id in 2..10 {
            let before = fs::metadata(&program.path).unwrap().modified().unwrap();
            program.write(id);
            assert_eq!(fs::metadata(&program.path).unwrap().modified().unwrap(), before, "the database itself is not written to");
            watch.run(LONG);
            if id % 4 == 0 {
                program.run("PRAGMA wal_checkpoint(TRUNCATE)");
                watch.run(LONG);
            }
        }
        // What is not committed does not count.
        program.run("BEGIN");
        program.write(10);
        watch.run(LONG);
        program.run("ROLLBACK");
        watch.run(LONG);
    });
    assert_eq!((told.findings.len(), told.findings.values().sum::<u32>()), (9, 9));
    assert_eq!(told.problems, []);
    assert_eq!((1..=10).map(|id| program.uses(id)).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
}

#[test]
fn a_database_that_is_tidied_tells_nothing_again() {
    let mut program = Program::new(WAL);
    (1..=400).for_each(|id| _ = program.write(id));
    assert_eq!(program.watch().0, 400);
    let sums = (program.told.findings.len(), 400);
    // Rows get other numbers: by tidying, by being written anew as they are.
    for sql in [
        "DELETE FROM part WHERE rowid % 3 = 0; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)",
        "INSERT OR REPLACE INTO part SELECT id, data FROM part WHERE rowid % 7 = 0",
        "PRAGMA wal_checkpoint(RESTART); VACUUM",
    ] {
        program.run(sql);
        let (found, bytes) = program.watch();
        assert!(found == 0 && bytes < 1000, "{sql}: {found} in {bytes}");
    }
    assert_eq!((program.told.findings.len(), (1..=400).map(|id| program.uses(id)).sum::<usize>()), sums);
}

#[test]
fn a_database_that_is_replaced_is_another_one() {
    let mut program = Program::new(WAL);
    program.write(1);
    assert_eq!(program.watch().0, 1);
    let other = program.directory.path().join("other.db");
    let connection = open(&other, "CREATE TABLE part (id TEXT PRIMARY KEY, data TEXT)");
    program.run("PRAGMA wal_checkpoint(TRUNCATE)");
    program.connection = connection;
    program.write(2);
    fs::rename(other, &program.path).unwrap();
    assert_eq!(program.watch().0, 1);
    assert_eq!((program.uses(1), program.uses(2)), (1, 1));
}

#[test]
fn one_that_is_damaged_is_said_and_read_when_it_is_whole_again() {
    let mut program = Program::new("PRAGMA page_size = 512");
    (1..=100).for_each(|id| _ = program.write(id));
    let whole = fs::read(&program.path).unwrap();
    let mut torn = whole.clone();
    torn[4096..20_000].fill(0xAA);
    fs::write(&program.path, &torn).unwrap();
    let directory = program.directory.path().to_owned();
    let mut told = Told::default();
    follow(&directory, &mut told, End::Stop, &mut |watch| {
        watch.run(LONG);
        assert_eq!(watch.problems(), 1);
        fs::write(&program.path, [&torn[..], &[0; 512]].concat()).unwrap();
        watch.run(LONG);
        fs::write(&program.path, &whole).unwrap();
        watch.run(LONG);
    });
    let kinds: Vec<ProblemKind> = told.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::Damaged], "{:?}", told.problems);
    assert_eq!(told.findings.len(), 100);
    assert!((1..=100).all(|id| program.uses(id) == 1));
}

#[test]
fn an_answer_in_a_later_row_belongs_to_its_call() {
    let mut program = Program::new(WAL);
    let secret = String::from_utf8(Random::new(5).bytes(ByteSet::alnum(), 40)).unwrap();
    let command = format!("curl -i -H 'Authorization: Bearer {secret}' https://api.example.test/v1/orders");
    let function = json!({"name": "bash", "arguments": json!({"command": command}).to_string()});
    let call = json!({"role": "assistant", "content": "", "tool_calls": [{"id": "c1", "type": "function", "function": function}]});
    let answer = json!({"role": "tool", "tool_call_id": "c1", "content": "HTTP/1.1 401 Unauthorized"});
    let directory = program.directory.path().to_owned();
    let mut told = std::mem::take(&mut program.told);
    let name = TokenKey::Fingerprint(Fingerprint::of(secret.as_bytes())).index();
    let mut counts = Vec::new();
    follow(&directory, &mut told, End::Stop, &mut |watch| {
        for row in [&call, &answer] {
            program.connection.execute("INSERT INTO part VALUES (?1, ?2)", (row["role"].as_str(), row.to_string())).unwrap();
            watch.run(LONG);
            let mut denied = Vec::new();
            state(&directory).uses(&[name], &mut |json| denied.push(json.contains("\"denied\""))).unwrap();
            counts.push((denied.len(), denied.contains(&true)));
        }
    });
    assert_eq!(counts, [(1, false), (2, true)]);
}
