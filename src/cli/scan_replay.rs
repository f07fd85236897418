//! `beartrap scan --replay`: what is scanned is read as logs too, in the same pass.

use std::io::{self, BufWriter, Write as _};
use std::sync::Arc;

use anyhow::Context as _;

use crate::cli::judging::{Judging, Wanted, ledger};
use crate::cli::scan::state_flags;
use crate::cli::terminal::say;
use crate::config::flags::ScanFlags;
use crate::config::settings;
use crate::ledger::ledger::Ledger;
use crate::model::exposure::Reach;
use crate::model::grade::Severity;
use crate::model::instant::Instant;
use crate::model::problem::Problem;
use crate::outputs::judgement::about::Context;
use crate::outputs::judgement::format::{JudgementFormat, format};
use crate::outputs::output::Style;
use crate::outputs::summary::{counted, problem_line};
use crate::pipeline::alerts::posting::Posting;
use crate::pipeline::listen::Listen;
use crate::pipeline::replay::about::abouts;
use crate::pipeline::replay::gather::Gathered;
use crate::pipeline::replay::judge::{Memory, ReplayError};
use crate::pipeline::replay::listener::Listener;
use crate::scan::issuing::gram_for;

/// What a scan hears of uses.
pub struct Replay {
    judging: Judging,
    ledger: Arc<Ledger>,
    format: &'static JudgementFormat,
    reach: Option<Reach>,
    gathered: Option<Gathered>,
    problem: Option<Problem>,
}

impl Replay {
    /// Nothing was heard yet.
    ///
    /// # Errors
    ///
    /// A format that cannot hold both, settings that are wrong, and a state that cannot be used.
    pub fn new(flags: &ScanFlags, now: Instant) -> anyhow::Result<Self> {
        let format = format(&flags.format).filter(|format| matches!(format.name, "text" | "jsonl"));
        let format = format.with_context(|| {
            format!("`--replay` cannot write `{}`\nhint: write text or jsonl, or run `beartrap replay` for SARIF and OCSF", flags.format)
        })?;
        let (judging, ledger) = (Judging::new(&flags.judging, now)?, ledger(&state_flags(flags))?);
        Ok(Self { judging, ledger, format, reach: settings::reach(flags.reach), gathered: None, problem: None })
    }

    /// The user's ledger, or one of this run only.
    #[must_use]
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Lets judgements be told by alerts.
    pub fn post(&mut self, posting: Option<Posting>) {
        self.judging.posting = posting;
    }

    /// Hears a scan.
    pub fn listen(&mut self, scan: impl FnOnce(&dyn Listen)) {
        let grams = self.ledger.key_for_grams();
        let gram_of = |token: &[u8]| gram_for(token, grams);
        let listener = Listener::new(self.judging.reading(self.reach, &gram_of), Gathered::new(Arc::clone(&self.ledger)));
        scan(&listener);
        let (gathered, failure) = listener.into_gathered();
        (self.gathered, self.problem) = (Some(gathered), failure.as_ref().map(ReplayError::problem));
    }

    /// Tells of uses, behind what was found; the worst severity of an alert, and who posted alerts.
    ///
    /// # Errors
    ///
    /// The ledger fails, or what is told cannot be written.
    pub fn tell(mut self, flags: &ScanFlags, style: Style) -> anyhow::Result<(Option<Severity>, Option<Posting>)> {
        let Some(mut gathered) = self.gathered.take() else { return Ok((None, self.judging.posting)) };
        let mut out = BufWriter::new(io::stdout().lock());
        let mut output = (self.format.make)(Context { style, now: self.judging.now, detections: abouts() });
        // The scan itself notes places.
        let memory = if flags.state.is_some() { Memory::Placeless } else { Memory::None };
        let told = self.judging.tell(&mut gathered, (&self.ledger, memory), &Wanted::default(), (&mut *output, &mut out))?;
        out.flush()?;
        let problems = self.problem.into_iter().chain(told.problems);
        problems.for_each(|problem| say(format_args!("{}", problem_line(&problem))));
        if !flags.quiet {
            say(format_args!("{} of {}", counted(told.judgements, "judgement"), counted(gathered.coverage.total().uses, "use")));
        }
        Ok((told.worst, self.judging.posting))
    }
}
