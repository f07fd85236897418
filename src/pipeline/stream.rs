//! One stream of bytes -> findings: cut, scanned, placed, in order.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::sync::Arc;

use crate::model::chunk::Chunk;
use crate::model::finding::Finding;
use crate::model::origin::Origin;
use crate::model::place::{ByteSpan, Position};
use crate::model::problem::{Problem, ProblemKind};
use crate::pipeline::listen::{Ear, Listen};
use crate::pipeline::progress::Progress;
use crate::scan::engine::{ChunkFindings, Engine};
use crate::sources::cutter::{Cut, CutOptions, Cutter};
use crate::sources::encoding::{Encoding, Narrow};
use crate::sources::unpack::sniff;

/// Something that a run tells, in order.
#[derive(Debug)]
pub enum Event {
    /// A stream begins: positions count from its start.
    Begin,
    /// What was found in the next part of the stream.
    Part(Arc<Origin>, ChunkFindings),
    /// Something was not read, or not read whole.
    Problem(Problem),
}

/// What a scan of streams cannot do without.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The engine.
    pub engine: &'a Engine,
    /// Counters, and the flag that stops the run.
    pub progress: &'a Progress,
    /// Somebody who hears every stream.
    pub listen: Option<&'a dyn Listen>,
}

/// Bytes that are looked at to tell an encoding or a container.
pub const HEAD: usize = 512;

/// Whether a file is plain bytes: no container, and not UTF-16. It is read from its start on afterwards.
///
/// # Errors
///
/// It cannot be read.
pub fn is_plain(mut file: &File) -> io::Result<bool> {
    let mut head = Vec::with_capacity(HEAD);
    file.rewind()?;
    file.take(HEAD as u64).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(sniff(&head).is_none() && Encoding::of(&head) == Encoding::Bytes)
}

/// Scans a stream from its start to its end with full chunks; gives the buffer back.
pub fn scan_all(context: Context, origin: Origin, reader: &mut dyn Read, buffer: Vec<u8>, tell: &mut dyn FnMut(Event)) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEAD);
    let started = reader.take(HEAD as u64).read_to_end(&mut head);
    let encoding = Encoding::of(&head);
    let skip = usize::from(matches!(encoding, Encoding::Utf16 { skip: 2, .. })) * 2;
    let mut whole = io::Cursor::new(&head[skip..]).chain(reader);
    let origin = Arc::new(origin);
    tell(Event::Begin);
    context.progress.add_file();
    let mut cutter = Cutter::reusing(CutOptions::default(), buffer);
    let read = match encoding {
        Encoding::Bytes => chunks(context, &origin, encoding, (&mut whole, &mut cutter), tell),
        Encoding::Utf16 { order, .. } => chunks(context, &origin, encoding, (&mut Narrow::new(&mut whole, order), &mut cutter), tell),
    };
    if let Err(error) = started.map(drop).and(read) {
        tell(Event::Problem(unreadable(&origin, &error)));
    }
    cutter.into_buffer()
}

fn chunks(
    context: Context,
    origin: &Arc<Origin>,
    encoding: Encoding,
    (reader, cutter): (&mut dyn Read, &mut Cutter),
    tell: &mut dyn FnMut(Event),
) -> io::Result<()> {
    let mut spare = Vec::new();
    let mut outcome = Ok(());
    let mut ear = Ear::new(context.listen, origin);
    while !cutter.is_done() && !context.progress.is_cancelled() {
        if outcome.is_ok() {
            outcome = cutter.fill(reader);
            if outcome.is_err() {
                cutter.end();
            }
        }
        let Some(chunk) = cutter.cut(Cut::Full, &mut spare) else { break };
        let mut found = scan(context, origin, &chunk, &mut ear);
        widen(&mut found, encoding);
        tell(Event::Part(Arc::clone(origin), found));
        spare = chunk.bytes;
    }
    ear.end();
    outcome
}

/// Scans a chunk, with somebody who may listen.
fn scan(context: Context, origin: &Arc<Origin>, chunk: &Chunk, ear: &mut Ear) -> ChunkFindings {
    context.progress.add_bytes(chunk.core.len() as u64);
    let found = context.engine.scan_chunk(origin, chunk);
    ear.found(&found);
    ear.bytes(&chunk.bytes[chunk.core.clone()]);
    found
}

/// Scans a stream as it arrives: what a line holds is told before the next line has to come.
pub fn scan_live(context: Context, origin: &Arc<Origin>, first: &[u8], reader: &mut dyn Read, tell: &mut dyn FnMut(Event)) {
    tell(Event::Begin);
    context.progress.add_file();
    let mut cutter = Cutter::new(CutOptions::default());
    let mut ear = Ear::new(context.listen, origin);
    let mut spare = Vec::new();
    if first.is_empty() {
        cutter.end();
    }
    cutter.push(first);
    while !context.progress.is_cancelled() {
        while let Some(chunk) = cutter.cut(Cut::Lines, &mut spare) {
            let found = scan(context, origin, &chunk, &mut ear);
            tell(Event::Part(Arc::clone(origin), found));
            spare = chunk.bytes;
        }
        if cutter.is_done() {
            break;
        }
        if let Err(error) = cutter.fill_some(reader) {
            tell(Event::Problem(unreadable(origin, &error)));
            cutter.end();
        }
    }
    ear.end();
}

/// Brings the findings of a narrowed text back to the offsets of the source.
pub fn widen(found: &mut ChunkFindings, encoding: Encoding) {
    let Some(decoder) = encoding.decoder() else { return };
    let wide = |span: ByteSpan| ByteSpan::new(encoding.offset(span.start()), encoding.offset(span.end())).expect("because it grows");
    for finding in &mut found.findings {
        finding.span = wide(finding.span);
        finding.decoders.insert(0, decoder);
        finding.parts.iter_mut().for_each(|part| part.span = wide(part.span));
    }
    found.filtered.iter_mut().for_each(|filtered| filtered.span = wide(filtered.span));
}

/// Counts lines over the parts of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Placing(Position);

impl Placing {
    /// The first line of a stream.
    pub const START: Self = Self(Position { line: 1, column: 1 });

    /// Places the findings of the next part.
    pub fn place(&mut self, mut found: ChunkFindings) -> (Vec<Finding>, ChunkFindings) {
        found.place(&mut self.0);
        (std::mem::take(&mut found.findings), found)
    }
}

/// A problem with reading, as a person needs to hear it.
#[must_use]
pub fn unreadable(origin: &Origin, error: &io::Error) -> Problem {
    Problem { origin: origin.clone(), kind: ProblemKind::Unreadable, message: format!("reading stopped: {error}") }
}
