//! `openhands`: the events of `OpenHands`: actions and observations, of its first and of its second kind.

use crate::model::exposure::PlaceKind;
use crate::model::text::Text;
use crate::model::token_use::Record;
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, first, has, owned, text};
use crate::observe::observation::{Said, Thread};
use crate::observe::transcript::{Call, Transcript, place, session};
use crate::observe::when::at_path;

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "openhands",
    about: "events of OpenHands, one on a line, one in a file, or a list of them",
    wrappers: &["events"],
    recognizes,
    read,
};

fn recognizes(value: &Json<'_>) -> bool {
    let dated = has(value, &["timestamp", "source"]) && has(value, &["id"]);
    dated && (has(value, &["action"]) || has(value, &["observation"]) || text(value, &["kind"]).is_some_and(|kind| kind.ends_with("Event")))
}

fn read<'b>(value: &'b Json<'_>, thread: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let mut record = session(session_in(&thread.location));
    if let Some((time, quality)) = at_path(value, &["timestamp"]) {
        (record.time, record.time_quality) = (Some(time), quality);
    }
    let mut transcript = Transcript::new(thread, say);
    let call_id = first(value, &[&["tool_call_id"], &["tool_call_metadata", "tool_call_id"]]);
    match (at(value, &["action"]), at(value, &["observation"])) {
        (Some(action), _) => {
            let id = call_id.or_else(|| owned(value, &["id"]));
            let (tool, arguments) = call(value, action);
            match tool {
                "message" | "system" | "recall" | "think" => {
                    transcript.tell(Record { place: Some(place(text(value, &["source"]).unwrap_or_default())), ..record });
                }
                _ => transcript.call(&record, Call { id: id.as_deref(), tool, arguments }),
            }
        }
        (None, Some(Json::Str("recall"))) => transcript.tell(Record { place: Some(PlaceKind::Memory), ..record }),
        (None, Some(_)) => {
            let id = call_id.or_else(|| owned(value, &["cause"]));
            let output = at(value, &["content"]).or_else(|| at(value, &["observation"])).unwrap_or(&Json::Null);
            transcript.result(&record, id.as_deref(), output);
        }
        (None, None) => transcript.tell(Record { place: Some(place(text(value, &["source"]).unwrap_or_default())), ..record }),
    }
}

/// The tool of an action and its arguments.
fn call<'b, 'a>(value: &'b Json<'a>, action: &'b Json<'a>) -> (&'b str, &'b Json<'a>) {
    match action.as_str() {
        Some("mcp" | "call_tool_mcp") => (text(value, &["args", "name"]).unwrap_or("mcp"), at(value, &["args", "arguments"]).unwrap_or(&Json::Null)),
        Some(word) => (text(value, &["tool_call_metadata", "function_name"]).unwrap_or(word), at(value, &["args"]).unwrap_or(&Json::Null)),
        None => (text(value, &["tool_name"]).unwrap_or_default(), action),
    }
}

/// The session by the path of its events: `sessions/<id>/` or `conversations/<id>/`.
fn session_in(location: &str) -> Option<Text> {
    let mut parts = location.split(['/', '\\']).skip_while(|part| !matches!(*part, "sessions" | "conversations"));
    let id = parts.nth(1).filter(|id| !id.is_empty())?;
    Some(id.split('.').next().unwrap_or(id).into())
}
