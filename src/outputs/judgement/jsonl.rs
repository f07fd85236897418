//! `jsonl`: one judgement a line, as they come.

use std::io::{self, Write};

use crate::model::judgement::Judgement;
use crate::outputs::json_text::json_line;
use crate::outputs::judgement::format::JudgementOutput;

/// The format.
pub struct Jsonl;

impl JudgementOutput for Jsonl {
    fn judgement(&mut self, out: &mut dyn Write, judgement: &Judgement) -> io::Result<()> {
        out.write_all(&json_line(judgement)?)
    }

    fn finish(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}
