//! What is read and what is not: archives, encodings, pipes, links, limits; nothing is skipped silently.

#[path = "support/binary.rs"]
mod binary;
#[path = "support/template.rs"]
mod template;

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use beartrap::model::fingerprint::Fingerprint;
use beartrap::rules::generate::Random;
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::binary::{Live, command, finish, peak_kb, run, run_on, start, text, wait};
use crate::template::{Template, words};

/// A line with a token.
const LINE: &str = "GITHUB_TOKEN={{github-pat}}\n";

fn line() -> Vec<u8> {
    Template::new(21).fill(LINE).text
}

fn token() -> Vec<u8> {
    Template::new(21).token("github-pat")
}

fn tree() -> TempDir {
    tempfile::tempdir().expect("because there is room")
}

fn put(directory: &TempDir, name: &str, bytes: impl AsRef<[u8]>) {
    let path = directory.path().join(name);
    fs::create_dir_all(path.parent().expect("because it lies in the directory")).expect("because there is room");
    fs::write(path, bytes).expect("because there is room");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("because it is memory");
    encoder.finish().expect("because it is memory")
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *bytes).expect("because it is memory");
    }
    archive.into_inner().expect("because it is memory")
}

/// `line:column` of each place of the token, the kinds of problems, the status.
type Expected<'a> = (&'a [&'a str], &'a [&'a str], i32);

/// Scans one file and compares what came of it.
fn check(what: &str, name: &str, bytes: &[u8], expected: Expected, failures: &mut Vec<String>) {
    let directory = tree();
    put(&directory, name, bytes);
    let wanted = Fingerprint::of(&token()).to_string();
    for threads in ["1", "2"] {
        let ran = run(directory.path(), &["scan", ".", "--format", "jsonl", "--threads", threads]);
        let found: Vec<String> = ran
            .findings()
            .iter()
            .map(|f| format!("{}:{}{}", f["line"], f["column"], if f["fingerprint"] == wanted.as_str() { "" } else { " (another fingerprint)" }))
            .collect();
        let (places, problems, status) = expected;
        if found != places || ran.problems() != problems || ran.status != status {
            failures.push(format!("{what}: {found:?}, {:?}, status {} instead of {expected:?}: {}", ran.problems(), ran.status, ran.err()));
        }
    }
}

#[test]
fn every_kind_of_bytes_is_read() {
    let (line, token) = (line(), token());
    let wide = |order: fn(u16) -> [u8; 2], mark: &[u8]| -> Vec<u8> {
        [mark.to_vec(), String::from_utf8_lossy(&line).encode_utf16().flat_map(order).collect()].concat()
    };
    let cat = |parts: &[&[u8]]| parts.concat();
    let mut failures = Vec::new();
    for (what, bytes, places) in [
        ("an empty file", Vec::new(), &[][..]),
        ("the token alone", token.clone(), &["1:1"]),
        ("no line break at the end", line[..line.len() - 1].to_vec(), &["1:14"]),
        ("CRLF", cat(&[b"a\r\n", &line[..line.len() - 1], b"\r\n"]), &["2:14"]),
        ("invalid UTF-8 around it", cat(&[b"\xff\xc3\x28\xa0 ", &token, b" \xfe\xff"]), &["1:6"]),
        ("invalid UTF-8 that touches it", cat(&[b"\xc3", &token, b"\xe2\x82"]), &["1:2"]),
        ("Latin-1 before it", cat(&[b"Schl\xfcssel ", &token]), &["1:11"]),
        ("UTF-8 before it", cat(&["Schlüssel ".as_bytes(), &token]), &["1:11"]),
        ("NUL bytes around it", cat(&[b"\0\0\0", &token, b"\0\0"]), &["1:4"]),
        ("a program with it", cat(&[b"\x7fELF\x02\x01\x01\0\0\0", &[0; 600], &token, b"\0", &[0x90; 600]]), &["1:611"]),
        ("a UTF-8 byte order mark", cat(&[b"\xef\xbb\xbf", &line]), &["1:15"]),
        ("UTF-16, little endian", wide(u16::to_le_bytes, b"\xff\xfe"), &["1:14"]),
        ("UTF-16, big endian", wide(u16::to_be_bytes, b"\xfe\xff"), &["1:14"]),
        ("twice in a line", cat(&[&token, b" ", &token]), &["1:1", "1:42"]),
    ] {
        check(what, "file", &bytes, (places, &[], i32::from(!places.is_empty())), &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn archives_are_read_and_their_damage_is_told() {
    let (line, long) = (line(), words(&mut Random::new(1), 200_000));
    let whole = gzip(&[&line[..], &long].concat());
    let mixed = gzip(&[&long[..], &line].concat());
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("b/.env", zip::write::SimpleFileOptions::default()).and_then(|()| Ok(zip.write_all(&line)?)).expect("because it is memory");
    let zip = zip.finish().expect("because it is memory").into_inner();
    let nested = gzip(&tar(&[("inner.zip", &zip), ("clean.txt", b"nothing")]));
    let deep = (0..7).fold(line.clone(), |bytes, _| gzip(&bytes));
    let zeros = vec![0; 50 << 20];
    let mut failures = Vec::new();
    for (what, name, bytes, places, problems, status) in [
        ("gzip", "a.gz", whole.clone(), &["1:14"][..], &[][..], 1),
        ("gzip under another name", "a.dat", whole.clone(), &["1:14"], &[], 1),
        ("truncated gzip after the token", "a.gz", whole[..whole.len() / 2].to_vec(), &["1:14"], &["damaged"], 1),
        ("truncated gzip before the token", "a.gz", mixed[..mixed.len() / 2].to_vec(), &[], &["damaged"], 3),
        ("damaged gzip", "a.gz", [&whole[..40], &[0xaa; 80]].concat(), &[], &["damaged"], 3),
        ("zstd", "a.zst", zstd::encode_all(&line[..], 3).expect("because it is memory"), &["1:14"], &[], 1),
        ("tar", "a.tar", tar(&[("x", b"nothing"), ("b/.env", &line)]), &["1:14"], &[], 1),
        ("zip", "a.zip", zip.clone(), &["1:14"], &[], 1),
        ("zip in tar in gzip", "a.tgz", nested, &["1:14"], &[], 1),
        ("gzip seven deep", "a.gz", deep, &[], &["limit"], 3),
        ("a bomb", "a.gz", gzip(&zeros), &[], &["limit"], 3),
    ] {
        check(what, name, &bytes, (places, problems, status), &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn members_are_named() {
    let directory = tree();
    put(&directory, "a.tar.gz", gzip(&tar(&[("b/.env", &line())])));
    let jsonl = run(directory.path(), &["scan", "a.tar.gz", "--format", "jsonl"]);
    let origin = &jsonl.findings()[0]["origin"];
    assert_eq!((text(&origin["kind"]), text(&origin["path"])), ("member".into(), "a.tar.gz".into()));
    assert_eq!(origin["members"], serde_json::json!(["", "b/.env"]));
    let shown = run(directory.path(), &["scan", "a.tar.gz"]);
    assert!(shown.out().contains("a.tar.gz!b/.env:1:14"), "{}", shown.out());
    let shallow = run(directory.path(), &["scan", "a.tar.gz", "--format", "jsonl", "--max-archive-depth", "1"]);
    assert_eq!((shallow.status, shallow.problems()), (3, vec!["limit".to_owned()]));
    let streamed = run_on(directory.path(), &["scan", "-", "--format", "jsonl"], &gzip(&tar(&[("b/.env", &line())])));
    assert_eq!((streamed.status, streamed.places()), (1, vec!["github-pat@1".to_owned()]));
}

#[test]
fn odd_files_in_a_tree_neither_hang_nor_hide_the_rest() {
    let directory = tree();
    put(&directory, "sub/z.env", line());
    put(&directory, "elsewhere/target.env", "nothing\n");
    let at = |name: &str| directory.path().join(name);
    assert!(Command::new("mkfifo").arg(at("sub/fifo")).status().expect("because there is mkfifo").success());
    symlink("..", at("sub/loop")).expect("because there is room");
    symlink("self", at("sub/self")).expect("because there is room");
    symlink("gone", at("sub/dangling")).expect("because there is room");
    symlink("../elsewhere/target.env", at("sub/out")).expect("because there is room");
    let odd = std::ffi::OsStr::from_bytes(b"sub/na\xffme.env");
    fs::write(at("").join(odd), line()).expect("because there is room");
    let ran = run(directory.path(), &["scan", "sub", "--format", "jsonl"]);
    assert_eq!(ran.places(), ["github-pat@1", "github-pat@1"], "{}", ran.err());
    let origin = &ran.findings()[0]["origin"];
    assert!(text(&origin["path_bytes"]).ends_with("sub/na%FFme.env"), "{origin}");
    let named: Vec<(String, String)> =
        ran.summary()["problems"].as_array().into_iter().flatten().map(|p| (text(&p["kind"]), text(&p["origin"]["path"]))).collect();
    for (kind, path) in [("not-regular", "sub/fifo"), ("link", "sub/self"), ("link", "sub/dangling"), ("link", "sub/out")] {
        assert!(named.contains(&(kind.to_owned(), path.to_owned())), "{kind} {path}: {named:?}");
    }
    assert_eq!(ran.status, 1);
    for format in ["text", "sarif", "gitlab", "junit", "github", "json"] {
        assert_eq!(run(directory.path(), &["scan", "sub", "--format", format]).status, 1, "{format}");
    }
}

#[test]
fn a_pipe_that_is_named_is_read() {
    let directory = tree();
    let fifo = directory.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("because there is mkfifo").success());
    let child = start(&mut command(directory.path(), &["scan", "fifo", "--format", "jsonl"]));
    fs::write(&fifo, line()).expect("because the run reads");
    assert_eq!(finish(child).places(), ["github-pat@1"]);
}

#[test]
fn what_cannot_be_read_is_told() {
    let directory = tree();
    put(&directory, "a.env", line());
    put(&directory, "clean.txt", "nothing\n");
    for (args, status, problems) in [
        (&["clean.txt", "missing"][..], 3, &["unreadable"][..]),
        (&["a.env", "missing"], 1, &["unreadable"]),
        (&["clean.txt", "/proc/self/mem"], 3, &["unreadable"]),
    ] {
        let args: Vec<&str> = ["scan", "--format", "jsonl"].iter().chain(args).copied().collect();
        let ran = run(directory.path(), &args);
        assert_eq!((ran.status, ran.problems()), (status, problems.iter().map(|p| (*p).to_owned()).collect()), "{args:?}: {}", ran.err());
        assert!(ran.err().contains("warning: "), "{args:?}: {}", ran.err());
    }
}

#[test]
fn a_file_that_vanishes_is_told_and_the_rest_is_read() {
    let directory = tree();
    put(&directory, "a.log", [line(), words(&mut Random::new(2), 24 << 20)].concat());
    put(&directory, "y.env", line());
    put(&directory, "z.env", line());
    let mut live = Live::start(directory.path(), &["scan", ".", "--format", "jsonl", "--threads", "1"]);
    assert!(live.line().is_some_and(|line| line.contains("a.log")));
    fs::remove_file(directory.path().join("y.env")).expect("because it is there");
    let rest: Vec<String> = std::iter::from_fn(|| live.line()).collect();
    assert_eq!(wait(&mut live.child, Duration::from_secs(5)), Some(1));
    assert!(rest.iter().any(|line| line.contains("z.env") && line.contains("github-pat")), "{rest:?}");
    assert!(rest.last().is_some_and(|line| line.contains(r#""kind":"vanished""#) && line.contains("y.env")), "{rest:?}");
}

#[test]
fn one_long_line_takes_little_memory() {
    const LIMIT_KB: u64 = 48 << 10;
    let directory = tree();
    let block = words(&mut Random::new(3), 1 << 20);
    let mut child = start(command(directory.path(), &["scan", "-", "--format", "jsonl"]).stdin(Stdio::piped()));
    let mut stdin = child.stdin.take().expect("because it is piped");
    for _ in 0..64 {
        stdin.write_all(&block).expect("because the run reads");
    }
    stdin.write_all(&line()).expect("because the run reads");
    let streamed = peak_kb(&child).expect("because it still runs");
    drop(stdin);
    assert_eq!(finish(child).places(), ["github-pat@1"]);
    let mut file = fs::File::create(directory.path().join("a.log")).expect("because there is room");
    for _ in 0..64 {
        file.write_all(&block).expect("because there is room");
    }
    file.write_all(&line()).expect("because there is room");
    let mut child = start(&mut command(directory.path(), &["scan", "a.log", "--format", "jsonl", "--threads", "2"]));
    let mut read = 0;
    while child.try_wait().expect("because the child is ours").is_none() {
        read = read.max(peak_kb(&child).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(finish(child).places(), ["github-pat@1"]);
    assert!(streamed < LIMIT_KB && read < LIMIT_KB, "{streamed} kB from a pipe, {read} kB from a file");
}

#[test]
fn the_user_narrows_what_is_read() {
    let directory = tree();
    for name in ["seen.env", ".hidden.env", ".dir/a.env", "built/out.env", "keep/built.env", "sub/deep/x.log", ".git/config", ".git/objects/pack"] {
        put(&directory, name, line());
    }
    put(&directory, "big.env", [line(), vec![b'\n'; 20_000]].concat());
    put(&directory, ".gitignore", "built/\n*.log\n");
    let all = [".dir/a.env", ".git/config", ".hidden.env", "big.env", "built/out.env", "keep/built.env", "seen.env", "sub/deep/x.log"];
    let without = |gone: &[&str]| -> Vec<String> { all.iter().filter(|name| !gone.contains(name)).map(|name| (*name).to_owned()).collect() };
    let found = |args: &[&str]| -> (Vec<String>, Vec<String>, i32) {
        let args: Vec<&str> = ["scan", ".", "--format", "jsonl"].iter().chain(args).copied().collect();
        let ran = run(directory.path(), &args);
        let paths = ran.findings().iter().map(|f| text(&f["origin"]["path"]).trim_start_matches("./").to_owned()).collect();
        (paths, ran.problems(), ran.status)
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(found(&[]), (without(&[]), none.clone(), 1));
    assert_eq!(found(&["--no-hidden"]), (without(&[".dir/a.env", ".git/config", ".hidden.env"]), none.clone(), 1));
    assert_eq!(found(&["--no-hidden", "--hidden"]), (without(&[]), none.clone(), 1));
    assert_eq!(found(&["--respect-gitignore"]), (without(&["built/out.env", "sub/deep/x.log"]), none.clone(), 1));
    assert_eq!(found(&["--max-file-size", "10K"]), (without(&["big.env"]), vec!["too-large".to_owned()], 1));
    put(&directory, ".beartrapignore", "# ours\n*.env\n!seen.env\n.git/\n");
    assert_eq!(found(&[]), (vec!["seen.env".to_owned(), "sub/deep/x.log".to_owned()], none.clone(), 1));
    assert_eq!(found(&["--no-ignore"]), (without(&[]), none.clone(), 1));
    put(&directory, ".beartrapignore", "*.env\n/.git\n");
    put(&directory, "sub/.beartrapignore", "deep/*.log\n");
    assert_eq!(found(&[]), (none.clone(), none.clone(), 0));
    let limited = run(directory.path(), &["scan", "big.env", "--max-file-size", "10K"]);
    assert!(limited.status == 0 && limited.err().contains("1 skipped by choice"), "{}", limited.err());
    assert!(Path::new(&directory.path().join(".git/objects/pack")).exists());
}
