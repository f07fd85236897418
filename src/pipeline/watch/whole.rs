//! A file that is no growing text: read whole, with everything that lies in it, whenever it has changed.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::sync::Arc;
use std::time::SystemTime;

use crate::model::finding::Finding;
use crate::model::origin::Origin;
use crate::model::problem::Problem;
use crate::pipeline::collect::Collect;
use crate::pipeline::replay::gather::Gathered;
use crate::pipeline::replay::listener::Listener;
use crate::pipeline::replay::sight::Reading;
use crate::pipeline::run::scan_file;
use crate::pipeline::stream::{Context, HEAD};
use crate::pipeline::suppress::Report;
use crate::scan::engine::Filtered;
use crate::sources::encoding::Encoding;
use crate::sources::follow::window::{self, LAST, Window};
use crate::sources::unpack::{UnpackLimits, Visit, sniff, unpack};

/// Whether a file is read whole: a container, a database, UTF-16.
///
/// # Errors
///
/// It cannot be read.
pub fn is_whole(mut file: &File) -> io::Result<bool> {
    let mut head = Vec::with_capacity(HEAD);
    file.rewind()?;
    file.take(HEAD as u64).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(sniff(&head).is_some() || Encoding::of(&head) != Encoding::Bytes)
}

/// When a file was written to, in nanoseconds since 1970-01-01T00:00:00Z.
#[must_use]
pub fn nanoseconds(time: Option<SystemTime>) -> u128 {
    time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).map_or(0, |since| since.as_nanos())
}

/// Hears of one file.
struct Heard<'a> {
    find: &'a mut (dyn FnMut(Finding) + Send),
    problems: Vec<Problem>,
}

impl Report for Heard<'_> {
    fn finding(&mut self, finding: Finding) {
        (self.find)(finding);
    }

    fn allowed(&mut self, _: u64) {}

    fn filtered(&mut self, _: &Arc<Origin>, _: &Filtered) {}

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

/// Scans a file whole; what of it was not read.
pub fn read(
    context: Context,
    reading: Reading,
    (origin, file): (&Origin, File),
    gathered: &mut Gathered,
    find: &mut (dyn FnMut(Finding) + Send),
) -> Vec<Problem> {
    let listener = Listener::new(reading, gathered.take());
    let mut heard = Heard { find, problems: Vec::new() };
    scan_file(Context { listen: Some(&listener), ..context }, (origin, file), &UnpackLimits::default(), &mut Collect::new(&mut heard));
    let (told, problem) = listener.into_gathered();
    *gathered = told;
    heard.problems.extend(problem);
    heard.problems
}

/// How the one text in a compressed file begins and ends, and how long it is; none where there are several.
#[must_use]
pub fn content(file: &mut File) -> Option<(Window, Window, u64)> {
    let mut content = Content::default();
    unpack(&Origin::Memory(String::new()), file, &UnpackLimits::default(), &mut content);
    (content.streams == 1 && !content.is_damaged).then(|| {
        let last = Window::of_content(&content.last).moved_to(content.length - content.last.len() as u64);
        (Window::of_content(&content.head), last, content.length)
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
            let missing = (window::HEAD as usize).saturating_sub(self.head.len()).min(read);
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
