//! `source`: a tree of source-like files in several languages, lock files and minified scripts among them.

use std::fs;
use std::io;
use std::path::Path;

use crate::corpus::carrier::{Carrier, Load, Writing};
use crate::corpus::filler::Filler;
use crate::corpus::order::{Order, Sink};
use crate::corpus::plant::{Place, Planter};
use crate::corpus::stats::Stats;
use crate::corpus::template::{Kind, Slot, kinds};

const TEMPLATES: &str = include_str!("templates/source.txt");
/// Kinds of which a file is written by a machine, and long: their files' mean length, in bytes.
const MACHINE_MADE: [(&str, usize); 4] = [("lock", 120_000), ("json", 400_000), ("sum", 60_000), ("min.js", 150_000)];
/// Mean length of files that people write, in bytes.
const HAND_MADE: usize = 7_000;

/// Writes a tree below `root`.
///
/// # Errors
///
/// What the destinations say.
pub fn source(order: Order, root: &Path, mut stats: Option<&mut Stats>, planter: &mut Planter<'_>) -> io::Result<()> {
    let kinds = kinds(TEMPLATES);
    let mut filler = Filler::new(order.seed);
    let mut bytes = vec![0_u64; kinds.len()];
    let mut plan = Plan { order, written: 0 };
    let mut number = 0;
    while plan.written < order.size {
        let behind = |at: &usize| bytes[*at] / kinds[*at].share as u64;
        let at = (0..kinds.len()).min_by_key(behind).expect("because there are kinds");
        let path = name(&kinds[at], number, &mut filler);
        fs::create_dir_all(root.join(&path).parent().unwrap_or(root))?;
        let mut file = fs::File::create(root.join(&path))?;
        let mut sink = Sink::new(&mut file, stats.as_deref_mut());
        write_file(&kinds[at], &path, &plan, &mut sink, &mut filler, planter)?;
        bytes[at] += sink.bytes();
        plan.written += sink.bytes();
        number += 1;
    }
    Ok(())
}

/// How far a tree has come.
struct Plan {
    order: Order,
    written: u64,
}

impl Plan {
    fn is_due(&self, bytes: u64, planted: u64) -> bool {
        (self.written + bytes) as f64 * self.order.rate / 1e6 >= (planted + 1) as f64
    }
}

/// A path such as `server/queue/replica_17.rs`; forty files share a directory.
fn name(kind: &Kind, number: usize, filler: &mut Filler) -> String {
    let mut path = format!("{}/{:03}", ["server", "client", "library", "tools", "web"][number / 40 % 5], number / 40).into_bytes();
    path.push(b'/');
    filler.fill(&Slot::Term, &mut path);
    let mut path = String::from_utf8_lossy(&path).into_owned();
    path.push_str(&format!("_{number}.{}", kind.name));
    path
}

fn write_file(kind: &Kind, path: &str, plan: &Plan, sink: &mut Sink<'_>, filler: &mut Filler, planter: &mut Planter<'_>) -> io::Result<()> {
    let machine = MACHINE_MADE.iter().find(|(name, _)| *name == kind.name);
    let mean = machine.map_or(HAND_MADE, |(_, mean)| *mean);
    // Between a quarter and nearly three times the mean, small files more often.
    let length = mean / 4 + filler.random().below(mean + 1) * filler.random().below(100) / 37;
    while sink.bytes() < length as u64 {
        kind.line(filler, &mut sink.buffer);
        if kind.name != "min.js" {
            sink.buffer.push(b'\n');
        }
        if machine.is_none() && plan.is_due(sink.bytes(), planter.planted) {
            let seedling = planter.next(filler, in_source);
            let line = sink.line();
            planter.plant(&seedling, Place { path, line }, filler, &mut sink.buffer)?;
            sink.buffer.push(b'\n');
        }
        sink.pass()?;
    }
    sink.flush()
}

/// What stands in source and configuration: examples as they are, and assignments.
fn in_source(carrier: &Carrier) -> bool {
    carrier.name == "plain" || carrier.name == "shell" || (carrier.load == Load::Token && carrier.writing == Writing::Json)
}
