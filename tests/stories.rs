//! Stories: what the detections say of exposures, told in `fixtures/stories` and run.

#[path = "support/binary.rs"]
mod binary;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use beartrap::detect::catalogue::DETECTIONS;
use beartrap::detect::detection::HEADINGS;
use beartrap::pipeline::story::case::Case;
use beartrap::pipeline::story::play::Play;
use beartrap::pipeline::story::read::read;
use beartrap::pipeline::story::scene::Scene;

use crate::binary::run;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stories")
}

/// Every case of every story.
fn cases() -> Vec<Case> {
    read(&folder()).unwrap_or_else(|errors| panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

#[test]
fn stories_end_as_they_are_told() {
    let wrong: Vec<String> = cases()
        .iter()
        .filter(|case| !case.is_true())
        .map(|case| format!("{}: told\n{}\nsaid\n{}", case.name, case.told.join("\n"), case.said().join("\n")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn verdicts_have_a_message_and_evidence() {
    for case in cases() {
        let of_uses = case.plays.iter().flat_map(Play::judge).map(|answer| answer.verdict);
        for verdict in case.scenes.iter().flat_map(Scene::judge).chain(of_uses) {
            assert!(!verdict.message.ends_with('.') && !verdict.evidence.is_empty(), "{}: {verdict:?}", case.name);
        }
    }
}

#[test]
fn every_detection_fires_and_stays_silent_in_its_story() {
    let cases = cases();
    for detection in DETECTIONS {
        let file = format!("{}.md", detection.id.to_lowercase());
        let own = |fires: bool| {
            let word = format!("  {}  ", detection.id);
            let mut own = cases.iter().filter(|case| case.name.starts_with(&file));
            own.any(|case| case.told.iter().any(|told| told.contains(&word) || told.starts_with(word.trim_start())) == fires)
        };
        assert!(own(true), "{file}: no case in which it fires");
        assert!(own(false), "{file}: no case in which it stays silent");
    }
}

#[test]
fn verdicts_do_not_depend_on_the_order_of_arrival() {
    let most = |count: fn(&Case) -> usize| cases().iter().map(count).max();
    assert!(most(|case| case.plays.iter().map(|play| play.uses.len()).max().unwrap_or_default()) > Some(9), "no story has many uses");
    for case in cases() {
        for scene in &case.scenes {
            let expected = scene.judge();
            for shuffled in (0..20).map(|seed| scene.shuffled(seed)) {
                assert_eq!(shuffled.judge(), expected, "{}", case.name);
            }
        }
        for play in &case.plays {
            let expected = play.judge();
            for shuffled in (0..20).map(|seed| play.shuffled(seed)) {
                assert_eq!(shuffled.judge(), expected, "{}", case.name);
            }
        }
    }
}

#[test]
fn the_page_of_detections_is_in_step() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/detections.md")).expect("because it is there");
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| ["| EX-", "| HY-", "| TR-"].iter().any(|start| line.starts_with(start)))
        .filter(|line| line.matches('|').count() == 5)
        .collect();
    let expected: Vec<String> =
        DETECTIONS.iter().map(|one| format!("| {} | {} | {} | {} |", one.id, one.name, one.severity.as_str(), one.summary())).collect();
    assert_eq!(rows, expected);
}

#[test]
fn every_detection_says_what_it_does() {
    let mut names = BTreeSet::new();
    for detection in DETECTIONS {
        let text = detection.text();
        let mut parts = text.split("\n# ");
        let summary = parts.next().unwrap_or_default().trim();
        assert!(summary.ends_with('.') && summary.len() < 100, "{}: {summary}", detection.id);
        for heading in HEADINGS {
            let part = parts.next().unwrap_or_default();
            assert!(part.strip_prefix(heading).is_some_and(|rest| rest.trim().len() > 40), "{}: {heading}", detection.id);
        }
        assert!(names.insert(detection.name), "{}: `{}` is taken", detection.id, detection.name);
    }
}

#[test]
fn users_run_their_own_stories() {
    let directory = tempfile::tempdir().expect("because there is room");
    let story = "# A story\n\n## A case\n\n```issued\nT1  issued_at=10:00  expires_at=11:00\n```\n```uses\n11:05  T1  outcome=success\n```\n```verdicts\nVERDICT\n```\n";
    for (file, text) in [
        ("true.md", story.replace("VERDICT", "TR-01  T1  severity=critical")),
        ("wrong.md", story.replace("VERDICT", "TR-02  T1")),
        ("broken.md", story.replace("11:05", "noon")),
        ("notes.md", "# Notes\n".to_owned()),
    ] {
        fs::write(directory.path().join(file), text).expect("because there is room");
    }
    for (path, status, out, err) in [
        ("true.md", 0, "", "1 cases, 1 as told, 0 otherwise"),
        ("wrong.md", 1, "wrong.md: A case\n  told\n    TR-02  T1\n  said\n    TR-01  T1  severity=critical  confidence=high\n", "1 otherwise"),
        ("broken.md", 2, "", "broken.md:9: `noon` is no time\nhint: "),
        ("notes.md", 2, "", "notes.md:1: the story has no case"),
        ("missing.md", 2, "", "missing.md: "),
        (".", 2, "", "broken.md:9: "),
    ] {
        let ran = run(directory.path(), &["stories", path]);
        assert_eq!(ran.status, status, "{path}: {}", ran.err());
        assert!(ran.out().starts_with(out) && ran.err().contains(err), "{path}: {}{}", ran.out(), ran.err());
    }
}
