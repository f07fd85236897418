//! Nosey Parker: each finding lists its matches, each match the places that one blob has; captured groups stand in base64.

use serde::Deserialize;

use crate::model::secret::Secret;
use crate::model::witness::{Tried, Witness};
use crate::reports::claim::{Claim, Place, Region, Told, Unit, commit, repository};
use crate::reports::error::Fault;
use crate::reports::format::{Format, Reading, has, parse};
use crate::reports::hidden::{Hidden, quotes};

/// The format.
pub const FORMAT: Format = Format {
    name: "noseyparker",
    about: "`noseyparker report --format json` or `jsonl`",
    recognizes: |keys| has(keys, &["rule_name", "matches"]),
    reading: Reading::Items(read),
};

#[derive(Deserialize)]
struct Finding {
    rule_name: String,
    rule_text_id: Option<String>,
    #[serde(rename = "finding_id")]
    id: Option<String>,
    matches: Vec<Match>,
}

#[derive(Deserialize)]
struct Match {
    #[serde(default)]
    provenance: Vec<Provenance>,
    location: Option<Location>,
    #[serde(default)]
    groups: Vec<Hidden>,
    snippet: Option<Snippet>,
}

#[derive(Clone, Deserialize)]
struct Provenance {
    path: Option<String>,
    repo_path: Option<String>,
    first_commit: Option<FirstCommit>,
}

#[derive(Clone, Deserialize)]
struct FirstCommit {
    commit_metadata: Option<CommitMetadata>,
    blob_path: Option<String>,
}

#[derive(Clone, Deserialize)]
struct CommitMetadata {
    commit_id: Option<String>,
}

#[derive(Deserialize)]
struct Location {
    source_span: Option<SourceSpan>,
}

#[derive(Deserialize)]
struct SourceSpan {
    start: Point,
    end: Point,
}

#[derive(Deserialize)]
struct Point {
    line: u64,
    column: u64,
}

#[derive(Deserialize)]
struct Snippet {
    matching: Option<Hidden>,
}

/// Reads the matches of one finding.
///
/// # Errors
///
/// Fields that are not Nosey Parker's.
fn read(text: &str) -> Result<Vec<Claim>, Fault> {
    let found: Finding = parse(text, &FORMAT)?;
    let (rule, name) = (found.rule_text_id.unwrap_or_else(|| found.rule_name.clone()), found.rule_name);
    let witness = Witness { tool: FORMAT.name.to_owned(), version: None, rule, id: found.id, tried: Tried::Untried };
    let claim = |matched: Match| Claim {
        witness: witness.clone(),
        name: name.clone(),
        provider: None,
        place: place(matched.provenance, matched.location),
        told: captured(&matched.groups),
        quotes: quotes([matched.snippet.and_then(|snippet| snippet.matching)]),
        partner: None,
        accepted: false,
    };
    Ok(found.matches.into_iter().map(claim).collect())
}

/// What one group has captured; of several nobody says which is the secret.
fn captured(groups: &[Hidden]) -> Told {
    let [group] = groups else { return Told::Nothing };
    group.decoded().filter(|secret: &Secret| !secret.is_empty()).map_or(Told::Nothing, Told::Secret)
}

/// The first place of a blob that is a file, else the first of all.
fn place(provenance: Vec<Provenance>, location: Option<Location>) -> Place {
    let region = location.and_then(|location| location.source_span).map_or_else(Region::default, |span| Region {
        end_line: Some(span.end.line),
        columns: Some((span.start.column, span.end.column.saturating_add(1))),
        unit: Unit::Bytes,
        ..Region::line(Some(span.start.line))
    });
    let at = provenance.iter().position(|one| one.first_commit.is_none() && one.path.is_some()).unwrap_or(0);
    let Some(one) = provenance.into_iter().nth(at) else { return Place::new(None, region) };
    let (id, blob) = one.first_commit.map_or((None, None), |first| (first.commit_metadata.and_then(|data| data.commit_id), first.blob_path));
    Place { commit: commit(id), repository: repository(one.repo_path), ..Place::new(one.path.or(blob), region) }
}

#[cfg(test)]
mod tests {
    use crate::reports::claim::Told;
    use crate::reports::noseyparker::read;

    #[test]
    fn every_match_is_a_claim_at_its_file_or_commit() {
        let text = r#"{"type": "finding", "finding_id": "f", "rule_name": "A key", "rule_text_id": "np.a.1", "num_matches": 2, "matches": [
            {"provenance": [{"kind": "file", "path": "a/b.txt"}], "blob_id": "x", "location": {"offset_span": {"start": 3, "end": 9},
             "source_span": {"start": {"line": 2, "column": 4}, "end": {"line": 2, "column": 9}}}, "groups": ["YWJjZGVm"],
             "snippet": {"before": "k = ", "matching": "abcdef", "after": "\n"}},
            {"provenance": [{"kind": "git_repo", "repo_path": "/r/.git", "first_commit": {"commit_metadata": {"commit_id": "c0ffee0"},
             "blob_path": "c.txt"}}], "groups": ["YQ==", "Yg=="], "snippet": {"before": "", "matching": "a b", "after": ""}}]}"#;
        let claims = read(text).expect("because it is one");
        let places: Vec<_> = claims.iter().map(|claim| (claim.place.path(), claim.place.commit.as_deref(), claim.place.region.line)).collect();
        assert_eq!(places, [("a/b.txt", None, Some(2)), ("c.txt", Some("c0ffee0"), None)]);
        assert!(matches!(&claims[0].told, Told::Secret(secret) if secret.len() == 6) && matches!(claims[1].told, Told::Nothing));
        assert!(claims.iter().all(|claim| claim.quotes.len() == 1 && claim.witness.rule == "np.a.1"));
    }
}
