//! After importing every native format and scanning the same logs, the state holds no token: searched byte by byte.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/marks.rs"]
mod marks;

use std::fs;
use std::path::Path;

use beartrap::ledger::import::format::FORMATS;

use crate::binary::run;

/// The shortest piece of a token that gives something away, in bytes.
const PIECE: usize = 12;

#[test]
fn no_token_is_in_the_state_after_all_fixtures() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let mut secrets = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ledger")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if stem.ends_with(".expected") {
            continue;
        }
        let template = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        fs::write(at.join(&name), marks::fill(&template)).unwrap();
        secrets.extend(marks::secrets(&template));
        assert!(FORMATS.iter().any(|format| format.name == stem), "{stem}");
        let imported = run(at, &["ledger", "import", &name, "--state", "st"]);
        assert!(!imported.err().contains(" 0 new, 0 updated, 0 known, 0 facts"), "{name}: {}", imported.err());
    }
    assert!(secrets.len() > 10, "{} secrets", secrets.len());
    let scanned = run(at, &["scan", ".", "--state", "st", "--format", "jsonl", "--fail-on", "none"]);
    assert!(scanned.findings().iter().any(|finding| finding["ledger"]["issued"] == "yes"), "{}", scanned.err());
    assert_eq!(run(at, &["ledger", "verify", "--state", "st"]).status, 0);
    for entry in fs::read_dir(at.join("st")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        for secret in &secrets {
            let end = secret.len() - 8;
            let inside = secret.as_bytes()[4..end].windows(PIECE).any(|piece| memchr::memmem::find(&bytes, piece).is_some() && !is_public(piece));
            assert!(!inside, "{} holds a piece of a token of {} bytes", path.display(), secret.len());
        }
    }
}

/// The head of a JWT is the same in all of them.
fn is_public(piece: &[u8]) -> bool {
    piece.starts_with(b"eyJ")
}
