//! `claude-code`: the transcripts of Claude Code, and its output as a stream of JSON.

use crate::model::exposure::PlaceKind;
use crate::model::token_use::Record;
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, first, has, owned, text};
use crate::observe::observation::{Said, Thread};
use crate::observe::transcript::{Transcript, session};
use crate::observe::when::at_path;

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "claude-code",
    about: "transcripts of Claude Code, `projects/<directory>/<session>.jsonl`, with side chains and tool results",
    wrappers: &[],
    recognizes,
    read,
};

/// Types of lines that no other transcript has.
const TYPES: [&str; 9] = ["user", "assistant", "system", "summary", "attachment", "file-history-snapshot", "queue-operation", "progress", "result"];

fn recognizes(value: &Json<'_>) -> bool {
    let of_session = has(value, &["sessionId"]) || has(value, &["session_id"]);
    let typed = text(value, &["type"]).is_some_and(|word| TYPES.contains(&word));
    let speaks = at(value, &["message"]).is_some_and(Json::is_object);
    (has(value, &["sessionId"]) && (speaks || has(value, &["uuid"])))
        || (typed && (speaks || of_session || has(value, &["leafUuid"]) || has(value, &["snapshot"])) && !has(value, &["toolCalls"]))
}

fn read<'b>(value: &'b Json<'_>, thread: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let mut record = session(first(value, &[&["sessionId"], &["session_id"]]));
    if let Some((time, quality)) = at_path(value, &["timestamp"]) {
        (record.time, record.time_quality) = (Some(time), quality);
    }
    // A summary and a snapshot do not say their session; the lines before them do.
    if record.session_id.is_some() {
        thread.base = Record { session_id: record.session_id.clone(), session_src: record.session_src, ..thread.base.clone() };
    }
    record.agent_id = owned(value, &["agentId"]);
    record.surround(&thread.base);
    let mut transcript = Transcript::new(thread, say);
    match at(value, &["message"]) {
        Some(message) if message.is_object() => transcript.message(&record, message),
        _ => transcript.tell(Record { place: Some(place(value)), ..record }),
    }
}

/// The place that a line without a message is.
fn place(value: &Json<'_>) -> PlaceKind {
    match (text(value, &["type"]).unwrap_or_default(), text(value, &["attachment", "type"]).unwrap_or_default()) {
        (_, "nested_memory" | "memory") => PlaceKind::Memory,
        ("queue-operation" | "attachment" | "user", _) => PlaceKind::Prompt,
        _ => PlaceKind::AgentLog,
    }
}
