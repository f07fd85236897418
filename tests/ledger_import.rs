//! Importers: every format's fixture gives exactly its expected records, broken input is refused item by item, no raw token gets through.

#[path = "support/marks.rs"]
mod marks;

use std::fs;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use beartrap::ledger::import::detect::detect;
use beartrap::ledger::import::entry::{Entry, Item};
use beartrap::ledger::import::format::{FORMATS, Format};
use beartrap::ledger::import::mapping::Mapping;
use beartrap::ledger::import::read::{How, read};
use proptest::prelude::{any, prop, proptest};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ledger")
}

/// The fixture of a format, with its marks.
fn template(format: &Format) -> String {
    let files = fs::read_dir(root()).expect("because it is there").map(|entry| entry.expect("because it is readable").path());
    let path = files.filter(|path| path.file_stem().is_some_and(|stem| stem == format.name)).find(|path| path.is_file());
    fs::read_to_string(path.unwrap_or_else(|| panic!("fixtures/ledger/{}.* is missing", format.name))).expect("because it is text")
}

fn named(name: &str) -> &'static Format {
    Format::named(name).expect("because it is in the list")
}

fn items_of(format: &Format, mapping: Option<&Mapping>, input: &[u8], buffer: usize) -> Vec<Item> {
    let mut items = Vec::new();
    let mut reader = BufReader::with_capacity(buffer, input);
    let mut sink = |item| {
        items.push(item);
        ControlFlow::Continue(())
    };
    read(How { format, mapping, gram_of: &|_| None }, &mut reader, 1, &mut sink).expect("because memory can be read");
    items
}

fn items(name: &str, input: &str) -> Vec<Item> {
    items_of(named(name), None, input.as_bytes(), 8192)
}

fn entries(items: &[Item]) -> Vec<Entry> {
    items.iter().flat_map(|item| item.result.clone().unwrap_or_default()).collect()
}

fn reasons(items: &[Item]) -> Vec<(u64, String)> {
    items.iter().filter_map(|item| item.result.as_ref().err()).map(|reject| (reject.line, reject.reason.clone())).collect()
}

fn json(entry: &Entry) -> String {
    match entry {
        Entry::Issued(issued) => serde_json::to_string(&issued.record),
        Entry::Event(event) => serde_json::to_string(event),
    }
    .expect("because records are JSON")
}

fn texts(items: &[Item]) -> Vec<String> {
    entries(items).iter().map(json).collect()
}

#[test]
fn every_fixture_gives_exactly_its_records() {
    for format in FORMATS {
        let template = template(format);
        let items = items_of(format, None, marks::fill(&template).as_bytes(), 8192);
        assert_eq!(reasons(&items), [], "{}", format.name);
        let lines: String = texts(&items).iter().map(|line| line.clone() + "\n").collect();
        let path = root().join(format!("{}.expected.jsonl", format.name));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, marks::unfill(&template, &lines)).expect("because there is room");
        }
        let expected = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(lines, marks::fill(&expected), "{}", format.name);
    }
}

#[test]
fn buffers_line_breaks_and_marks_change_nothing() {
    for format in FORMATS {
        let text = marks::fill(&template(format));
        let expected = texts(&items_of(format, None, text.as_bytes(), 8192));
        assert!(!expected.is_empty(), "{}", format.name);
        for buffer in [1, 7, 100] {
            assert_eq!(texts(&items_of(format, None, text.as_bytes(), buffer)), expected, "{} by {buffer}", format.name);
        }
        let marked = format!("\u{feff}{text}");
        assert_eq!(texts(&items_of(format, None, marked.as_bytes(), 8192)), expected, "{} with a mark", format.name);
        assert_eq!(texts(&items_of(format, None, text.trim_end().as_bytes(), 8192)), expected, "{} without the last line break", format.name);
        let carriage = marked.replace('\n', "\r\n");
        let read = items_of(format, None, carriage.as_bytes(), 8192);
        let lines: Vec<u64> = read.iter().map(|item| item.line).collect();
        assert_eq!(lines, items_of(format, None, text.as_bytes(), 8192).iter().map(|item| item.line).collect::<Vec<_>>(), "{}", format.name);
        assert_eq!(texts(&read).len(), expected.len(), "{} with CRLF", format.name);
    }
}

#[test]
fn no_raw_token_gets_through() {
    for format in FORMATS {
        let template = template(format);
        let secrets = marks::secrets(&template);
        let text = marks::fill(&template);
        // Whole, and with every tenth octet broken, so that the messages about broken items are looked at as well.
        for broken in 0..10 {
            let mut octets = text.clone().into_bytes();
            octets.iter_mut().skip(broken).step_by(997).filter(|_| broken > 0).for_each(|octet| *octet = b'"');
            let shown = format!("{:?}", items_of(format, None, &octets, 8192));
            let printed: String = texts(&items_of(format, None, &octets, 8192)).concat();
            for secret in &secrets {
                // Signatures and bodies alike: no piece of twelve octets of a secret that stands whole in the input.
                let whole = memchr::memmem::find(&octets, secret.as_bytes()).is_some();
                let piece = &secret[secret.len() - 12..];
                assert!(!whole || !printed.contains(piece) && !shown.contains(piece), "{}: a raw token gets through", format.name);
            }
        }
    }
}

#[test]
fn every_fixture_is_detected_even_when_cut() {
    for format in FORMATS {
        let text = marks::fill(&template(format));
        for head in [&text[..], &text[..text.len().min(4096)], &text[..text.len().min(600)]] {
            assert_eq!(detect(head.as_bytes()).map(|found| found.name), Some(format.name), "{} by {}", format.name, head.len());
            assert_eq!(detect(format!("\u{feff}\n{head}").as_bytes()).map(|found| found.name), Some(format.name), "{} marked", format.name);
        }
    }
    for other in ["", "hello", "a,b,c\n1,2,3\n", "{}", "[]", "{\"message\":\"x\"}", "{", "\u{feff}"] {
        assert!(detect(other.as_bytes()).is_none(), "{other}");
    }
}

#[test]
fn broken_lines_are_refused_alone() {
    let digest = "0".repeat(64);
    let good = format!("{{\"fp\":\"{digest}\"}}");
    let input =
        format!("{good}\nnot json\n{good}\n{{\"fp\":\"x\"}}\n{{\"provider\":\"p\"}}\n\n{{\"fp\":\"{digest}\",\"v\":9}}\n{good}\n{{\"fp\":\"{digest}");
    let items = items("jsonl", &input);
    assert_eq!(entries(&items).len(), 3);
    let found = reasons(&items);
    let expected = [(2, "no JSON at column"), (4, "`fp` is not"), (5, "names no token"), (7, "`v` is 9"), (9, "breaks off")];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((line, reason), (at, part)) in found.iter().zip(expected) {
        assert!(*line == at && reason.contains(part) && reason.contains("hint:"), "{line}: {reason}");
    }
    let last = items.last().expect("because there are items");
    assert_eq!((last.end as usize, last.next_line), (input.rfind('{').expect("because it is there"), 9));
}

#[test]
fn reading_goes_on_where_it_stopped() {
    for name in ["jsonl", "github-audit", "vault-audit"] {
        let text = marks::fill(&template(named(name)));
        let whole = items(name, &text);
        for item in &whole {
            let mut rest = Vec::new();
            let mut input = BufReader::new(&text.as_bytes()[item.end as usize..]);
            let mut sink = |item| {
                rest.push(item);
                ControlFlow::Continue(())
            };
            read(How { format: named(name), mapping: None, gram_of: &|_| None }, &mut input, item.next_line, &mut sink)
                .expect("because memory can be read");
            let lines = |items: &[Item]| items.iter().map(|item| item.line).collect::<Vec<_>>();
            let after: Vec<Item> = whole.iter().filter(|later| later.line > item.line).cloned().collect();
            assert_eq!((lines(&rest), texts(&rest)), (lines(&after), texts(&after)), "{name}");
        }
    }
}

#[test]
fn order_and_repetition_are_the_ledgers_matter() {
    for name in ["jsonl", "github-audit", "k8s-audit", "vault-audit", "auth0"] {
        let text = marks::fill(&template(named(name)));
        let mut expected = texts(&items(name, &text));
        let reversed: String = text.lines().rev().map(|line| line.to_owned() + "\n").collect();
        let mut found = texts(&items(name, &reversed));
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{name}");
        assert_eq!(texts(&items(name, &text.repeat(2))).len(), 2 * expected.len(), "{name}");
    }
}

#[test]
fn octets_that_are_no_utf8_are_refused_alone() {
    let digest = "0".repeat(64);
    let input =
        [format!("{{\"fp\":\"{digest}\"}}\n{{\"iss\":\"").as_bytes(), b"\xff\xfe", format!("\"}}\n{{\"fp\":\"{digest}\"}}\n").as_bytes()].concat();
    let items = items_of(named("jsonl"), None, &input, 64);
    assert_eq!(entries(&items).len(), 2);
    assert!(matches!(&reasons(&items)[..], [(2, reason)] if reason.contains("octet 9 of the item is not UTF-8")), "{items:?}");
}

#[test]
fn audit_logs_are_read_in_every_arrangement() {
    let text = marks::fill(&template(named("cloudtrail")));
    let expected = texts(&items("cloudtrail", &text));
    let document: serde_json::Value = serde_json::from_str(&text).expect("because it is JSON");
    let records = document["Records"].as_array().expect("because it is an array");
    let lines: String = records.iter().map(|record| record.to_string() + "\n").collect();
    let array = serde_json::to_string(records).expect("because it is JSON");
    let pretty = serde_json::to_string_pretty(&document).expect("because it is JSON");
    let spread: String = records.iter().map(|record| serde_json::to_string_pretty(record).expect("because it is JSON") + "\n").collect();
    for (form, arranged) in [("lines", lines), ("array", array), ("pretty", pretty), ("spread", spread)] {
        let items = items("cloudtrail", &arranged);
        assert_eq!((reasons(&items), texts(&items)), (Vec::new(), expected.clone()), "{form}");
    }
    let cut = &text[..text.rfind("ev-8").expect("because it is there")];
    let items = items("cloudtrail", cut);
    assert_eq!(texts(&items), expected[..expected.len() - 1], "all but the one that is cut");
    assert!(matches!(&reasons(&items)[..], [(9, reason)] if reason.contains("breaks off")), "{:?}", reasons(&items));
}

#[test]
fn a_mapping_names_columns_and_pointers() {
    let mapping = "fp_encoding = \"base64\"\n[fields]\nfp = \"hash\"\nexpires_at = \"exp\"\n\"issued_to.agent_id\" = \"agent\"\n[constants]\niss = \"https://issuer.example\"\nscope = [\"read\"]\n";
    let mapping = Mapping::parse(mapping).expect("because it is well formed");
    let table = marks::fill("hash;exp;agent;password\n{{base64 token:1}};1772449200;agent-7;{{token:2}}\nzz;;;\n{{base64 token:3}};x\n");
    let items = items_of(named("csv"), Some(&mapping), table.as_bytes(), 8192);
    let expected = r#"{"v":1,"fp":"{{fp token:1}}","token_type":"other","iss":"https://issuer.example","issued_to":{"agent_id":"agent-7"},"scope":["read"],"expires_at":"2026-03-02T11:00:00Z"}"#;
    assert_eq!(texts(&items), [marks::fill(expected)]);
    assert!(
        matches!(&reasons(&items)[..], [(3, one), (4, two)] if one.contains("`fp` is not") && two.contains("2 cells and the header 4")),
        "{items:?}"
    );

    let mapping = "[fields]\ntoken = \"/data/token\"\nissued_to.user = \"who\"\n";
    let mapping = Mapping::parse(mapping).expect("because it is well formed");
    let lines = marks::fill("{\"data\":{\"token\":\"{{token:1}}\"},\"who\":\"ann\",\"secret\":\"{{token:2}}\"}\n");
    let items = items_of(named("jsonl"), Some(&mapping), lines.as_bytes(), 8192);
    let expected = r#"{"v":1,"fp":"{{fp token:1}}","length":40,"token_type":"other","issued_to":{"user":"ann"}}"#;
    assert_eq!(texts(&items), [marks::fill(expected)]);
}

#[test]
fn tables_that_name_no_token_are_refused_once() {
    for (table, expected) in [
        ("a,b\n1,2\n3,4\n", "names no column"),
        ("fp,iss,iss\n", "`column 3` is given twice"),
        ("fp,\"iss\n", "breaks off"),
        ("fp,iss\n\"x,y\n", "breaks off"),
    ] {
        let found = reasons(&items("csv", table));
        assert!(matches!(&found[..], [(_, reason)] if reason.contains(expected)), "{table:?}: {found:?}");
    }
}

#[test]
fn a_sink_stops_the_reading() {
    for format in FORMATS {
        let text = marks::fill(&template(format));
        let mut count = 0;
        let mut sink = |_| {
            count += 1;
            ControlFlow::Break(())
        };
        read(How { format, mapping: None, gram_of: &|_| None }, &mut text.as_bytes(), 1, &mut sink).expect("because memory can be read");
        assert_eq!(count, 1, "{}", format.name);
    }
}

proptest! {
    #[test]
    fn no_octets_panic(octets in prop::collection::vec(any::<u8>(), 0..400)) {
        for format in FORMATS {
            items_of(format, None, &octets, 16);
        }
        let _ = detect(&octets);
    }

    #[test]
    fn no_broken_fixture_panics(at in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8), cut in any::<prop::sample::Index>()) {
        for format in FORMATS {
            let mut octets = marks::fill(&template(format)).into_bytes();
            for (index, octet) in &at {
                let index = index.index(octets.len());
                octets[index] = *octet;
            }
            octets.truncate(cut.index(octets.len()));
            items_of(format, None, &octets, 512);
            let _ = detect(&octets);
        }
    }
}

/// Run with `cargo test --profile quick --test ledger_import -- --ignored --nocapture rate`.
#[test]
#[ignore = "measures"]
#[expect(clippy::print_stderr, reason = "the figure is what it is for")]
fn rate_of_jsonl() {
    let count = 400_000_u64;
    let mut text = String::new();
    for number in 0..count {
        text += &format!(
            "{{\"v\":1,\"fp\":\"sha256:{number:064x}\",\"alt_keys\":[\"jti:https://issuer.example#{number}\"],\"token_type\":\"access_token\",\"provider\":\"example\",\"iss\":\"https://issuer.example\",\"jti\":\"{number}\",\"family_id\":\"grant-{number}\",\"issued_to\":{{\"agent_id\":\"agent-{number}\",\"client_id\":\"web\",\"task_id\":\"task-{number}\"}},\"scope\":\"read write\",\"aud\":\"https://api.example\",\"issued_at\":\"2026-03-02T10:00:00Z\",\"expires_at\":1772449200,\"team\":\"payments\"}}\n"
        );
    }
    let start = std::time::Instant::now();
    let mut read_count = 0_u64;
    let mut sink = |item: Item| {
        read_count += item.result.map_or(0, |entries| entries.len() as u64);
        ControlFlow::Continue(())
    };
    read(How { format: named("jsonl"), mapping: None, gram_of: &|_| None }, &mut text.as_bytes(), 1, &mut sink).expect("because memory can be read");
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(read_count, count);
    eprintln!("{:.0} records/s, {:.0} MB/s", count as f64 / seconds, text.len() as f64 / seconds / 1e6);
}

#[test]
#[ignore = "measures"]
#[expect(clippy::print_stderr, reason = "the figure is what it is for")]
fn rate_of_cloudtrail() {
    let text = marks::fill(&template(named("cloudtrail")));
    let (start, rest) = text.split_once('[').expect("because it is a list");
    let (records, end) = rest.rsplit_once(']').expect("because it is a list");
    let text = format!("{start}[{}{records}]{end}", format!("{records},").repeat(20_000));
    let begin = std::time::Instant::now();
    let read = items("cloudtrail", &text).len();
    let seconds = begin.elapsed().as_secs_f64();
    eprintln!("{:.0} events/s, {:.0} MB/s", read as f64 / seconds, text.len() as f64 / seconds / 1e6);
}
