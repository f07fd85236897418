//! A search for sets of four bytes in a row, of which any number are looked for at once.
//!
//! **Invariant:** none is missed, and none is told that does not stand there.

use crate::rules::byte_set::ByteSet;
use crate::rules::rarity::{STRETCHES, chance, chance_in, chance_of};
use crate::scan::kernel::each_window;
use crate::scan::walk::{Run, Windows, each_bit};

/// How many groups the windows share: the bits that [`each_window`] tells.
const GROUPS: usize = 16;

/// Four places in a row, and the bytes allowed at each.
pub type Window = [ByteSet; 4];

/// Windows to be looked for.
pub struct Sieve {
    groups: Windows,
    /// The windows of each group.
    members: [Vec<Member>; GROUPS],
}

/// A window, and its number among all.
struct Member {
    /// Places with one byte only, and these bytes.
    mask: u32,
    bytes: u32,
    window: Window,
    number: usize,
}

impl Sieve {
    /// Shares windows among the groups so that few texts meet a group by chance.
    #[must_use]
    pub fn new(windows: &[Window]) -> Self {
        let groups = share(windows);
        let mut sieve = Self { groups: Windows::default(), members: std::array::from_fn(|_| Vec::new()) };
        for (group, Group { halves, members, .. }) in groups.iter().enumerate() {
            let (part, bit) = (group / 8, 1 << (group % 8));
            for (i, half) in (0..4).flat_map(|i| (0..16).map(move |half| (i, half))) {
                sieve.groups.low[part][i][half] |= if halves[i].low >> half & 1 == 1 { bit } else { 0 };
                sieve.groups.high[part][i][half] |= if halves[i].high >> half & 1 == 1 { bit } else { 0 };
            }
            sieve.members[group].extend(members.iter().map(|number| Member::new(windows[*number], *number)));
        }
        sieve
    }

    /// Calls `found` with the place and the number of every window that begins in the range.
    pub fn each(&self, bytes: &[u8], range: Run, mut found: impl FnMut(usize, usize)) {
        each_window(bytes, range, &self.groups, |at, groups| {
            let Some(here) = bytes[at..].first_chunk() else { return };
            each_bit(u64::from(groups), |group| {
                self.members[group].iter().filter(|member| member.is(*here)).for_each(|member| found(at, member.number));
            });
        });
    }
}

impl Member {
    fn new(window: Window, number: usize) -> Self {
        let single = window.map(|set| set.iter().next().filter(|_| set.len() == 1));
        let mask = u32::from_le_bytes(single.map(|byte| byte.map_or(0, |_| u8::MAX)));
        Self { mask, bytes: u32::from_le_bytes(single.map(Option::unwrap_or_default)), window, number }
    }

    #[inline]
    fn is(&self, here: [u8; 4]) -> bool {
        u32::from_le_bytes(here) & self.mask == self.bytes
            && (self.mask == u32::MAX || self.window.iter().zip(here).all(|(set, byte)| set.contains(byte)))
    }
}

/// Windows that share a group.
#[derive(Clone, Default)]
struct Group {
    members: Vec<usize>,
    halves: [Halves; 4],
    /// How likely a text meets the group.
    chance: f32,
}

/// Shares windows among groups: the common ones first, then each once more, now that the others have their places.
fn share(windows: &[Window]) -> [Group; GROUPS] {
    let stretches = stretches();
    let halves: Vec<[Halves; 4]> = windows.iter().map(|window| window.map(Halves::of)).collect();
    let mut order: Vec<(f32, usize)> = windows.iter().map(|window| chance(window)).zip(0..).collect();
    order.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut groups: [Group; GROUPS] = std::array::from_fn(|_| Group::default());
    let meets = |halves: &[Halves; 4]| chance_in(|stretch| halves.iter().map(|halves| halves.chance(&stretches[stretch])).product());
    for again in [false, true] {
        for (_, number) in &order {
            if again && let Some(group) = groups.iter_mut().find(|group| group.members.contains(number)) {
                group.members.retain(|member| member != number);
                group.halves = group.members.iter().fold(Default::default(), |all, member| join(&all, &halves[*member]));
                group.chance = meets(&group.halves);
            }
            let cost = |group: &Group| meets(&join(&group.halves, &halves[*number])) - group.chance;
            let costs = groups.iter().map(cost).enumerate();
            let (best, _) = costs.min_by(|(_, a), (_, b)| a.total_cmp(b)).expect("because there are groups");
            groups[best].members.push(*number);
            groups[best].halves = join(&groups[best].halves, &halves[*number]);
            groups[best].chance = meets(&groups[best].halves);
        }
    }
    groups
}

fn join(all: &[Halves; 4], more: &[Halves; 4]) -> [Halves; 4] {
    std::array::from_fn(|i| Halves { low: all[i].low | more[i].low, high: all[i].high | more[i].high })
}

/// The lower and the upper halves of bytes; what they meet in is all that a group can know of them.
#[derive(Clone, Copy, Default)]
struct Halves {
    low: u16,
    high: u16,
}

impl Halves {
    fn of(set: ByteSet) -> Self {
        set.iter().fold(Self::default(), |halves, byte| Self { low: halves.low | 1 << (byte & 15), high: halves.high | 1 << (byte >> 4) })
    }

    /// How likely a byte of a stretch has such halves.
    fn chance(self, stretch: &Stretch) -> f32 {
        let mut sum = 0.0;
        each_bit(u64::from(self.high & stretch.rows), |high| each_bit(u64::from(self.low), |low| sum += stretch.chances[high][low]));
        sum
    }
}

/// How likely each byte is in a kind of stretch, by its upper and its lower half, and which upper halves stand there at all.
struct Stretch {
    rows: u16,
    chances: [[f32; 16]; 16],
}

fn stretches() -> [Stretch; STRETCHES] {
    let byte = |high: usize, low: usize| u8::try_from(high << 4 | low).expect("because these are two halves");
    std::array::from_fn(|stretch| {
        let chances: [[f32; 16]; 16] = std::array::from_fn(|high| std::array::from_fn(|low| chance_of(stretch, byte(high, low))));
        let rows = chances.iter().enumerate().filter(|(_, row)| row.iter().any(|chance| *chance > 0.0));
        Stretch { rows: rows.fold(0, |rows, (high, _)| rows | 1 << high), chances }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, prop_assert_eq, proptest};

    use crate::rules::byte_set::ByteSet;
    use crate::scan::sieve::Sieve;

    proptest! {
        #[test]
        fn every_window_is_found_and_nothing_else(
            windows in prop::collection::vec(prop::array::uniform4("[abc:]{1,3}"), 1..60),
            text in "[abc:d]{0,120}",
            start in 0_usize..50,
        ) {
            let windows: Vec<_> = windows.iter().map(|sets| sets.each_ref().map(|set| ByteSet::empty().with(set.as_bytes()))).collect();
            let start = start.min(text.len());
            let mut found = Vec::new();
            Sieve::new(&windows).each(text.as_bytes(), start..text.len(), |at, number| found.push((at, number)));
            let stands = |at: usize, number: usize| windows[number].iter().zip(&text.as_bytes()[at..]).all(|(set, byte)| set.contains(*byte));
            let mut expected = Vec::new();
            for at in (start..text.len()).filter(|at| at + 4 <= text.len()) {
                expected.extend((0..windows.len()).filter(|number| stands(at, *number)).map(|number| (at, number)));
            }
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
