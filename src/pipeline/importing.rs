//! Records from files into the ledger: one thread reads and understands, the other writes.

use std::io::BufRead;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::ledger::batch::Ready;
use crate::ledger::import::context::GramOf;
use crate::ledger::import::entry::{Entry, Item, Reject};
use crate::ledger::import::format::Format;
use crate::ledger::import::mapping::Mapping;
use crate::ledger::import::read::{How, read};
use crate::ledger::ledger::{Ledger, LedgerError};
use crate::scan::issuing::gram_for;
use crate::store::store::{Checkpoint, Written};

/// How many items travel together.
const TOGETHER: usize = 512;
/// How many such groups may wait.
const WAITING: usize = 32;

/// What came of one file.
#[derive(Default, Debug)]
pub struct Imported {
    /// What was written.
    pub written: Written,
    /// What was refused.
    pub rejected: u64,
    /// Why reading stopped early, where it did.
    pub error: Option<std::io::Error>,
}

/// A file and how it is to be read.
pub struct ImportSource<'a> {
    /// What it is.
    pub format: &'static Format,
    /// Which fields are where.
    pub mapping: Option<&'a Mapping>,
    /// Its name in checkpoints; none for what cannot be read again.
    pub name: Option<&'a str>,
    /// Where `input` begins.
    pub from: Checkpoint,
}

/// Items in the order of the file; the checkpoint after the last of them.
type Group = (Vec<Ready>, Option<Checkpoint>);

/// Imports one input; `rejected` hears of every item that was refused.
///
/// # Errors
///
/// [`LedgerError`]; what was committed before stays, and the next run goes on after it.
pub fn import(
    ledger: &Ledger,
    source: &ImportSource,
    input: &mut (dyn BufRead + Send),
    rejected: &mut (dyn FnMut(&Reject) + Send),
) -> Result<Imported, LedgerError> {
    let (sender, receiver) = sync_channel(WAITING);
    let key = ledger.key_for_grams();
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || read_all(source, &|token| gram_for(token, key), input, rejected, &sender));
        let written = ledger.import(&mut pulled(receiver));
        let (rejected, error) = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok(Imported { written: written?, rejected, error })
    })
}

/// One item after another, each group's checkpoint with its last.
fn pulled(receiver: Receiver<Group>) -> impl FnMut() -> Option<(Ready, Option<Checkpoint>)> {
    let mut waiting = Vec::new().into_iter();
    let mut checkpoint = None;
    move || {
        loop {
            if let Some(ready) = waiting.next() {
                let after = if waiting.len() == 0 { checkpoint.take() } else { None };
                return Some((ready, after));
            }
            let (group, after) = receiver.recv().ok()?;
            (waiting, checkpoint) = (group.into_iter(), after);
        }
    }
}

fn read_all(
    source: &ImportSource,
    gram_of: GramOf,
    input: &mut (dyn BufRead + Send),
    rejected: &mut (dyn FnMut(&Reject) + Send),
    sender: &SyncSender<Group>,
) -> (u64, Option<std::io::Error>) {
    let mut refused = 0;
    let mut group = Vec::with_capacity(TOGETHER);
    let mut after = None;
    let done = read(How { format: source.format, mapping: source.mapping, gram_of }, input, source.from.line + 1, &mut |item: Item| {
        after = source.name.map(|name| Checkpoint { source: name.to_owned(), offset: source.from.offset + item.end, line: item.next_line - 1 });
        match item.result {
            Ok(entries) => group.extend(entries.into_iter().map(ready)),
            Err(reject) => {
                refused += 1;
                rejected(&reject);
            }
        }
        if group.len() < TOGETHER {
            return ControlFlow::Continue(());
        }
        let full = std::mem::replace(&mut group, Vec::with_capacity(TOGETHER));
        // The writer has gone when it failed, which it reports.
        if sender.send((full, after.clone())).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    drop(sender.send((group, after)));
    (refused, done.err())
}

fn ready(entry: Entry) -> Ready {
    match entry {
        Entry::Issued(issued) => Ready::issued(&issued.record, issued.gram),
        Entry::Event(event) => Ready::Event(event),
    }
}
