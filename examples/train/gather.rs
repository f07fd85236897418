//! The texts of a package: runs of characters to learn from, and identifiers to measure with.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// Files that hold code.
const CODE: [&str; 20] =
    ["rs", "py", "js", "mjs", "cjs", "ts", "tsx", "jsx", "c", "h", "cc", "cpp", "hpp", "go", "java", "rb", "php", "cs", "swift", "kt"];
/// Files that hold other text.
const TEXT: [&str; 12] = ["md", "txt", "toml", "json", "yml", "yaml", "rst", "html", "css", "cfg", "ini", "sh"];
/// A longer line is data or was made by a minifier.
const LONGEST_LINE: usize = 300;
/// Texts that are learned from have at least so many characters.
const SHORTEST_RUN: usize = 8;
/// What the scan may take for a secret has at least so many.
const SHORTEST_IDENTIFIER: usize = 16;
/// Longer ones are no names.
const LONGEST: usize = 100;

/// Distinct texts.
#[derive(Default)]
pub struct Texts {
    /// Runs of letters, digits and `_-./`.
    pub runs: HashSet<Box<[u8]>>,
    /// Identifiers outside of quotes, in code.
    pub identifiers: HashSet<Box<[u8]>>,
}

impl Texts {
    /// Adds those of a package, which is a directory.
    pub fn gather(&mut self, package: &Path) {
        for entry in walkdir::WalkDir::new(package).into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file()) {
            let extension = entry.path().extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            let code = CODE.contains(&extension);
            if !code && !TEXT.contains(&extension) {
                continue;
            }
            for line in fs::read(entry.path()).unwrap_or_default().split(|b| *b == b'\n').filter(|line| line.len() <= LONGEST_LINE) {
                add(&mut self.runs, line, |b| b.is_ascii_alphanumeric() || b"_-./".contains(&b), SHORTEST_RUN);
                if code && !is_data(line) {
                    let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'$';
                    add(&mut self.identifiers, &without_quotes(line), is_part, SHORTEST_IDENTIFIER);
                }
            }
        }
        // Hexadecimal numbers are digests, mostly.
        self.runs.retain(|run| !run.iter().all(u8::is_ascii_hexdigit) || !run.iter().any(u8::is_ascii_digit));
        self.identifiers.retain(|identifier| !identifier[0].is_ascii_digit());
    }
}

/// Whether a line holds one long text alone: a line of a key or of other encoded data.
fn is_data(line: &[u8]) -> bool {
    let text = line.trim_ascii();
    text.len() >= SHORTEST_IDENTIFIER && text.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=\\\"',".contains(b))
}

/// Adds the runs of a line that are neither too short nor too long.
fn add(texts: &mut HashSet<Box<[u8]>>, line: &[u8], is_part: impl Fn(u8) -> bool, shortest: usize) {
    for run in line.split(|b| !is_part(*b)).filter(|run| (shortest..=LONGEST).contains(&run.len())) {
        if !texts.contains(run) {
            texts.insert(run.into());
        }
    }
}

/// The line with a blank in place of each quoted text and each comment: what stands there may be data.
fn without_quotes(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((byte, after)) = rest.split_first() {
        if rest.starts_with(b"//") || *byte == b'#' || rest.starts_with(b"/*") || (out.trim_ascii().is_empty() && *byte == b'*') {
            break;
        }
        let closed = b"\"'`".contains(byte).then(|| after.iter().position(|b| b == byte)).flatten();
        out.push(if closed.is_some() { b' ' } else { *byte });
        rest = closed.map_or(after, |at| &after[at + 1..]);
    }
    out
}
