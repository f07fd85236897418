//! `chat-messages`: requests to models and their answers, in the shapes of Chat Completions, Messages and Responses.

use crate::model::token_use::{Record, SessionSource};
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, first, has, items, text};
use crate::observe::observation::{Said, Thread};
use crate::observe::transcript::{Transcript, place};
use crate::observe::when::at_path;

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "chat-messages",
    about: "requests to models and their answers: Chat Completions, Messages and Responses, alone or in a log of calls",
    wrappers: &[],
    recognizes,
    read,
};

/// Where logs of calls keep the request and the answer.
const INSIDE: [&str; 7] = ["request", "response", "body", "request_body", "response_body", "kwargs", "data"];
/// Lists of messages and items.
const LISTS: [&str; 5] = ["messages", "input", "output", "choices", "conversation"];

fn recognizes(value: &Json<'_>) -> bool {
    speaks(value) || INSIDE.iter().filter_map(|key| at(value, &[key])).any(speaks)
}

fn speaks(value: &Json<'_>) -> bool {
    let is_message = |one: &Json<'_>| has(one, &["role"]) || at(one, &["message", "role"]).is_some() || has(one, &["type", "call_id"]);
    let listed = LISTS.iter().any(|key| items(value, &[key]).first().is_some_and(is_message));
    listed || (text(value, &["role"]).is_some() && (has(value, &["content"]) || has(value, &["tool_calls"])))
}

fn read<'b>(value: &'b Json<'_>, thread: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let mut record = record(value);
    record.surround(&thread.base);
    let mut transcript = Transcript::new(thread, say);
    parts(&mut transcript, &record, value);
    INSIDE.iter().filter_map(|key| at(value, &[key])).for_each(|inner| parts(&mut transcript, &record, inner));
    if transcript.said == 0 {
        transcript.tell(record);
    }
}

fn parts(transcript: &mut Transcript<'_, '_>, record: &Record, value: &Json<'_>) {
    for one in LISTS.iter().flat_map(|key| items(value, &[key])) {
        match at(one, &["message"]).filter(|message| message.is_object()) {
            Some(message) => transcript.message(record, message),
            None if has(one, &["role"]) => transcript.message(record, one),
            None => transcript.item(record, one),
        }
    }
    match text(value, &["role"]) {
        Some(_) => transcript.message(record, value),
        // The instructions stand beside the messages, and the input may be one text.
        None if text(value, &["system"]).or_else(|| text(value, &["input"])).is_some() => {
            transcript.tell(Record { place: Some(place("system")), ..record.clone() });
        }
        None => {}
    }
}

fn record(value: &Json<'_>) -> Record {
    let time = ["timestamp", "time", "created_at", "created", "startTime", "ts"].iter().find_map(|key| at_path(value, &[key]));
    let conversation = first(value, &[&["conversation_id"], &["conversation", "id"], &["thread_id"], &["metadata", "conversation_id"]]);
    let session = first(value, &[&["session_id"], &["sessionId"], &["metadata", "session_id"]]);
    let session_src = if conversation.is_some() { Some(SessionSource::Conversation) } else { session.as_ref().map(|_| SessionSource::Session) };
    Record {
        time: time.map(|(time, _)| time),
        time_quality: time.map(|(_, quality)| quality).unwrap_or_default(),
        session_id: conversation.or(session),
        session_src,
        user: first(value, &[&["user"], &["user_id"], &["metadata", "user_id"]]),
        agent_id: first(value, &[&["agent_id"], &["agent"], &["metadata", "agent_id"]]),
        trace_id: first(value, &[&["trace_id"], &["traceId"]]).map(|id| id.to_ascii_lowercase().into()),
        place: Some(place("assistant")),
        ..Record::default()
    }
}
