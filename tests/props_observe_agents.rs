//! Laws of the readers of logs on random records and lines: they never panic, and they say something of all that they know.

use beartrap::observe::command::{in_script, requests};
use beartrap::observe::format::OBJECT_FORMATS;
use beartrap::observe::json::parse;
use beartrap::observe::mapping::Mapping;
use beartrap::observe::observation::{Said, Thread};
use bumpalo::Bump;
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_oneof, proptest};
use proptest::sample::select;
use serde_json::{Map, Value};

use crate::logs::{line, read};

#[path = "support/logs.rs"]
mod logs;

/// Keys that some reader looks at.
const KEYS: [&str; 96] = [
    "resourceLogs",
    "scopeLogs",
    "logRecords",
    "resourceSpans",
    "scopeSpans",
    "spans",
    "resource",
    "attributes",
    "key",
    "value",
    "stringValue",
    "arrayValue",
    "values",
    "kvlistValue",
    "timeUnixNano",
    "startTimeUnixNano",
    "traceId",
    "spanId",
    "body",
    "events",
    "sessionId",
    "uuid",
    "type",
    "message",
    "timestamp",
    "payload",
    "call_id",
    "arguments",
    "role",
    "content",
    "tool_calls",
    "function",
    "name",
    "input",
    "output",
    "id",
    "messages",
    "projectHash",
    "toolCalls",
    "args",
    "result",
    "$set",
    "history",
    "contextItems",
    "toolCallStates",
    "action",
    "observation",
    "source",
    "cause",
    "trajectory",
    "environment",
    "run_type",
    "inputs",
    "outputs",
    "extra",
    "metadata",
    "jsonrpc",
    "method",
    "params",
    "_meta",
    "error",
    "code",
    "log",
    "stream",
    "time",
    "MESSAGE",
    "__REALTIME_TIMESTAMP",
    "headers",
    "Authorization",
    "url",
    "command",
    "cmd",
    "hrTime",
    "context",
    "startTime",
    "tool",
    "status",
    "http.request.header.authorization",
    "gen_ai.tool.call.arguments",
    "openinference.span.kind",
    "input.value",
    "mcp.session.id",
    "dpop",
    "mcp.protocol.version",
    "url.full",
    "url.query",
    "token.fingerprint",
    "tool_use_id",
    "text",
    "kwargs",
    "toolUseResult",
    "agentId",
    "choices",
    "kind",
    "client.address",
    "x-forwarded-for",
];
/// Values that some reader looks for.
const WORDS: [&str; 34] = [
    "user",
    "assistant",
    "tool_use",
    "tool_result",
    "function_call",
    "function_call_output",
    "response_item",
    "event_msg",
    "session_meta",
    "exec_command_end",
    "tool",
    "message",
    "run",
    "mcp",
    "2.0",
    "tools/call",
    "initialize",
    "stdout",
    "stderr",
    "1772445600000000000",
    "T-1",
    "TOOL",
    "2026-03-02T10:00:00Z",
    "2026-03-02T10:00:00",
    "2026-07-28",
    "Bearer Zq3-Zq3-Zq3-Zq3-",
    "curl -H 'Authorization: Bearer Zq3-Zq3-Zq3-Zq3-' x.example/é",
    "https://u@h.example/p?access_token=12345678",
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\"}",
    "HTTP/1.1 401",
    "{",
    "",
    "0x",
    "é\u{1b}[",
];
/// Beginnings and pieces of lines that some reader looks for.
const PIECES: [&str; 22] = [
    "2026-03-02T10:00:00.1531830Z",
    "2026-03-02T10:00:00.153183Z",
    "2026-03-02T10:00:00Z",
    " ",
    "stdout",
    "P",
    "F",
    "01O+",
    "01E ",
    "section_start:1772445600:x\r",
    "section_end:9:",
    "\u{1b}[0K",
    "[info]",
    "[files]",
    "Message from client: ",
    "{\"jsonrpc\":\"2.0\"}",
    "+ curl -H 'A: ",
    "$ ",
    "##[command]",
    "\u{feff}",
    "é",
    "[",
];

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        8 => select(WORDS.as_slice()).prop_map(Value::from),
        2 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        let key = prop_oneof![9 => select(KEYS.as_slice()).prop_map(str::to_owned), 1 => any::<String>()];
        prop_oneof![
            2 => vec(inner.clone(), 0..4).prop_map(Value::from),
            5 => vec((key, inner.clone()), 0..8).prop_map(|pairs| Value::Object(Map::from_iter(pairs))),
            1 => inner.prop_map(|value| Value::from(value.to_string())),
        ]
    })
}

fn lines() -> impl Strategy<Value = String> {
    let piece =
        prop_oneof![4 => select(PIECES.as_slice()).prop_map(str::to_owned), 1 => any::<String>(), 1 => values().prop_map(|value| value.to_string())];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn records_of_any_shape_are_read(records in vec(values(), 1..4)) {
        let text: Vec<String> = records.iter().map(Value::to_string).collect();
        read(&text.join("\n"), "sessions/s/runs/1/2_x.txt");
        for record in &text {
            let arena = Bump::new();
            let Some(value) = parse(record.as_bytes(), &arena) else { continue };
            let mut thread = Thread::default();
            // Every reader meets every shape: what recognizes a record says nothing about its parts.
            for format in OBJECT_FORMATS {
                (format.read)(&value, &mut thread, &mut |_| ());
            }
            let _ = requests(&value);
            prop_assert!(thread.calls.len() <= 1024 && thread.asked.len() <= 1024);
        }
    }

    #[test]
    fn lines_of_any_shape_are_read(all in vec(lines(), 1..6)) {
        let mut thread = Thread { location: all[0].clone(), ..Thread::default() };
        for text in &all {
            line(text, &mut thread, 0, &mut Vec::new());
            let _ = in_script(text);
        }
    }

    #[test]
    fn what_is_recognized_is_said(value in values()) {
        let text = value.to_string();
        let arena = Bump::new();
        let Some(value) = parse(text.as_bytes(), &arena) else { return Ok(()) };
        for format in OBJECT_FORMATS.iter().filter(|format| !format.name.starts_with("otlp") && (format.recognizes)(&value)) {
            let mut count = 0;
            (format.read)(&value, &mut Thread::default(), &mut |said| count += usize::from(matches!(said, Said::Record(_) | Said::Line { .. })));
            prop_assert!(count > 0, "{}: {text}", format.name);
        }
    }

    #[test]
    fn mappings_of_any_text_are_read(text in any::<String>(), value in values(), path in "[a-z./~]{0,12}") {
        let _ = Mapping::parse(&text);
        let mapping = Mapping::parse(&format!("[fields]\ntime = \"time\"\nurl = \"url\"\n[[credential]]\npath = '{path}'\nscheme = \"authorization\"\n"));
        let (written, arena) = (value.to_string(), Bump::new());
        if let (Ok(mapping), Some(value)) = (mapping, parse(written.as_bytes(), &arena)) {
            let _ = mapping.recognizes(&value);
            mapping.read(&value, &mut Thread::default(), &mut |_| ());
        }
    }
}
