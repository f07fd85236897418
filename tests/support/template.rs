//! Templates with marks for tokens, so that no token is ever written in the repository.
//!
//! - `{{github-pat}}`: a token of that rule, to be found by it; `{{opaque:40}}`: forty random letters and digits, to be found by any rule
//! - `{{signs:14}}`: letters, digits and signs, as a password manager makes them; `{{hex:32}}`: hexadecimal digits; `{{base64key:44}}`: as Laravel writes keys
//! - `{{github-pat#2}}`: another one; the same mark stands for the same token throughout a file
//! - `{{mark|base64}}`, `|json`, `|percent`, `|basic`: the token encoded; `|head:12`, `|tail:12`: its first twelve bytes, the rest
//! - `{{no:uuid}}`, `{{no:hex:40}}`, `{{no:b62:20}}`, `{{no:b64:300}}`, `{{no:words:900}}`: what must not be found
//! - `{{esc}}`, `{{cr}}`: control characters; `{{ anything }}` with a blank stays as it is
#![allow(dead_code)]

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beartrap::model::fingerprint::Fingerprint;
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::{Random, token};
use beartrap::rules::rule::Rule;
use beartrap::rules::rule_set::RuleSet;
use beartrap::scan::judge::MIN_BITS;
use beartrap::scan::random::strength_bits;

/// A token at a place in a text.
#[derive(Clone)]
pub struct Planted {
    /// The mark as written.
    pub mark: String,
    /// The rule that must find it, where the mark names one.
    pub rule: Option<String>,
    /// Its octets.
    pub octets: Vec<u8>,
    /// What stands in the text for it.
    pub written: Vec<u8>,
    /// Its line, from 1.
    pub line: u64,
    /// The rule's public prefix, which outputs may show.
    pub prefix: String,
}

impl Planted {
    /// The fingerprint as outputs print it.
    pub fn fingerprint(&self) -> String {
        Fingerprint::of(&self.octets).to_string()
    }
}

/// A template with its marks replaced.
pub struct Filled {
    /// The text.
    pub text: Vec<u8>,
    /// Every token in it, in order.
    pub planted: Vec<Planted>,
}

/// Replaces marks; the same seed gives the same text.
pub struct Template {
    rules: RuleSet,
    random: Random,
}

impl Template {
    /// With tokens from this seed.
    pub fn new(seed: u64) -> Self {
        Self { rules: RuleSet::builtin(), random: Random::new(seed) }
    }

    /// Replaces the marks of one text.
    pub fn fill(&mut self, template: &str) -> Filled {
        let mut filled = Filled { text: Vec::new(), planted: Vec::new() };
        let mut made = BTreeMap::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            let (mark, after) = after.split_once("}}").unwrap_or_else(|| panic!("`{{{{` without an end"));
            filled.text.extend(before.as_bytes());
            self.replace(mark, &mut made, &mut filled);
            rest = after;
        }
        filled.text.extend(rest.as_bytes());
        filled
    }

    /// A token of this rule.
    pub fn token(&mut self, rule: &str) -> Vec<u8> {
        let rule = self.rules.get(rule).unwrap_or_else(|error| panic!("{error}"));
        token(rule, &mut self.random)
    }

    fn replace(&mut self, mark: &str, made: &mut BTreeMap<String, Vec<u8>>, filled: &mut Filled) {
        if mark.starts_with(' ') {
            return filled.text.extend(format!("{{{{{mark}}}}}").bytes());
        }
        if let Some(text) = self.plain(mark) {
            return filled.text.extend(text);
        }
        let (name, pipe) = mark.split_once('|').unwrap_or((mark, ""));
        let rule = name.split('#').next().unwrap_or(name);
        let mut octets = made.entry(name.to_owned()).or_insert_with(|| self.make(rule)).clone();
        let written = write_as(pipe, &octets);
        if pipe == "basic" {
            octets.clone_from(&written);
        }
        if !pipe.starts_with("tail:") {
            let line = 1 + memchr::memchr_iter(b'\n', &filled.text).count() as u64;
            let rule = self.rules.get(rule).ok();
            filled.planted.push(Planted {
                mark: mark.to_owned(),
                rule: rule.map(|rule| rule.info.id.to_string()),
                octets,
                written: written.clone(),
                line,
                prefix: rule.filter(|rule| !rule.is_contextual()).map(Rule::public_prefix).unwrap_or_default(),
            });
        }
        filled.text.extend(written);
    }

    fn make(&mut self, name: &str) -> Vec<u8> {
        let (class, length) = name.split_once(':').unwrap_or((name, ""));
        let length = || length.parse().unwrap_or_else(|_| panic!("`{name}` has no length"));
        match class {
            "opaque" => self.opaque(length()),
            "signs" => self.signs(length()),
            "base64key" => [b"base64:", &self.opaque(length())[..]].concat(),
            "hex" => self.random.bytes(ByteSet::empty().with(b"0123456789abcdef"), length()),
            _ => self.token(name),
        }
    }

    /// Letters of both cases and digits, as a credential generator makes them.
    fn opaque(&mut self, length: usize) -> Vec<u8> {
        loop {
            let bytes = self.random.bytes(ByteSet::alnum(), length);
            let has = |class: fn(&u8) -> bool| bytes.iter().filter(|b| class(b)).count() >= 2;
            // A short one that looks like words would be reported without its fingerprint.
            let strong = length < 14 || strength_bits(&bytes) >= MIN_BITS;
            if strong && has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) {
                return bytes;
            }
        }
    }

    /// Letters, digits and a few signs that need no escape anywhere; neither first nor last.
    fn signs(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = self.opaque(length);
        for at in (2..length - 1).step_by(4) {
            bytes[at] = self.random.bytes(ByteSet::empty().with(b"!#*+-.=?^_~"), 1)[0];
        }
        bytes
    }

    /// What a mark that stands for no token is replaced by.
    fn plain(&mut self, mark: &str) -> Option<Vec<u8>> {
        let digits = ByteSet::empty().with(b"0123456789abcdef");
        if let Some(control) = [("esc", 27), ("cr", 13)].iter().find(|(name, _)| *name == mark) {
            return Some(vec![control.1]);
        }
        let (class, length) = mark.strip_prefix("no:")?.split_once(':').unwrap_or((&mark[3..], "0"));
        let length = length.parse().unwrap_or_else(|_| panic!("`{mark}` has no length"));
        Some(match class {
            "uuid" => [8, 4, 4, 4, 12].map(|n| self.random.bytes(digits, n)).join(&b'-'),
            "hex" => self.random.bytes(digits, length),
            "b62" => self.random.bytes(ByteSet::alnum(), length),
            "b64" => STANDARD.encode((0..length * 3 / 4).map(|_| self.random.next().to_le_bytes()[0]).collect::<Vec<u8>>()).into_bytes(),
            "words" => words(&mut self.random, length),
            _ => panic!("`{mark}` is unknown"),
        })
    }
}

/// Prose of exactly this length.
pub fn words(random: &mut Random, length: usize) -> Vec<u8> {
    const WORDS: [&str; 16] =
        ["the", "worker", "read", "a", "page", "of", "results", "and", "wrote", "them", "to", "its", "queue", "then", "waited", "again"];
    let mut text = Vec::new();
    while text.len() < length {
        text.extend(WORDS[random.below(WORDS.len())].bytes());
        text.push(b' ');
    }
    text.truncate(length);
    text
}

fn write_as(pipe: &str, octets: &[u8]) -> Vec<u8> {
    let at = |number: &str| number.parse::<usize>().unwrap_or_else(|_| panic!("`{pipe}` has no number"));
    match pipe.split_once(':').unwrap_or((pipe, "")) {
        ("", _) => octets.to_vec(),
        ("base64", _) => STANDARD.encode(octets).into_bytes(),
        ("basic", _) => STANDARD.encode([b"deploy:", octets].concat()).into_bytes(),
        ("json", _) => {
            let text = serde_json::to_string(&String::from_utf8_lossy(octets)).expect("because a string is JSON");
            text.as_bytes()[1..text.len() - 1].to_vec()
        }
        ("percent", _) => {
            let plain = ByteSet::alnum().with(b"-._~");
            octets.iter().flat_map(|b| if plain.contains(*b) { vec![*b] } else { format!("%{b:02X}").into_bytes() }).collect()
        }
        ("head", number) => octets[..at(number)].to_vec(),
        ("tail", number) => octets[at(number)..].to_vec(),
        _ => panic!("`|{pipe}` is unknown"),
    }
}
