//! Where a finding lies, in words for people and as URIs for reports.

use std::path::{Component, Path};

use crate::model::finding::Finding;
use crate::model::origin::Origin;
use crate::model::place::Position;
use crate::outputs::escape::{percent, visible, visible_bytes};

/// The file that a report points at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Artifact {
    /// A relative reference or an absolute URI, percent-encoded.
    pub uri: String,
    /// What the URI is relative to.
    pub base: Base,
}

/// What an artifact's URI is relative to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Base {
    /// The root of the source tree.
    Tree,
    /// Nothing that the reader of the report knows.
    Elsewhere,
}

/// The origin as the user named it, with its members, escaped: `outer.tar.gz!inner/file`.
#[must_use]
pub fn origin_text(origin: &Origin) -> String {
    match origin {
        Origin::File(path) => visible_bytes(path.as_os_str().as_encoded_bytes()),
        Origin::Member { container, name } if name.is_empty() => origin_text(container),
        Origin::Member { container, name } => format!("{}!{}", origin_text(container), visible(name)),
        Origin::Stdin => "<stdin>".to_owned(),
        Origin::Memory(name) => visible(name),
        Origin::Elsewhere(place) => format!("{}{}", visible(&place.within()), visible_bytes(place.path.as_os_str().as_encoded_bytes())),
    }
}

/// `origin:line:column`, escaped.
#[must_use]
pub fn place_text(origin: &Origin, position: Position) -> String {
    format!("{}:{}:{}", origin_text(origin), position.line, position.column)
}

/// The path of the file on disk, or in a commit, as a report names it: relative to `root` where it lies under it, with `/` between names, escaped.
#[must_use]
pub fn report_path(origin: &Origin, root: Option<&Path>) -> Option<String> {
    let path = if let Origin::Elsewhere(place) = origin { Some(place.path.as_path()) } else { origin.path() };
    path.map(|path| visible_bytes(&slashed(relative(path, root))))
}

/// The names of the members that lead from the file to the bytes, from the outside in; none for a file itself.
#[must_use]
pub fn members(origin: &Origin) -> Vec<&str> {
    match origin {
        Origin::Member { container, name } => {
            let mut names = members(container);
            names.push(name);
            names
        }
        Origin::File(_) | Origin::Stdin | Origin::Memory(_) | Origin::Elsewhere(_) => Vec::new(),
    }
}

/// The outermost origin: what the user named, without members.
#[must_use]
pub fn outermost(origin: &Origin) -> &Origin {
    match origin {
        Origin::Member { container, .. } => outermost(container),
        Origin::File(_) | Origin::Stdin | Origin::Memory(_) | Origin::Elsewhere(_) => origin,
    }
}

/// Whether line and column count in what the artifact's URI names, not in a member of it.
#[must_use]
pub fn is_direct(finding: &Finding) -> bool {
    !matches!(&*finding.origin, Origin::Member { .. })
}

/// The file or stream that a report points at for an origin; of an archive's member, the archive.
#[must_use]
pub fn artifact(origin: &Origin, root: Option<&Path>) -> Artifact {
    let path = match outermost(origin) {
        Origin::File(path) => relative(path, root),
        Origin::Elsewhere(place) => relative(&place.path, root),
        Origin::Memory(name) => return Artifact { uri: format!("memory/{}", percent(name.as_bytes())), base: Base::Elsewhere },
        Origin::Stdin | Origin::Member { .. } => return Artifact { uri: "stdin".to_owned(), base: Base::Elsewhere },
    };
    let encoded = percent(&slashed(path));
    if path.is_absolute() {
        let slash = if encoded.starts_with('/') { "" } else { "/" };
        return Artifact { uri: format!("file://{slash}{encoded}"), base: Base::Elsewhere };
    }
    let leaves = path.components().any(|component| component == Component::ParentDir);
    Artifact { uri: encoded, base: if leaves { Base::Elsewhere } else { Base::Tree } }
}

fn relative<'a>(path: &'a Path, root: Option<&Path>) -> &'a Path {
    root.and_then(|root| path.strip_prefix(root).ok()).unwrap_or(path)
}

/// The path's bytes with `/` between its components on every system, without `.` components.
fn slashed(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for component in path.components().filter(|component| *component != Component::CurDir) {
        if component == Component::RootDir {
            bytes.push(b'/');
            continue;
        }
        if !bytes.is_empty() && !bytes.ends_with(b"/") {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(component.as_os_str().as_encoded_bytes());
    }
    if bytes.is_empty() { b".".to_vec() } else { bytes }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::model::origin::Origin;
    use crate::outputs::place::{Base, artifact, origin_text};

    #[test]
    fn uris_are_relative_to_the_root_and_percent_encoded() {
        let cases = [
            ("./a b/c:d.env", "a%20b/c%3Ad.env", Base::Tree),
            ("/srv/checkout/src/x", "src/x", Base::Tree),
            ("/etc/x", "file:///etc/x", Base::Elsewhere),
            ("../x", "../x", Base::Elsewhere),
            ("a:b", "a%3Ab", Base::Tree),
        ];
        for (path, uri, base) in cases {
            let found = artifact(&Origin::File(path.into()), Some(Path::new("/srv/checkout")));
            assert_eq!((found.uri.as_str(), found.base), (uri, base), "{path}");
        }
    }

    #[test]
    fn what_is_no_file_has_a_uri_without_a_base() {
        assert_eq!(artifact(&Origin::Stdin.member("a/b"), None).uri, "stdin");
        assert_eq!(artifact(&Origin::Memory("//host/x".into()), None).uri, "memory///host/x");
        assert_eq!(origin_text(&Origin::Stdin.member("").member("a\nb")), "<stdin>!a\\nb");
    }
}
