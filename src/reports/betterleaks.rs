//! betterleaks 2: findings in lower camel case, whose places stand in `location` and `attributes`.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::witness::{Tried, Witness};
use crate::reports::claim::{Claim, Place, commit, repository};
use crate::reports::error::Fault;
use crate::reports::format::{Format, Reading, has, parse};
use crate::reports::gitleaks::{region, tried};
use crate::reports::hidden::{Hidden, quotes, told};

/// The format.
pub const FORMAT: Format = Format {
    name: "betterleaks",
    about: "`betterleaks --report-format json` or `jsonl` (version 2)",
    recognizes: |keys| has(keys, &["ruleID", "location"]) || (has(keys, &["scan"]) && keys.len() == 1),
    reading: Reading::Items(read),
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    #[serde(rename = "ruleID")]
    rule: Option<String>,
    description: Option<String>,
    secret: Option<Shown>,
    #[serde(rename = "match")]
    matched: Option<Shown>,
    match_context: Option<Hidden>,
    attributes: Option<HashMap<String, String>>,
    location: Option<Location>,
    validation: Option<Validation>,
    fingerprint: Option<Shown>,
}

/// A text, or in later versions an object around it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Shown {
    Text(Hidden),
    Object { value: Option<Hidden> },
    Other(IgnoredAny),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    start_line: Option<u64>,
    end_line: Option<u64>,
    start_column: Option<u64>,
    end_column: Option<u64>,
}

#[derive(Deserialize)]
struct Validation {
    status: Option<String>,
}

impl Shown {
    fn text(self) -> Option<Hidden> {
        match self {
            Self::Text(text) => Some(text),
            Self::Object { value } => value,
            Self::Other(_) => None,
        }
    }
}

/// Reads one finding; a line about the run itself is none.
///
/// # Errors
///
/// Fields that are not betterleaks'.
fn read(text: &str) -> Result<Vec<Claim>, Fault> {
    let found: Finding = parse(text, &FORMAT)?;
    let Some(rule) = found.rule else { return Ok(Vec::new()) };
    let location = found.location.unwrap_or_default();
    let mut attributes = found.attributes.unwrap_or_default();
    let region = region(location.start_line, location.end_line, (location.start_column, location.end_column));
    let place = Place {
        commit: commit(attributes.remove("git.sha")),
        repository: repository(attributes.remove("git.remote_url")),
        ..Place::new(attributes.remove("path"), region)
    };
    // Older versions nest what later ones hash; neither is needed to know the finding again.
    drop(found.fingerprint);
    let matched = found.matched.and_then(Shown::text);
    Ok(vec![Claim {
        witness: Witness {
            tool: FORMAT.name.to_owned(),
            version: None,
            rule,
            id: None,
            tried: found.validation.and_then(|validation| validation.status).as_deref().map_or(Tried::Untried, tried),
        },
        name: found.description.unwrap_or_default(),
        provider: None,
        place,
        told: told(found.secret.and_then(Shown::text)),
        quotes: quotes([matched, found.match_context]),
        partner: None,
        accepted: false,
    }])
}

#[cfg(test)]
mod tests {
    use crate::model::witness::Tried;
    use crate::reports::betterleaks::read;
    use crate::reports::claim::Told;

    #[test]
    fn a_finding_is_read_in_every_shape() {
        for shown in [r#""abcdefgh""#, r#"{"value": "abcdefgh", "start": 4}"#] {
            let text = format!(
                r#"{{"ruleID": "r", "description": "d", "match": {shown}, "secret": {shown}, "matchContext": "x",
                "attributes": {{"path": "a.txt", "git.sha": "c0ffee0", "git.remote_url": "https://u:p@git.example.test/r"}},
                "location": {{"startLine": 2, "endLine": 2, "startColumn": 1, "endColumn": 8}}, "validation": {{"status": "valid"}}, "tags": []}}"#
            );
            let claim = read(&text).expect("because it is one").remove(0);
            assert!(matches!(&claim.told, Told::Secret(secret) if secret.len() == 8) && claim.quotes.len() == 2, "{shown}");
            assert_eq!((claim.place.path(), claim.place.region.line, claim.witness.tried), ("a.txt", Some(2), Tried::Live));
            assert_eq!(claim.place.repository.as_deref(), Some("https://git.example.test/r"));
        }
        assert!(read(r#"{"scan": {"state": "complete"}}"#).expect("because it is about the run").is_empty());
    }
}
