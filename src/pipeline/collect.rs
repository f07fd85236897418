//! Puts results back into the order of the work, and counts lines along each stream.

use std::collections::BTreeMap;

use crate::pipeline::stream::{Event, Placing};
use crate::pipeline::suppress::Report;

/// Receives results in any order and reports them in order.
pub struct Collect<'a> {
    waiting: BTreeMap<u64, Vec<Event>>,
    next: u64,
    placing: Placing,
    report: &'a mut (dyn Report + Send),
}

impl<'a> Collect<'a> {
    /// Reports to this.
    pub fn new(report: &'a mut (dyn Report + Send)) -> Self {
        Self { waiting: BTreeMap::new(), next: 0, placing: Placing::START, report }
    }

    /// Takes the results of one piece of work, and reports all that are next in order.
    pub fn take(&mut self, number: u64, events: Vec<Event>) {
        self.waiting.insert(number, events);
        while let Some(events) = self.waiting.remove(&self.next) {
            self.next += 1;
            for event in events {
                self.tell(event);
            }
        }
    }

    /// Reports one event at once.
    pub fn tell(&mut self, event: Event) {
        match event {
            Event::Begin => self.placing = Placing::START,
            Event::Part(origin, found) => {
                let (findings, rest) = self.placing.place(found);
                self.report.allowed(rest.allowed);
                rest.filtered.iter().for_each(|filtered| self.report.filtered(&origin, filtered));
                for finding in findings {
                    self.report.finding(finding);
                }
            }
            Event::Problem(problem) => self.report.problem(problem),
        }
    }
}
