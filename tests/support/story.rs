//! Reads stories; the grammar is in `fixtures/stories/README.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use beartrap::detect::case::{Exposed, Facts, Holder, Signature};
use beartrap::detect::catalogue::judge;
use beartrap::detect::options::Options;
use beartrap::detect::place_kind::guess;
use beartrap::model::carrier::Carrier;
use beartrap::model::exposure::Exposure;
use beartrap::model::fingerprint::Fingerprint;
use beartrap::model::grade::Confidence;
use beartrap::model::instant::Instant;
use beartrap::model::issuance::Issuance;
use beartrap::model::ledger_match::{LedgerMatch, Liveness};
use beartrap::model::lifecycle::{LifecycleEvent, Target};
use beartrap::model::rule_info::RuleInfo;
use beartrap::model::token_facts::TokenFacts;
use beartrap::model::token_key::TokenKey;
use beartrap::model::verdict::Verdict;
use beartrap::rules::generate::{Random, token};
use beartrap::rules::rule_set::RuleSet;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// A case of a story.
pub struct Case {
    /// File and heading.
    pub name: String,
    /// Every line of `exposed`.
    pub scenes: Vec<Scene>,
    /// What is told of them, with two spaces between words.
    pub verdicts: Vec<String>,
}

/// One exposure and all that is known about its token.
#[derive(Clone)]
pub struct Scene {
    /// Line in `exposed`, from 1.
    pub line: usize,
    rule: Arc<RuleInfo>,
    fingerprint: Fingerprint,
    facts: Option<TokenFacts>,
    signature: Signature,
    exposure: Exposure,
    matched: Option<LedgerMatch>,
    masked_elsewhere: bool,
    holders: Vec<(Instant, String)>,
    now: Instant,
}

impl Scene {
    /// What the detections say.
    pub fn judge(&self) -> Vec<Verdict> {
        let holders: Vec<Holder> = self.holders.iter().map(|(at, identity)| Holder { at: *at, identity }).collect();
        let finding = Facts {
            rule: &self.rule,
            confidence: Confidence::High,
            fingerprint: Some(&self.fingerprint),
            token: self.facts.as_ref(),
            signature: self.signature,
        };
        judge(&Exposed {
            finding,
            exposure: &self.exposure,
            matched: self.matched.as_ref(),
            masked_elsewhere: self.masked_elsewhere,
            holders: &holders,
            now: self.now,
            options: &Options::default(),
        })
    }

    /// How many events, exposures and holders it has.
    pub fn counts(&self) -> [usize; 3] {
        let matched = self.matched.as_ref();
        [matched.map_or(0, |one| one.events.len()), matched.map_or(0, |one| one.exposures.len()), self.holders.len()]
    }

    /// The same in another order of arrival.
    pub fn shuffled(&self, seed: u64) -> Self {
        let mut scene = self.clone();
        let mut random = Random::new(seed);
        if let Some(matched) = &mut scene.matched {
            shuffle(&mut matched.events, &mut random);
            shuffle(&mut matched.exposures, &mut random);
        }
        shuffle(&mut scene.holders, &mut random);
        scene
    }
}

fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for at in (1..items.len()).rev() {
        items.swap(at, random.below(at + 1));
    }
}

/// The cases of a file.
pub fn read(path: &Path) -> Vec<Case> {
    let file = path.file_name().expect("because it is a file").to_string_lossy().into_owned();
    let text = fs::read_to_string(path).expect("because it is readable");
    assert!(text.starts_with("# "), "{file}: no title");
    text.split("\n## ").skip(1).map(|part| case(&format!("{file}: {}", part.lines().next().unwrap_or_default()), part)).collect()
}

fn case(name: &str, text: &str) -> Case {
    let blocks = blocks(name, text);
    let block = |name: &str| blocks.get(name).map(Vec::as_slice).unwrap_or_default();
    for needed in ["exposed", "verdicts"] {
        assert!(blocks.contains_key(needed), "{name}: no block `{needed}`");
    }
    let lines: Vec<Line> = block("exposed").iter().map(|line| Line::read(line)).collect();
    let exposures: Vec<Exposure> = lines.iter().map(Line::exposure).collect();
    let scenes = lines.iter().enumerate().map(|(at, line)| {
        let rule = RuleSet::builtin().get(line.text("rule").unwrap_or("jwt-access-token")).expect("because it is built in").clone();
        let seed = line.token.bytes().fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let fingerprint = Fingerprint::of(&token(&rule, &mut Random::new(seed)));
        let now = time(line.text("now").or(line.text("at")).expect("because a line has a time"));
        let issued = block("issued").iter().map(|line| Line::read(line)).find(|issued| issued.token == line.token);
        let places = lines.iter().zip(&exposures).filter(|(other, _)| other.token == line.token).map(|(_, exposure)| exposure.clone());
        let events = block("events").iter().map(|text| event(text, &line.token, &fingerprint));
        Scene {
            line: at + 1,
            facts: block("claims").iter().map(|line| Line::read(line)).find(|claims| claims.token == line.token).map(|claims| claims.facts()),
            signature: if line.has("stripped") { Signature::Stripped } else { Signature::Whole },
            exposure: exposures[at].clone(),
            matched: issued.map(|issued| matched(&issued, &fingerprint, events.collect(), places.collect(), now)),
            masked_elsewhere: line.has("masked_elsewhere"),
            holders: block("held").iter().filter_map(|text| held(text, &line.token)).collect(),
            rule: rule.info,
            fingerprint,
            now,
        }
    });
    Case { name: name.to_owned(), scenes: scenes.collect(), verdicts: block("verdicts").iter().map(|line| words(line).join("  ")).collect() }
}

/// The lines of every block, by its name.
fn blocks(name: &str, text: &str) -> BTreeMap<String, Vec<String>> {
    let mut blocks = BTreeMap::new();
    for (at, part) in text.split("\n```").enumerate().filter(|(at, _)| at % 2 == 1) {
        let mut lines = part.lines();
        let block = lines.next().unwrap_or_default();
        assert!(["issued", "claims", "events", "held", "exposed", "verdicts"].contains(&block), "{name}: `{block}` is no block ({at})");
        let lines = lines.filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
        assert!(blocks.insert(block.to_owned(), lines).is_none(), "{name}: two blocks `{block}`");
    }
    blocks
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// A token and its fields.
struct Line {
    token: String,
    fields: Vec<(String, String)>,
}

impl Line {
    fn read(line: &str) -> Self {
        let words = words(line);
        let field =
            |word: &&str| word.split_once('=').map_or((word.to_string(), "true".to_owned()), |(name, value)| (name.to_owned(), value.to_owned()));
        Self { token: words[0].to_owned(), fields: words[1..].iter().map(field).collect() }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.text(name).is_some()
    }

    /// The fields as an object; times in words of `write`.
    fn object(&self, write: fn(Instant) -> Value) -> Value {
        let mut object = Map::new();
        for (name, text) in &self.fields {
            let value = as_time(text).map(write).or_else(|| serde_json::from_str(text).ok()).unwrap_or_else(|| json!(text));
            match name.split_once('.') {
                Some((outer, inner)) => {
                    object.entry(outer).or_insert_with(|| json!({}))[inner] = value;
                }
                None => {
                    object.insert(name.clone(), value);
                }
            }
        }
        object.into()
    }

    fn facts(&self) -> TokenFacts {
        let known = ["typ", "alg", "kid", "iss", "sub", "aud", "exp", "iat", "jti", "scope", "cnf"];
        let outer = |name: &str| name.split('.').next().is_some_and(|name| known.contains(&name));
        assert!(self.fields.iter().all(|(name, _)| outer(name)), "{}: a field of `claims` is not known", self.token);
        parse(self.object(|time| json!(time.seconds())))
    }

    fn exposure(&self) -> Exposure {
        let known = ["at", "now", "place", "rule", "kind", "reach", "carrier", "decoders", "masked_elsewhere", "stripped"];
        assert!(self.fields.iter().all(|(name, _)| known.contains(&name.as_str())), "{}: a field of `exposed` is not known", self.token);
        let place = self.text("place").expect("because a line has a place");
        let at = time(self.text("at").expect("because a line has a time"));
        let (kind, reach) = guess(place, b"");
        Exposure {
            kind: self.text("kind").map_or(kind, |word| parse(json!(word))),
            reach: self.text("reach").map_or(reach, |word| parse(json!(word))),
            location: place.to_owned(),
            line: 1,
            carrier: self.text("carrier").map(|carrier| {
                let (kind, name) = carrier.split_once(':').expect("because a carrier is `kind:name`");
                Carrier { kind: parse(json!(kind)), name: name.to_owned() }
            }),
            decoders: self.text("decoders").map(|list| list.split(',').map(|word| parse(json!(word))).collect()).unwrap_or_default(),
            first_seen: at,
            last_seen: at,
            count: 1,
        }
    }
}

fn parse<T: DeserializeOwned>(value: Value) -> T {
    let shown = value.to_string();
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{shown}: {error}"))
}

fn matched(issued: &Line, fingerprint: &Fingerprint, mut events: Vec<LifecycleEvent>, exposures: Vec<Exposure>, now: Instant) -> LedgerMatch {
    let mut issuance: Issuance = parse(issued.object(|time| json!(time)));
    assert!(issuance.other.is_empty(), "{}: a field of `issued` is not known: {:?}", issued.token, issuance.other);
    issuance.fp = Some(TokenKey::Fingerprint(fingerprint.clone()));
    let targets = issuance.targets();
    events.retain(|event| targets.contains(&event.target));
    let then = exposures.iter().map(|exposure| exposure.first_seen).min().unwrap_or(now);
    let liveness_now = issuance.liveness(&events, now);
    LedgerMatch {
        by: TokenKey::Fingerprint(fingerprint.clone()),
        liveness_then: issuance.liveness(&events, then),
        liveness_now,
        seconds_left: issuance.expires_at.filter(|_| liveness_now == Liveness::Live).map(|end| end.seconds() - now.seconds()),
        issuance,
        events,
        parents: Vec::new(),
        exposures,
    }
}

/// `10:00  task_completed  task=build`; `token=T1` stands for the token's fingerprint.
fn event(line: &str, token: &str, fingerprint: &Fingerprint) -> LifecycleEvent {
    let words = words(line);
    let (kind, value) = words[2].split_once('=').expect("because an event is about something");
    let target = match kind {
        "token" if value == token => Target::Key(TokenKey::Fingerprint(fingerprint.clone())),
        "token" => Target::Key(TokenKey::Fingerprint(Fingerprint::of(value.as_bytes()))),
        _ => parse(json!({ kind: value })),
    };
    LifecycleEvent { event: parse(json!(words[1])), target, at: time(words[0]), reason: None, successor: None }
}

/// `T1  10:00  agent-1`.
fn held(line: &str, token: &str) -> Option<(Instant, String)> {
    let words = words(line);
    (words[0] == token).then(|| (time(words[1]), words[2].to_owned()))
}

fn time(text: &str) -> Instant {
    as_time(text).unwrap_or_else(|| panic!("`{text}` is no time"))
}

/// `10:00` or `10:00:30` on the first day, `3/10:00` on the third.
fn as_time(text: &str) -> Option<Instant> {
    let (day, clock) = text.split_once('/').unwrap_or(("1", text));
    let clock = if clock.len() == 5 { format!("{clock}:00") } else { clock.to_owned() };
    let first = Instant::from_text(&format!("2026-03-02T{clock}Z"))?;
    Instant::from_number(first.seconds() + (day.parse::<i64>().ok()? - 1) * 86_400)
}
