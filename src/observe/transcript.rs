//! What the transcripts of agents have in common: messages, calls of tools, and their results.

use crate::model::exposure::PlaceKind;
use crate::model::text::Text;
use crate::model::token_use::{Outcome, Record, SessionSource};
use crate::observe::json::{Json, at, has, items, text};
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::{command, outcome, request};

/// Tools by which agents remember things between tasks.
const MEMORY_TOOLS: [&str; 6] = ["memory", "save_memory", "create_memory", "update_memory", "add_memory", "remember"];

/// A transcript that is being read.
pub struct Transcript<'t, 'b> {
    /// What is known of the file.
    pub thread: &'t mut Thread,
    /// Who is told.
    pub say: &'t mut dyn FnMut(Said<'b>),
    /// How much was said so far.
    pub said: usize,
    /// Which message of a document is being read.
    pub part: Option<usize>,
}

/// A tool's call.
#[derive(Clone, Copy)]
pub struct Call<'c, 'a> {
    /// Its id, by which its result is found.
    pub id: Option<&'c str>,
    /// The tool.
    pub tool: &'c str,
    /// The arguments: an object, or JSON or a script as text.
    pub arguments: &'c Json<'a>,
}

/// A session of an agent's harness.
#[must_use]
pub fn session(id: Option<Text>) -> Record {
    let session_src = id.as_ref().map(|_| SessionSource::Harness);
    Record { session_id: id, session_src, place: Some(PlaceKind::AgentLog), ..Record::default() }
}

/// The place that a message by this role is.
#[must_use]
pub fn place(role: &str) -> PlaceKind {
    match role {
        "user" | "human" | "system" | "developer" => PlaceKind::Prompt,
        "tool" | "function" | "environment" => PlaceKind::ToolOutput,
        _ => PlaceKind::AgentLog,
    }
}

impl<'t, 'b> Transcript<'t, 'b> {
    /// A transcript of which nothing was said yet.
    pub fn new(thread: &'t mut Thread, say: &'t mut dyn FnMut(Said<'b>)) -> Self {
        Self { thread, say, said: 0, part: None }
    }

    /// Says a record that only surrounds what lies in it.
    pub fn tell(&mut self, record: Record) {
        self.say(Observation::new(record, Vec::new()));
    }

    fn say(&mut self, observation: Observation) {
        self.said += 1;
        (self.say)(Said::Record(Box::new(Observation { part: self.part, ..observation })));
    }

    /// A call: the record around it, or the uses that it makes.
    pub fn call(&mut self, around: &Record, call: Call<'_, '_>) {
        let place = if MEMORY_TOOLS.contains(&call.tool) { PlaceKind::Memory } else { PlaceKind::AgentLog };
        let tool = (!call.tool.is_empty()).then(|| call.tool.to_owned());
        let around = Record { tool: tool.map(Text::from), request_id: call.id.map(Text::from), place: Some(place), ..around.clone() };
        let mut uses = command::requests(call.arguments);
        for (at, one) in uses.iter_mut().enumerate() {
            // Two requests of one call are two uses, so that they must not have the same id.
            one.record.request_id = call.id.map(|id| if at == 0 { id.into() } else { format!("{id}.{at}").into() });
            one.record.tool.clone_from(&around.tool);
            one.record_id = call.id.map(Text::from);
            one.record.surround(&around);
        }
        if let Some(id) = call.id {
            self.thread.ask(id, call.tool, &uses);
        }
        if uses.is_empty() {
            return self.say(Observation { record_id: call.id.map(Text::from), ..Observation::new(around, Vec::new()) });
        }
        for one in uses {
            self.say(one);
        }
    }

    /// A result: the record around it, and the uses of its call once more where it says what came of them.
    pub fn result(&mut self, around: &Record, id: Option<&str>, output: &Json<'_>) {
        let (tool, uses) = id.map(|id| self.thread.answer(id)).unwrap_or_default();
        let status = if uses.is_empty() { None } else { outcome::in_result(output) };
        for mut one in uses {
            let Some(status) = status else { break };
            request::absorb_status(&mut one.record, status);
            self.say(one);
        }
        let record = Record { tool, request_id: id.map(Text::from), place: Some(PlaceKind::ToolOutput), outcome: Outcome::Unknown, ..around.clone() };
        self.say(Observation { record_id: id.map(Text::from), ..Observation::new(record, Vec::new()) });
    }

    /// A message of a chat, in the shape of any vendor: its text, its calls and its results.
    pub fn message(&mut self, around: &Record, message: &Json<'_>) {
        let message = at(message, &["kwargs"]).unwrap_or(message);
        let role = text(message, &["role"]).or_else(|| text(message, &["type"])).unwrap_or("assistant");
        let around = Record { place: Some(place(role)), ..around.clone() };
        let before = self.said;
        let has_results = items(message, &["content"]).iter().any(|block| text(block, &["type"]) == Some("tool-result"));
        if matches!(role, "tool" | "function") && !has_results {
            let content = at(message, &["content"]).unwrap_or(&Json::Null);
            return self.result(&around, text(message, &["tool_call_id"]).or_else(|| text(message, &["toolCallId"])), content);
        }
        items(message, &["content"]).iter().chain(items(message, &["parts"])).for_each(|block| self.item(&around, block));
        let calls = items(message, &["tool_calls"]).iter().chain(items(message, &["toolCalls"])).chain(at(message, &["function_call"]));
        calls.for_each(|call| self.function(&around, call));
        let has_text = text(message, &["content"]).is_some() || items(message, &["content"]).iter().any(|block| text(block, &["text"]).is_some());
        if self.said == before || has_text {
            self.tell(around);
        }
    }

    /// A block of content or an item of a response: a call, a result, a message; text says nothing of its own.
    pub fn item(&mut self, around: &Record, item: &Json<'_>) {
        let id = ["call_id", "tool_use_id", "toolUseID", "toolCallId", "id"].iter().find_map(|key| text(item, &[key]));
        match text(item, &["type"]).unwrap_or_default() {
            "tool_use" | "server_tool_use" | "mcp_tool_use" | "tool_call" | "tool-call" => {
                let arguments = ["input", "arguments", "args"].iter().find_map(|key| at(item, &[key])).unwrap_or(&Json::Null);
                let tool = text(item, &["name"]).or_else(|| text(item, &["toolName"])).unwrap_or_default();
                self.call(around, Call { id, tool, arguments });
            }
            "function_call" | "custom_tool_call" | "mcp_call" => {
                let arguments = at(item, &["arguments"]).or_else(|| at(item, &["input"])).unwrap_or(&Json::Null);
                self.call(around, Call { id, tool: text(item, &["name"]).unwrap_or_default(), arguments });
            }
            "local_shell_call" | "shell_call" => {
                self.call(around, Call { id, tool: "shell", arguments: at(item, &["action"]).unwrap_or(&Json::Null) });
            }
            "tool_result"
            | "mcp_tool_result"
            | "web_search_tool_result"
            | "function_call_output"
            | "custom_tool_call_output"
            | "local_shell_call_output"
            | "tool_call_response"
            | "tool-result" => {
                let output = ["output", "content", "run", "result"].iter().find_map(|key| at(item, &[key])).unwrap_or(&Json::Null);
                self.result(around, id, output);
            }
            "message" => self.message(around, item),
            _ if has(item, &["functionCall"]) => self.function(around, at(item, &["functionCall"]).unwrap_or(&Json::Null)),
            _ => {}
        }
    }

    /// A call as `{id, function: {name, arguments}}`, or `{id, name, args}`.
    pub fn function(&mut self, around: &Record, call: &Json<'_>) {
        let function = at(call, &["function"]).filter(|function| function.is_object()).unwrap_or(call);
        let arguments = ["arguments", "args", "input"].iter().find_map(|key| at(function, &[key])).unwrap_or(&Json::Null);
        let id = ["id", "toolCallId", "call_id"].iter().find_map(|key| text(call, &[key]));
        self.call(around, Call { id, tool: text(function, &["name"]).unwrap_or_default(), arguments });
    }
}
