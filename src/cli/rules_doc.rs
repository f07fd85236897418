//! `beartrap rules doc`: the reference page of the rules, in Markdown.

use std::io::Write;
use std::path::Path;

use crate::cli::exit::Exit;
use crate::cli::rules_check::written;
use crate::rules::load::WrittenRule;

/// Prints the reference page of the rules of a file or directory, or of the built-in ones.
///
/// # Errors
///
/// Rules that cannot be loaded.
pub fn doc(path: Option<&Path>) -> anyhow::Result<Exit> {
    std::io::stdout().write_all(page(written(path)?.written).as_bytes())?;
    Ok(Exit::Clean)
}

/// The page: issuers in the order of their names, each with its rules.
#[must_use]
pub fn page(mut rules: Vec<WrittenRule>) -> String {
    let issuer = |written: &WrittenRule| written.rule.info.provider.to_lowercase();
    rules.sort_by_cached_key(|written| (issuer(written), written.rule.info.id.clone()));
    let issuers: Vec<&[WrittenRule]> = rules.chunk_by(|a, b| a.rule.info.provider == b.rule.info.provider).collect();
    let mut page = format!(
        "# Rules\n\nWritten by `beartrap rules doc`: {} rules of {} issuers. `beartrap rules explain ID` says the same of one of them.\n\
         A shape is a bounded regular expression; `…` stands for the token where it is carried.\n",
        rules.len(),
        issuers.len()
    );
    for rules in issuers {
        page.push_str(&section(rules));
    }
    page
}

/// One issuer: how its tokens are revoked, then a row for each rule.
fn section(rules: &[WrittenRule]) -> String {
    let revoking = |written: &WrittenRule| {
        let info = &written.rule.info;
        let page = if info.revocation_url.is_empty() { String::new() } else { format!(" <{}>", info.revocation_url) };
        format!("{}{page}", info.remedy)
    };
    let shared = revoking(&rules[0]);
    let mut text =
        format!("\n## {}\n\n{shared}\n\n| rule | what it is | shape | carried as | good for |\n|---|---|---|---|---|\n", rules[0].rule.info.provider);
    for written in rules {
        let rule = &written.rule;
        let own = revoking(written);
        let differs = if own == shared { String::new() } else { format!(" **Revoke:** {own}") };
        let lifetime = if rule.lifetime.is_empty() { "until revoked" } else { &rule.lifetime };
        let (id, name, kind, severity) = (&rule.info.id, &rule.info.name, rule.info.kind.as_str(), rule.info.severity.as_str());
        text.push_str(&format!(
            "| `{id}` | **{name}** ({kind}, {severity}). {}{} | {} | {} | {lifetime} |\n",
            cell(&rule.description),
            cell(&differs),
            code(shape(&rule.pattern)),
            code(&carried(written)),
        ));
    }
    text
}

/// The pattern without its capture.
fn shape(pattern: &str) -> &str {
    pattern.strip_prefix("(?<secret>").and_then(|rest| rest.strip_suffix(')')).unwrap_or(pattern)
}

/// The first positive example, which is the usual carrier.
fn carried(written: &WrittenRule) -> String {
    written.positive.first().map_or_else(String::new, |example| example.replace("<secret>", "…"))
}

/// Text in a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Code in a table's cell, whatever quotes it holds.
fn code(text: &str) -> String {
    let text = cell(&text.replace('\n', "⏎"));
    let fence = if text.contains('`') { "``" } else { "`" };
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}
