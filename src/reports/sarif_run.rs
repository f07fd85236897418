//! One run of a SARIF log: what its results refer to, and what a result says with that.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::model::witness::{Tried, Witness};
use crate::reports::claim::{Claim, Place, Region, Told, Unit, commit, repository};
use crate::reports::hidden::{Hidden, quotes, told};

/// How many base ids may stand on each other.
const DEEPEST: usize = 8;

/// What results of a run refer to.
#[derive(Default, Debug)]
pub struct Run {
    /// The tool.
    pub tool: Tool,
    /// Addresses that others are relative to (SARIF 2.1.0, section 3.14.14).
    pub bases: HashMap<String, Artifact>,
    /// What columns are.
    pub unit: Option<Unit>,
    /// The repositories that were scanned.
    pub versions: Vec<Version>,
}

/// The tool of a run.
#[derive(Default, Debug, Deserialize)]
pub struct Tool {
    driver: Option<Driver>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: String,
    semantic_version: Option<String>,
    version: Option<String>,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    short_description: Option<Message>,
}

#[derive(Debug, Deserialize)]
struct Message {
    text: Option<String>,
}

/// Where an artifact is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    uri: Option<String>,
    uri_base_id: Option<String>,
}

/// A version of a source tree.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    repository_uri: Option<String>,
}

/// A result.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    rule_id: Option<String>,
    rule_index: Option<i64>,
    rule: Option<Reference>,
    kind: Option<String>,
    baseline_state: Option<String>,
    suppressions: Option<Vec<Suppression>>,
    locations: Option<Vec<Location>>,
    partial_fingerprints: Option<Fingerprints>,
    guid: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    id: Option<String>,
    index: Option<i64>,
}

#[derive(Deserialize)]
struct Suppression {
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fingerprints {
    /// Where gitleaks keeps the commit.
    commit_sha: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Option<Physical>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Option<Artifact>,
    region: Option<Part>,
    context_region: Option<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    start_line: Option<u64>,
    end_line: Option<u64>,
    start_column: Option<u64>,
    end_column: Option<u64>,
    snippet: Option<Snippet>,
}

#[derive(Deserialize)]
struct Snippet {
    text: Option<Hidden>,
}

impl Found {
    /// What the result says: a claim for each of its places; nothing where it says that all is well, or that it is gone.
    #[must_use]
    pub fn claims(self, run: &Run) -> Vec<Claim> {
        let is_none = self.kind.as_deref().is_some_and(|kind| matches!(kind, "pass" | "notApplicable" | "informational"));
        if is_none || self.baseline_state.as_deref() == Some("absent") {
            return Vec::new();
        }
        let accepted = self.suppressions.iter().flatten().any(|one| one.status.as_deref().is_none_or(|status| status == "accepted"));
        let index = self.rule_index.or_else(|| self.rule.as_ref()?.index);
        let listed = index.and_then(|index| run.rules().get(usize::try_from(index).ok()?));
        let id = self.rule_id.or_else(|| self.rule?.id).or_else(|| Some(listed?.id.clone())).unwrap_or_default();
        let listed = listed.or_else(|| run.rules().iter().find(|rule| rule.id == id));
        let name = listed.and_then(|rule| rule.short_description.as_ref()?.text.clone()).unwrap_or_default();
        let witness = run.witness(id, self.guid);
        let commit = self.partial_fingerprints.and_then(|fingerprints| commit(fingerprints.commit_sha));
        let claim = |location: Location| Claim {
            accepted,
            ..run.claim(&witness, name.clone(), commit.clone(), location.physical_location.unwrap_or_else(Physical::nowhere))
        };
        let locations = self.locations.filter(|locations| !locations.is_empty()).unwrap_or_else(|| vec![Location { physical_location: None }]);
        locations.into_iter().map(claim).collect()
    }
}

impl Physical {
    fn nowhere() -> Self {
        Self { artifact_location: None, region: None, context_region: None }
    }
}

impl Run {
    fn rules(&self) -> &[Rule] {
        self.tool.driver.as_ref().map_or(&[], |driver| &driver.rules)
    }

    fn witness(&self, rule: String, id: Option<String>) -> Witness {
        let (tool, version) = match &self.tool.driver {
            Some(driver) => (driver.name.to_lowercase(), driver.semantic_version.clone().or_else(|| driver.version.clone())),
            None => ("sarif".to_owned(), None),
        };
        Witness { tool, version: version.filter(|version| !version.is_empty()), rule, id, tried: Tried::Untried }
    }

    fn claim(&self, witness: &Witness, name: String, commit: Option<String>, at: Physical) -> Claim {
        let paths = at.artifact_location.as_ref().map(|artifact| self.paths(artifact)).unwrap_or_default();
        let (region, snippet) = at.region.map_or((Region::default(), None), |part| (self.region(&part), part.text()));
        let context = at.context_region.and_then(Part::text);
        // A tool that quotes the token alone has told it; a line of code only surrounds it.
        let (told, quoted) = match snippet {
            Some(bare) if bare.is_bare() => (told(Some(bare)), None),
            other => (Told::Nothing, other),
        };
        let scanned = self.versions.first().and_then(|version| repository(version.repository_uri.clone()));
        Claim {
            witness: witness.clone(),
            name,
            provider: None,
            place: Place { paths, commit, repository: scanned, region },
            told,
            quotes: quotes([quoted, context]),
            partner: None,
            accepted: false,
        }
    }

    /// The paths that an address may mean: with what it is relative to, and without, when that lies on another machine.
    fn paths(&self, artifact: &Artifact) -> Vec<String> {
        let Some(uri) = artifact.uri.as_deref() else { return Vec::new() };
        let full = self.resolved(uri, artifact.uri_base_id.as_deref(), DEEPEST);
        let mut paths: Vec<String> = [full.as_str(), uri].into_iter().filter_map(path_of).collect();
        paths.dedup();
        paths
    }

    fn resolved(&self, uri: &str, base: Option<&str>, depth: usize) -> String {
        let base = base.filter(|_| depth > 0 && !uri.contains("://") && !uri.starts_with('/')).and_then(|id| self.bases.get(id));
        let Some(Artifact { uri: Some(prefix), uri_base_id }) = base else { return uri.to_owned() };
        let slash = if prefix.is_empty() || prefix.ends_with('/') { "" } else { "/" };
        self.resolved(&format!("{prefix}{slash}{uri}"), uri_base_id.as_deref(), depth - 1)
    }

    fn region(&self, part: &Part) -> Region {
        let columns = part.start_column.filter(|start| *start > 0).map(|start| (start, part.end_column.unwrap_or(u64::MAX)));
        Region { end_line: part.end_line, columns, unit: self.unit.unwrap_or(Unit::Utf16), ..Region::line(part.start_line) }
    }
}

impl Part {
    fn text(self) -> Option<Hidden> {
        self.snippet?.text
    }
}

/// The path of a `file` URI or a relative reference (RFC 3986); nothing for other schemes.
fn path_of(uri: &str) -> Option<String> {
    let path = match uri.strip_prefix("file:") {
        Some(rest) => match rest.strip_prefix("//") {
            Some(rest) => &rest[rest.find('/')?..],
            None => rest,
        },
        None if uri.contains("://") => return None,
        None => uri,
    };
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let plain = path.strip_prefix("./").unwrap_or(&path);
    Some(plain.to_owned()).filter(|path| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::reports::claim::{Told, Unit};
    use crate::reports::sarif_run::{Artifact, Found, Run, path_of};

    #[test]
    fn addresses_become_paths() {
        for (uri, expected) in [
            ("src/a%20b.txt", Some("src/a b.txt")),
            ("./src/a.txt", Some("src/a.txt")),
            ("file:///srv/a.txt", Some("/srv/a.txt")),
            ("file://host/srv/a.txt", Some("/srv/a.txt")),
            ("file:/srv/a.txt", Some("/srv/a.txt")),
            ("https://example.test/a", None),
            ("", None),
        ] {
            assert_eq!(path_of(uri).as_deref(), expected, "{uri}");
        }
    }

    #[test]
    fn bases_stand_on_each_other_and_never_in_a_circle() {
        let base = |uri: &str, on: Option<&str>| Artifact { uri: Some(uri.to_owned()), uri_base_id: on.map(str::to_owned) };
        let mut run = Run::default();
        run.bases.insert("ROOT".to_owned(), base("file:///work/", None));
        run.bases.insert("SRC".to_owned(), base("src", Some("ROOT")));
        run.bases.insert("LOOP".to_owned(), base("x/", Some("LOOP")));
        for (uri, on, expected) in [
            ("a.txt", Some("SRC"), vec!["/work/src/a.txt", "a.txt"]),
            ("a.txt", Some("%SRCROOT%"), vec!["a.txt"]),
            ("/a.txt", Some("ROOT"), vec!["/a.txt"]),
            ("a.txt", None, vec!["a.txt"]),
        ] {
            assert_eq!(run.paths(&base(uri, on)), expected, "{uri} on {on:?}");
        }
        assert_eq!(run.paths(&base("a", Some("LOOP"))).len(), 2);
    }

    #[test]
    fn results_are_read_with_what_they_refer_to() {
        let run = Run {
            tool: serde_json::from_str(
                r#"{"driver": {"name": "Tool", "version": "2", "rules": [{"id": "a", "shortDescription": {"text": "A key"}}]}}"#,
            )
            .expect("because it is a tool"),
            unit: Some(Unit::CodePoints),
            ..Run::default()
        };
        let at = |region: &str| format!(r#"[{{"physicalLocation": {{"artifactLocation": {{"uri": "x.txt"}}, "region": {region}}}}}]"#);
        for (fields, region, count, secret, accepted) in [
            (r#""ruleIndex": 0"#, r#"{"startLine": 2, "startColumn": 3, "endColumn": 9, "snippet": {"text": "abcdef"}}"#, 1, true, false),
            (r#""ruleId": "a""#, r#"{"startLine": 2, "snippet": {"text": "key = \"abcdef\""}}"#, 1, false, false),
            (r#""ruleId": "a", "suppressions": [{"kind": "inSource"}]"#, r#"{"startLine": 2}"#, 1, false, true),
            (r#""ruleId": "a", "suppressions": [{"kind": "external", "status": "rejected"}]"#, r#"{"startLine": 2}"#, 1, false, false),
            (r#""ruleId": "a", "kind": "pass""#, r#"{"startLine": 2}"#, 0, false, false),
            (r#""ruleId": "a", "baselineState": "absent""#, r#"{"startLine": 2}"#, 0, false, false),
        ] {
            let text = format!(r#"{{{fields}, "message": {{"text": "m"}}, "locations": {}}}"#, at(region));
            let found: Found = serde_json::from_str(&text).expect("because it is a result");
            let claims = found.claims(&run);
            assert_eq!(claims.len(), count, "{fields}");
            let Some(claim) = claims.first() else { continue };
            assert_eq!((matches!(claim.told, Told::Secret(_)), claim.accepted), (secret, accepted), "{fields}");
            assert_eq!((claim.witness.rule.as_str(), claim.name.as_str(), claim.witness.version.as_deref()), ("a", "A key", Some("2")));
            assert_eq!((claim.place.path(), claim.place.region.line, claim.place.region.unit), ("x.txt", Some(2), Unit::CodePoints));
        }
    }
}
