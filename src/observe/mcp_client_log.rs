//! `mcp-client-log`: the logs that desktop clients keep of their MCP servers.

use crate::model::exposure::PlaceKind;
use crate::model::text::Text;
use crate::model::token_use::Record;
use crate::observe::carried::at_time;
use crate::observe::format::LineFormat;
use crate::observe::observation::{Observation, Said, Thread};

/// The format.
pub const FORMAT: LineFormat = LineFormat {
    name: "mcp-client-log",
    about: "logs of desktop clients about MCP servers: `<time> [info] [<server>] Message from client: {...}`, brackets in any order",
    read,
};

/// Words in brackets that name no server.
const LEVELS: [&str; 8] = ["info", "error", "warn", "warning", "debug", "trace", "notice", "fatal"];

fn read<'a>(line: &'a str, _: &mut Thread, say: &mut dyn FnMut(Said<'a>)) -> bool {
    let (Some(time), mut rest) = line.split_once(' ').map_or((None, ""), |(time, rest)| (Some(time), rest.trim_start())) else { return false };
    let (mut server, mut level) = (None, None);
    while let Some((word, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        if LEVELS.iter().any(|one| one.eq_ignore_ascii_case(word)) {
            level = Some(word);
        } else {
            server = server.or(Some(word));
        }
        rest = after.trim_start();
    }
    // Without a level in brackets it is some other log.
    let Some(around) = level.and_then(|_| at_time(time, Some(PlaceKind::AgentLog))) else { return false };
    let around = Record { aud: server.filter(|server| !server.is_empty()).map(Text::from), ..around };
    match message(rest) {
        Some(message) => say(Said::Line { text: message.into(), partial: false, around: Box::new(around) }),
        None => say(Said::Record(Box::new(Observation::new(around, Vec::new())))),
    }
    true
}

/// The JSON object in a line; what follows it is the client's own.
fn message(text: &str) -> Option<&str> {
    let text = &text[text.find('{').filter(|_| text.contains("\"jsonrpc\""))?..];
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    values.next()?.ok()?;
    text.get(..values.byte_offset())
}
