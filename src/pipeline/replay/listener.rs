//! Hears the streams of a scan and gathers what their records say.

use std::sync::{Mutex, PoisonError};

use crate::model::finding::Finding;
use crate::model::origin::Origin;
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

/// What is shared by the threads of a run.
struct Shared {
    gathered: Gathered,
    failure: Option<ReplayError>,
}

impl<'a> Listener<'a> {
    /// Gathers into this.
    #[must_use]
    pub fn new(reading: Reading<'a>, gathered: Gathered) -> Self {
        Self { reading, numbers: gathered.habits.numbers.clone(), shared: Mutex::new(Shared { gathered, failure: None }) }
    }

    /// What was gathered, and why some of it was not, where that is so.
    #[must_use]
    pub fn into_gathered(self) -> (Gathered, Option<ReplayError>) {
        let shared = self.shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        (shared.gathered, shared.failure)
    }

    fn take(&self, sight: &mut Sight) {
        // What is shared is whole between any two calls, also after a panic of another thread.
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = shared.gathered.add(sight.take_told()) {
            shared.failure.get_or_insert(error);
        }
    }
}

impl Listen for Listener<'_> {
    fn stream<'b>(&'b self, origin: &Origin) -> Box<dyn Hear + 'b> {
        Box::new(Stream { sight: Sight::new(origin.to_string(), self.reading, &self.numbers), listener: self })
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
        self.sight.end();
        self.listener.take(&mut self.sight);
    }
}
