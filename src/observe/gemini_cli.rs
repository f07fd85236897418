//! `gemini-cli`: the sessions of Gemini CLI, as one document or one message on a line.

use crate::model::exposure::PlaceKind;
use crate::model::token_use::Record;
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, has, items, owned, text};
use crate::observe::observation::{Said, Thread};
use crate::observe::transcript::{Call, Transcript, place, session};
use crate::observe::when::at_path;

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "gemini-cli",
    about: "sessions of Gemini CLI, `chats/session-<time>.json` or `.jsonl`, and its `logs.json`",
    wrappers: &[],
    recognizes,
    read,
};

fn recognizes(value: &Json<'_>) -> bool {
    let spoken = has(value, &["id", "timestamp", "type", "content"])
        && matches!(text(value, &["type"]), Some("user" | "gemini" | "info" | "error" | "warning"));
    spoken
        || has(value, &["sessionId", "projectHash"])
        || has(value, &["sessionId", "messageId"])
        || at(value, &["$set"]).is_some_and(Json::is_object)
        || has(value, &["$rewindTo"])
}

fn read<'b>(value: &'b Json<'_>, thread: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let document = at(value, &["$set"]).unwrap_or(value);
    let mut record = session(owned(document, &["sessionId"]));
    let time = [&["timestamp"], &["startTime"], &["lastUpdated"]].iter().find_map(|path| at_path(document, *path));
    if let Some((time, quality)) = time {
        (record.time, record.time_quality) = (Some(time), quality);
    }
    if record.session_id.is_some() {
        thread.base = Record { session_id: record.session_id.clone(), session_src: record.session_src, ..thread.base.clone() };
    }
    record.surround(&thread.base);
    let mut transcript = Transcript::new(thread, say);
    let messages = items(document, &["messages"]);
    for (part, one) in messages.iter().enumerate() {
        transcript.part = Some(part);
        message(&mut transcript, &record, one);
    }
    if messages.is_empty() {
        message(&mut transcript, &record, document);
    }
}

fn message(transcript: &mut Transcript<'_, '_>, around: &Record, value: &Json<'_>) {
    let around = timed(value, around);
    let role = text(value, &["type"]).unwrap_or_default();
    for call in items(value, &["toolCalls"]) {
        let around = Record { agent_id: owned(call, &["agentId"]), ..timed(call, &around) };
        let id = text(call, &["id"]);
        let tool = text(call, &["name"]).unwrap_or_default();
        transcript.call(&around, Call { id, tool, arguments: at(call, &["args"]).unwrap_or(&Json::Null) });
        let result = at(call, &["result"]).or_else(|| at(call, &["resultDisplay"]));
        if let Some(result) = result {
            transcript.result(&around, id, result);
        }
    }
    if text(value, &["content"]).is_some() || items(value, &["toolCalls"]).is_empty() {
        let place = if role == "gemini" || role.is_empty() { PlaceKind::AgentLog } else { place(role) };
        transcript.tell(Record { place: Some(place), ..around });
    }
}

/// What stands around, at the time that the value says.
fn timed(value: &Json<'_>, around: &Record) -> Record {
    let (time, time_quality) = at_path(value, &["timestamp"]).map_or((around.time, around.time_quality), |(time, quality)| (Some(time), quality));
    Record { time, time_quality, ..around.clone() }
}
