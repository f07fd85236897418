//! The embedded store when things go wrong: old, new and foreign files, no rights, no room, and death in the middle of a write.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "what a law relies on fails the test where it fails")]

#[path = "support/stores.rs"]
mod stores;

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::slice;
use std::time::Duration;

use beartrap::model::judgement::Judgement;
use beartrap::store::error::StoreError;
use beartrap::store::open::open;
use beartrap::store::schema::{APPLICATION_ID, STEPS};
use beartrap::store::sqlite::{Limits, Sqlite};
use beartrap::store::state_dir::{Access, DATABASE};
use beartrap::store::step::{NewUse, Seen, Step};
use beartrap::store::store::{Checkpoint, Few, Novelty, Store, Tail};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::stores::{Load, at, expose, fp, judgement, judgements_of, load, new_use, plain, ready, record, sighting, uses_of, write};

/// What a child does, and where.
const CHILD: &str = "BEARTRAP_TEST_CHILD";
/// A user without rights, where the tests run as root.
const NOBODY: u32 = 65534;

/// A directory for one state, as the program would make it.
struct State {
    _parent: TempDir,
    path: PathBuf,
}

impl State {
    fn new() -> Self {
        let parent = TempDir::new().unwrap();
        let path = parent.path().join("state");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
        Self { _parent: parent, path }
    }

    fn file(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    fn open(&self) -> Result<Sqlite, StoreError> {
        Sqlite::open_within(&self.path, Access::Owner, Limits { patience: Duration::from_millis(200), ..Limits::default() })
    }

    /// Why it cannot be opened; nothing may have been written.
    fn refusal(&self) -> String {
        let before = fs::read(self.file()).unwrap();
        let error = self.open().err().expect("because it is refused").to_string();
        assert!(error.contains("hint:"), "{error}");
        assert!(fs::read(self.file()).unwrap() == before, "the file was changed");
        assert_eq!(self.files(), [DATABASE]);
        error
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Whether bytes are in any file.
    fn holds(&self, bytes: &[u8]) -> bool {
        self.files().iter().any(|name| memchr::memmem::find(&fs::read(self.path.join(name)).unwrap(), bytes).is_some())
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn every_earlier_version_is_brought_to_this_one() {
    for version in 0..STEPS.len() {
        let state = State::new();
        let old = Connection::open(state.file()).unwrap();
        for step in &STEPS[..version] {
            old.execute_batch(step).unwrap();
        }
        if version > 0 {
            old.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
            old.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
            old.execute("INSERT INTO issuance (id, record) VALUES (7, ?)", [serde_json::to_string(&plain(1)).unwrap()]).unwrap();
            old.execute("INSERT INTO name (hash, id) VALUES (?, 7)", [fp(1).index().cast_signed()]).unwrap();
            if version > 1 {
                old.execute("UPDATE counter SET last = 7", []).unwrap();
            }
        }
        drop(old);
        let mut store = state.open().unwrap();
        assert_eq!(store.verify().unwrap(), [""; 0], "version {version}");
        assert_eq!(store.find(&fp(1)).unwrap().len(), usize::from(version > 0));
        // Since version 3 records say lengths.
        let told = if (1..3).contains(&version) { vec![0] } else { Vec::new() };
        assert_eq!(store.filter().unwrap().lengths, told, "version {version}: lengths that nobody told are not known");
        assert_eq!(write(&mut store, &[plain(2)]).last, if version > 0 { 8 } else { 1 });
        assert_eq!(state.open().unwrap().find(&fp(2)).unwrap().len(), 1);
    }
}

#[test]
fn a_newer_version_is_refused() {
    let state = State::new();
    drop(state.open().unwrap());
    Connection::open(state.file()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = state.refusal();
    assert!(error.contains("version 99") && error.contains(&format!("up to {}", STEPS.len())), "{error}");
}

#[test]
fn what_is_not_ours_is_refused_and_left_alone() {
    for set_up in [
        "CREATE TABLE bookmark (id INTEGER)".to_owned(),
        format!("CREATE TABLE bookmark (id INTEGER); PRAGMA user_version = {}", STEPS.len()),
        "PRAGMA application_id = 5".to_owned(),
        "PRAGMA user_version = 1".to_owned(),
    ] {
        let state = State::new();
        Connection::open(state.file()).unwrap().execute_batch(&set_up).unwrap();
        assert!(state.refusal().contains("not a state of beartrap"), "{set_up}");
    }
    let state = State::new();
    fs::write(state.file(), "These are my notes, and there are many of them. ".repeat(100)).unwrap();
    assert!(state.refusal().contains("not a state of beartrap"));
}

#[test]
fn others_may_not_read_the_state() {
    let state = State::new();
    fs::set_permissions(&state.path, Permissions::from_mode(0o755)).unwrap();
    let error = open(state.path.to_str().unwrap(), Access::Owner).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("mode 755") && error.contains("hint: `chmod 700 "), "{error}");
    assert_eq!(state.files(), [""; 0]);
    open(state.path.to_str().unwrap(), Access::Shared).unwrap();
}

#[test]
fn files_are_for_their_owner_only() {
    let parent = TempDir::new().unwrap();
    let directory = parent.path().join("a/state");
    let mut store = open(directory.to_str().unwrap(), Access::Owner).unwrap();
    write(&mut *store, &[plain(1)]);
    assert_eq!((mode(&directory), mode(&parent.path().join("a"))), (0o700, 0o700));
    let modes: Vec<u32> = fs::read_dir(&directory).unwrap().map(|entry| mode(&entry.unwrap().path())).collect();
    assert_eq!(modes, [0o600; 3]);
}

#[test]
fn a_url_becomes_no_directory() {
    let error = open("postgress://user:word@host/database", Access::Owner).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("hint:") && !error.contains("word"), "{error}");
    assert!(!Path::new("postgress:").exists());
}

#[test]
fn a_lock_that_stays_is_told() {
    let state = State::new();
    let mut store = state.open().unwrap();
    write(&mut store, &[plain(1)]);
    let other = Connection::open(state.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.write(&mut load(&[plain(2)], Novelty::Perhaps)).expect_err("because it is locked");
    assert!(matches!(error, StoreError::Locked { .. }) && error.to_string().contains("hint:"), "{error}");
    assert!(matches!(store.commit(&Step::default()), Err(StoreError::Locked { .. })));
    assert!(matches!(store.set_once("v", b""), Err(StoreError::Locked { .. })));
    assert_eq!(store.find(&fp(1)).unwrap().len(), 1);
    assert_eq!(state.open().unwrap().counts().unwrap().records, 1);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(write(&mut store, &[plain(2)]).new, 1);
}

#[test]
fn a_full_disk_loses_nothing_that_was_committed() {
    let state = State::new();
    let mut store = Sqlite::open_within(&state.path, Access::Owner, Limits { most_pages: Some(60), ..Limits::default() }).unwrap();
    let mut written = 0;
    let error = loop {
        let mut batch = load(&(written..written + 50).map(plain).collect::<Vec<_>>(), Novelty::New);
        batch.tail.checkpoint = Some(Checkpoint { source: "s".into(), offset: 0, line: written + 50 });
        match store.write(&mut batch) {
            Ok(_) => written += 50,
            Err(error) => break error,
        }
        assert!(written < 100_000, "it is never full");
    };
    assert!(matches!(error, StoreError::Full { .. }) && error.to_string().contains("hint:"), "{error}");
    assert!(written > 0);
    let mut store = state.open().unwrap();
    assert_eq!(store.verify().unwrap(), [""; 0]);
    assert_eq!((store.counts().unwrap().records, store.checkpoint("s").unwrap().map(|kept| kept.line)), (written, Some(written)));
    assert_eq!(write(&mut store, &[plain(written)]).new, 1);
}

/// The step by number: uses of two tokens, a judgement that takes the place of the last one, a place, and how far it came.
struct Numbered {
    uses: Vec<NewUse>,
    judgement: Judgement,
    seen: Seen,
    checkpoint: Checkpoint,
}

/// How many uses a step has.
const USES: u64 = 30;

impl Numbered {
    fn new(number: u64) -> Self {
        let (own, all) = (fp(1000 + number), fp(1));
        let second = i64::try_from(number).unwrap();
        let name = |one: u64| if one.is_multiple_of(2) { vec![own.clone()] } else { vec![own.clone(), all.clone()] };
        let before = number.checked_sub(1).map(|before| format!("{before:04}"));
        Self {
            uses: (0..USES).map(|one| new_use(&name(one), Some(second), &format!("{number} {one}"))).collect(),
            judgement: judgement(&format!("{number:04}"), &all, Some(at(second)), before.as_deref()),
            seen: Seen { record: 1, exposure: sighting("x", second) },
            checkpoint: Checkpoint { source: "steps".into(), offset: number * 100, line: number + 1 },
        }
    }

    fn commit(&self, store: &mut dyn Store) -> Result<(), StoreError> {
        let (seen, judgements, checkpoints) = (slice::from_ref(&self.seen), slice::from_ref(&self.judgement), slice::from_ref(&self.checkpoint));
        let committed = store.commit(&Step { uses: &self.uses, seen, judgements, checkpoints, ..Step::default() })?;
        assert_eq!((committed.uses, committed.judgements), (USES, 1));
        Ok(())
    }
}

/// Every step up to the checkpoint is whole, and nothing of the next is there; the number of steps.
fn check_steps(store: &dyn Store) -> u64 {
    assert_eq!(store.verify().unwrap(), [""; 0]);
    let steps = store.checkpoint("steps").unwrap().map_or(0, |kept| kept.line);
    let counts = store.counts().unwrap();
    assert_eq!((counts.uses, counts.judgements), (steps * USES, steps));
    assert_eq!(uses_of(store, &[fp(1)]).len() as u64, steps * USES);
    assert_eq!(store.exposures(1).unwrap().first().map_or(0, |place| place.count), steps);
    assert_eq!(judgements_of(store, &[fp(1)]), Vec::from_iter(steps.checked_sub(1).map(|last| format!("{last:04}"))));
    steps
}

#[test]
fn a_full_disk_loses_no_step_that_was_committed() {
    let state = State::new();
    let mut store = Sqlite::open_within(&state.path, Access::Owner, Limits { most_pages: Some(120), ..Limits::default() }).unwrap();
    write(&mut store, &[plain(1)]);
    let failed = (0..10_000).find_map(|number| Numbered::new(number).commit(&mut store).err().map(|error| (number, error)));
    let (number, error) = failed.expect("because it is full at last");
    assert!(matches!(error, StoreError::Full { .. }) && error.to_string().contains("hint:"), "{error}");
    assert!(number > 0);
    let mut store = state.open().unwrap();
    assert_eq!(check_steps(&store), number);
    Numbered::new(number).commit(&mut store).unwrap();
    assert_eq!(check_steps(&store), number + 1);
}

#[test]
fn forgotten_uses_leave_no_bytes() {
    let state = State::new();
    let mut store = state.open().unwrap();
    let uses: Vec<NewUse> = (0..500).map(|number| new_use(&[fp(number), fp(number + 1000)], Some(100), "stays")).collect();
    let gone = new_use(&[fp(5000), fp(6000)], Some(10), "evanescent");
    store.commit(&Step { uses: &[uses, vec![gone]].concat(), ..Step::default() }).unwrap();
    let traces: [&[u8]; 2] = [b"evanescent", &fp(6000).index().to_be_bytes()];
    assert!(traces.iter().all(|trace| state.holds(trace)));
    let reader = Connection::open(state.file()).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM token_use").unwrap();
    let error = store.forget_uses(at(11)).expect_err("because somebody reads");
    assert!(matches!(error, StoreError::Lingering { .. }), "{error}");
    assert_eq!(store.verify().unwrap().len(), 1);
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(store.forget_uses(at(11)).unwrap(), 0);
    assert!(!traces.iter().any(|trace| state.holds(trace)));
    assert_eq!((store.counts().unwrap().uses, store.verify().unwrap().len()), (500, 0));
}

#[test]
fn forgotten_records_leave_no_bytes() {
    let state = State::new();
    let mut store = state.open().unwrap();
    let gone = record(&json!({"fp": fp(1), "alt_keys": ["token_id:vanishing"], "expires_at": 10, "provider": "evanescent"}));
    write(&mut store, &(100..2000).map(plain).collect::<Vec<_>>());
    write(&mut store, std::slice::from_ref(&gone));
    // Older forms of the record lie about as well.
    for say in ["first-words", "second words, which are longer, so that the record moves"] {
        write(&mut store, &[record(&json!({"fp": fp(1), "notes": say}))]);
    }
    expose(&mut store, &[Seen { record: 1901, exposure: sighting("a-hidden-place", 1) }]);
    let traces: [&[u8]; 6] = [
        b"vanishing",
        b"evanescent",
        b"first-words",
        b"second words",
        b"a-hidden-place",
        // As SQLite writes numbers: the highest byte first.
        &fp(1).index().to_be_bytes(),
    ];
    assert!(traces.iter().all(|trace| state.holds(trace)));
    let reader = state.open().unwrap();
    assert_eq!(reader.find(&fp(1)).unwrap().len(), 1);
    assert_eq!(store.forget(at(11)).unwrap(), 1);
    for trace in traces {
        assert!(!state.holds(trace), "{}", String::from_utf8_lossy(trace));
    }
    assert_eq!((store.counts().unwrap().records, store.verify().unwrap().len()), (1900, 0));
}

#[test]
fn bytes_that_another_one_still_reads_are_told_and_wiped_later() {
    let state = State::new();
    let mut store = state.open().unwrap();
    write(&mut store, &[plain(1), record(&json!({"fp": fp(2), "expires_at": 10, "provider": "evanescent"}))]);
    let reader = Connection::open(state.file()).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM issuance").unwrap();
    let error = store.forget(at(11)).expect_err("because somebody reads");
    assert!(matches!(error, StoreError::Lingering { .. }) && error.to_string().contains("hint:"), "{error}");
    assert_eq!((store.find(&fp(2)).unwrap().len(), store.verify().unwrap().len()), (0, 1));
    assert!(state.holds(b"evanescent"));
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(store.forget(at(11)).unwrap(), 0);
    assert!(!state.holds(b"evanescent"));
    assert_eq!(store.verify().unwrap(), [""; 0]);
}

/// This test's program once more, as a child that does one thing.
fn child(program: &Path, what: &str, state: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["as_a_child", "--exact", "--nocapture"]).env(CHILD, what).current_dir(state.parent().unwrap());
    command.env("BEARTRAP_TEST_STATE", state).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Says a line to the parent.
fn tell(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

#[test]
fn as_a_child() {
    let Ok(what) = std::env::var(CHILD) else { return };
    let state = PathBuf::from(std::env::var("BEARTRAP_TEST_STATE").unwrap());
    match what.as_str() {
        "open" => {
            let told = Sqlite::open(&state, Access::Owner).err().map_or("opened".to_owned(), |error| format!("{error} {error:?}"));
            tell(&format!("told: {}", told.replace('\n', " ")));
        }
        "steps" => take_steps(&state),
        _ => import(&state),
    }
}

#[test]
fn a_state_without_rights_is_told() {
    let state = State::new();
    write(&mut state.open().unwrap(), &[plain(1)]);
    let parent = state.path.parent().unwrap();
    fs::set_permissions(parent, Permissions::from_mode(0o755)).unwrap();
    let program = parent.join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let root = fs::metadata(parent).unwrap().uid() == 0;
    let told = |path: &Path| {
        let mut command = child(&program, "open", path);
        if root {
            command.uid(NOBODY).gid(NOBODY);
        }
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    if root {
        chown(&state.path, Some(NOBODY), Some(NOBODY)).unwrap();
        chown(state.file(), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    fs::set_permissions(state.file(), Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(&state.path, Permissions::from_mode(0o500)).unwrap();
    let read_only = told(&state.path);
    fs::set_permissions(&state.path, Permissions::from_mode(0o700)).unwrap();
    assert!(read_only.contains("told: ") && read_only.contains("ReadOnly") && read_only.contains("hint:"), "{read_only}");
    fs::set_permissions(parent, Permissions::from_mode(0o555)).unwrap();
    let no_place = told(&parent.join("new"));
    fs::set_permissions(parent, Permissions::from_mode(0o755)).unwrap();
    assert!(no_place.contains("PermissionDenied") && no_place.contains("new: "), "{no_place}");
}

/// How many records a batch has.
const BATCH: u64 = 40;
/// Numbers of records that expire at once.
const EXPIRING: u64 = 1 << 40;

/// Imports batch after batch from where the last one ended, until it is killed.
fn import(state: &Path) {
    let mut store = Sqlite::open(state, Access::Owner).unwrap();
    let mut line = store.checkpoint("s").unwrap().map_or(0, |kept| kept.line);
    tell("begun");
    loop {
        let kind = if line.is_multiple_of(2) { Novelty::New } else { Novelty::Perhaps };
        let mut issued: Vec<_> = (line * BATCH..(line + 1) * BATCH).map(|number| ready(&plain(number), kind)).collect();
        // One record gains a name with every batch, and one is forgotten now and then.
        issued.push(ready(&record(&json!({"alt_keys": ["token_id:all", format!("token_id:{line}")]})), Novelty::Perhaps));
        if line.is_multiple_of(8) {
            issued.push(ready(&record(&json!({"fp": fp(EXPIRING + line), "expires_at": 1})), Novelty::New));
        }
        let checkpoint = Some(Checkpoint { source: "s".into(), offset: line * 100, line: line + 1 });
        store.write(&mut Load { issued: issued.into(), tail: Tail { checkpoint, ..Tail::default() }, ..Load::default() }).unwrap();
        expose(&mut store, &[Seen { record: 1, exposure: sighting("x", 1) }]);
        if line.is_multiple_of(8) {
            store.forget(at(2)).unwrap();
        }
        line += 1;
    }
}

/// Takes step after step from where the last one ended, until it is killed.
fn take_steps(state: &Path) {
    let mut store = Sqlite::open(state, Access::Owner).unwrap();
    let first = store.checkpoint("steps").unwrap().map_or(0, |kept| kept.line);
    tell("begun");
    (first..).try_for_each(|number| Numbered::new(number).commit(&mut store)).unwrap();
}

/// Lets a child do something, and kills it after a while that differs from round to round.
fn kill(what: &str, state: &State, round: u64) {
    let mut running = child(&std::env::current_exe().unwrap(), what, &state.path).spawn().unwrap();
    let begun = BufReader::new(running.stdout.take().unwrap()).lines().map_while(Result::ok).any(|line| line.contains("begun"));
    assert!(begun, "round {round}: it did not begin");
    std::thread::sleep(Duration::from_micros(1000 + round * 37_717 % 90_000));
    running.kill().unwrap();
    running.wait().unwrap();
}

#[test]
fn killed_at_any_moment_it_keeps_whole_batches() {
    let state = State::new();
    let mut last = 0;
    for round in 0..20 {
        kill("import", &state, round);
        last = check(&state, last);
    }
    assert!(last > 20, "only {last} batches in all rounds");
}

#[test]
fn killed_at_any_moment_it_keeps_whole_steps() {
    let state = State::new();
    write(&mut state.open().unwrap(), &[plain(1)]);
    let mut last = 0;
    for round in 0..20 {
        kill("steps", &state, round);
        let steps = check_steps(&state.open().unwrap());
        assert!(steps >= last, "a step was lost");
        last = steps;
    }
    assert!(last > 20, "only {last} steps in all rounds");
}

/// Every batch up to the checkpoint is whole, and nothing of the next is there; the number of batches.
fn check(state: &State, least: u64) -> u64 {
    let mut store = state.open().unwrap();
    // What was removed just before may still have to be wiped.
    let wrong = store.verify().unwrap();
    assert!(wrong.iter().all(|what| what.contains("forget again")), "{wrong:?}");
    let lines = store.checkpoint("s").unwrap().map_or(0, |kept| kept.line);
    assert!(lines >= least, "a batch was lost");
    let expiring = |line: u64| !store.find(&fp(EXPIRING + line)).unwrap().is_empty();
    let left = (0..=lines).filter(|line| expiring(*line)).count() as u64;
    assert!(left <= 1, "{left} were not forgotten");
    assert_eq!(store.counts().unwrap().records, lines * BATCH + u64::from(lines > 0) + left);
    for number in (0..lines * BATCH).step_by(7).chain((lines * BATCH).checked_sub(1)) {
        assert_eq!(store.find(&fp(number)).unwrap().len(), 1, "{number} of {lines} batches");
    }
    assert!((lines * BATCH..(lines + 1) * BATCH).all(|number| store.find(&fp(number)).unwrap().is_empty()));
    let named = store.find(&"token_id:all".parse().unwrap()).unwrap();
    assert_eq!(named.first().map_or(0, |stored| stored.issuance.alt_keys.len() as u64), lines + u64::from(lines > 0));
    let late = store.filter().unwrap().late.len() as u64;
    assert!(late >= store.counts().unwrap().keys, "the filter misses names");
    store.forget(at(2)).unwrap();
    assert_eq!(store.verify().unwrap(), [""; 0]);
    store.write(&mut Few::default()).unwrap();
    lines
}
