//! What leads the scan to a possible match: four bytes that stand in every match.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::rules::byte_set::ByteSet;
use crate::rules::rarity::chance;
use crate::rules::rule::MIN_RUN;
use crate::rules::shape::{Shape, Step};

/// The most four-byte combinations that one anchor may stand for.
const MAX_GRAMS: usize = 1200;
/// Chances below these are as good as each other, where words begin and in all bytes: then the first of several is the best, also of a token that
/// is cut into lines.
const RARE: [f32; 2] = [1e-5, 1e-7];
/// What is more likely than this is too common to be searched for in all bytes.
const COMMON: f32 = 1e-4;
/// How many starts may be tried at an anchor before one with more grams is the better choice.
const NARROW: usize = 16;

/// Four bytes of every match, which lead the scan to it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Anchor {
    /// Where they are looked for.
    pub place: Place,
    /// The bytes allowed at each of the four places.
    pub sets: [ByteSet; 4],
    /// How far before them a match begins: least and most.
    pub lead: (usize, usize),
    /// What stands around them.
    pub around: Around,
}

/// Where an anchor is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Place {
    /// Where a word begins and [`MIN_RUN`] token characters follow: at the match's start, or after what is no letter or digit.
    Begin,
    /// In all bytes.
    Inside,
}

/// The only possible bytes around an anchor, where there is only one: up to four before it, or of the first eight of a match.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Around {
    /// How many bytes before the anchor the first of them stands.
    back: u8,
    mask: u64,
    bytes: u64,
}

impl Around {
    /// Gathers up to eight sets, the anchor's among them.
    fn of(back: u8, sets: impl Iterator<Item = ByteSet>) -> Self {
        let single = |set: ByteSet| set.iter().next().filter(|_| set.len() == 1);
        (0..8).zip(sets).fold(Self { back, ..Self::default() }, |around, (i, set)| match single(set) {
            Some(byte) => Self { mask: around.mask | 0xff << (8 * i), bytes: around.bytes | u64::from(byte) << (8 * i), back },
            None => around,
        })
    }

    /// How likely a text holds them somewhere.
    fn chance(self) -> f32 {
        let places = self.mask.to_le_bytes().into_iter().zip(self.bytes.to_le_bytes());
        chance(&places.map(|(mask, byte)| if mask == 0 { ByteSet::all() } else { ByteSet::empty().with(&[byte]) }).collect::<Vec<_>>())
    }

    /// Whether these bytes stand around the place `at`, as far as the text goes.
    #[must_use]
    #[inline]
    pub fn holds(self, bytes: &[u8], at: usize) -> bool {
        let window = at.checked_sub(usize::from(self.back)).and_then(|start| bytes[start..].first_chunk());
        // At an end of the text, the match itself tells.
        window.is_none_or(|window| u64::from_le_bytes(*window) & self.mask == self.bytes)
    }
}

impl Anchor {
    /// Four adjoining bytes of a shape, rare and close to its start; none where its matches have too little in common.
    #[must_use]
    pub fn of(shape: &Shape) -> Option<Self> {
        let all = positions(shape);
        let windows = || {
            all.windows(4).enumerate().filter_map(|(at, window)| match window {
                [Some(a), Some(b), Some(c), Some(d)] if grams([a, b, c, d]) <= MAX_GRAMS => Some((at, [a, b, c, d])),
                _ => None,
            })
        };
        let before = |at: usize| at.checked_sub(1).and_then(|before| all[before].as_ref());
        let begins = |at: usize| at == 0 || before(at).is_some_and(|before| !before.set.meets(ByteSet::alnum()));
        let rarity = |place: Place, at: usize, window: &[&Position; 4]| {
            let is_wide = window[0].lead.1 - window[0].lead.0 > NARROW;
            // Where many starts may be tried, all that is known counts.
            let around = if is_wide { around(&all, at).chance() } else { 0.0 };
            let chance = chance(&window.map(|position| position.set));
            let enough = RARE[usize::from(place == Place::Inside)];
            (is_wide, around, chance.max(enough), grams(*window), window[0].lead.1)
        };
        let rarest = |place: Place, windows: &mut dyn Iterator<Item = (usize, [&Position; 4])>| {
            let ranked = windows.map(|(at, window)| (rarity(place, at, &window), at, window));
            let least = ranked.min_by(|(a, ..), (b, ..)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
            least.map(|(_, at, window)| Self { place, sets: window.map(|position| position.set), lead: window[0].lead, around: around(&all, at) })
        };
        let mut begin = windows().filter(|(at, window)| begins(*at) && window[0].run >= MIN_RUN);
        let mut inside = windows().filter(|(_, window)| chance(&window.map(|position| position.set)) <= COMMON);
        rarest(Place::Begin, &mut begin).or_else(|| rarest(Place::Inside, &mut inside))
    }
}

/// The four bytes of a window, in how many ways.
fn grams(window: [&Position; 4]) -> usize {
    window.iter().map(|position| position.set.len()).product()
}

/// What is known around a window. Of a token that is cut into lines, what follows its anchor need not stand there.
fn around(all: &[Option<Position>], at: usize) -> Around {
    let back = all[..at].iter().rev().take(4).take_while(|position| position.is_some()).count();
    let first = at - back;
    let end = if first == 0 { 8.max(at + 4) } else { at + 4 };
    let sets = all[first..end.min(all.len())].iter().map_while(|position| position.as_ref().map(|position| position.set));
    Around::of(u8::try_from(back).expect("because it is at most four"), sets)
}

/// One byte position of a shape at a known distance from its start.
struct Position {
    set: ByteSet,
    lead: (usize, usize),
    /// How many run characters are certain to stand from it on.
    run: usize,
}

/// The positions whose bytes are certain; `None` marks a stretch of unknown length.
fn positions(shape: &Shape) -> Vec<Option<Position>> {
    let mut positions = Vec::new();
    let mut lead = (0, 0);
    for step in &shape.0 {
        let sets: Vec<ByteSet> = match step {
            Step::Literal(bytes) => bytes.iter().map(|b| ByteSet::empty().with(&[*b])).collect(),
            Step::Class { set, min, .. } => vec![*set; *min],
        };
        for (i, set) in sets.iter().enumerate() {
            positions.push(Some(Position { set: *set, lead: (lead.0 + i, lead.1 + i), run: 0 }));
        }
        lead = (lead.0 + step.min_len(), lead.1 + step.max_len());
        if step.min_len() != step.max_len() {
            positions.push(None);
        }
    }
    certain_runs(shape, &mut positions);
    positions
}

/// Counts, for each position, the certain run from it on; a stretch of unknown length breaks a run unless its bytes are run characters.
fn certain_runs(shape: &Shape, positions: &mut [Option<Position>]) {
    let mut stretches = shape.0.iter().filter(|step| step.min_len() != step.max_len()).map(|step| match step {
        Step::Class { set, .. } => set.is_subset(ByteSet::RUN),
        Step::Literal(_) => true,
    });
    let breaks: Vec<bool> = positions
        .iter()
        .map(|position| match position {
            Some(position) => !position.set.is_subset(ByteSet::RUN),
            None => !stretches.next().unwrap_or(false),
        })
        .collect();
    let mut start = 0;
    while start < positions.len() {
        let end = breaks[start..].iter().position(|b| *b).map_or(positions.len(), |n| start + n);
        let run = positions[start..end].iter_mut().rev().flatten();
        (1..).zip(run).for_each(|(rest, position)| position.run = rest);
        start = end + 1;
    }
}
