//! `jsonl`: one judgement a line, as they come.

use std::io::{self, Write};

use crate::model::judgement::Judgement;
use crate::outputs::judgement::format::JudgementOutput;

/// The format.
pub struct Jsonl;

impl JudgementOutput for Jsonl {
    fn judgement(&mut self, out: &mut dyn Write, judgement: &Judgement) -> io::Result<()> {
        serde_json::to_writer(&mut *out, judgement)?;
        out.write_all(b"\n")
    }

    fn finish(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}
