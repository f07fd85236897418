//! `cursor`: the conversations of Cursor's editor, whole or one bubble at a time, as its `state.vscdb` keeps them.

use crate::model::token_use::Record;
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, has, items, number, owned, text};
use crate::observe::observation::{Said, Thread};
use crate::observe::transcript::{Call, Transcript, place, session};
use crate::observe::when::at_path;

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "cursor",
    about: "conversations and bubbles of Cursor, in `cursorDiskKV.value` of `state.vscdb`",
    wrappers: &[],
    recognizes: |value| is_bubble(value) || has(value, &["composerId"]),
    read,
};

fn is_bubble(value: &Json<'_>) -> bool {
    has(value, &["bubbleId"]) && number(value, &["type"]).is_some()
}

fn read<'b>(value: &'b Json<'_>, thread: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let record = timed(&session(owned(value, &["composerId"])), value);
    let mut transcript = Transcript::new(thread, say);
    if is_bubble(value) {
        return bubble(&mut transcript, &record, value);
    }
    for (part, one) in items(value, &["conversation"]).iter().enumerate() {
        transcript.part = Some(part);
        bubble(&mut transcript, &timed(&record, one), one);
    }
    transcript.part = None;
    // What is being typed stands beside the bubbles.
    transcript.tell(Record { place: Some(place("user")), ..record });
}

/// A message: 1 is the user's, 2 the agent's, with at most one call and its result.
fn bubble(transcript: &mut Transcript<'_, '_>, around: &Record, value: &Json<'_>) {
    if let Some(tool) = at(value, &["toolFormerData"]).filter(|tool| tool.is_object()) {
        let id = text(tool, &["toolCallId"]);
        let arguments = at(tool, &["rawArgs"]).or_else(|| at(tool, &["params"])).unwrap_or(&Json::Null);
        transcript.call(around, Call { id, tool: text(tool, &["name"]).unwrap_or_default(), arguments });
        if let Some(result) = at(tool, &["result"]) {
            transcript.result(around, id, result);
        }
        return;
    }
    let role = if number(value, &["type"]) == Some(1) { "user" } else { "assistant" };
    transcript.tell(Record { place: Some(place(role)), ..around.clone() });
}

/// What stands around, at the time that the value says.
fn timed(around: &Record, value: &Json<'_>) -> Record {
    let Some((time, time_quality)) = at_path(value, &["createdAt"]) else { return around.clone() };
    Record { time: Some(time), time_quality, ..around.clone() }
}
