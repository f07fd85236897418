//! Mapping files: which column or JSON pointer of a file holds which field of the record.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::ledger::import::cells::{self, Encoding, FIELDS};
use crate::ledger::import::fault::Fault;
use crate::ledger::import::raw_token;

/// Which column or JSON pointer holds which field; columns that are not named are left out, because they may hold secrets.
#[derive(Clone, PartialEq, Debug)]
pub struct Mapping {
    fields: BTreeMap<String, String>,
    constants: BTreeMap<String, Value>,
    encoding: Option<Encoding>,
}

/// What can be wrong with a mapping file.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// No TOML, an unknown key, or a value of the wrong type.
    #[error("the mapping cannot be read: {source}\nhint: write `[fields]` with lines such as `fp = \"token_hash\"`, and `[constants]`")]
    Toml {
        /// What the parser said, with line and column.
        source: Box<toml::de::Error>,
    },
    /// A field that the record does not have.
    #[error("`{table}.{field}` is no field of an issued-token record\nhint: {hint}")]
    Field {
        /// The table it stands in.
        table: &'static str,
        /// The field.
        field: String,
        /// The field that was probably meant.
        hint: String,
    },
    /// A field whose source is not a text.
    #[error("`fields.{field}` is no text\nhint: write the name of a column, or a JSON pointer such as `/data/token_hash`")]
    Source {
        /// The field.
        field: String,
    },
    /// A field from a column and as a constant.
    #[error("`{field}` stands in `fields` and in `constants`\nhint: leave one of them out")]
    Twice {
        /// The field.
        field: String,
    },
    /// No field that names a token.
    #[error("the mapping names no token\nhint: map `fp`, `alt_keys` or `jti`, or a raw token as `token`")]
    NoKey,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    fields: toml::Table,
    #[serde(default)]
    constants: toml::Table,
    fp_encoding: Option<Encoding>,
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let written: Written = toml::from_str(text).map_err(|source| MappingError::Toml { source: Box::new(source) })?;
        let mut fields = BTreeMap::new();
        for (field, value) in flatten("fields", written.fields)? {
            let toml::Value::String(source) = value else { return Err(MappingError::Source { field }) };
            fields.insert(field, source);
        }
        let mut constants = BTreeMap::new();
        for (field, value) in flatten("constants", written.constants)? {
            if fields.contains_key(&field) {
                return Err(MappingError::Twice { field });
            }
            let value = serde_json::to_value(value).expect("because TOML's values are JSON's");
            constants.insert(field, value);
        }
        if !fields.keys().any(|field| cells::names_token(field)) {
            return Err(MappingError::NoKey);
        }
        Ok(Self { fields, constants, encoding: written.fp_encoding })
    }

    /// The record of one row or object, whose values are found by the mapping's names.
    ///
    /// # Errors
    ///
    /// A value that its field cannot hold.
    pub fn map(&self, find: &dyn Fn(&str) -> Option<Value>) -> Result<Map<String, Value>, Fault> {
        let mut record = Map::new();
        for (field, value) in &self.constants {
            cells::put(&mut record, field, value.clone(), None)?;
        }
        for (field, source) in &self.fields {
            if let Some(value) = find(source).filter(|value| !value.is_null()) {
                cells::put(&mut record, field, value, self.encoding)?;
            }
        }
        Ok(record)
    }
}

/// The fields of a table, `issued_to.agent_id` written with quotes or as nested tables.
fn flatten(table: &'static str, entries: toml::Table) -> Result<Vec<(String, toml::Value)>, MappingError> {
    let mut flat = Vec::new();
    for (name, value) in entries {
        match value {
            toml::Value::Table(inner) if name == "issued_to" => {
                flat.extend(inner.into_iter().map(|(inner, value)| (format!("issued_to.{inner}"), value)));
            }
            value => flat.push((name, value)),
        }
    }
    match flat.iter().find(|(field, _)| cells::shape(field).is_none()) {
        Some((field, _)) => Err(MappingError::Field { table, hint: suggest(field), field: field.clone() }),
        None => Ok(flat),
    }
}

fn suggest(field: &str) -> String {
    let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    let names = FIELDS.iter().chain([("token", cells::Shape::Text)].iter()).map(|(name, _)| *name);
    let near = names.map(|name| (strsim::jaro_winkler(&last(name), &last(field)), name)).max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((likeness, name)) if likeness > 0.75 => format!("did you mean `{name}`?"),
        _ => format!("fields are those of the record, or a raw token as `{}`", raw_token::NAMES[0].0),
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::import::mapping::Mapping;

    #[test]
    fn both_spellings_of_issued_to_are_read() {
        let quoted = Mapping::parse("[fields]\nfp = \"h\"\n\"issued_to.agent_id\" = \"agent\"\n").expect("because it is well formed");
        let dotted = Mapping::parse("[fields]\nfp = \"h\"\nissued_to.agent_id = \"agent\"\n").expect("because it is well formed");
        assert_eq!(quoted, dotted);
    }

    #[test]
    fn errors_say_where_and_how_to_mend() {
        for (text, expected) in [
            ("[fields", "cannot be read"),
            ("fp_encoding = \"base32\"", "base32"),
            ("[field]\nfp = \"h\"", "unknown field `field`"),
            ("[fields]\nexpire_at = \"x\"", "did you mean `expires_at`"),
            ("[fields]\nissued_to.agent = \"x\"", "did you mean `issued_to.agent_id`"),
            ("[fields]\nfp = 1", "`fields.fp` is no text"),
            ("[fields]\nfp = \"h\"\n[constants]\nfp = \"h\"", "stands in `fields` and in `constants`"),
            ("[constants]\niss = \"x\"", "names no token"),
        ] {
            let message = Mapping::parse(text).expect_err("because it is wrong").to_string();
            assert!(message.contains(expected) && message.contains("hint:"), "{text}: {message}");
        }
    }
}
