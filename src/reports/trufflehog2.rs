//! trufflehog 2: a line for each commit and path, with the texts that were found in its diff.

use serde::Deserialize;

use crate::model::witness::{Tried, Witness};
use crate::reports::claim::{Claim, Place, Region, commit};
use crate::reports::error::Fault;
use crate::reports::format::{Format, Reading, has, parse};
use crate::reports::hidden::{Hidden, told};

/// The format.
pub const FORMAT: Format = Format {
    name: "trufflehog2",
    about: "`trufflehog --json` (version 2)",
    recognizes: |keys| has(keys, &["stringsFound", "reason"]),
    reading: Reading::Items(read),
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    commit_hash: Option<String>,
    path: Option<String>,
    reason: String,
    strings_found: Vec<Hidden>,
}

/// Reads the texts of one diff.
///
/// # Errors
///
/// Fields that are not trufflehog's.
fn read(text: &str) -> Result<Vec<Claim>, Fault> {
    let found: Finding = parse(text, &FORMAT)?;
    let (commit, path, rule) = (commit(found.commit_hash), found.path, found.reason);
    let claim = |shown: Hidden| Claim {
        witness: Witness { tool: "trufflehog".to_owned(), version: Some("2".to_owned()), rule: rule.clone(), id: None, tried: Tried::Untried },
        name: rule.clone(),
        provider: None,
        place: Place { commit: commit.clone(), ..Place::new(path.clone(), Region::default()) },
        told: told(Some(shown)),
        quotes: Vec::new(),
        partner: None,
        accepted: false,
    };
    Ok(found.strings_found.into_iter().map(claim).collect())
}

#[cfg(test)]
mod tests {
    use crate::reports::trufflehog2::read;

    #[test]
    fn every_text_is_a_claim() {
        let text = r#"{"branch": "origin/main", "commit": "message", "commitHash": "c0ffee0", "date": "d", "diff": "+a", "path": "a/b",
            "printDiff": "x", "reason": "High Entropy", "stringsFound": ["abcdefgh", "ijklmnop"]}"#;
        let claims = read(text).expect("because it is one");
        assert_eq!(claims.len(), 2);
        assert!(claims.iter().all(|claim| claim.place.commit.as_deref() == Some("c0ffee0") && claim.place.path() == "a/b"));
    }
}
