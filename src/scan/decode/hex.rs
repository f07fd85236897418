//! Two hexadecimal digits a byte, without separators.
//!
//! Short stretches are decoded when their first bytes are text, long ones always.

use std::ops::Range;

use crate::model::decoder::Decoder;
use crate::scan::decode::{Regions, is_text, with_context};
use crate::scan::layer::{Decoded, Layer};
use crate::scan::swar;
use crate::scan::walk::{MIN_DIGITS, Signs};

/// From this length on, a stretch is decoded whatever it begins with.
const ALWAYS: usize = 1024;

/// Values of the digits; 255 for other bytes.
const VALUES: [u8; 256] = values();

const fn values() -> [u8; 256] {
    let mut table = [255; 256];
    let mut i = 0;
    while i < 16 {
        table[b"0123456789abcdef"[i] as usize] = i as u8;
        table[b"0123456789ABCDEF"[i] as usize] = i as u8;
        i += 1;
    }
    table
}

/// Decodes every stretch of digits that touches the layer's core; signs are of the runs that do.
pub fn each(regions: &Regions, signs: &[Signs], sink: &mut dyn FnMut(Decoded)) {
    let layer = regions.layer;
    for (run, signs) in regions.runs.iter().zip(signs) {
        if signs.hex == 0 && run.len() <= 64 {
            continue;
        }
        stretches(layer.bytes, run, |stretch| {
            if !regions.is_taken(stretch.start) {
                sink(decode(layer, stretch));
            }
        });
    }
}

/// The stretches of at least [`MIN_DIGITS`] digits in a run that may be decoded; looks at one byte in sixteen until it meets eight digits in a row.
fn stretches(bytes: &[u8], run: &Range<usize>, mut found: impl FnMut(Range<usize>)) {
    let is_digit = |b: &&u8| VALUES[usize::from(**b)] != 255;
    let mut floor = run.start;
    let mut at = run.start + 15;
    while at < run.end {
        // Of a stretch that is long enough, some place looked at has eight digits up to it.
        if bytes[at - 7..=at].first_chunk().copied().is_some_and(swar::is_hex) {
            let start = at - bytes[floor..at].iter().rev().take_while(is_digit).count();
            if begins_with_text(&bytes[start..run.end]) || run.end - start >= ALWAYS {
                let end = at + bytes[at..run.end].iter().take_while(is_digit).count();
                if end - start >= ALWAYS || (end - start >= MIN_DIGITS && begins_with_text(&bytes[start..end])) {
                    found(start..end);
                }
                floor = end;
                at = end;
            }
        }
        at += 16;
    }
}

/// Whether the first eight pairs of digits stand for text.
fn begins_with_text(digits: &[u8]) -> bool {
    let pairs = digits.chunks_exact(2).take(8);
    pairs.len() == 8 && pairs.into_iter().all(|pair| is_text(&[byte(pair)]) && VALUES[usize::from(pair[1])] != 255)
}

fn byte(pair: &[u8]) -> u8 {
    VALUES[usize::from(pair[0])] << 4 | VALUES[usize::from(pair[1])]
}

fn decode(layer: &Layer, mut digits: Range<usize>) -> Decoded {
    if digits.start == 0 && layer.phase % 2 == 1 {
        digits.start += 1;
    }
    let text = &layer.bytes[digits.clone()];
    let (mut out, mut map) = with_context(layer.bytes, digits.start);
    let core = out.len();
    map.push(core, digits.start, (1, 2));
    out.extend(text.chunks_exact(2).map(byte));
    Decoded { core: core..out.len(), bytes: out, map, decoder: Decoder::Hex }
}
