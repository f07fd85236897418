//! A secret's bytes never leave the program: searched byte by byte in everything that it writes.

#[path = "support/binary.rs"]
mod binary;
#[path = "support/template.rs"]
mod template;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use beartrap::outputs::format::FORMATS;
use tempfile::TempDir;

use crate::binary::{Ran, run, run_on};
use crate::template::{Filled, Planted, Template};

/// The shortest piece of a token that gives something away, in bytes.
const PIECE: usize = 12;

/// All pieces of planted tokens but those of public prefixes.
#[derive(Default)]
struct Pieces(HashSet<[u8; PIECE]>);

impl Pieces {
    fn add(&mut self, planted: &Planted) {
        let public: HashSet<&[u8]> = planted.prefix.as_bytes().windows(PIECE).collect();
        let body = planted.octets.strip_prefix(planted.prefix.as_bytes()).unwrap_or(&planted.octets);
        let end = body.windows(8).position(|window| window == b"-----END").unwrap_or(body.len());
        for text in [&body[..end], &planted.written] {
            let pieces = text.windows(PIECE).filter(|piece| !public.contains(piece) && !piece.contains(&b'\n') && !piece.ends_with(b"-"));
            self.0.extend(pieces.filter(|piece| !is_armour(piece)).map(|piece| <[u8; PIECE]>::try_from(piece).expect("because of its length")));
        }
    }

    /// Where the first piece stands in these bytes.
    fn place_in(&self, bytes: &[u8]) -> Option<usize> {
        bytes.windows(PIECE).position(|window| self.0.contains(window))
    }

    /// Searches what a run wrote, and every file below the directory that is named `out.*`; tells the place, never the bytes.
    fn search(&self, what: &str, ran: &Ran, directory: &Path, failures: &mut Vec<String>) {
        let mut written = vec![("stdout".to_owned(), ran.stdout.clone()), ("stderr".to_owned(), ran.stderr.clone())];
        for entry in fs::read_dir(directory).expect("because it is there") {
            let entry = entry.expect("because it is readable");
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("out.") {
                written.push((name, fs::read(entry.path()).expect("because it is readable")));
            }
        }
        for (name, bytes) in written {
            if let Some(at) = self.place_in(&bytes) {
                let line = memchr::memchr_iter(b'\n', &bytes[..at]).count() + 1;
                let start = bytes[..at].iter().rposition(|b| *b == b'"' || *b == b'\n').map_or(0, |quote| quote.saturating_sub(40));
                let shown = String::from_utf8_lossy(&bytes[start..at]).into_owned();
                failures.push(format!("{what}: {name}, line {line}, after `{shown}`"));
            }
        }
        assert!(!ran.err().contains("panicked"), "{what}: {}", ran.err());
    }
}

/// Whether the piece is part of a line that begins or ends a private key block.
fn is_armour(piece: &[u8]) -> bool {
    ["-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"]
        .iter()
        .any(|line| line.as_bytes().windows(PIECE).any(|window| window == piece))
}

/// Every fixture and what else may tempt the program, filled with tokens.
fn planted() -> (TempDir, Pieces) {
    let directory = tempfile::tempdir().expect("because there is room");
    let mut pieces = Pieces::default();
    let mut template = Template::new(41);
    let mut add = |name: &str, text: &str| {
        let Filled { text, planted } = template.fill(text);
        fs::write(directory.path().join(name), text).expect("because there is room");
        for planted in &planted {
            pieces.add(planted);
        }
    };
    let places = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/places");
    for entry in fs::read_dir(places).expect("because it is part of the tree") {
        let path = entry.expect("because it is readable").path();
        let name = path.file_stem().expect("because it ends in `.tmpl`").to_string_lossy().into_owned();
        add(&name, &fs::read_to_string(&path).expect("because it is readable"));
    }
    for (number, text) in TEMPTING.iter().enumerate() {
        add(&format!("tempting-{number:02}"), text);
    }
    (directory, pieces)
}

/// Tokens where a program that shows the surroundings of one token shows another.
const TEMPTING: [&str; 19] = [
    "{{github-pat}} {{slack-bot-token}}\n",
    "{{github-pat}}: {{slack-bot-token}}\n",
    "{{github-pat}}={{slack-bot-token}}\n",
    r#"["{{github-pat}}", "{{slack-bot-token}}"]"#,
    r#"{"{{github-pat}}": "{{slack-bot-token}}"}"#,
    r#"{"{{opaque:40}}": "{{slack-bot-token}}"}"#,
    "https://{{github-pat}}:{{opaque:32}}@git.internal.test/a.git\n",
    "https://{{opaque:40}}:{{opaque:32}}@git.internal.test/a.git\n",
    "setToken_{{opaque:20}}({{npm-access-token}})\n",
    "<{{opaque:40}}>{{github-pat}}</a>\n",
    "--token-{{opaque:40}} {{github-pat}}\n",
    "https://h.internal.test/?{{opaque:40}}={{github-pat}}\n",
    "Cookie: {{opaque:40}}={{opaque:40#2}}; session={{opaque:40#3}}\n",
    r#"{"name": "{{opaque:40}}", "value": "{{github-pat}}"}"#,
    "token {{opaque:40}} is {{opaque:40#2}}\n",
    "{{opaque:40}} key is {{opaque:40#2}}\n",
    "token={{github-pat}}{{github-pat#2}}\n",
    "password: {{opaque:12}}\npassword is {{opaque:9}}\nDB_PASSWORD={{opaque:10}}{{github-pat}}\n",
    "api_key = exampleexample{{opaque:40}}\nTOKEN=ghp_example{{opaque:30}}\nsecret: <{{opaque:30}}>\n",
];

#[test]
fn no_output_holds_a_piece_of_a_token() {
    let (directory, pieces) = planted();
    let mut failures = Vec::new();
    let outputs: Vec<String> = FORMATS.iter().map(|format| format!("--output={0}=out.{0}", format.name)).collect();
    for format in FORMATS {
        let mut args = vec!["scan", ".", "--format", format.name, "--explain-filters", "--min-confidence", "low", "--write-baseline", "out.baseline"];
        args.extend(outputs.iter().map(String::as_str));
        let ran = run(directory.path(), &args);
        assert_eq!(ran.status, 1, "{}", ran.err());
        pieces.search(&format!("--format {}", format.name), &ran, directory.path(), &mut failures);
        for output in FORMATS {
            fs::remove_file(directory.path().join(format!("out.{}", output.name))).expect("because it was written");
        }
    }
    let gone = run(directory.path(), &["scan", "env", "--baseline", "out.baseline", "--prune-baseline", "--color=always"]);
    pieces.search("--prune-baseline", &gone, directory.path(), &mut failures);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn no_stream_shows_a_piece_of_a_token() {
    let (directory, pieces) = planted();
    let mut failures = Vec::new();
    for entry in fs::read_dir(directory.path()).expect("because it is there") {
        let path = entry.expect("because it is readable").path();
        let bytes = fs::read(&path).expect("because it is readable");
        let name = path.file_name().expect("because it is a file").to_string_lossy().into_owned();
        for format in ["text", "jsonl"] {
            let ran = run_on(directory.path(), &["scan", "-", "--explain-filters", "--format", format], &bytes);
            pieces.search(&format!("{name} as {format}"), &ran, directory.path(), &mut failures);
        }
        for rule in ["github-pat", "generic-api-key"] {
            let ran = run_on(directory.path(), &["rules", "test", rule], &bytes);
            pieces.search(&format!("{name} by rules test {rule}"), &ran, directory.path(), &mut failures);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn no_error_repeats_what_a_file_holds() {
    let directory = tempfile::tempdir().expect("because there is room");
    let mut pieces = Pieces::default();
    let mut template = Template::new(43);
    let mut failures = Vec::new();
    for (number, text) in [
        "{{github-pat}}",
        "\"{{github-pat}}\"",
        "TOKEN={{github-pat}}\n",
        "TOKEN = \"{{github-pat}}\"\n",
        "[{{github-pat}}]\n",
        "{{github-pat}} = 1\n",
        "{\"{{github-pat}}\": 1}",
        "{\"beartrap_baseline\": \"{{github-pat}}\", \"entries\": []}",
        "{\"beartrap_baseline\": 1, \"entries\": [\"{{github-pat}}\"]}",
        "{\"beartrap_baseline\": 1, \"entries\": [{\"token\": \"x\", \"{{github-pat}}\": 2}]}",
        "provider = \"{{github-pat}}\"\n",
        "provider = 'x'\n[[rule]]\nkind = '{{github-pat}}'\n",
        "provider = 'x'\n[[rule]]\n'{{github-pat}}' = 1\n",
        "sha256:{{github-pat}}\n",
        "{{github-pat}}:a:b\n",
    ]
    .into_iter()
    .enumerate()
    {
        let Filled { text, planted } = template.fill(text);
        for planted in &planted {
            pieces.add(planted);
        }
        fs::write(directory.path().join("file"), &text).expect("because there is room");
        for (what, args) in [
            ("baseline", &["scan", "--baseline", "file", "nothing"][..]),
            ("rules", &["scan", "--rules", "file", "nothing"]),
            ("rules check", &["rules", "check", "file"]),
            ("key file", &["scan", "--key-file", "file", "nothing"]),
        ] {
            let ran = run(directory.path(), args);
            pieces.search(&format!("case {number} as {what}"), &ran, directory.path(), &mut failures);
        }
        for name in [".beartrapignore", ".gitleaksignore"] {
            fs::copy(directory.path().join("file"), directory.path().join(name)).expect("because there is room");
            let ran = run(directory.path(), &["scan", "nothing", "--format", "jsonl"]);
            pieces.search(&format!("case {number} as {name}"), &ran, directory.path(), &mut failures);
            fs::remove_file(directory.path().join(name)).expect("because it is there");
        }
    }
    let token = template.token("github-pat");
    for input in [[&token[..], &vec![b'x'; 1 << 20]].concat(), [&token[..], b"\n", &token[..]].concat()] {
        let ran = run_on(directory.path(), &["fingerprint"], &input);
        pieces.search("fingerprint", &ran, directory.path(), &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
