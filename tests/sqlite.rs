//! `SQLite` databases: read cell by cell where they lie, without a trace; as they lie where that cannot be.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::io::Read;
use std::path::Path;

use beartrap::model::fingerprint::Fingerprint;
use beartrap::model::origin::Origin;
use beartrap::model::problem::{Problem, ProblemKind};
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use beartrap::sources::unpack::{UnpackLimits, Visit, unpack, unpack_file};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::binary::run;

#[path = "support/binary.rs"]
mod binary;

/// Streams by the name of the member, empty for the file itself, and problems.
#[derive(Default)]
struct Seen {
    streams: Vec<(String, Vec<u8>)>,
    problems: Vec<Problem>,
}

impl Visit for Seen {
    fn stream(&mut self, origin: Origin, reader: &mut dyn Read) {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        let name = origin.to_string();
        self.streams.push((name.split_once('!').map(|(_, member)| member.to_owned()).unwrap_or_default(), bytes));
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

impl Seen {
    fn of(path: &Path) -> Self {
        Self::within(path, &UnpackLimits::default())
    }

    fn within(path: &Path, limits: &UnpackLimits) -> Self {
        let mut seen = Self::default();
        unpack_file(&Origin::File(path.to_owned()), fs::File::open(path).unwrap(), limits, &mut seen);
        seen
    }

    fn names(&self) -> Vec<&str> {
        self.streams.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn text(&self, member: &str) -> String {
        self.streams.iter().find(|(name, _)| name == member).map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
    }
}

/// A database made by a script, closed again.
fn database(script: &str) -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd ?name#100%.db");
    Connection::open(&path).unwrap().execute_batch(script).unwrap();
    (folder, path)
}

/// What lies in a folder, byte by byte.
fn listing(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entry = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.unwrap();
        (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap())
    };
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(entry).collect();
    found.sort();
    found
}

#[test]
fn every_column_with_texts_is_a_member() {
    let (folder, path) = database(
        "CREATE TABLE kept (id INTEGER PRIMARY KEY, a TEXT, b, n INT, g TEXT AS (a || 'x') VIRTUAL);
         INSERT INTO kept (id, a, b, n) VALUES (2, 'second', x'00ff', 7), (1, 'first', 'mixed', NULL), (3, NULL, 5, 6);
         CREATE INDEX by_a ON kept (a DESC);
         CREATE TABLE \"odd \"\"one\" (rowid TEXT, _rowid_ TEXT, oid TEXT, x TEXT) ;
         INSERT INTO \"odd \"\"one\" VALUES ('r', 's', 't', 'u');
         CREATE TABLE keyed (k TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID;
         INSERT INTO keyed VALUES ('b', 'two'), ('a', 'one');
         CREATE VIEW seen AS SELECT a FROM kept;
         CREATE TABLE empty (t TEXT);
         CREATE VIRTUAL TABLE words USING fts5(body);
         INSERT INTO words VALUES ('indexed');",
    );
    let before = listing(folder.path());
    let seen = Seen::of(&path);
    assert!(seen.problems.is_empty(), "{:?}", seen.problems);
    for (member, text) in [
        ("kept.a", "first\nsecond"),
        ("kept.b", "mixed\n\0\u{fffd}"),
        ("odd \"one.rowid", "r"),
        ("odd \"one.x", "u"),
        ("keyed.k", "a\nb"),
        ("keyed.v", "one\ntwo"),
        ("words_content.c0", "indexed"),
    ] {
        assert_eq!(seen.text(member), text, "{member}");
    }
    assert!(seen.text("sqlite_schema.sql").contains("CREATE VIEW seen"));
    let wrong = ["", "kept.id", "kept.n", "kept.g", "seen.a", "empty.t", "words.body", "sqlite_schema.name"];
    assert!(!seen.names().iter().any(|name| wrong.contains(name)), "{:?}", seen.names());
    assert_eq!(listing(folder.path()), before, "nothing is written and nothing is left beside it");
}

#[test]
fn large_values_are_exact_in_every_encoding() {
    let large = (0..400_000_u32).map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
    for encoding in ["UTF-8", "UTF-16le"] {
        let (_folder, path) = database(&format!("PRAGMA encoding = '{encoding}'; PRAGMA page_size = 512; CREATE TABLE t (v TEXT)"));
        let connection = Connection::open(&path).unwrap();
        for value in ["before", &large, "after"] {
            connection.execute("INSERT INTO t VALUES (?1)", [value]).unwrap();
        }
        drop(connection);
        assert!(Seen::of(&path).text("t.v") == format!("before\n{large}\nafter"), "{encoding}");
        let seen = Seen::within(&path, &UnpackLimits { window: 1 << 20, ..UnpackLimits::default() });
        let kinds: Vec<ProblemKind> = seen.problems.iter().map(|problem| problem.kind).collect();
        if encoding == "UTF-8" {
            assert!(kinds.is_empty() && seen.text("t.v").len() > large.len(), "{:?}", seen.problems);
        } else {
            assert!(kinds == [ProblemKind::Limit] && seen.text("").len() > large.len(), "{:?}", seen.problems);
        }
    }
}

#[test]
fn a_database_in_use_is_read_with_its_log_and_its_writer_goes_on() {
    let (folder, path) = database("PRAGMA journal_mode = WAL; CREATE TABLE t (v TEXT); INSERT INTO t VALUES ('old');");
    assert_eq!(Seen::of(&path).text("t.v"), "old", "closed, so that it has no log");
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("PRAGMA wal_autocheckpoint = 0; INSERT INTO t VALUES ('new'); BEGIN IMMEDIATE; INSERT INTO t VALUES ('unsaid');").unwrap();
    let before = listing(folder.path());
    assert_eq!(before.len(), 3);
    let seen = Seen::of(&path);
    assert!(seen.problems.is_empty(), "{:?}", seen.problems);
    assert_eq!(seen.text("t.v"), "old\nnew");
    assert_eq!(listing(folder.path()), before);
    writer.execute_batch("COMMIT").unwrap();
    // What a program left behind when it was killed is read likewise, also without the log's index.
    for left_out in ["-none", "-shm"] {
        let copy = tempfile::tempdir().unwrap();
        for (name, bytes) in before.iter().filter(|(name, _)| !name.ends_with(left_out)) {
            fs::write(copy.path().join(name), bytes).unwrap();
        }
        let before = listing(copy.path());
        let seen = Seen::of(&copy.path().join(path.file_name().unwrap()));
        assert!(seen.problems.is_empty(), "{:?}", seen.problems);
        assert_eq!(seen.text("t.v"), "old\nnew", "without `{left_out}`");
        assert_eq!(listing(copy.path()), before);
    }
}

#[test]
fn what_cannot_be_read_is_told_and_scanned_as_it_lies() {
    let rows = "CREATE TABLE t (v TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT 'value ' || i FROM n;";
    let (_folder, path) = database(rows);
    let whole = fs::read(&path).unwrap();
    let garbled: Vec<u8> = whole.iter().enumerate().map(|(at, byte)| if at < 100 { *byte } else { byte.wrapping_add(101) }).collect();
    let mut torn = whole.clone();
    torn[8192..20_000].fill(0xAA);
    for (bytes, kinds) in [
        (&garbled, &[ProblemKind::Damaged, ProblemKind::Unsupported][..]),
        (&torn, &[ProblemKind::Damaged]),
        (&whole[..5000].to_vec(), &[ProblemKind::Damaged, ProblemKind::Unsupported]),
        (&whole[..16].to_vec(), &[ProblemKind::Unsupported]),
    ] {
        fs::write(&path, bytes).unwrap();
        let seen = Seen::of(&path);
        assert_eq!(seen.problems.len(), 1, "{:?}", seen.problems);
        assert!(kinds.contains(&seen.problems[0].kind) && seen.problems[0].message.contains("hint: "), "{:?}", seen.problems);
        assert!(seen.streams.last().is_some_and(|(name, raw)| name.is_empty() && raw == bytes), "{:?}", seen.names());
    }
}

#[test]
fn streams_members_and_depth_zero_are_scanned_as_they_lie() {
    let (_folder, path) = database("CREATE TABLE t (v TEXT); INSERT INTO t VALUES ('x')");
    let bytes = fs::read(&path).unwrap();
    let mut seen = Seen::default();
    unpack(&Origin::Stdin, &mut &bytes[..], &UnpackLimits::default(), &mut seen);
    assert!(seen.streams == [(String::new(), bytes.clone())] && seen.problems.is_empty());
    let seen = Seen::within(&path, &UnpackLimits { depth: 0, ..UnpackLimits::default() });
    assert!(seen.streams == [(String::new(), bytes.clone())] && seen.problems.is_empty());
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_path_with_name(&path, "in.db").unwrap();
    let archive = path.with_extension("tar");
    fs::write(&archive, builder.into_inner().unwrap()).unwrap();
    let seen = Seen::of(&archive);
    assert!(seen.streams == [("in.db".to_owned(), bytes)] && seen.problems.is_empty());
}

#[test]
fn tokens_in_transcripts_are_found_and_their_uses_are_read() {
    let secret = String::from_utf8(Random::new(11).bytes(ByteSet::alnum(), 40)).unwrap();
    let key = Fingerprint::of(secret.as_bytes()).to_string();
    let (folder, path) = database(
        "PRAGMA page_size = 512;
         CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT, data TEXT);
         CREATE TABLE part (id TEXT PRIMARY KEY, message_id TEXT, data TEXT);",
    );
    let connection = Connection::open(&path).unwrap();
    let message = json!({"role": "user", "time": {"created": 1_772_445_600_000_u64}, "model": {"providerID": "p", "modelID": "m"}});
    connection.execute("INSERT INTO message VALUES ('m1', 's1', ?1)", [message.to_string()]).unwrap();
    let command = format!("curl -i -H 'Authorization: Bearer {secret}' https://api.example.test/v1/orders # {}", "long ".repeat(400));
    let part = |call: &str, start: u64| {
        let state =
            json!({"status": "completed", "input": {"command": command}, "output": "HTTP/1.1 200 OK", "time": {"start": start, "end": start + 9}});
        json!({"type": "tool", "callID": call, "tool": "bash", "state": state}).to_string()
    };
    for (id, start) in [("c1", 1_772_445_600_000), ("c2", 1_772_449_200_000)] {
        connection.execute("INSERT INTO part VALUES (?1, 'm1', ?2)", [id, &part(id, start)]).unwrap();
    }
    drop(connection);
    let name = path.file_name().unwrap().to_str().unwrap();
    let found = run(folder.path(), &["scan", "--format", "jsonl", name]).findings();
    let of_key: Vec<_> = found.iter().filter(|finding| finding["fingerprint"] == key.as_str()).collect();
    assert_eq!(of_key.len(), 2, "broken over overflow pages, and exact: {found:?}");
    assert!(of_key.iter().all(|finding| finding["origin"]["members"] == json!(["part.data"])));
    let issued = json!({"v": 1, "fp": key, "token_type": "access_token", "issued_to": {"agent_id": "a"}, "expires_at": "2026-03-02T10:30:00Z"});
    fs::write(folder.path().join("issued.jsonl"), issued.to_string() + "\n").unwrap();
    let ran = run(folder.path(), &["replay", "--format", "jsonl", "--all", "--now", "2026-03-03T00:00:00Z", name, "issued.jsonl"]);
    let told: Vec<_> = ran.records().into_iter().filter(|one| one["id"] == "TR-01").collect();
    assert_eq!(told.len(), 1, "{}{}", ran.out(), ran.err());
    assert!(ran.out().contains("part.data") && told[0]["token"] == key.as_str());
}
