//! When something was written to the files that are followed, as the system tells it; what it fails to tell, sweeps find.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::sources::sqlite_files::base;

/// What has changed since it was last asked.
#[derive(Default, Debug)]
pub struct Changed {
    /// Paths to which something happened; each once, so that a flood of events takes no room.
    pub paths: HashSet<PathBuf>,
    /// Whether something may have happened that was not told: a sweep finds it.
    pub lost: bool,
    /// Whether somebody called [`Changes::wake`].
    pub woken: bool,
}

impl Changed {
    fn is_any(&self) -> bool {
        self.lost || self.woken || !self.paths.is_empty()
    }
}

#[derive(Default)]
struct Shared {
    changed: Mutex<Changed>,
    any: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Changed> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, change: impl FnOnce(&mut Changed)) {
        change(&mut self.lock());
        self.any.notify_one();
    }
}

/// Hears of changes below directories.
pub struct Changes {
    shared: Arc<Shared>,
    watcher: Option<RecommendedWatcher>,
    /// Directories as they were named, and as the system calls them.
    watched: HashMap<PathBuf, PathBuf>,
}

/// Wakes whoever waits for changes; may be called from anywhere.
#[derive(Clone)]
pub struct Waker(Arc<Shared>);

impl Waker {
    /// Ends the wait.
    pub fn wake(&self) {
        self.0.tell(|changed| changed.woken = true);
    }
}

impl Changes {
    /// Hears of nothing yet, and never of what lies below `own`; why it never will at all, where the system does not help.
    #[must_use]
    pub fn new(own: Option<PathBuf>) -> (Self, Option<String>) {
        let is_own = move |path: &PathBuf| own.as_ref().is_some_and(|own| path.starts_with(own));
        let shared = Arc::<Shared>::default();
        let hearing = Arc::clone(&shared);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| match event {
            Ok(event) if event.need_rescan() => hearing.tell(|changed| changed.lost = true),
            Ok(event) if event.kind.is_access() => {}
            Ok(event) if event.paths.iter().all(&is_own) => {}
            Ok(event) => hearing.tell(|changed| changed.paths.extend(event.paths.into_iter().map(database))),
            Err(_) => hearing.tell(|changed| changed.lost = true),
        });
        let (watcher, problem) = match watcher {
            Ok(watcher) => (Some(watcher), None),
            Err(error) => (None, Some(error.to_string())),
        };
        (Self { shared, watcher, watched: HashMap::new() }, problem)
    }

    /// Hears of changes below directories from now on; why not, where the system refuses. One that is not there is tried again.
    pub fn watch<'p>(&mut self, directories: impl IntoIterator<Item = (&'p Path, bool)>) -> Option<String> {
        let watcher = self.watcher.as_mut()?;
        let mut problem = None;
        for (directory, below) in directories {
            if self.watched.contains_key(directory) || !directory.is_dir() {
                continue;
            }
            let mode = if below { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            let real = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
            match watcher.watch(&real, mode) {
                Ok(()) => _ = self.watched.insert(directory.to_owned(), real),
                Err(error) => problem = Some(format!("{}: {error}", directory.display())),
            }
        }
        problem
    }

    /// Waits until something has changed, but not longer than this.
    #[must_use]
    pub fn wait(&mut self, longest: Duration) -> Changed {
        let mut changed = self.shared.lock();
        if !changed.is_any() {
            (changed, _) = self.shared.any.wait_timeout(changed, longest).unwrap_or_else(PoisonError::into_inner);
        }
        let Changed { paths, lost, woken } = std::mem::take(&mut *changed);
        drop(changed);
        // What happens to a directory itself may end the watch of it.
        let before = self.watched.len();
        self.watched.retain(|_, real| !paths.contains(real));
        Changed { lost: lost || self.watched.len() < before, paths: paths.iter().flat_map(|path| self.named(path)).collect(), woken }
    }

    /// A path as whoever named the directories would write it.
    fn named<'p>(&'p self, path: &'p Path) -> impl Iterator<Item = PathBuf> + 'p {
        self.watched.iter().filter_map(|(named, real)| Some(named.join(path.strip_prefix(real).ok()?)))
    }

    /// Who can end the wait.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.shared))
    }
}

/// The database, where its log was written to.
fn database(path: PathBuf) -> PathBuf {
    base(&path).filter(|base| base.exists()).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, Instant};

    use crate::sources::follow::changes::Changes;

    #[test]
    fn writes_are_heard_and_waits_end() {
        let directory = tempfile::tempdir().expect("because there is room");
        let (mut changes, problem) = Changes::new(None);
        assert_eq!(problem, None);
        // Named otherwise than the system calls it.
        let named = directory.path().join("b/..");
        fs::create_dir(directory.path().join("b")).expect("because there is room");
        assert_eq!(changes.watch([(named.as_path(), true)]), None);
        assert!(changes.wait(Duration::ZERO).paths.is_empty());
        let path = named.join("a.log");
        fs::write(&path, "x").expect("because there is room");
        let end = Instant::now() + Duration::from_secs(20);
        let mut heard = changes.wait(Duration::from_secs(20));
        while !heard.paths.contains(&path) && Instant::now() < end {
            heard = changes.wait(Duration::from_secs(20));
        }
        assert!(heard.paths.contains(&path) && !heard.woken);
        changes.waker().wake();
        while !heard.woken && Instant::now() < end {
            heard = changes.wait(Duration::from_secs(20));
        }
        assert!(heard.woken);
    }
}
