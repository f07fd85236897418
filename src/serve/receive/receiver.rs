//! From a request to its answer: which inlet it is for, what that understands, and what became of it.

use std::sync::Arc;

use crate::model::instant::Instant;
use crate::serve::receive::desk::Desk;
use crate::serve::receive::inlet::{Heard, Inlet};
use crate::serve::server::{Answer, Question};

/// What is told of a request that was not taken.
pub type Tell = dyn Fn(&str) + Send + Sync;

/// Who answers requests.
pub struct Receiver {
    /// The doors.
    pub inlets: Vec<Inlet>,
    /// Who writes down.
    pub desk: Desk,
    /// The time.
    pub clock: Box<dyn Fn() -> Instant + Send + Sync>,
    /// Whom refusals are told.
    pub tell: Arc<Tell>,
}

impl Receiver {
    /// Takes one request.
    #[must_use]
    pub fn answer(&self, question: &Question) -> Answer {
        if question.method == "GET" && question.path == "/healthz" {
            return Answer::text(200, "ok");
        }
        let Some(inlet) = self.inlets.iter().find(|inlet| inlet.is_at(question.path)) else {
            return Answer::text(404, "nothing is received here");
        };
        let (now, name) = ((self.clock)(), &inlet.name);
        let items = match (inlet.protocol.read)(inlet, question, now) {
            Ok(Heard::Asked(answer)) => return answer,
            Ok(Heard::Told(items)) => items,
            Err(refusal) => {
                (self.tell)(&format!("inlet `{name}`: refused: {refusal}"));
                return (inlet.protocol.refused)(&refusal);
            }
        };
        match self.desk.take(inlet, items, now) {
            Ok(taken) => (inlet.protocol.taken)(&taken),
            Err(error) => {
                (self.tell)(&format!("inlet `{name}`: not written down: {error}"));
                let later = Answer::text(503, "this could not be written down; send it again");
                Answer { headers: vec![("retry-after", "30")], ..later }
            }
        }
    }
}
