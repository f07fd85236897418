//! `codex`: the rollouts of Codex: its session, items of responses, and events.

use crate::model::exposure::PlaceKind;
use crate::model::token_use::Record;
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, has, owned, text};
use crate::observe::observation::{Said, Thread};
use crate::observe::transcript::{Call, Transcript, session};
use crate::observe::when::at_path;

/// The format.
pub const FORMAT: ObjectFormat =
    ObjectFormat { name: "codex", about: "rollouts of Codex, `sessions/<date>/rollout-<time>-<id>.jsonl`", wrappers: &[], recognizes, read };

/// Items that old rollouts hold without a wrapper.
const BARE: [&str; 6] =
    ["function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output", "local_shell_call", "local_shell_call_output"];

fn recognizes(value: &Json<'_>) -> bool {
    let kind = text(value, &["type"]).unwrap_or_default();
    let wrapped = at(value, &["payload"]).is_some_and(Json::is_object) && has(value, &["timestamp"]);
    (wrapped && matches!(kind, "session_meta" | "turn_context" | "response_item" | "event_msg" | "compacted"))
        || (BARE.contains(&kind) && has(value, &["call_id"]))
}

fn read<'b>(value: &'b Json<'_>, thread: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let payload = at(value, &["payload"]).unwrap_or(value);
    let kind = text(value, &["type"]).unwrap_or_default();
    if kind == "session_meta" {
        thread.base = session(owned(payload, &["id"]));
    }
    let mut record = session(None);
    if let Some((time, quality)) = at_path(value, &["timestamp"]) {
        (record.time, record.time_quality) = (Some(time), quality);
    }
    record.surround(&thread.base);
    let mut transcript = Transcript::new(thread, say);
    match kind {
        "event_msg" => event(&mut transcript, record, payload),
        "session_meta" | "turn_context" | "compacted" => transcript.tell(Record { place: Some(PlaceKind::Prompt), ..record }),
        _ => {
            transcript.item(&record, payload);
            if transcript.said == 0 {
                transcript.tell(record);
            }
        }
    }
}

/// An event. Calls and results stand as items too: the same output comes twice, with the same id of its call.
fn event(transcript: &mut Transcript<'_, '_>, record: Record, payload: &Json<'_>) {
    let id = text(payload, &["call_id"]);
    match text(payload, &["type"]).unwrap_or_default() {
        "user_message" => transcript.tell(Record { place: Some(PlaceKind::Prompt), ..record }),
        "mcp_tool_call_begin" => {
            let invocation = at(payload, &["invocation"]).unwrap_or(&Json::Null);
            let arguments = at(invocation, &["arguments"]).unwrap_or(&Json::Null);
            transcript.call(&record, Call { id, tool: text(invocation, &["tool"]).unwrap_or_default(), arguments });
        }
        "exec_command_end" | "mcp_tool_call_end" | "patch_apply_end" => {
            // The item with the same output follows; it must still know its tool.
            let tool = id.and_then(|id| transcript.thread.calls.get(id).cloned());
            transcript.result(&record, id, payload);
            if let Some((id, tool)) = id.zip(tool) {
                transcript.thread.ask(id, &tool, &[]);
            }
        }
        _ => transcript.tell(record),
    }
}
