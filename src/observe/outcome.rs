//! What came of a request, by the codes of protocols and by what commands print.

use crate::model::token_use::{Outcome, Record};
use crate::observe::json::Json;
use crate::observe::request;

/// Longest text in which an answer's status is looked for, in bytes.
const LOOKED_AT: usize = 64 * 1024;

/// Deepest part of a result that is looked into.
const MAX_DEPTH: usize = 8;

/// What stands before a status in the output of commands: status lines, `curl -f`, `wget`, and answers in JSON.
const BEFORE: [&str; 8] =
    ["HTTP/1.1 ", "HTTP/2 ", "HTTP/1.0 ", "HTTP/3 ", "returned error: ", "awaiting response... ", "\"status\":\"", "\"status\": \""];

/// Words by which services refuse a token, and the status that they stand for.
const REFUSALS: [(&str, i64); 7] = [
    ("401 Unauthorized", 401),
    ("403 Forbidden", 403),
    ("Bad credentials", 401),
    ("invalid_token", 401),
    ("\"invalid_auth\"", 401),
    ("\"token_expired\"", 401),
    ("insufficient_scope", 403),
];

/// Takes a status of gRPC or JSON-RPC over, by number or by word; codes of HTTP's range are HTTP's.
pub fn absorb_rpc(record: &mut Record, status: &str) {
    let number: Option<i64> = status.parse().ok();
    match (status, number) {
        (_, Some(http)) if (100..600).contains(&http) => request::absorb_status(record, http),
        ("0" | "OK" | "ok", _) => record.outcome = Outcome::Success,
        ("7" | "16" | "PERMISSION_DENIED" | "UNAUTHENTICATED", _) => record.outcome = Outcome::Denied,
        _ => {}
    }
    record.status_code = number.or(record.status_code);
}

/// The last HTTP status in what a command printed.
#[must_use]
pub fn in_output(text: &str) -> Option<i64> {
    let text = end(text);
    let stated = BEFORE.iter().filter_map(|before| {
        let at = text.rfind(before)?;
        let digits = text.get(at + before.len()..at + before.len() + 3)?;
        let status: i64 = digits.parse().ok()?;
        (100..600).contains(&status).then_some((at, status))
    });
    let stated = stated.max().map(|(_, status)| status);
    stated.or_else(|| REFUSALS.iter().find(|(words, _)| text.contains(words)).map(|(_, status)| *status))
}

/// The HTTP status that a tool's result tells, in any of its texts.
#[must_use]
pub fn in_result(result: &Json<'_>) -> Option<i64> {
    search(result, 0)
}

fn search(value: &Json<'_>, depth: usize) -> Option<i64> {
    match value {
        Json::Str(text) => in_output(text),
        Json::Array(values) if depth < MAX_DEPTH => values.iter().find_map(|value| search(value, depth + 1)),
        Json::Object(object) if depth < MAX_DEPTH => object.iter().find_map(|(_, value)| search(value, depth + 1)),
        _ => None,
    }
}

/// The end of a long text: the last answer stands there.
fn end(text: &str) -> &str {
    let from = (text.len().saturating_sub(LOOKED_AT)..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[from..]
}

#[cfg(test)]
mod tests {
    use crate::observe::outcome::in_output;

    #[test]
    fn the_last_status_counts() {
        for (text, expected) in [
            ("HTTP/1.1 302 Found\r\n\r\nHTTP/2 200 \r\n{}", Some(200)),
            ("curl: (22) The requested URL returned error: 401", Some(401)),
            ("HTTP request sent, awaiting response... 403 Forbidden", Some(403)),
            ("{\"message\":\"Bad credentials\"}", Some(401)),
            ("{\"message\": \"no\", \"status\": \"404\"}", Some(404)),
            ("all is well", None),
            ("HTTP/2 ", None),
            ("HTTP/2 2ü0", None),
        ] {
            assert_eq!(in_output(text), expected, "{text}");
        }
        assert_eq!(in_output(&("ü".repeat(70_000) + "HTTP/2 401 ")), Some(401));
    }
}
