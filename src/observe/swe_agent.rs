//! `swe-agent`: the trajectories of SWE-agent and of what is like it.

use crate::model::exposure::PlaceKind;
use crate::model::text::Text;
use crate::model::token_use::Record;
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, has, items, owned, text};
use crate::observe::observation::{Said, Thread};
use crate::observe::transcript::{Call, Transcript, session};

/// The format.
pub const FORMAT: ObjectFormat =
    ObjectFormat { name: "swe-agent", about: "trajectories of SWE-agent, `<task>.traj`", wrappers: &[], recognizes, read };

fn recognizes(value: &Json<'_>) -> bool {
    let step = items(value, &["trajectory"]).first();
    let turn = items(value, &["history"]).first();
    (has(value, &["trajectory"]) && (has(value, &["history"]) || has(value, &["environment"])))
        || step.is_some_and(|step| has(step, &["action", "observation"]))
        || (turn.is_some_and(|turn| has(turn, &["role", "content"])) && !has(value, &["sessionId"]))
}

fn read<'b>(value: &'b Json<'_>, thread: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let task_id = owned(value, &["instance_id"]).or_else(|| task_in(&thread.location));
    let record = Record { task_id, ..session(None) };
    let mut transcript = Transcript::new(thread, say);
    let steps = items(value, &["trajectory"]);
    for (at_step, step) in steps.iter().enumerate() {
        let id = at_step.to_string();
        let action = text(step, &["action"]).unwrap_or_default();
        let tool = action.split_whitespace().next().unwrap_or_default();
        transcript.call(&record, Call { id: Some(&id), tool, arguments: at(step, &["action"]).unwrap_or(&Json::Null) });
        transcript.result(&record, Some(&id), at(step, &["observation"]).unwrap_or(&Json::Null));
    }
    // The history repeats the steps; only where there are none it says what happened.
    if steps.is_empty() {
        for message in items(value, &["history"]) {
            transcript.message(&record, message);
        }
    }
    transcript.tell(Record { place: Some(PlaceKind::Prompt), ..record });
}

/// The task by the name of its file.
fn task_in(location: &str) -> Option<Text> {
    let name = location.rsplit(['/', '\\']).next()?;
    name.strip_suffix(".traj").filter(|task| !task.is_empty()).map(Text::from)
}
