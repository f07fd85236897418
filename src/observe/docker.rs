//! `docker`: the lines of containers as Docker keeps them, one JSON object each.

use crate::observe::carried::at_time;
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, text};
use crate::observe::observation::{Said, Thread};

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "docker",
    about: "lines of containers in Docker's `json-file`; long ones are cut at 16 KiB and joined again",
    wrappers: &[],
    recognizes: |value| matches!(text(value, &["stream"]), Some("stdout" | "stderr")) && at(value, &["log"]).is_some_and(Json::is_string),
    read,
};

fn read<'b>(value: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let Some(log) = at(value, &["log"]).and_then(Json::as_str) else { return };
    let around = text(value, &["time"]).and_then(|time| at_time(time, None)).unwrap_or_default();
    // Only the last piece of a line ends with its break.
    let line = log.strip_suffix('\n');
    say(Said::Line { text: line.unwrap_or(log).into(), partial: line.is_none(), around: Box::new(around) });
}
