//! One door for what comes from outside: who may bring what, in which format, and how it is answered.

use crate::delivery::jose::KeySet;
use crate::delivery::key::VerifyingKey;
use crate::delivery::letter::Label;
use crate::delivery::set::SetError;
use crate::delivery::sign::SignatureError;
use crate::model::exposure::PlaceKind;
use crate::model::fingerprint::Fingerprint;
use crate::model::instant::Instant;
use crate::model::lifecycle::Target;
use crate::model::secret::Secret;
use crate::serve::receive::{github, gitlab, set, webhook};
use crate::serve::server::{Answer, Question};

/// A door.
pub struct Inlet {
    /// Its name in the settings.
    pub name: String,
    /// Where it is: `/NAME`, or another path.
    pub path: String,
    /// What comes through it.
    pub protocol: &'static Protocol,
    /// Keys that are shared with the sender.
    pub shared: Vec<VerifyingKey>,
    /// Keys of the sender.
    pub public: KeySet,
    /// What stands in the sender's `Authorization`.
    pub authorization: Option<Secret>,
    /// Who must have issued it.
    pub issuer: Option<String>,
    /// For whom it must be.
    pub audience: Option<String>,
    /// Types of tokens that can be revoked here.
    pub types: Vec<String>,
}

/// A format that is received.
pub struct Protocol {
    /// Its name in settings.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// What an inlet needs for it.
    pub needs: Needs,
    /// For how long after it came a repeat could pass for new, in seconds.
    pub lasting: i64,
    /// Paths below the inlet's own.
    pub paths: &'static [&'static str],
    /// Verifies and understands it.
    pub read: fn(&Inlet, &Question, Instant) -> Result<Heard, Refusal>,
    /// What is answered when it was taken.
    pub taken: fn(&[Taken]) -> Answer,
    /// What is answered when it was not.
    pub refused: fn(&Refusal) -> Answer,
}

/// What shows that something comes from whom it says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needs {
    /// A shared key or the sender's public one.
    AnyKey,
    /// The sender's public key, its name and our own.
    PublicKeyAndNames,
    /// What stands in `Authorization`.
    Authorization,
}

/// All formats.
pub const PROTOCOLS: &[&Protocol] = &[&webhook::PROTOCOL, &set::PROTOCOL, &github::PROTOCOL, &gitlab::PROTOCOL];

/// The format of this name.
#[must_use]
pub fn protocol(name: &str) -> Option<&'static Protocol> {
    PROTOCOLS.iter().find(|one| one.name == name).copied()
}

/// What was understood.
pub enum Heard {
    /// A question, which changes nothing.
    Asked(Answer),
    /// What is to be written down.
    Told(Vec<Item>),
}

/// One thing that was told.
pub struct Item {
    /// What tells a repeat from something new; of reports, the desk adds the token.
    pub id: String,
    /// In which words the sender told it, bounded.
    pub what: String,
    /// What it is.
    pub told: Told,
}

/// What was told.
pub enum Told {
    /// Tokens are dead, by any of these names.
    Revoked {
        /// What it is about, the surest name first.
        targets: Vec<Target>,
        /// Since when.
        at: Instant,
    },
    /// Somebody said whether a finding is true.
    Labelled {
        /// Its id, or the token's fingerprint.
        about: String,
        /// What they said.
        label: Label,
    },
    /// A token lay somewhere.
    Reported(Report),
    /// Nothing that changes anything here.
    Nothing,
}

/// A token that lay somewhere.
pub struct Report {
    /// The token.
    pub token: Secret,
    /// Its type, in the sender's words.
    pub token_type: String,
    /// Where it lay.
    pub location: String,
    /// What sort of place that is.
    pub kind: PlaceKind,
}

/// What became of an item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taken {
    /// A reported token.
    Report {
        /// Its fingerprint.
        fingerprint: Fingerprint,
        /// Its type, in the sender's words.
        token_type: String,
        /// Whether it is ours.
        is_ours: bool,
    },
    /// Anything else.
    Done,
}

/// Why something was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// By another method.
    #[error("only {0} is answered")]
    Method(&'static str),
    /// Nobody who may is known to have sent it.
    #[error("the sender is not known: {0}")]
    Sender(&'static str),
    /// No key of the sender can have signed it.
    #[error("no key fits its signature's kind or name")]
    Key,
    /// A message that is not signed, or not now.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// An event token that is not taken.
    #[error(transparent)]
    Event(#[from] SetError),
    /// Not what the format asks for.
    #[error("it is not well formed: {0}")]
    Form(&'static str),
}

impl Inlet {
    /// Whether a path leads to it.
    #[must_use]
    pub fn is_at(&self, path: &str) -> bool {
        let below = path.strip_prefix(self.path.trim_end_matches('/'));
        path == self.path && self.protocol.paths.is_empty() || below.is_some_and(|below| self.protocol.paths.contains(&below))
    }
}

impl Refusal {
    /// What is answered in plain HTTP.
    #[must_use]
    pub fn answer(&self) -> Answer {
        match self {
            Self::Method(allowed) => Answer::method(allowed),
            Self::Sender(_) | Self::Key => Answer::text(401, &self.said()),
            // Whoever tries keys or repeats messages is not told how near it was.
            Self::Signature(_) => Answer::text(401, "its signature is missing or wrong, or its time is too far from now"),
            Self::Event(_) | Self::Form(_) => Answer::text(400, &self.said()),
        }
    }

    /// What it says to the sender: what follows is for whoever runs this.
    #[must_use]
    pub fn said(&self) -> String {
        self.to_string().lines().next().unwrap_or_default().to_owned()
    }
}

/// A text of the sender, bounded.
#[must_use]
pub fn bounded(text: &str) -> String {
    text.chars().take(200).collect()
}
