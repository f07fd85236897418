//! `journald`: the entries of systemd's journal, one JSON object each.

use std::borrow::Cow;

use crate::model::token_use::Record;
use crate::observe::carried::at_time;
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, has, owned};
use crate::observe::observation::{Observation, Said, Thread};

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "journald",
    about: "entries of systemd's journal, as `journalctl -o json` writes them",
    wrappers: &[],
    recognizes: |value| has(value, &["__REALTIME_TIMESTAMP"]) || has(value, &["_SOURCE_REALTIME_TIMESTAMP"]),
    read,
};

fn read<'b>(value: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let time = owned(value, &["_SOURCE_REALTIME_TIMESTAMP"]).or_else(|| owned(value, &["__REALTIME_TIMESTAMP"]));
    let around: Record = time.and_then(|time| at_time(&time, None)).unwrap_or_default();
    match message(value) {
        Some(text) => say(Said::Line { text, partial: false, around: Box::new(around) }),
        None => say(Said::Record(Box::new(Observation { record_id: owned(value, &["__CURSOR"]), ..Observation::new(around, Vec::new()) }))),
    }
}

/// The message: a text, or the numbers of its bytes where it is no text to systemd; of several messages the first.
fn message<'b>(value: &'b Json<'_>) -> Option<Cow<'b, str>> {
    match at(value, &["MESSAGE"])? {
        Json::Str(text) => Some((*text).into()),
        Json::Array(bytes) => {
            if let Json::Str(text) = bytes.first()? {
                Some((*text).into())
            } else {
                let bytes: Option<Vec<u8>> = bytes.iter().map(|byte| u8::try_from(byte.as_u64()?).ok()).collect();
                Some(String::from_utf8_lossy(&bytes?).into_owned().into())
            }
        }
        _ => None,
    }
}
