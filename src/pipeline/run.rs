//! Runs a scan: over trees with several threads, or over a stream as it arrives.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::origin::Origin;
use crate::model::problem::Problem;
use crate::pipeline::collect::Collect;
use crate::pipeline::feed::{Feed, Sharing, Work};
use crate::pipeline::stream::{Context, Event, HEAD, scan_all, scan_live, unreadable};
use crate::pipeline::suppress::Report;
use crate::sources::encoding::Encoding;
use crate::sources::unpack::{Remember, UnpackLimits, Visit, sniff, unpack, unpack_changed, unpack_file};
use crate::sources::walk::{Walk, WalkOptions, WalkedFile};

/// How a run reads.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads that scan; at least one.
    pub threads: usize,
    /// What of a tree is read.
    pub walk: WalkOptions,
    /// How far archives are followed.
    pub limits: UnpackLimits,
}

/// Scans files and trees; findings and problems are reported in the order of the walk.
pub fn scan_paths(context: Context, paths: Vec<PathBuf>, options: &Options, report: &mut (dyn Report + Send)) {
    // Whoever listens hears a stream in order.
    let sharing = if context.listen.is_some() { Sharing::Files } else { Sharing::Chunks };
    let feed = Mutex::new(Feed::new(Walk::new(paths, options.walk.clone()), sharing));
    let collect = Mutex::new(Collect::new(report));
    let worker = Worker { context, limits: &options.limits, feed: &feed };
    if options.threads < 2 {
        return worker.work(&collect);
    }
    match rayon::ThreadPoolBuilder::new().num_threads(options.threads).build() {
        Ok(pool) => pool.broadcast(|_| worker.work(&collect)).clear(),
        // The system gives no threads: one is enough.
        Err(_) => worker.work(&collect),
    }
}

/// Scans one open file, with everything that lies in it, but for cells of a database that somebody remembers.
pub fn scan_file(context: Context, (origin, file): (&Origin, File), limits: &UnpackLimits, cells: Option<&dyn Remember>, collect: &mut Collect) {
    let mut visitor = Visitor { context, buffer: Vec::new(), tell: &mut |event| collect.tell(event) };
    unpack_changed(origin, file, limits, &mut visitor, cells);
}

/// Scans a stream as it arrives; a compressed one as it is unpacked.
pub fn scan_reader(context: Context, reader: &mut dyn Read, limits: &UnpackLimits, report: &mut (dyn Report + Send)) {
    let mut collect = Collect::new(report);
    let origin = Arc::new(Origin::Stdin);
    let first = match read_head(context, reader) {
        Ok(first) => first,
        Err(error) => return collect.tell(Event::Problem(unreadable(&origin, &error))),
    };
    if sniff(&first).is_some() || Encoding::of(&first) != Encoding::Bytes {
        let mut visitor = Visitor { context, buffer: Vec::new(), tell: &mut |event| collect.tell(event) };
        unpack(&origin, &mut Cursor::new(first).chain(reader), limits, &mut visitor);
    } else {
        scan_live(context, &origin, &first, reader, &mut |event| collect.tell(event));
    }
}

/// Reads until it is clear what the stream is: a first line of text, enough of anything else, or its end.
fn read_head(context: Context, reader: &mut dyn Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    while !context.progress.is_cancelled() {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => head.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        let is_line = head.len() >= 8 && head.contains(&b'\n') && !head.contains(&0);
        if is_line || head.len() >= HEAD {
            break;
        }
    }
    Ok(head)
}

#[derive(Clone, Copy)]
struct Worker<'a> {
    context: Context<'a>,
    limits: &'a UnpackLimits,
    feed: &'a Mutex<Feed>,
}

impl Worker<'_> {
    /// Takes work until there is none left.
    fn work(self, collect: &Mutex<Collect>) {
        let mut buffer = Vec::new();
        while !self.context.progress.is_cancelled() {
            let next = lock(self.feed).next_work();
            let Some((number, work)) = next else { return };
            let events = match work {
                Work::Problem(problem) => vec![Event::Problem(problem)],
                Work::File(file) => self.file(&file, &mut buffer),
                Work::Chunk { origin, chunk, first } => {
                    self.context.progress.add_bytes(chunk.core.len() as u64);
                    let found = self.context.engine.scan_chunk(&origin, &chunk);
                    lock(self.feed).give_back(chunk.bytes);
                    if first {
                        self.context.progress.add_file();
                    }
                    let begin = first.then_some(Event::Begin);
                    begin.into_iter().chain([Event::Part(origin, found)]).collect()
                }
            };
            lock(collect).take(number, events);
        }
    }

    fn file(&self, walked: &WalkedFile, buffer: &mut Vec<u8>) -> Vec<Event> {
        let mut events = Vec::new();
        match walked.open() {
            Ok(file) => {
                let origin = Origin::File(walked.path.clone());
                let mut visitor = Visitor { context: self.context, buffer: std::mem::take(buffer), tell: &mut |event| events.push(event) };
                unpack_file(&origin, file, self.limits, &mut visitor);
                *buffer = visitor.buffer;
            }
            Err(problem) => events.push(Event::Problem(problem)),
        }
        events
    }
}

/// Scans every stream that unpacking yields.
struct Visitor<'a> {
    context: Context<'a>,
    buffer: Vec<u8>,
    tell: &'a mut dyn FnMut(Event),
}

impl Visit for Visitor<'_> {
    fn stream(&mut self, origin: Origin, reader: &mut dyn Read) {
        self.buffer = scan_all(self.context, origin, reader, std::mem::take(&mut self.buffer), self.tell);
    }

    fn problem(&mut self, problem: Problem) {
        (self.tell)(Event::Problem(problem));
    }

    fn is_cancelled(&self) -> bool {
        self.context.progress.is_cancelled()
    }
}

/// Locks even after a panic of another thread: what it guards is whole between any two calls.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
