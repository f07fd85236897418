//! What another tool's rule demands of a match besides its expression: randomness, kinds of characters, no sign of an exception.

use std::sync::Arc;

use crate::rules::byte_set::ByteSet;
use crate::rules::foreign::allowance::Allowance;
use crate::rules::terms::{Matched, Terms};

/// Demands on a match.
#[derive(Clone, Debug, Default)]
pub struct Demands {
    /// The secret's Shannon entropy must be more than this, in bits a byte.
    pub entropy: Option<f64>,
    /// How many bytes of a set the secret must have at least.
    pub least: Vec<(ByteSet, usize)>,
    /// Signs by which it is let pass.
    pub allowances: Vec<Arc<Allowance>>,
}

impl Terms for Demands {
    fn hold(&self, matched: Matched) -> bool {
        let count = |set: &ByteSet| matched.secret.iter().filter(|byte| set.contains(**byte)).count();
        self.entropy.is_none_or(|least| entropy(matched.secret) > least)
            && self.least.iter().all(|(set, least)| count(set) >= *least)
            && !self.allowances.iter().any(|allowance| allowance.passes(matched))
    }
}

/// Shannon entropy of a text's bytes, in bits a byte.
#[must_use]
pub fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text {
        counts[usize::from(*byte)] += 1;
    }
    let whole = text.len() as f64;
    counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / whole).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::rules::byte_set::ByteSet;
    use crate::rules::foreign::allowance::{Allowance, Need, Target, expression, words};
    use crate::rules::foreign::demands::{Demands, entropy};
    use crate::rules::foreign::syntax::Dialect;
    use crate::rules::terms::{Matched, Terms};

    #[test]
    fn entropy_is_in_bits_a_byte() {
        for (text, expected) in [("", 0.0), ("aaaa", 0.0), ("abab", 1.0), ("abcd", 2.0), ("0123456789abcdef", 4.0)] {
            assert!((entropy(text.as_bytes()) - expected).abs() < 1e-9, "{text}");
        }
    }

    #[test]
    fn every_demand_must_hold_and_no_exception() {
        let pattern = |target, pattern| expression(pattern, Dialect::Go).map(|regex| (target, regex));
        let list = |need| Allowance {
            words: words(&["STOP".to_owned()]).map(|words| (Target::Secret, words)),
            expressions: pattern(Target::Line, "(?i)^let").into_iter().collect(),
            need,
        };
        let (any, each) = (Arc::new(list(Need::Any)), Arc::new(list(Need::Each)));
        let digits = ByteSet::empty().with(b"0123456789");
        for (demands, line, expected) in [
            (Demands::default(), "x = abcd", true),
            (Demands { entropy: Some(2.0), ..Demands::default() }, "x = abcd", false),
            (Demands { entropy: Some(1.9), ..Demands::default() }, "x = abcd", true),
            (Demands { least: vec![(digits, 1)], ..Demands::default() }, "x = abcd", false),
            (Demands { least: vec![(digits, 2)], ..Demands::default() }, "x = a1b2", true),
            (Demands { allowances: vec![Arc::clone(&any)], ..Demands::default() }, "x = astopb", false),
            (Demands { allowances: vec![any], ..Demands::default() }, "Let x = abcd", false),
            (Demands { allowances: vec![Arc::clone(&each)], ..Demands::default() }, "Let x = abcd", true),
            (Demands { allowances: vec![each], ..Demands::default() }, "Let x = stop", false),
        ] {
            let secret = line.rsplit(' ').next().unwrap_or_default().as_bytes();
            let matched = Matched { secret, introduced: secret, line: line.as_bytes() };
            assert_eq!(demands.hold(matched), expected, "{line}: {demands:?}");
        }
    }
}
