//! What the user has accepted, for a reason and until a day: `[[detect.exception]]`.

use ipnet::IpNet;
use serde::{Deserialize, Deserializer};

use crate::detect::detection::evidence;
use crate::detect::network::canonical;
use crate::detect::used::{Answer, Used};
use crate::model::instant::Instant;
use crate::model::token_key::TokenKey;

/// One exception. What it does not name, it does not ask for.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The detection's id.
    pub detection: String,
    /// The token, by any of its names.
    #[serde(default)]
    pub token: Option<TokenKey>,
    /// Agent, workload or client that used the token.
    #[serde(default)]
    pub agent: Option<String>,
    /// User.
    #[serde(default)]
    pub user: Option<String>,
    /// From where.
    #[serde(default)]
    pub network: Option<IpNet>,
    /// Until when it holds.
    #[serde(default, deserialize_with = "until")]
    pub until: Option<Instant>,
    /// Why.
    pub why: String,
}

/// Takes out the answers that exceptions silence; those that an expired one would have silenced say so.
#[must_use]
pub fn apply(case: &Used, answers: Vec<Answer>) -> Vec<Answer> {
    answers.into_iter().filter_map(|answer| judged(case, answer)).collect()
}

fn judged(case: &Used, mut answer: Answer) -> Option<Answer> {
    let concerned: Vec<&Exception> = case.options.exception.iter().filter(|exception| exception.concerns(case, &answer)).collect();
    for exception in concerned {
        let until = exception.until.filter(|until| *until <= case.now)?;
        answer.verdict.evidence.push(evidence("exception_expired", format_args!("{until}: {}", exception.why)));
    }
    Some(answer)
}

impl Exception {
    /// Whether it is about this answer: the decisive use must be what it names.
    fn concerns(&self, case: &Used, answer: &Answer) -> bool {
        let decisive = answer.uses.first().and_then(|at| case.uses.get(*at));
        let record = decisive.map(|one| &one.what.record);
        let agent = |agent: &String| {
            let said = record.into_iter().flat_map(|record| [&record.agent_id, &record.principal, &record.client_id]).flatten();
            let mut said = said.map(|id| case.workload(id));
            let wanted = case.workload(agent);
            said.any(|id| id == wanted)
        };
        let user = |user: &String| record.and_then(|record| record.user.as_ref()).is_some_and(|said| said.eq_ignore_ascii_case(user));
        let network = |network: &IpNet| record.and_then(|record| record.source_ip).is_some_and(|ip| network.contains(&canonical(ip)));
        self.detection.eq_ignore_ascii_case(&answer.verdict.id)
            && self.token.as_ref().is_none_or(|token| case.keys().any(|key| key == token))
            && self.agent.as_ref().is_none_or(agent)
            && self.user.as_ref().is_none_or(user)
            && self.network.as_ref().is_none_or(network)
    }
}

/// A date, or a date with a time; as text or as TOML writes it. A date alone means its end.
fn until<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Instant>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Toml(toml::value::Datetime),
        Text(String),
    }
    let text = match Written::deserialize(deserializer)? {
        Written::Toml(time) => time.to_string(),
        Written::Text(text) => text,
    };
    let whole = if text.len() == "2026-12-31".len() { format!("{text}T23:59:59Z") } else { text.clone() };
    let wrong = || serde::de::Error::custom(format_args!("`{text}` is no time\nhint: write a date such as `2026-12-31`, or RFC 3339 with a zone"));
    Instant::from_text(&whole).map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use crate::detect::exception::Exception;

    #[test]
    fn every_form_of_a_date_is_read() {
        for (until, expected) in [
            ("2026-12-31", "2026-12-31T23:59:59Z"),
            ("\"2026-12-31\"", "2026-12-31T23:59:59Z"),
            ("2026-12-31T10:00:00Z", "2026-12-31T10:00:00Z"),
            ("\"2026-12-31T10:00:00+01:00\"", "2026-12-31T09:00:00Z"),
        ] {
            let text = format!("detection = \"TR-15\"\nuntil = {until}\nwhy = \"x\"");
            let exception: Exception = toml::from_str(&text).expect("because it is well formed");
            assert_eq!(exception.until.map(|until| until.to_string()).as_deref(), Some(expected), "{until}");
        }
        assert!(toml::from_str::<Exception>("detection = \"TR-15\"\nuntil = \"soon\"\nwhy = \"x\"").is_err());
    }
}
