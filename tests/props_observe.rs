//! Laws of the readers of logs on random input: none panics, and the same record says the same twice.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use beartrap::observe::format::{LINE_FORMATS, OBJECT_FORMATS};
use beartrap::observe::json::parse;
use beartrap::observe::observation::Thread;
use bumpalo::Bump;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Map, Value, json};

/// Every fixture's records, as JSON.
static RECORDS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let texts = fixtures();
    let values = texts.iter().flat_map(|text| match serde_json::from_str(text) {
        Ok(whole) => vec![whole],
        Err(_) => text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
    });
    values.flat_map(elements).collect()
});

/// Every fixture's lines.
static LINES: LazyLock<Vec<String>> = LazyLock::new(|| fixtures().iter().flat_map(|text| text.lines()).map(str::to_owned).collect());

/// Every key that a fixture has anywhere.
static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut keys = vec!["fp".to_owned(), "keys".to_owned(), "alt_keys".to_owned(), "dpop".to_owned(), "proof".to_owned()];
    RECORDS.iter().for_each(|record| gather(record, &mut keys));
    keys.sort();
    keys.dedup();
    keys
});

fn fixtures() -> Vec<String> {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/logs")).expect("because it is there");
    let mut paths: Vec<_> = files.map(|entry| entry.expect("because it is readable").path()).filter(|path| path.is_file()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).expect("because it is text")).collect()
}

/// The records of a document.
fn elements(document: Value) -> Vec<Value> {
    match document {
        Value::Array(values) => values,
        Value::Object(map) => {
            let mut wrappers = OBJECT_FORMATS.iter().flat_map(|format| format.wrappers);
            let inside = wrappers.find_map(|key| map.get(*key)?.as_array()).cloned();
            inside.unwrap_or_else(|| vec![Value::Object(map)])
        }
        _ => Vec::new(),
    }
}

fn gather(value: &Value, keys: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            keys.push(key.clone());
            gather(value, keys);
        }),
        Value::Array(values) => values.iter().for_each(|value| gather(value, keys)),
        _ => {}
    }
}

/// What every reader says of a record, whether it recognizes it or not.
fn said(text: &str) -> String {
    let mut said = String::new();
    let mut thread = Thread::default();
    let arena = Bump::new();
    if let Some(value) = parse(text.as_bytes(), &arena) {
        for format in OBJECT_FORMATS {
            said.push_str(&format!("{} {}", format.name, (format.recognizes)(&value)));
            (format.read)(&value, &mut thread, &mut |what| said.push_str(&format!("{what:?}")));
        }
    }
    said
}

/// What every reader says of a line.
fn said_of_line(line: &str) -> String {
    let mut said = String::new();
    let mut thread = Thread::default();
    for format in LINE_FORMATS {
        let understood = (format.read)(line, &mut thread, &mut |what| said.push_str(&format!("{what:?}")));
        said.push_str(&format!("{} {understood}", format.name));
    }
    said
}

/// Texts that readers take for something.
const WORDS: &[&str] = &[
    "",
    "-",
    "2026-03-02T10:00:00Z",
    "02/Mar/2026:10:00:00 +0000",
    "Bearer abcdefghijkl",
    "https://a@b.example/c?key=12345678",
    "[::1]:x",
    "GET / HTTP/1.1",
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        prop::sample::select(WORDS).prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ]
}

fn tree() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 64, 12, |inner| {
        let key = prop_oneof![4 => prop::sample::select(&KEYS[..]), 1 => ".{0,12}"];
        let object = prop::collection::vec((key, inner.clone()), 0..12);
        prop_oneof![
            2 => object.prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
            1 => prop::collection::vec(inner, 0..4).prop_map(Value::Array),
        ]
    })
}

/// Puts another value in the place of the n-th value, counted in depth.
fn graft(value: &mut Value, at: &mut usize, graftee: &Value) {
    if *at == 0 {
        *value = graftee.clone();
    }
    *at = at.wrapping_sub(1);
    match value {
        Value::Object(map) => map.values_mut().for_each(|value| graft(value, at, graftee)),
        Value::Array(values) => values.iter_mut().for_each(|value| graft(value, at, graftee)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_record_makes_a_reader_panic(value in tree()) {
        let text = value.to_string();
        prop_assert_eq!(said(&text), said(&text));
    }

    #[test]
    fn no_change_of_a_fixture_makes_a_reader_panic(at in any::<prop::sample::Index>(), depth in 0..60_usize, other in tree()) {
        let mut record = at.get(&RECORDS[..]).clone();
        graft(&mut record, &mut depth.clone(), &other);
        said(&record.to_string());
    }

    #[test]
    fn no_line_makes_a_reader_panic(line in ".{0,200}", at in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(), piece in "[-\"\\[\\]\\\\ a-zé0-9:/?=@.]{0,6}") {
        said_of_line(&line);
        let mut broken: Vec<char> = at.get(&LINES[..]).chars().collect();
        let cut = cut.index(broken.len() + 1);
        broken.splice(cut..cut.saturating_add(2).min(broken.len()), piece.chars());
        let broken: String = broken.into_iter().collect();
        prop_assert_eq!(said_of_line(&broken), said_of_line(&broken));
        said_of_line(&broken.chars().take(cut).collect::<String>());
    }
}
