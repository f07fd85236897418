//! Who hears streams while they are scanned, besides those who are told what was found.

use crate::model::finding::Finding;
use crate::model::origin::Origin;
use crate::model::place::Position;
use crate::scan::engine::ChunkFindings;

/// Somebody who hears every stream of a run, from any number of threads.
pub trait Listen: Sync {
    /// A stream begins.
    fn stream<'a>(&'a self, origin: &Origin) -> Box<dyn Hear + 'a>;
}

/// Somebody who hears one stream.
pub trait Hear {
    /// What was found in the bytes that come next, and on which line.
    fn found(&mut self, finding: &Finding, line: u64);

    /// The next bytes, in order.
    fn bytes(&mut self, bytes: &[u8]);

    /// The stream has ended.
    fn end(&mut self);
}

/// A stream that somebody may listen to.
pub struct Ear<'a> {
    hear: Option<Box<dyn Hear + 'a>>,
    at: Position,
}

impl<'a> Ear<'a> {
    /// A stream that begins.
    #[must_use]
    pub fn new(listen: Option<&'a dyn Listen>, origin: &Origin) -> Self {
        Self { hear: listen.map(|listen| listen.stream(origin)), at: Position { line: 1, column: 1 } }
    }

    /// Passes on the next bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        if let Some(hear) = &mut self.hear {
            hear.bytes(bytes);
        }
    }

    /// Passes on what was found in the next bytes.
    pub fn found(&mut self, found: &ChunkFindings) {
        if let Some(hear) = &mut self.hear {
            for finding in &found.findings {
                hear.found(finding, finding.position.from(self.at).line);
            }
            self.at = found.end(self.at);
        }
    }

    /// Says that the stream has ended.
    pub fn end(&mut self) {
        if let Some(hear) = &mut self.hear {
            hear.end();
        }
    }
}
