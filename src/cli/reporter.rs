//! Writes what a run tells to standard output and to files, and keeps the account of it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use crate::cli::alerting::commit;
use crate::cli::terminal::say;
use crate::ledger::ledger::{Ledger, LedgerError};
use crate::model::finding::Finding;
use crate::model::grade::Severity;
use crate::model::instant::Instant;
use crate::model::ledger_match::{Liveness, Standing};
use crate::model::origin::Origin;
use crate::model::problem::{Problem, ProblemKind};
use crate::model::summary::{Summary, Suppressed};
use crate::outputs::output::{Context, Output};
use crate::outputs::summary::problem_line;
use crate::pipeline::alerts::posting::Posting;
use crate::pipeline::baseline::Baseline;
use crate::pipeline::ours::Asked;
use crate::pipeline::progress::Progress;
use crate::pipeline::suppress::{Accepted, Report};
use crate::scan::engine::Filtered;
use crate::store::step::Seen;

/// How many alerts are queued in one transaction.
const TOGETHER: usize = 1000;

/// An output and where it goes.
pub struct Writing {
    output: Box<dyn Output + Send>,
    out: Box<dyn Write + Send>,
    error: Option<io::Error>,
}

impl Writing {
    /// To standard output.
    #[must_use]
    pub fn to_stdout(output: Box<dyn Output + Send>) -> Self {
        Self { output, out: Box::new(BufWriter::with_capacity(64 << 10, io::stdout())), error: None }
    }

    /// To a file.
    #[must_use]
    pub fn to_file(output: Box<dyn Output + Send>, file: File) -> Self {
        Self { output, out: Box::new(BufWriter::new(file)), error: None }
    }

    /// Does one step, unless an earlier one failed.
    fn step(&mut self, step: impl FnOnce(&mut dyn Output, &mut dyn Write) -> io::Result<()>) {
        if self.error.is_none() {
            self.error = step(&mut *self.output, &mut *self.out).err();
        }
    }
}

/// Hears of a run.
pub struct Reporter<'a> {
    /// Where results are written.
    pub writings: Vec<Writing>,
    /// What the user has accepted.
    pub accepted: Accepted,
    /// Who knows issued tokens.
    pub asked: Asked,
    /// Who is told by alerts, and where they are queued.
    pub alerts: Option<(Posting, Arc<Ledger>)>,
    /// The time of the run.
    pub now: Instant,
    /// Which findings are wanted by their standing.
    pub wanted: Wanted,
    /// A baseline to be written.
    pub new_baseline: Option<Baseline>,
    /// Whether filters at work are shown.
    pub explain: bool,
    /// Whether each finding is flushed.
    pub live: bool,
    /// Whether nobody reads the results any more.
    pub closed: bool,
    /// Counters of the run.
    pub progress: &'a Progress,
    /// Findings reported.
    pub findings: u64,
    /// The worst of them.
    pub worst: Option<Severity>,
    /// Findings accepted by comments.
    pub inline: u64,
    /// What was not read.
    pub problems: Vec<Problem>,
}

impl Reporter<'_> {
    /// Begins every output.
    pub fn begin(&mut self, context: &Context) {
        self.writings.iter_mut().for_each(|writing| writing.step(|output, out| output.begin(out, context)));
    }

    /// Ends every output.
    ///
    /// # Errors
    ///
    /// The first one that could not be written; a reader that has seen enough is none.
    pub fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        for writing in &mut self.writings {
            writing.step(|output, out| output.finish(out, summary).and_then(|()| out.flush()));
        }
        let errors = self.writings.iter_mut().filter_map(|writing| writing.error.take());
        errors.into_iter().find(|error| error.kind() != io::ErrorKind::BrokenPipe).map_or(Ok(()), Err)
    }

    /// Writes down where tokens of ours were seen, and who is told.
    pub fn remember(&mut self) {
        let posted = self.post();
        if let Err(error) = posted.and_then(|()| self.asked.flush()) {
            self.ledger_failed(&error);
        }
    }

    /// Queues alerts, together with the places that they tell of.
    fn post(&mut self) -> Result<(), LedgerError> {
        let Some((posting, ledger)) = &mut self.alerts else { return Ok(()) };
        let seen = self.asked.take_seen().into_iter().map(|(record, exposure)| Seen { record, exposure });
        Ok(commit(ledger, &seen.collect::<Vec<_>>(), &posting.take())?)
    }

    /// Tells of a finding.
    fn alert(&mut self, finding: &Finding) {
        let Some((posting, ledger)) = &mut self.alerts else { return };
        let found = posting.found(finding, ledger, self.now);
        let is_full = posting.waiting() >= TOGETHER;
        let posted = found.map_err(LedgerError::from).and_then(|()| if is_full { self.post() } else { Ok(()) });
        if let Err(error) = posted {
            self.ledger_failed(&error);
        }
    }

    /// A ledger that fails is told once; the scan goes on without it, and is not complete.
    fn ledger_failed(&mut self, error: &LedgerError) {
        if !self.problems.iter().any(|problem| problem.kind == ProblemKind::Ledger) {
            self.problem(Problem { origin: Origin::Memory("ledger".into()), kind: ProblemKind::Ledger, message: error.to_string() });
        }
    }

    /// How many findings were accepted, by the way in which it was said.
    #[must_use]
    pub fn suppressed(&self) -> Suppressed {
        Suppressed { inline: self.inline, ..self.accepted.counts }
    }
}

/// Which findings are reported, by what the ledger knows of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// All.
    All,
    /// Tokens that the ledger knows, or may know.
    Ours,
    /// Tokens that the ledger knows to work.
    Live,
}

impl Wanted {
    fn has(self, finding: &Finding) -> bool {
        match (self, &finding.standing) {
            (Self::All, _) | (Self::Ours, Standing::Yes(_) | Standing::Possibly) => true,
            (Self::Live, Standing::Yes(ours)) => ours.matched.liveness_now == Liveness::Live,
            _ => false,
        }
    }
}

impl Report for Reporter<'_> {
    fn finding(&mut self, mut finding: Finding) {
        if let Err(error) = self.asked.about(&mut finding, self.now) {
            self.ledger_failed(&error);
        }
        if !self.wanted.has(&finding) {
            return;
        }
        if let Some(baseline) = &mut self.new_baseline {
            baseline.add(&finding);
        }
        if self.accepted.takes(&finding) {
            return;
        }
        self.findings += 1;
        self.progress.add_findings(1);
        self.worst = self.worst.max(Some(finding.severity()));
        self.alert(&finding);
        let live = self.live;
        for writing in &mut self.writings {
            writing.step(|output, out| {
                output.finding(out, &finding)?;
                if live { out.flush() } else { Ok(()) }
            });
        }
        if self.writings.iter().all(|writing| writing.error.is_some()) {
            self.closed = true;
            self.progress.cancel();
        }
    }

    fn allowed(&mut self, count: u64) {
        self.inline += count;
    }

    fn filtered(&mut self, origin: &Arc<Origin>, filtered: &Filtered) {
        if self.explain {
            let place = crate::outputs::place::origin_text(origin);
            say(format_args!(
                "{place}:{}:{}: `{}` silenced by filter `{}`",
                filtered.position.line, filtered.position.column, filtered.rule, filtered.filter
            ));
        }
    }

    fn problem(&mut self, problem: Problem) {
        if !problem.kind.is_by_choice() {
            say(format_args!("{}", problem_line(&problem)));
        }
        self.problems.push(problem);
    }
}
