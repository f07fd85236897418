//! `amp`: the threads of Amp, one document each.

use crate::model::token_use::Record;
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, items, owned, text};
use crate::observe::observation::{Said, Thread};
use crate::observe::transcript::{Transcript, session};
use crate::observe::when::at_path;

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "amp",
    about: "threads of Amp, `T-<id>.json`",
    wrappers: &[],
    recognizes: |value| text(value, &["id"]).is_some_and(|id| id.starts_with("T-")) && !items(value, &["messages"]).is_empty(),
    read,
};

fn read<'b>(value: &'b Json<'_>, thread: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let record = session(owned(value, &["id"]));
    // The agent's messages have no time: they follow the user's.
    let mut when = at_path(value, &["created"]);
    let mut transcript = Transcript::new(thread, say);
    for (part, message) in items(value, &["messages"]).iter().enumerate() {
        when = at_path(message, &["meta", "sentAt"]).or(when);
        transcript.part = Some(part);
        let (time, time_quality) = when.map_or((None, record.time_quality), |(time, quality)| (Some(time), quality));
        transcript.message(&Record { time, time_quality, ..record.clone() }, message);
    }
}
