//! The lines around planted tokens: how each is written into its carrier.

use crate::corpus::filler::Filler;
use crate::corpus::template::Template;

/// What a carrier holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Load {
    /// The token alone, of a rule with an anchor of its own.
    Token,
    /// A text of the rule's file, which brings its context.
    Example,
}

/// How what it holds is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Writing {
    /// As it is; of several lines, each behind a fresh beginning.
    Plain,
    /// As the inside of a JSON string.
    Json,
    /// As the inside of a JSON string inside a JSON string.
    NestedJson,
    /// Percent-encoded: everything but unreserved characters.
    Percent,
}

/// A line with a place for a token.
pub struct Carrier {
    /// Its name, for labels.
    pub name: &'static str,
    /// What it holds.
    pub load: Load,
    /// How it is written.
    pub writing: Writing,
    before: Template,
    after: Template,
}

/// All carriers.
///
/// # Panics
///
/// When the file, which is part of this program, is malformed.
pub fn carriers() -> Vec<Carrier> {
    include_str!("templates/carriers.txt").lines().filter(|line| !line.starts_with('#')).map(Carrier::new).collect()
}

impl Carrier {
    fn new(line: &'static str) -> Self {
        let mut fields = line.splitn(3, '\t');
        let mut next = || fields.next().expect("because a carrier has three fields");
        let (name, what, template) = (next(), next(), next());
        let (load, writing) = what.split_once('-').unwrap_or((what, ""));
        let (before, after) = template.split_once("«secret»").expect("because a carrier has a place");
        Self {
            name,
            load: if load == "token" { Load::Token } else { Load::Example },
            writing: match writing {
                "json" => Writing::Json,
                "json2" => Writing::NestedJson,
                "url" => Writing::Percent,
                _ => Writing::Plain,
            },
            before: Template::new(before),
            after: Template::new(after),
        }
    }

    /// Writes the carrier with `text` in it; returns on which of the lines it wrote (from 0) the byte `mark` of `text` stands.
    pub fn write(&self, text: &[u8], mark: usize, filler: &mut Filler, out: &mut Vec<u8>) -> u64 {
        let mut down = 0;
        let mut at = 0;
        for (i, line) in text.split_inclusive(|b| *b == b'\n').enumerate() {
            if i == 0 || self.writing == Writing::Plain {
                self.before.write(filler, out);
            }
            if at <= mark && self.writing == Writing::Plain {
                down = i as u64;
            }
            self.put(line, out);
            at += line.len();
        }
        self.after.write(filler, out);
        down
    }

    fn put(&self, text: &[u8], out: &mut Vec<u8>) {
        match self.writing {
            Writing::Plain => out.extend(text),
            Writing::Json => json(text, out),
            Writing::NestedJson => {
                let mut once = Vec::new();
                json(text, &mut once);
                json(&once, out);
            }
            Writing::Percent => percent(text, out),
        }
    }
}

fn json(text: &[u8], out: &mut Vec<u8>) {
    let quoted = serde_json::to_string(&String::from_utf8_lossy(text)).expect("because text can be written as JSON");
    out.extend(&quoted.as_bytes()[1..quoted.len() - 1]);
}

fn percent(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(*byte);
        } else {
            out.extend(format!("%{byte:02X}").as_bytes());
        }
    }
}
