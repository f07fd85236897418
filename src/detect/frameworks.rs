//! Ids of public frameworks for every detection, from the data file beside this one.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The data file.
const DATA: &str = include_str!("frameworks.toml");

/// A framework and its version.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// Its name.
    pub name: String,
    /// The version that the ids are of.
    pub version: String,
}

/// Frameworks, and the ids of detections in them.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frameworks {
    /// Version of the data.
    pub version: u32,
    /// Frameworks by their short names.
    pub framework: BTreeMap<String, Framework>,
    /// Ids by detection and framework.
    pub detection: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

impl Frameworks {
    /// The data that is built in.
    #[must_use]
    pub fn builtin() -> Self {
        toml::from_str(DATA).expect("because a test reads it")
    }

    /// The ids of one detection, by the short names of frameworks.
    pub fn of(&self, detection: &str) -> impl Iterator<Item = (&str, &[String])> {
        self.detection.get(detection).into_iter().flatten().map(|(framework, ids)| (framework.as_str(), &ids[..]))
    }

    /// The ids of one detection for people: a line for each framework.
    #[must_use]
    pub fn text(&self, detection: &str) -> String {
        let lines = self.of(detection).map(|(short, ids)| {
            let framework = &self.framework[short];
            format!("{} ({}): {}\n", framework.name, framework.version, ids.join(", "))
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::catalogue::DETECTIONS;
    use crate::detect::frameworks::Frameworks;

    #[test]
    fn every_detection_has_its_ids() {
        let frameworks = Frameworks::builtin();
        for detection in DETECTIONS {
            assert!(frameworks.of(detection.id).count() >= 5, "{}", detection.id);
            assert!(frameworks.of(detection.id).all(|(short, ids)| frameworks.framework.contains_key(short) && !ids.is_empty()), "{}", detection.id);
            assert!(!frameworks.text(detection.id).is_empty(), "{}", detection.id);
        }
        assert!(frameworks.detection.keys().all(|id| DETECTIONS.iter().any(|detection| detection.id == id)));
    }
}
