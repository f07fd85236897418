//! The tokens that are planted: every rule in turn, in every carrier that fits it, each with a label.

use std::io::{self, Write};

use beartrap::model::fingerprint::Fingerprint;
use beartrap::rules::builtin::SOURCES;
use beartrap::rules::example::expand;
use beartrap::rules::generate::token;
use beartrap::rules::load::{WrittenRule, load_text};
use serde::{Deserialize, Serialize};

use crate::corpus::carrier::{Carrier, Load, Writing, carriers};
use crate::corpus::filler::Filler;

/// Where a token was planted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Label {
    /// The file, relative to the corpus; empty when that is one file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The line of its first byte, from 1.
    pub line: u64,
    /// Id of the rule it was made from.
    pub rule: String,
    /// SHA-256 of its octets.
    pub fingerprint: Fingerprint,
    /// The name of the carrier.
    pub carrier: String,
}

/// Plants tokens and writes their labels.
pub struct Planter<'a> {
    rules: Vec<WrittenRule>,
    carriers: Vec<Carrier>,
    labels: &'a mut dyn Write,
    /// How many were planted.
    pub planted: u64,
}

/// What is about to be planted.
pub struct Seedling {
    rule: usize,
    carrier: Option<usize>,
    text: Vec<u8>,
    secret: Vec<u8>,
    at: usize,
}

impl<'a> Planter<'a> {
    /// Plants tokens of the built-in rules.
    ///
    /// # Panics
    ///
    /// When a built-in rule is not sound, which the build has ruled out.
    pub fn new(labels: &'a mut dyn Write) -> Self {
        let rules = SOURCES.iter().flat_map(|(file, text)| load_text(file, text).expect("because the build has checked it")).collect();
        Self { rules, carriers: carriers(), labels, planted: 0 }
    }

    /// How many rules there are.
    pub fn rules(&self) -> usize {
        self.rules.len()
    }

    /// The next token in a carrier that fits it and that `fits` accepts.
    pub fn next(&self, filler: &mut Filler, fits: fn(&Carrier) -> bool) -> Seedling {
        let turn = usize::try_from(self.planted).expect("because so many fit in memory");
        let rule = turn % self.rules.len();
        loop {
            let index = filler.random().below(self.carriers.len());
            let carrier = &self.carriers[index];
            if !fits(carrier) || (carrier.load == Load::Token && !self.stands_alone(rule)) {
                continue;
            }
            let mut seedling = match carrier.load {
                Load::Token => self.bare(rule, filler),
                Load::Example => self.example(rule, filler),
            };
            if carrier.writing != Writing::Plain || !seedling.secret.contains(&b'\n') || carrier.name == "plain" {
                seedling.carrier = Some(index);
                return seedling;
            }
        }
    }

    /// The bare token of a rule.
    pub fn bare(&self, rule: usize, filler: &mut Filler) -> Seedling {
        let secret = token(&self.rules[rule].rule, filler.random());
        Seedling { rule, carrier: None, text: secret.clone(), secret, at: 0 }
    }

    /// A text of the rule's own file.
    pub fn example(&self, rule: usize, filler: &mut Filler) -> Seedling {
        let written = &self.rules[rule];
        let template = &written.positive[filler.random().below(written.positive.len())];
        let example = expand(&written.rule, template, filler.random().next());
        let secret = example.secret.expect("because a positive example has a secret");
        let at = example.text.windows(secret.len()).position(|window| window == secret).expect("because it was put there");
        Seedling { rule, carrier: None, text: example.text, secret, at }
    }

    /// Whether tokens of the rule are found without context.
    pub fn stands_alone(&self, rule: usize) -> bool {
        !self.rules[rule].rule.is_contextual()
    }

    /// Writes the token with its carrier, without the end of the last line, and its label; `line` is the number of the line that begins at the end of `out`.
    pub fn plant(&mut self, seedling: &Seedling, place: Place<'_>, filler: &mut Filler, out: &mut Vec<u8>) -> io::Result<()> {
        let down = if let Some(index) = seedling.carrier {
            self.carriers[index].write(&seedling.text, seedling.at, filler, out)
        } else {
            out.extend(&seedling.text);
            memchr::memchr_iter(b'\n', &seedling.text[..seedling.at]).count() as u64
        };
        let label = Label {
            path: place.path.to_owned(),
            line: place.line + down,
            rule: self.rules[seedling.rule].rule.info.id.to_string(),
            fingerprint: Fingerprint::of(&seedling.secret),
            carrier: seedling.carrier.map_or("none", |index| self.carriers[index].name).to_owned(),
        };
        self.planted += 1;
        serde_json::to_writer(&mut *self.labels, &label)?;
        self.labels.write_all(b"\n")
    }
}

impl Seedling {
    /// Length of the token with the text around it, in bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether the text stands on one line.
    pub fn is_one_line(&self) -> bool {
        !self.text.contains(&b'\n')
    }
}

/// A place in the corpus.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The file, relative to the corpus; empty when that is one file.
    pub path: &'a str,
    /// The line, from 1.
    pub line: u64,
}
