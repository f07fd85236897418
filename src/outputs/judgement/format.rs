//! The formats of judgements by name: adding one is one file and one line here.

use std::io::{self, Write};

use crate::model::judgement::Judgement;
use crate::outputs::judgement::jsonl::Jsonl;
use crate::outputs::judgement::text::Text;
use crate::outputs::output::Style;

/// One way of writing judgements down. Called with each judgement, then once with `finish`.
pub trait JudgementOutput {
    /// Writes one judgement, or keeps it for `finish`.
    ///
    /// # Errors
    ///
    /// What `out` says when it cannot be written.
    fn judgement(&mut self, out: &mut dyn Write, judgement: &Judgement) -> io::Result<()>;

    /// Writes the rest.
    ///
    /// # Errors
    ///
    /// What `out` says when it cannot be written.
    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()>;
}

/// One format that users can ask for.
#[derive(Clone, Copy, Debug)]
pub struct JudgementFormat {
    /// The word that selects it.
    pub name: &'static str,
    /// Makes an output that has written nothing yet.
    pub make: fn(Style) -> Box<dyn JudgementOutput>,
}

/// Every format, the default first.
pub const FORMATS: &[JudgementFormat] =
    &[JudgementFormat { name: "text", make: |style| Box::new(Text::new(style)) }, JudgementFormat { name: "jsonl", make: |_| Box::new(Jsonl) }];

/// The format of this name.
#[must_use]
pub fn format(name: &str) -> Option<&'static JudgementFormat> {
    FORMATS.iter().find(|format| format.name == name)
}
