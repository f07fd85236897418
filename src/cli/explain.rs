//! `beartrap explain`: what a rule asks, why it matters, what to do.

use std::io::Write;
use std::path::PathBuf;

use crate::cli::exit::Exit;
use crate::config::settings::rules;
use crate::rules::rule::Rule;

/// Prints what is known of a rule.
///
/// # Errors
///
/// An unknown id, rules that cannot be loaded.
pub fn explain(id: &str, more: &[PathBuf]) -> anyhow::Result<Exit> {
    let set = rules(more, &[], &[])?;
    std::io::stdout().write_all(text(set.get(id).map_err(anyhow::Error::new)?).as_bytes())?;
    Ok(Exit::Clean)
}

fn text(rule: &Rule) -> String {
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
