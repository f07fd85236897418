//! Reads logs of a tree or a stream, with several threads, into what is gathered.

use std::cell::RefCell;
use std::io::{Cursor, Read};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::model::origin::Origin;
use crate::model::problem::{Problem, ProblemKind};
use crate::pipeline::replay::gather::Gathered;
use crate::pipeline::replay::sight::{Reading, Sight};
use crate::pipeline::run::Options;
use crate::pipeline::stream::{Context, Ears, Event, Placing, scan_heard};
use crate::sources::unpack::{Visit, unpack, unpack_file};
use crate::sources::walk::Walk;

/// What a run of replay tells while it reads; called by one thread at a time.
pub trait Hear {
    /// Something that was not read.
    fn problem(&mut self, problem: Problem);
}

/// What is shared by the threads of a run.
struct Shared<'a, 'g> {
    gathered: &'a mut Gathered<'g>,
    hear: &'a mut (dyn Hear + Send),
}

/// Reads files and trees.
pub fn read_paths(context: Context, paths: Vec<PathBuf>, reading: Reading, options: &Options, gathered: &mut Gathered, hear: &mut (dyn Hear + Send)) {
    let walk = Mutex::new(Walk::new(paths, options.walk.clone()));
    let shared = Mutex::new(Shared { gathered, hear });
    let worker = || {
        let mut buffer = Vec::new();
        while !context.progress.is_cancelled() {
            let next = lock(&walk).next();
            let Some(next) = next else { return };
            let mut visitor = Visitor { context, reading, buffer: std::mem::take(&mut buffer), shared: &shared };
            match next.and_then(|file| Ok((file.open()?, file))) {
                Ok((opened, file)) => unpack_file(&Origin::File(file.path.clone()), opened, &options.limits, &mut visitor),
                Err(problem) => visitor.problem(problem),
            }
            buffer = visitor.buffer;
        }
    };
    match rayon::ThreadPoolBuilder::new().num_threads(options.threads).build() {
        Ok(pool) if options.threads > 1 => pool.broadcast(|_| worker()).clear(),
        _ => worker(),
    }
}

/// Reads one stream.
pub fn read_stream(
    context: Context,
    reader: &mut dyn Read,
    reading: Reading,
    options: &Options,
    gathered: &mut Gathered,
    hear: &mut (dyn Hear + Send),
) {
    let shared = Mutex::new(Shared { gathered, hear });
    let mut visitor = Visitor { context, reading, buffer: Vec::new(), shared: &shared };
    unpack(&Origin::Stdin, &mut Cursor::new(Vec::new()).chain(reader), &options.limits, &mut visitor);
}

/// Reads every stream that unpacking yields.
struct Visitor<'a, 'b, 'g> {
    context: Context<'a>,
    reading: Reading<'a>,
    buffer: Vec<u8>,
    shared: &'a Mutex<Shared<'b, 'g>>,
}

impl Visit for Visitor<'_, '_, '_> {
    fn stream(&mut self, origin: Origin, reader: &mut dyn Read) {
        let sight = RefCell::new(Sight::new(origin.to_string(), self.reading));
        let mut placing = Placing::START;
        let mut tell = |event: Event| match event {
            Event::Begin => placing = Placing::START,
            Event::Part(_, found) => {
                let (findings, _) = placing.place(found);
                let mut sight = sight.borrow_mut();
                for finding in findings {
                    sight.find(finding);
                }
            }
            Event::Problem(problem) => lock(self.shared).hear.problem(problem),
        };
        let mut hear = |bytes: &[u8]| {
            let mut sight = sight.borrow_mut();
            sight.hear(bytes);
            if sight.has_much() {
                hand_over(self.shared, &mut sight);
            }
        };
        let ears = &mut Ears { tell: &mut tell, hear: Some(&mut hear) };
        self.buffer = scan_heard(self.context, origin, reader, std::mem::take(&mut self.buffer), ears);
        let mut sight = sight.borrow_mut();
        sight.end();
        hand_over(self.shared, &mut sight);
    }

    fn problem(&mut self, problem: Problem) {
        lock(self.shared).hear.problem(problem);
    }

    fn is_cancelled(&self) -> bool {
        self.context.progress.is_cancelled()
    }
}

fn hand_over(shared: &Mutex<Shared>, sight: &mut Sight) {
    let mut shared = lock(shared);
    if let Err(error) = shared.gathered.take(sight.take_told()) {
        let message = error.to_string();
        shared.hear.problem(Problem { origin: Origin::Memory("replay".into()), kind: ProblemKind::Ledger, message });
    }
}

/// Locks even after a panic of another thread: what it guards is whole between any two calls.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
