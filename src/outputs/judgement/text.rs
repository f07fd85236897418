//! `text`: for people, the worst tokens first, each with what is told of it.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Paint};

use crate::model::decision::Decision;
use crate::model::grade::Severity;
use crate::model::judgement::Judgement;
use crate::model::token_key::TokenKey;
use crate::outputs::escape::visible;
use crate::outputs::judgement::format::JudgementOutput;
use crate::outputs::output::Style;

/// The most evidence that is shown of one judgement.
const MOST_EVIDENCE: usize = 12;

/// The format.
pub struct Text {
    style: Style,
    all: Vec<Judgement>,
}

impl Text {
    /// Nothing written yet.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self { style, all: Vec::new() }
    }

    fn painted(&self, severity: Severity) -> String {
        let colour = match severity {
            Severity::Critical | Severity::High => AnsiColor::Red,
            Severity::Medium => AnsiColor::Yellow,
            Severity::Low | Severity::Info => AnsiColor::Cyan,
        };
        let paint = if self.style == Style::Colour { Paint::new().bold().fg_color(Some(colour.into())) } else { Paint::new() };
        format!("{paint}{}{paint:#}", severity.as_str())
    }

    fn token(&self, out: &mut dyn Write, told: &[&Judgement]) -> io::Result<()> {
        writeln!(out, "{}", visible(&name(&told[0].token)))?;
        for judgement in told {
            let verdict = &judgement.verdict;
            let at = judgement.at.map(|at| format!(" at {at}")).unwrap_or_default();
            let alert = if judgement.alert { "" } else { ", not enough for an alert" };
            writeln!(out, "  {} {}{at}{alert}: {}", self.painted(verdict.severity), verdict.id, visible(&verdict.message))?;
            if let Some(decision) = &judgement.decision {
                writeln!(out, "    decision: {}", visible(&decided(decision)))?;
            }
            for evidence in verdict.evidence.iter().take(MOST_EVIDENCE) {
                writeln!(out, "    {}: {}", evidence.name, visible(&evidence.value))?;
            }
            for origin in judgement.uses.iter().take(3) {
                writeln!(out, "    log: {}:{} ({})", visible(&origin.uri), origin.line, origin.parser)?;
            }
        }
        writeln!(out)
    }
}

/// Such as `dropped, critical -> low, action page: known test (team.rego)`.
fn decided(decision: &Decision) -> String {
    let severity = (decision.before != decision.after).then(|| format!("{} -> {}", decision.before.as_str(), decision.after.as_str()));
    let action = decision.action.as_ref().map(|action| format!("action {action}"));
    let what: Vec<String> = decision.dropped.then(|| "dropped".to_owned()).into_iter().chain(severity).chain(action).collect();
    let what = if what.is_empty() { "unchanged".to_owned() } else { what.join(", ") };
    let why = decision.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{what}{why} ({})", decision.policy)
}

/// A token's name; of a fingerprint, enough to tell two tokens apart.
fn name(token: &TokenKey) -> String {
    match token {
        TokenKey::Fingerprint(fingerprint) => format!("token {fingerprint}"),
        other => format!("{} {other}", other.kind()),
    }
}

impl JudgementOutput for Text {
    fn judgement(&mut self, _: &mut dyn Write, judgement: &Judgement) -> io::Result<()> {
        self.all.push(judgement.clone());
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut tokens: Vec<Vec<&Judgement>> = Vec::new();
        for judgement in &self.all {
            match tokens.last_mut().filter(|told| told[0].token == judgement.token) {
                Some(told) => told.push(judgement),
                None => tokens.push(vec![judgement]),
            }
        }
        let worst = |told: &[&Judgement]| told.iter().map(|judgement| (judgement.alert, judgement.verdict.severity)).max();
        tokens.sort_by_key(|told| std::cmp::Reverse(worst(told)));
        tokens.iter().try_for_each(|told| self.token(out, told))
    }
}
