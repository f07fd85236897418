//! Rule files of gitleaks and of betterleaks, which extends its format: TOML with `[[rules]]`.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use crate::model::grade::Confidence;
use crate::rules::foreign::allowance::{Allowance, Need, Target, expression, words};
use crate::rules::foreign::demands::Demands;
use crate::rules::foreign::fields::Fields;
use crate::rules::foreign::filter;
use crate::rules::foreign::foreign_rule::{ForeignRule, id};
use crate::rules::foreign::note::{Note, What};
use crate::rules::foreign::reading::Pick;
use crate::rules::foreign::syntax::Dialect;

/// The name in front of the ids.
const TOOL: &str = "gitleaks";
/// What only tells people something.
const TELLING: [&str; 6] = ["title", "description", "minversion", "betterleaksminversion", "tags", "severity"];

/// Only the rules, with their places.
#[derive(Deserialize)]
struct Rules {
    #[serde(default)]
    rules: Vec<Spanned<Map<String, Value>>>,
}

/// Whether a file's tables are those of gitleaks.
#[must_use]
pub fn is_ours(tables: &Map<String, Value>) -> bool {
    ["rules", "extend", "allowlist", "allowlists", "prefilter"].iter().any(|name| tables.contains_key(*name)) && !tables.contains_key("rule")
}

/// The rules of a file, and what of it is not honoured.
///
/// # Errors
///
/// What the parser says, with the offset.
pub fn read(file: &str, text: &str, notes: &mut Vec<Note>) -> Result<Vec<ForeignRule>, toml::de::Error> {
    let parsed: Rules = toml::from_str(text)?;
    let shared = shared(Fields::new(file, 1, toml::from_str(text)?), notes);
    let line = |offset: usize| text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
    let rules = parsed.rules.into_iter().map(|rule| (line(rule.span().start), rule.into_inner()));
    Ok(rules.filter_map(|(line, rule)| self::rule(Fields::new(file, line, rule), &shared, notes)).collect())
}

/// What a file says of all its rules, or of some by name.
#[derive(Default)]
struct Shared {
    all: Demands,
    some: HashMap<String, Vec<Arc<Allowance>>>,
}

fn shared(mut fields: Fields, notes: &mut Vec<Note>) -> Shared {
    fields.pass_over(&TELLING);
    fields.pass_over(&["rules"]);
    let mut shared = Shared::default();
    for table in fields.tables("extend") {
        let mut extend = fields.inner(table);
        if extend.truth("usedefault") == Some(true) {
            notes.push(fields.note(What::Otherwise("`extend.useDefault`: the built-in rules stand for those of the other tool".to_owned())));
        }
        extend.name_rest("extend.", notes);
    }
    for table in [fields.tables("allowlist"), fields.tables("allowlists")].concat() {
        let mut list = fields.inner(table);
        let targets = list.texts("targetrules");
        let Some(allowance) = allowance(list, notes) else { continue };
        if targets.is_empty() {
            shared.all.allowances.push(Arc::clone(&allowance));
        }
        for target in targets {
            shared.some.entry(target).or_default().push(Arc::clone(&allowance));
        }
    }
    filtered(&mut fields, &mut shared.all, notes);
    fields.name_rest("", notes);
    shared
}

fn rule(mut fields: Fields, shared: &Shared, notes: &mut Vec<Note>) -> Option<ForeignRule> {
    let own_id = fields.own_id(TOOL, notes)?;
    let Some(pattern) = fields.text("regex").filter(|pattern| !pattern.is_empty()) else {
        fields.skip("it has no expression, only other fields", notes);
        return None;
    };
    if fields.truth("skipreport") == Some(true) {
        fields.skip("its own tool does not report it, but uses it to complete another rule", notes);
        return None;
    }
    let description = fields.text("description").unwrap_or_default();
    fields.pass_over(&TELLING);
    let mut demands = shared.all.clone();
    demands.entropy = [demands.entropy, fields.number("entropy").filter(|least| *least > 0.0)].into_iter().flatten().reduce(f64::max);
    demands.allowances.extend(shared.some.get(&own_id).into_iter().flatten().cloned());
    for table in [fields.tables("allowlist"), fields.tables("allowlists")].concat() {
        demands.allowances.extend(allowance(fields.inner(table), notes));
    }
    filtered(&mut fields, &mut demands, notes);
    let rule = ForeignRule {
        id: id(TOOL, &own_id),
        line: fields.line,
        tool: TOOL,
        name: own_id,
        description,
        reference: None,
        pattern,
        dialect: Dialect::Go,
        pick: fields.count("secretgroup").map_or(Pick::First, Pick::Group),
        keywords: fields.texts("keywords"),
        confidence: Confidence::Medium,
        demands,
    };
    fields.name_rest("", notes);
    Some(rule)
}

/// Adds a betterleaks filter.
fn filtered(fields: &mut Fields, demands: &mut Demands, notes: &mut Vec<Note>) {
    let Some(text) = fields.text("filter") else { return };
    let unknown = filter::read(&text, demands);
    notes.extend(unknown.iter().map(|what| fields.note(What::LeftOut(format!("filter: {what}")))));
}

/// What a list lets pass; none where it wants what we do not know, such as a path.
fn allowance(mut fields: Fields, notes: &mut Vec<Note>) -> Option<Arc<Allowance>> {
    fields.pass_over(&["description"]);
    let need = match fields.text("condition").map(|condition| condition.to_ascii_lowercase()).as_deref() {
        Some("and" | "&&") => Need::Each,
        _ => Need::Any,
    };
    let target = match fields.text("regextarget").as_deref() {
        Some("match") => Target::Match,
        Some("line") => Target::Line,
        _ => Target::Secret,
    };
    let patterns = fields.texts("regexes");
    let expressions: Vec<_> = patterns.iter().filter_map(|pattern| expression(pattern, Dialect::Go)).map(|expression| (target, expression)).collect();
    if expressions.len() < patterns.len() {
        notes.push(fields.note(What::Otherwise("an expression of its allowlist cannot be understood and is left out".to_owned())));
    }
    let words = words(&fields.texts("stopwords")).map(|words| (Target::Secret, words));
    let wants_more = ["paths", "commits", "resources"].iter().any(|name| fields.has(name));
    fields.name_rest("allowlist.", notes);
    let allowance = Allowance { words, expressions, need };
    (!allowance.is_empty() && (need == Need::Any || !wants_more)).then(|| Arc::new(allowance))
}
