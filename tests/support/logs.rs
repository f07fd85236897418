//! Reads a whole log with the lists of formats, as the pipeline does, and keeps what was said.

use beartrap::observe::format::{LINE_FORMATS, OBJECT_FORMATS, ObjectFormat};
use beartrap::observe::json::{Json, items, parse};
use beartrap::observe::observation::{Observation, Said, Thread};
use bumpalo::Bump;

/// Deepest carried line.
const MAX_DEPTH: usize = 4;

/// What was said of a log.
#[derive(Debug)]
#[allow(dead_code, reason = "each test looks at a part of it")]
pub enum Seen {
    /// A record.
    Record { format: &'static str, observation: Box<Observation> },
    /// A carried line of no format, or a part of one.
    Carried { format: &'static str, partial: bool, text: String },
    /// A line or document of no format.
    Unknown { text: String },
}

/// What a log says, line by line or as one document.
pub fn read(text: &str, location: &str) -> Vec<Seen> {
    let mut thread = Thread { location: location.to_owned(), ..Thread::default() };
    let mut seen = Vec::new();
    let arena = Bump::new();
    if let Some(value) = parse(text.as_bytes(), &arena) {
        if object(&value, &mut thread, 0, &mut seen).is_none() {
            seen.push(Seen::Unknown { text: text.to_owned() });
        }
        return seen;
    }
    for text in text.lines().filter(|line| !line.trim().is_empty()) {
        if line(text, &mut thread, 0, &mut seen).is_none() {
            seen.push(Seen::Unknown { text: text.to_owned() });
        }
    }
    seen
}

/// A line as JSON, else by the formats of lines; the format's name.
pub fn line(text: &str, thread: &mut Thread, depth: usize, seen: &mut Vec<Seen>) -> Option<&'static str> {
    let arena = Bump::new();
    if let Some(value) = text.trim_start().starts_with('{').then(|| parse(text.as_bytes(), &arena)).flatten() {
        return object(&value, thread, depth, seen);
    }
    LINE_FORMATS.iter().find_map(|format| {
        let mut said = Vec::new();
        let is_known = (format.read)(text, thread, &mut |one| said.push(one));
        is_known.then(|| {
            keep(format.name, said, thread, depth, seen);
            format.name
        })
    })
}

fn object(value: &Json<'_>, thread: &mut Thread, depth: usize, seen: &mut Vec<Seen>) -> Option<&'static str> {
    if let Some(list) = value.as_array() {
        return list.iter().filter_map(|value| object(value, thread, depth, seen)).last();
    }
    for format in OBJECT_FORMATS {
        let inner: Vec<&Json<'_>> = format.wrappers.iter().flat_map(|key| items(value, &[key])).collect();
        if inner.first().is_some_and(|one| (format.recognizes)(one)) {
            for one in inner {
                say(format, one, thread, depth, seen);
            }
            return Some(format.name);
        }
        if (format.recognizes)(value) {
            say(format, value, thread, depth, seen);
            return Some(format.name);
        }
    }
    None
}

fn say(format: &ObjectFormat, value: &Json<'_>, thread: &mut Thread, depth: usize, seen: &mut Vec<Seen>) {
    let mut said = Vec::new();
    (format.read)(value, thread, &mut |one| said.push(one));
    keep(format.name, said, thread, depth, seen);
}

fn keep(format: &'static str, said: Vec<Said<'_>>, thread: &mut Thread, depth: usize, seen: &mut Vec<Seen>) {
    for one in said {
        match one {
            Said::Record(observation) => seen.push(Seen::Record { format, observation }),
            Said::Line { text, partial, around } => {
                let from = seen.len();
                if partial || depth >= MAX_DEPTH || line(&text, thread, depth + 1, seen).is_none() {
                    seen.push(Seen::Carried { format, partial, text: text.into_owned() });
                }
                for inner in &mut seen[from..] {
                    if let Seen::Record { observation, .. } = inner {
                        observation.record.surround(&around);
                    }
                }
            }
        }
    }
}
