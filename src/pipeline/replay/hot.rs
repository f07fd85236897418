//! Tokens that are judged again later: those with very many uses, so that what judging costs does not grow with every use, and those whose
//! record may be late.
//!
//! **Invariant:** a use that is put off is kept, and the state says of its token that it waits, until it has been judged with all its uses.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::SignedDuration;

use crate::detect::clock::number;
use crate::detect::used::Use;
use crate::model::instant::Instant;
use crate::model::token_key::TokenKey;
use crate::model::token_use::{Record, TokenUse};
use crate::store::step::NewValue;

/// What names of waiting tokens begin with.
pub const PREFIX: &str = "hot/";
/// From how many uses on a token is hot.
const LEAST: usize = 1000;
/// How many uses are judged again in a millisecond at most, by one token: some hundredths of what a core can do.
const USES_A_MILLISECOND: usize = 2;
/// No token waits longer.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);
/// How much sooner a token is judged again when it is used as it never was.
const SOONER: i32 = 8;
/// How many hot tokens are remembered, and how many ways of using each.
const MOST: usize = 4096;

/// Hot tokens.
#[derive(Default, Debug)]
pub struct Hot {
    /// By each of their names.
    tokens: HashMap<u64, Arc<Judged>>,
    /// Names of tokens that wait: with uses that were put off, or until a second since 1970-01-01T00:00:00Z.
    waiting: BTreeMap<u64, Option<i64>>,
    /// Names that were put down or taken off since it was written down.
    changed: BTreeSet<u64>,
    hurries: bool,
}

/// A hot token when it was judged last.
#[derive(Debug)]
struct Judged {
    at: Instant,
    wait: SignedDuration,
    /// The ways in which it had been used.
    ways: HashSet<u64>,
}

impl Hot {
    /// Tokens that wait, by the values of that prefix.
    #[must_use]
    pub fn waiting(values: &[(String, Vec<u8>)]) -> Self {
        let name = |text: &str| u64::from_str_radix(text.strip_prefix(PREFIX)?, 16).ok();
        let waiting = values.iter().filter_map(|(text, bytes)| Some((name(text)?, borsh::from_slice(bytes).ok()?)));
        Self { waiting: waiting.collect(), ..Self::default() }
    }

    /// Whether a token with these new uses is judged later; then it waits.
    pub fn puts_off(&mut self, uses: &[TokenUse], now: Instant) -> bool {
        let mut names = uses.iter().flat_map(|what| &what.presented.keys).map(TokenKey::index);
        let Some((name, token)) = names.find_map(|name| Some((name, self.tokens.get(&name)?))) else { return false };
        let is_usual = uses.iter().all(|what| token.ways.contains(&way(&what.record)));
        let wait = if is_usual { token.wait } else { token.wait / SOONER };
        let is_early = token.has_waited(now) < wait;
        if is_early {
            self.wait(name, None);
        }
        is_early
    }

    /// A token that was judged is judged once more at this second.
    pub fn look_again(&mut self, name: &TokenKey, second: i64) {
        self.wait(name.index(), Some(second));
    }

    fn wait(&mut self, name: u64, until: Option<i64>) {
        self.waiting.insert(name, until);
        self.changed.insert(name);
    }

    /// A token with these names was judged with all its uses.
    pub fn judged(&mut self, names: &[TokenKey], uses: &[Use], now: Instant) {
        let names = names.iter().map(TokenKey::index);
        self.changed.extend(names.clone().filter(|name| self.waiting.remove(name).is_some()));
        if uses.len() < LEAST {
            return;
        }
        if self.tokens.len() > MOST {
            self.tokens.clear();
        }
        let milliseconds = i64::try_from(uses.len() / USES_A_MILLISECOND).unwrap_or(i64::MAX);
        let ways = uses.iter().map(|one| way(&one.what.record)).collect::<HashSet<u64>>();
        let wait = SignedDuration::from_millis(milliseconds).min(LONGEST);
        let token = Arc::new(Judged { at: now, wait, ways: if ways.len() > MOST { HashSet::new() } else { ways } });
        self.tokens.extend(names.map(|name| (name, Arc::clone(&token))));
    }

    /// All with uses that were put off are due.
    pub fn hurry(&mut self) {
        self.hurries = true;
    }

    /// Names of tokens that have waited long enough; they wait no more.
    pub fn take_due(&mut self, now: Instant) -> Vec<u64> {
        let due: Vec<u64> = self.due(now).collect();
        for name in &due {
            self.waiting.remove(name);
            self.changed.insert(*name);
        }
        self.hurries = false;
        due
    }

    /// Whether any token has waited long enough.
    #[must_use]
    pub fn has_due(&self, now: Instant) -> bool {
        self.due(now).next().is_some()
    }

    fn due(&self, now: Instant) -> impl Iterator<Item = u64> {
        let is_ripe = move |name: &u64| self.tokens.get(name).is_none_or(|token| token.has_waited(now) >= token.wait);
        let due =
            self.waiting.iter().filter(move |(name, until)| until.map_or_else(|| self.hurries || is_ripe(name), |until| until <= now.seconds()));
        due.map(|(name, _)| *name)
    }

    /// What has changed since it was written down.
    pub fn values(&mut self) -> impl Iterator<Item = NewValue> {
        let waiting = &self.waiting;
        let bytes = |until| borsh::to_vec(until).expect("because it is written to memory");
        let value = move |name: u64| NewValue { name: format!("{PREFIX}{name:x}"), bytes: waiting.get(&name).map(bytes) };
        std::mem::take(&mut self.changed).into_iter().map(value)
    }
}

impl Judged {
    /// A clock that was set back makes nobody wait.
    fn has_waited(&self, now: Instant) -> SignedDuration {
        now.0.duration_since(self.at.0).abs()
    }
}

/// How a token was used, by whom and from where: what may change a judgement without regard to how often and when.
fn way(record: &Record) -> u64 {
    let who = (&record.principal, &record.agent_id, &record.client_id, &record.user, &record.tenant);
    let when = (&record.session_id, &record.task_id, &record.run_id);
    let whence = (record.source_ip, record.peer_ip, &record.forwarded_for, &record.user_agent, &record.ja4, &record.tls_client_x5t);
    number((who, when, whence, &record.tool, &record.aud, record.outcome as u8))
}

#[cfg(test)]
mod tests {
    use crate::detect::collapse::collapse;
    use crate::detect::options::Options;
    use crate::detect::used::Use;
    use crate::model::instant::Instant;
    use crate::model::token_key::{KeyKind, TokenKey};
    use crate::model::token_use::{Presented, Record, RecordOrigin, TokenUse, VERSION};
    use crate::pipeline::replay::hot::{Hot, LEAST};

    fn key() -> TokenKey {
        TokenKey::Named(KeyKind::TokenId, "1".to_owned())
    }

    fn use_by(agent: &str, at: i64) -> TokenUse {
        let record = Record { time: Instant::from_number(1_772_445_600 + at), agent_id: Some(agent.into()), ..Record::default() };
        let origin = RecordOrigin { uri: "a.log".into(), line: at.unsigned_abs(), parser: "test".into(), record_id: None };
        TokenUse { v: VERSION, presented: Presented { keys: vec![key()], ..Presented::default() }, record: record.into(), origin }
    }

    fn uses(count: usize) -> Vec<Use> {
        collapse((0..).take(count).map(|at| use_by("a", at)).collect(), &Options::default())
    }

    fn at(milliseconds: i64) -> Instant {
        Instant::from_number(1_772_445_600_000 + milliseconds).expect("because it is a time")
    }

    #[test]
    fn only_hot_tokens_wait_and_not_for_long() {
        for (count, agent, later, waits) in [
            (LEAST - 1, "a", 0, false),
            (LEAST, "a", 100, true),
            (LEAST, "a", 500, false),
            (LEAST, "a", -600, false),
            // What was never so is looked at sooner.
            (LEAST, "b", 50, true),
            (LEAST, "b", 70, false),
        ] {
            let mut hot = Hot::default();
            hot.judged(&[key()], &uses(count), at(0));
            assert_eq!(hot.puts_off(&[use_by(agent, 1)], at(later)), waits, "{count} {agent} {later}");
            assert_eq!(hot.values().count(), usize::from(waits));
        }
    }

    #[test]
    fn a_second_look_comes_in_its_time() {
        let mut hot = Hot::default();
        hot.look_again(&key(), at(5000).seconds());
        hot.hurry();
        let kept: Vec<_> = hot.values().filter_map(|value| Some((value.name, value.bytes?))).collect();
        for mut hot in [hot, Hot::waiting(&kept)] {
            assert!(!hot.has_due(at(4000)) && hot.has_due(at(5000)));
            assert_eq!((hot.take_due(at(5000)), hot.take_due(at(5000))), (vec![key().index()], Vec::new()));
        }
        let mut hot = Hot::waiting(&kept);
        hot.judged(&[key()], &[], at(1000));
        assert!(!hot.has_due(at(9000)), "it was judged meanwhile");
    }

    #[test]
    fn who_waits_is_judged_in_the_end() {
        let mut hot = Hot::default();
        hot.judged(&[key()], &uses(LEAST), at(0));
        assert!(hot.puts_off(&[use_by("a", 1)], at(1)) && !hot.has_due(at(1)) && hot.has_due(at(500)));
        let kept: Vec<_> = hot.values().filter_map(|value| Some((value.name, value.bytes?))).collect();
        // After a restart nobody knows how long it has waited.
        let mut again = Hot::waiting(&kept);
        assert_eq!(again.take_due(at(1)), [key().index()]);
        assert!(again.values().all(|value| value.bytes.is_none() && value.name == kept[0].0));
        hot.hurry();
        assert_eq!((hot.take_due(at(1)), hot.take_due(at(900))), (vec![key().index()], Vec::new()));
    }
}
