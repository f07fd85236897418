//! How alerts are written for those who receive them: one file per format.

use crate::delivery::letter::{Answer, Letter, LetterError, Meaning, Message};

/// What is sent to an endpoint.
pub struct Payload {
    /// Its name in settings.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Whether it holds the token itself, so that it can be sent only while that is in memory.
    pub token: Token,
    /// Writes it.
    pub write: fn(&Letter) -> Result<Message, LetterError>,
    /// Understands the answer.
    pub read: fn(&Answer) -> Meaning,
}

/// Whether a payload holds the token itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Token {
    /// It names it.
    Named,
    /// It holds it.
    Needed,
}

/// All of them; the first is the default.
pub const PAYLOADS: &[Payload] = &[];

/// The payload of this name.
#[must_use]
pub fn payload(name: &str) -> Option<&'static Payload> {
    PAYLOADS.iter().find(|one| one.name == name)
}
