//! One stretch of following, with the same settings: sweeps, steps, and waiting for what the system tells.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Clock, SystemTime};

use tracing::{debug, info, warn};

use crate::cli::couriers::Couriers;
use crate::cli::ledger::{now, place};
use crate::cli::watch::clerk::{Clerk, Files};
use crate::cli::watch::counting::{Counting, lost};
use crate::cli::watch::loaded::Loaded;
use crate::cli::watch::service::Service;
use crate::cli::watch::telling::{Hearing, Telling};
use crate::cli::who::who;
use crate::config::settings;
use crate::config::watch_flags::{Begin, WatchFlags};
use crate::delivery::courier::Until;
use crate::ledger::ledger::Ledger;
use crate::pipeline::alerts::overdue::Overdue;
use crate::pipeline::ours::Book;
use crate::pipeline::progress::Progress;
use crate::pipeline::replay::habits::Numbers;
use crate::pipeline::replay::sight::Reading;
use crate::pipeline::watch::meters::Meters;
use crate::pipeline::watch::pace::Pace;
use crate::pipeline::watch::setting::Setting;
use crate::pipeline::watch::steps::Watch;
use crate::pipeline::watch::table::NewFile;
use crate::scan::issuing::gram_for;
use crate::sources::follow::changes::Changes;
use crate::sources::follow::file_id::FileId;
use crate::sources::follow::sweep::{Swept, sweep};
use crate::sources::follow::target::Target;
use crate::store::open::open;

/// How often all files are looked at while the system tells of changes, at most.
const SWEEP: Duration = Duration::from_secs(2);
/// The same where it does not.
const POLL: Duration = Duration::from_millis(250);
/// Sweeps take no more than this share of the time.
const SWEEP_SHARE: u32 = 500;
/// How long the loop waits before it turns, whatever there is to do: who watches over it sees that it lives.
const TURN: Duration = Duration::from_millis(500);

/// What the world said meanwhile.
#[derive(Default)]
pub struct Said {
    /// SIGINT or SIGTERM.
    pub stop: Arc<Progress>,
    /// SIGHUP.
    pub reload: Arc<AtomicBool>,
}

/// How long a run that reads but once waits for endpoints.
const LAST_WAIT: Duration = Duration::from_secs(30);

/// Why following ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// Somebody said so, or everything was read once.
    Stopped,
    /// Settings are to be read again.
    Reload,
}

/// What stays the same as long as the run lasts.
pub struct Following<'a> {
    /// What the user wants.
    pub flags: &'a WatchFlags,
    /// What is followed.
    pub targets: &'a [Target],
    /// The state.
    pub ledger: &'a Arc<Ledger>,
    /// The state's own directory, which is not followed.
    pub own: Option<FileId>,
    /// What the world says.
    pub said: &'a Said,
    /// Where the run counts.
    pub meters: &'a Arc<Meters>,
    /// Who started it.
    pub service: &'a Service,
    /// When it began.
    pub began: (Clock, SystemTime),
}

/// What goes on from one stretch to the next.
pub struct Course {
    /// What the system tells.
    pub changes: Changes,
    /// Where results are told.
    pub telling: Telling,
    /// How fast files are read.
    pub pace: Pace,
    /// Files that the last sweep saw; none before the first.
    pub there: Option<HashSet<FileId>>,
    /// When the list of files is shown again, where it has changed.
    pub show_at: Duration,
}

impl Following<'_> {
    /// Follows until somebody says stop, or settings are to be read again.
    ///
    /// # Errors
    ///
    /// A step failed: nothing of it was kept.
    pub fn follow(&self, loaded: &mut Loaded, course: &mut Course) -> anyhow::Result<Ended> {
        let grams = self.ledger.key_for_grams();
        let gram_of = |token: &[u8]| gram_for(token, grams);
        let mut couriers = self.couriers(loaded, Until::Stopped)?;
        let _clerk = self.clerk(loaded, couriers.as_ref())?;
        let Loaded { judging, options, engine, vault } = loaded;
        let Course { changes, telling, pace, there, show_at } = course;
        let mapping = judging.mapping.clone();
        let reach = settings::reach(self.flags.reach);
        let reading = Reading { mapping: mapping.as_ref(), reach, now: now(), options, gram_of: &gram_of, thorough: false };
        let new = if self.flags.from == Begin::End { NewFile::AtEnd } else { NewFile::AtStart };
        let numbers = Numbers::default();
        let setting = Setting { engine, reading, numbers: &numbers, ledger: self.ledger, progress: &self.said.stop, new };
        let book = Book { ledger: Arc::clone(self.ledger), reach, options: options.clone(), seen: Vec::new() };
        let mut watch = Watch::open(setting, book)?.counting(Arc::clone(self.meters));
        let mut hearing = Hearing { telling, judging, ledger: self.ledger, couriers: couriers.as_ref() };
        let (mut sweep_at, mut has_news) = (Duration::ZERO, true);
        loop {
            self.meters.update(|meters| (meters.turned_at, meters.turns) = (self.clock(), meters.turns + 1));
            if self.said.stop.is_cancelled() || self.said.reload.swap(false, Ordering::Relaxed) {
                watch.finish(now(), &mut hearing)?;
                return Ok(if self.said.stop.is_cancelled() { Ended::Stopped } else { Ended::Reload });
            }
            if self.clock() >= sweep_at {
                sweep_at = self.sweep(&mut watch, &mut hearing, (changes, there));
                has_news = true;
                vault.tidy();
            }
            self.ledger.refresh()?;
            let pause = pace.pause(self.clock());
            if pause.is_zero() {
                watch.most = pace.most();
                let read = watch.step(now(), self.clock(), &mut hearing)?;
                pace.spend(read);
                hearing.telling.out.flush()?;
                hearing.telling.count_writes(&watch.take_writes(), (self.began.1, SystemTime::now()));
                self.meters.update(|meters| meters.failing = 0);
                if read > 0 {
                    debug!(bytes = read, "read");
                    has_news = true;
                }
                if watch.table().is_due() && read > 0 {
                    self.show(&mut watch, show_at, &mut has_news);
                    continue;
                }
                if self.flags.once {
                    watch.look(now(), &mut hearing)?;
                    watch.finish(now(), &mut hearing)?;
                    drop(couriers.take());
                    self.deliver(loaded)?;
                    return Ok(Ended::Stopped);
                }
            }
            self.show(&mut watch, show_at, &mut has_news);
            let mut rest = sweep_at.saturating_sub(self.clock()).min(TURN);
            if !pause.is_zero() {
                rest = rest.min(pause);
            } else if watch.table().is_due() || watch.table().waits() {
                rest = rest.min(POLL);
            }
            let news = changes.wait(rest);
            let followed = news.paths.iter().filter_map(|path| self.as_followed(path));
            let unknown = followed.filter(|path| watch.table().touch(path, now())).count();
            if news.lost || unknown > 0 {
                sweep_at = Duration::ZERO;
            }
        }
    }

    /// Who brings alerts to their endpoints, where there are any.
    fn couriers(&self, loaded: &Loaded, until: Until) -> anyhow::Result<Option<Couriers>> {
        let Some(posting) = &loaded.judging.posting else { return Ok(None) };
        let (place, access) = place(&self.flags.state)?;
        let counting = Counting::new(self.meters, &posting.endpoints);
        Couriers::begin(&posting.endpoints, (&place, access), &loaded.vault, (counting, lost), until).map(Some)
    }

    /// Who looks after the outbox meanwhile, where alerts go out.
    fn clerk(&self, loaded: &Loaded, couriers: Option<&Couriers>) -> anyhow::Result<Option<Clerk>> {
        let Some((posting, couriers)) = loaded.judging.posting.as_ref().zip(couriers) else { return Ok(None) };
        let (place, access) = place(&self.flags.state)?;
        let overdue = Overdue::new(Arc::clone(&posting.endpoints), posting.revocation.deadline.0, who(Some("watch")));
        let files = Files { store: open(&place, access)?, overdue, meters: Arc::clone(self.meters), bell: Arc::clone(couriers.bell()) };
        Ok(Some(Clerk::begin(files)?))
    }

    /// Delivers what is due, before a run ends that reads but once.
    fn deliver(&self, loaded: &Loaded) -> anyhow::Result<()> {
        if let Some(mut couriers) = self.couriers(loaded, Until::Empty)? {
            couriers.wait(LAST_WAIT);
        }
        Ok(())
    }

    /// Looks which files there are; when to look again.
    fn sweep(&self, watch: &mut Watch, hearing: &mut Hearing, (changes, there): (&mut Changes, &mut Option<HashSet<FileId>>)) -> Duration {
        let at = self.clock();
        let deaf = changes.watch(self.targets.iter().map(Target::directory));
        if let Some(problem) = deaf.as_ref().filter(|_| there.is_none()) {
            warn!("the system does not tell of changes: {problem}; files are asked for instead");
        }
        let swept = sweep(self.targets, self.own);
        let is_first = said_what_is_there(there, &swept);
        watch.sweep(swept, is_first, now(), hearing);
        if is_first {
            self.service.ready();
        }
        let took = self.clock().saturating_sub(at);
        let pause = self.flags.poll.map_or(if deaf.is_some() { POLL } else { SWEEP }, Duration::from_secs_f64);
        self.clock() + pause.max(took * SWEEP_SHARE)
    }

    /// A path of which the system told, as a target has it: a file of the working directory may be named without it.
    fn as_followed<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        [Some(path), path.strip_prefix(".").ok()].into_iter().flatten().find(|path| self.targets.iter().any(|target| target.has(path)))
    }

    fn clock(&self) -> Duration {
        self.began.0.elapsed()
    }

    /// Shows how far files were read, where somebody may look and something has changed; not more than about twice a second.
    fn show(&self, watch: &mut Watch, show_at: &mut Duration, has_news: &mut bool) {
        let at = self.clock();
        if !*has_news || at < *show_at || !(self.flags.showing.shows_files() || self.service.listens()) {
            return;
        }
        let files = Arc::new(watch.files());
        self.meters.update(|meters| meters.files = files);
        *has_news = false;
        *show_at = self.clock() + TURN.max(self.clock().saturating_sub(at) * SWEEP_SHARE);
    }
}

/// Says which files came and went since the last sweep; whether this one is the first.
fn said_what_is_there(there: &mut Option<HashSet<FileId>>, swept: &Swept) -> bool {
    let now: HashSet<FileId> = swept.files.iter().map(|file| file.id).collect();
    let before = there.replace(now);
    let now = there.iter().flatten();
    match &before {
        None => info!(files = now.count(), "files are followed"),
        Some(before) => {
            let (files, new) = (swept.files.len(), now.filter(|id| !before.contains(id)).count());
            let gone = (before.len() + new).saturating_sub(files);
            if new + gone > 0 {
                info!(files, new, gone, "files came or went");
            }
        }
    }
    before.is_none()
}
