//! `beartrap replay`: who used a token where it was not issued for, from logs and issued-token records.

use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::time::Instant as Clock;

use anyhow::Context as _;

use crate::cli::exit::Exit;
use crate::cli::ledger::{fill_random, now, open_at};
use crate::cli::scan::stop_on_signals;
use crate::cli::terminal::{say, style};
use crate::config::file::Settings;
use crate::config::flags::Colour;
use crate::config::replay_flags::ReplayFlags;
use crate::config::settings;
use crate::config::state::{Direction, time};
use crate::detect::catalogue::get;
use crate::ledger::batch::Ready;
use crate::ledger::import::entry::Entry;
use crate::ledger::ledger::Ledger;
use crate::model::grade::Severity;
use crate::model::instant::Instant;
use crate::model::judgement::Judgement;
use crate::model::known::Known;
use crate::model::problem::Problem;
use crate::observe::mapping::Mapping;
use crate::outputs::judgement::about::Context as FormatContext;
use crate::outputs::judgement::format::format;
use crate::outputs::summary::{counted, problem_line};
use crate::pipeline::policy::Policy;
use crate::pipeline::progress::Progress;
use crate::pipeline::replay::about::abouts;
use crate::pipeline::replay::coverage::Coverage;
use crate::pipeline::replay::gather::Gathered;
use crate::pipeline::replay::judge::{Bench, Judged, Memory, ReplayError};
use crate::pipeline::replay::run::{Hear, read_paths, read_stream};
use crate::pipeline::replay::sight::Reading;
use crate::pipeline::run::Options as RunOptions;
use crate::pipeline::stream::Context;
use crate::rules::rule_set::RuleSet;
use crate::scan::engine::{self, Engine};
use crate::scan::issuing::gram_for;
use crate::sources::unpack::UnpackLimits;
use crate::sources::walk::{GitIgnore, Hidden, IgnoreFiles, WalkOptions};
use crate::store::sqlite::Sqlite;
use crate::store::state_dir::Access;

/// Hears of a run.
#[derive(Default)]
struct Heard {
    problems: u64,
}

impl Hear for Heard {
    fn problem(&mut self, problem: Problem) {
        if !problem.kind.is_by_choice() {
            self.problems += 1;
            say(format_args!("{}", problem_line(&problem)));
        }
    }
}

/// What is told.
struct Wanted {
    since: Option<Instant>,
    only: Vec<String>,
    disable: Vec<String>,
    all: bool,
}

impl Wanted {
    fn has(&self, judgement: &Judgement) -> bool {
        self.is_about(judgement) && (self.all || judgement.alert)
    }

    fn is_about(&self, judgement: &Judgement) -> bool {
        let id = &judgement.verdict.id;
        let chosen = (self.only.is_empty() || self.only.contains(id)) && !self.disable.contains(id);
        let recent = self.since.is_none_or(|since| judgement.at.is_none_or(|at| at >= since));
        chosen && recent
    }
}

/// Reads logs and tells what happened.
///
/// # Errors
///
/// What keeps the run from beginning, a state that fails, and results that cannot be written.
pub fn replay(flags: &ReplayFlags, colour: Colour) -> anyhow::Result<Exit> {
    let clock = Clock::now();
    let now = flags.now.as_ref().map_or_else(|| Ok(now()), |text| time(text, now(), Direction::Ago))?;
    let settings = Settings::read(flags.config.as_deref())?;
    let wanted = wanted(flags, now)?;
    let mapping = mapping(flags)?;
    let mut policy = flags.policy.as_deref().map(Policy::read).transpose()?;
    let ledger = ledger(flags)?;
    let engine =
        Engine::new(&RuleSet::builtin(), engine::Options { known: Some(Arc::clone(&ledger) as Arc<dyn Known>), ..engine::Options::default() });
    let progress = Arc::new(Progress::default());
    stop_on_signals(&progress)?;
    let (mut gathered, mut heard) = (Gathered::new(&ledger), Heard::default());
    let context = Context { engine: &engine, progress: &progress };
    let grams = ledger.key_for_grams();
    let gram_of = |token: &[u8]| gram_for(token, grams);
    let reading = Reading { mapping: mapping.as_ref(), reach: settings::reach(flags.reach), now, options: &settings.detect, gram_of: &gram_of };
    let options = run_options(flags);
    if flags.paths.iter().any(|path| path.as_os_str() == "-") {
        anyhow::ensure!(flags.paths.len() == 1, "`-` cannot be combined with other paths\nhint: read standard input in a run of its own");
        read_stream(context, &mut std::io::stdin().lock(), reading, &options, &mut gathered, &mut heard);
    } else {
        read_paths(context, flags.paths.clone(), reading, &options, &mut gathered, &mut heard);
    }
    import(&ledger, &mut gathered)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut output = (format(&flags.format).expect("because clap accepts known formats only").make)(FormatContext {
        style: style(colour),
        now,
        detections: abouts(),
    });
    let (mut told, mut dropped, mut worst) = (0, 0, None);
    let memory = if flags.state.state.is_some() { Memory::Kept } else { Memory::None };
    let bench = Bench { ledger: &ledger, options: &settings.detect, now, memory };
    let mut decide = |judged: &mut Judged| {
        if let Some(policy) = &mut policy {
            policy.decide(&mut judged.judgements, judged.issuance.as_ref());
        }
    };
    let judged = bench.judge(&mut gathered, &mut decide, &mut |judged: Judged| {
        dropped += judged.judgements.iter().filter(|judgement| wanted.is_about(judgement) && is_dropped(judgement)).count() as u64;
        for judgement in judged.judgements.iter().filter(|judgement| wanted.has(judgement)) {
            told += 1;
            worst = worst.max(Some(judgement.verdict.severity).filter(|_| judgement.alert));
            output.judgement(&mut out, judgement).map_err(ReplayError::Output)?;
        }
        Ok(())
    });
    judged.map_err(|error| match error {
        ReplayError::Output(error) => anyhow::Error::from(error),
        error => error.into(),
    })?;
    output.finish(&mut out)?;
    policy.iter().flat_map(Policy::problems).for_each(|problem| heard.problem(problem));
    if flags.coverage {
        coverage(&mut out, &gathered.coverage)?;
    }
    out.flush()?;
    if !flags.quiet {
        let seconds = clock.elapsed().as_secs_f64();
        let rate = gathered.count as f64 / seconds.max(0.001);
        say(format_args!(
            "{} of {} in {} ({:.1} MB, {rate:.0} uses a second), {}{}",
            counted(told, "judgement"),
            counted(gathered.count, "use"),
            counted(progress.files(), "file"),
            progress.bytes() as f64 / 1e6,
            if policy.is_some() { format!("{dropped} dropped by policy, ") } else { String::new() },
            counted(heard.problems, "problem")
        ));
    }
    Ok(status(flags, worst, &heard, &progress))
}

fn is_dropped(judgement: &Judgement) -> bool {
    judgement.decision.as_ref().is_some_and(|decision| decision.dropped)
}

fn wanted(flags: &ReplayFlags, now: Instant) -> anyhow::Result<Wanted> {
    let ids = |named: &[String]| named.iter().map(|id| Ok(get(id)?.id.to_owned())).collect::<anyhow::Result<Vec<_>>>();
    let since = flags.since.as_ref().map(|text| time(text, now, Direction::Ago)).transpose()?;
    Ok(Wanted { since, only: ids(&flags.only)?, disable: ids(&flags.disable)?, all: flags.all })
}

fn mapping(flags: &ReplayFlags) -> anyhow::Result<Option<Arc<Mapping>>> {
    let Some(path) = &flags.mapping else { return Ok(None) };
    let text = std::fs::read_to_string(path).with_context(|| format!("{}: cannot read the mapping", path.display()))?;
    Ok(Some(Arc::new(Mapping::parse(&text).with_context(|| path.display().to_string())?)))
}

/// The user's ledger, or one of this run only.
fn ledger(flags: &ReplayFlags) -> anyhow::Result<Arc<Ledger>> {
    if let Some(place) = &flags.state.state {
        return Ok(Arc::new(open_at(place, if flags.state.allow_shared_state { Access::Shared } else { Access::Owner })?));
    }
    let mut random = [0; 16];
    fill_random(&mut random)?;
    Ok(Arc::new(Ledger::open(Box::new(Sqlite::in_memory()?), random)?))
}

fn run_options(flags: &ReplayFlags) -> RunOptions {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    RunOptions {
        threads: if flags.threads == 0 { processors } else { flags.threads },
        walk: WalkOptions { hidden: Hidden::Include, gitignore: GitIgnore::Ignore, ignore_files: IgnoreFiles::Use, max_file_size: None },
        limits: UnpackLimits::default(),
    }
}

/// Takes the issuances and facts over that logs told.
fn import(ledger: &Ledger, gathered: &mut Gathered) -> anyhow::Result<()> {
    let mut entries = gathered.take_entries().into_iter();
    ledger.import(&mut || {
        let ready = match entries.next()? {
            Entry::Issued(issued) => Ready::issued(&issued.record, issued.gram),
            Entry::Event(event) => Ready::Event(event),
        };
        Some((ready, None))
    })?;
    Ok(())
}

fn coverage(out: &mut dyn Write, coverage: &Coverage) -> std::io::Result<()> {
    for (format, tally) in &coverage.formats {
        writeln!(out, "{format}: {}, {}", counted(tally.records, "record"), counted(tally.uses, "use"))?;
        for (what, count, detections) in tally.gaps() {
            writeln!(out, "  {} without {what}: not judged by {detections}", counted(count, "use"))?;
        }
    }
    for (count, what) in [
        (coverage.unknown_objects, "JSON object of no known format"),
        (coverage.text_lines, "line of plain text"),
        (coverage.malformed, "malformed record"),
        (coverage.too_long, "record that is too long"),
    ] {
        if count > 0 {
            writeln!(out, "{count} x {what}")?;
        }
    }
    Ok(())
}

fn status(flags: &ReplayFlags, worst: Option<Severity>, heard: &Heard, progress: &Progress) -> Exit {
    let failing = settings::failing(flags.fail_on).is_some_and(|least| worst >= Some(least));
    match (progress.is_cancelled(), failing, heard.problems) {
        (true, _, _) => Exit::Interrupted,
        (_, true, _) => Exit::Found(flags.exit_code),
        (_, _, 0) => Exit::Clean,
        _ => Exit::Incomplete,
    }
}
