//! Reads reports of other scanners and tells what their claims become.

use std::fs::File;
use std::io::{Cursor, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::model::grade::Confidence;
use crate::model::origin::Origin;
use crate::model::problem::{Problem, ProblemKind};
use crate::pipeline::adopt::adopter::{Adopted, Adopter};
use crate::pipeline::adopt::once::Once;
use crate::pipeline::progress::Progress;
use crate::pipeline::suppress::Report;
use crate::reports::claim::Claim;
use crate::reports::error::ReportError;
use crate::reports::read::{HEAD, Item, Kind, Teller, read, sniff};

/// How many findings of one report that cannot be taken over are told one by one.
const MOST_PROBLEMS: u64 = 100;

/// A report that was looked at.
pub struct Opened {
    origin: Origin,
    kind: Kind,
    input: Box<dyn Read + Send>,
    /// The same once more, where it can be read twice.
    ahead: Option<File>,
}

/// Why an import cannot begin.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}", path = path.display())]
pub struct ImportError {
    path: PathBuf,
    source: ReportError,
}

/// What imports need to know.
pub struct Context<'a> {
    /// Findings below this are not told.
    pub least: Confidence,
    /// Counters, and the flag that stops the run.
    pub progress: &'a Progress,
}

impl Opened {
    /// Looks at a report on disk.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or is no known tool's report.
    pub fn file(path: &Path) -> Result<Self, ImportError> {
        let open = || -> Result<Self, ReportError> {
            let file = File::open(path)?;
            let ahead = if file.metadata()?.is_file() { Some(File::open(path)?) } else { None };
            Ok(Self { ahead, ..Self::stream(Origin::File(path.to_owned()), Box::new(file))? })
        };
        open().map_err(|source| ImportError { path: path.to_owned(), source })
    }

    /// Looks at a report that arrives as a stream.
    ///
    /// # Errors
    ///
    /// A stream that cannot be read, or is no known tool's report.
    pub fn stream(origin: Origin, mut input: Box<dyn Read + Send>) -> Result<Self, ReportError> {
        let mut head = Vec::new();
        input.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
        let kind = sniff(&head)?;
        Ok(Self { origin, kind, input: Box::new(Cursor::new(head).chain(input)), ahead: None })
    }
}

impl From<(&Path, ReportError)> for ImportError {
    fn from((path, source): (&Path, ReportError)) -> Self {
        Self { path: path.to_owned(), source }
    }
}

/// Reads one report to its end and tells its findings.
pub fn import(context: &Context, adopter: &mut Adopter, report: Opened, once: &mut Once) {
    let Opened { origin, kind, mut input, mut ahead } = report;
    context.progress.add_file();
    let mut telling = Telling { context, adopter, once, origin: &origin, problems: 0 };
    let mut sink = |item| telling.item(item);
    let mut teller = Teller::new(&mut sink);
    let outcome = read(kind, ahead.as_mut().map(|file| file as &mut dyn Read), &mut input, &mut teller);
    telling.end(outcome);
}

/// Tells one report's findings.
struct Telling<'a, 'e, 'r> {
    context: &'a Context<'a>,
    adopter: &'a mut Adopter<'e>,
    once: &'a mut Once<'r>,
    origin: &'a Origin,
    problems: u64,
}

impl Telling<'_, '_, '_> {
    fn item(&mut self, item: Item) -> ControlFlow<()> {
        if self.context.progress.is_cancelled() {
            return ControlFlow::Break(());
        }
        match item.result {
            Ok(claims) => claims.into_iter().for_each(|claim| self.claim(item.number, claim)),
            Err(fault) => self.problem(&format!("finding {}: {fault}", item.number)),
        }
        ControlFlow::Continue(())
    }

    fn claim(&mut self, number: u64, mut claim: Claim) {
        self.adopter.clean(&mut claim);
        match self.adopter.adopt(&claim) {
            Ok(Adopted::Findings(found)) => {
                found.into_iter().filter(|finding| finding.confidence >= self.context.least).for_each(|finding| self.once.tell(finding));
            }
            Ok(Adopted::Accepted) => self.once.allowed(1),
            Err(missing) => self.problem(&format!("finding {number} ({}): {missing}", about(&claim))),
        }
    }

    fn problem(&mut self, message: &str) {
        self.problems += 1;
        if self.problems <= MOST_PROBLEMS {
            self.tell(message.to_owned());
        }
    }

    fn end(mut self, outcome: Result<(), ReportError>) {
        if let Some(more) = self.problems.checked_sub(MOST_PROBLEMS).filter(|more| *more > 0) {
            self.tell(format!("{more} more findings could not be taken over"));
        }
        if let Err(error) = outcome {
            self.tell(error.to_string());
        }
    }

    fn tell(&mut self, message: String) {
        self.once.problem(Problem { origin: self.origin.clone(), kind: ProblemKind::Report, message });
    }
}

/// A claim in a few words.
fn about(claim: &Claim) -> String {
    let line = claim.place.region.line.map_or_else(String::new, |line| format!(":{line}"));
    let (tool, rule) = (&claim.witness.tool, &claim.witness.rule);
    format!("{tool} rule {rule} at {}{line}", claim.place.path())
}
