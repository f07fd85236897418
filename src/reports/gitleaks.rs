//! gitleaks 8 and betterleaks 1: an array of findings with the secret, the text around it, file, lines, columns and commit.

use serde::Deserialize;

use crate::model::witness::{Tried, Witness};
use crate::reports::claim::{Claim, Place, Region, Unit, commit, repository};
use crate::reports::error::Fault;
use crate::reports::format::{Format, Reading, has, parse};
use crate::reports::hidden::{Hidden, quotes, told};

/// The format.
pub const FORMAT: Format = Format {
    name: "gitleaks",
    about: "`gitleaks --report-format json` (version 8), and betterleaks 1",
    recognizes: |keys| has(keys, &["RuleID", "File"]),
    reading: Reading::Items(read),
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Finding {
    #[serde(rename = "RuleID")]
    rule: String,
    description: Option<String>,
    start_line: Option<u64>,
    end_line: Option<u64>,
    start_column: Option<u64>,
    end_column: Option<u64>,
    #[serde(rename = "Match")]
    matched: Option<Hidden>,
    secret: Option<Hidden>,
    file: String,
    commit: Option<String>,
    fingerprint: Option<String>,
    link: Option<String>,
    validation_status: Option<String>,
}

/// Reads one finding.
///
/// # Errors
///
/// Fields that are not gitleaks'.
fn read(text: &str) -> Result<Vec<Claim>, Fault> {
    let found: Finding = parse(text, &FORMAT)?;
    let region = region(found.start_line, found.end_line, (found.start_column, found.end_column));
    let place =
        Place { commit: commit(found.commit), repository: repository(found.link.as_deref().and_then(host)), ..Place::new(Some(found.file), region) };
    Ok(vec![Claim {
        witness: Witness {
            tool: FORMAT.name.to_owned(),
            version: None,
            rule: found.rule,
            id: found.fingerprint.filter(|id| !id.is_empty()),
            tried: found.validation_status.as_deref().map_or(Tried::Untried, tried),
        },
        name: found.description.unwrap_or_default(),
        provider: None,
        place,
        told: told(found.secret),
        quotes: quotes([found.matched]),
        partner: None,
        accepted: false,
    }])
}

/// Lines and columns: the last column is the last byte of the match.
#[must_use]
pub fn region(line: Option<u64>, end_line: Option<u64>, columns: (Option<u64>, Option<u64>)) -> Region {
    let columns = if let (Some(start @ 1..), Some(end @ 1..)) = columns { Some((start, end.saturating_add(1))) } else { None };
    Region { end_line: end_line.filter(|line| *line > 0), columns, unit: Unit::Bytes, ..Region::line(line) }
}

/// What trying a token has said, in betterleaks' words.
#[must_use]
pub fn tried(status: &str) -> Tried {
    match status.to_ascii_lowercase().as_str() {
        "confirmed" | "valid" | "active" => Tried::Live,
        "invalid" | "revoked" | "inactive" => Tried::Dead,
        _ => Tried::Untried,
    }
}

/// The repository in a link to a line of it.
fn host(link: &str) -> Option<String> {
    let end = ["/-/blob/", "/blob/", "/src/", "/commit/"].iter().find_map(|mark| link.find(mark))?;
    Some(link[..end].to_owned())
}

#[cfg(test)]
mod tests {
    use crate::model::witness::Tried;
    use crate::reports::claim::{Region, Told, Unit};
    use crate::reports::gitleaks::read;

    #[test]
    fn a_finding_has_secret_place_and_commit() {
        let text = r#"{"RuleID": "aws-access-token", "Description": "An AWS token", "StartLine": 3, "EndLine": 3, "StartColumn": 5,
            "EndColumn": 24, "Match": "key = abcdefgh", "Secret": "abcdefgh", "File": "src/a.py", "SymlinkFile": "", "Commit": "c0ffee0",
            "Link": "https://git.example.test/o/r/blob/c0ffee0/src/a.py#L3", "Entropy": 3.5, "Author": "A", "Email": "", "Date": "",
            "Message": "", "Tags": [], "Fingerprint": "c0ffee0:src/a.py:aws-access-token:3"}"#;
        let claim = read(text).expect("because it is one").remove(0);
        assert!(matches!(&claim.told, Told::Secret(secret) if secret.len() == 8) && claim.quotes.len() == 1);
        assert_eq!((claim.witness.tool.as_str(), claim.witness.rule.as_str(), claim.name.as_str()), ("gitleaks", "aws-access-token", "An AWS token"));
        assert_eq!(claim.place.path(), "src/a.py");
        assert_eq!(claim.place.commit.as_deref(), Some("c0ffee0"));
        assert_eq!(claim.place.repository.as_deref(), Some("https://git.example.test/o/r"));
        assert_eq!(claim.place.region, Region { line: Some(3), end_line: Some(3), columns: Some((5, 25)), unit: Unit::Bytes });
    }

    #[test]
    fn masked_secrets_leave_their_place() {
        for (secret, status, expected) in [("REDACTED", "", Tried::Untried), ("ab...", "CONFIRMED", Tried::Live), ("", "REVOKED", Tried::Dead)] {
            let text = format!(
                r#"{{"RuleID": "r", "File": "a", "StartLine": 1, "Match": "k={secret}", "Secret": "{secret}", "ValidationStatus": "{status}"}}"#
            );
            let claim = read(&text).expect("because it is one").remove(0);
            assert!(matches!(claim.told, Told::Nothing), "{secret}");
            assert_eq!(claim.witness.tried, expected);
        }
    }
}
