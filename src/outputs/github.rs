//! GitHub Actions workflow commands: each finding becomes an annotation at its line.
//!
//! **Invariant:** one finding is one line; nothing scanned can end a command or begin another.

use std::io;
use std::io::Write;
use std::path::PathBuf;

use crate::model::finding::Finding;
use crate::model::grade::Severity;
use crate::model::summary::Summary;
use crate::outputs::escape::visible;
use crate::outputs::output::{Context, Output};
use crate::outputs::phrase::{identity_text, sentence};
use crate::outputs::place::{is_direct, report_path};

/// Writes one workflow command for each finding as it comes.
#[derive(Default, Debug)]
pub struct Github {
    root: Option<PathBuf>,
}

impl Output for Github {
    fn begin(&mut self, _out: &mut dyn Write, context: &Context) -> io::Result<()> {
        self.root.clone_from(&context.root);
        Ok(())
    }

    fn finding(&mut self, out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
        let mut properties = Vec::new();
        if let Some(path) = report_path(&finding.origin, self.root.as_deref()) {
            properties.push(format!("file={}", property(&path)));
        }
        if is_direct(finding) {
            properties.push(format!("line={},col={}", finding.position.line, finding.position.column));
        }
        let title = format!("{}: {}", finding.severity().as_str(), visible(&finding.rule.name));
        properties.push(format!("title={}", property(&title)));
        let message = format!("{}, {}\n{}", sentence(finding), identity_text(&finding.identity), visible(&finding.rule.remedy));
        writeln!(out, "::{} {}::{}", command(finding.severity()), properties.join(","), data(&message))?;
        out.flush()
    }

    fn finish(&mut self, out: &mut dyn Write, _summary: &Summary) -> io::Result<()> {
        out.flush()
    }
}

fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "notice",
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
