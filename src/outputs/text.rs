//! Text for people: in a run, tokens worst first with all their places; in a stream, two lines for each finding at once.
//!
//! **Invariant:** no line starts with scanned text, so that nothing scanned is taken for a build server's `::command::`.

use std::io;
use std::io::Write;

use anstyle::{AnsiColor, Style as Paint};

use crate::model::finding::{Finding, Identity};
use crate::model::grade::Severity;
use crate::model::summary::Summary;
use crate::outputs::escape::{code, visible};
use crate::outputs::group::{Group, GroupPart, Groups, Place};
use crate::outputs::ledger::ledger_lines;
use crate::outputs::output::{Context, Live, Output, Style};
use crate::outputs::phrase::{carrier_text, claims_text, confidence_text, decoders_text, fingerprint_text, identity_text, witness_text};
use crate::outputs::place::place_text;
use crate::outputs::summary::counted;

const BOLD: Paint = Paint::new().bold();
const LABEL: Paint = Paint::new().dimmed();

/// Writes text for people.
#[derive(Debug)]
pub struct Text {
    style: Style,
    live: Live,
    groups: Groups,
}

impl Default for Text {
    fn default() -> Self {
        Self { style: Style::Plain, live: Live::Run, groups: Groups::default() }
    }
}

impl Output for Text {
    fn begin(&mut self, _out: &mut dyn Write, context: &Context) -> io::Result<()> {
        self.style = context.style;
        self.live = context.live;
        Ok(())
    }

    fn finding(&mut self, out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
        match self.live {
            Live::Run => self.groups.add(finding),
            Live::Stream => {
                self.write_at_once(out, finding)?;
                out.flush()?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write, _summary: &Summary) -> io::Result<()> {
        for group in std::mem::take(&mut self.groups).into_sorted() {
            self.write_group(out, &group)?;
        }
        out.flush()
    }
}

impl Text {
    fn write_at_once(&self, out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
        let place = Place::from(finding);
        self.write_heading(out, finding)?;
        let details = [identity_text(&finding.identity), confidence_text(finding.confidence, &finding.reason)];
        writeln!(out, "  {}  {}, {}", self.paint(LABEL, "at"), where_text(&place), details.join(", "))?;
        ledger_lines(&finding.standing).iter().try_for_each(|(label, line)| self.row(out, label, line))
    }

    fn write_group(&self, out: &mut dyn Write, group: &Group) -> io::Result<()> {
        let head = &group.head;
        let rule = &head.rule;
        self.write_heading(out, head)?;
        self.row(out, "token", &format!("{}, {}, issued by {}", identity_text(&head.identity), rule.kind.as_str(), visible(&rule.provider)))?;
        self.row(out, "sure", &confidence_text(head.confidence, &head.reason))?;
        for (label, line) in ledger_lines(&head.standing) {
            self.row(out, label, &line)?;
        }
        if head.identity == Identity::Withheld && group.places.len() > 1 {
            let places = counted(u64::try_from(group.places.len()).unwrap_or(u64::MAX), "place");
            self.row(out, "note", &format!("without a fingerprint the tokens at these {places} cannot be told apart"))?;
        }
        for place in &group.places {
            let other = (place.confidence, &place.reason) != (head.confidence, &head.reason);
            let doubt = if other { format!(", {}", confidence_text(place.confidence, &place.reason)) } else { String::new() };
            self.row(out, "at", &format!("{}{doubt}", where_text(place)))?;
        }
        if let Some(claims) = head.facts.as_ref().and_then(claims_text) {
            self.row(out, "says", &claims)?;
        }
        if let Some(witness) = &head.witness {
            self.row(out, "told", &format!("by {}", witness_text(witness)))?;
        }
        for part in &group.parts {
            self.row(out, "with", &part_text(part))?;
        }
        self.row(out, "do", &visible(&rule.remedy))?;
        self.row(out, "see", &visible(&rule.revocation_url))?;
        writeln!(out)
    }

    fn write_heading(&self, out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
        let severity = finding.severity();
        let word = self.paint(severity_paint(severity), &severity.as_str().to_uppercase());
        writeln!(out, "{word} {} {}", self.paint(BOLD, &visible(&finding.rule.name)), code(&finding.preview))
    }

    /// One labelled line; an empty value is left out.
    fn row(&self, out: &mut dyn Write, label: &str, value: &str) -> io::Result<()> {
        if value.is_empty() {
            return Ok(());
        }
        writeln!(out, "  {}  {value}", self.paint(LABEL, &format!("{label:<5}")))
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        match self.style {
            Style::Plain => text.to_owned(),
            Style::Colour => format!("{paint}{text}{paint:#}"),
        }
    }
}

fn severity_paint(severity: Severity) -> Paint {
    match severity {
        Severity::Critical => AnsiColor::Red.on_default().bold(),
        Severity::High => AnsiColor::Red.on_default(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::Low => AnsiColor::Cyan.on_default(),
        Severity::Info => Paint::new().dimmed(),
    }
}

fn where_text(place: &Place) -> String {
    let mut parts = vec![place_text(&place.origin, place.position)];
    parts.extend(place.carrier.as_ref().map(carrier_text));
    parts.extend(decoders_text(&place.decoders));
    parts.join(", ")
}

fn part_text(part: &GroupPart) -> String {
    let GroupPart { origin, part } = part;
    let place = place_text(origin, part.position);
    format!("{} {} at {place}, {}", visible(&part.rule.name), code(&part.preview), fingerprint_text(&part.fingerprint))
}
