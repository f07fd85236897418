//! kingfisher: an envelope, an array or lines of objects `{rule, finding}`, with the secret as `snippet` and how its validation ended.

use serde::Deserialize;

use crate::model::witness::{Tried, Witness};
use crate::reports::claim::{Claim, Place, Region, Unit, commit, repository};
use crate::reports::error::Fault;
use crate::reports::format::{Format, Reading, has, parse};
use crate::reports::hidden::{Hidden, told};

/// The format.
pub const FORMAT: Format = Format {
    name: "kingfisher",
    about: "`kingfisher scan --format json` or `jsonl`",
    recognizes: |keys| has(keys, &["rule", "finding"]) || (keys.len() == 1 && matches!(keys[0].as_str(), "access_map" | "audit" | "metadata")),
    reading: Reading::Items(read),
};

#[derive(Deserialize)]
struct Record {
    rule: Option<Rule>,
    finding: Option<Finding>,
}

#[derive(Deserialize)]
struct Rule {
    id: String,
    name: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
struct Finding {
    snippet: Option<Hidden>,
    fingerprint: Option<String>,
    validation: Option<Validation>,
    line: Option<u64>,
    column_start: Option<u64>,
    column_end: Option<u64>,
    path: Option<String>,
    git_metadata: Option<Git>,
}

#[derive(Deserialize)]
struct Validation {
    status: Option<String>,
}

#[derive(Deserialize)]
struct Git {
    repository_url: Option<String>,
    commit: Option<Commit>,
    file: Option<File>,
}

#[derive(Deserialize)]
struct Commit {
    id: Option<String>,
}

#[derive(Deserialize)]
struct File {
    path: Option<String>,
}

/// Reads one finding; a line about the run itself is none.
///
/// # Errors
///
/// Fields that are not kingfisher's.
fn read(text: &str) -> Result<Vec<Claim>, Fault> {
    let record: Record = parse(text, &FORMAT)?;
    let (Some(rule), Some(found)) = (record.rule, record.finding) else { return Ok(Vec::new()) };
    // Columns count from 0, and the last one is the token's.
    let columns = found.column_start.zip(found.column_end).filter(|(start, end)| end > start);
    let region = Region { columns: columns.map(|(start, end)| (start + 1, end.saturating_add(2))), unit: Unit::Bytes, ..Region::line(found.line) };
    let (repo, id, path) = found
        .git_metadata
        .map_or((None, None, None), |git| (git.repository_url, git.commit.and_then(|commit| commit.id), git.file.and_then(|file| file.path)));
    Ok(vec![Claim {
        witness: Witness {
            tool: FORMAT.name.to_owned(),
            version: None,
            rule: rule.id,
            id: found.fingerprint.filter(|id| !id.is_empty()),
            tried: found.validation.and_then(|validation| validation.status).as_deref().map_or(Tried::Untried, tried),
        },
        name: rule.description.or(rule.name).unwrap_or_default(),
        provider: None,
        place: Place { commit: commit(id), repository: repository(repo), ..Place::new(path.or(found.path), region) },
        told: told(found.snippet),
        quotes: Vec::new(),
        partner: None,
        accepted: false,
    }])
}

fn tried(status: &str) -> Tried {
    match status.to_ascii_lowercase().as_str() {
        "active credential" | "active" => Tried::Live,
        "inactive credential" | "inactive" => Tried::Dead,
        _ => Tried::Untried,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::witness::Tried;
    use crate::reports::claim::Told;
    use crate::reports::kingfisher::read;

    #[test]
    fn a_finding_has_its_validation_and_commit() {
        for (status, git, expected) in [
            ("Active Credential", "", (Tried::Live, None, "src/a.js")),
            (
                "Inactive Credential",
                r#", "git_metadata": {"repository_url": "https://git.example.test/r", "commit": {"id": "c0ffee0"}, "file": {"path": "b.js"}}"#,
                (Tried::Dead, Some("c0ffee0"), "b.js"),
            ),
            ("Not Attempted", r#", "git_metadata": null"#, (Tried::Untried, None, "src/a.js")),
        ] {
            let text = format!(
                r#"{{"rule": {{"name": "A token", "id": "kingfisher.x.1"}}, "finding": {{"snippet": "abcdefgh", "fingerprint": "12",
                "confidence": "medium", "entropy": "4.1", "validation": {{"status": "{status}", "response": ""}}, "language": "JavaScript",
                "line": 4, "column_start": 2, "column_end": 9, "path": "src/a.js"{git}}}}}"#
            );
            let claim = read(&text).expect("because it is one").remove(0);
            assert!(matches!(&claim.told, Told::Secret(secret) if secret.len() == 8), "{status}");
            assert_eq!((claim.witness.tried, claim.place.commit.as_deref(), claim.place.path()), expected);
            assert_eq!((claim.place.region.line, claim.place.region.columns, claim.witness.id.as_deref()), (Some(4), Some((3, 11)), Some("12")));
        }
        assert!(read(r#"{"access_map": []}"#).expect("because it is about the run").is_empty());
    }
}
