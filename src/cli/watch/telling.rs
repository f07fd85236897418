//! Where a run tells what it found: standard output in a format, and meters.

use std::collections::HashSet;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::time::SystemTime;

use crate::cli::alerting::show;
use crate::cli::couriers::Couriers;
use crate::cli::judging::{Judging, Wanted};
use crate::cli::ledger::now;
use crate::cli::terminal::style;
use crate::cli::watch::log;
use crate::config::flags::Colour;
use crate::config::watch_flags::WatchFlags;
use crate::ledger::ledger::Ledger;
use crate::model::finding::Finding;
use crate::model::instant::Instant;
use crate::model::judgement::Judgement;
use crate::model::problem::Problem;
use crate::outputs::escape::visible;
use crate::outputs::format::format;
use crate::outputs::judgement::about::Context as JudgementContext;
use crate::outputs::judgement::format::{self as judgement_format, JudgementFormat, JudgementOutput};
use crate::outputs::output::{Context, Live, Output};
use crate::outputs::place::place_text;
use crate::pipeline::alerts::posting::Posting;
use crate::pipeline::replay::about::abouts;
use crate::pipeline::replay::gather::Gathered;
use crate::pipeline::replay::judge::Memory;
use crate::pipeline::watch::hear::Hear;
use crate::pipeline::watch::meters::{Brief, Meters};
use crate::scan::engine::Engine;

/// How many ids of judgements are remembered, so that none is told twice.
const REMEMBERED: usize = 100_000;

/// Where things are told.
pub struct Telling {
    /// What results are written to.
    pub out: BufWriter<Box<dyn Write + Send>>,
    output: Box<dyn Output + Send>,
    judgements_as: &'static JudgementFormat,
    colour: Colour,
    wanted: Wanted,
    meters: Arc<Meters>,
    /// Policies say what they failed at again and again.
    problems: HashSet<Problem>,
}

impl Telling {
    /// Tells nothing yet.
    pub fn new(flags: &WatchFlags, colour: Colour, (out, meters): (Box<dyn Write + Send>, Arc<Meters>)) -> Self {
        Self {
            out: BufWriter::new(out),
            output: (format(&flags.format).expect("because clap accepts known formats only").make)(),
            judgements_as: judgement_format::format(&flags.format).expect("because clap accepts known formats only"),
            colour,
            wanted: Wanted { all: flags.all, told: Some(HashSet::new()), ..Wanted::default() },
            meters,
            problems: HashSet::new(),
        }
    }

    /// Begins with an engine.
    ///
    /// # Errors
    ///
    /// Standard output cannot be written.
    pub fn begin(&mut self, engine: &Engine) -> io::Result<()> {
        let context = Context {
            rules: engine.rule_infos(),
            started: now().0,
            style: style(self.colour),
            live: Live::Stream,
            gitlab_version: String::new(),
            root: None,
        };
        self.output.begin(&mut self.out, &context)
    }

    /// Counts how long ago that was written which is told and committed now, but for what was there when the run began.
    pub fn count_writes(&self, writes: &[SystemTime], (began, now): (SystemTime, SystemTime)) {
        self.meters.update(|meters| {
            for write in writes.iter().filter(|write| **write >= began) {
                meters.told_after.observe(now.duration_since(*write).unwrap_or_default().as_secs_f64());
            }
        });
    }
}

/// Hears of steps.
pub struct Hearing<'a> {
    /// Where it is told.
    pub telling: &'a mut Telling,
    /// How it is judged.
    pub judging: &'a mut Judging,
    /// What is known.
    pub ledger: &'a Ledger,
    /// Who brings alerts to their endpoints.
    pub couriers: Option<&'a Couriers>,
}

impl Hear for Hearing<'_> {
    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.telling.output.finding(&mut self.telling.out, finding)?;
        let (rule, preview) = (finding.rule.id.to_string(), visible(&finding.preview));
        let place = place_text(&finding.origin, finding.position);
        let brief = Brief { at: now(), severity: finding.severity(), id: rule, text: preview, place };
        self.telling.meters.update(|meters| meters.add_finding(brief));
        let posted = self.judging.posting.as_mut().map_or(Ok(()), |posting| posting.found(finding, self.ledger, now()));
        posted.map_err(io::Error::other)
    }

    fn judge(&mut self, gathered: &mut Gathered, now: Instant) -> anyhow::Result<u64> {
        let Telling { out, judgements_as, colour, wanted, meters, .. } = self.telling;
        let inner = (judgements_as.make)(JudgementContext { style: style(*colour), now, detections: abouts() });
        let mut output = Counted { inner, meters, now };
        self.judging.now = now;
        let posted = self.judging.posting.as_mut().map(Posting::take).unwrap_or_default();
        gathered.rest.posted.add(posted);
        let told = self.judging.tell(gathered, (self.ledger, Memory::Placeless), wanted, (&mut output, out))?;
        let remembered = wanted.told.get_or_insert_default();
        if remembered.len() > REMEMBERED {
            remembered.clear();
        }
        remembered.extend(told.ids);
        for problem in told.problems {
            if self.telling.problems.insert(problem.clone()) {
                self.problem(problem);
            }
        }
        self.telling.out.flush()?;
        if let Some(posting) = &mut self.judging.posting {
            show(posting);
        }
        if let Some(couriers) = self.couriers {
            couriers.bell().ring();
        }
        Ok(told.judgements)
    }

    fn problem(&mut self, problem: Problem) {
        if !problem.kind.is_by_choice() {
            self.telling.meters.update(|meters| *meters.problems.entry(problem.kind).or_default() += 1);
            log::problem(&problem);
        }
    }
}

/// Writes judgements as another one does, and counts them.
struct Counted<'a> {
    inner: Box<dyn JudgementOutput>,
    meters: &'a Meters,
    now: Instant,
}

impl JudgementOutput for Counted<'_> {
    fn judgement(&mut self, out: &mut dyn Write, judgement: &Judgement) -> io::Result<()> {
        self.inner.judgement(out, judgement)?;
        let verdict = &judgement.verdict;
        let place = judgement.uses.first().map(|origin| format!("{}:{}", visible(&origin.uri), origin.line)).unwrap_or_default();
        let (id, text) = (verdict.id.clone(), visible(&verdict.message));
        let brief = Brief { at: self.now, severity: verdict.severity, id, text, place };
        self.meters.update(|meters| meters.add_judgement(brief));
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.inner.finish(out)
    }
}
