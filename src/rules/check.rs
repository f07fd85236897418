//! `RuleSpec` as written -> `Rule` checked: bounded, anchored, with examples.

use std::sync::Arc;

use regex_syntax::hir::{Hir, HirKind};

use crate::model::rule_info::RuleInfo;
use crate::rules::anchor::Anchor;
use crate::rules::byte_set::ByteSet;
use crate::rules::name_form::NameForm;
use crate::rules::rule::{Alternative, MAX_REACH, Rule};
use crate::rules::shape::{Shape, Unshapely};
use crate::rules::spec::{Partner, RuleFile, RuleSpec};

/// What is wrong with one field of a rule, and how to mend it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule `{rule}`: field `{field}`: {message}\nhint: {hint}")]
pub struct Flaw {
    /// The rule's id.
    pub rule: String,
    /// The field.
    pub field: &'static str,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: &'static str,
}

/// Checks one rule of a file.
///
/// # Errors
///
/// The first flaw.
pub fn check(file: &RuleFile, spec: &RuleSpec) -> Result<Rule, Flaw> {
    let flaw = |field, message: String, hint| Flaw { rule: spec.id.clone(), field, message, hint };
    let is_id_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if spec.id.is_empty() || !spec.id.chars().all(is_id_char) {
        return Err(flaw("id", "not a rule id".into(), "use lower case letters, digits and hyphens"));
    }
    for (field, examples) in [("positive", &spec.positive), ("negative", &spec.negative)] {
        if examples.len() < 2 {
            return Err(flaw(field, format!("{} examples", examples.len()), "give at least two"));
        }
    }
    if let Some(text) = spec.positive.iter().find(|text| !text.contains("<secret>")) {
        return Err(flaw(
            "positive",
            format!("no `<secret>` in `{}`", text.chars().take(12).collect::<String>()),
            "write `<secret>` where the token stands",
        ));
    }
    let is_lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_name = |written: &str| {
        let (_, name) = NameForm::read(written);
        !name.is_empty() && name.chars().all(is_lower)
    };
    if let Some(name) = spec.context.names.iter().find(|name| !is_name(name)) {
        return Err(flaw("context.names", format!("`{name}`"), "write lower case letters and digits, after `=` or `^` or before `$` if need be"));
    }
    if let Some(word) = spec.context.keywords.iter().find(|word| word.len() < 3 || !word.is_ascii()) {
        return Err(flaw("context.keywords", format!("`{word}`"), "use a word of at least three letters, such as the vendor's name"));
    }
    let lifetime = lifetime(&spec.lifetime)
        .ok_or_else(|| flaw("lifetime", format!("`{}`", spec.lifetime), "write a number and `m`, `h`, `d` or `y`, such as `90d`, or `chosen`"))?;
    let Partner { before, after, bare, needed } = &spec.partner;
    if (*bare || *needed) && before.is_empty() {
        return Err(flaw("partner", "no key id to go with".into(), "name the rule of the key id under `before`"));
    }
    if before.iter().chain(after).any(|id| *id == spec.id) {
        return Err(flaw("partner", "the rule itself".into(), "name the rules of the other parts"));
    }
    let hir = parse(&spec.pattern).map_err(|(message, hint)| flaw("pattern", message, hint))?;
    let shapes = Shape::alternatives(&hir).map_err(|why| {
        let (message, hint) = explain(why);
        flaw("pattern", message.into(), hint)
    })?;
    let alternatives = shapes
        .into_iter()
        .map(|shape| alternative(shape, !spec.context.is_empty()))
        .collect::<Result<_, _>>()
        .map_err(|(message, hint)| flaw("pattern", message, hint))?;
    Ok(Rule {
        info: Arc::new(info(file, spec)),
        description: spec.description.clone().into(),
        confidence: spec.confidence,
        lifetime: lifetime.into(),
        pattern: spec.pattern.clone().into(),
        alternatives,
        context: spec.context.clone(),
        partner: spec.partner.clone(),
        check: spec.check,
        claims: spec.claims.clone(),
        terms: None,
    })
}

/// A lifetime in words; none where it is not written as it should be.
fn lifetime(written: &str) -> Option<String> {
    match written {
        "" => Some(String::new()),
        "chosen" => Some("until the end that was chosen for it".to_owned()),
        _ => {
            let (number, unit) = written.split_at_checked(written.len() - 1)?;
            let unit = [("m", "minute"), ("h", "hour"), ("d", "day"), ("y", "year")].iter().find(|(short, _)| *short == unit)?.1;
            let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
            Some(format!("at most {number} {unit}{}", if number == 1 { "" } else { "s" }))
        }
    }
}

fn info(file: &RuleFile, spec: &RuleSpec) -> RuleInfo {
    let or = |own: &Option<String>, shared: &String| own.as_ref().unwrap_or(shared).clone().into();
    RuleInfo {
        id: spec.id.clone().into(),
        name: spec.name.clone().into(),
        provider: or(&spec.provider, &file.provider),
        kind: spec.kind,
        severity: spec.severity,
        remedy: or(&spec.remedy, &file.remedy),
        revocation_url: or(&spec.revocation_url, &file.revocation_url),
    }
}

/// Parses a pattern that is one capture named `secret`; the capture's content.
fn parse(pattern: &str) -> Result<Hir, (String, &'static str)> {
    const ONE: &str = "write `(?<secret>...)` around the whole pattern; carriers and boundaries are the scan's work";
    let hir = regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(pattern)
        .map_err(|e| (e.to_string(), "see the syntax of crate `regex`; Unicode classes are off"))?;
    match hir.kind() {
        HirKind::Capture(capture) if capture.name.as_deref() == Some("secret") => Ok((*capture.sub).clone()),
        _ => Err(("it is not one capture named `secret`".into(), ONE)),
    }
}

fn explain(why: Unshapely) -> (&'static str, &'static str) {
    match why {
        Unshapely::Unbounded => ("it is unbounded", "write `{min,max}` instead of `*`, `+` or `{min,}`"),
        Unshapely::Look => ("it has an assertion", "leave out `^`, `$` and `\\b`; the scan checks both boundaries"),
        Unshapely::TooMany => ("it has more than 64 alternatives", "split the rule in two"),
        Unshapely::Unicode => ("it has a class beyond ASCII", "list the bytes"),
        Unshapely::Empty => ("it can match nothing", "require at least one byte"),
    }
}

fn alternative(shape: Shape, contextual: bool) -> Result<Alternative, (String, &'static str)> {
    if shape.max_len() > MAX_REACH {
        return Err((format!("it reaches {} bytes", shape.max_len()), "at most 16384 bytes are allowed"));
    }
    let tail = shape.last_set().union(ByteSet::alnum());
    let anchor = if contextual { None } else { Anchor::of(&shape) };
    if anchor.is_none() && !contextual {
        return Err((
            "it has neither a literal nor a context".into(),
            "begin with the token's prefix, or say under `[rule.context]` what introduces it",
        ));
    }
    Ok(Alternative { shape, tail, anchor })
}
