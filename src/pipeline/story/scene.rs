//! One exposure of a case, ready to be judged.

use std::sync::Arc;

use crate::detect::case::{Exposed, Facts, Signature};
use crate::detect::catalogue::judge;
use crate::detect::options::Options;
use crate::model::exposure::Exposure;
use crate::model::fingerprint::Fingerprint;
use crate::model::grade::Confidence;
use crate::model::instant::Instant;
use crate::model::ledger_match::LedgerMatch;
use crate::model::rule_info::RuleInfo;
use crate::model::token_facts::TokenFacts;
use crate::model::verdict::Verdict;
use crate::pipeline::story::exposed::Lay;
use crate::pipeline::story::token::Token;
use crate::rules::generate::Random;

/// One exposure and all that is known about its token.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Line in `exposed`, from 1.
    pub line: usize,
    rule: Arc<RuleInfo>,
    fingerprint: Fingerprint,
    claims: Option<TokenFacts>,
    signature: Signature,
    exposure: Exposure,
    matched: Option<LedgerMatch>,
    masked_elsewhere: bool,
    options: Options,
    now: Instant,
}

impl Scene {
    /// The scene of a line; `exposures` are all of its token.
    #[must_use]
    pub fn new(line: usize, lay: &Lay, token: &Token, exposures: Vec<Exposure>, options: &Options) -> Self {
        Self {
            line,
            rule: token.rule.clone(),
            fingerprint: token.fingerprint.clone(),
            claims: token.claims.clone(),
            signature: if lay.fields.has("stripped") { Signature::Stripped } else { Signature::Whole },
            exposure: lay.exposure.clone(),
            matched: token.matched(exposures, lay.now),
            masked_elsewhere: lay.fields.has("masked_elsewhere"),
            options: options.clone(),
            now: lay.now,
        }
    }

    /// What the detections say.
    #[must_use]
    pub fn judge(&self) -> Vec<Verdict> {
        let finding = Facts {
            rule: &self.rule,
            confidence: Confidence::High,
            fingerprint: Some(&self.fingerprint),
            token: self.claims.as_ref(),
            signature: self.signature,
        };
        judge(&Exposed {
            finding,
            exposure: &self.exposure,
            matched: self.matched.as_ref(),
            masked_elsewhere: self.masked_elsewhere,
            now: self.now,
            options: &self.options,
        })
    }

    /// The same in another order of arrival.
    #[must_use]
    pub fn shuffled(&self, seed: u64) -> Self {
        let mut scene = self.clone();
        let mut random = Random::new(seed);
        if let Some(matched) = &mut scene.matched {
            shuffle(&mut matched.events, &mut random);
            shuffle(&mut matched.exposures, &mut random);
        }
        scene
    }
}

/// Puts items into a random order.
pub fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for at in (1..items.len()).rev() {
        items.swap(at, random.below(at + 1));
    }
}
