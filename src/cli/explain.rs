//! `beartrap explain`: what a rule or a detection asks, why it matters, what to do.

use std::io::Write;
use std::path::PathBuf;

use crate::cli::exit::Exit;
use crate::config::settings::rules;
use crate::detect::catalogue::get;
use crate::detect::detection::Detection;
use crate::detect::frameworks::Frameworks;
use crate::rules::rule::Rule;

/// Prints what is known of a detection or a rule.
///
/// # Errors
///
/// An unknown id, rules that cannot be loaded.
pub fn explain(id: &str, more: &[PathBuf]) -> anyhow::Result<Exit> {
    let (set, _) = rules(more, &[], &[])?;
    let text = match (get(id), set.get(id)) {
        (Ok(detection), _) => of_detection(detection),
        (Err(_), Ok(rule)) => of_rule(rule),
        (Err(error), Err(_)) if is_detection_id(id) => return Err(error.into()),
        (Err(_), Err(error)) => return Err(error.into()),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Clean)
}

/// Whether an id is written as detections' ids are: two letters, a hyphen and digits.
fn is_detection_id(id: &str) -> bool {
    let parts = id.split_once('-');
    parts.is_some_and(|(room, number)| room.len() == 2 && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn of_detection(detection: &Detection) -> String {
    let frameworks = Frameworks::builtin().text(detection.id);
    let (id, name, severity) = (detection.id, detection.name, detection.severity.as_str());
    format!("{id}: {name}, {severity} by default\n\n{}\n# In public frameworks\n\n{frameworks}", detection.text())
}

fn of_rule(rule: &Rule) -> String {
    let info = &rule.info;
    let mut text = format!("{}: {}\n\n", info.id, info.name);
    let mut line = |label: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("{label:<12}{value}\n"));
        }
    };
    line("Provider", &info.provider);
    line("Kind", info.kind.as_str());
    line("Severity", info.severity.as_str());
    line("Confidence", rule.confidence.as_str());
    line("Check", &rule.check.map(|check| format!("{check:?}")).unwrap_or_default());
    line("Pattern", &rule.pattern);
    line("Lifetime", if rule.lifetime.is_empty() { "until it is revoked" } else { &rule.lifetime });
    line("Goes with", &[&rule.partner.before[..], &rule.partner.after].concat().join(", "));
    line("Near", &rule.context.keywords.join(", "));
    line("Names", &rule.context.names.join(", "));
    text.push_str(&format!("\nWhy it matters\n  {}\n", rule.description));
    if !info.remedy.is_empty() {
        text.push_str(&format!("\nWhat to do\n  {}\n", info.remedy));
    }
    if !info.revocation_url.is_empty() {
        text.push_str(&format!("  {}\n", info.revocation_url));
    }
    text
}
