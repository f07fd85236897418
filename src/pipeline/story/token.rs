//! The tokens of a case: what `T1` stands for, who issued it, what it says of itself and what happened to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::exposure::Exposure;
use crate::model::fingerprint::Fingerprint;
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::ledger_match::{LedgerMatch, Liveness};
use crate::model::lifecycle::{LifecycleEvent, Target};
use crate::model::rule_info::RuleInfo;
use crate::model::token_facts::TokenFacts;
use crate::model::token_key::TokenKey;
use crate::pipeline::story::block::{Blocks, words};
use crate::pipeline::story::error::Fault;
use crate::pipeline::story::fields::{Fields, parse, time};
use crate::rules::generate::{Random, token};
use crate::rules::rule_set::RuleSet;

/// What a token says of itself in a story.
const CLAIMS: [&str; 13] = ["typ", "alg", "kid", "iss", "sub", "aud", "exp", "iat", "jti", "scope", "client_id", "act", "cnf"];

/// One token.
#[derive(Clone, Debug)]
pub struct Token {
    /// The rule that it was made from.
    pub rule: Arc<RuleInfo>,
    /// Its fingerprint; its octets are forgotten.
    pub fingerprint: Fingerprint,
    /// What it says of itself.
    pub claims: Option<TokenFacts>,
    /// Its issued-token record.
    pub issuance: Option<Issuance>,
    /// What happened to it, its family, session, task or subject.
    pub events: Vec<LifecycleEvent>,
}

/// All tokens of a case by their names in it.
pub type Tokens = BTreeMap<String, Token>;

/// A line's number and what is wrong with it.
pub type At<T> = Result<T, (usize, Fault)>;

/// Reads `issued`, `claims` and `events`; `rules` are those that `exposed` names for tokens.
///
/// # Errors
///
/// The line and what is wrong with it.
pub fn tokens(blocks: &Blocks, names: &BTreeMap<String, Option<String>>) -> At<Tokens> {
    let rules = RuleSet::builtin();
    let mut tokens = Tokens::new();
    for (name, rule) in names {
        let id = rule.as_deref().unwrap_or("jwt-access-token");
        let rule = rules.get(id).map_err(|error| (0, Fault::new(error.to_string(), "`beartrap rules list` lists the rules")))?;
        let seed = name.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let fingerprint = Fingerprint::of(&token(rule, &mut Random::new(seed)));
        tokens.insert(name.clone(), Token { rule: rule.info.clone(), fingerprint, claims: None, issuance: None, events: Vec::new() });
    }
    for (number, line) in blocks.lines("claims") {
        let (name, claims) = claims(line).map_err(|fault| (number, fault))?;
        tokens.entry(name).and_modify(|token| token.claims = Some(claims));
    }
    let prints: BTreeMap<String, Fingerprint> = tokens.iter().map(|(name, token)| (name.clone(), token.fingerprint.clone())).collect();
    for (number, line) in blocks.lines("issued") {
        let (name, issuance) = issuance(line, &prints).map_err(|fault| (number, fault))?;
        tokens.entry(name).and_modify(|token| token.issuance = Some(issuance));
    }
    for (number, line) in blocks.lines("events") {
        let event = event(line, &prints).map_err(|fault| (number, fault))?;
        let concerned =
            tokens.values_mut().filter(|token| token.issuance.as_ref().is_some_and(|issuance| issuance.targets().contains(&event.target)));
        for token in concerned {
            token.events.push(event.clone());
        }
    }
    Ok(tokens)
}

impl Token {
    /// Every name of it.
    #[must_use]
    pub fn keys(&self) -> Vec<TokenKey> {
        let claimed = self.claims.as_ref().and_then(|claims| Some(TokenKey::JwtId { iss: claims.iss.clone()?, jti: claims.jti.clone()? }));
        std::iter::once(TokenKey::Fingerprint(self.fingerprint.clone())).chain(claimed).collect()
    }

    /// What a ledger would answer about it.
    #[must_use]
    pub fn matched(&self, exposures: Vec<Exposure>, now: Instant) -> Option<LedgerMatch> {
        let issuance = self.issuance.clone()?;
        let then = exposures.iter().map(|exposure| exposure.first_seen).min().unwrap_or(now);
        let liveness_now = issuance.liveness(&self.events, now);
        Some(LedgerMatch {
            by: TokenKey::Fingerprint(self.fingerprint.clone()),
            liveness_then: issuance.liveness(&self.events, then),
            liveness_now,
            seconds_left: issuance.expires_at.filter(|_| liveness_now == Liveness::Live).map(|end| end.seconds() - now.seconds()),
            issuance,
            events: self.events.clone(),
            parents: Vec::new(),
            exposures,
        })
    }
}

fn claims(line: &str) -> Result<(String, TokenFacts), Fault> {
    let fields = Fields::read(line)?;
    fields.only(&CLAIMS)?;
    let facts = parse(Value::Object(fields.object(|time| json!(time.seconds()))))?;
    Ok((fields.name, facts))
}

fn issuance(line: &str, prints: &BTreeMap<String, Fingerprint>) -> Result<(String, Issuance), Fault> {
    let fields = Fields::read(line)?;
    let mut object = fields.object(|time| json!(time));
    if let Some(parent) = object.get("parent_fp").and_then(Value::as_str).and_then(|name| prints.get(name)) {
        object.insert("parent_fp".to_owned(), json!(parent.to_string()));
    }
    let mut issuance: Issuance = parse(Value::Object(object))?;
    if let Some(name) = issuance.other.keys().find(|name| *name != "may_act") {
        return Err(Fault::new(format!("a field `{name}` is not known here"), "fields are those of issued-token records (docs/ledger.md)"));
    }
    issuance.fp = prints.get(&fields.name).cloned().map(TokenKey::Fingerprint);
    Ok((fields.name, issuance))
}

/// `10:00  task_completed  task=build`; `token=T1` stands for the token's fingerprint.
fn event(line: &str, prints: &BTreeMap<String, Fingerprint>) -> Result<LifecycleEvent, Fault> {
    let wrong = || Fault::new(format!("`{}` is no event", line.trim()), "write a time, what happened and to what: `10:00  revoked  token=T1`");
    let [at, what, about] = words(line)[..] else { return Err(wrong()) };
    let (kind, value) = about.split_once('=').ok_or_else(wrong)?;
    let target = match kind {
        "token" => Target::Key(TokenKey::Fingerprint(prints.get(value).cloned().unwrap_or_else(|| Fingerprint::of(value.as_bytes())))),
        _ => parse(json!({ kind: value })).map_err(|_| wrong())?,
    };
    Ok(LifecycleEvent { event: parse(json!(what)).map_err(|_| wrong())?, target, at: time(at)?, reason: None, successor: None })
}
