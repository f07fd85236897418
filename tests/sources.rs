//! Trees and archives as they are met in the field, and as an attacker would make them.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use beartrap::model::origin::Origin;
use beartrap::model::problem::{Problem, ProblemKind};
use beartrap::sources::open::FileKind;
use beartrap::sources::unpack::{UnpackLimits, Visit, unpack, unpack_file};
use beartrap::sources::walk::{GitIgnore, Hidden, IgnoreFiles, Walk, WalkOptions, WalkedFile};
use tempfile::TempDir;

/// What a visit saw: every stream with its text (its length where it is long), and every problem.
#[derive(Default, PartialEq, Debug)]
struct Seen {
    streams: Vec<(String, String)>,
    problems: Vec<(ProblemKind, String, String)>,
}

impl Visit for Seen {
    fn stream(&mut self, origin: Origin, reader: &mut dyn Read) {
        let mut bytes = Vec::new();
        reader.take(1 << 16).read_to_end(&mut bytes).expect("readers in this room end instead of failing");
        let more = std::io::copy(reader, &mut std::io::sink()).expect("readers in this room end instead of failing");
        let shown = if more > 0 { format!("{} bytes", more + (1 << 16)) } else { String::from_utf8_lossy(&bytes).into_owned() };
        self.streams.push((origin.to_string(), shown));
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push((problem.kind, problem.origin.to_string(), problem.message));
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

impl Seen {
    fn texts(&self) -> Vec<(&str, &str)> {
        self.streams.iter().map(|(origin, text)| (origin.as_str(), text.as_str())).collect()
    }

    fn kinds(&self) -> Vec<ProblemKind> {
        self.problems.iter().map(|(kind, ..)| *kind).collect()
    }
}

fn read_forward(bytes: &[u8], limits: &UnpackLimits) -> Seen {
    let mut seen = Seen::default();
    unpack(&Origin::Memory("a".to_owned()), &mut Cursor::new(bytes), limits, &mut seen);
    seen
}

fn read_as_file(bytes: &[u8], limits: &UnpackLimits) -> Seen {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    let mut seen = Seen::default();
    unpack_file(&Origin::Memory("a".to_owned()), file, limits, &mut seen);
    seen
}

/// Both ways must tell the same.
fn read(bytes: &[u8]) -> Seen {
    let forward = read_forward(bytes, &UnpackLimits::default());
    assert_eq!(forward, read_as_file(bytes, &UnpackLimits::default()));
    forward
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        // `append_data` refuses `..`; attackers do not.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (index, (name, content)) in members.iter().enumerate() {
        let method = if index % 2 == 0 { zip::CompressionMethod::Stored } else { zip::CompressionMethod::Deflated };
        writer.start_file(*name, zip::write::SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Letters that do not compress well, so that cuts fall everywhere.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'a' + u8::try_from(state >> 24).unwrap() % 26
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn plain_content_is_handed_on_as_it_is() {
    for text in ["", "x", "BZh9 is how bzip2 starts"] {
        let seen = read(text.as_bytes());
        assert_eq!((seen.texts(), seen.kinds()), (vec![("a", text)], vec![]));
    }
}

#[test]
fn every_container_is_opened_however_deep() {
    for pack in [gzip, bzip2, zstd, xz] {
        let seen = read(&pack(b"hello"));
        assert_eq!((seen.texts(), seen.kinds()), (vec![("a", "hello")], vec![]));
        let joined = [pack(b"one "), pack(b"two")].concat();
        assert_eq!(read(&joined).texts(), [("a", "one two")], "members are one content");
    }
    let inner = tar(&[(".env", b"deep"), ("../../etc/x", b"harmless"), ("empty", b"")]);
    let seen = read(&gzip(&tar(&[("first", b"1"), ("inner/files.zip", &zip(&[("s", b"2"), ("files.tar", &inner)])), ("last", b"3")])));
    let expected = [
        ("a!first", "1"),
        ("a!inner/files.zip!s", "2"),
        ("a!inner/files.zip!files.tar!.env", "deep"),
        ("a!inner/files.zip!files.tar!../../etc/x", "harmless"),
        ("a!inner/files.zip!files.tar!empty", ""),
        ("a!last", "3"),
    ];
    assert_eq!((seen.texts(), seen.kinds()), (expected.to_vec(), vec![]));
}

#[test]
fn tar_names_come_from_extended_headers_and_links_have_no_content() {
    let long = "d/".repeat(120) + "file";
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_pax_extensions([("path", "pax/name".as_bytes()), ("comment", b"x\n11 size=99\n")]).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_size(3);
    builder.append_data(&mut header, "short", &b"pax"[..]).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_size(3);
    builder.append_data(&mut header, &long, &b"gnu"[..]).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Link);
    header.set_size(0);
    builder.append_link(&mut header, "hard", "short").unwrap();
    let joined = [builder.into_inner().unwrap(), tar(&[("after", b"end")])].concat();
    let seen = read(&joined);
    let long = format!("a!{long}");
    assert_eq!((seen.texts(), seen.kinds()), (vec![("a!pax/name", "pax"), (long.as_str(), "gnu"), ("a!after", "end")], vec![]));
}

#[test]
fn a_cut_anywhere_is_reported_and_what_lies_before_it_is_scanned() {
    let content = noise(3000);
    let members: [(&str, &[u8]); 3] = [("one", &content[..500]), ("two", &content), ("three", b"end")];
    for whole in [gzip(&tar(&members)), zip(&members), tar(&members), zip(&[("in.zip", &zip(&members))])] {
        let all = read(&whole);
        assert_eq!((all.streams.len(), all.kinds()), (3, vec![]));
        for cut in (0..whole.len()).step_by(100) {
            for seen in [read_forward(&whole[..cut], &UnpackLimits::default()), read_as_file(&whole[..cut], &UnpackLimits::default())] {
                let is_plain = cut < 512 && seen.kinds().is_empty();
                assert!(is_plain || seen.kinds().contains(&ProblemKind::Damaged), "cut at {cut} of {}: {seen:?}", whole.len());
                let has_part = |text: &String| !text.is_empty() && all.streams.iter().any(|(_, full)| full.starts_with(text.as_str()));
                assert!(is_plain || cut < 1200 || seen.streams.iter().any(|(_, text)| has_part(text)), "cut at {cut}: {seen:?}");
            }
        }
    }
}

#[test]
fn zip_members_that_cannot_be_read_do_not_hide_the_others() {
    let mut bytes = zip(&[("plain", b"1"), ("secret", b"2"), ("odd", b"3"), ("last", b"4")]);
    for (name, flags, method) in [("secret", 1, 8), ("odd", 0, 19)] {
        for at in (46..bytes.len() - name.len()).filter(|at| bytes[*at..].starts_with(name.as_bytes())).collect::<Vec<_>>() {
            let fields = if bytes[at - 46..].starts_with(b"PK\x01\x02") { at - 46 + 8 } else { at - 30 + 6 };
            bytes[fields] = flags;
            bytes[fields + 2] = method;
        }
    }
    let seen = read(&bytes);
    assert_eq!(seen.texts(), [("a!plain", "1"), ("a!last", "4")]);
    assert_eq!(seen.kinds(), [ProblemKind::Unsupported, ProblemKind::Unsupported]);
    assert!(seen.problems[0].1 == "a!secret" && seen.problems[1].2.contains("method 19"), "{:?}", seen.problems);
    bytes.truncate(bytes.len() - 1);
    assert_eq!(read(&bytes).texts(), [("a!plain", "1"), ("a!last", "4")], "without a directory the local headers tell");
}

#[test]
fn a_streamed_zip_is_read_by_its_data() {
    let mut writer = zip::ZipWriter::new_stream(Vec::new());
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, content) in [("one", "1"), ("two", "2")] {
        writer.start_file(name, options).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    let bytes = writer.finish().unwrap().into_inner();
    let expected = [("a!one", "1"), ("a!two", "2")];
    assert_eq!((read(&bytes).texts(), read(&bytes).kinds()), (expected.to_vec(), vec![]));
    let small = UnpackLimits { window: 16, ..UnpackLimits::default() };
    let seen = read_forward(&bytes, &small);
    assert_eq!((seen.texts(), seen.kinds()), (expected.to_vec(), vec![]), "too large to hold");
}

#[test]
fn bombs_stop_at_a_limit_and_the_rest_goes_on() {
    let zeros = vec![0; 200 << 20];
    let bomb = gzip(&zeros);
    let started = Instant::now();
    let seen = read(&bomb);
    assert_eq!(seen.kinds(), [ProblemKind::Limit]);
    assert!(seen.problems[0].2.contains("`ratio` = 200"), "{:?}", seen.problems);
    let seen = read(&tar(&[("bomb.gz", &bomb), ("bomb.zip", &zip(&[("s", b"1"), ("zeros", &zeros)])), ("after", b"x")]));
    assert_eq!((seen.kinds(), seen.texts().last()), (vec![ProblemKind::Limit; 2], Some(&("a!after", "x"))));
    assert!(started.elapsed() < Duration::from_mins(1));
}

#[test]
fn each_limit_ends_what_it_is_about() {
    let limits = UnpackLimits { total_bytes: 1000, ..UnpackLimits::default() };
    let seen = read_forward(&gzip(&tar(&[("one", &noise(50_000)), ("two", b"2")])), &limits);
    assert_eq!((seen.kinds(), seen.streams.len()), (vec![ProblemKind::Limit], 1));

    let limits = UnpackLimits { members: 2, ..UnpackLimits::default() };
    for archive in [zip(&[("1", b""), ("2", b""), ("3", b"")]), tar(&[("1", b""), ("2", b""), ("3", b"")])] {
        let seen = read_as_file(&archive, &limits);
        assert_eq!((seen.kinds(), seen.streams.len()), (vec![ProblemKind::Limit], 2));
    }
    let nested = (0..7).fold(b"x".to_vec(), |inner, _| gzip(&inner));
    let seen = read(&tar(&[("deep", &nested), ("after", b"x")]));
    assert_eq!((seen.kinds(), seen.texts()), (vec![ProblemKind::Limit], vec![("a!after", "x")]));

    let limits = UnpackLimits { window: 1 << 16, ..UnpackLimits::default() };
    let mut wide = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    wide.write_all(&noise(1 << 20)).unwrap();
    for packed in [xz(b"x"), wide.finish().unwrap()] {
        let seen = read_forward(&packed, &limits);
        assert!(seen.kinds() == [ProblemKind::Limit] && seen.problems[0].2.contains("`window`"), "{:?}", seen.problems);
    }
}

#[test]
fn an_endless_extended_header_is_not_kept() {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::XHeader);
    header.set_size(8 << 20);
    header.set_cksum();
    let bytes = [header.as_bytes(), &noise(8 << 20)[..], &tar(&[("x", b"1")])].concat();
    let seen = read(&bytes);
    assert_eq!((seen.kinds(), seen.texts()), (vec![ProblemKind::Limit], vec![("a!x", "1")]));
}

/// Paths relative to the tree, and problems by kind and path.
fn walk(tree: &Path, options: &WalkOptions) -> (Vec<String>, Vec<(ProblemKind, String)>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let relative = |path: &Path| path.strip_prefix(tree).unwrap_or(path).to_string_lossy().into_owned();
    for found in Walk::new(vec![tree.to_owned()], options.clone()) {
        match found {
            Ok(file) => files.push(relative(&file.path)),
            Err(problem) => problems.push((problem.kind, relative(problem.origin.path().unwrap()))),
        }
    }
    (files, problems)
}

fn tree(files: &[(&str, &str)]) -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = tree.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    tree
}

#[test]
fn everything_is_scanned_but_the_inside_of_version_control() {
    let files =
        ["b", "a/z", "a/.env", ".git/config", ".git/objects/aa/bb", ".git/HEAD", "sub/.git", "sub/.hg/hgrc", "sub/.hg/store/x", "a.b", ".svn/x"];
    let tree = tree(&files.map(|path| (path, "x")));
    let expected = [".git/config", "a/.env", "a/z", "a.b", "b", "sub/.git", "sub/.hg/hgrc"];
    assert_eq!(walk(tree.path(), &WalkOptions::default()), (expected.map(String::from).to_vec(), vec![]));
    let options = WalkOptions { hidden: Hidden::Skip, ..WalkOptions::default() };
    assert_eq!(walk(tree.path(), &options).0, ["a/z", "a.b", "b"]);
    let named = walk(&tree.path().join(".git"), &WalkOptions::default()).0;
    assert_eq!(named, ["HEAD", "config", "objects/aa/bb"], "what the user names is scanned");
}

#[test]
fn ignore_files_are_used_as_asked() {
    let own = format!("sha256:{}\nhmac-sha256:k[z-a]:{}\n*.bin\n!keep.bin\n", "0".repeat(64), "0".repeat(64));
    let files = [(".beartrapignore", own.as_str()), (".gitignore", "dist/\n"), ("sub/.beartrapignore", "/only\n[z-a]\n")];
    let others = ["x.bin", "keep.bin", "sub/only", "sub/deep/only", "dist/.env"].map(|path| (path, "x"));
    let tree = tree(&[&files[..], &others].concat());
    let (files, problems) = walk(tree.path(), &WalkOptions::default());
    assert_eq!(files, [".beartrapignore", ".gitignore", "dist/.env", "keep.bin", "sub/.beartrapignore", "sub/deep/only"]);
    assert_eq!(problems, [(ProblemKind::Entry, "sub/.beartrapignore".to_owned())]);
    let options = WalkOptions { gitignore: GitIgnore::Respect, ignore_files: IgnoreFiles::Off, ..WalkOptions::default() };
    let (files, problems) = walk(tree.path(), &options);
    assert_eq!((files.contains(&"x.bin".to_owned()), files.contains(&"dist/.env".to_owned()), problems), (true, false, vec![]));
    fs::write(tree.path().join("sub/deep/y.bin"), "x").unwrap();
    assert_eq!(walk(&tree.path().join("sub/deep"), &WalkOptions::default()).0, ["only"], "files above the tree count");
}

#[test]
fn sizes_and_missing_paths_are_told() {
    let tree = tree(&[("big", "0123456789"), ("small", "0")]);
    let options = WalkOptions { max_file_size: Some(9), ..WalkOptions::default() };
    assert_eq!(walk(tree.path(), &options), (vec!["small".to_owned()], vec![(ProblemKind::TooLarge, "big".to_owned())]));
    let paths: Vec<PathBuf> = ["missing", "big", "small"].iter().map(|name| tree.path().join(name)).collect();
    let found: Vec<_> = Walk::new(paths, options).collect();
    let messages: Vec<_> = found.iter().map(|found| found.as_ref().map_err(|problem| problem.message.as_str())).collect();
    assert!(messages[0].is_err_and(|message| message.contains("no such file")), "{messages:?}");
    assert!(messages[1].is_err_and(|message| message.contains("10 bytes") && message.contains("9 bytes")), "{messages:?}");
    let small = found[2].as_ref().unwrap();
    assert_eq!((small.size, small.kind), (1, FileKind::Regular));
    fs::remove_file(&small.path).unwrap();
    assert_eq!(small.open().unwrap_err().kind, ProblemKind::Vanished);
}

#[cfg(unix)]
#[test]
fn links_pipes_and_odd_names_do_not_stop_a_walk() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let outside = tree(&[("file", "x")]);
    let tree = tree(&[("dir/file", "x")]);
    let at = |name: &str| tree.path().join(name);
    let links = [("to-dir", "dir"), ("to-file", "dir/file"), ("dir/up", ".."), ("self", "self"), ("dangling", "nowhere")];
    for (name, target) in links {
        symlink(target, at(name)).unwrap();
    }
    symlink(outside.path(), at("out")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at("fifo")).status().unwrap().success());
    fs::write(tree.path().join(std::ffi::OsStr::from_bytes(b"\xff\xfe")), "x").unwrap();

    let (files, problems) = walk(tree.path(), &WalkOptions::default());
    assert_eq!(files, ["dir/file", "\u{fffd}\u{fffd}"]);
    let told: Vec<_> = problems.iter().map(|(kind, path)| (*kind, path.as_str())).collect();
    let link = ProblemKind::Link;
    assert_eq!(told, [(link, "dangling"), (link, "dir/up"), (ProblemKind::NotRegular, "fifo"), (link, "out"), (link, "self")]);

    let mut named: Vec<_> = Walk::new(vec![at("out"), at("to-file"), at("fifo")], WalkOptions::default()).map(Result::unwrap).collect();
    assert_eq!(named.iter().map(|file| file.path.clone()).collect::<Vec<_>>(), [at("out/file"), at("to-file"), at("fifo")]);
    assert_eq!(named[2].kind, FileKind::Stream);
    let fifo = at("fifo");
    let writer = std::thread::spawn(move || fs::write(fifo, "through"));
    let mut text = String::new();
    named[2].open().unwrap().read_to_string(&mut text).unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!(text, "through");
    // What was listed and is a link now is not followed; a link that was named is.
    fs::remove_file(at("dir/file")).unwrap();
    symlink(outside.path().join("file"), at("dir/file")).unwrap();
    let swapped = WalkedFile { path: at("dir/file"), size: 1, kind: FileKind::Listed };
    assert_eq!(swapped.open().unwrap_err().kind, ProblemKind::NotRegular);
    assert!(WalkedFile { kind: FileKind::Regular, ..swapped }.open().is_ok());
    named[2].kind = FileKind::Regular;
    assert_eq!(named[2].open().unwrap_err().kind, ProblemKind::NotRegular, "a FIFO swapped in does not hang");
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_told() {
    use std::os::unix::fs::PermissionsExt;

    let tree = tree(&[("dir/file", "x"), ("file", "x")]);
    for path in ["dir", "file"] {
        fs::set_permissions(tree.path().join(path), fs::Permissions::from_mode(0o000)).unwrap();
    }
    let is_root = fs::File::open(tree.path().join("file")).is_ok();
    let found: Vec<_> = Walk::new(vec![tree.path().to_owned()], WalkOptions::default()).collect();
    fs::set_permissions(tree.path().join("dir"), fs::Permissions::from_mode(0o700)).unwrap();
    if !is_root {
        assert_eq!(found[0].as_ref().unwrap_err().kind, ProblemKind::Unreadable);
        assert_eq!(found[1].as_ref().unwrap().open().unwrap_err().kind, ProblemKind::Unreadable);
    }
}
