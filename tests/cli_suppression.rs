//! What users accept: comments, ignore files, baselines; all of it counted, all of it can be switched off.

#[path = "support/binary.rs"]
mod binary;
#[path = "support/template.rs"]
mod template;

use std::fs;

use beartrap::model::fingerprint::Fingerprint;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::{Ran, run, text};
use crate::template::Template;

fn tree(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("because there is room");
    for (name, text) in files {
        put(&directory, name, text);
    }
    directory
}

/// Writes a file; the same mark stands for the same token in every file.
fn put(directory: &TempDir, name: &str, text: &str) {
    let path = directory.path().join(name);
    fs::create_dir_all(path.parent().expect("because it lies in the directory")).expect("because there is room");
    fs::write(path, fill(text)).expect("because there is room");
}

/// Tokens that depend on their mark only.
fn fill(text: &str) -> Vec<u8> {
    let mut text = text.to_owned();
    for rule in ["github-pat", "slack-bot-token", "npm-access-token"] {
        text = text.replace(&format!("{{{{{rule}}}}}"), &String::from_utf8_lossy(&Template::new(31).token(rule)));
    }
    text.into_bytes()
}

fn fingerprint(rule: &str) -> String {
    Fingerprint::of(&Template::new(31).token(rule)).to_string()
}

fn scan(directory: &TempDir, args: &str) -> Ran {
    let args: Vec<&str> = ["scan", ".", "--format", "jsonl"].into_iter().chain(args.split_whitespace()).collect();
    run(directory.path(), &args)
}

fn counts(ran: &Ran) -> Value {
    ran.summary()["suppressed"].clone()
}

#[test]
fn every_comment_accepts_its_line() {
    for (comment, accepted) in [
        ("beartrap:allow", true),
        ("beartrap:allow[github-pat]", true),
        ("beartrap:allow[slack-bot-token,github-pat]", true),
        ("beartrap:allow[slack-bot-token]", false),
        ("gitleaks:allow", true),
        ("trufflehog:ignore", true),
        ("kingfisher:ignore", true),
        ("ggignore", true),
        ("pragma: allowlist secret", true),
        ("allowed by the bear", false),
    ] {
        for text in [format!("T={{{{github-pat}}}} # {comment}\n"), format!("/* {comment} */ T={{{{github-pat}}}}\n")] {
            let directory = tree(&[("a.env", &text)]);
            let ran = scan(&directory, "");
            assert_eq!((ran.findings().is_empty(), ran.status), (accepted, i32::from(!accepted)), "{text}");
            assert_eq!(counts(&ran)["inline"], json!(u64::from(accepted)), "{text}");
            let audit = scan(&directory, "--ignore-allow-comments");
            assert_eq!((audit.status, counts(&audit)["inline"].clone()), (1, json!(0)), "{text}");
        }
        let other_line = tree(&[("a.env", &format!("# {comment}\nT={{{{github-pat}}}}\n# {comment}\n"))]);
        assert_eq!(scan(&other_line, "").status, 1, "{comment} on other lines");
    }
}

#[test]
fn ignore_files_accept_fingerprints_and_places() {
    let directory = tree(&[("a.env", "T={{github-pat}}\nU={{slack-bot-token}}\n"), ("sub/b.env", "\nT={{github-pat}}\n")]);
    let all = ["github-pat@1", "slack-bot-token@2", "github-pat@2"];
    let entry = fingerprint("github-pat");
    for (file, text, expected, ignored, problems) in [
        (".beartrapignore", format!("# known\n{entry}\n"), &["slack-bot-token@2"][..], 2, &[][..]),
        (".beartrapignore", format!("{entry}  # with a remark\n"), &["slack-bot-token@2"], 2, &[]),
        (".beartrapignore", format!("sub/\n{entry}\n"), &["slack-bot-token@2"], 1, &[]),
        (".beartrapignore", "sha256:1234\n".to_owned(), &all, 0, &["entry"]),
        (".gitleaksignore", "a.env:github-pat:1\n".to_owned(), &["slack-bot-token@2", "github-pat@2"], 1, &[]),
        (".gitleaksignore", "# x\nsub/b.env:generic-api-key:2\n".to_owned(), &["github-pat@1", "slack-bot-token@2"], 1, &[]),
        (".gitleaksignore", format!("{}:a.env:github-pat:1\n", "0a1b2c3d".repeat(5)), &all, 0, &[]),
        (".gitleaksignore", "nonsense\n".to_owned(), &all, 0, &["entry"]),
    ] {
        put(&directory, file, &text);
        let ran = scan(&directory, "");
        assert_eq!(ran.places(), expected, "{file}: {text}");
        assert_eq!((counts(&ran)["ignored"].clone(), ran.problems()), (json!(ignored), problems.iter().map(|p| (*p).to_owned()).collect()), "{text}");
        let audit = scan(&directory, "--no-ignore");
        assert_eq!((audit.places(), audit.problems().len()), (all.map(str::to_owned).to_vec(), 0), "{text}");
        fs::remove_file(directory.path().join(file)).expect("because it is there");
    }
}

#[test]
fn ignore_files_of_a_named_directory_count() {
    let directory = tree(&[("tree/a.env", "T={{github-pat}}\n")]);
    put(&directory, "tree/.beartrapignore", &fingerprint("github-pat"));
    assert_eq!(run(directory.path(), &["scan", "tree"]).status, 0);
    put(&directory, "tree/.beartrapignore", "");
    put(&directory, "tree/.gitleaksignore", "a.env:github-pat:1\n");
    assert_eq!(run(directory.path(), &["scan", "tree"]).status, 0);
}

#[test]
fn a_baseline_holds_what_was_there() {
    let directory = tree(&[("a.env", "T={{github-pat}}\nU={{slack-bot-token}}\n")]);
    let baseline = tempfile::tempdir().expect("because there is room");
    let path = baseline.path().join("baseline.json");
    let path = path.to_str().expect("because the directory's name is text");
    let written = scan(&directory, &format!("--write-baseline {path}"));
    assert_eq!((written.status, written.places().len()), (1, 2), "writing a baseline accepts nothing by itself");
    let first = fs::read_to_string(path).expect("because it was written");
    let file: Value = serde_json::from_str(&first).expect("because it is JSON");
    let tokens: Vec<String> = file["entries"].as_array().into_iter().flatten().map(|entry| text(&entry["token"])).collect();
    let mut expected = vec![fingerprint("github-pat"), fingerprint("slack-bot-token")];
    expected.sort();
    assert_eq!(tokens, expected);

    let with = format!("--baseline {path}");
    let same = scan(&directory, &with);
    assert_eq!((same.status, same.places().len(), counts(&same)["baseline"].clone()), (0, 0, json!(2)));

    put(&directory, "a.env", "\n\n# moved\nU={{slack-bot-token}}\nT={{github-pat}}\n");
    assert_eq!(scan(&directory, &with).status, 0, "lines that move keep the baseline");
    scan(&directory, &format!("--write-baseline {path}"));
    assert_eq!(fs::read_to_string(path).expect("because it was written"), first, "and do not change it");

    put(&directory, "b.env", "N={{npm-access-token}}\n");
    let new = scan(&directory, &with);
    assert_eq!((new.status, new.places()), (1, vec!["npm-access-token@1".to_owned()]));
    fs::remove_file(directory.path().join("b.env")).expect("because it is there");

    put(&directory, "a.env", "T={{github-pat}}\n");
    let gone = scan(&directory, &with);
    assert!(gone.status == 0 && gone.err().contains("no longer found") && gone.err().contains("--prune-baseline"), "{}", gone.err());
    assert!(gone.err().contains(&fingerprint("slack-bot-token")), "{}", gone.err());
    assert_eq!(fs::read_to_string(path).expect("because it was written"), first, "nothing is dropped unasked");

    let partial = scan(&directory, &format!("missing {with} --prune-baseline"));
    assert_eq!(partial.status, 3, "{}", partial.err());
    assert_eq!(fs::read_to_string(path).expect("because it was written"), first, "an incomplete run drops nothing");

    let pruned = scan(&directory, &format!("{with} --prune-baseline"));
    assert_eq!(pruned.status, 0, "{}", pruned.err());
    let after = fs::read_to_string(path).expect("because it was written");
    assert!(after.contains(&fingerprint("github-pat")) && !after.contains(&fingerprint("slack-bot-token")), "{after}");
    put(&directory, "a.env", "U={{slack-bot-token}}\n");
    assert_eq!(scan(&directory, &with).status, 1, "what was dropped is new when it comes back");
}

#[test]
fn a_baseline_in_the_tree_is_not_scanned_as_findings() {
    let directory = tree(&[("a.env", &format!("T={{{{github-pat}}}}\nDB_{}=hunter2-Zebra!91\n", "PASSWORD"))]);
    assert_eq!(scan(&directory, "--write-baseline baseline.json").status, 1);
    let ran = scan(&directory, "--baseline baseline.json");
    assert_eq!((ran.status, ran.places()), (0, Vec::new()), "{}", ran.err());
}
