//! How the code is written: what a reader may rely on anywhere in the tree.

#[path = "support/binary.rs"]
mod binary;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use crate::binary::run;

/// The rooms, in the order in which data moves through them.
const ROOMS: [&str; 15] = [
    "model", "rules", "sources", "scan", "observe", "store", "ledger", "reports", "detect", "outputs", "delivery", "pipeline", "serve", "config",
    "cli",
];

/// Rooms that may import fewer rooms than all before them.
const NARROW: [(&str, &[&str]); 12] = [
    ("model", &[]),
    ("rules", &["model"]),
    ("sources", &["model"]),
    ("scan", &["model", "rules"]),
    ("observe", &["model"]),
    ("store", &["model"]),
    ("ledger", &["model", "store"]),
    ("reports", &["model", "ledger"]),
    ("detect", &["model"]),
    ("outputs", &["model"]),
    ("delivery", &["model", "store"]),
    ("serve", &["model", "store", "ledger", "delivery", "pipeline"]),
];

/// Files that may look at a secret's octets.
const EXPOSING: [&str; 7] = [
    "src/model/secret.rs",
    "src/scan/claimed.rs",
    "src/scan/issuing.rs",
    "src/scan/judge.rs",
    "src/ledger/import/raw_token.rs",
    "src/reports/hidden.rs",
    "src/delivery/reveal.rs",
];

/// The one file that may lift the ban on unsafe code.
const UNSAFE: &str = "src/scan/kernel.rs";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A source file: its path from the root and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The room it stands in; `None` for the files above the rooms.
    fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        Some(inside.split_once('/')?.0)
    }

    /// Its lines of code with their numbers, up to the tests at its foot.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).enumerate();
        lines.map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn sources() -> Vec<Source> {
    let mut paths: Vec<PathBuf> = walkdir::WalkDir::new(root().join("src"))
        .into_iter()
        .map(|entry| entry.expect("because it is readable").into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    paths.sort();
    let name = |path: &Path| path.strip_prefix(root()).expect("because it lies below").to_string_lossy().replace('\\', "/");
    paths.iter().map(|path| Source { path: name(path), text: fs::read_to_string(path).expect("because it is readable") }).collect()
}

/// Fails with every line of code that the pattern finds, but for some files.
fn forbid(pattern: &str, but: &[&str], why: &str) {
    let pattern = Regex::new(pattern).expect("because it is well formed");
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| !but.iter().any(|file| source.path.starts_with(file))) {
        found.extend(source.code().filter(|(_, line)| pattern.is_match(line)).map(|(at, line)| format!("{}:{at}: {}", source.path, line.trim())));
    }
    assert!(found.is_empty(), "{why}:\n{}", found.join("\n"));
}

#[test]
fn imports_point_back() {
    let import = Regex::new(r"\bcrate::(\w+)").expect("because it is well formed");
    let rank = |room: &str| ROOMS.iter().position(|one| *one == room);
    let mut wrong = Vec::new();
    for source in &sources() {
        let Some(room) = source.room() else { continue };
        let Some(own) = rank(room) else {
            wrong.push(format!("{}: `{room}` is no room", source.path));
            continue;
        };
        for (at, line) in source.code() {
            for other in import.captures_iter(line).filter_map(|found| found.get(1)).map(|found| found.as_str()).filter(|other| *other != room) {
                let narrow = NARROW.iter().find(|(one, _)| *one == room).map(|(_, allowed)| allowed);
                let allowed = narrow.is_none_or(|allowed| allowed.contains(&other));
                if !allowed || rank(other).is_none_or(|other| other > own) {
                    wrong.push(format!("{}:{at}: `{room}` may not import `{other}`", source.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_say_what_they_own_and_stay_small() {
    let mut wrong = Vec::new();
    for Source { path, text } in sources() {
        let lines = text.lines().count();
        if !text.starts_with("//! ") {
            wrong.push(format!("{path}: its first line does not say what it owns"));
        }
        if lines > 400 {
            wrong.push(format!("{path}: {lines} lines are two concepts"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imports_are_spelled_out() {
    forbid(r"^\s*use .*(::\*|super::super)", &[], "no globs, no `super::super`");
    forbid(r"^\s*pub use ", &["src/lib.rs", "src/sources/unpack.rs"], "no re-exports");
}

#[test]
fn secrets_are_exposed_in_few_files() {
    forbid(r"\.expose\(\)", &EXPOSING, "list the file in `EXPOSING` if it must look at a secret");
    let derives = Regex::new(r"#\[derive\([^)]*(Debug|Clone|Serialize)[^)]*\)\]\s*pub struct Secret\b").expect("because it is well formed");
    assert!(sources().iter().all(|source| !derives.is_match(&source.text)), "a `Secret` cannot be printed, cloned or serialized");
}

#[test]
fn failure_is_handled_and_speech_has_its_places() {
    forbid(r"\.unwrap\(\)", &[], "`expect(\"because ...\")` for what cannot happen");
    forbid(r"\.expect\((\w|&|format)|\.expect\(\x22[^b]", &[], "an `expect` says why: `because ...`");
    forbid(r"\b(e?print(ln)?|dbg|todo|unimplemented)!", &[], "results go through outputs, messages through `say`");
    forbid(r"\bprocess::exit\b", &[], "`main` returns the status");
}

#[test]
fn unsafe_code_has_one_home() {
    forbid(r"\bunsafe\b", &[UNSAFE], "vector kernels only");
    let kernel = sources().into_iter().find(|source| source.path == UNSAFE).map(|source| source.text).unwrap_or_default();
    let lines: Vec<&str> = kernel.lines().collect();
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| line.contains("unsafe {") && !line.trim_start().starts_with("//")) {
        assert!(lines[at.saturating_sub(4)..=at].iter().any(|line| line.contains("SAFETY:")), "{UNSAFE}:{}: no `SAFETY:`", at + 1);
    }
}

#[test]
fn state_time_and_randomness_are_arguments() {
    forbid(r"\bstatic mut\b|\bstatic \w+: .*\b(Mutex|RwLock|Cell|RefCell|Atomic\w+|OnceCell)\b|\bthread_local!", &[], "no global state");
    forbid(r"\b(SystemTime|Instant|Timestamp|Zoned)::now\b", &["src/cli/"], "the clock is the command line's");
    forbid(r"\benv::(var|vars|var_os|args|current_dir)\b", &["src/cli/", "src/config/"], "the environment is the command line's");
    forbid(r"\b(thread_rng|rand::random|getrandom|RandomState)\b", &["src/cli/", "src/model/fast_map.rs"], "randomness is an argument");
    forbid(r"\b(TcpStream|TcpListener|UdpSocket)\b", &["src/delivery/", "src/serve/server.rs"], "few files open sockets");
}

#[test]
fn every_dependency_is_explained() {
    let Ok(text) = fs::read_to_string(root().join("CONTRIBUTING.md")) else { return };
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).expect("because it is there").parse().expect("because it is TOML");
    let mut names = Vec::new();
    gather(&manifest, &mut names);
    let missing: Vec<&String> = names.iter().filter(|name| !text.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "CONTRIBUTING.md does not say what these do for us: {missing:?}");
}

/// The names in every table of dependencies.
fn gather(table: &toml::Table, names: &mut Vec<String>) {
    for (key, value) in table {
        let Some(inner) = value.as_table() else { continue };
        match key.as_str() {
            "dependencies" | "dev-dependencies" | "build-dependencies" => names.extend(inner.keys().cloned()),
            "target" => inner.values().filter_map(toml::Value::as_table).for_each(|inner| gather(inner, names)),
            _ => {}
        }
    }
}

#[test]
fn rules_appear_once() {
    let mut homes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in fs::read_dir(root().join("rules")).expect("because it is there") {
        let path = entry.expect("because it is readable").path();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let table: toml::Table = fs::read_to_string(&path).expect("because it is readable").parse().expect("because it is TOML");
        for rule in table.get("rule").and_then(toml::Value::as_array).into_iter().flatten() {
            let id = rule.get("id").and_then(toml::Value::as_str).unwrap_or_default().to_owned();
            homes.entry(id).or_default().push(file.clone());
        }
    }
    assert!(homes.len() > 100, "{}", homes.len());
    homes.retain(|_, files| files.len() > 1);
    assert!(homes.is_empty(), "{homes:?}");
}

#[test]
fn our_own_tree_is_clean() {
    let there = |name: &&str| root().join(name).exists();
    let parts = [
        "src",
        "rules",
        "docs",
        "tests",
        "fixtures",
        "benches",
        "fuzz/fuzz_targets",
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "ARCHITECTURE.md",
        "Cargo.toml",
        "build.rs",
    ];
    let args: Vec<&str> = ["scan", "--no-ignore"].into_iter().chain(parts.into_iter().filter(there)).collect();
    let ran = run(root(), &args);
    assert_eq!(ran.status, 0, "{}{}", ran.out(), ran.err());
}
