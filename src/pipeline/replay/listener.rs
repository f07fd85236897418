//! Hears the streams of a scan and gathers what their records say.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::finding::Finding;
use crate::model::origin::Origin;
use crate::observe::observation::Thread;
use crate::pipeline::listen::{Hear, Listen};
use crate::pipeline::replay::gather::Gathered;
use crate::pipeline::replay::habits::Numbers;
use crate::pipeline::replay::judge::ReplayError;
use crate::pipeline::replay::sight::{Reading, Sight};

/// Hears every stream of a run.
pub struct Listener<'a> {
    reading: Reading<'a>,
    numbers: Numbers,
    shared: Mutex<Shared>,
}

/// What is known of streams by their names, from one reading of a file to the next.
pub type Threads = HashMap<String, Thread>;

/// What is shared by the threads of a run.
struct Shared {
    gathered: Gathered,
    /// What is known of streams, where that outlives them.
    threads: Option<Threads>,
    failure: Option<ReplayError>,
}

impl<'a> Listener<'a> {
    /// Gathers into this.
    #[must_use]
    pub fn new(reading: Reading<'a>, gathered: Gathered) -> Self {
        Self { reading, numbers: gathered.habits.numbers.clone(), shared: Mutex::new(Shared { gathered, threads: None, failure: None }) }
    }

    /// The same, for a file of which only what is new is read.
    #[must_use]
    pub fn knowing(reading: Reading<'a>, gathered: Gathered, threads: Threads) -> Self {
        let listener = Self::new(reading, gathered);
        listener.lock().threads = Some(threads);
        listener
    }

    /// What is known of streams that have ended.
    #[must_use]
    pub fn take_threads(&self) -> Threads {
        self.lock().threads.take().unwrap_or_default()
    }

    /// What is shared is whole between any two calls, also after a panic of another thread.
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was gathered, and why some of it was not, where that is so.
    #[must_use]
    pub fn into_gathered(self) -> (Gathered, Option<ReplayError>) {
        let shared = self.shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        (shared.gathered, shared.failure)
    }

    fn take(&self, sight: &mut Sight) {
        let mut shared = self.lock();
        if let Err(error) = shared.gathered.add(sight.take_told()) {
            shared.failure.get_or_insert(error);
        }
    }
}

impl Listen for Listener<'_> {
    fn stream<'b>(&'b self, origin: &Origin) -> Box<dyn Hear + 'b> {
        let name = origin.to_string();
        let known = self.lock().threads.as_mut().and_then(|threads| threads.remove(&name));
        let sight = match known {
            Some(thread) => Sight::knowing(name, self.reading, &self.numbers, thread),
            None => Sight::new(name, self.reading, &self.numbers),
        };
        Box::new(Stream { sight, listener: self })
    }
}

/// One stream.
struct Stream<'a> {
    sight: Sight<'a>,
    listener: &'a Listener<'a>,
}

impl Hear for Stream<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.sight.hear(bytes);
        if self.sight.has_much() {
            self.listener.take(&mut self.sight);
        }
    }

    fn found(&mut self, finding: &Finding, line: u64) {
        self.sight.find(finding, line);
    }

    fn end(&mut self) {
        let known = self.sight.end().filter(|thread| !thread.is_plain());
        if let Some((thread, threads)) = known.zip(self.listener.lock().threads.as_mut()) {
            threads.insert(thread.location.clone(), thread);
        }
        self.listener.take(&mut self.sight);
    }
}
