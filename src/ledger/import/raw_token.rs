//! Raw tokens in records and logs: each becomes its fingerprint, its length and what it says of itself, and is wiped.

use serde_json::{Map, Value};

use crate::ledger::import::claims::Claims;
use crate::ledger::import::context::GramOf;
use crate::ledger::import::entry::Issued;
use crate::model::issuance::{Issuance, TokenType};
use crate::model::known::Gram;
use crate::model::secret::Secret;
use crate::model::token_key::TokenKey;

/// Keys of a record under which issuers write the token itself, and what sort of token stands there.
pub const NAMES: [(&str, Option<TokenType>); 6] = [
    ("token", None),
    ("access_token", Some(TokenType::AccessToken)),
    ("api_key", Some(TokenType::ApiKey)),
    ("secret", None),
    ("id_token", Some(TokenType::IdToken)),
    ("refresh_token", Some(TokenType::RefreshToken)),
];

/// Keys under which some secret stands wherever they occur; compared in lower case without `-` and `_`.
const SECRET_NAMES: &[&str] = &[
    "token",
    "accesstoken",
    "apikey",
    "secret",
    "idtoken",
    "refreshtoken",
    "clientsecret",
    "clientassertion",
    "password",
    "authorization",
    "subjecttoken",
    "actortoken",
    "sessiontoken",
    "secretaccesskey",
    "assertion",
    "cookie",
    "privatekey",
    "jwt",
    "bearertoken",
    "setcookie",
    "xapikey",
    "proxyauthorization",
];

/// Words in place of a value that somebody removed.
const REMOVED: [&str; 5] = ["redacted", "masked", "hidden", "removed", "filtered"];

/// What stands where a token is expected.
pub enum Shown {
    /// The token itself.
    Raw(Secret),
    /// A name of it.
    Key(TokenKey),
}

impl Shown {
    /// Reads a text, which is wiped: an authentication scheme before the token is left out; `None` for an empty or masked one.
    #[must_use]
    pub fn read(text: String) -> Option<Self> {
        let written = Secret::new(text.into_bytes());
        let octets = bare(written.expose());
        let visible = octets.iter().any(|b| !matches!(b, b'*' | b'x' | b'X' | b'.' | b'-' | b'<' | b'>' | b'[' | b']'));
        let lower = octets.get(..octets.len().min(64)).map(|start| String::from_utf8_lossy(start).to_ascii_lowercase()).unwrap_or_default();
        let inner = lower.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if !visible || REMOVED.contains(&inner) || inner.starts_with("hidden_due_to") {
            return None;
        }
        if let Some(fingerprint) = std::str::from_utf8(octets).ok().filter(|_| lower.contains("sha256:")).and_then(|text| text.parse().ok()) {
            return Some(Self::Key(TokenKey::Fingerprint(fingerprint)));
        }
        Some(Self::Raw(Secret::new(octets.to_vec())))
    }

    /// The same from a JSON text.
    #[must_use]
    pub fn take(value: &mut Value) -> Option<Self> {
        match value.take() {
            Value::String(text) => Self::read(text),
            _ => None,
        }
    }

    /// The name by which the token is known.
    #[must_use]
    pub fn key(&self) -> TokenKey {
        match self {
            Self::Raw(secret) => TokenKey::Fingerprint(secret.fingerprint(None)),
            Self::Key(key) => key.clone(),
        }
    }

    /// Takes what the token tells over into its record; the way to find it between any bytes, where it is the token itself.
    pub fn absorb(&self, record: &mut Issuance, gram_of: GramOf) -> Option<Gram> {
        let key = self.key();
        match &record.fp {
            None => record.fp = Some(key),
            Some(fp) if *fp != key && !record.alt_keys.contains(&key) => record.alt_keys.push(key),
            Some(_) => {}
        }
        let Self::Raw(secret) = self else { return None };
        record.length = u32::try_from(secret.len()).ok();
        if let Some(claims) = Claims::parse(secret.expose()) {
            claims.fill(record);
        }
        gram_of(secret.expose())
    }
}

/// Takes every raw token out of a record's unknown keys: the first is the record's own, each further one gets a record behind it.
#[must_use]
pub fn extract(mut record: Issuance, gram_of: GramOf) -> Vec<Issued> {
    let mut shown = Vec::new();
    for (name, sort) in NAMES {
        if let Some(token) = record.other.get_mut(name).and_then(Shown::take) {
            shown.push((token, sort));
        }
        record.other.remove(name);
    }
    redact_all(&mut record.other);
    record.issuer_event.iter_mut().for_each(redact);
    if let Some(own) = shown.iter().position(|(token, _)| record.fp.as_ref() == Some(&token.key())) {
        shown.swap(0, own);
    }
    let mut shown = shown.into_iter();
    let siblings = record.clone();
    let mut gram = None;
    if let Some((token, sort)) = shown.next() {
        gram = token.absorb(&mut record, gram_of);
        adopt_sort(&mut record, sort);
    }
    let beside = shown.map(|(token, sort)| sibling(&siblings, &token, sort, gram_of));
    std::iter::once(Issued { record, gram }).chain(beside).collect()
}

/// A record of another token that was handed out in the same answer.
fn sibling(record: &Issuance, token: &Shown, sort: Option<TokenType>, gram_of: GramOf) -> Issued {
    let mut sibling = Issuance {
        provider: record.provider.clone(),
        iss: record.iss.clone(),
        family_id: record.family_id.clone(),
        issued_to: record.issued_to.clone(),
        actor_chain: record.actor_chain.clone(),
        scope: record.scope.clone(),
        issued_at: record.issued_at,
        issuer_event: record.issuer_event.clone(),
        ..Issuance::default()
    };
    let gram = token.absorb(&mut sibling, gram_of);
    adopt_sort(&mut sibling, sort);
    Issued { record: sibling, gram }
}

fn adopt_sort(record: &mut Issuance, sort: Option<TokenType>) {
    if record.token_type == TokenType::Other {
        record.token_type = sort.unwrap_or_default();
    }
}

/// Replaces whatever stands under a secret's name, and every JWT, at any depth, by its fingerprint.
pub fn redact(value: &mut Value) {
    match value {
        Value::String(text) if text.contains("eyJ") && text.split('.').count() >= 3 => replace(value),
        Value::Object(map) => redact_all(map),
        Value::Array(values) => values.iter_mut().for_each(redact),
        _ => {}
    }
}

fn redact_all(map: &mut Map<String, Value>) {
    for (name, value) in map {
        match value {
            Value::String(_) if is_secret_name(name) => replace(value),
            other => redact(other),
        }
    }
}

/// A masked value becomes `null`.
fn replace(value: &mut Value) {
    *value = Shown::take(value).map_or(Value::Null, |shown| Value::String(shown.key().to_string()));
}

fn is_secret_name(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect();
    SECRET_NAMES.contains(&&*plain)
}

/// The octets without white space, quotes and an authentication scheme around them.
fn bare(octets: &[u8]) -> &[u8] {
    let octets = octets.trim_ascii();
    for scheme in ["bearer ", "dpop ", "token "] {
        if octets.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes())) {
            return octets[scheme.len()..].trim_ascii();
        }
    }
    octets
}
