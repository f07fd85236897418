//! `alb`: access logs of the application load balancer of AWS.
//!
//! Source: AWS documentation, "Access logs for your Application Load Balancer".

use crate::model::token_use::{Presented, Record};
use crate::observe::fields::{Field, split};
use crate::observe::format::LineFormat;
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::{address, request, when};

/// The format.
pub const FORMAT: LineFormat = LineFormat { name: "alb", about: "access logs of AWS application load balancers", read };

/// What a line begins with.
const TYPES: [&str; 6] = ["http", "https", "h2", "grpcs", "ws", "wss"];

fn read<'a>(line: &'a str, _: &mut Thread, say: &mut dyn FnMut(Said<'a>)) -> bool {
    let Some((record, presented)) = understand(line) else { return false };
    say(Said::Record(Box::new(Observation::new(record, presented))));
    true
}

/// `type time balancer client:port target:port` three durations, two statuses, two sizes, `"request" "user agent" cipher protocol group "trace"
/// "domain" ...`.
fn understand(line: &str) -> Option<(Record, Vec<Presented>)> {
    TYPES.contains(&line.split(' ').next()?).then_some(())?;
    let fields = split(line);
    let field = |at: usize| fields.get(at).copied().and_then(Field::text);
    let request_line = fields.get(12)?.quoted()?;
    let (time, time_quality) = when::read(field(1)?)?;
    let (mut record, mut presented) =
        (Record { time: Some(time), time_quality, source_ip: field(3).and_then(address::ip), ..Record::default() }, Vec::new());
    // There is no status where the client went away.
    if let Some(status) = fields[8].status() {
        request::absorb_status(&mut record, status);
    }
    request::absorb_line(&mut record, &mut presented, request_line);
    for (name, at) in [("user-agent", 13), ("x-amzn-trace-id", 17), ("host", 18)] {
        if let Some(value) = field(at) {
            request::absorb(&mut record, &mut presented, name, value);
        }
    }
    Some((record, presented))
}
