//! Who is told: an endpoint as it was checked.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use crate::delivery::letter::Addressee;
use crate::delivery::network::Network;
use crate::delivery::payload::Payload;
use crate::delivery::post::FILE;
use crate::delivery::schedule::Schedule;
use crate::model::alert::{Alert, Event};
use crate::model::grade::Severity;

/// Who is told of what, where and how.
pub struct Endpoint {
    /// Its name, by which deliveries know it.
    pub name: String,
    /// What is sent.
    pub payload: &'static Payload,
    /// To whom, and signed by which keys.
    pub to: Addressee,
    /// Of what it is told; where nothing is named, of everything but requests for revocation, and of nothing where the token itself is sent.
    pub events: BTreeSet<Event>,
    /// From which severity on.
    pub min_severity: Severity,
    /// Only of tokens of these issuers or providers, where any is named.
    pub issuers: Vec<String>,
    /// How many messages are on their way at the same time.
    pub concurrency: usize,
    /// When what failed is tried again.
    pub schedule: Schedule,
    /// What may be reached.
    pub network: Network,
    /// Where the same server says whether a token is alive (RFC 7662), where it may be asked: it is shown the token for that.
    pub introspection: Option<String>,
}

impl Endpoint {
    /// Whether it is told of an alert.
    #[must_use]
    pub fn wants(&self, alert: &Alert) -> bool {
        let is_named = self.events.contains(&alert.event);
        // Nobody gets the token itself, or is asked to revoke it, who was not named for that.
        let is_harmless = alert.event != Event::RevocationRequested && !self.payload.needs_token();
        let is_asked = is_named || (self.events.is_empty() && is_harmless);
        let token = &alert.data.token;
        let is_theirs = || [&token.iss, &token.provider].into_iter().flatten().any(|issuer| self.issuers.contains(issuer));
        is_asked && alert.data.severity >= self.min_severity && (self.issuers.is_empty() || is_theirs())
    }

    /// The id of an alert's delivery here: the same for one finding, action and destination, whoever meets it and however often.
    #[must_use]
    pub fn delivery_id(&self, alert: &Alert) -> String {
        let data = &alert.data;
        let action = data.action.as_ref().map_or("", |action| action.kind.as_str());
        format!("msg_{}", short(&["beartrap delivery v1", &data.finding_id, alert.event.as_str(), action, &self.name]))
    }

    /// Where it is, for people: without the path, which may be a secret.
    #[must_use]
    pub fn place(&self) -> String {
        if self.to.url.starts_with(FILE) {
            return self.to.url.clone();
        }
        let (scheme, rest) = self.to.url.split_once("://").unwrap_or_default();
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        format!("{scheme}://{host}")
    }
}

/// Under which name it is kept that an endpoint said it is gone for good (410): nothing is sent there until somebody has it tried again.
#[must_use]
pub fn gone(endpoint: &str) -> String {
    format!("{GONE}{endpoint}")
}

/// What such names begin with.
pub const GONE: &str = "endpoint/gone/";

/// The id of an alert, whoever is told of it.
#[must_use]
pub fn alert_id(alert: &Alert) -> String {
    let action = alert.data.action.as_ref().map_or("", |action| action.kind.as_str());
    format!("alt_{}", short(&["beartrap alert v1", &alert.data.finding_id, alert.event.as_str(), action]))
}

/// The first 26 letters of the base32 (RFC 4648, lower case) of the SHA-256 of texts, each with its length.
fn short(texts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for text in texts {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    }
    let digest = digest.finalize();
    let number = u128::from_be_bytes(*digest.first_chunk().expect("because a digest has 32 bytes"));
    let letter = |at: u32| b"abcdefghijklmnopqrstuvwxyz234567"[(number >> (123 - 5 * at) & 31) as usize] as char;
    let last = b"abcdefghijklmnopqrstuvwxyz234567"[((number & 7) << 2 | u128::from(digest[16] >> 6)) as usize] as char;
    (0..25).map(letter).chain([last]).collect()
}
