//! `opencode`: the messages of `OpenCode` and their parts, in its database (`message.data`, `part.data`) and in its earlier files.

use crate::model::exposure::PlaceKind;
use crate::model::token_use::Record;
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, first, has, text};
use crate::observe::observation::{Said, Thread};
use crate::observe::transcript::{Call, Transcript, place, session};
use crate::observe::when::{When, at_path};

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "opencode",
    about: "messages of OpenCode and their parts, in `opencode.db` or `storage/message` and `storage/part`",
    wrappers: &[],
    recognizes: |value| is_call(value) || is_message(value) || is_part(value),
    read,
};

/// Parts that say nothing of a tool.
const PARTS: [&str; 10] = ["text", "reasoning", "file", "step-start", "step-finish", "snapshot", "patch", "agent", "compaction", "subtask"];

fn is_call(value: &Json<'_>) -> bool {
    text(value, &["type"]) == Some("tool") && has(value, &["callID", "tool"]) && at(value, &["state", "status"]).is_some()
}

fn is_message(value: &Json<'_>) -> bool {
    let by_model = has(value, &["modelID", "providerID"]) || at(value, &["model", "modelID"]).is_some();
    let of_session = text(value, &["sessionID"]).is_some_and(|id| id.starts_with("ses"));
    text(value, &["role"]).is_some() && at(value, &["time", "created"]).is_some() && (by_model || of_session)
}

/// A part that stands alone names its message; in the database its row does, and only its time tells it from a block of any other chat.
fn is_part(value: &Json<'_>) -> bool {
    let is_known = text(value, &["type"]).is_some_and(|kind| PARTS.contains(&kind));
    is_known && (has(value, &["messageID", "sessionID"]) || at(value, &["time", "start"]).is_some())
}

fn read<'b>(value: &'b Json<'_>, thread: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let record = session(first(value, &[&["sessionID"]]));
    let mut transcript = Transcript::new(thread, say);
    if is_call(value) {
        return call(&mut transcript, &record, value);
    }
    let (time, place) = match text(value, &["role"]) {
        Some(role) => (at_path(value, &["time", "created"]), place(role)),
        None => (at_path(value, &["time", "start"]), PlaceKind::AgentLog),
    };
    transcript.tell(Record { place: Some(place), ..timed(record, time) });
}

/// A call with what came of it so far.
fn call(transcript: &mut Transcript<'_, '_>, record: &Record, value: &Json<'_>) {
    let state = at(value, &["state"]).unwrap_or(&Json::Null);
    let (id, tool) = (text(value, &["callID"]), text(value, &["tool"]).unwrap_or_default());
    let (start, end) = (at_path(state, &["time", "start"]), at_path(state, &["time", "end"]));
    transcript.call(&timed(record.clone(), start), Call { id, tool, arguments: at(state, &["input"]).unwrap_or(&Json::Null) });
    if let Some(output) = at(state, &["output"]).or_else(|| at(state, &["error"])) {
        transcript.result(&timed(record.clone(), end.or(start)), id, output);
    }
}

fn timed(record: Record, time: Option<When>) -> Record {
    let (time, quality) = time.unzip();
    Record { time, time_quality: quality.unwrap_or(record.time_quality), ..record }
}
