//! What a report says of one token: by whose rule, where, and what the token is, as far as the report tells.

use crate::model::secret::Secret;
use crate::model::witness::Witness;

/// One finding of another scanner.
#[derive(Debug)]
pub struct Claim {
    /// Who says so.
    pub witness: Witness,
    /// What the rule is called, for people; empty where the report does not say.
    pub name: String,
    /// Who issues such tokens, where the report says so.
    pub provider: Option<String>,
    /// Where the token lies.
    pub place: Place,
    /// What the token is.
    pub told: Told,
    /// Texts around the token that the report quotes.
    pub quotes: Vec<Secret>,
    /// The other half of the credential, such as the secret that belongs to a key id.
    pub partner: Option<Secret>,
    /// Whether the tool's users have accepted it.
    pub accepted: bool,
}

/// What a report says of a token's octets.
#[derive(Debug)]
pub enum Told {
    /// The token, or what the tool takes for it.
    Secret(Secret),
    /// A hash of it.
    Hash(Hash),
    /// Nothing: it is masked, or only its place is named.
    Nothing,
}

/// A hash by which a token can be found again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hash {
    /// SHA-1.
    Sha1([u8; 20]),
    /// SHA-256.
    Sha256([u8; 32]),
}

/// Where a token lies, as reported.
#[derive(Clone, Default, Debug)]
pub struct Place {
    /// The paths by which the file may be known, the likeliest first, as written last; none where the report names no file.
    pub paths: Vec<String>,
    /// The commit in which it was found.
    pub commit: Option<String>,
    /// The repository, image or bucket.
    pub repository: Option<String>,
    /// Which part of the file.
    pub region: Region,
}

/// A part of a file; lines and columns count from 1.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Region {
    /// The first line.
    pub line: Option<u64>,
    /// The last line; the first where it is not named.
    pub end_line: Option<u64>,
    /// The first column of the first line, and the column after the last one of the last line.
    pub columns: Option<(u64, u64)>,
    /// What a column is.
    pub unit: Unit,
}

/// What columns are counted in.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Unit {
    /// Bytes.
    #[default]
    Bytes,
    /// UTF-16 code units, as SARIF has it where it says nothing else (section 3.14.17).
    Utf16,
    /// Unicode code points.
    CodePoints,
}

impl Hash {
    /// SHA-1 from forty hexadecimal digits.
    #[must_use]
    pub fn sha1(digits: &str) -> Option<Self> {
        octets(digits).map(Self::Sha1)
    }

    /// SHA-256 from sixty-four hexadecimal digits.
    #[must_use]
    pub fn sha256(digits: &str) -> Option<Self> {
        octets(digits).map(Self::Sha256)
    }

    /// Its octets.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        match self {
            Self::Sha1(octets) => octets,
            Self::Sha256(octets) => octets,
        }
    }
}

fn octets<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut octets = [0; N];
    if digits.len() != 2 * N || !digits.is_ascii() {
        return None;
    }
    for (octet, pair) in octets.iter_mut().zip(digits.as_bytes().chunks(2)) {
        *octet = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(octets)
}

impl Place {
    /// A file and a region of it.
    #[must_use]
    pub fn new(path: Option<String>, region: Region) -> Self {
        Self { paths: path.into_iter().filter(|path| !path.is_empty()).collect(), region, ..Self::default() }
    }

    /// The path as the report writes it, for messages.
    #[must_use]
    pub fn path(&self) -> &str {
        self.paths.last().map_or("", String::as_str)
    }
}

impl Region {
    /// A line without columns; tools that do not know it write 0.
    #[must_use]
    pub fn line(line: Option<u64>) -> Self {
        Self { line: line.filter(|line| *line > 0), ..Self::default() }
    }
}

/// A commit's id, where the text is one.
#[must_use]
pub fn commit(text: Option<String>) -> Option<String> {
    text.filter(|text| (7..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A repository's address without user, password and query; `None` for an empty one.
#[must_use]
pub fn repository(text: Option<String>) -> Option<String> {
    let text = text.filter(|text| !text.trim().is_empty())?;
    let bare = text.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = bare.split_once("://").unwrap_or(("", bare));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    let slash = if rest.contains('/') { "/" } else { "" };
    Some(format!("{scheme}{host}{slash}{path}"))
}

#[cfg(test)]
mod tests {
    use crate::reports::claim::{Hash, commit, repository};

    #[test]
    fn repositories_are_named_without_credentials() {
        for (text, expected) in [
            ("https://git.example.test/a/b.git", Some("https://git.example.test/a/b.git")),
            ("https://user:word@git.example.test/a/b?x=1", Some("https://git.example.test/a/b")),
            ("git@git.example.test:a/b.git", Some("git.example.test:a/b.git")),
            ("file:///srv/a", Some("file:///srv/a")),
            ("image:latest", Some("image:latest")),
            ("/srv/repo", Some("/srv/repo")),
            (" ", None),
        ] {
            assert_eq!(repository(Some(text.to_owned())).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn hashes_have_their_number_of_digits() {
        for (digits, expected) in [("00".repeat(20), true), ("00".repeat(19), false), ("zz".repeat(20), false), ("é".repeat(20), false)] {
            assert_eq!((Hash::sha1(&digits).is_some(), Hash::sha256(&digits)), (expected, None), "{digits}");
        }
        assert!(Hash::sha256(&"0f".repeat(32)).is_some());
    }

    #[test]
    fn commits_are_hexadecimal() {
        for (text, expected) in [("c0ffee0", true), ("", false), ("main", false), ("c0ffee", false)] {
            assert_eq!(commit(Some(text.to_owned())).is_some(), expected, "{text}");
        }
    }
}
