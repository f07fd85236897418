//! The fields of one table of a foreign file: taken one by one, so that what remains can be named.

use serde_json::{Map, Value};

use crate::rules::foreign::foreign_rule::id;
use crate::rules::foreign::note::{Note, What};

/// The fields of a table that nobody has taken yet.
pub struct Fields<'a> {
    file: &'a str,
    /// The table's line, from 1.
    pub line: usize,
    /// The rule's id, as we call it; none outside of rules.
    pub rule: Option<String>,
    untaken: Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The fields of a table; their names in lower case, since some tools read them so.
    #[must_use]
    pub fn new(file: &'a str, line: usize, fields: Map<String, Value>) -> Self {
        let untaken = fields.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        Self { file, line, rule: None, untaken }
    }

    /// The fields of a table inside this one.
    #[must_use]
    pub fn inner(&self, fields: Map<String, Value>) -> Self {
        Self { rule: self.rule.clone(), ..Self::new(self.file, self.line, fields) }
    }

    /// Takes the rule's own id, by which notes name it as ours from here on; a rule without one is skipped.
    pub fn own_id(&mut self, tool: &str, notes: &mut Vec<Note>) -> Option<String> {
        let own_id = self.text("id").unwrap_or_default();
        self.rule = Some(id(tool, &own_id));
        if own_id.is_empty() {
            self.skip("it has no id", notes);
            return None;
        }
        Some(own_id)
    }

    /// Says why the rule is skipped.
    pub fn skip(&self, why: &str, notes: &mut Vec<Note>) {
        notes.push(self.note(What::Skipped(why.to_owned())));
    }

    /// A note about this table.
    #[must_use]
    pub fn note(&self, what: What) -> Note {
        Note { file: self.file.to_owned(), line: self.line, rule: self.rule.clone(), what }
    }

    /// Whether a field is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.untaken.contains_key(name)
    }

    /// Takes a text; a value of another type stays, to be named.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.take_if(name, |value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    }

    /// Takes a number, also one that is written as a text.
    pub fn number(&mut self, name: &str) -> Option<f64> {
        self.take_if(name, |value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()))
    }

    /// Takes how many, where it is more than none.
    pub fn count(&mut self, name: &str) -> Option<u32> {
        let count = self.take_if(name, |value| value.as_u64().or_else(|| value.as_str()?.trim().parse().ok()));
        count.and_then(|count| u32::try_from(count).ok()).filter(|count| *count > 0)
    }

    /// Takes a yes or no.
    pub fn truth(&mut self, name: &str) -> Option<bool> {
        self.take_if(name, Value::as_bool)
    }

    /// Takes a list of texts, or one text.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        let texts = self.take_if(name, |value| match value {
            Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
            Value::String(text) => Some(vec![text.clone()]),
            _ => None,
        });
        texts.unwrap_or_default()
    }

    /// Takes a list of tables, or one table.
    pub fn tables(&mut self, name: &str) -> Vec<Map<String, Value>> {
        let tables = self.take_if(name, |value| match value {
            Value::Array(items) => items.iter().map(|item| item.as_object().cloned()).collect(),
            Value::Object(table) => Some(vec![table.clone()]),
            _ => None,
        });
        tables.unwrap_or_default()
    }

    /// Forgets fields that tell people something and change nothing.
    pub fn pass_over(&mut self, names: &[&str]) {
        self.untaken.retain(|name, _| !names.contains(&name.as_str()));
    }

    /// Names what nobody has taken.
    pub fn name_rest(self, prefix: &str, notes: &mut Vec<Note>) {
        notes.extend(self.untaken.keys().map(|name| self.note(What::left_out(&format!("{prefix}{name}")))));
    }

    fn take_if<T>(&mut self, name: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let read = self.untaken.get(name).and_then(read)?;
        self.untaken.remove(name);
        Some(read)
    }
}
