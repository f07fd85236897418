//! Mapping files: which keys of a log's JSON objects hold which field of the record, and which hold the token.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::exposure::PlaceKind;
use crate::model::text::Text;
use crate::model::token_use::{Outcome, Presented, Record, Scheme};
use crate::observe::json::{Json, at};
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::value::Object;
use crate::observe::{credential, request, token_use};

/// Fields of the record that may be mapped.
const FIELDS: [&str; 35] = [
    "time",
    "time_quality",
    "outcome",
    "status_code",
    "principal",
    "agent_id",
    "client_id",
    "user",
    "tenant",
    "session_id",
    "session_src",
    "task_id",
    "run_id",
    "trace_id",
    "span_id",
    "request_id",
    "rpc_id",
    "tool",
    "method",
    "aud",
    "resource",
    "scope_required",
    "source_ip",
    "peer_ip",
    "forwarded_for",
    "asn",
    "geo",
    "user_agent",
    "ja4",
    "tls_client_x5t",
    "on_behalf_of",
    "header_method",
    "header_name",
    "url",
    "record_id",
];

/// Which keys hold what, in the logs of one service.
#[derive(Clone, PartialEq, Debug)]
pub struct Mapping {
    /// Its name in records and reports.
    pub name: String,
    matches: Vec<(Path, Option<String>)>,
    fields: Vec<(String, Path)>,
    constants: Vec<(String, String)>,
    credentials: Vec<Credential>,
    place: Option<PlaceKind>,
}

/// Keys on the way to a value.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Path {
    written: String,
    keys: Vec<String>,
}

/// Where a token stands, and how it was presented.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Credential {
    path: Path,
    carrier: Carrier,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Carrier {
    /// The value of this header.
    Header(String),
    /// A query or a form with its names.
    Query,
    /// The token alone, or its fingerprint.
    Token(Scheme),
}

/// What can be wrong with a mapping file.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// No TOML, an unknown key, or a value of the wrong type.
    #[error(
        "the mapping cannot be read: {source}\nhint: write `[fields]` with lines such as `time = \"ts\"`, and `[[credential]]` with `path` and `scheme`"
    )]
    Toml {
        /// What the parser said, with line and column.
        source: Box<toml::de::Error>,
    },
    /// A field that the record does not have.
    #[error("`{table}.{field}` is no field of a token-use record\nhint: {hint}")]
    Field {
        /// The table it stands in.
        table: &'static str,
        /// The field.
        field: String,
        /// The field that was probably meant.
        hint: String,
    },
    /// A path without a key.
    #[error(
        "`{place}` holds no path\nhint: write keys with dots between them, such as `request.headers.authorization`, or a JSON pointer such as `/a.b/c`"
    )]
    Path {
        /// Where it stands.
        place: String,
    },
    /// A field from a key and as a constant.
    #[error("`{field}` stands in `fields` and in `constants`\nhint: leave one of them out")]
    Twice {
        /// The field.
        field: String,
    },
    /// A scheme that there is not.
    #[error(
        "`{scheme}` is no scheme, for the credential at `{path}`\nhint: one of `authorization`, `bearer`, `dpop`, `basic`, `cookie`, `query`, `token`, `header:<name>`"
    )]
    Scheme {
        /// As it was written.
        scheme: String,
        /// The credential's path.
        path: String,
    },
    /// No token: then there is nothing to judge.
    #[error("the mapping names no token\nhint: add `[[credential]]` with `path` and `scheme`")]
    NoCredential,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    name: Option<String>,
    #[serde(default, rename = "match")]
    matches: BTreeMap<String, toml::Value>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default)]
    constants: BTreeMap<String, String>,
    #[serde(default)]
    credential: Vec<WrittenCredential>,
    place: Option<PlaceKind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCredential {
    path: String,
    scheme: String,
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let written: Written = toml::from_str(text).map_err(|source| MappingError::Toml { source: Box::new(source) })?;
        check_fields("fields", written.fields.keys())?;
        check_fields("constants", written.constants.keys())?;
        if let Some(field) = written.constants.keys().find(|field| written.fields.contains_key(*field)) {
            return Err(MappingError::Twice { field: field.clone() });
        }
        if written.credential.is_empty() {
            return Err(MappingError::NoCredential);
        }
        let fields = written.fields.into_iter().map(|(field, source)| Ok((path(&source, || format!("fields.{field}"))?, field)));
        let matches = written.matches.into_iter().map(|(source, value)| Ok((path(&source, || format!("match.{source}"))?, wanted(value))));
        Ok(Self {
            name: written.name.unwrap_or_else(|| "mapping".to_owned()),
            matches: matches.collect::<Result<_, MappingError>>()?,
            fields: fields.map(|one| one.map(|(path, field)| (field, path))).collect::<Result<_, MappingError>>()?,
            constants: written.constants.into_iter().collect(),
            credentials: written.credential.into_iter().map(credential).collect::<Result<_, MappingError>>()?,
            place: written.place,
        })
    }

    /// Whether an object is a record of this log: it has what `match` says; without a `match`, the place of a credential or of the time.
    #[must_use]
    pub fn recognizes(&self, value: &Json<'_>) -> bool {
        let has = |path: &Path| path.find(value).is_some();
        if self.matches.is_empty() {
            return self.credentials.iter().any(|one| has(&one.path)) || self.fields.iter().any(|(field, path)| field == "time" && has(path));
        }
        self.matches.iter().all(|(path, wanted)| {
            path.find(value).is_some_and(|found| wanted.as_ref().is_none_or(|wanted| written(found).is_some_and(|found| found == *wanted)))
        })
    }

    /// What a record says.
    pub fn read<'b>(&self, value: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
        let mapped = self.fields.iter().filter_map(|(field, path)| Some((field.as_str(), *path.find(value)?)));
        let constant = self.constants.iter().map(|(field, text)| (field.as_str(), Json::Str(text)));
        // The record's own names are those of our own log, whose reader does the rest.
        let own: Vec<(&str, Json<'_>)> = mapped.chain(constant).collect();
        let own = Json::Object(Object::new(&own));
        let mut record = token_use::record(&own);
        if let Some(status) = record.status_code.filter(|_| record.outcome == Outcome::Unknown) {
            request::absorb_status(&mut record, status);
        }
        record.place = self.place;
        let mut presented = Vec::new();
        for one in &self.credentials {
            let texts = one.path.find(value).map(|value| value.as_array().unwrap_or_else(|| std::slice::from_ref(value))).unwrap_or_default();
            for text in texts.iter().filter_map(Json::as_str) {
                match &one.carrier {
                    Carrier::Header(name) => request::absorb(&mut record, &mut presented, name, text),
                    Carrier::Query => presented.extend(credential::query(text.split_once('?').map_or(text, |(_, query)| query))),
                    Carrier::Token(scheme) => presented.extend(credential::token(text, scheme.clone())),
                }
            }
        }
        if let Some(url) = at(&own, &["url"]).and_then(Json::as_str) {
            request::absorb_url(&mut record, &mut presented, url);
        }
        say(Said::Record(Box::new(observed(&own, record, presented))));
    }
}

fn observed(own: &Json<'_>, record: Box<Record>, presented: Vec<Presented>) -> Observation {
    Observation { record_id: at(own, &["record_id"]).and_then(written).map(Text::from), ..Observation::new(record, presented) }
}

impl Path {
    /// The value under this path; a key that holds dots itself is found too.
    fn find<'b, 'a>(&self, value: &'b Json<'a>) -> Option<&'b Json<'a>> {
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        at(value, &[self.written.as_str()]).or_else(|| at(value, &keys))
    }
}

fn path(text: &str, place: impl Fn() -> String) -> Result<Path, MappingError> {
    let keys: Vec<String> = match text.strip_prefix('/') {
        Some(pointer) => pointer.split('/').map(|key| key.replace("~1", "/").replace("~0", "~")).collect(),
        None => text.split('.').map(str::to_owned).collect(),
    };
    if keys.iter().any(String::is_empty) {
        return Err(MappingError::Path { place: place() });
    }
    Ok(Path { written: text.to_owned(), keys })
}

/// What `match` asks of a value; `true` asks only that there is one.
fn wanted(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::Boolean(true) => None,
        toml::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

fn written(value: &Json<'_>) -> Option<String> {
    match value {
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(truth) => Some(truth.to_string()),
        other => other.as_str().map(str::to_owned),
    }
}

fn credential(written: WrittenCredential) -> Result<Credential, MappingError> {
    let WrittenCredential { path: source, scheme } = written;
    let carrier = match scheme.to_ascii_lowercase().as_str() {
        "authorization" => Carrier::Header("authorization".to_owned()),
        "cookie" => Carrier::Header("cookie".to_owned()),
        "query" => Carrier::Query,
        "token" | "fingerprint" => Carrier::Token(Scheme::Unknown),
        "bearer" => Carrier::Token(Scheme::Bearer),
        "dpop" => Carrier::Token(Scheme::Dpop),
        "basic" => Carrier::Token(Scheme::Basic),
        other => match other.strip_prefix("header:").map(str::trim).filter(|name| !name.is_empty()) {
            Some(name) => Carrier::Token(Scheme::Header(name.into())),
            None => return Err(MappingError::Scheme { scheme, path: source }),
        },
    };
    Ok(Credential { path: path(&source, || "credential.path".to_owned())?, carrier })
}

fn check_fields<'f>(table: &'static str, mut fields: impl Iterator<Item = &'f String>) -> Result<(), MappingError> {
    fields.find(|field| !FIELDS.contains(&field.as_str())).map_or(Ok(()), |field| {
        let near = FIELDS.iter().map(|name| (strsim::jaro_winkler(name, field), name)).max_by(|a, b| a.0.total_cmp(&b.0));
        let hint = match near {
            Some((likeness, name)) if likeness > 0.75 => format!("did you mean `{name}`?"),
            _ => format!("fields are {}", FIELDS.join(", ")),
        };
        Err(MappingError::Field { table, field: field.clone(), hint })
    })
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use crate::model::token_use::{Outcome, Scheme};
    use crate::observe::json::parse;
    use crate::observe::mapping::Mapping;
    use crate::observe::observation::{Observation, Said, Thread};

    fn read(mapping: &str, line: &str) -> Observation {
        let mapping = Mapping::parse(mapping).expect("because it is well formed");
        let arena = Bump::new();
        let value = parse(line.as_bytes(), &arena).expect("because it is JSON");
        assert!(mapping.recognizes(&value), "{line}");
        let mut found = None;
        mapping.read(&value, &mut Thread::default(), &mut |said| {
            if let Said::Record(observation) = said {
                found = Some(*observation);
            }
        });
        found.expect("because every record is said")
    }

    #[test]
    fn keys_are_found_by_dots_and_by_pointers() {
        let token = "Zq3-".repeat(6);
        let mapping = "[match]\n\"event.kind\" = \"access\"\n[fields]\ntime = \"ts\"\ntool = \"call.tool\"\nstatus_code = \"/http.status/code\"\nurl = \"u\"\n\
                       [constants]\ntenant = \"acme\"\n[[credential]]\npath = \"call.auth\"\nscheme = \"authorization\"\n";
        let line = format!(
            r#"{{"event":{{"kind":"access"}},"ts":1772445600,"call":{{"tool":"search","auth":"Bearer {token}"}},"http.status":{{"code":401}},"u":"https://a.example/x"}}"#
        );
        let found = read(mapping, &line);
        assert_eq!((found.record.tool.as_deref(), found.record.tenant.as_deref()), (Some("search"), Some("acme")));
        assert_eq!((found.record.outcome, found.record.aud.as_deref()), (Outcome::Denied, Some("a.example")));
        assert_eq!(found.presented.iter().map(|one| &one.scheme).collect::<Vec<_>>(), [&Scheme::Bearer]);
    }

    #[test]
    fn errors_say_where_and_how_to_mend() {
        let credential = "\n[[credential]]\npath = \"a\"\nscheme = \"bearer\"";
        for (text, expected) in [
            ("[fields".to_owned(), "cannot be read"),
            (format!("[field]\na = \"x\"{credential}"), "unknown field `field`"),
            (format!("[fields]\nsession = \"x\"{credential}"), "did you mean `session_id`"),
            (format!("[fields]\ntime = \"a..b\"{credential}"), "`fields.time` holds no path"),
            (format!("[fields]\ntool = \"t\"\n[constants]\ntool = \"t\"{credential}"), "stands in `fields` and in `constants`"),
            ("[[credential]]\npath = \"a\"\nscheme = \"magic\"".to_owned(), "`magic` is no scheme"),
            ("[fields]\ntime = \"ts\"".to_owned(), "names no token"),
        ] {
            let message = Mapping::parse(&text).expect_err("because it is wrong").to_string();
            assert!(message.contains(expected) && message.contains("hint:"), "{text}: {message}");
        }
    }
}
