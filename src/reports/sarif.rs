//! SARIF 2.1.0 of any tool: runs one after the other, results as they come.

use std::io::{BufReader, Read};
use std::ops::ControlFlow;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::reports::claim::Unit;
use crate::reports::document::{Elements, Object, Take, outcome};
use crate::reports::error::ReportError;
use crate::reports::format::{Format, Reading, has, parse};
use crate::reports::read::{HEAD, Teller};
use crate::reports::sarif_run::{Found, Run};

/// The version that is read; earlier ones lay results out otherwise.
const VERSION: &str = "2.1.0";

/// The format.
pub const FORMAT: Format =
    Format { name: "sarif", about: "SARIF 2.1.0 of any tool", recognizes: |keys| has(keys, &["runs"]), reading: Reading::Document(read) };

/// The log.
struct Log<'t, 's> {
    version: Option<String>,
    /// What runs say of themselves, as far as it is known: of all of them, when they were read ahead.
    runs: Vec<Run>,
    /// Who hears of results; nobody while the runs are read ahead.
    teller: Option<&'t mut Teller<'s>>,
}

/// The list of runs.
struct Runs<'l, 't, 's>(&'l mut Log<'t, 's>);

/// One of them.
struct OneRun<'l, 's> {
    run: &'l mut Run,
    teller: Option<&'l mut Teller<'s>>,
}

fn read(ahead: Option<&mut dyn Read>, input: &mut dyn Read, teller: &mut Teller) -> Result<(), ReportError> {
    let mut log = Log { version: None, runs: Vec::new(), teller: None };
    if let Some(ahead) = ahead {
        outcome(parse_log(&mut log, ahead), FORMAT.name, teller)?;
        check(log.version.as_deref())?;
    }
    let mut log = Log { version: log.version, runs: log.runs, teller: Some(teller) };
    let read = parse_log(&mut log, input);
    let Log { version, teller: Some(teller), .. } = log else { unreachable!("because it was put there") };
    outcome(read, FORMAT.name, teller)?;
    check(version.as_deref())
}

fn parse_log(log: &mut Log, input: &mut dyn Read) -> Result<(), serde_json::Error> {
    Object(log).deserialize(&mut serde_json::Deserializer::from_reader(BufReader::with_capacity(HEAD, input)))
}

fn check(version: Option<&str>) -> Result<(), ReportError> {
    if version.is_none_or(|version| version == VERSION) { Ok(()) } else { Err(ReportError::Version { format: FORMAT.name, known: VERSION }) }
}

impl Take for Log<'_, '_> {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "version" => self.version = map.next_value()?,
            "runs" => return map.next_value_seed(Runs(self)),
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Runs<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Runs<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Log { runs, teller, .. } = self.0;
        for index in 0.. {
            if runs.len() <= index {
                runs.push(Run::default());
            }
            let mut one = OneRun { run: &mut runs[index], teller: teller.as_deref_mut() };
            if list.next_element_seed(Object(&mut one))?.is_none() {
                break;
            }
        }
        Ok(())
    }
}

impl Take for OneRun<'_, '_> {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "tool" => self.run.tool = map.next_value()?,
            "originalUriBaseIds" => self.run.bases = map.next_value()?,
            "versionControlProvenance" => self.run.versions = map.next_value()?,
            "columnKind" => {
                let kind: String = map.next_value()?;
                self.run.unit = (kind == "unicodeCodePoints").then_some(Unit::CodePoints);
            }
            "results" => {
                let Self { run, teller: Some(teller) } = self else { return map.next_value::<IgnoredAny>().map(drop) };
                let mut each = |text: &str| -> ControlFlow<()> { teller.tell(parse::<Found>(text, &FORMAT).map(|found| found.claims(run))) };
                return map.next_value_seed(Results(&mut each));
            }
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

/// Results, or nothing: a run whose results nobody knows has `null` (section 3.14.23).
struct Results<'f>(&'f mut dyn FnMut(&str) -> ControlFlow<()>);

impl<'de> DeserializeSeed<'de> for Results<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Results<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a list or null")
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        Elements(self.0).deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::ops::ControlFlow;

    use crate::reports::error::ReportError;
    use crate::reports::read::{Item, Teller};
    use crate::reports::sarif::read;

    fn told(text: &str, twice: Option<&str>) -> (Vec<String>, Result<(), ReportError>) {
        let mut tools = Vec::new();
        let mut sink = |item: Item| {
            tools.extend(item.result.into_iter().flatten().map(|claim| format!("{} {}", claim.witness.tool, claim.witness.rule)));
            ControlFlow::Continue(())
        };
        let mut ahead = twice.map(str::as_bytes);
        let ahead = ahead.as_mut().map(|bytes| bytes as &mut dyn Read);
        let read = read(ahead, &mut text.as_bytes(), &mut Teller::new(&mut sink));
        (tools, read)
    }

    fn log(version: &str, first: &str) -> String {
        let result = |rule: &str| format!(r#"{{"ruleId": "{rule}", "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "a"}}}}}}]}}"#);
        let tool = r#""tool": {"driver": {"name": "First", "rules": []}}"#;
        let results = format!(r#""results": [{}, {{"ruleId": 1}}, {}]"#, result("a"), result("b"));
        let run = if first == "tool" { format!("{tool}, {results}") } else { format!("{results}, {tool}") };
        format!(r#"{{"runs": [{{{run}}}, {{"results": null}}], "version": "{version}", "properties": {{}}}}"#)
    }

    #[test]
    fn results_know_their_tool_wherever_it_stands() {
        for (first, ahead, expected) in [("tool", false, "first"), ("tool", true, "first"), ("results", false, "sarif"), ("results", true, "first")] {
            let text = log("2.1.0", first);
            let (told, read) = told(&text, ahead.then_some(text.as_str()));
            read.expect("because it is whole");
            assert_eq!(told, [format!("{expected} a"), format!("{expected} b")], "{first} {ahead}");
        }
    }

    #[test]
    fn other_versions_and_damage_are_told() {
        let text = log("2.0.0", "tool");
        assert!(matches!(told(&text, Some(&text)).1, Err(ReportError::Version { .. })));
        assert!(matches!(told(&text, None).1, Err(ReportError::Version { .. })));
        let whole = log("2.1.0", "tool");
        let (found, read) = told(&whole[..whole.len() - 60], None);
        assert!(matches!(read, Err(ReportError::Truncated)) && found.len() == 2);
        assert!(matches!(told("{\"runs\": 1}", None).1, Err(ReportError::Damaged { line: 1, .. })));
    }
}
