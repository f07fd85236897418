//! The uses of one token of a case, or of one state handle, ready to be judged.

use crate::detect::catalogue::judge_uses;
use crate::detect::clock::Clocks;
use crate::detect::collapse::collapse;
use crate::detect::options::Options;
use crate::detect::used::{Answer, Habit, Used};
use crate::model::exposure::Exposure;
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::ledger_match::LedgerMatch;
use crate::model::token_key::TokenKey;
use crate::model::token_use::TokenUse;
use crate::pipeline::story::scene::shuffle;
use crate::rules::generate::Random;

/// All uses of one token and all that is known about it.
#[derive(Clone, Debug)]
pub struct Play {
    /// The token's name in the case, or the handle's.
    pub name: String,
    /// The name by which it is judged.
    pub key: TokenKey,
    /// What the ledger says.
    pub matched: Option<LedgerMatch>,
    /// The other tokens of its family.
    pub family: Vec<Issuance>,
    /// Where it lay.
    pub exposures: Vec<Exposure>,
    /// Its records, as they arrived.
    pub uses: Vec<TokenUse>,
    /// What identities used before.
    pub habits: Vec<Habit>,
    /// Settings of the case.
    pub options: Options,
    /// The time of judgement.
    pub now: Instant,
}

impl Play {
    /// What the detections say.
    #[must_use]
    pub fn judge(&self) -> Vec<Answer> {
        judge_uses(&Used {
            key: &self.key,
            matched: self.matched.as_ref(),
            family: &self.family,
            exposures: &self.exposures,
            uses: &collapse(self.uses.clone(), &self.options),
            habits: &self.habits,
            clocks: &Clocks::default(),
            now: self.now,
            options: &self.options,
        })
    }

    /// The same in another order of arrival, with some records delivered twice.
    #[must_use]
    pub fn shuffled(&self, seed: u64) -> Self {
        let mut play = self.clone();
        let mut random = Random::new(seed);
        let again: Vec<TokenUse> = play.uses.iter().filter(|_| random.below(3) == 0).cloned().collect();
        play.uses.extend(again);
        shuffle(&mut play.uses, &mut random);
        shuffle(&mut play.family, &mut random);
        shuffle(&mut play.exposures, &mut random);
        shuffle(&mut play.habits, &mut random);
        if let Some(matched) = &mut play.matched {
            shuffle(&mut matched.events, &mut random);
            shuffle(&mut matched.exposures, &mut random);
        }
        play
    }
}
