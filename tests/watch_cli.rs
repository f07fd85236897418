//! `beartrap watch` as people run it: told at once, gone on with, read again on a signal, ended cleanly.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/binary.rs"]
mod binary;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{Live, Ran, run, wait};

fn secret(seed: u64) -> String {
    String::from_utf8(Random::new(seed).bytes(ByteSet::alnum(), 40)).unwrap()
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn watch(at: &Path, more: &[&str]) -> Ran {
    run(at, &[&["watch", "logs", "--state", "st", "--format", "jsonl", "-q"], more].concat())
}

/// A directory in which there is one for logs.
fn with_logs() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("logs")).unwrap();
    directory
}

fn signal(name: &str, live: &Live) {
    assert!(Command::new("kill").args([name, &live.child.id().to_string()]).status().unwrap().success());
}

#[test]
fn each_run_goes_on_where_the_last_one_ended() {
    let directory = with_logs();
    let at = directory.path();
    let log = at.join("logs/a.log");
    append(&log, &format!("Authorization: Bearer {}\n", secret(1)));
    let first = watch(at, &["--once"]);
    assert_eq!((first.status, first.records().len()), (0, 1), "{}", first.err());
    assert_eq!(watch(at, &["--once"]).out(), "");
    // The end of a line is not waited for where the run ends.
    append(&log, &format!("Authorization: Bearer {}", secret(2)));
    assert_eq!(watch(at, &["--once"]).records()[0]["line"], 2);
    assert_eq!(watch(at, &["--once"]).out(), "");
    assert_eq!(watch(at, &["--once", "--from", "start"]).records().len(), 2);
    let status: Vec<Value> = watch(at, &["--status"]).records();
    assert_eq!((&status[0]["path"], &status[1]["counters"]["findings"]), (&Value::from("logs/a.log"), &Value::from(4)));
}

#[test]
fn what_is_there_at_the_beginning_can_be_left_out() {
    let directory = with_logs();
    let at = directory.path();
    let log = at.join("logs/a.log");
    append(&log, &format!("first\nAuthorization: Bearer {}\n", secret(1)));
    assert_eq!(watch(at, &["--once", "--from", "end"]).out(), "");
    append(&log, &format!("Authorization: Bearer {}\n", secret(2)));
    let told = watch(at, &["--once", "--from", "end"]).records();
    assert_eq!((told.len(), &told[0]["line"]), (1, &Value::from(3)));
}

#[test]
fn the_state_is_no_log_however_it_is_named() {
    let directory = with_logs();
    let at = directory.path();
    append(&at.join("logs/a.log"), &format!("Authorization: Bearer {}\n", secret(1)));
    let state = at.join("st");
    let watch = |flag| run(at, &["watch", ".", "--state", state.to_str().unwrap(), "--format", "jsonl", "-q", flag]);
    assert_eq!(watch("--once").records().len(), 1);
    let files: Vec<Value> = watch("--status").records().into_iter().filter(|record| record["path"].is_string()).collect();
    assert_eq!(files.iter().map(|file| file["path"].as_str().unwrap()).collect::<Vec<_>>(), ["./logs/a.log"]);
}

#[test]
fn what_is_packed_at_the_beginning_can_be_left_out_too() {
    let directory = with_logs();
    let at = directory.path();
    let utf16: Vec<u8> = format!("\u{feff}Authorization: Bearer {}\n", secret(1)).encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(at.join("logs/wide.log"), &utf16).unwrap();
    assert_eq!(watch(at, &["--once", "--from", "end"]).out(), "");
    assert_eq!(watch(at, &["--once"]).out(), "");
    // A text in the same place is one that grows.
    fs::write(at.join("logs/wide.log"), format!("Authorization: Bearer {}\n", secret(2))).unwrap();
    assert_eq!(watch(at, &["--once"]).records().len(), 1);
    append(&at.join("logs/wide.log"), &format!("Authorization: Bearer {}\n", secret(3)));
    assert_eq!(watch(at, &["--once"]).records().len(), 1);
}

#[test]
fn a_token_told_before_is_told_in_a_last_line_too() {
    let directory = with_logs();
    let at = directory.path();
    let log = at.join("logs/a.log");
    append(&log, &format!("Authorization: Bearer {}\n", secret(1)));
    let mut live = Live::start(at, &["watch", "logs", "--state", "st", "--format", "jsonl"]);
    assert_eq!(serde_json::from_str::<Value>(&live.line().unwrap()).unwrap()["line"], 1);
    // Longer than the end of a line is waited for.
    append(&log, &format!("Authorization: Bearer {}", secret(1)));
    std::thread::sleep(Duration::from_secs(3));
    append(&log, "\n");
    assert_eq!(serde_json::from_str::<Value>(&live.line().unwrap()).unwrap()["line"], 2);
    append(&log, &format!("Authorization: Bearer {}\n", secret(2)));
    assert_eq!(serde_json::from_str::<Value>(&live.line().unwrap()).unwrap()["line"], 3);
    signal("-TERM", &live);
    wait(&mut live.child, Duration::from_secs(2));
}

#[test]
fn former_contents_are_no_files_and_an_idle_run_writes_nothing() {
    let directory = with_logs();
    let at = directory.path();
    let log = at.join("logs/a.log");
    let lines = |seed| format!("Authorization: Bearer {}\n{}", secret(seed), format!("a line of {seed}\n").repeat(200));
    fs::write(&log, lines(1)).unwrap();
    let mut live = Live::start(at, &["watch", "logs", "--state", "st", "--format", "jsonl", "--poll", "0.1"]);
    live.line().unwrap();
    fs::write(&log, lines(2)).unwrap();
    live.line().unwrap();
    std::thread::sleep(Duration::from_millis(2500));
    let steps = || watch(at, &["--status"]).records().last().unwrap()["counters"]["steps"].clone();
    let before = steps();
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(steps(), before);
    signal("-TERM", &live);
    wait(&mut live.child, Duration::from_secs(2));
    let status = watch(at, &["--status"]).records();
    let conditions: Vec<&str> = status.iter().filter_map(|record| record["condition"].as_str()).collect();
    assert_eq!(conditions, ["growing", "former"], "{status:?}");
}

#[test]
fn lines_are_told_as_they_are_written_and_signals_are_heard() {
    let directory = with_logs();
    let at = directory.path();
    fs::write(at.join("beartrap.toml"), "").unwrap();
    let mut live = Live::start(at, &["watch", "logs", "--state", "st", "--format", "jsonl", "--config", "beartrap.toml", "--poll", "3600"]);
    for number in 1..=3 {
        append(&at.join(format!("logs/{number}.log")), &format!("Authorization: Bearer {}\n", secret(number)));
        let told: Value = serde_json::from_str(&live.line().unwrap()).unwrap();
        assert_eq!(told["type"], "finding");
        // Settings that are wrong change nothing.
        fs::write(at.join("beartrap.toml"), if number == 1 { "what is this" } else { "" }).unwrap();
        signal("-HUP", &live);
    }
    let since = Instant::now();
    signal("-TERM", &live);
    assert_eq!(wait(&mut live.child, Duration::from_secs(10)), Some(0));
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    assert_eq!(watch(at, &["--once"]).out(), "", "everything was written down");
}

#[test]
fn what_cannot_be_followed_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let none = run(at, &["watch", "--state", "st"]);
    assert!(none.status == 2 && none.err().contains("nothing to follow"), "{}", none.err());
    let wrong = run(at, &["watch", "a/[b", "--state", "st"]);
    assert!(wrong.status == 2 && wrong.err().contains("no pattern of paths"), "{}", wrong.err());
    assert_eq!(run(at, &["watch", "none/**/*.log", "--state", "st", "--once"]).status, 0);
}
