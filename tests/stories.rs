//! Stories: what the detections say of exposures, told in `fixtures/stories` and run.

#[path = "support/story.rs"]
mod story;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use beartrap::detect::catalogue::DETECTIONS;
use beartrap::detect::detection::HEADINGS;

use crate::story::{Case, read};

/// Every case of every story.
fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stories");
    let mut files: Vec<_> = fs::read_dir(folder).expect("because it is there").map(|entry| entry.expect("because it is readable").path()).collect();
    files.retain(|path| path.file_name().is_some_and(|name| name != "README.md"));
    files.sort();
    files.iter().flat_map(|path| read(path)).collect()
}

#[test]
fn stories_end_as_they_are_told() {
    let mut wrong = Vec::new();
    for case in cases() {
        let mut said = Vec::new();
        for scene in &case.scenes {
            for verdict in scene.judge() {
                assert!(!verdict.message.ends_with('.') && !verdict.evidence.is_empty(), "{}: {verdict:?}", case.name);
                let (severity, confidence) = (verdict.severity.as_str(), verdict.confidence.as_str());
                said.push(format!("line  {}  {}  severity={severity}  confidence={confidence}", scene.line, verdict.id));
            }
        }
        if said.len() != case.verdicts.len() || !said.iter().zip(&case.verdicts).all(|(said, told)| said.starts_with(told)) {
            wrong.push(format!("{}: told\n{}\nsaid\n{}", case.name, case.verdicts.join("\n"), said.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_detection_fires_and_stays_silent_in_its_story() {
    let cases = cases();
    for detection in DETECTIONS {
        let file = format!("{}.md", detection.id.to_lowercase());
        let own = |fires: bool| {
            let word = format!("  {}  ", detection.id);
            let mut own = cases.iter().filter(|case| case.name.starts_with(&file));
            own.any(|case| case.verdicts.iter().any(|told| told.contains(&word)) == fires)
        };
        assert!(own(true), "{file}: no case in which it fires");
        assert!(own(false), "{file}: no case in which it stays silent");
    }
}

#[test]
fn verdicts_do_not_depend_on_the_order_of_arrival() {
    let mut most = [0; 3];
    for case in cases() {
        for scene in &case.scenes {
            let expected = scene.judge();
            let counts = scene.counts();
            for (most, count) in most.iter_mut().zip(counts) {
                *most = (*most).max(count);
            }
            for shuffled in (0..20).map(|seed| scene.shuffled(seed)) {
                assert_eq!(shuffled.judge(), expected, "{}", case.name);
            }
        }
    }
    assert!(most.iter().all(|most| *most > 2), "no story has several events, exposures and holders: {most:?}");
}

#[test]
fn the_page_of_detections_is_in_step() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/detections.md")).expect("because it is there");
    let rows: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| EX-") || line.starts_with("| HY-")).filter(|line| line.matches('|').count() == 5).collect();
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
