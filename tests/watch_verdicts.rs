//! Watch: what is judged bit by bit, through restarts and crashes, is in the end what one replay over everything judges.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/binary.rs"]
mod binary;
#[path = "../examples/simulate/mod.rs"]
#[allow(dead_code, reason = "the example uses the rest")]
mod simulate;
#[path = "support/watching.rs"]
mod watching;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use beartrap::store::store::Store;

use crate::binary::{Live, run};
use crate::simulate::order::Order;

/// In how many parts logs are written.
const PARTS: usize = 9;

/// Files of a simulation that are no logs.
const BESIDE: [&str; 3] = ["labels.jsonl", "simulation.json", "settings.toml"];

/// The logs of a simulation, by their paths below it.
fn logs(folder: &Path) -> BTreeMap<PathBuf, String> {
    let files = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.unwrap().into_path()).filter(|path| path.is_file());
    let below = |path: PathBuf| (path.strip_prefix(folder).unwrap().to_owned(), fs::read_to_string(&path).unwrap());
    files.map(below).filter(|(path, _)| !BESIDE.iter().any(|name| path.ends_with(name))).collect()
}

/// One of the parts of a text, which may end within a line.
fn part(text: &str, number: usize) -> &[u8] {
    let bytes = text.as_bytes();
    &bytes[bytes.len() * number / PARTS..bytes.len() * (number + 1) / PARTS]
}

/// A judgement by what it says of what.
type Name = (String, String, String);

/// The judgements that hold, by a state.
fn standing(at: &Path) -> BTreeSet<Name> {
    let (mut all, mut replaced) = (BTreeMap::new(), BTreeSet::new());
    watching::state(at)
        .all_judgements(None, &mut |one| {
            replaced.extend(one.supersedes);
            all.insert(one.id, (one.verdict.id, one.token.to_string(), one.slot));
        })
        .unwrap();
    all.into_iter().filter(|(id, _)| !replaced.contains(id)).map(|(_, name)| name).collect()
}

#[test]
fn many_steps_judge_as_one_replay_does() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    simulate::run::run(&Order { seed: 11, agents: 8, sessions: 2, tasks: 4, records: 2000, ..Order::default() }, &at.join("world")).unwrap();
    let logs = logs(&at.join("world"));
    let fixed = ["watch", "logs", "--state", "state", "--config", "world/settings.toml", "--format", "jsonl", "--all", "-q"];
    // Whoever issues tokens says so before they are used.
    let issued = |path: &Path| path.ends_with("issued.jsonl");
    for number in 0..PARTS {
        for (path, text) in &logs {
            let bytes = if !issued(path) {
                part(text, number)
            } else if number == 0 {
                text.as_bytes()
            } else {
                &[]
            };
            let path = at.join("logs").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(bytes).unwrap();
        }
        if number % 3 == 1 {
            let mut live = Live::start(at, &fixed);
            std::thread::sleep(Duration::from_millis(300 * number as u64));
            live.child.kill().unwrap();
            live.child.wait().unwrap();
        } else {
            let ran = run(at, &[&fixed[..], &["--once"]].concat());
            assert_eq!(ran.status, 0, "{}", ran.err());
        }
    }
    let watched = standing(at);
    let ran = run(at, &["replay", "logs", "--config", "world/settings.toml", "--format", "jsonl", "--all"]);
    let name = |record: serde_json::Value| {
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        (text("id"), text("token"), text("slot"))
    };
    let replayed: BTreeSet<Name> = ran.records().into_iter().map(name).collect();
    let missed: Vec<&Name> = replayed.difference(&watched).collect();
    let surplus: Vec<&Name> = watched.difference(&replayed).collect();
    // What was told with less knowledge, and would not be told any more, is not taken back.
    assert!(missed.is_empty() && surplus.len() < 5 && replayed.len() > 50, "of {}: missed {missed:#?}, surplus {surplus:#?}", replayed.len());
}

/// A record of a use.
fn used(token: &str, user: &str, number: u64) -> String {
    format!("{{\"keys\":[\"token_id:{token}\"],\"time\":\"2026-03-02T10:00:00Z\",\"user\":\"{user}\",\"request_id\":\"r{number}\"}}")
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn an_object_is_read_before_its_line_ends() {
    let object = used("1", "u", 1);
    let (half, rest) = object.split_at(40);
    let text = "203.0.113.9 - - [02/Mar/2026:10:00:00 +0000] \"GET /?access_token=abcdefghij HTTP/1.1\" 200 5 \"-\" \"curl\"";
    for (before, parts, expected) in [
        ("", vec![object.as_str(), "\n"], [1, 1]),
        ("", vec![&object, ""], [1, 1]),
        ("{\"a\":1}\n", vec![&object, &object, "\n"], [1, 1]),
        ("{\"a\":\n", vec!["1}", "\n", &object], [0, 0]),
        ("", vec![half, rest, "\n"], [0, 1]),
        ("a text\n", vec![text, "\n"], [0, 0]),
    ] {
        let directory = watching::with_logs();
        let path = watching::log(&directory, "a.log");
        append(&path, before);
        let mut counts = Vec::new();
        watching::follow(directory.path(), &mut watching::Told::default(), watching::End::Crash, &mut |watch| {
            for part in &parts {
                append(&path, part);
                watch.run(Duration::from_millis(10));
                watch.run(Duration::from_secs(3));
                counts.push(watching::uses_of(&watching::state(directory.path()), 1));
            }
        });
        assert_eq!(counts[..2], expected, "{before} {parts:?}");
    }
}

#[test]
fn a_hot_token_is_judged_in_the_end() {
    let directory = watching::with_logs();
    let path = watching::log(&directory, "a.log");
    let lines = |numbers: std::ops::Range<u64>, user: &str| numbers.map(|number| used("1", user, number) + "\n").collect::<String>();
    let mut told = watching::Told::default();
    append(&path, &lines(0..1500, "ann"));
    watching::follow(directory.path(), &mut told, watching::End::Crash, &mut |watch| {
        watch.run(Duration::from_secs(1));
        append(&path, &lines(1500..1510, "ann"));
        watch.run(Duration::from_secs(1));
        append(&path, &lines(1510..1511, "bob"));
        watch.run(Duration::from_secs(1));
    });
    // No time has gone by for whoever judges.
    let is_told = |told: &watching::Told| !told.judgements.is_empty();
    assert!(!is_told(&told));
    assert_eq!(watching::uses_of(&watching::state(directory.path()), 1), 1511, "what waits is kept");
    watching::follow(directory.path(), &mut told, watching::End::Crash, &mut |watch| watch.run(Duration::from_secs(1)));
    assert!(is_told(&told), "the next run does not wait");
    append(&path, &lines(1511..1512, "eve"));
    let before = told.judgements.clone();
    watching::follow(directory.path(), &mut told, watching::End::Stop, &mut |watch| watch.run(Duration::from_secs(1)));
    let names: BTreeSet<Name> = standing(directory.path());
    assert!(told.judgements.len() >= before.len() && names.iter().any(|name| name.0 == "TR-23"), "{names:?}");
}
