//! `continue`: the sessions of Continue, one document each.

use crate::model::exposure::PlaceKind;
use crate::model::token_use::Record;
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, has, items, owned, text};
use crate::observe::observation::{Said, Thread};
use crate::observe::transcript::{Transcript, session};
use crate::observe::when::at_path;

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "continue",
    about: "sessions of Continue, `sessions/<id>.json`",
    wrappers: &[],
    recognizes: |value| has(value, &["sessionId", "history"]),
    read,
};

fn read<'b>(value: &'b Json<'_>, thread: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let mut record = session(owned(value, &["sessionId"]));
    if let Some((time, quality)) = at_path(value, &["dateCreated"]) {
        (record.time, record.time_quality) = (Some(time), quality);
    }
    let mut transcript = Transcript::new(thread, say);
    for step in items(value, &["history"]) {
        if let Some(message) = at(step, &["message"]) {
            transcript.message(&record, message);
        }
        for state in items(step, &["toolCallStates"]) {
            let id = text(state, &["toolCallId"]).or_else(|| text(state, &["toolCall", "id"]));
            // The message says the call as well; only one that it left out is said here.
            if let Some(call) = at(state, &["toolCall"]).filter(|_| id.is_none_or(|id| !transcript.thread.calls.contains_key(id))) {
                transcript.function(&record, call);
            }
            if let Some(output) = at(state, &["output"]) {
                transcript.result(&record, id, output);
            }
        }
        if !items(step, &["contextItems"]).is_empty() {
            transcript.tell(Record { place: Some(PlaceKind::Prompt), ..record.clone() });
        }
    }
    if transcript.said == 0 {
        transcript.tell(record);
    }
}
