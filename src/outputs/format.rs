//! The formats by name: adding one is one file and one line here.

use crate::outputs::github::Github;
use crate::outputs::gitlab::Gitlab;
use crate::outputs::json::Json;
use crate::outputs::jsonl::Jsonl;
use crate::outputs::junit::Junit;
use crate::outputs::output::Output;
use crate::outputs::sarif::Sarif;
use crate::outputs::text::Text;

/// One format that users can ask for.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The word that selects it.
    pub name: &'static str,
    /// One line for people.
    pub description: &'static str,
    /// Makes an output that has written nothing yet.
    pub make: fn() -> Box<dyn Output + Send>,
}

/// Every format, the default first.
pub const FORMATS: &[Format] = &[
    Format { name: "text", description: "For people: grouped by token, worst first", make: || Box::new(Text::default()) },
    Format { name: "jsonl", description: "One JSON object a line, as findings come; the summary last", make: || Box::new(Jsonl) },
    Format { name: "json", description: "One JSON document: findings, then the summary", make: || Box::new(Json::default()) },
    Format { name: "sarif", description: "SARIF 2.1.0, within the limits of GitHub code scanning", make: || Box::new(Sarif::default()) },
    Format { name: "gitlab", description: "GitLab secret detection report", make: || Box::new(Gitlab::default()) },
    Format { name: "junit", description: "JUnit XML, one test case for each file with findings", make: || Box::new(Junit::default()) },
    Format { name: "github", description: "GitHub Actions workflow commands, one annotation for each finding", make: || Box::new(Github::default()) },
];

/// The format of this name.
#[must_use]
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
