//! Makes the model from texts: counts of neighbouring characters, smoothed, as costs.

use std::collections::HashSet;

use beartrap::scan::text_model::{Costs, KINDS, LINES, PARTS, SYMBOLS, ZERO, each_step, score_by};

/// Of each character, so many steps are added, spread like all steps: for those that were hardly seen.
const SMOOTHING: f64 = 20.0;
/// The dearest step, in parts of a bit: one odd pair alone makes no text look generated.
const DEAREST: f64 = 48.0;
/// Texts that score more than so many bits under the first model are taken for hashes and keys, and left out of the second.
const FOREIGN: i32 = 8;

/// The model's file.
pub fn train(texts: &HashSet<Box<[u8]>>) -> String {
    let first = costs(texts.iter());
    let second = costs(texts.iter().filter(|text| score_by(&first, text) <= FOREIGN));
    second.iter().map(|line| line.iter().map(|cost| char::from(ZERO + cost)).chain(['\n']).collect::<String>()).collect()
}

fn costs<'a>(texts: impl Iterator<Item = &'a Box<[u8]>>) -> Costs {
    let mut counts = vec![[0_u32; SYMBOLS]; LINES];
    texts.for_each(|text| each_step(text, |line, symbol, _| counts[line][symbol] += 1));
    let none = [1.0 / SYMBOLS as f64; SYMBOLS];
    let all = shares(&sum(counts.iter()), &none);
    // What stands two places before tells little where it was seldom seen: then the pairs count.
    let pairs: Vec<_> = (0..=SYMBOLS).map(|before| shares(&sum((0..KINDS).map(|kind| &counts[kind * (SYMBOLS + 1) + before])), &all)).collect();
    std::array::from_fn(|line| shares(&counts[line].map(f64::from), &pairs[line % (SYMBOLS + 1)]).map(cost))
}

fn sum<'a>(lines: impl Iterator<Item = &'a [u32; SYMBOLS]>) -> [f64; SYMBOLS] {
    lines.fold([0.0; SYMBOLS], |sums, line| std::array::from_fn(|at| sums[at] + f64::from(line[at])))
}

/// The share of each character, smoothed by what it would be otherwise.
fn shares(counts: &[f64; SYMBOLS], otherwise: &[f64; SYMBOLS]) -> [f64; SYMBOLS] {
    let all: f64 = counts.iter().sum();
    std::array::from_fn(|at| (counts[at] + SMOOTHING * otherwise[at]) / (all + SMOOTHING))
}

fn cost(share: f64) -> u8 {
    let cost = (-share.log2() * f64::from(PARTS)).round().min(DEAREST);
    (0..=u8::MAX).rev().find(|whole| f64::from(*whole) <= cost).unwrap_or(0)
}
