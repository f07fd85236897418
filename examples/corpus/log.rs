//! `log`: mixed log lines; `longline`: the same records as one JSON array without a line end.

use std::io;

use crate::corpus::carrier::{Carrier, Writing};
use crate::corpus::filler::Filler;
use crate::corpus::order::{Order, Sink};
use crate::corpus::plant::{Place, Planter};
use crate::corpus::template::{Kind, kinds};

const TEMPLATES: &str = include_str!("templates/log.txt");
/// Kinds whose lines are JSON objects.
const JSON: [&str; 4] = ["app", "nested", "otlp", "cloudtrail"];

/// Writes a log.
///
/// # Errors
///
/// What the destinations say.
pub fn log(order: Order, sink: &mut Sink<'_>, planter: &mut Planter<'_>) -> io::Result<()> {
    let frame = Frame { start: b"", between: b"\n", end: b"\n", fits: |_| true };
    records(order, &kinds(TEMPLATES), &frame, sink, planter)
}

/// Writes one line.
///
/// # Errors
///
/// What the destinations say.
pub fn long_line(order: Order, sink: &mut Sink<'_>, planter: &mut Planter<'_>) -> io::Result<()> {
    let kinds: Vec<Kind> = kinds(TEMPLATES).into_iter().filter(|kind| JSON.contains(&kind.name)).collect();
    let frame = Frame { start: b"[", between: b",", end: b"]", fits: |carrier| matches!(carrier.writing, Writing::Json | Writing::NestedJson) };
    records(order, &kinds, &frame, sink, planter)
}

/// What stands around records, and which carriers may be among them.
struct Frame {
    start: &'static [u8],
    between: &'static [u8],
    end: &'static [u8],
    fits: fn(&Carrier) -> bool,
}

fn records(order: Order, kinds: &[Kind], frame: &Frame, sink: &mut Sink<'_>, planter: &mut Planter<'_>) -> io::Result<()> {
    let mut filler = Filler::new(order.seed);
    let urn = by_length(kinds, &mut filler);
    sink.buffer.extend(frame.start);
    while sink.bytes() < order.size {
        if sink.bytes() > frame.start.len() as u64 {
            sink.buffer.extend(frame.between);
        }
        filler.tick();
        if planter.planted < due(order, sink.bytes()) {
            let seedling = planter.next(&mut filler, frame.fits);
            let line = sink.line();
            planter.plant(&seedling, Place { path: "", line }, &mut filler, &mut sink.buffer)?;
        } else {
            let at = filler.random().below(urn.len());
            kinds[urn[at]].line(&mut filler, &mut sink.buffer);
        }
        sink.pass()?;
    }
    sink.buffer.extend(frame.end);
    sink.flush()
}

/// How many tokens should have been planted by then.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is no exact thing")]
fn due(order: Order, bytes: u64) -> u64 {
    (bytes as f64 * order.rate / 1e6) as u64
}

/// Indices of kinds, each so often that the bytes of each kind come to its share.
fn by_length(kinds: &[Kind], filler: &mut Filler) -> Vec<usize> {
    let mut urn = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        let mut sample = Vec::new();
        for _ in 0..400 {
            kind.line(filler, &mut sample);
        }
        urn.extend(std::iter::repeat_n(index, (kind.share * 40_000 / (sample.len() / 400)).max(1)));
    }
    urn
}
