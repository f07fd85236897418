//! `beartrap scan`: from flags to exit status.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant as Clock;

use anyhow::Context as _;

use crate::cli::alerting::{finish, keep, posting, vault};
use crate::cli::exit::Exit;
use crate::cli::judging::ledger;
use crate::cli::ledger::{further_keys, now};
use crate::cli::reporter::{Reporter, Wanted, Writing};
use crate::cli::rule_notes::say_notes;
use crate::cli::scan_import::Import;
use crate::cli::scan_replay::Replay;
use crate::cli::signals::stop_on_signals;
use crate::cli::stdin::Stdin;
use crate::cli::terminal::{draw, say, shows_progress, style};
use crate::config::error::ConfigError;
use crate::config::file::Settings;
use crate::config::flags::{Colour, ScanFlags};
use crate::config::ledger_flags::StateFlags;
use crate::config::settings::{self, Target};
use crate::delivery::vault::Vault;
use crate::detect::options::Options;
use crate::ledger::ledger::Ledger;
use crate::model::fingerprint::FingerprintKey;
use crate::model::grade::Severity;
use crate::model::instant::Instant;
use crate::model::known::Known;
use crate::model::origin::Origin;
use crate::model::summary::Summary;
use crate::outputs::format::format;
use crate::outputs::output::{Context, Live};
use crate::outputs::summary::{is_complete, summary_line};
use crate::pipeline::alerts::posting::Posting;
use crate::pipeline::baseline::Baseline;
use crate::pipeline::ignore_list::IgnoreList;
use crate::pipeline::listen::Listen;
use crate::pipeline::ours::{Asked, Book};
use crate::pipeline::progress::Progress;
use crate::pipeline::run::{self, scan_paths, scan_reader};
use crate::pipeline::stream;
use crate::pipeline::suppress::{Accepted, Report};
use crate::scan::engine::{self, Engine};

/// Scans and reports.
///
/// # Errors
///
/// What keeps the run from beginning, and results that cannot be written.
pub fn scan(flags: &ScanFlags, colour: Colour) -> anyhow::Result<Exit> {
    let now = now();
    let started = now.0;
    let clock = Clock::now();
    let target = settings::target(flags)?;
    let options = settings::run(flags)?;
    let (rules, notes) = settings::rules(&flags.rules, &flags.only, &flags.disable)?;
    if !flags.quiet {
        say_notes(&notes);
    }
    let mut replay = if flags.replay { Some(Replay::new(flags, now)?) } else { None };
    let (asked, known, further_keys) = asked(flags, replay.as_ref())?;
    let (alerts, vault) = alerts(flags, &asked, replay.as_ref())?.unzip();
    let keep = vault.as_ref().and_then(keep);
    let roots = if let Target::Paths(paths) = &target { paths.clone() } else { Vec::new() };
    let told = engine::Options { further_keys, keep, known, roots, ..settings::engine(flags)? };
    let mut import = Import::open(flags, (told.min_confidence, told.comments))?;
    let engine = Engine::new(&rules, told);
    let progress = Arc::new(Progress::default());
    let mut reporter = reporter(flags, &target, &progress, (asked, now))?;
    reporter.alerts = alerts;
    stop_on_signals(&progress)?;
    reporter.begin(&Context {
        rules: engine.rule_infos(),
        started,
        style: style(colour),
        live: if target == Target::Stdin { Live::Stream } else { Live::Run },
        gitlab_version: flags.gitlab_version.clone(),
        root: std::env::current_dir().ok(),
    });
    let shows = !flags.quiet && shows_progress();
    let scan = |listen: Option<&dyn Listen>, report: &mut (dyn Report + Send)| run(&engine, &target, (&options, listen), (report, &progress), shows);
    let mut all = |listen: Option<&dyn Listen>| match import.take() {
        Some(import) => import.run(&engine, &mut reporter, |report| scan(listen, report)),
        None => scan(listen, &mut reporter),
    };
    match &mut replay {
        Some(replay) => replay.listen(|listen| all(Some(listen))),
        None => all(None),
    }
    reporter.remember();
    let summary = Summary {
        started,
        elapsed: clock.elapsed(),
        files: progress.files(),
        bytes: progress.bytes(),
        findings: reporter.findings,
        suppressed: reporter.suppressed(),
        problems: std::mem::take(&mut reporter.problems),
        interrupted: progress.is_cancelled() && !reporter.closed,
    };
    let written = reporter.finish(&summary);
    if !flags.quiet {
        say(format_args!("{}", summary_line(&summary)));
    }
    written?;
    let mut alarm = None;
    if let Some(mut replay) = replay {
        // One posts what both found.
        let (posting, ledger) = reporter.alerts.take().unzip();
        replay.post(posting);
        let (worst, posting) = replay.tell(flags, style(colour))?;
        (alarm, reporter.alerts) = (worst, posting.zip(ledger));
    }
    baselines(flags, &mut reporter, &summary)?;
    let is_told = match reporter.alerts.as_mut().zip(vault) {
        Some(((posting, ledger), vault)) => finish(posting, (ledger, flags.state.is_some()), &vault, flags.quiet)?,
        None => true,
    };
    Ok(match status(flags, reporter.worst.max(alarm), &summary) {
        Exit::Clean if !is_told => Exit::Incomplete,
        status => status,
    })
}

/// Who is told and in which ledger alerts are queued, and where tokens are held meanwhile.
type Alerts = ((Posting, Arc<Ledger>), Arc<Vault>);

fn alerts(flags: &ScanFlags, asked: &Asked, replay: Option<&Replay>) -> anyhow::Result<Option<Alerts>> {
    if flags.alerts.alert.is_empty() {
        return Ok(None);
    }
    let settings = Settings::read(flags.judging.settings.config.as_deref())?;
    let ledger = match (asked, replay) {
        (Asked::Ledger(book), _) => Arc::clone(&book.ledger),
        (_, Some(replay)) => Arc::clone(replay.ledger()),
        _ => ledger(&state_flags(flags))?,
    };
    let Some(posting) = posting(&flags.alerts, &settings, &ledger, None)? else { return Ok(None) };
    let vault = vault(Some(&posting), &ledger);
    Ok(Some(((posting, ledger), vault)))
}

/// Who is asked about findings, who knows tokens that no rule knows, and the keys under which findings are also named.
type Knowledge = (Asked, Option<Arc<dyn Known>>, Vec<FingerprintKey>);

fn asked(flags: &ScanFlags, replay: Option<&Replay>) -> anyhow::Result<Knowledge> {
    if !flags.replay {
        for (flag, set) in [("--mapping", flags.judging.mapping.is_some()), ("--policy", flags.judging.policy.is_some())] {
            anyhow::ensure!(!set, "`{flag}` is about uses of tokens\nhint: add `--replay`");
        }
    }
    for (flag, set) in [("--only-ours", flags.only_ours && flags.ledger_filter.is_none()), ("--only-live", flags.only_live)] {
        if set && flags.state.is_none() {
            return Err(ConfigError::NeedsState { flag }.into());
        }
    }
    if let Some(path) = &flags.ledger_filter {
        let known: Arc<dyn Known> = Arc::new(settings::filter(path)?);
        return Ok((Asked::Filter(Arc::clone(&known)), Some(known), Vec::new()));
    }
    let Some(place) = &flags.state else { return Ok((Asked::Nobody, None, Vec::new())) };
    let ledger = replay.map_or_else(|| ledger(&state_flags(flags)), |replay| Ok(Arc::clone(replay.ledger())))?;
    let book = Book { ledger: Arc::clone(&ledger), reach: settings::reach(flags.reach), options: Options::default(), seen: Vec::new() };
    Ok((Asked::Ledger(Box::new(book)), Some(ledger), further_keys(place)?))
}

/// Where the state is.
#[must_use]
pub fn state_flags(flags: &ScanFlags) -> StateFlags {
    StateFlags { state: flags.state.clone(), allow_shared_state: flags.allow_shared_state }
}

fn reporter<'a>(flags: &ScanFlags, target: &Target, progress: &'a Progress, (asked, now): (Asked, Instant)) -> anyhow::Result<Reporter<'a>> {
    if flags.prune_baseline && flags.baseline.is_none() {
        return Err(ConfigError::PruneWithoutBaseline.into());
    }
    let main = format(&flags.format).expect("because clap accepts known formats only");
    let mut writings = vec![Writing::to_stdout((main.make)())];
    for (format, path) in settings::outputs(flags)? {
        let file = File::create(&path).with_context(|| format!("cannot write `{}`", path.display())).map_err(|e| anyhow::anyhow!("{e:#}"))?;
        writings.push(Writing::to_file((format.make)(), file));
    }
    let (ignored, problems) = if flags.no_ignore { Default::default() } else { IgnoreList::read(&directories(target)) };
    let baseline = flags.baseline.as_deref().map(Baseline::read).transpose()?;
    let mut reporter = Reporter {
        writings,
        accepted: Accepted { ignored, baseline, ..Accepted::default() },
        asked,
        alerts: None,
        now,
        wanted: match (flags.only_live, flags.only_ours) {
            (true, _) => Wanted::Live,
            (_, true) => Wanted::Ours,
            _ => Wanted::All,
        },
        new_baseline: flags.write_baseline.as_ref().map(|_| Baseline::default()),
        explain: flags.explain_filters,
        live: *target == Target::Stdin,
        closed: false,
        progress,
        findings: 0,
        worst: None,
        inline: 0,
        problems: Vec::new(),
    };
    for problem in problems {
        reporter.problem(problem);
    }
    Ok(reporter)
}

/// Where files with accepted findings are looked for: the working directory and every directory that is scanned.
fn directories(target: &Target) -> Vec<PathBuf> {
    let mut directories = vec![PathBuf::from(".")];
    if let Target::Paths(paths) = target {
        directories.extend(paths.iter().filter(|path| path.is_dir() && path.as_os_str() != ".").cloned());
    }
    directories
}

fn run(
    engine: &Engine,
    target: &Target,
    (options, listen): (&run::Options, Option<&dyn Listen>),
    (report, progress): (&mut (dyn Report + Send), &Progress),
    shows: bool,
) {
    let context = stream::Context { engine, progress, listen };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        if shows {
            scope.spawn(|| draw(progress, total(target), &done));
        }
        match target {
            Target::Stdin => match Stdin::new(progress) {
                Ok(mut stdin) => scan_reader(context, &mut stdin, &options.limits, report),
                Err(error) => report.problem(stream::unreadable(&Origin::Stdin, &error)),
            },
            Target::Paths(paths) => scan_paths(context, paths.clone(), options, report),
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// The size of what is scanned, where it is a list of files.
fn total(target: &Target) -> Option<u64> {
    let Target::Paths(paths) = target else { return None };
    paths.iter().map(|path| std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|file| file.len())).sum()
}

/// Writes and prunes baselines, and says which entries no longer occur.
fn baselines(flags: &ScanFlags, reporter: &mut Reporter, summary: &Summary) -> anyhow::Result<()> {
    if summary.interrupted || reporter.closed {
        return Ok(());
    }
    if let (Some(path), Some(baseline)) = (&flags.write_baseline, &reporter.new_baseline) {
        baseline.write(path)?;
    }
    let Some((path, baseline)) = flags.baseline.as_ref().zip(reporter.accepted.baseline.as_mut()) else { return Ok(()) };
    let gone = baseline.gone().count();
    if gone == 0 || !is_complete(summary) {
        return Ok(());
    }
    for entry in baseline.gone() {
        say(format_args!("baseline: no longer found: {} ({}, seen in {})", entry.token, entry.rule, crate::outputs::escape::visible(&entry.seen)));
    }
    if flags.prune_baseline {
        baseline.prune();
        baseline.write(path)?;
        say(format_args!("baseline: {gone} entries dropped from {}", path.display()));
    } else {
        say(format_args!("hint: `--prune-baseline` drops them"));
    }
    Ok(())
}

fn status(flags: &ScanFlags, worst: Option<Severity>, summary: &Summary) -> Exit {
    let failing = settings::failing(flags.fail_on).is_some_and(|least| worst >= Some(least));
    if summary.interrupted {
        Exit::Interrupted
    } else if failing {
        Exit::Found(flags.exit_code)
    } else if is_complete(summary) {
        Exit::Clean
    } else {
        Exit::Incomplete
    }
}
