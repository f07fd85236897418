//! `langsmith`: runs as `LangSmith` exports them.

use crate::model::exposure::PlaceKind;
use crate::model::token_use::{Record, SessionSource};
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, first, has, items, owned, text};
use crate::observe::observation::{Said, Thread};
use crate::observe::transcript::{Call, Transcript};
use crate::observe::when::at_path;

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "langsmith",
    about: "runs of LangSmith; `session_id` is a project there, so that the session is the one in the metadata",
    wrappers: &["runs"],
    recognizes: |value| has(value, &["run_type"]) && (has(value, &["inputs"]) || has(value, &["trace_id"]) || has(value, &["dotted_order"])),
    read,
};

fn read<'b>(value: &'b Json<'_>, thread: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let record = record(value);
    let id = owned(value, &["id"]);
    let inputs = at(value, &["inputs"]).unwrap_or(&Json::Null);
    let mut transcript = Transcript::new(thread, say);
    if let Some("tool") = text(value, &["run_type"]) {
        transcript.call(&record, Call { id: id.as_deref(), tool: text(value, &["name"]).unwrap_or_default(), arguments: inputs });
        let outputs = at(value, &["outputs"]).or_else(|| at(value, &["error"])).unwrap_or(&Json::Null);
        transcript.result(&record, id.as_deref(), outputs);
    } else {
        for message in messages(inputs) {
            transcript.message(&record, message);
        }
        transcript.tell(record);
    }
}

fn record(value: &Json<'_>) -> Record {
    let metadata = |name: &str| owned(value, &["extra", "metadata", name]);
    let time = at_path(value, &["start_time"]);
    let conversation = metadata("thread_id").or_else(|| metadata("conversation_id"));
    let session_src = if conversation.is_some() { Some(SessionSource::Conversation) } else { metadata("session_id").map(|_| SessionSource::Session) };
    Record {
        time: time.map(|(time, _)| time),
        time_quality: time.map(|(_, quality)| quality).unwrap_or_default(),
        trace_id: owned(value, &["trace_id"]).map(|id| id.to_ascii_lowercase().into()),
        span_id: owned(value, &["id"]).map(|id| id.to_ascii_lowercase().into()),
        session_id: conversation.or_else(|| metadata("session_id")),
        session_src,
        user: first(value, &[&["extra", "metadata", "user_id"], &["extra", "metadata", "user"]]),
        agent_id: first(value, &[&["extra", "metadata", "agent_id"], &["extra", "metadata", "agent_name"], &["extra", "metadata", "lc_agent_name"]]),
        place: Some(PlaceKind::Telemetry),
        ..Record::default()
    }
}

/// Messages stand in a list, or in a list of lists.
fn messages<'b, 'a>(inputs: &'b Json<'a>) -> impl Iterator<Item = &'b Json<'a>> {
    items(inputs, &["messages"]).iter().flat_map(|one| one.as_array().unwrap_or_else(|| std::slice::from_ref(one)))
}
