//! How alerts are written for those who receive them: one file per format.
//!
//! **Invariant:** only a payload that says so is handed the token; to the others it cannot be given.

mod chat;
pub mod cloudevents;
pub mod github;
pub mod gitlab;
pub mod ocsf;
mod report;
pub mod rfc7009;
#[cfg(test)]
pub(crate) mod sample;
pub mod set;
pub mod slack;
pub mod standard_webhooks;
pub mod teams;

use crate::delivery::letter::{Answer, Letter, LetterError, Meaning, Message};
use crate::model::secret::Secret;

/// What is sent to an endpoint.
pub struct Payload {
    /// Its name in settings.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Writes it.
    pub write: Write,
    /// Understands the answer.
    pub read: fn(&Answer) -> Meaning,
}

/// Writes a payload.
#[derive(Clone, Copy)]
pub enum Write {
    /// It names the token.
    Naming(fn(&Letter) -> Result<Message, LetterError>),
    /// It holds the token itself, so that it can be sent only while that is in memory.
    Holding(fn(&Letter, &Secret) -> Result<Message, LetterError>),
}

/// All of them; the first is the default.
pub const PAYLOADS: &[Payload] = &[
    standard_webhooks::PAYLOAD,
    cloudevents::PAYLOAD,
    ocsf::PAYLOAD,
    set::PAYLOAD,
    github::PAYLOAD,
    gitlab::PAYLOAD,
    rfc7009::PAYLOAD,
    slack::PAYLOAD,
    teams::PAYLOAD,
];

impl Payload {
    /// Whether it can be written only while the token is in memory.
    #[must_use]
    pub const fn needs_token(&self) -> bool {
        matches!(self.write, Write::Holding(_))
    }

    /// Writes it; the token is handed on only where it is needed.
    ///
    /// # Errors
    /// Where a setting or the token is missing, or a key cannot be used.
    pub fn write(&self, letter: &Letter, token: Option<&Secret>) -> Result<Message, LetterError> {
        match self.write {
            Write::Naming(write) => write(letter),
            Write::Holding(write) => write(letter, token.ok_or(LetterError::NeedsToken)?),
        }
    }
}

/// The payload of this name.
#[must_use]
pub fn payload(name: &str) -> Option<&'static Payload> {
    PAYLOADS.iter().find(|one| one.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::delivery::letter::LetterError;
    use crate::delivery::payload::{PAYLOADS, payload, sample};

    #[test]
    fn payloads_have_names_of_their_own() {
        let names: BTreeSet<&str> = PAYLOADS.iter().map(|one| one.name).collect();
        assert_eq!(names.len(), PAYLOADS.len());
        assert_eq!(PAYLOADS[0].name, "standard-webhooks");
        assert!(names.iter().all(|name| payload(name).is_some_and(|one| one.name == *name)) && payload("pigeon").is_none());
    }

    #[test]
    fn those_that_need_the_token_wait_for_it() {
        let (alert, to) = (sample::requested(), sample::addressee());
        for one in PAYLOADS.iter().filter(|one| one.needs_token()) {
            let written = one.write(&sample::letter(&alert, &to), None);
            assert!(matches!(written, Err(LetterError::NeedsToken)), "{}", one.name);
        }
    }
}
