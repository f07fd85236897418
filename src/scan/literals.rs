//! Literals that are searched for in all bytes, for anchors outside of runs and for names of short values.
//!
//! **Invariant:** no literal is missed; false alarms cost a look.

use crate::rules::rule::{Anchor, Rule};
use crate::scan::anchors::{Lead, anchors};
use crate::scan::kernel::Run;
use crate::scan::searcher::Searcher;

/// What a literal leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Rules whose match holds it.
    Rules(Vec<Lead>),
    /// Part of a name that introduces a value.
    Name,
    /// The end of the user information in a URL.
    Userinfo,
}

/// Parts of names whose values need not be long runs: each spelling on its own, so that the search stays case-sensitive.
const NAME_PARTS: [&str; 13] =
    ["assw", "ASSW", "assphrase", "ASSPHRASE", "ecret", "ECRET", "uthorization", "UTHORIZATION", "pwd=", "PWD=", "pwd\"", "pwd:", "_auth"];

/// The literals that are searched for in all bytes.
pub struct Literals {
    searcher: Searcher,
    targets: Vec<Target>,
    /// How far beyond its start the anchor of a match can lie.
    pub farthest: usize,
}

impl Literals {
    /// Gathers the literals of all rules, the names and the sign of a URL's user information.
    #[must_use]
    pub fn new(rules: &[Rule]) -> Self {
        let mut literals: Vec<(Vec<u8>, Target)> = NAME_PARTS.iter().map(|part| (part.as_bytes().to_vec(), Target::Name)).collect();
        literals.push((b"://".to_vec(), Target::Userinfo));
        let mut farthest = 0;
        for (lead, anchor) in anchors(rules) {
            let Anchor::Literal { bytes, .. } = anchor else { continue };
            farthest = farthest.max(lead.most as usize);
            match literals.iter_mut().find(|(literal, _)| literal == bytes) {
                Some((_, Target::Rules(leads))) => leads.push(lead),
                _ => literals.push((bytes.clone(), Target::Rules(vec![lead]))),
            }
        }
        let (patterns, targets): (Vec<_>, Vec<_>) = literals.into_iter().unzip();
        Self { searcher: Searcher::new(&patterns), targets, farthest }
    }

    /// Calls `hit` for every place where a literal begins.
    pub fn find(&self, bytes: &[u8], range: Run, mut hit: impl FnMut(usize, usize, &Target)) {
        let mut at = range.start;
        while let Some(found) = self.searcher.next(bytes, at, range.end) {
            hit(found.start, found.end - found.start, &self.targets[found.literal]);
            at = found.start + 1;
        }
    }
}
