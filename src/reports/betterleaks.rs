//! betterleaks 2: findings with a match, its SHA-256, a location and attributes; in one object, or one on each line.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::witness::{Tried, Witness};
use crate::reports::claim::{Claim, Hash, Place, Told, commit, repository};
use crate::reports::error::Fault;
use crate::reports::format::{Format, Reading, has, parse};
use crate::reports::gitleaks::{region, tried};
use crate::reports::hidden::{Hidden, quotes, told};

/// The format.
pub const FORMAT: Format = Format {
    name: "betterleaks",
    about: "`betterleaks --output` FILE`.json` or FILE`.jsonl` (version 2)",
    recognizes: |keys| {
        let is_line = has(keys, &["schema_version"]) && ["finding", "scan"].iter().any(|key| has(keys, &[key])) && !has(keys, &["findings"]);
        is_line || has(keys, &["rule_id", "match", "location"]) || has(keys, &["ruleID", "location"])
    },
    reading: Reading::Items(read),
};

/// A line of the form for lines; `None` for the one about the run.
#[derive(Deserialize)]
struct Line {
    finding: Option<Finding>,
}

#[derive(Deserialize)]
struct Finding {
    #[serde(alias = "ruleID")]
    rule_id: String,
    description: Option<String>,
    #[serde(rename = "match")]
    matched: Option<Shown>,
    secret: Option<Hidden>,
    attributes: Option<HashMap<String, String>>,
    location: Option<Location>,
    validation: Option<Validation>,
}

/// What was matched: a text before version 2.
#[derive(Deserialize)]
#[serde(untagged)]
enum Shown {
    Text(Hidden),
    Match { full: Option<Hidden>, value: Option<Hidden>, fingerprint: Option<String> },
    Other(IgnoredAny),
}

#[derive(Default, Deserialize)]
struct Location {
    path: Option<String>,
    #[serde(alias = "startLine")]
    start_line: Option<u64>,
    #[serde(alias = "endLine")]
    end_line: Option<u64>,
    #[serde(alias = "startColumn")]
    start_column: Option<u64>,
    #[serde(alias = "endColumn")]
    end_column: Option<u64>,
}

#[derive(Deserialize)]
struct Validation {
    status: Option<String>,
}

/// Reads one finding; a line about the run itself is none.
///
/// # Errors
///
/// Fields that are not betterleaks'.
fn read(text: &str) -> Result<Vec<Claim>, Fault> {
    if let Ok(found) = parse::<Finding>(text, &FORMAT) {
        return Ok(vec![claim(found)]);
    }
    Ok(parse::<Line>(text, &FORMAT)?.finding.map(claim).into_iter().collect())
}

fn claim(found: Finding) -> Claim {
    let location = found.location.unwrap_or_default();
    let mut attributes = found.attributes.unwrap_or_default();
    let region = region(location.start_line, location.end_line, (location.start_column, location.end_column));
    let (full, value, digits) = match found.matched {
        Some(Shown::Match { full, value, fingerprint }) => (full, value, fingerprint),
        Some(Shown::Text(full)) => (Some(full), found.secret, None),
        Some(Shown::Other(_)) | None => (None, found.secret, None),
    };
    // Masked, the token is still named by its hash.
    let told = match (told(value), digits.as_deref().and_then(Hash::sha256)) {
        (Told::Nothing, Some(hash)) => Told::Hash(hash),
        (told, _) => told,
    };
    Claim {
        witness: Witness {
            tool: FORMAT.name.to_owned(),
            version: None,
            rule: found.rule_id,
            id: None,
            tried: found.validation.and_then(|validation| validation.status).as_deref().map_or(Tried::Untried, tried),
        },
        name: found.description.unwrap_or_default(),
        provider: None,
        place: Place {
            commit: commit(attributes.remove("git.sha")),
            repository: repository(attributes.remove("git.remote_url")),
            ..Place::new(location.path.or_else(|| attributes.remove("path")), region)
        },
        told,
        quotes: quotes([full]),
        partner: None,
        accepted: false,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::witness::Tried;
    use crate::reports::betterleaks::read;
    use crate::reports::claim::{Hash, Told};

    /// What a claim tells of its token, in a word.
    fn word(told: &Told) -> &'static str {
        match told {
            Told::Secret(_) => "secret",
            Told::Hash(Hash::Sha256(_)) => "sha256",
            Told::Hash(Hash::Sha1(_)) => "sha1",
            Told::Nothing => "nothing",
        }
    }

    #[test]
    fn a_finding_is_read_in_every_shape() {
        let digits = "0123456789abcdef".repeat(4);
        let place = r#""attributes": {"git.sha": "c0ffee0", "git.remote_url": "https://u:p@git.example.test/r"},
            "location": {"path": "a.txt", "start_line": 2, "end_line": 2, "start_column": 5, "end_column": 12}, "validation": {"status": "valid"}"#;
        let camel = r#""attributes": {"path": "a.txt", "git.sha": "c0ffee0", "git.remote_url": "https://git.example.test/r"},
            "location": {"startLine": 2, "endLine": 2, "startColumn": 5, "endColumn": 12}, "validation": {"status": "valid"}"#;
        let shown = |value: &str| format!(r#""match": {{"full": "k = {value}", "value": "{value}", "fingerprint": "{digits}"}}"#);
        for (text, expected) in [
            (format!(r#"{{"rule_id": "r", "description": "d", {}, {place}}}"#, shown("abcdefgh")), "secret"),
            (format!(r#"{{"rule_id": "r", "description": "d", {}, {place}}}"#, shown("REDACTED")), "sha256"),
            (format!(r#"{{"schema_version": "1", "finding": {{"rule_id": "r", {}, {place}}}}}"#, shown("abcdefgh")), "secret"),
            (format!(r#"{{"ruleID": "r", "match": "k = abcdefgh", "secret": "abcdefgh", {camel}}}"#), "secret"),
            (format!(r#"{{"ruleID": "r", "match": "k = REDACTED", "secret": "REDACTED", {camel}}}"#), "nothing"),
        ] {
            let claim = read(&text).expect("because it is one").remove(0);
            assert_eq!((word(&claim.told), claim.quotes.len()), (expected, 1), "{text}");
            assert_eq!((claim.place.path(), claim.place.region.line, claim.place.region.columns), ("a.txt", Some(2), Some((5, 13))));
            assert_eq!((claim.witness.tried, claim.place.repository.as_deref()), (Tried::Live, Some("https://git.example.test/r")));
        }
        assert!(read(r#"{"schema_version": "1", "scan": {"state": "complete"}}"#).expect("because it is about the run").is_empty());
    }
}
