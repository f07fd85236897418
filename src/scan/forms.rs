//! What values of a set of rules are made of, by their lengths: a quick look at a value before anything around it is read.
//!
//! **Invariant:** no value that one of the rules matches is refused.

use crate::rules::byte_set::ByteSet;
use crate::rules::rule::Rule;
use crate::rules::shape::Step;
use crate::scan::context::{follows_fields, is_delimited};

/// From this length on, values are as good as each other.
const LONG: usize = 255;
/// Classes of bytes that values are made of; all other bytes are one more class.
const CLASSES: [&[u8]; 11] =
    [b"abcdefghijklmnopqrstuvwxyz", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0123456789", b"-", b"_", b".", b"/", b"+", b"=", b":", b"~"];
/// The bit of all other bytes.
const OTHER: u16 = 1 << CLASSES.len();

/// The class of each byte, as a bit.
static BITS: [u16; 256] = {
    let mut bits = [OTHER; 256];
    let mut class = 0;
    while class < CLASSES.len() {
        let mut i = 0;
        while i < CLASSES[class].len() {
            bits[CLASSES[class][i] as usize] = 1 << class;
            i += 1;
        }
        class += 1;
    }
    bits
};

/// What values may be made of.
pub struct Forms {
    /// For each length, sets of classes that a value may have all of.
    by_length: Vec<Vec<u16>>,
    /// Rules whose values are like texts and paths, or may go on after what ends others, with their least length and what they are made of.
    wide: Vec<(u32, usize, ByteSet)>,
}

impl Forms {
    /// Gathers the forms of rules, each with its number.
    pub fn new<'a>(rules: impl Iterator<Item = (u32, &'a Rule)>) -> Self {
        let mut forms = Self { by_length: vec![Vec::new(); LONG + 1], wide: Vec::new() };
        for (number, rule) in rules {
            for alternative in &rule.alternatives {
                let sets = alternative.shape.0.iter().map(|step| match step {
                    Step::Literal(bytes) => ByteSet::empty().with(bytes),
                    Step::Class { set, .. } => *set,
                });
                let set = sets.fold(ByteSet::empty(), ByteSet::union);
                let classes = set.iter().fold(0, |classes, byte| classes | BITS[usize::from(byte)]);
                let (least, most) = (alternative.shape.min_len(), alternative.shape.max_len());
                if (set.contains(b'/') && set.contains(b'.')) || classes & OTHER != 0 || follows_fields(rule) {
                    forms.wide.push((number, least, set));
                    continue;
                }
                // A value may end with the full stop before which others end.
                for known in &mut forms.by_length[least.saturating_sub(1).min(LONG)..=most.min(LONG)] {
                    // What is made of less needs no mention.
                    if !known.iter().any(|known| classes & !known == 0) {
                        known.retain(|known| known & !classes != 0);
                        known.push(classes);
                    }
                }
            }
        }
        forms
    }

    /// Whether a rule may match the value that begins here, of the wide ones one that `holds`.
    pub fn allow(&self, bytes: &[u8], value: usize, holds: impl Fn(u32) -> bool) -> bool {
        let end = (value..bytes.len().min(value + LONG)).find(|at| is_delimited(bytes, *at)).unwrap_or(bytes.len().min(value + LONG));
        let classes = bytes[value..end].iter().fold(0, |classes, byte| classes | BITS[usize::from(*byte)]);
        let fits = |least: usize, set: &ByteSet| bytes[value..].get(..least).is_some_and(|head| head.iter().all(|b| set.contains(*b)));
        self.by_length[end - value].iter().any(|known| classes & !known == 0)
            || self.wide.iter().any(|(rule, least, set)| fits(*least, set) && holds(*rule))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use crate::rules::generate::{Random, token};
    use crate::rules::rule_set::RuleSet;
    use crate::scan::context::fit_end;
    use crate::scan::forms::Forms;

    proptest! {
        #[test]
        fn what_a_rule_matches_is_allowed(seed in any::<u64>(), after in "[ .:\"@;a!-]{0,3}") {
            let set = RuleSet::builtin();
            let rules: Vec<_> = set.shared().iter().filter(|rule| rule.is_contextual()).cloned().collect();
            let mut random = Random::new(seed);
            let rule = &rules[random.below(rules.len())];
            let mut text = token(rule, &mut random);
            text.extend_from_slice(after.as_bytes());
            if fit_end(rule, &text, 0).is_some() {
                prop_assert!(Forms::new(std::iter::once((7, rule))).allow(&text, 0, |number| number == 7), "{}", rule.info.id);
            }
        }
    }
}
