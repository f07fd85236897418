//! Which format an input has, by the content of its beginning.

use std::io::Cursor;

use serde_json::{Map, Value};

use crate::ledger::import::csv;
use crate::ledger::import::format::{FORMATS, Format, Framing};
use crate::ledger::import::objects::{Objects, Outcome};

/// How many objects of the beginning are looked at.
const MAX_OBJECTS: usize = 64;

/// The format of an input that begins like this; a few thousand octets are enough.
#[must_use]
pub fn detect(head: &[u8]) -> Option<&'static Format> {
    let bare = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if !matches!(bare.first(), Some(b'{' | b'[')) {
        return FORMATS.iter().find(|format| matches!(format.framing, Framing::Rows) && csv::recognizes(bare));
    }
    let objects = objects(bare);
    let by_object = |object: &Map<String, Value>| FORMATS.iter().find(|format| (format.recognizes)(object));
    objects.iter().find_map(by_object)
}

/// The first objects: on lines, or in an array, at the top or under one of the formats' keys; the last one perhaps mended.
fn objects(head: &[u8]) -> Vec<Map<String, Value>> {
    let wrappers: Vec<&str> =
        FORMATS.iter().filter_map(|format| if let Framing::Objects(key, _) = format.framing { Some(key) } else { None }).collect();
    let mut cursor = Cursor::new(head);
    let mut pieces = Objects::new(&mut cursor, &wrappers, 1);
    let mut found = Vec::new();
    let mut buffer = Vec::new();
    while found.len() < MAX_OBJECTS {
        buffer.clear();
        let Ok(Some(piece)) = pieces.next(&mut buffer) else { break };
        match piece.outcome {
            Outcome::Whole => found.extend(serde_json::from_slice(&buffer).ok()),
            _ => found.extend(mend(&buffer)),
        }
    }
    found
}

/// The object that a beginning of one is when it is cut at its last comma and closed.
fn mend(beginning: &[u8]) -> Option<Map<String, Value>> {
    let (mut depth, mut in_string, mut escaped, mut comma) = (0_u32, false, false, None);
    for (at, b) in beginning.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 1 => comma = Some(at),
            _ => {}
        }
    }
    let mut closed = beginning[..comma?].to_vec();
    closed.push(b'}');
    serde_json::from_slice(&closed).ok()
}
