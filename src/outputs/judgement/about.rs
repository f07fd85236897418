//! What the formats are told beside judgements: how text is shown, when it is, and what each detection asks.

use std::sync::Arc;

use crate::model::grade::Severity;
use crate::model::instant::Instant;
use crate::outputs::output::Style;

/// What a format cannot do without.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Context {
    /// Whether text may be coloured.
    pub style: Style,
    /// When the run judged.
    pub now: Instant,
    /// Every detection whose judgements may come.
    pub detections: Arc<[About]>,
}

/// A detection, for readers of reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct About {
    /// Its id, such as `TR-12`.
    pub id: String,
    /// A few words.
    pub name: String,
    /// How bad it is where nothing makes it better or worse.
    pub severity: Severity,
    /// One sentence.
    pub summary: String,
    /// What it asks, why it matters, what its evidence is, when it is wrong.
    pub help: String,
    /// Its ids in public frameworks.
    pub frameworks: Vec<FrameworkIds>,
}

/// A detection's ids in one framework.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FrameworkIds {
    /// The framework's short name, such as `attack`.
    pub short: String,
    /// Its name.
    pub name: String,
    /// The version that the ids are of.
    pub version: String,
    /// The ids.
    pub ids: Vec<String>,
}

impl Context {
    /// What is told of a detection.
    #[must_use]
    pub fn about(&self, id: &str) -> Option<&About> {
        self.detections.iter().find(|about| about.id == id)
    }
}
