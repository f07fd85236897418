//! Rule files of kingfisher: YAML with a list `rules`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::{Error, Spanned, from_str_with_options, options};

use crate::model::grade::Confidence;
use crate::rules::byte_set::ByteSet;
use crate::rules::foreign::allowance::{Allowance, Target, words};
use crate::rules::foreign::demands::Demands;
use crate::rules::foreign::fields::Fields;
use crate::rules::foreign::foreign_rule::{ForeignRule, id};
use crate::rules::foreign::note::Note;
use crate::rules::foreign::reading::Pick;
use crate::rules::foreign::syntax::Dialect;

/// The name in front of the ids.
const TOOL: &str = "kingfisher";
/// What only tells people something, or is for its own tests.
const TELLING: [&str; 5] = ["references", "examples", "negative_examples", "categories", "description"];
/// What counts as special where a rule does not list it.
const SPECIAL: &str = "!@#$%^&*()_+-=[]{}|;:'\",.<>?/\\`~";

#[derive(Deserialize)]
struct File {
    rules: Vec<Spanned<Map<String, Value>>>,
}

/// Parses YAML as it stands.
///
/// # Errors
///
/// What the parser says, with the place.
pub fn parse(text: &str) -> Result<Value, Error> {
    from_str_with_options(text, options! { with_snippet: false })
}

/// Whether a file's tables are those of kingfisher: a list `rules`, of which some have a pattern.
#[must_use]
pub fn is_ours(file: &Value) -> bool {
    file.get("rules").and_then(Value::as_array).is_some_and(|rules| rules.is_empty() || rules.iter().any(|rule| rule.get("pattern").is_some()))
}

/// The rules of a file, and what of it is not honoured.
///
/// # Errors
///
/// What the parser says, with the place.
pub fn read(file: &str, text: &str, notes: &mut Vec<Note>) -> Result<Vec<ForeignRule>, Error> {
    let parsed: File = from_str_with_options(text, options! { with_snippet: false })?;
    let rules = parsed.rules.into_iter().map(|rule| (rule.defined.line(), rule.value));
    Ok(rules.filter_map(|(line, rule)| self::rule(Fields::new(file, usize::try_from(line).unwrap_or(1), rule), notes)).collect())
}

fn rule(mut fields: Fields, notes: &mut Vec<Note>) -> Option<ForeignRule> {
    let own_id = fields.own_id(TOOL, notes)?;
    let Some(pattern) = fields.text("pattern") else {
        fields.skip("it has no expression", notes);
        return None;
    };
    if fields.truth("visible") == Some(false) {
        fields.skip("its own tool does not report it, but uses it to complete another rule", notes);
        return None;
    }
    let references = fields.texts("references");
    fields.pass_over(&TELLING);
    let mut demands = Demands { entropy: fields.number("min_entropy").filter(|least| *least > 0.0), ..Demands::default() };
    for table in fields.tables("pattern_requirements") {
        require(fields.inner(table), &mut demands, notes);
    }
    let rule = ForeignRule {
        id: id(TOOL, &own_id),
        line: fields.line,
        tool: TOOL,
        name: fields.text("name").unwrap_or_else(|| own_id.clone()),
        description: String::new(),
        reference: references.into_iter().next(),
        pattern,
        dialect: Dialect::Rust,
        pick: Pick::Token,
        keywords: Vec::new(),
        confidence: match fields.text("confidence").as_deref() {
            Some("low") => Confidence::Low,
            Some("high") => Confidence::High,
            _ => Confidence::Medium,
        },
        demands,
    };
    fields.name_rest("", notes);
    Some(rule)
}

/// Adds what a rule requires of the characters of a secret.
fn require(mut fields: Fields, demands: &mut Demands, notes: &mut Vec<Note>) {
    let special = fields.text("special_chars").unwrap_or_else(|| SPECIAL.to_owned());
    for (name, set) in [
        ("min_digits", "0123456789"),
        ("min_lowercase", "abcdefghijklmnopqrstuvwxyz"),
        ("min_uppercase", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        ("min_special_chars", special.as_str()),
    ] {
        if let Some(least) = fields.count(name) {
            demands.least.push((ByteSet::empty().with(set.as_bytes()), least as usize));
        }
    }
    if let Some(words) = words(&fields.texts("ignore_if_contains")) {
        demands.allowances.push(Arc::new(Allowance { words: Some((Target::Secret, words)), ..Allowance::default() }));
    }
    fields.name_rest("pattern_requirements.", notes);
}
