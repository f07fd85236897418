//! `base64`, `hex`, `dense` and `tokens`: the worst cases and the smallest one.

use std::io;

use crate::corpus::filler::Filler;
use crate::corpus::order::{Order, Sink};
use crate::corpus::plant::{Place, Planter};

/// How base64 is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lines {
    /// Lines of 76 characters (RFC 2045, section 6.8).
    Mime,
    /// One line.
    One,
}

/// Writes base64 of random bytes; between MIME lines, tokens on lines of their own.
///
/// # Errors
///
/// What the destinations say.
pub fn base64(order: Order, lines: Lines, sink: &mut Sink<'_>, planter: &mut Planter<'_>) -> io::Result<()> {
    let mut filler = Filler::new(order.seed);
    let mut next = step(order.rate);
    while sink.bytes() < order.size {
        filler.base64(76, &mut sink.buffer);
        if lines == Lines::Mime {
            sink.buffer.push(b'\n');
            if sink.bytes() >= next {
                next += step(order.rate);
                let seedling = planter.next(&mut filler, |_| true);
                let line = sink.line();
                planter.plant(&seedling, Place { path: "", line }, &mut filler, &mut sink.buffer)?;
                sink.buffer.push(b'\n');
            }
        }
        sink.pass()?;
    }
    if lines == Lines::One {
        sink.buffer.push(b'\n');
    }
    sink.flush()
}

/// Bytes between two tokens.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is no exact thing")]
fn step(rate: f64) -> u64 {
    if rate > 0.0 { (1e6 / rate) as u64 } else { u64::MAX }
}

/// Writes one line of hexadecimal digits.
///
/// # Errors
///
/// What the destination says.
pub fn hex(order: Order, sink: &mut Sink<'_>) -> io::Result<()> {
    let mut filler = Filler::new(order.seed);
    while sink.bytes() < order.size {
        filler.hex(80, &mut sink.buffer);
        sink.pass()?;
    }
    sink.buffer.push(b'\n');
    sink.flush()
}

/// Writes tokens and nothing else: 50 bytes each with their line end, of the rules whose tokens are that short.
///
/// # Errors
///
/// What the destinations say.
pub fn dense(order: Order, sink: &mut Sink<'_>, planter: &mut Planter<'_>) -> io::Result<()> {
    let mut filler = Filler::new(order.seed);
    let rules: Vec<usize> = (0..planter.rules()).filter(|rule| planter.stands_alone(*rule)).collect();
    let mut turn = 0;
    while sink.bytes() < order.size {
        turn += 1;
        let seedling = planter.bare(rules[turn % rules.len()], &mut filler);
        if seedling.len() > 49 || !seedling.is_one_line() {
            continue;
        }
        let line = sink.line();
        let end = sink.buffer.len() + 49;
        planter.plant(&seedling, Place { path: "", line }, &mut filler, &mut sink.buffer)?;
        sink.buffer.resize(end, b' ');
        sink.buffer.push(b'\n');
        sink.pass()?;
    }
    sink.flush()
}

/// Writes one token of every rule, those that need context in a text of their rule's file.
///
/// # Errors
///
/// What the destinations say.
pub fn tokens(order: Order, sink: &mut Sink<'_>, planter: &mut Planter<'_>) -> io::Result<()> {
    let mut filler = Filler::new(order.seed);
    for rule in 0..planter.rules() {
        let seedling = if planter.stands_alone(rule) { planter.bare(rule, &mut filler) } else { planter.example(rule, &mut filler) };
        let line = sink.line();
        planter.plant(&seedling, Place { path: "", line }, &mut filler, &mut sink.buffer)?;
        sink.buffer.extend(b"\n\n\n\n");
    }
    sink.flush()
}
