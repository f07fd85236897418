//! Logs of systems that were called: every format's fixture gives exactly its expected observations, and no token gets through.

#[path = "support/marks.rs"]
mod marks;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use beartrap::model::token_use::{Presented, RecordOrigin, TokenUse, VERSION};
use beartrap::observe::format::{LINE_FORMATS, OBJECT_FORMATS, ObjectFormat};
use beartrap::observe::json::{Json, items, parse};
use beartrap::observe::observation::{Observation, Said, Thread};
use bumpalo::Bump;

/// The formats of this table; the first object of each fixture, and each line, tells the format.
const FORMATS: [&str; 13] =
    ["cloudtrail", "k8s-audit", "vault-audit", "github-audit", "okta", "auth0", "entra", "teleport", "opa", "http-json", "combined", "envoy", "alb"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/logs")
}

/// The fixture of a format, with its marks.
fn template(name: &str) -> String {
    let paths = ["json", "jsonl", "log"].map(|extension| root().join(format!("{name}.{extension}")));
    let path = paths.iter().find(|path| path.is_file()).unwrap_or_else(|| panic!("fixtures/logs/{name}.* is missing"));
    fs::read_to_string(path).expect("because it is text")
}

fn recognized(object: &Json<'_>) -> Option<&'static ObjectFormat> {
    OBJECT_FORMATS.iter().find(|format| (format.recognizes)(object))
}

/// What every record of a text says, with the name of its format.
fn observations(text: &str) -> Vec<(&'static str, Observation)> {
    let mut found = Vec::new();
    let mut thread = Thread::default();
    let arena = Bump::new();
    let whole = parse(text.as_bytes(), &arena).map(|whole| vec![whole]);
    let documents = whole.unwrap_or_else(|| text.lines().filter_map(|line| parse(line.as_bytes(), &arena)).collect());
    for document in documents {
        let wrappers = OBJECT_FORMATS.iter().flat_map(|format| format.wrappers);
        let inside = wrappers.map(|key| items(&document, &[key])).find(|items| !items.is_empty());
        let elements = inside.or_else(|| document.as_array()).unwrap_or(std::slice::from_ref(&document));
        for element in elements {
            let Some(format) = recognized(element) else { continue };
            (format.read)(element, &mut thread, &mut |said| take(&mut found, format.name, said));
        }
    }
    for line in text.lines().filter(|line| !line.starts_with(['{', ' '])) {
        for format in LINE_FORMATS {
            if (format.read)(line, &mut thread, &mut |said| take(&mut found, format.name, said)) {
                break;
            }
        }
    }
    found
}

fn take(found: &mut Vec<(&'static str, Observation)>, name: &'static str, said: Said<'_>) {
    match said {
        Said::Record(observation) => found.push((name, *observation)),
        Said::Line { .. } => panic!("{name} carries no other log"),
    }
}

/// One line for each token that a record presented, or one without a token.
fn lines(text: &str) -> String {
    let mut lines = String::new();
    for (name, Observation { record, presented, record_id, .. }) in observations(text) {
        let presented = if presented.is_empty() { vec![Presented::default()] } else { presented };
        for presented in presented {
            let origin = RecordOrigin { uri: String::new().into(), line: 0, parser: name.into(), record_id: record_id.clone() };
            let line = TokenUse { v: VERSION, presented, record: record.clone(), origin };
            writeln!(lines, "{}", serde_json::to_string(&line).expect("because records are JSON")).expect("because there is memory");
        }
    }
    lines
}

#[test]
fn every_fixture_gives_exactly_its_observations() {
    for name in FORMATS {
        let template = template(name);
        let lines = lines(&marks::fill(&template));
        let path = root().join(format!("{name}.expected.jsonl"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, marks::unfill(&template, &lines)).expect("because there is room");
        }
        let expected = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(lines, marks::fill(&expected), "{name}");
        assert!(lines.lines().all(|line| line.contains(&format!("\"parser\":\"{name}\""))), "{name} is taken for another format");
    }
}

#[test]
fn no_raw_token_gets_through() {
    for name in FORMATS {
        let template = template(name);
        let shown = lines(&marks::fill(&template));
        for secret in marks::secrets(&template) {
            assert!(!shown.contains(&secret[secret.len() - 12..]), "{name}: a raw token gets through");
        }
    }
}
