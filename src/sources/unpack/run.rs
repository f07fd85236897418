//! One walk through one top-level file: sniffs each content, opens containers, hands on the rest.

use std::cell::Cell;
use std::io::{self, Cursor, Read};

use crate::model::origin::Origin;
use crate::model::problem::{Problem, ProblemKind};
use crate::sources::unpack::container::{Container, HEAD, sniff};
use crate::sources::unpack::guard::{Counted, Guard, Tally};
use crate::sources::unpack::{Remember, UnpackLimits, Visit, bzip2, gzip, tar, xz, zip, zstd};

/// How much is skipped between two looks at the cancel flag, in bytes.
const SKIP_STEP: u64 = 16 << 20;

/// What every container needs to go on.
pub struct Run<'a> {
    /// How far to go.
    pub limits: &'a UnpackLimits,
    /// How far it went.
    pub tally: &'a Tally,
    /// Who takes what is found.
    pub visit: &'a mut dyn Visit,
    /// Who remembers cells of databases.
    pub cells: Option<&'a dyn Remember>,
}

impl Run<'_> {
    /// Hands on one content, or what lies in it; `depth` containers are around it.
    pub fn content(&mut self, origin: &Origin, reader: &mut dyn Read, depth: u32) {
        let head = read_head(reader);
        self.content_after(&head, origin, reader, depth);
    }

    /// Like [`Run::content`] when the first bytes have been read.
    pub fn content_after(&mut self, head: &[u8], origin: &Origin, reader: &mut dyn Read, depth: u32) {
        let mut whole = Cursor::new(head).chain(reader);
        match sniff(head) {
            None | Some(Container::Sqlite) => self.visit.stream(origin.clone(), &mut whole),
            Some(container) if depth >= self.limits.depth => self.too_deep(origin, container),
            Some(container) => self.open(container, origin, &mut whole, depth),
        }
    }

    fn open(&mut self, container: Container, origin: &Origin, reader: &mut dyn Read, depth: u32) {
        let taken = Cell::new(0);
        match container {
            Container::Tar => return tar::unpack(self, origin, reader, depth),
            Container::Zip => return zip::unpack(self, origin, reader, depth),
            Container::Gzip | Container::Zstd | Container::Bzip2 | Container::Xz | Container::Sqlite => {}
        }
        let counted = Counted::new(reader, &taken);
        let decoder = match container {
            Container::Zstd => zstd::open(counted, self.limits),
            Container::Bzip2 => bzip2::open(counted),
            Container::Xz => xz::open(counted, self.limits),
            _ => gzip::open(counted),
        };
        self.decoded(origin, &origin.member(""), decoder, &taken, depth + 1);
    }

    /// Hands on what a decoder gives, within the limits; says whether it came to its end. Problems go to `origin`.
    pub fn decoded(&mut self, origin: &Origin, content: &Origin, decoder: impl Read, taken: &Cell<u64>, depth: u32) -> bool {
        let mut guard = Guard::new(decoder, self.tally, self.limits, taken);
        self.content(content, &mut guard, depth);
        self.skip(&mut guard, u64::MAX);
        let whole = !guard.is_cut();
        if let Some(problem) = guard.into_problem(origin) {
            self.visit.problem(problem);
        }
        whole
    }

    /// Whether to stop: on request, or because a limit on the whole file was reached.
    pub fn is_stopped(&self) -> bool {
        self.visit.is_cancelled() || self.tally.is_spent()
    }

    /// Counts one more member of an archive; `false` when there is to be none.
    pub fn enter_member(&mut self, archive: &Origin) -> bool {
        if self.is_stopped() {
            return false;
        }
        self.tally.members.update(|count| count + 1);
        if self.tally.members.get() <= self.limits.members {
            return true;
        }
        self.tally.spend();
        let limit = self.limits.members;
        let message = format!("more than `members` = {limit} archive members in one file; the rest is not scanned\nhint: raise the limit");
        self.problem(archive, ProblemKind::Limit, message);
        false
    }

    /// Reads past `count` bytes; says how many of them were not there.
    pub fn skip(&mut self, reader: &mut dyn Read, mut count: u64) -> u64 {
        while count > 0 && !self.is_stopped() {
            let step = count.min(SKIP_STEP);
            let read = io::copy(&mut reader.take(step), &mut io::sink()).unwrap_or(0);
            count -= read;
            if read < step {
                break;
            }
        }
        count
    }

    /// Takes note of something that was not read.
    pub fn problem(&mut self, origin: &Origin, kind: ProblemKind, message: String) {
        self.visit.problem(Problem { origin: origin.clone(), kind, message });
    }

    /// Takes note of damage, unless it only follows from a surrounding stream that was cut.
    pub fn damaged(&mut self, origin: &Origin, what: &str) {
        if !self.tally.is_cut() && !self.is_stopped() {
            let message = format!("{what}\nhint: fetch the file again; everything before the damage is scanned");
            self.problem(origin, ProblemKind::Damaged, message);
        }
    }

    fn too_deep(&mut self, origin: &Origin, container: Container) {
        let message = format!(
            "a `{}` inside `depth` = {} containers is not opened\nhint: raise the limit, or unpack the file first",
            container.as_str(),
            self.limits.depth
        );
        self.problem(origin, ProblemKind::Limit, message);
    }
}

/// Reads the bytes that [`sniff`] decides on. The readers in this room end instead of failing, so there is no error to lose.
pub fn read_head(reader: &mut dyn Read) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEAD);
    let _ended = reader.take(HEAD as u64).read_to_end(&mut head);
    head
}
