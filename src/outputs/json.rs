//! One JSON document: `{"v":1,"findings":[...],"summary":{...}}`, written finding by finding so that memory stays flat.

use std::io;
use std::io::Write;

use crate::model::finding::Finding;
use crate::model::summary::Summary;
use crate::outputs::json_text::write_json;
use crate::outputs::output::{Context, Output};
use crate::outputs::record::{FindingRecord, VERSION};
use crate::outputs::summary_record::SummaryRecord;

/// Writes one JSON document, one finding a line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json {
    written: u64,
}

impl Output for Json {
    fn begin(&mut self, out: &mut dyn Write, _context: &Context) -> io::Result<()> {
        write!(out, "{{\"v\":{VERSION},\"findings\":[")
    }

    fn finding(&mut self, out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
        out.write_all(if self.written == 0 { b"\n" } else { b",\n" })?;
        self.written += 1;
        write_json(out, &FindingRecord::from(finding))
    }

    fn finish(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        out.write_all(b"\n],\"summary\":")?;
        write_json(out, &SummaryRecord::from(summary))?;
        out.write_all(b"}\n")?;
        out.flush()
    }
}
