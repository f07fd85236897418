//! A line of a block: a name and fields `name=value`.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::model::instant::Instant;
use crate::pipeline::story::block::words;
use crate::pipeline::story::error::Fault;

/// A name, such as `T1`, and its fields.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fields {
    /// The first word.
    pub name: String,
    fields: Vec<(String, String)>,
}

impl Fields {
    /// Reads a line; a field without `=` is `true`.
    ///
    /// # Errors
    ///
    /// A line without a word.
    pub fn read(line: &str) -> Result<Self, Fault> {
        let mut words = words(line).into_iter();
        let name = words.next().ok_or_else(|| Fault::new("an empty line", "write a name and fields, such as `T1  at=10:00`"))?;
        let field = |word: &str| {
            let (name, value) = word.split_once('=').unwrap_or((word, "true"));
            (name.to_owned(), value.to_owned())
        };
        Ok(Self { name: name.to_owned(), fields: words.map(field).collect() })
    }

    /// A field's value.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| unquoted(value))
    }

    /// Whether there is such a field.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.text(name).is_some()
    }

    /// All fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), unquoted(value)))
    }

    /// A time that must be there.
    ///
    /// # Errors
    ///
    /// There is none, or it is no time.
    pub fn time(&self, name: &str) -> Result<Instant, Fault> {
        let text = self.text(name).ok_or_else(|| Fault::new(format!("`{}` has no `{name}=`", self.name), format!("write `{name}=10:00`")))?;
        time(text)
    }

    /// Refuses fields that are not among these; of `a.b` the part before the point counts.
    ///
    /// # Errors
    ///
    /// A field that is not known.
    pub fn only(&self, known: &[&str]) -> Result<(), Fault> {
        let outer = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        match self.fields.iter().find(|(name, _)| !known.contains(&outer(name).as_str())) {
            Some((name, _)) => Err(Fault::new(format!("a field `{name}` is not known here"), format!("fields are {}", known.join(", ")))),
            None => Ok(()),
        }
    }

    /// The fields as an object: `a.b=c` goes into an object `a`, times are written by `write`, JSON is taken as JSON.
    #[must_use]
    pub fn object(&self, write: fn(Instant) -> Value) -> Map<String, Value> {
        let mut object = Map::new();
        for (name, text) in &self.fields {
            let value = as_time(text).map(write).or_else(|| serde_json::from_str(text).ok()).unwrap_or_else(|| json!(text));
            match name.split_once('.') {
                Some((outer, inner)) => {
                    object.entry(outer).or_insert_with(|| json!({}))[inner] = value;
                }
                None => {
                    object.insert(name.clone(), value);
                }
            }
        }
        object
    }
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}

/// Reads a value into a type.
///
/// # Errors
///
/// The value is none of that type.
pub fn parse<T: DeserializeOwned>(value: Value) -> Result<T, Fault> {
    let shown = value.to_string();
    serde_json::from_value(value)
        .map_err(|error| Fault::new(format!("{shown}: {error}"), "fields have the names and values of our records (docs/formats.md)"))
}

/// `10:00` or `10:00:30` on the first day, `3/10:00` on the third, `-2/10:00` three days before the first.
///
/// # Errors
///
/// It is no such time.
pub fn time(text: &str) -> Result<Instant, Fault> {
    as_time(text).ok_or_else(|| Fault::new(format!("`{text}` is no time"), "write `10:00`, `10:00:30`, or `3/10:00` for the third day"))
}

fn as_time(text: &str) -> Option<Instant> {
    let (day, clock) = text.split_once('/').unwrap_or(("1", text));
    let clock = if clock.len() == 5 { format!("{clock}:00") } else { clock.to_owned() };
    let first = Instant::from_text(&format!("2026-03-02T{clock}Z"))?;
    Instant::from_number(first.seconds() + (day.parse::<i64>().ok()? - 1) * 86_400)
}
