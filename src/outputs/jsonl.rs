//! JSON lines: every finding at once as one line, the summary as the last line.

use std::io;
use std::io::Write;

use crate::model::finding::Finding;
use crate::model::summary::Summary;
use crate::outputs::json_text::json_line;
use crate::outputs::output::Output;
use crate::outputs::record::FindingRecord;
use crate::outputs::summary_record::SummaryRecord;

/// Writes JSON lines; each line is written whole and flushed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jsonl;

impl Output for Jsonl {
    fn finding(&mut self, out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
        out.write_all(&json_line(&FindingRecord::from(finding))?)?;
        out.flush()
    }

    fn finish(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        out.write_all(&json_line(&SummaryRecord::from(summary))?)?;
        out.flush()
    }
}
