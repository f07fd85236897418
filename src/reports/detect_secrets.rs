//! detect-secrets: a baseline that lists, for each file, lines and the SHA-1 of what was found there.

use std::io::{BufReader, Read};
use std::ops::ControlFlow;

use serde::Deserialize;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess};

use crate::model::witness::{Tried, Witness};
use crate::reports::claim::{Claim, Hash, Place, Region, Told};
use crate::reports::document::{Elements, Object, Take, outcome};
use crate::reports::error::{Fault, ReportError};
use crate::reports::format::{Format, Reading, has, parse};
use crate::reports::read::{HEAD, Teller};

/// The format.
pub const FORMAT: Format = Format {
    name: "detect-secrets",
    about: "`detect-secrets scan` (a baseline)",
    recognizes: |keys| {
        ["plugins_used", "filters_used", "generated_at"].iter().any(|own| has(keys, &["results", own]) || has(keys, &["version", own]))
    },
    reading: Reading::Document(read),
};

#[derive(Deserialize)]
struct Found {
    #[serde(rename = "type")]
    kind: String,
    filename: Option<String>,
    hashed_secret: Option<String>,
    line_number: Option<u64>,
    #[serde(default)]
    is_verified: bool,
    /// What somebody has said who looked at it (`detect-secrets audit`).
    is_secret: Option<bool>,
}

/// The baseline.
struct Baseline<'t, 's> {
    version: Option<String>,
    teller: &'t mut Teller<'s>,
}

/// Its results, by file.
struct Results<'t, 's> {
    version: Option<String>,
    teller: &'t mut Teller<'s>,
}

impl Take for Baseline<'_, '_> {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "version" => self.version = map.next_value::<Option<String>>()?.filter(|version| !version.is_empty()),
            "results" => return map.next_value_seed(Object(&mut Results { version: self.version.clone(), teller: &mut *self.teller })),
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl Take for Results<'_, '_> {
    fn take<'de, A: MapAccess<'de>>(&mut self, file: &str, map: &mut A) -> Result<(), A::Error> {
        let Self { version, teller } = self;
        let mut each = |text: &str| -> ControlFlow<()> { teller.tell(claim(text, file, version.as_ref()).map(|claim| vec![claim])) };
        map.next_value_seed(Elements(&mut each))
    }
}

fn read(_ahead: Option<&mut dyn Read>, input: &mut dyn Read, teller: &mut Teller) -> Result<(), ReportError> {
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(HEAD, input));
    let read = Object(&mut Baseline { version: None, teller }).deserialize(&mut json);
    outcome(read, FORMAT.name, teller)
}

fn claim(text: &str, file: &str, version: Option<&String>) -> Result<Claim, Fault> {
    let found: Found = parse(text, &FORMAT)?;
    let path = found.filename.unwrap_or_else(|| file.to_owned());
    Ok(Claim {
        witness: Witness {
            tool: FORMAT.name.to_owned(),
            version: version.cloned(),
            rule: found.kind.clone(),
            id: None,
            tried: if found.is_verified { Tried::Live } else { Tried::Untried },
        },
        name: found.kind,
        provider: None,
        place: Place::new(Some(path), Region::line(found.line_number)),
        told: found.hashed_secret.as_deref().and_then(Hash::sha1).map_or(Told::Nothing, Told::Hash),
        quotes: Vec::new(),
        partner: None,
        accepted: found.is_secret == Some(false),
    })
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use crate::reports::claim::{Claim, Told};
    use crate::reports::detect_secrets::read;
    use crate::reports::error::ReportError;
    use crate::reports::read::{Item, Teller};

    fn told(text: &str) -> (Vec<Claim>, Result<(), ReportError>) {
        let mut claims = Vec::new();
        let mut sink = |item: Item| {
            claims.extend(item.result.into_iter().flatten());
            ControlFlow::Continue(())
        };
        let read = read(None, &mut text.as_bytes(), &mut Teller::new(&mut sink));
        (claims, read)
    }

    #[test]
    fn a_baseline_lists_files() {
        let digits = "0123456789abcdef0123456789abcdef01234567";
        let text = format!(
            r#"{{"version": "1.5.0", "plugins_used": [{{"name": "X"}}], "filters_used": [], "results": {{
            "a.py": [{{"type": "Secret Keyword", "filename": "a.py", "hashed_secret": "{digits}", "is_verified": true, "line_number": 3}},
                     {{"type": "Secret Keyword", "filename": "a.py", "hashed_secret": "x", "line_number": 4, "is_secret": false}}],
            "b.py": [{{"type": "Basic Auth", "hashed_secret": "{digits}"}}]}}, "generated_at": "t"}}"#
        );
        let (claims, read) = told(&text);
        read.expect("because it is whole");
        let lines: Vec<_> = claims.iter().map(|claim| (claim.place.path(), claim.place.region.line, claim.accepted)).collect();
        assert_eq!(lines, [("a.py", Some(3), false), ("a.py", Some(4), true), ("b.py", None, false)]);
        assert!(matches!(claims[0].told, Told::Hash(_)) && matches!(claims[1].told, Told::Nothing));
        assert_eq!(claims[0].witness.version.as_deref(), Some("1.5.0"));
        for end in [text.len() - 1, text.len() / 2] {
            let (_, read) = told(&text[..end]);
            assert!(matches!(read, Err(ReportError::Truncated)), "{end}");
        }
        assert!(matches!(told(r#"{"version": "1", "results": [1]}"#).1, Err(ReportError::Damaged { line: 1, .. })));
    }
}
