//! `beartrap replay`: who used a token where it was not issued for, from logs and issued-token records.

use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::time::Instant as Clock;

use crate::cli::alerting::{finish, keep, posting, vault};
use crate::cli::exit::Exit;
use crate::cli::judging::{Judging, Told, Wanted, ledger};
use crate::cli::ledger::now;
use crate::cli::signals::stop_on_signals;
use crate::cli::terminal::{say, style};
use crate::config::flags::Colour;
use crate::config::replay_flags::ReplayFlags;
use crate::config::settings;
use crate::config::state::{Direction, time};
use crate::detect::catalogue::get;
use crate::model::finding::Finding;
use crate::model::instant::Instant;
use crate::model::known::Known;
use crate::model::problem::Problem;
use crate::outputs::judgement::about::Context as FormatContext;
use crate::outputs::judgement::format::format;
use crate::outputs::summary::{counted, problem_line};
use crate::pipeline::progress::Progress;
use crate::pipeline::replay::about::abouts;
use crate::pipeline::replay::coverage::Coverage;
use crate::pipeline::replay::gather::Gathered;
use crate::pipeline::replay::judge::Memory;
use crate::pipeline::replay::listener::Listener;
use crate::pipeline::replay::sight::Reading;
use crate::pipeline::run::{Options as RunOptions, scan_paths, scan_reader};
use crate::pipeline::stream::Context;
use crate::pipeline::suppress::Report;
use crate::rules::rule_set::RuleSet;
use crate::scan::engine::{self, Engine};
use crate::scan::issuing::gram_for;
use crate::sources::unpack::UnpackLimits;
use crate::sources::walk::{GitIgnore, Hidden, IgnoreFiles, WalkOptions};

/// Hears of a run; tokens in logs matter as places only.
#[derive(Default)]
struct Heard {
    problems: u64,
}

impl Report for Heard {
    fn finding(&mut self, _: Finding) {}

    fn problem(&mut self, problem: Problem) {
        if !problem.kind.is_by_choice() {
            self.problems += 1;
            say(format_args!("{}", problem_line(&problem)));
        }
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
    let mut judging = Judging::new(&flags.judging, now)?;
    let wanted = wanted(flags, now)?;
    let ledger = ledger(&flags.state)?;
    judging.posting = posting(&flags.alerts, &judging.settings, &ledger, None)?;
    let vault = vault(judging.posting.as_ref(), &ledger);
    let known = Some(Arc::clone(&ledger) as Arc<dyn Known>);
    let keep = keep(&vault);
    let engine = Engine::new(&RuleSet::builtin(), engine::Options { keep, known, ..engine::Options::default() });
    let progress = Arc::new(Progress::default());
    stop_on_signals(&progress)?;
    let mut heard = Heard::default();
    let grams = ledger.key_for_grams();
    let gram_of = |token: &[u8]| gram_for(token, grams);
    let reading = Reading { thorough: flags.coverage, ..judging.reading(settings::reach(flags.reach), &gram_of) };
    let listener = Listener::new(reading, Gathered::new(Arc::clone(&ledger)));
    let context = Context { engine: &engine, progress: &progress, listen: Some(&listener) };
    let run = run_options(flags);
    if flags.paths.iter().any(|path| path.as_os_str() == "-") {
        anyhow::ensure!(flags.paths.len() == 1, "`-` cannot be combined with other paths\nhint: read standard input in a run of its own");
        scan_reader(context, &mut std::io::stdin().lock(), &run.limits, &mut heard);
    } else {
        scan_paths(context, flags.paths.clone(), &run, &mut heard);
    }
    let (mut gathered, failure) = listener.into_gathered();
    if let Some(failure) = failure {
        heard.problem(failure.problem());
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut output = (format(&flags.format).expect("because clap accepts known formats only").make)(FormatContext {
        style: style(colour),
        now,
        detections: abouts(),
    });
    let memory = if flags.state.state.is_some() { Memory::Kept } else { Memory::None };
    let mut told = judging.tell(&mut gathered, (&ledger, memory), &wanted, (&mut *output, &mut out))?;
    for problem in std::mem::take(&mut told.problems) {
        heard.problem(problem);
    }
    if flags.coverage {
        coverage(&mut out, &gathered.coverage)?;
    }
    out.flush()?;
    if !flags.quiet {
        let seconds = clock.elapsed().as_secs_f64();
        let uses = gathered.coverage.total().uses;
        let rate = uses as f64 / seconds.max(0.001);
        say(format_args!(
            "{} of {} in {} ({:.1} MB, {rate:.0} uses a second), {}{}",
            counted(told.judgements, "judgement"),
            counted(uses, "use"),
            counted(progress.files(), "file"),
            progress.bytes() as f64 / 1e6,
            if judging.policy.is_some() { format!("{} dropped by policy, ", told.dropped) } else { String::new() },
            counted(heard.problems, "problem")
        ));
    }
    let is_told = match &mut judging.posting {
        Some(posting) => finish(posting, (&ledger, flags.state.state.is_some()), &vault, flags.quiet)?,
        None => true,
    };
    Ok(match status(flags, &told, &heard, &progress) {
        Exit::Clean if !is_told => Exit::Incomplete,
        status => status,
    })
}

fn wanted(flags: &ReplayFlags, now: Instant) -> anyhow::Result<Wanted> {
    let ids = |named: &[String]| named.iter().map(|id| Ok(get(id)?.id.to_owned())).collect::<anyhow::Result<Vec<_>>>();
    let since = flags.since.as_ref().map(|text| time(text, now, Direction::Ago)).transpose()?;
    Ok(Wanted { since, only: ids(&flags.only)?, disable: ids(&flags.disable)?, all: flags.all, told: None })
}

fn run_options(flags: &ReplayFlags) -> RunOptions {
    RunOptions {
        threads: settings::threads(flags.threads),
        walk: WalkOptions { hidden: Hidden::Include, gitignore: GitIgnore::Ignore, ignore_files: IgnoreFiles::Use, max_file_size: None },
        limits: UnpackLimits::default(),
    }
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
        (coverage.ignored, "use of an ignored token"),
        (coverage.malformed, "malformed record"),
        (coverage.too_long, "record that is too long"),
    ] {
        if count > 0 {
            writeln!(out, "{count} x {what}")?;
        }
    }
    Ok(())
}

fn status(flags: &ReplayFlags, told: &Told, heard: &Heard, progress: &Progress) -> Exit {
    let failing = settings::failing(flags.fail_on).is_some_and(|least| told.worst >= Some(least));
    match (progress.is_cancelled(), failing, heard.problems) {
        (true, _, _) => Exit::Interrupted,
        (_, true, _) => Exit::Found(flags.exit_code),
        (_, _, 0) => Exit::Clean,
        _ => Exit::Incomplete,
    }
}
