//! `beartrap rules`: list, check, explain and try rules.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::exit::Exit;
use crate::cli::{explain, rules_check, rules_doc};
use crate::config::flags::RulesCommand;
use crate::config::settings::rules as rule_set;
use crate::model::grade::Confidence;
use crate::model::origin::Origin;
use crate::model::place::Position;
use crate::outputs::jsonl::Jsonl;
use crate::outputs::output::Output;
use crate::scan::engine::{Engine, Filtered, Options};
use crate::scan::random::NEEDED;
use crate::scan::text_model::score;

/// Runs one of the commands.
///
/// # Errors
///
/// Rules that cannot be loaded, unknown ids.
pub fn rules(command: &RulesCommand) -> anyhow::Result<Exit> {
    match command {
        RulesCommand::List { rules, json } => list(rules, *json),
        RulesCommand::Check { path } => rules_check::check(path.as_deref()),
        RulesCommand::Doc { path } => rules_doc::doc(path.as_deref()),
        RulesCommand::Explain { id, rules } => explain::explain(id, rules),
        RulesCommand::Test { id, rules } => test(id, rules),
    }
}

fn list(more: &[PathBuf], json: bool) -> anyhow::Result<Exit> {
    let (set, _) = rule_set(more, &[], &[])?;
    let mut text = String::new();
    if json {
        let infos: Vec<_> = set.rules().iter().map(|rule| &rule.info).collect();
        text = serde_json::to_string_pretty(&infos)? + "\n";
    } else {
        let width = set.rules().iter().map(|rule| rule.info.id.len()).max().unwrap_or(0);
        for rule in set.rules() {
            let info = &rule.info;
            text.push_str(&format!("{:<width$}  {:<8}  {:<6}  {}\n", info.id, info.severity.as_str(), rule.confidence.as_str(), info.name));
        }
    }
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Clean)
}

/// Prints what one rule finds in the text on standard input, at any confidence, and what filters silence.
fn test(id: &str, more: &[PathBuf]) -> anyhow::Result<Exit> {
    let (mut set, _) = rule_set(more, &[], &[])?;
    set.get(id)?;
    set.only(&[id.to_owned()]);
    let mut text = Vec::new();
    std::io::stdin().lock().read_to_end(&mut text)?;
    let engine = Engine::new(&set, Options { min_confidence: Confidence::Low, ..Options::default() });
    let (findings, filtered) = engine.scan_explained(&Arc::new(Origin::Stdin), &text);
    let mut out = std::io::stdout();
    for finding in &findings {
        Jsonl.finding(&mut out, finding)?;
    }
    for filtered in &filtered {
        let Position { line, column } = filtered.position;
        writeln!(out, "{line}:{column}: silenced by filter `{}`{}", filtered.filter, why(filtered, &text))?;
    }
    Ok(if findings.is_empty() { Exit::Clean } else { Exit::Found(1) })
}

/// What the filter `words` went by.
fn why(filtered: &Filtered, text: &[u8]) -> String {
    let at = |offset: u64| usize::try_from(offset).expect("because the text is in memory");
    let value = &text[at(filtered.span.start())..at(filtered.span.end())];
    if filtered.filter == "words" {
        format!(": chance explains it {} bits better than text does, {NEEDED} are needed", score(value))
    } else {
        String::new()
    }
}
