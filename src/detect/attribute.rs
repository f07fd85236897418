//! What tells one caller from another, and what of it is new.

use std::collections::BTreeSet;

use crate::detect::agent_name::AgentName;
use crate::detect::used::{Source, Use};
use crate::model::text::Text;

/// Something by which callers differ.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Attribute {
    /// The network.
    Network,
    /// The autonomous system.
    System,
    /// The place on earth, to about a hundred kilometres.
    Place,
    /// The program, by its user agent.
    Client,
    /// The TLS client, by JA4.
    Tls,
    /// The operating system, by the user agent.
    Platform,
    /// The agent, by its own word.
    Agent,
}

/// What says who or what calls, wherever it is.
pub const CALLER: [Attribute; 4] = [Attribute::Client, Attribute::Tls, Attribute::Platform, Attribute::Agent];

impl Attribute {
    /// The name in evidence.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::System => "asn",
            Self::Place => "geo",
            Self::Client => "client",
            Self::Tls => "ja4",
            Self::Platform => "platform",
            Self::Agent => "agent",
        }
    }

    /// Its value for a use, where that is known.
    #[must_use]
    pub fn of(self, one: &Use) -> Option<String> {
        let record = &one.what.record;
        let agent = || record.user_agent.as_deref().map(AgentName::read);
        match self {
            Self::Network => (!matches!(one.source, Source::Cloud | Source::Unknown)).then(|| one.source.to_string()),
            Self::System => record.asn.map(|asn| asn.to_string()),
            Self::Place => record.geo.as_deref().map(coarse),
            Self::Client => agent().map(|agent| agent.family).filter(|family| !family.is_empty()),
            Self::Tls => record.ja4.as_ref().map(Text::to_string),
            Self::Platform => agent().map(|agent| agent.platform.to_owned()).filter(|platform| !platform.is_empty()),
            Self::Agent => record.agent_id.as_ref().map(Text::to_string),
        }
    }

    /// What of the log its value comes from: the same where this is the same.
    #[must_use]
    pub fn logged(self, one: &Use) -> (Option<Source>, Option<u32>, Option<&str>) {
        let record = &one.what.record;
        match self {
            Self::Network => (Some(one.source), None, None),
            Self::System => (None, record.asn, None),
            Self::Place => (None, None, record.geo.as_deref()),
            Self::Client | Self::Platform => (None, None, record.user_agent.as_deref()),
            Self::Tls => (None, None, record.ja4.as_deref()),
            Self::Agent => (None, None, record.agent_id.as_deref()),
        }
    }

    /// Its different values among uses.
    pub fn values<'u>(self, uses: impl IntoIterator<Item = &'u Use>) -> BTreeSet<String> {
        uses.into_iter().filter_map(|one| self.of(one)).collect()
    }
}

/// Which attributes of a use differ from all that the others had; what nobody knew before is not new.
#[must_use]
pub fn news(one: &Use, before: &[&Use], among: &[Attribute]) -> Vec<Attribute> {
    let is_new = |attribute: &&Attribute| {
        let known = attribute.values(before.iter().copied());
        attribute.of(one).is_some_and(|value| !known.is_empty() && !known.contains(&value))
    };
    among.iter().filter(is_new).copied().collect()
}

/// Names of attributes in one text.
#[must_use]
pub fn names(attributes: &[Attribute]) -> String {
    attributes.iter().map(|attribute| attribute.name()).collect::<Vec<_>>().join(", ")
}

/// Coordinates in whole degrees; anything else as it is.
fn coarse(geo: &str) -> String {
    let mut parts = geo.split(',').map(str::trim);
    let degrees = |text: Option<&str>| text.and_then(|text| text.parse::<f64>().ok()).map(f64::round);
    match (degrees(parts.next()), degrees(parts.next())) {
        (Some(latitude), Some(longitude)) => format!("{latitude},{longitude}"),
        _ => geo.to_ascii_uppercase(),
    }
}
