//! Transcripts of agents, in the manner of Claude Code: one JSON object on a line.

use serde_json::{Value, json};

use crate::simulate::clock::{MINUTE, Millis, SECOND, text};

/// A short session in which the agent says this at this time.
pub fn transcript(session: &str, says: &str, time: Millis) -> String {
    let lines = [
        line(session, "user", time - MINUTE, &json!("Please check whether the service answers.")),
        line(
            session,
            "assistant",
            time - 30 * SECOND,
            &json!([{"type": "tool_use", "id": format!("call-{session}"), "name": "Bash",
            "input": {"command": "curl -sS -H \"Authorization: Bearer $TOKEN\" https://status.example/ready"}}]),
        ),
        line(session, "user", time - 20 * SECOND, &json!([{"type": "tool_result", "tool_use_id": format!("call-{session}"), "content": "ready"}])),
        line(session, "assistant", time, &json!([{"type": "text", "text": says}])),
    ];
    lines.iter().map(|line| line.to_string() + "\n").collect()
}

fn line(session: &str, role: &str, time: Millis, content: &Value) -> Value {
    json!({
        "type": role,
        "sessionId": session,
        "uuid": format!("{session}-{time}"),
        "parentUuid": null,
        "isSidechain": false,
        "cwd": "/work/app",
        "version": "2.0.1",
        "timestamp": text(time),
        "message": {"role": role, "content": content},
    })
}
