//! `envoy`: the default text format of Envoy's access log, and that of Istio.
//!
//! Source: Envoy documentation, "Access logging", "Default format string"; Istio documentation, "Envoy Access Logs".

use crate::model::token_use::{Presented, Record};
use crate::observe::fields::{Field, split};
use crate::observe::format::LineFormat;
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::{address, request, when};

/// The format.
pub const FORMAT: LineFormat = LineFormat { name: "envoy", about: "access logs of Envoy and Istio in their default text format", read };

/// Headers in quotes at the end of a line, in their order; the upstream's address follows them in quotes.
const HEADERS: [&str; 4] = ["x-forwarded-for", "user-agent", "x-request-id", ":authority"];

fn read<'a>(line: &'a str, _: &mut Thread, say: &mut dyn FnMut(Said<'a>)) -> bool {
    let Some((record, presented)) = understand(line) else { return false };
    say(Said::Record(Box::new(Observation::new(record, presented))));
    true
}

/// `[time] "request" status flags ... "forwarded for" "user agent" "request id" "authority" "upstream" ...`.
fn understand(line: &str) -> Option<(Record, Vec<Presented>)> {
    line.trim_start().strip_prefix('[')?;
    let fields = split(line);
    let (time, time_quality) = when::read(fields.first()?.bracketed()?)?;
    let request_line = fields.get(1)?.quoted()?;
    // Envoy writes 0 where no answer was sent.
    let Field::Word(status) = *fields.get(2)? else { return None };
    let status: i64 = status.parse().ok()?;
    let (mut record, mut presented) = (Record { time: Some(time), time_quality, ..Record::default() }, Vec::new());
    request::absorb_status(&mut record, status);
    request::absorb_line(&mut record, &mut presented, request_line);
    let rest = &fields[3..];
    // Istio has a quoted reason further left, and addresses after the upstream's.
    let start = rest.windows(HEADERS.len() + 1).rposition(|fields| fields.iter().all(|field| field.quoted().is_some()))?;
    for (name, field) in HEADERS.into_iter().zip(&rest[start..]) {
        if let Some(value) = field.text() {
            request::absorb(&mut record, &mut presented, name, value);
        }
    }
    let downstream = rest.get(start + HEADERS.len() + 4).and_then(|field| address::ip(field.text()?));
    // Envoy itself puts the other end of the connection last.
    record.peer_ip = downstream.or_else(|| record.forwarded_for.last().copied());
    record.source_ip = record.peer_ip;
    Some((record, presented))
}
