//! `beartrap watch`: from flags to an endless run, and what the world says to it meanwhile.

use std::collections::HashSet;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Clock};

use signal_hook::consts::SIGHUP;

use crate::cli::exit::Exit;
use crate::cli::judging::{Judging, Wanted};
use crate::cli::ledger::{further_keys, keys_directory, now, open, place};
use crate::cli::signals::hear_signals;
use crate::cli::terminal::{say, style};
use crate::cli::watch_status::status;
use crate::config::flags::Colour;
use crate::config::settings;
use crate::config::watch_flags::{Begin, WatchFlags};
use crate::detect::options::Options;
use crate::ledger::ledger::Ledger;
use crate::model::finding::Finding;
use crate::model::instant::Instant;
use crate::model::known::Known;
use crate::model::problem::Problem;
use crate::outputs::format::format;
use crate::outputs::judgement::about::Context as JudgementContext;
use crate::outputs::judgement::format::{self as judgement_format, JudgementFormat};
use crate::outputs::output::{Context, Live, Output};
use crate::outputs::summary::{counted, problem_line};
use crate::pipeline::ours::Book;
use crate::pipeline::progress::Progress;
use crate::pipeline::replay::about::abouts;
use crate::pipeline::replay::gather::Gathered;
use crate::pipeline::replay::habits::Numbers;
use crate::pipeline::replay::judge::Memory;
use crate::pipeline::replay::sight::Reading;
use crate::pipeline::watch::steps::{Hear, Setting, Watch};
use crate::pipeline::watch::table::NewFile;
use crate::rules::rule_set::RuleSet;
use crate::scan::engine::{self, Engine};
use crate::scan::issuing::gram_for;
use crate::sources::follow::agents::agents;
use crate::sources::follow::changes::Changes;
use crate::sources::follow::sweep::sweep;
use crate::sources::follow::target::Target;

/// How often all files are looked at while the system tells of changes, at most.
const SWEEP: Duration = Duration::from_secs(2);
/// The same where it does not.
const POLL: Duration = Duration::from_millis(250);
/// Sweeps take no more than this share of the time.
const SWEEP_SHARE: u32 = 500;
/// How long is waited after a step that failed.
const BACK_OFF: Duration = Duration::from_secs(1);
/// How many ids of judgements are remembered, so that none is told twice.
const REMEMBERED: usize = 100_000;

/// What the world said meanwhile.
#[derive(Default)]
struct Said {
    /// SIGINT or SIGTERM.
    stop: Arc<Progress>,
    /// SIGHUP.
    reload: Arc<AtomicBool>,
}

/// Why following ended.
enum Ended {
    /// Somebody said so, or everything was read once.
    Stopped,
    /// Settings are to be read again.
    Reload,
}

/// Follows files until somebody says stop.
///
/// # Errors
///
/// What keeps the run from beginning.
pub fn watch(flags: &WatchFlags, colour: Colour) -> anyhow::Result<Exit> {
    if flags.status {
        return status(flags);
    }
    let targets = targets(flags)?;
    let ledger = Arc::new(open(&flags.state)?);
    let (mut changes, problem) = Changes::new();
    if let Some(problem) = problem {
        say(format_args!("the system does not tell of changes: {problem}; files are asked for instead"));
    }
    let said = Said::default();
    let (waker, reload) = (changes.waker(), Arc::clone(&said.reload));
    hear_signals(&said.stop, &[SIGHUP], move |signal| {
        reload.fetch_or(signal == SIGHUP, Ordering::Relaxed);
        waker.wake();
    })?;
    let mut loaded = Loaded::new(flags, &ledger)?;
    let mut telling = Telling::new(flags, colour);
    if flags.from == Begin::Start {
        Watch::forget(&ledger)?;
    }
    let clock = Clock::now();
    loop {
        telling.begin(&loaded.engine)?;
        let following = Following { flags, targets: &targets, ledger: &ledger, said: &said, clock };
        match following.follow(&mut loaded, &mut changes, &mut telling) {
            Ok(Ended::Stopped) => break,
            Ok(Ended::Reload) => match Loaded::new(flags, &ledger) {
                Ok(new) => {
                    loaded = new;
                    say(format_args!("settings and rules read again"));
                }
                Err(error) => say(format_args!("{error:#}\nhint: the run goes on with what it had")),
            },
            // Nobody reads any more: what was not told is told by the next run.
            Err(error) if is_closed(&error) => break,
            // A step that failed is done again.
            Err(error) => {
                say(format_args!("{error:#}\nhint: nothing is lost; it is tried again"));
                if flags.once {
                    return Ok(Exit::Incomplete);
                }
                std::thread::sleep(BACK_OFF);
            }
        }
        if said.stop.is_cancelled() {
            break;
        }
    }
    if !flags.quiet {
        let seconds = clock.elapsed().as_secs_f64();
        say(format_args!(
            "{} and {} in {:.1} MB, {seconds:.1} s, {}",
            counted(telling.findings, "finding"),
            counted(telling.judgements, "judgement"),
            said.stop.bytes() as f64 / 1e6,
            counted(telling.problems, "problem")
        ));
    }
    Ok(if telling.problems > 0 { Exit::Incomplete } else { Exit::Clean })
}

fn is_closed(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// What is followed.
fn targets(flags: &WatchFlags) -> anyhow::Result<Vec<Target>> {
    let mut targets = flags.paths.iter().map(|path| Target::new(path)).collect::<Result<Vec<_>, _>>()?;
    if flags.agents {
        let patterns = agents(&|name| std::env::var_os(name)).into_iter().flat_map(|(_, patterns)| patterns);
        targets.extend(patterns.map(|pattern| Target::pattern(&pattern)).collect::<Result<Vec<_>, _>>()?);
    }
    anyhow::ensure!(!targets.is_empty(), "nothing to follow\nhint: name files, directories or patterns, or say `--agents`");
    Ok(targets)
}

/// What is read from files of the user's, and read again when he says so.
struct Loaded {
    judging: Judging,
    options: Options,
    engine: Engine,
}

impl Loaded {
    fn new(flags: &WatchFlags, ledger: &Arc<Ledger>) -> anyhow::Result<Self> {
        let judging = Judging::new(&flags.judging, now())?;
        let rules: RuleSet = settings::rules(&flags.rules, &[], &flags.disable)?;
        let (place, _) = place(&flags.state)?;
        let further_keys = further_keys(&place)?;
        let known = Some(Arc::clone(ledger) as Arc<dyn Known>);
        let engine = Engine::new(&rules, engine::Options { further_keys, known, ..engine::Options::default() });
        Ok(Self { options: judging.settings.detect.clone(), judging, engine })
    }
}

/// One stretch of following, with the same settings.
struct Following<'a> {
    flags: &'a WatchFlags,
    targets: &'a [Target],
    ledger: &'a Arc<Ledger>,
    said: &'a Said,
    clock: Clock,
}

impl Following<'_> {
    fn follow(&self, loaded: &mut Loaded, changes: &mut Changes, telling: &mut Telling) -> anyhow::Result<Ended> {
        let grams = self.ledger.key_for_grams();
        let gram_of = |token: &[u8]| gram_for(token, grams);
        let Loaded { judging, options, engine } = loaded;
        let mapping = judging.mapping.clone();
        let reach = settings::reach(self.flags.reach);
        let reading = Reading { mapping: mapping.as_ref(), reach, now: now(), options, gram_of: &gram_of };
        let new = if self.flags.from == Begin::End { NewFile::AtEnd } else { NewFile::AtStart };
        let numbers = Numbers::default();
        let setting = Setting { engine, reading, numbers: &numbers, ledger: self.ledger, progress: &self.said.stop, new };
        let book = Book { ledger: Arc::clone(self.ledger), reach, options: options.clone(), seen: Vec::new() };
        let mut watch = Watch::open(setting, book)?;
        let mut hearing = Hearing { telling, judging, ledger: self.ledger };
        let own = self.own_directory();
        let (mut first, mut sweep_at) = (true, Duration::ZERO);
        loop {
            if self.said.stop.is_cancelled() || self.said.reload.swap(false, Ordering::Relaxed) {
                watch.finish(now(), &mut hearing)?;
                return Ok(if self.said.stop.is_cancelled() { Ended::Stopped } else { Ended::Reload });
            }
            let at = self.clock.elapsed();
            if at >= sweep_at {
                let deaf = changes.watch(self.targets.iter().map(Target::directory));
                if let Some(problem) = deaf.as_ref().filter(|_| first) {
                    say(format_args!("the system does not tell of changes: {problem}; files are asked for instead"));
                }
                watch.sweep(sweep(self.targets, own.as_deref()), std::mem::take(&mut first), now(), &mut hearing);
                let took = self.clock.elapsed().saturating_sub(at);
                let pause = self.flags.poll.map_or(if deaf.is_some() { POLL } else { SWEEP }, Duration::from_secs_f64);
                sweep_at = self.clock.elapsed() + pause.max(took * SWEEP_SHARE);
            }
            self.ledger.refresh()?;
            let read = watch.step(now(), self.clock.elapsed(), &mut hearing)?;
            hearing.telling.out.flush()?;
            if watch.is_due() && read > 0 {
                continue;
            }
            if self.flags.once {
                watch.look(now(), &mut hearing)?;
                watch.finish(now(), &mut hearing)?;
                return Ok(Ended::Stopped);
            }
            let rest = sweep_at.saturating_sub(self.clock.elapsed());
            let news = changes.wait(if watch.is_due() || watch.waits() { rest.min(POLL) } else { rest });
            let is_followed =
                |path: &&PathBuf| self.targets.iter().any(|target| target.has(path)) && !own.as_ref().is_some_and(|own| path.starts_with(own));
            let unknown = news.paths.iter().filter(is_followed).filter(|path| watch.table().touch(path, now())).count();
            if news.lost || unknown > 0 {
                sweep_at = Duration::ZERO;
            }
        }
    }

    /// The state's own directory, which is not followed.
    fn own_directory(&self) -> Option<PathBuf> {
        let (place, _) = place(&self.flags.state).ok()?;
        keys_directory(&place).map(Path::to_owned)
    }
}

/// Where things are told.
struct Telling {
    out: BufWriter<Stdout>,
    output: Box<dyn Output + Send>,
    judgements_as: &'static JudgementFormat,
    colour: Colour,
    wanted: Wanted,
    findings: u64,
    judgements: u64,
    problems: u64,
}

impl Telling {
    fn new(flags: &WatchFlags, colour: Colour) -> Self {
        Self {
            out: BufWriter::new(io::stdout()),
            output: (format(&flags.format).expect("because clap accepts known formats only").make)(),
            judgements_as: judgement_format::format(&flags.format).expect("because clap accepts known formats only"),
            colour,
            wanted: Wanted { all: flags.all, told: Some(HashSet::new()), ..Wanted::default() },
            findings: 0,
            judgements: 0,
            problems: 0,
        }
    }

    fn begin(&mut self, engine: &Engine) -> io::Result<()> {
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
}

/// Hears of steps.
struct Hearing<'a> {
    telling: &'a mut Telling,
    judging: &'a mut Judging,
    ledger: &'a Ledger,
}

impl Hear for Hearing<'_> {
    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.telling.findings += 1;
        self.telling.output.finding(&mut self.telling.out, finding)
    }

    fn judge(&mut self, gathered: &mut Gathered, now: Instant) -> anyhow::Result<u64> {
        let Telling { out, judgements_as, colour, wanted, .. } = self.telling;
        let mut output = (judgements_as.make)(JudgementContext { style: style(*colour), now, detections: abouts() });
        self.judging.now = now;
        let told = self.judging.tell(gathered, (self.ledger, Memory::Placeless), wanted, (&mut *output, out))?;
        let remembered = wanted.told.get_or_insert_default();
        if remembered.len() > REMEMBERED {
            remembered.clear();
        }
        remembered.extend(told.ids);
        told.problems.into_iter().for_each(|problem| self.problem(problem));
        self.telling.judgements += told.judgements;
        self.telling.out.flush()?;
        Ok(told.judgements)
    }

    fn problem(&mut self, problem: Problem) {
        if !problem.kind.is_by_choice() {
            self.telling.problems += 1;
            say(format_args!("{}", problem_line(&problem)));
        }
    }
}
