//! Watch: files and stores that fail lose nothing, tell nothing under another name, and are told once.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/failing_store.rs"]
mod failing_store;
#[path = "support/watching.rs"]
mod watching;

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use beartrap::model::token_key::TokenKey;
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use beartrap::store::store::Store;

use crate::failing_store::{FailingStore, Plan, When};
use crate::watching::{End, Told, follow, follow_in, log, state, with_logs};

/// Longer than a step that found nothing waits before it is written down.
const SECOND: Duration = Duration::from_secs(1);
/// How many lines a log gets.
const LINES: u64 = 12;

/// A line that tells of a use of one of three tokens, by one of two people, which is judged, and holds a token.
fn line(number: u64) -> String {
    let secret = String::from_utf8(Random::new(number).bytes(ByteSet::alnum(), 40)).unwrap();
    let (token, user, minute) = (number % 3, number % 2, number % 60);
    format!(
        "{{\"keys\":[\"token_id:{token}\"],\"time\":\"2026-03-02T10:{minute:02}:00Z\",\"user\":\"u{user}\",\"outcome\":\"success\",\
         \"said\":\"Authorization: Bearer {secret}\"}}\n"
    )
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// What a state came to: all uses that are kept, and the ids of all judgements.
fn outcome(directory: &Path) -> (Vec<String>, BTreeSet<String>) {
    let store = state(directory);
    let (mut uses, mut judgements) = (Vec::new(), BTreeSet::new());
    for token in 0..3 {
        let name = format!("token_id:{token}").parse::<TokenKey>().unwrap().index();
        store.uses(&[name], &mut |json| uses.push(json.to_owned())).unwrap();
    }
    store.all_judgements(None, &mut |judgement| _ = judgements.insert(judgement.id)).unwrap();
    (uses, judgements)
}

/// Follows a log that grows line by line, again and again where it fails; what it came to, what was told, and how often it failed.
fn play(directory: &Path, plan: Option<&Plan>) -> ((Vec<String>, BTreeSet<String>), Told, u32) {
    let path = directory.join("logs/a.log");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let (mut told, mut failures, mut written) = (Told::default(), 0, 0);
    while written < LINES {
        let inner: Box<dyn Store> = Box::new(state(directory));
        let store = match plan {
            Some(plan) => Box::new(FailingStore { inner, plan: plan.clone() }),
            None => inner,
        };
        let failed = follow_in(store, directory, &mut told, End::Stop, &mut |watch| {
            while written < LINES && watch.failure.is_none() {
                written += 1;
                append(&path, &line(written));
                watch.run(SECOND);
            }
        });
        failures += u32::from(failed.is_err());
    }
    // Faults end.
    follow(directory, &mut told, End::Stop, &mut |watch| watch.run(SECOND));
    let came_to = outcome(directory);
    fs::remove_dir_all(directory).unwrap();
    (came_to, told, failures)
}

#[test]
fn a_store_that_fails_loses_nothing() {
    // Ids depend on where logs lie.
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("here");
    let (expected, well, _) = play(&directory, None);
    assert!(expected.0.len() as u64 == LINES && !expected.1.is_empty() && well.findings.len() as u64 == LINES);
    for (commits_only, counts) in [(true, (2..7).collect::<Vec<u64>>()), (false, (20..200).step_by(9).collect())] {
        for (every, when) in counts.iter().flat_map(|every| [(*every, When::Before), (*every, When::After)]) {
            let plan = Plan { calls: Arc::new(AtomicU64::new(0)), every, when, commits_only };
            let (came_to, told, failures) = play(&directory, Some(&plan));
            assert_eq!(came_to, expected, "{plan:?}");
            assert!(failures > 0 || plan.calls.load(Ordering::Relaxed) < every, "{plan:?}");
            assert_eq!(told.findings.keys().collect::<Vec<_>>(), well.findings.keys().collect::<Vec<_>>(), "{plan:?}");
            assert!(told.judgements.keys().all(|id| well.judgements.contains_key(id)), "nothing is told under another name: {plan:?}");
            assert_eq!(told.problems, [], "{plan:?}");
        }
    }
}

/// Something is in the place of a log for a while, then the log is there.
fn check(what: &str, problems: usize, hinder: &dyn Fn(&Path), clear: &dyn Fn(&Path)) {
    let directory = with_logs();
    let (path, other) = (log(&directory, "a.log"), log(&directory, "b.log"));
    let mut told = Told::default();
    append(&path, &line(1));
    append(&other, &line(2));
    follow(directory.path(), &mut told, End::Stop, &mut |watch| {
        watch.run_while(SECOND, &mut || hinder(&path));
        watch.run(SECOND);
        append(&other, &line(3));
        watch.run(SECOND);
        clear(&path);
        watch.run(SECOND);
        append(&path, &line(4));
        watch.run(SECOND);
    });
    assert_eq!(told.problems.len(), problems, "{what}: {:?}", told.problems);
    assert_eq!(outcome(directory.path()).0.len(), 4, "{what}");
    assert!(told.findings.len() == 4 && told.findings.values().all(|times| *times == 1), "{what}");
}

#[test]
fn what_takes_the_place_of_a_file_is_said_once() {
    let aside = |path: &Path| fs::rename(path, path.parent().unwrap().with_file_name("aside")).unwrap();
    let back = |path: &Path| fs::rename(path.parent().unwrap().with_file_name("aside"), path).unwrap();
    check("gone", 0, &aside, &back);
    let put = |path: &Path| {
        aside(path);
        fs::create_dir(path).unwrap();
    };
    let take = |path: &Path| {
        fs::remove_dir(path).unwrap();
        back(path);
    };
    check("a directory", 1, &put, &take);
    let put = |path: &Path| {
        aside(path);
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    let take = |path: &Path| {
        fs::remove_file(path).unwrap();
        back(path);
    };
    check("a pipe", 1, &put, &take);
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_said_once_and_read_when_it_may() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let probe = tempfile::NamedTempFile::new().unwrap();
    mode(probe.path(), 0);
    // Nothing is kept from the superuser.
    let problems = usize::from(fs::File::open(probe.path()).is_err());
    check("no permission", problems, &|path| mode(path, 0), &|path| mode(path, 0o600));
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fails_is_said_once_and_read_when_it_works() {
    let directory = with_logs();
    let named = directory.path().join("named");
    let mut told = Told::default();
    // Reading the first byte of this file is an error of input and output.
    std::os::unix::fs::symlink("/proc/self/mem", &named).unwrap();
    append(&log(&directory, "b.log"), &line(1));
    follow(directory.path(), &mut told, End::Stop, &mut |watch| {
        watch.run(SECOND);
        watch.run(SECOND);
        fs::remove_file(&named).unwrap();
        append(&named, &line(2));
        watch.run(SECOND);
    });
    let messages: Vec<&str> = told.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert!(messages.len() == 1 && messages[0].contains("reading stopped"), "{messages:?}");
    assert_eq!(outcome(directory.path()).0.len(), 2);
}

#[cfg(unix)]
#[test]
fn a_state_without_room_is_tried_again() {
    let directory = with_logs();
    let watch = |limit: &str| {
        let command = format!("trap '' XFSZ; {limit} exec \"$0\" watch logs --state st --format jsonl --once -q");
        Command::new("sh").args(["-c", &command, env!("CARGO_BIN_EXE_beartrap")]).current_dir(directory.path()).output().unwrap()
    };
    append(&log(&directory, "a.log"), &line(1));
    assert!(watch("").status.success());
    let lines: String = (2..=2000).map(line).collect();
    append(&log(&directory, "a.log"), &lines);
    let failed = watch("ulimit -f 300;");
    assert_eq!(failed.status.code(), Some(3), "{}", String::from_utf8_lossy(&failed.stderr));
    assert!(String::from_utf8_lossy(&failed.stderr).contains("nothing is lost"), "{}", String::from_utf8_lossy(&failed.stderr));
    let told = watch("");
    let findings = String::from_utf8_lossy(&told.stdout).lines().filter(|line| line.contains("\"type\":\"finding\"")).count();
    assert!(told.status.success() && findings == 1999, "{findings}: {}", String::from_utf8_lossy(&told.stderr));
}
