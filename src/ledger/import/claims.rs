//! What a JWT says of itself, taken over into a record where the record does not say it.

use serde_json::Value;

use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::jwt::Jwt;
use crate::model::token_key::{KeyKind, TokenKey};

/// Deepest nesting of `act` that is followed.
const MAX_ACTORS: usize = 16;

/// A parsed, unverified token in compact form.
pub struct Claims(Jwt);

impl Claims {
    /// Parses `header.payload.signature`; `None` unless there are three parts.
    #[must_use]
    pub fn parse(token: &[u8]) -> Option<Self> {
        let is_compact = memchr::memchr_iter(b'.', token).count() == 2;
        Jwt::parse(token).filter(|_| is_compact && token.starts_with(b"eyJ")).map(Self)
    }

    /// Fills the gaps of a record about this token.
    pub fn fill(&self, record: &mut Issuance) {
        record.alt_keys.push(TokenKey::Unsigned(self.0.unsigned.clone()));
        let claim = |name: &str| text(self.0.payload.get(name));
        let either = |names: &[&str]| names.iter().find_map(|name| claim(name));
        fill(&mut record.iss, claim("iss"));
        fill(&mut record.jti, claim("jti"));
        fill(&mut record.kid, text(self.0.header.get("kid")));
        fill(&mut record.issued_at, self.instant("iat"));
        fill(&mut record.not_before, self.instant("nbf"));
        fill(&mut record.expires_at, self.instant("exp"));
        fill(&mut record.cnf, self.0.payload.get("cnf").filter(|cnf| cnf.is_object()).cloned());
        fill(&mut record.issued_to.client_id, either(&["client_id", "azp", "cid", "appid"]));
        fill(&mut record.issued_to.session_id, claim("sid"));
        match claim("sub") {
            Some(sub) if is_workload(&sub) => fill(&mut record.issued_to.workload_id, Some(sub)),
            sub => fill(&mut record.issued_to.user, sub),
        }
        fill_list(&mut record.aud, texts(self.0.payload.get("aud")));
        fill_list(&mut record.scope, words(self.0.payload.get("scope").or_else(|| self.0.payload.get("scp"))));
        fill_list(&mut record.actor_chain, actors(self.0.payload.get("act")));
        if let (Some(uti), true) = (claim("uti"), claim("iss").is_some_and(|iss| is_entra(&iss))) {
            record.alt_keys.push(TokenKey::Named(KeyKind::TokenId, format!("entra/{uti}")));
        }
    }

    fn instant(&self, name: &str) -> Option<Instant> {
        let value = self.0.payload.get(name)?;
        Instant::from_number(value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))?)
    }
}

/// Subjects of the chain of actors, the current one first (RFC 8693, section 4.1).
#[must_use]
pub fn actors(act: Option<&Value>) -> Vec<String> {
    std::iter::successors(act, |act| act.get("act")).take(MAX_ACTORS).filter_map(|act| text(act.get("sub"))).collect()
}

/// One text split at white space and commas, or a list of texts.
#[must_use]
pub fn words(value: Option<&Value>) -> Vec<String> {
    let split = |text: &str| text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    match value {
        Some(Value::String(text)) => split(text),
        other => texts(other),
    }
}

/// One text, or a list of texts.
#[must_use]
pub fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(values)) => values.iter().filter_map(|value| text(Some(value))).collect(),
        other => text(other).into_iter().collect(),
    }
}

/// Whether a subject names software rather than a person.
#[must_use]
pub fn is_workload(subject: &str) -> bool {
    ["spiffe://", "wimse://", "system:serviceaccount:", "arn:"].iter().any(|start| subject.starts_with(start))
}

/// A text that is not empty, or a number as text.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn is_entra(iss: &str) -> bool {
    ["https://sts.windows.net/", "https://login.microsoftonline.com/"].iter().any(|start| iss.starts_with(start))
}

/// Sets what is absent.
pub fn fill<T>(place: &mut Option<T>, value: Option<T>) {
    if place.is_none() {
        *place = value;
    }
}

/// Sets what is empty.
pub fn fill_list(place: &mut Vec<String>, values: Vec<String>) {
    if place.is_empty() {
        *place = values;
    }
}
