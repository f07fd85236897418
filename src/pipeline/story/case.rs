//! A case of a story: what happened, what is told of it, and what the detections say.

use std::collections::{BTreeMap, BTreeSet};

use crate::detect::catalogue::get;
use crate::detect::detection::Judge;
use crate::detect::options::Options;
use crate::detect::policy::is_of_token;
use crate::detect::used::{Answer, Habit};
use crate::model::exposure::Exposure;
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::text::Text;
use crate::model::token_key::{KeyKind, TokenKey};
use crate::model::token_use::{SessionSource, TokenUse};
use crate::model::verdict::Verdict;
use crate::pipeline::story::block::{Blocks, words};
use crate::pipeline::story::error::Fault;
use crate::pipeline::story::exposed::Lay;
use crate::pipeline::story::fields::{Fields, time};
use crate::pipeline::story::play::Play;
use crate::pipeline::story::scene::Scene;
use crate::pipeline::story::token::{At, Tokens, tokens};
use crate::pipeline::story::used::{habit, token_use};

/// A case of a story.
#[derive(Clone, Debug)]
pub struct Case {
    /// File and heading.
    pub name: String,
    /// Every line of `exposed`.
    pub scenes: Vec<Scene>,
    /// Every token of `uses`, and every state handle.
    pub plays: Vec<Play>,
    /// What is told of them, with two spaces between words.
    pub told: Vec<String>,
}

impl Case {
    /// Reads a case whose first line has this number in its file.
    ///
    /// # Errors
    ///
    /// The line and what is wrong with it.
    pub fn read(name: String, text: &str, first: usize) -> At<Self> {
        let blocks = Blocks::cut(text, first)?;
        if !blocks.has("verdicts") || !(blocks.has("exposed") || blocks.has("uses")) {
            return Err((first, Fault::new("the case tells nothing", "a case has a block `exposed` or `uses`, and a block `verdicts`")));
        }
        let lays: Vec<Lay> = each(&blocks, "exposed", |_, line| Lay::read(line))?;
        let tokens = tokens(&blocks, &names(&blocks, &lays)?)?;
        let (number, settings) = blocks.text("detect");
        let hint = "the block holds what `[detect]` of the settings holds (docs/detections.md)";
        let options: Options = toml::from_str(&settings).map_err(|error| (number, Fault::new(error.message().to_owned(), hint)))?;
        let uses = each(&blocks, "uses", |at, line| token_use(line, at + 1, &tokens))?;
        let habits = each(&blocks, "habits", |_, line| habit(line))?;
        let judged = each(&blocks, "judged", |_, line| time(line.trim()))?.pop();
        Ok(Self {
            name,
            scenes: scenes(&lays, &tokens, &options),
            plays: Ground { tokens: &tokens, lays: &lays, habits, options, judged }.plays(&uses),
            told: blocks.lines("verdicts").map(|(_, line)| words(line).join("  ")).collect(),
        })
    }

    /// What the detections say, in the form of `verdicts`: exposures first, then tokens by their names.
    #[must_use]
    pub fn said(&self) -> Vec<String> {
        let of_scene = |scene: &Scene| scene.judge().iter().map(|verdict| said(&format!("line  {}", scene.line), verdict)).collect::<Vec<_>>();
        let wanted = |answer: &&Answer| self.tells_of_hygiene() || !is_of_token(answer);
        let of_play = |play: &Play| play.judge().iter().filter(wanted).map(|answer| said(&play.name, &answer.verdict)).collect::<Vec<_>>();
        self.scenes.iter().flat_map(of_scene).chain(self.plays.iter().flat_map(of_play)).collect()
    }

    /// Whether anything is told of a used token itself; a story of how tokens were used need not say how well they were made.
    fn tells_of_hygiene(&self) -> bool {
        let id = |told: &String| told.split("  ").next().map(str::to_owned);
        self.told.iter().filter_map(id).any(|id| get(&id).is_ok_and(|detection| matches!(detection.judge, Judge::Token(_))))
    }

    /// Whether it ends as it is told: line by line, as far as the told line goes.
    #[must_use]
    pub fn is_true(&self) -> bool {
        let said = self.said();
        said.len() == self.told.len() && said.iter().zip(&self.told).all(|(said, told)| fits(said, told))
    }
}

/// `line  2  EX-01  severity=low  confidence=high`, or `TR-12  T1  severity=critical  confidence=high`.
fn said(about: &str, verdict: &Verdict) -> String {
    let grades = format!("severity={}  confidence={}", verdict.severity.as_str(), verdict.confidence.as_str());
    if about.starts_with("line  ") { format!("{about}  {}  {grades}", verdict.id) } else { format!("{}  {about}  {grades}", verdict.id) }
}

/// Whether a line says what was told, which may leave out the end.
fn fits(said: &str, told: &str) -> bool {
    said.strip_prefix(told).is_some_and(|rest| rest.is_empty() || rest.starts_with("  "))
}

/// Every line of a block, read.
fn each<T>(blocks: &Blocks, name: &str, read: impl Fn(usize, &str) -> Result<T, Fault>) -> At<Vec<T>> {
    blocks.lines(name).enumerate().map(|(at, (number, line))| read(at, line).map_err(|fault| (number, fault))).collect()
}

/// Every token that the case names, and the rule that it is made from where one is named.
fn names(blocks: &Blocks, lays: &[Lay]) -> At<BTreeMap<String, Option<String>>> {
    let mut names: BTreeMap<String, Option<String>> = BTreeMap::new();
    for lay in lays {
        let rule = lay.fields.text("rule").map(str::to_owned);
        let known = names.entry(lay.fields.name.clone()).or_default();
        *known = known.take().or(rule);
    }
    for block in ["issued", "claims"] {
        for fields in each(blocks, block, |_, line| Fields::read(line))? {
            names.entry(fields.name).or_default();
        }
    }
    for (_, line) in blocks.lines("uses") {
        names.entry(words(line).get(1).copied().unwrap_or_default().to_owned()).or_default();
    }
    Ok(names)
}

fn scenes(lays: &[Lay], tokens: &Tokens, options: &Options) -> Vec<Scene> {
    let scenes =
        lays.iter().enumerate().map(|(at, lay)| Scene::new(at + 1, lay, &tokens[&lay.fields.name], exposures(lays, &lay.fields.name), options));
    scenes.collect()
}

fn exposures(lays: &[Lay], name: &str) -> Vec<Exposure> {
    lays.iter().filter(|lay| lay.fields.name == name).map(|lay| lay.exposure.clone()).collect()
}

/// What all plays of a case stand on.
struct Ground<'c> {
    tokens: &'c Tokens,
    lays: &'c [Lay],
    habits: Vec<Habit>,
    options: Options,
    judged: Option<Instant>,
}

impl Ground<'_> {
    /// A play for each token, and one for each state handle.
    fn plays(&self, uses: &[(String, TokenUse)]) -> Vec<Play> {
        let names: BTreeSet<String> = uses.iter().map(|(name, _)| name.clone()).collect();
        let handle = |one: &TokenUse| one.record.session_id.clone().filter(|_| one.record.session_src == Some(SessionSource::Mcp));
        let handles: BTreeSet<Text> = uses.iter().filter_map(|(_, one)| handle(one)).collect();
        let of_tokens = names.into_iter().map(|name| {
            let own = uses.iter().filter(|(other, _)| *other == name).map(|(_, one)| one.clone()).collect();
            self.play(name, own)
        });
        let of_handles = handles.into_iter().map(|id| {
            let own: Vec<TokenUse> = uses.iter().filter(|(_, one)| handle(one).as_ref() == Some(&id)).map(|(_, one)| one.clone()).collect();
            let name = format!("mcp/{id}");
            Play { key: TokenKey::Named(KeyKind::Session, name.clone()), ..self.play(name, own) }
        });
        of_tokens.chain(of_handles).collect()
    }

    fn play(&self, name: String, uses: Vec<TokenUse>) -> Play {
        let last = uses.iter().filter_map(|one| one.record.time).max();
        let now = self.judged.or(last).or_else(|| time("00:00").ok()).expect("because midnight is a time");
        let token = self.tokens.get(&name);
        let exposures = exposures(self.lays, &name);
        let fingerprint = token.map(|token| TokenKey::Fingerprint(token.fingerprint.clone()));
        Play {
            key: fingerprint.unwrap_or_else(|| TokenKey::Named(KeyKind::Session, name.clone())),
            matched: token.and_then(|token| token.matched(exposures.clone(), now)),
            family: self.family(&name),
            exposures,
            uses,
            habits: self.habits.clone(),
            options: self.options.clone(),
            now,
            name,
        }
    }

    /// The other tokens of a token's family.
    fn family(&self, name: &str) -> Vec<Issuance> {
        let own = self.tokens.get(name).and_then(|token| token.issuance.as_ref()?.family_id.as_ref());
        let others = self.tokens.iter().filter(|(other, _)| *other != name).filter_map(|(_, token)| token.issuance.as_ref());
        others.filter(|other| own.is_some() && other.family_id.as_ref() == own).cloned().collect()
    }
}
