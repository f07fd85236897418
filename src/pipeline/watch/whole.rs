//! A file that is no growing text: read with everything that lies in it whenever it has changed; of a database, what is new or has changed.

use std::fs::File;
use std::io::{Read, Seek};

use crate::model::finding::Finding;
use crate::model::origin::Origin;
use crate::model::problem::Problem;
use crate::pipeline::collect::Collect;
use crate::pipeline::replay::gather::Gathered;
use crate::pipeline::replay::judge::ReplayError;
use crate::pipeline::replay::listener::{Listener, Threads};
use crate::pipeline::replay::sight::Reading;
use crate::pipeline::run::scan_file;
use crate::pipeline::stream::{Context, unreadable};
use crate::pipeline::suppress::Report;
use crate::sources::follow::window::{HEAD, LAST, Outline, Window};
use crate::sources::unpack::{Remember, UnpackLimits, Visit, unpack};

/// Hears of one file.
struct Heard<'a> {
    find: &'a mut (dyn FnMut(Finding) + Send),
    problems: Vec<Problem>,
}

impl Report for Heard<'_> {
    fn finding(&mut self, finding: Finding) {
        (self.find)(finding);
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

/// What is known of a file that was read before.
pub struct Known<'a> {
    /// Who remembers its cells, where it is a database.
    pub cells: &'a dyn Remember,
    /// What was known of the streams in it when they were read last.
    pub threads: &'a mut Threads,
}

/// Scans a file whole, but for cells of a database that were read before; what of it was not read.
///
/// # Errors
///
/// [`ReplayError`]: what was read cannot be gathered.
pub fn read(
    context: Context,
    reading: Reading,
    (origin, mut file, known): (&Origin, File, Known),
    gathered: &mut Gathered,
    find: &mut (dyn FnMut(Finding) + Send),
) -> Result<Vec<Problem>, ReplayError> {
    if let Err(error) = file.rewind() {
        return Ok(vec![unreadable(origin, &error)]);
    }
    let listener = Listener::knowing(reading, gathered.take(), std::mem::take(known.threads));
    let mut heard = Heard { find, problems: Vec::new() };
    scan_file(
        Context { listen: Some(&listener), ..context },
        (origin, file),
        &UnpackLimits::default(),
        Some(known.cells),
        &mut Collect::new(&mut heard),
    );
    *known.threads = listener.take_threads();
    let (told, failure) = listener.into_gathered();
    *gathered = told;
    failure.map_or(Ok(heard.problems), Err)
}

/// What the one text in a compressed file looks like; none where there are several, or none.
#[must_use]
pub fn outline(file: &mut File) -> Option<Outline> {
    let mut content = Content::default();
    file.rewind().ok()?;
    unpack(&Origin::Memory(String::new()), file, &UnpackLimits::default(), &mut content);
    (content.streams == 1 && !content.is_damaged).then(|| {
        let last = Window::of_content(&content.last).moved_to(content.length - content.last.len() as u64);
        Outline { head: Window::of_content(&content.head), last, length: content.length }
    })
}

#[derive(Default)]
struct Content {
    streams: u32,
    is_damaged: bool,
    head: Vec<u8>,
    last: Vec<u8>,
    length: u64,
}

impl Visit for Content {
    fn stream(&mut self, _: Origin, reader: &mut dyn Read) {
        self.streams += 1;
        let mut block = vec![0; 1 << 16];
        while let Ok(read @ 1..) = reader.read(&mut block) {
            let missing = (HEAD as usize).saturating_sub(self.head.len()).min(read);
            self.head.extend_from_slice(&block[..missing]);
            self.last.extend_from_slice(&block[..read]);
            let surplus = self.last.len().saturating_sub(LAST as usize);
            self.last.drain(..surplus);
            self.length += read as u64;
        }
    }

    fn problem(&mut self, _: Problem) {
        self.is_damaged = true;
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}
