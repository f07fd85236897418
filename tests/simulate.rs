//! The simulation: the same for one seed, readable by our readers, with every incident and trap, and without a secret where none belongs.

#[path = "../examples/simulate/mod.rs"]
#[allow(dead_code, reason = "the example uses the rest")]
mod simulate;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use beartrap::ledger::import::entry::Entry;
use beartrap::ledger::import::{jsonl, record};
use beartrap::model::token_key::TokenKey;
use beartrap::model::token_use::TokenUse;
use beartrap::observe::format::OBJECT_FORMATS;
use beartrap::observe::json;
use beartrap::observe::observation::{Observation, Said, Thread};
use bumpalo::Bump;

use crate::simulate::label::Label;
use crate::simulate::order::{Choice, Copies, Delivery, Order, Sequence};
use crate::simulate::run::{Summary, run};
use crate::simulate::{incident, trap};

/// Every detection of replay.
const REPLAY: std::ops::RangeInclusive<u32> = 1..=27;

fn order() -> Order {
    Order { agents: 8, sessions: 2, tasks: 4, records: 2000, ..Order::default() }
}

fn mixed() -> Order {
    let delivery = Delivery { sequence: Sequence::Shuffled, copies: Copies::SomeTwice, drop: 0.25, skew: 90_000 };
    Order { delivery, ..order() }
}

/// The files of a simulation, by their names.
fn simulated(order: &Order) -> (Summary, BTreeMap<String, String>) {
    let folder = tempfile::tempdir().expect("because there is room");
    let summary = run(order, folder.path()).expect("because the folder can be written");
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder.path()).into_iter().map(|entry| entry.expect("because it is readable")) {
        if entry.file_type().is_file() {
            files.insert(name(folder.path(), entry.path()), fs::read_to_string(entry.path()).expect("because it is text"));
        }
    }
    (summary, files)
}

fn name(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).expect("because it lies below").to_string_lossy().replace('\\', "/")
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty())
}

fn labels(files: &BTreeMap<String, String>) -> Vec<Label> {
    lines(&files["labels.jsonl"]).map(|line| serde_json::from_str(line).expect("because it is a label")).collect()
}

/// What the reader of a format says of a line.
fn read(line: &str) -> Vec<Observation> {
    let arena = Bump::new();
    let value = json::parse(line.as_bytes(), &arena).expect("because it is JSON");
    let format = OBJECT_FORMATS.iter().find(|format| (format.recognizes)(&value)).expect("because the format is known");
    assert_eq!(format.name, "token-use");
    let mut said = Vec::new();
    (format.read)(&value, &mut Thread::default(), &mut |one| {
        if let Said::Record(observation) = one {
            said.push(*observation);
        }
    });
    said
}

#[test]
fn one_seed_makes_one_world() {
    for order in [order(), mixed()] {
        let (first, second) = (simulated(&order), simulated(&order));
        assert_eq!(first.0, second.0);
        assert!(first.1 == second.1, "the files differ");
        let other = simulated(&Order { seed: order.seed + 1, ..order });
        assert!(first.1["uses.jsonl"] != other.1["uses.jsonl"] && first.1["labels.jsonl"] != other.1["labels.jsonl"]);
    }
}

#[test]
fn every_record_is_read_by_its_reader() {
    for (name, order) in [("in order", order()), ("mixed", mixed())] {
        let (_, files) = simulated(&order);
        for line in lines(&files["issued.jsonl"]) {
            let read = record::from_text(line).and_then(|record| jsonl::finish(record, &|_| None));
            assert_eq!(read.map(|entries| entries.len()), Ok(1), "{name}: {line}");
        }
        for line in lines(&files["uses.jsonl"]) {
            let usage: TokenUse = serde_json::from_str(line).expect("because it is a token-use record");
            let said = read(line);
            assert_eq!((said.len(), said[0].presented.len()), (1, 1), "{name}: {line}");
            assert_eq!((&said[0].record, &said[0].presented[0]), (&usage.record, &usage.presented), "{name}: {line}");
        }
        let others = files.iter().filter(|(name, _)| Path::new(name).extension().is_some_and(|extension| extension == "jsonl"));
        assert!(others.flat_map(|(_, text)| lines(text)).all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{name}");
        let documents: Vec<serde_json::Value> = files
            .iter()
            .filter(|(name, _)| name.starts_with("cloudtrail/"))
            .map(|(_, text)| serde_json::from_str(text).expect("because it is JSON"))
            .collect();
        assert!(!documents.is_empty() && documents.iter().all(|document| document["Records"].as_array().is_some_and(|events| !events.is_empty())));
    }
}

#[test]
fn every_honest_use_stands_once() {
    let order = Order { inject: none(), traps: none(), ..order() };
    let (summary, files) = simulated(&order);
    let uses = lines(&files["uses.jsonl"]).filter(|line| !line.contains("\"request_id\":\"refresh-")).count();
    let elsewhere: usize = ["otlp/traces.jsonl", "otlp/logs.jsonl", "mcp/access.jsonl"].map(|name| lines(&files[name]).count()).iter().sum();
    let events: usize = files.iter().filter(|(name, _)| name.starts_with("cloudtrail/")).map(|(_, text)| text.matches("\"eventID\"").count()).sum();
    assert!(elsewhere > 0 && events > 0);
    assert_eq!((uses + elsewhere + events, summary.records), (2000, 2000));
    assert!(files["labels.jsonl"].is_empty() && summary.injected.is_empty() && summary.traps.is_empty());
}

fn none() -> Choice {
    Choice::Only(BTreeSet::new())
}

#[test]
fn every_detection_has_an_incident_and_every_trap_is_set() {
    let (summary, files) = simulated(&order());
    let labelled: BTreeSet<String> = labels(&files).into_iter().map(|label| label.detection).collect();
    let exposure = ["EX-01", "EX-02", "EX-03", "EX-04", "EX-05", "EX-06", "HY-01", "HY-02", "HY-03", "HY-04", "HY-05", "HY-06", "HY-07"];
    let expected: BTreeSet<String> = REPLAY.map(|number| format!("TR-{number:02}")).chain(exposure.map(str::to_owned)).collect();
    assert_eq!(labelled, expected);
    assert_eq!(summary.injected.iter().cloned().collect::<BTreeSet<_>>(), expected);
    assert_eq!(summary.traps.len(), trap::all().len());
    for script in incident::all() {
        assert!(summary.injected.iter().any(|name| name == script.name));
    }
}

#[test]
fn labels_name_tokens_that_exist() {
    for (name, order) in [("in order", order()), ("mixed", mixed())] {
        let (_, files) = simulated(&order);
        let issued = lines(&files["issued.jsonl"]).filter_map(|line| Some(issued_key(line)?.to_string()));
        let used = lines(&files["uses.jsonl"]).flat_map(read).flat_map(|one| one.presented).flat_map(|one| one.keys).map(|key| key.to_string());
        let known: BTreeSet<String> = issued.chain(used).collect();
        // A vendor's token that lies in a transcript is neither issued by us nor used.
        let strange: Vec<Label> = labels(&files).into_iter().filter(|label| !known.contains(&label.token.to_string())).collect();
        assert!(strange.len() == 1 && strange[0].detection == "EX-01", "{name}: {strange:?}");
    }
}

fn issued_key(line: &str) -> Option<TokenKey> {
    match record::from_text(line).and_then(|record| jsonl::finish(record, &|_| None)).expect("because it is a record").remove(0) {
        Entry::Issued(issued) => issued.record.fp,
        Entry::Event(_) => None,
    }
}

#[test]
fn incidents_do_not_depend_on_each_other_or_on_how_they_arrive() {
    let all = labels(&simulated(&order()).1);
    let one =
        Order { inject: Choice::read("TR-12,TR-24", ["TR-12", "TR-24"].into_iter()).expect("because both are known"), traps: none(), ..order() };
    let few = labels(&simulated(&one).1);
    assert!(few.len() >= 4 && few.iter().all(|label| all.contains(label)), "{few:?}");
    let names = |labels: &[Label]| labels.iter().map(|label| (label.detection.clone(), label.token.to_string())).collect::<Vec<_>>();
    assert_eq!(names(&labels(&simulated(&mixed()).1)), names(&all));
    assert!(Choice::read("TR-99", ["TR-12"].into_iter()).is_err_and(|message| message.contains("hint:")));
}

/// Uses of incidents arrive whatever is dropped; copies are exact.
#[test]
fn incidents_are_never_lost() {
    let lost = Order { delivery: Delivery { drop: 1.0, ..mixed().delivery }, ..order() };
    let (whole, rest) = (simulated(&order()).1, simulated(&lost).1);
    let uses = |files: &BTreeMap<String, String>| lines(&files["uses.jsonl"]).map(str::to_owned).collect::<BTreeSet<_>>();
    let (whole, rest) = (uses(&whole), uses(&rest));
    assert!(rest.is_subset(&whole) && rest.len() < whole.len() && rest.len() > 100, "{} of {}", rest.len(), whole.len());
    assert!(rest.iter().all(|line| line.contains("r-scene-")));
}

#[test]
fn no_record_of_issuance_or_use_and_no_label_holds_a_secret() {
    let (_, files) = simulated(&order());
    let prefixes = ["github_pat_", "glpat-", "eyJ"];
    let leaked: String = files.iter().filter(|(name, _)| name.starts_with("agents/")).map(|(_, text)| text.as_str()).collect();
    assert!(prefixes.iter().all(|prefix| leaked.contains(prefix)), "leaks hold tokens");
    for name in ["issued.jsonl", "uses.jsonl", "labels.jsonl", "simulation.json", "settings.toml"] {
        assert!(prefixes.iter().all(|prefix| !files[name].contains(prefix)), "{name}");
        // Every long run is an id of ours, a name, or a fingerprint's digest.
        for run in files[name].split(|c: char| !c.is_ascii_alphanumeric()).filter(|run| run.len() >= 20) {
            let is_key_id = run.len() == 20 && run.starts_with("ASIA");
            assert!(is_key_id || run.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{name}: {run}");
        }
    }
}
