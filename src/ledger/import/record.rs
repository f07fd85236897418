//! The issued-token record from one JSON object, in one pass over its text.
//!
//! **Invariant:** reads what `Issuance` itself reads; unknown keys are kept.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::ledger::import::fault::Fault;
use crate::model::issuance::{Issuance, IssuedTo, TokenType, VERSION};

const TIME: &str = "a time: RFC 3339, or seconds or milliseconds since 1970";
const TEXT: &str = "a text";
const TEXTS: &str = "a list of texts";
const NUMBER: &str = "a whole number";
const TRUTH: &str = "`true` or `false`";
const KEY: &str = "a name of a token, such as `sha256:<hex>`";

/// Reads one line.
///
/// # Errors
///
/// What is wrong with it.
pub fn from_text(text: &str) -> Result<Issuance, Fault> {
    let mut fault = None;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let record = RecordSeed { fault: &mut fault }.deserialize(&mut deserializer);
    match record.and_then(|record| deserializer.end().map(|()| record)) {
        Ok(record) => Ok(record),
        Err(_) => Err(explain(text).or(fault).unwrap_or(Fault::NotObject)),
    }
}

/// Reads an object that was put together from cells.
///
/// # Errors
///
/// Which field is wrong.
pub fn from_map(map: Map<String, Value>) -> Result<Issuance, Fault> {
    let mut fault = None;
    let record = RecordSeed { fault: &mut fault }.deserialize(Value::Object(map));
    record.map_err(|_| fault.unwrap_or(Fault::NotObject))
}

/// What is wrong with the JSON itself, in the parser's words, which hold nothing of the text.
#[must_use]
pub fn explain(text: &str) -> Option<Fault> {
    let error = serde_json::from_str::<IgnoredAny>(text).err()?;
    if error.is_eof() {
        return Some(Fault::Truncated);
    }
    let said = error.to_string();
    let what = said.split(" at line ").next().unwrap_or_default().to_owned();
    Some(Fault::Syntax { column: error.column(), what })
}

/// A record without any field.
fn blank() -> Issuance {
    Issuance {
        v: VERSION,
        fp: None,
        alt_keys: Vec::new(),
        length: None,
        token_type: TokenType::Other,
        provider: None,
        iss: None,
        jti: None,
        kid: None,
        family_id: None,
        parent_fp: None,
        generation: None,
        issued_to: IssuedTo::default(),
        actor_chain: Vec::new(),
        tools: Vec::new(),
        scope: Vec::new(),
        aud: Vec::new(),
        cnf: None,
        issued_at: None,
        not_before: None,
        expires_at: None,
        max_uses: None,
        bound_networks: Vec::new(),
        bound_asn: Vec::new(),
        bound_ua: Vec::new(),
        long_lived_ok: false,
        shared_ok: false,
        exception_until: None,
        revoked_at: None,
        revoked_reason: None,
        issuer_event: None,
        other: Map::new(),
    }
}

struct RecordSeed<'f> {
    fault: &'f mut Option<Fault>,
}

impl<'de> DeserializeSeed<'de> for RecordSeed<'_> {
    type Value = Issuance;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Issuance, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RecordSeed<'_> {
    type Value = Issuance;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Issuance, A::Error> {
        let mut record = blank();
        while let Some(Name(name)) = map.next_key()? {
            let read = read_field(&mut record, &name, &mut map);
            if let Err(fault) = read {
                *self.fault = Some(fault);
                return Err(A::Error::custom("see the fault"));
            }
        }
        Ok(record)
    }
}

fn read_field<'de, A: MapAccess<'de>>(record: &mut Issuance, name: &str, map: &mut A) -> Result<(), Fault> {
    match name {
        "fp" => put(&mut record.fp, map, name, KEY),
        "alt_keys" => put(&mut record.alt_keys, map, name, "a list of names of the token, such as `kid:<id>`"),
        "length" => put(&mut record.length, map, name, NUMBER),
        "token_type" => put(&mut record.token_type, map, name, TEXT),
        "provider" => put(&mut record.provider, map, name, TEXT),
        "iss" => put(&mut record.iss, map, name, TEXT),
        "jti" => put(&mut record.jti, map, name, TEXT),
        "kid" => put(&mut record.kid, map, name, TEXT),
        "family_id" => put(&mut record.family_id, map, name, TEXT),
        "parent_fp" => put(&mut record.parent_fp, map, name, KEY),
        "generation" => put(&mut record.generation, map, name, NUMBER),
        "issued_to" => put(&mut record.issued_to, map, name, "an object of texts"),
        "issued_at" => put(&mut record.issued_at, map, name, TIME),
        "expires_at" => put(&mut record.expires_at, map, name, TIME),
        "scope" => put_list(&mut record.scope, map, name, |List(texts)| split(&texts)),
        "aud" => put_list(&mut record.aud, map, name, |List(texts)| texts),
        "v" => put_version(map),
        _ => read_rarer_field(record, name, map),
    }
}

fn read_rarer_field<'de, A: MapAccess<'de>>(record: &mut Issuance, name: &str, map: &mut A) -> Result<(), Fault> {
    match name {
        "actor_chain" => put(&mut record.actor_chain, map, name, TEXTS),
        "tools" => put(&mut record.tools, map, name, TEXTS),
        "cnf" => put(&mut record.cnf, map, name, "a JSON value"),
        "not_before" => put(&mut record.not_before, map, name, TIME),
        "max_uses" => put(&mut record.max_uses, map, name, NUMBER),
        "bound_networks" => put(&mut record.bound_networks, map, name, TEXTS),
        "bound_asn" => put(&mut record.bound_asn, map, name, "a list of whole numbers"),
        "bound_ua" => put(&mut record.bound_ua, map, name, TEXTS),
        "long_lived_ok" => put(&mut record.long_lived_ok, map, name, TRUTH),
        "shared_ok" => put(&mut record.shared_ok, map, name, TRUTH),
        "exception_until" => put(&mut record.exception_until, map, name, TIME),
        "revoked_at" => put(&mut record.revoked_at, map, name, TIME),
        "revoked_reason" => put(&mut record.revoked_reason, map, name, TEXT),
        "issuer_event" => put(&mut record.issuer_event, map, name, "a JSON value"),
        _ => {
            // The names of keys that we do not know stay out of messages: somebody's secret could be one.
            let value: Value = map.next_value().map_err(|_| Fault::field("an unknown key", "a JSON value"))?;
            match record.other.insert(name.to_owned(), value) {
                None => Ok(()),
                Some(_) => Err(twice("an unknown key")),
            }
        }
    }
}

/// Reads a value into its place; `null` is as good as absent.
fn put<'de, A, T>(place: &mut T, map: &mut A, name: &str, wants: &'static str) -> Result<(), Fault>
where
    A: MapAccess<'de>,
    T: Deserialize<'de> + Default + PartialEq,
{
    if *place != T::default() {
        return Err(twice(name));
    }
    let value: Option<T> = map.next_value().map_err(|_| Fault::field(name, wants))?;
    *place = value.unwrap_or_default();
    Ok(())
}

fn put_list<'de, A: MapAccess<'de>>(place: &mut Vec<String>, map: &mut A, name: &str, texts: fn(List) -> Vec<String>) -> Result<(), Fault> {
    if !place.is_empty() {
        return Err(twice(name));
    }
    let list: Option<List> = map.next_value().map_err(|_| Fault::field(name, "a text, or a list of texts"))?;
    *place = list.map(texts).unwrap_or_default();
    Ok(())
}

fn put_version<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), Fault> {
    let version: u64 = map.next_value().map_err(|_| Fault::field("v", NUMBER))?;
    if version == u64::from(VERSION) { Ok(()) } else { Err(Fault::Version { version, known: VERSION }) }
}

fn twice(name: &str) -> Fault {
    Fault::Twice { field: name.to_owned() }
}

/// Texts split at spaces (RFC 6749, section 3.3).
fn split(texts: &[String]) -> Vec<String> {
    texts.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect()
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A list of texts, or one text.
struct List(Vec<String>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = List;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a text, or a list of texts")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<List, E> {
        Ok(List(vec![text.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = seq.next_element()? {
            texts.push(text);
        }
        Ok(List(texts))
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::import::fault::Fault;
    use crate::ledger::import::record::{from_map, from_text};
    use crate::model::issuance::Issuance;

    #[test]
    fn every_field_is_read_as_the_model_reads_it() {
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let text = format!(
            r#"{{"v":1,"fp":"sha256:{digest}","alt_keys":["kid:K"],"length":40,"token_type":"sts","provider":"p","iss":"i","jti":"j","kid":"k",
            "family_id":"f","parent_fp":"{digest}","generation":3,"issued_to":{{"agent_id":"a","client_id":"c"}},"actor_chain":["x"],"tools":["t*"],
            "scope":"read write","aud":"https://a.example","cnf":{{"jkt":"x"}},"issued_at":1772445600,"not_before":null,"expires_at":"2026-03-02T11:00:00Z",
            "max_uses":1,"bound_networks":["192.0.2.0/24"],"bound_asn":[64500],"bound_ua":["ua"],"long_lived_ok":true,"shared_ok":false,
            "exception_until":"2026-03-02T11:00:00Z","revoked_at":1772445600000,"revoked_reason":"r","issuer_event":{{"id":1}},"team":"\u0070ay"}}"#
        );
        let record = from_text(&text).expect("because it is a record");
        assert_eq!(Some(&record), serde_json::from_str::<Issuance>(&text).ok().as_ref());
        let map = serde_json::from_str(&text).expect("because it is an object");
        assert_eq!(from_map(map), Ok(record));
        assert_eq!(from_text("{}").ok(), Some(Issuance::default()));
    }

    #[test]
    fn faults_name_the_field_and_never_the_value() {
        let secret = "correct-horse-battery";
        for (text, expected) in [
            (format!(r#"{{"fp":"{secret}"}}"#), "`fp` is not"),
            (format!(r#"{{"alt_keys":["{secret}"]}}"#), "`alt_keys` is not"),
            (format!(r#"{{"issued_at":"{secret}"}}"#), "`issued_at` is not"),
            (format!(r#"{{"iss":"{secret}","iss":"{secret}"}}"#), "`iss` is given twice"),
            (format!(r#"{{"iss":"{secret}"#), "breaks off"),
            (format!(r#"{{"iss":{secret}}}"#), "no JSON at column 8"),
            (format!(r#"["{secret}"]"#), "no JSON object"),
            (format!(r#"{{"iss":"{secret}"}} x"#), "no JSON at column"),
            (r#"{"v":2}"#.to_owned(), "`v` is 2"),
        ] {
            let message = from_text(&text).expect_err("because it is wrong").to_string();
            assert!(message.contains(expected) && message.contains("hint:") && !message.contains(secret), "{text}: {message}");
        }
        assert_eq!(from_text("{\"iss\":\"\\ud800\"}").map_err(|fault| matches!(fault, Fault::Syntax { .. } | Fault::Field { .. })), Err(true));
    }
}
