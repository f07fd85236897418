//! Makes the model from texts: counts of neighbouring characters, smoothed, as costs.

use std::collections::HashSet;

use beartrap::scan::text_model::{Costs, PARTS, START, SYMBOLS, ZERO, score_by, symbol};

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
    let mut counts = [[0_u32; SYMBOLS]; SYMBOLS + 1];
    for text in texts {
        let mut before = START;
        for byte in text {
            counts[before][symbol(*byte)] += 1;
            before = symbol(*byte);
        }
    }
    let sum = |counts: &[u32]| counts.iter().map(|count| f64::from(*count)).sum::<f64>();
    let all: f64 = counts.iter().map(|line| sum(line)).sum();
    let share: [f64; SYMBOLS] = std::array::from_fn(|next| (counts.iter().map(|line| f64::from(line[next])).sum::<f64>() + 1.0) / (all + 1.0));
    counts.map(|line| {
        std::array::from_fn(|next| {
            let likely = (f64::from(line[next]) + SMOOTHING * share[next]) / (sum(&line) + SMOOTHING);
            let cost = (-likely.log2() * f64::from(PARTS)).round().min(DEAREST);
            (0..=u8::MAX).rev().find(|whole| f64::from(*whole) <= cost).unwrap_or(0)
        })
    })
}
