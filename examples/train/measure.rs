//! Measures judgements of strings: what they take for generated among held-out identifiers, and what they keep of random strings.

use std::collections::HashMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use beartrap::scan::random::{NEEDED, NEEDED_AFTER_PREFIX, looks_generated};
use beartrap::scan::text_model::score;

use crate::gather::Texts;

/// How many strings of each kind are drawn.
const DRAWN: usize = 20_000;
/// One false alarm among so many identifiers.
const IDENTIFIERS: usize = 10_000;
const DIGITS: ByteSet = ByteSet::empty().with(b"0123456789");
const LOWER: ByteSet = ByteSet::empty().with(b"abcdefghijklmnopqrstuvwxyz");

/// Random strings: what they are called, their alphabet and length.
fn kinds() -> Vec<(&'static str, ByteSet, usize)> {
    let hex = DIGITS.with(b"abcdef");
    let base64url = ByteSet::alnum().with(b"-_");
    let base32 = ByteSet::empty().with(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    let lower = DIGITS.union(LOWER);
    let mut kinds = Vec::new();
    for (name, set, lengths) in [
        ("base62", ByteSet::alnum(), &[16, 20, 24, 32, 40][..]),
        ("base64url", base64url, &[20, 24, 32, 43]),
        ("lower-case letters and digits", lower, &[16, 20, 24, 32]),
        ("base32", base32, &[16, 20, 32, 52]),
        ("hexadecimal", hex, &[16, 20, 24, 32, 40, 64]),
    ] {
        kinds.extend(lengths.iter().map(|length| (name, set, *length)));
    }
    kinds
}

/// A way to judge texts, and what it is called.
type Judge<'a> = (&'a str, &'a dyn Fn(&[u8]) -> bool);

/// Writes the table.
pub fn report(held_out: &Texts, worst: usize, out: &mut dyn Write) -> io::Result<()> {
    let identifiers: Vec<&[u8]> = held_out.identifiers.iter().map(AsRef::as_ref).collect();
    let shannon_needed = threshold(&identifiers, shannon);
    let model_needed = threshold(&identifiers, score);
    let judges: [Judge; 4] = [
        ("`looks_generated`", &looks_generated),
        ("model alone, with the bits that allow 1 in 10,000", &|text| score(text) >= model_needed),
        ("after a prefix", &|text| score(text) >= NEEDED_AFTER_PREFIX),
        ("Shannon entropy, likewise", &|text| shannon(text) >= shannon_needed),
    ];
    writeln!(out, "bits needed: {NEEDED}; for 1 in 10,000: {model_needed}, Shannon entropy {shannon_needed} hundredths of a bit\n")?;
    let head: Vec<&str> = judges.iter().map(|(name, _)| *name).collect();
    writeln!(out, "| strings | length | {} |\n|---|---:|{}", head.join(" | "), "---:|".repeat(judges.len()))?;
    let alarms = judges.iter().map(|(_, judge)| identifiers.iter().filter(|text| judge(text)).count());
    let alarms: Vec<String> = alarms.map(|count| format!("{count} = {:.2}", count as f64 * IDENTIFIERS as f64 / identifiers.len() as f64)).collect();
    writeln!(out, "| of {} identifiers held out, and in 10,000 | 16- | {} |", identifiers.len(), alarms.join(" | "))?;
    let mut random = Random::new(1);
    for (name, set, length) in kinds() {
        let strings: Vec<Vec<u8>> = (0..DRAWN).map(|_| random.bytes(set, length)).collect();
        let kept = judges.iter().map(|(_, judge)| strings.iter().filter(|text| judge(text)).count());
        let kept: Vec<String> = kept.map(|count| format!("{:.2} %", count as f64 * 100.0 / DRAWN as f64)).collect();
        writeln!(out, "| {name} | {length} | {} |", kept.join(" | "))?;
    }
    writeln!(out)?;
    for (name, judge) in judges {
        let taken: Duration = time(&identifiers, judge);
        writeln!(out, "{name}: {} ns a judgement", taken.as_nanos() / identifiers.len() as u128)?;
    }
    show_worst(&identifiers, worst, out)
}

/// What the judgement of all texts takes.
fn time(texts: &[&[u8]], judge: &dyn Fn(&[u8]) -> bool) -> Duration {
    let start = Instant::now();
    std::hint::black_box(texts.iter().filter(|text| judge(text)).count());
    start.elapsed()
}

/// The least value that at most one in [`IDENTIFIERS`] reaches.
fn threshold(identifiers: &[&[u8]], value: impl Fn(&[u8]) -> i32) -> i32 {
    let mut values: Vec<i32> = identifiers.iter().map(|text| value(text)).collect();
    values.sort_unstable_by(|a, b| b.cmp(a));
    values.get(identifiers.len() / IDENTIFIERS).map_or(0, |value| value + 1)
}

/// Shannon's entropy of the characters, in hundredths of a bit a character.
fn shannon(text: &[u8]) -> i32 {
    let mut counts: HashMap<u8, f64> = HashMap::new();
    for byte in text {
        *counts.entry(*byte).or_default() += 1.0;
    }
    let length = text.len() as f64;
    let bits: f64 = counts.values().map(|count| -(count / length) * (count / length).log2()).sum();
    (bits * 100.0) as i32
}

fn show_worst(identifiers: &[&[u8]], worst: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut judged: Vec<(i32, &[u8])> = identifiers.iter().filter(|text| looks_generated(text)).map(|text| (score(text), *text)).collect();
    judged.sort_unstable_by(|a, b| b.cmp(a));
    judged.iter().take(worst).try_for_each(|(bits, text)| writeln!(out, "{bits}  {}", String::from_utf8_lossy(text)))
}
