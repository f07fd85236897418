//! A rule of another tool -> rules of ours: the secret alone as pattern, what stands before it as context.

use std::sync::Arc;

use regex_syntax::hir::Hir;

use crate::model::carrier::CarrierKind;
use crate::model::grade::Severity;
use crate::model::rule_info::TokenKind;
use crate::rules::check::{Flaw, check};
use crate::rules::foreign::context::{by_keywords, context};
use crate::rules::foreign::foreign_rule::ForeignRule;
use crate::rules::foreign::note::What;
use crate::rules::foreign::print::pattern;
use crate::rules::foreign::reading::readings;
use crate::rules::foreign::syntax::{Dialect, LIMITS, bounded, parse};
use crate::rules::load::WrittenRule;
use crate::rules::rule::{MIN_RUN, Rule};
use crate::rules::shape::Shape;
use crate::rules::spec::{Claims, Context, RuleFile, RuleSpec};

/// What became of a rule.
pub struct Translation {
    /// Our rules: more than one where its alternatives have different contexts.
    pub rules: Vec<WrittenRule>,
    /// What is otherwise than in its own tool.
    pub notes: Vec<What>,
}

/// Translates a rule.
///
/// # Errors
///
/// Why it cannot be translated.
pub fn translate(file: &str, foreign: &ForeignRule) -> Result<Translation, String> {
    let hir = parse(&foreign.pattern, foreign.dialect)?;
    let mut why = String::new();
    for limit in LIMITS {
        match within(file, foreign, &bounded(&hir, limit)) {
            Ok(translation) => return Ok(translation),
            Err(flaw) => why = flaw,
        }
    }
    Err(why)
}

/// Alternatives of a secret that have the same context.
struct Group {
    context: Context,
    patterns: Vec<String>,
}

fn within(file: &str, foreign: &ForeignRule, hir: &Hir) -> Result<Translation, String> {
    let mut notes = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    for reading in readings(hir, foreign.pick)? {
        if reading.is_joined && notes.is_empty() {
            let what = "its secret is taken together with the text that adjoins it";
            notes.push(What::Otherwise(what.to_owned()));
        }
        let pattern = pattern(&Hir::concat(reading.secret.clone()));
        let context = context(&reading, &foreign.keywords, &shapes(&pattern));
        match groups.iter_mut().find(|group| group.context == context) {
            Some(group) if group.patterns.contains(&pattern) => {}
            Some(group) => group.patterns.push(pattern),
            None => groups.push(Group { context, patterns: vec![pattern] }),
        }
    }
    let rules = groups.iter().enumerate().map(|(at, group)| written(file, foreign, at, group)).collect::<Result<Vec<_>, _>>()?;
    if rules.is_empty() {
        return Err("it has no secret".to_owned());
    }
    if rules.iter().any(|written| is_short(&written.rule)) {
        notes.push(What::Otherwise(format!(
            "its secret has fewer than {MIN_RUN} characters: it is found only after names with `secret`, `passw`, `pwd` or `auth`"
        )));
    }
    Ok(Translation { rules, notes })
}

/// The shapes of a secret; none where it has none, as `check` will say.
fn shapes(pattern: &str) -> Vec<Shape> {
    parse(pattern, Dialect::Rust).ok().and_then(|hir| Shape::alternatives(&hir).ok()).unwrap_or_default()
}

fn is_short(rule: &Rule) -> bool {
    rule.is_contextual() && rule.alternatives.iter().all(|alternative| alternative.shape.max_len() < MIN_RUN)
}

/// A checked rule; where its format has nothing to begin the search with, in the context of its keywords.
fn written(file: &str, foreign: &ForeignRule, at: usize, group: &Group) -> Result<WrittenRule, String> {
    let pattern = format!("(?<secret>{})", group.patterns.join("|"));
    let (spec, rule) = checked(foreign, at, &pattern, group.context.clone()).or_else(|flaw| {
        let further = by_keywords(&foreign.keywords);
        if group.context.is_empty() && !further.is_empty() { checked(foreign, at, &pattern, further) } else { Err(flaw) }
    }).map_err(|flaw| flaw.message)?;
    let rule = Rule { terms: Some(Arc::new(foreign.demands.clone())), ..rule };
    Ok(WrittenRule { file: file.to_owned(), rule, positive: spec.positive, negative: spec.negative })
}

fn checked(foreign: &ForeignRule, at: usize, pattern: &str, context: Context) -> Result<(RuleSpec, Rule), Flaw> {
    let reference = foreign.reference.as_ref().map_or_else(String::new, |page| format!(" See {page}"));
    let issuer = RuleFile {
        provider: format!("named by a rule of {}", foreign.tool),
        remedy: format!("Revoke the credential where it was issued, issue a new one, and look through the issuer's log for its use.{reference}"),
        revocation_url: String::new(),
        rules: Vec::new(),
    };
    let spec = RuleSpec {
        id: if at == 0 { foreign.id.clone() } else { format!("{}-{}", foreign.id, at + 1) },
        name: foreign.name.clone(),
        description: foreign.description.clone(),
        kind: TokenKind::Bearer,
        severity: Severity::High,
        confidence: foreign.confidence,
        pattern: pattern.to_owned(),
        positive: positive(&context),
        negative: ["nothing of the kind", "key=<b62:3>"].map(str::to_owned).to_vec(),
        context,
        check: None,
        claims: Claims::default(),
        provider: None,
        remedy: None,
        revocation_url: None,
    };
    let rule = check(&issuer, &spec)?;
    Ok((spec, rule))
}

/// Texts in which the rule must find its secret.
fn positive(context: &Context) -> Vec<String> {
    let (word, name) = (context.keywords.first().map_or("", String::as_str), context.names.first().map_or("", String::as_str));
    let texts = match (word, name) {
        _ if context.carriers.contains(&CarrierKind::Userinfo) => {
            let scheme = if word.is_empty() { "https" } else { word };
            [format!("{scheme}://app:<secret>@host.internal/"), format!("url = \"{scheme}://app:<secret>@host.internal:8080/x\"")]
        }
        ("", "") => ["key=<secret>".to_owned(), r#"{"value": "<secret>"}"#.to_owned()],
        ("", "bearer") => ["Authorization: Bearer <secret>".to_owned(), r#""Authorization": "Bearer <secret>""#.to_owned()],
        (word, name) => {
            let name = if name.is_empty() { word } else { name };
            [format!("# {word}\n{name}_secret = \"<secret>\""), format!("# {word}\nexport {name}_secret=<secret>")]
        }
    };
    texts.to_vec()
}
