//! trufflehog 3: a line for each finding, with the raw secret, whether it was verified, and where it lay in one of many sources.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::witness::{Tried, Witness};
use crate::reports::claim::{Claim, Place, Region, commit, repository};
use crate::reports::error::Fault;
use crate::reports::format::{Format, Reading, has, parse};
use crate::reports::hidden::{Hidden, told};

/// The format.
pub const FORMAT: Format = Format {
    name: "trufflehog",
    about: "`trufflehog --json` (version 3)",
    recognizes: |keys| has(keys, &["SourceMetadata", "DetectorName"]) || has(keys, &["level", "ts", "msg"]),
    reading: Reading::Items(read),
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Finding {
    source_metadata: Option<Metadata>,
    detector_name: Option<String>,
    #[serde(default)]
    verified: bool,
    raw: Option<Hidden>,
    #[serde(rename = "RawV2")]
    both: Option<Hidden>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    data: Option<BTreeMap<String, Source>>,
}

/// Where it lay: each source writes some of these.
#[derive(Default, Deserialize)]
struct Source {
    file: Option<String>,
    filename: Option<String>,
    path: Option<String>,
    link: Option<String>,
    line: Option<u64>,
    commit: Option<String>,
    repository: Option<String>,
    image: Option<String>,
    bucket: Option<String>,
}

/// Reads one finding; a line of trufflehog's log is none.
///
/// # Errors
///
/// Fields that are not trufflehog's.
fn read(text: &str) -> Result<Vec<Claim>, Fault> {
    let found: Finding = parse(text, &FORMAT)?;
    let Some(detector) = found.detector_name else { return Ok(Vec::new()) };
    let (kind, source) = found.source_metadata.and_then(|metadata| metadata.data?.pop_first()).unwrap_or_default();
    let path = [source.file, source.filename, source.path].into_iter().flatten().find(|path| !path.is_empty());
    let place = Place {
        commit: commit(source.commit),
        repository: repository([source.repository, source.image, source.bucket].into_iter().flatten().next()),
        ..Place::new(path.or_else(|| repository(source.link)).or(Some(kind)), Region::line(source.line))
    };
    Ok(vec![Claim {
        witness: Witness {
            tool: FORMAT.name.to_owned(),
            version: None,
            rule: detector.clone(),
            id: None,
            // Not verified means as much as not asked.
            tried: if found.verified { Tried::Live } else { Tried::Untried },
        },
        name: format!("{detector} credential"),
        provider: Some(detector),
        place,
        told: told(found.raw),
        quotes: Vec::new(),
        partner: found.both.map(|Hidden(both)| both).filter(|both| !both.is_empty()),
        accepted: false,
    }])
}

#[cfg(test)]
mod tests {
    use crate::model::witness::Tried;
    use crate::reports::claim::Told;
    use crate::reports::trufflehog::read;

    #[test]
    fn a_finding_of_every_source_has_its_place() {
        for (source, path, line, commit, repository) in [
            (r#""Filesystem": {"file": "a.txt", "line": 7}"#, "a.txt", Some(7), None, None),
            (
                r#""Git": {"commit": "c0ffee0", "file": "b/c", "email": "e", "repository": "https://x:y@git.example.test/r", "timestamp": "t", "line": 2}"#,
                "b/c",
                Some(2),
                Some("c0ffee0"),
                Some("https://git.example.test/r"),
            ),
            (r#""Docker": {"file": "/app/.env", "image": "example/app", "layer": "l", "tag": "1"}"#, "/app/.env", None, None, Some("example/app")),
            (r#""Slack": {"channel_name": "x", "link": "https://slack.example.test/p?q=1"}"#, "https://slack.example.test/p", None, None, None),
            (r#""Stdin": {}"#, "Stdin", None, None, None),
        ] {
            let text = format!(
                r#"{{"SourceMetadata": {{"Data": {{{source}}}}}, "SourceID": 1, "SourceType": 15, "SourceName": "s", "DetectorType": 8,
                "DetectorName": "Github", "DecoderName": "PLAIN", "Verified": true, "Raw": "abcdefgh", "RawV2": "", "Redacted": "",
                "ExtraData": null, "StructuredData": null}}"#
            );
            let claim = read(&text).expect("because it is one").remove(0);
            assert!(matches!(&claim.told, Told::Secret(secret) if secret.len() == 8) && claim.partner.is_none(), "{source}");
            assert_eq!((claim.place.path(), claim.place.region.line), (path, line));
            assert_eq!((claim.place.commit.as_deref(), claim.place.repository.as_deref()), (commit, repository));
            assert_eq!((claim.witness.tried, claim.provider.as_deref()), (Tried::Live, Some("Github")));
        }
        assert!(read(r#"{"level": "info-0", "ts": "t", "msg": "m"}"#).expect("because it is of the log").is_empty());
    }
}
