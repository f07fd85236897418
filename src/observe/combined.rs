//! `combined`: the common and combined log formats of nginx and Apache.
//!
//! Source: Apache HTTP Server documentation, "Log Files"; nginx documentation, `ngx_http_log_module`.

use crate::model::token_use::{Presented, Record};
use crate::observe::fields::{Field, split};
use crate::observe::format::LineFormat;
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::{address, mask, request, when};

/// The format.
pub const FORMAT: LineFormat = LineFormat { name: "combined", about: "access logs of nginx and Apache, in the common or the combined format", read };

fn read<'a>(line: &'a str, _: &mut Thread, say: &mut dyn FnMut(Said<'a>)) -> bool {
    let Some((record, presented)) = understand(line) else { return false };
    say(Said::Record(Box::new(Observation::new(record, presented))));
    true
}

/// `address ident user [time] "request" status size`, with `"referer" "user agent"` in the combined form; some put the host first, and some put
/// `"X-Forwarded-For"` last. A token in the referer was presented to another page.
fn understand(line: &str) -> Option<(Record, Vec<Presented>)> {
    // The whole line is not taken apart for what does not look like one.
    line.find('[').filter(|at| line.get(at + 3..at + 4) == Some("/"))?;
    let fields = split(line);
    let at = fields.iter().position(|field| field.bracketed().is_some()).filter(|at| matches!(at, 3 | 4))?;
    let (time, time_quality) = when::read(fields[at].bracketed()?)?;
    let status = fields.get(at + 2)?.status()?;
    let mut presented = Vec::new();
    let mut record = Record {
        time: Some(time),
        time_quality,
        user: fields[at - 1].text().map(mask::word),
        source_ip: fields[at - 3].text().and_then(address::ip),
        ..Record::default()
    };
    request::absorb_status(&mut record, status);
    request::absorb_line(&mut record, &mut presented, fields.get(at + 1)?.quoted()?);
    let mut quoted = fields[at + 2..].iter().filter_map(|field| field.quoted()).skip(1);
    if let Some(agent) = quoted.next() {
        request::absorb(&mut record, &mut presented, "user-agent", agent);
    }
    if let Some(list) = quoted.next() {
        request::absorb(&mut record, &mut presented, "x-forwarded-for", list);
    }
    if let Some(host) = (at == 4).then(|| fields[0]).and_then(Field::text) {
        request::absorb(&mut record, &mut presented, "host", host);
    }
    Some((record, presented))
}
