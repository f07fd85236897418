//! A claim becomes a finding: by our own rules where they hold at its place, else as the other scanner reads it.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use crate::model::finding::Finding;
use crate::model::grade::Confidence;
use crate::model::ledger_match::Standing;
use crate::model::origin::{Elsewhere, Origin};
use crate::model::place::{ByteSpan, Position};
use crate::model::secret::Secret;
use crate::model::witness::Tried;
use crate::pipeline::adopt::missing::Missing;
use crate::pipeline::adopt::names::{Rules, clean};
use crate::pipeline::adopt::region::{line, position, range, window};
use crate::pipeline::adopt::texts::{Text, Texts};
use crate::reports::claim::{Claim, Told};
use crate::scan::claimed::{Named, add_readings, hashed, named, nearest, ours_at, ours_in, ours_named, ours_quoted, piece, surroundings, value};
use crate::scan::engine::{Comments, Engine};

/// Makes findings of claims.
pub struct Adopter<'e> {
    /// What finds our own tokens: with all confidences, and deaf to comments, which are asked about here.
    engine: &'e Engine,
    /// What comments on a token's line mean.
    comments: Comments,
    texts: Texts,
    rules: Rules,
}

/// What became of a claim.
#[derive(Debug)]
pub enum Adopted {
    /// Findings: mostly one.
    Findings(Vec<Finding>),
    /// Somebody has accepted it.
    Accepted,
}

/// A place in a file that is at hand.
struct Site<'t> {
    text: &'t Text,
    origin: Arc<Origin>,
    /// The place.
    place: Range<usize>,
    /// What is looked at.
    window: Range<usize>,
}

/// What may stand at a place where no rule of ours holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Otherwise {
    /// The place is the token.
    Whole,
    /// The token is the value in it.
    Value,
    /// Nobody can tell.
    Nothing,
}

impl<'e> Adopter<'e> {
    /// With this engine, over files that are found in `texts`.
    #[must_use]
    pub fn new(engine: &'e Engine, comments: Comments, texts: Texts) -> Self {
        Self { engine, comments, texts, rules: Rules::default() }
    }

    /// Makes the names in a claim harmless; nothing of it is told before.
    pub fn clean(&self, claim: &mut Claim) {
        clean(self.engine, claim);
    }

    /// What a clean claim becomes.
    ///
    /// # Errors
    ///
    /// [`Missing`]: the report does not show the token, and it was not found at its place.
    pub fn adopt(&mut self, claim: &Claim) -> Result<Adopted, Missing> {
        if claim.accepted {
            return Ok(Adopted::Accepted);
        }
        match &claim.told {
            // What lies in a commit may be gone from the file, and is told as it lay there.
            Told::Secret(token) if claim.place.commit.is_some() => {
                Ok(self.elsewhere(claim, Some(token)).unwrap_or_else(|| self.theirs(claim, token)))
            }
            Told::Secret(token) => {
                let here = self.texts.find(&claim.place).ok().and_then(|text| self.told(claim, &text, token));
                let there = here.or_else(|| self.elsewhere(claim, Some(token)));
                Ok(there.unwrap_or_else(|| self.theirs(claim, token)))
            }
            Told::Hash(hash) => {
                let text = self.texts.find(&claim.place)?;
                let place = with_hash(&text.bytes, claim.place.region.line, hash.octets()).ok_or(Missing::Hash)?;
                self.at(claim, &Site::new(&text, place), Otherwise::Whole).ok_or(Missing::Token)
            }
            Told::Nothing => match self.texts.find(&claim.place).and_then(|text| self.placed(claim, &text)) {
                Ok(adopted) => Ok(adopted),
                Err(missing) => self.elsewhere(claim, None).ok_or(missing),
            },
        }
    }

    /// A token that the report shows, in the file where it lies.
    fn told(&mut self, claim: &Claim, text: &Text, token: &Secret) -> Option<Adopted> {
        let bytes = &text.bytes;
        let near = claim.place.region.line.and_then(|number| line(bytes, number)).map_or(0, |line| line.start);
        if let Some(place) = nearest(bytes, token, near) {
            return self.at(claim, &Site::new(text, place), Otherwise::Whole);
        }
        // It may lie there encoded.
        let site = Site::new(text, near..near);
        let found = ours_named(self.engine, &site.origin, site.seen(), token)?;
        let around = surroundings(site.seen(), &local_span(&found), &found.rule.id);
        Some(self.taken(claim, vec![site.moved(found)], around, Some(token)))
    }

    /// A place of which the report says no more.
    fn placed(&mut self, claim: &Claim, text: &Text) -> Result<Adopted, Missing> {
        let region = &claim.place.region;
        let place = range(&text.bytes, region).ok_or(Missing::Line)?;
        // Of what lay in a commit, columns may mean something else by now.
        let is_exact = region.columns.is_some() && claim.place.commit.is_none();
        let otherwise = if is_exact { Otherwise::Value } else { Otherwise::Nothing };
        self.at(claim, &Site::new(text, place), otherwise).ok_or(Missing::Token)
    }

    /// What lies at a place that is at hand.
    fn at(&mut self, claim: &Claim, site: &Site, otherwise: Otherwise) -> Option<Adopted> {
        let mut ours = ours_at(self.engine, &site.origin, site.seen(), &site.local());
        if otherwise != Otherwise::Nothing {
            // The place is one token's; a whole line may hold several.
            ours.truncate(1);
        }
        if let Some(first) = ours.first() {
            let around = surroundings(site.seen(), &local_span(first), &first.rule.id);
            let token = (otherwise == Otherwise::Whole).then(|| piece(&site.text.bytes, site.place.clone()));
            let found = ours.into_iter().map(|finding| site.moved(finding)).collect();
            return Some(self.taken(claim, found, around, token.as_ref()));
        }
        let place = match otherwise {
            Otherwise::Whole => site.place.clone(),
            Otherwise::Value => value(&site.text.bytes, site.place.clone())?,
            Otherwise::Nothing => return None,
        };
        let token = piece(&site.text.bytes, place.clone());
        let span = ByteSpan::new(place.start as u64, place.end as u64)?;
        let finding = self.named(claim, Arc::clone(&site.origin), &token, (span, position(&site.text.bytes, place.start)));
        let around = surroundings(site.seen(), &(place.start - site.window.start..place.end - site.window.start), &finding.rule.id);
        Some(self.taken(claim, vec![finding], around, Some(&token)))
    }

    /// What the report itself quotes, of a place that is not at hand: what our rules find in it.
    fn elsewhere(&mut self, claim: &Claim, token: Option<&Secret>) -> Option<Adopted> {
        let origin = origin(claim);
        let in_quote = |quote| ours_quoted(self.engine, &origin, quote, token).into_iter().next().map(|found| (found, quote.len()));
        let quoted = claim.quotes.iter().find_map(in_quote);
        let (found, quoted) = quoted.or_else(|| Some((ours_in(self.engine, &origin, token?).into_iter().next()?, 0)))?;
        let mut position = reported(claim);
        if claim.place.region.columns.is_some_and(|(start, end)| end.checked_sub(start) == Some(quoted as u64)) {
            // The quote is the region, so that columns in it are known.
            position.column = position.column.saturating_add(found.position.column - 1);
        }
        let length = found.span.end() - found.span.start();
        let span = ByteSpan::new(0, length).expect("because a span is not empty");
        let finding = Finding { span, position, ..found };
        Some(self.taken(claim, vec![finding], (false, false), token))
    }

    /// A token that no rule of ours knows, at a place that is not at hand.
    fn theirs(&mut self, claim: &Claim, token: &Secret) -> Adopted {
        let span = ByteSpan::new(0, token.len().max(1) as u64).expect("because it holds a byte");
        let finding = self.named(claim, origin(claim), token, (span, reported(claim)));
        self.taken(claim, vec![finding], (false, false), Some(token))
    }

    /// A finding of another scanner's rule.
    fn named(&mut self, claim: &Claim, origin: Arc<Origin>, token: &Secret, (span, position): (ByteSpan, Position)) -> Finding {
        let Named { identity, names, preview } = named(self.engine, token);
        Finding {
            rule: self.rules.of(claim),
            origin,
            span,
            position,
            confidence: Confidence::Medium,
            reason: "another scanner says so".to_owned(),
            identity,
            names,
            preview,
            carrier: None,
            decoders: Vec::new(),
            facts: None,
            parts: Vec::new(),
            masked_near: false,
            standing: Standing::Unasked,
            witness: None,
        }
    }

    /// Findings with their witness, unless a comment accepts them.
    fn taken(&self, claim: &Claim, found: Vec<Finding>, (is_allowed, is_masked): (bool, bool), token: Option<&Secret>) -> Adopted {
        if is_allowed && self.comments == Comments::Honour {
            return Adopted::Accepted;
        }
        let witnessed = |mut finding: Finding| {
            add_readings(self.engine, &mut finding, token, claim.partner.as_ref());
            finding.masked_near |= is_masked;
            finding.witness = Some(Box::new(claim.witness.clone()));
            if claim.witness.tried == Tried::Live && finding.confidence < Confidence::High {
                (finding.confidence, finding.reason) = (Confidence::High, "another scanner tried it, and it works".to_owned());
            } else if finding.confidence < Confidence::Medium {
                (finding.confidence, finding.reason) = (Confidence::Medium, "another scanner says so too".to_owned());
            }
            finding
        };
        Adopted::Findings(found.into_iter().map(witnessed).collect())
    }
}

impl<'t> Site<'t> {
    fn new(text: &'t Text, place: Range<usize>) -> Self {
        let window = window(&text.bytes, &place);
        Self { text, origin: Arc::new(Origin::File(text.path.clone())), place, window }
    }

    /// What is looked at.
    fn seen(&self) -> &'t [u8] {
        &self.text.bytes[self.window.clone()]
    }

    /// The place in what is looked at.
    fn local(&self) -> Range<usize> {
        self.place.start - self.window.start..self.place.end - self.window.start
    }

    /// A finding in what is looked at, with spans and positions of the file.
    fn moved(&self, mut finding: Finding) -> Finding {
        let (base, first) = (self.window.start as u64, position(&self.text.bytes, self.window.start));
        let moved = |span: ByteSpan| ByteSpan::new(base + span.start(), base + span.end()).expect("because a span is not empty");
        let shifted = |at: Position| Position { line: first.line + at.line - 1, column: at.column + if at.line == 1 { first.column - 1 } else { 0 } };
        (finding.span, finding.position) = (moved(finding.span), shifted(finding.position));
        for part in &mut finding.parts {
            (part.span, part.position) = (moved(part.span), shifted(part.position));
        }
        finding
    }
}

fn local_span(finding: &Finding) -> Range<usize> {
    finding.span.start() as usize..finding.span.end() as usize
}

/// The piece of a text that has this hash: on the reported line, else on the nearest one.
fn with_hash(bytes: &[u8], number: Option<u64>, hash: &[u8]) -> Option<Range<usize>> {
    let told = number.and_then(|number| line(bytes, number));
    let on = |line: &Range<usize>| hashed(&bytes[line.clone()], hash).map(|piece| line.start + piece.start..line.start + piece.end);
    if let Some(found) = told.as_ref().and_then(on) {
        return Some(found);
    }
    let near = told.map_or(0, |line| line.start);
    let around = window(bytes, &(near..near));
    let mut lines: Vec<Range<usize>> = lines(bytes, around).collect();
    lines.sort_by_key(|line| line.start.abs_diff(near));
    lines.iter().find_map(on)
}

/// The lines in a part of a text.
fn lines(bytes: &[u8], part: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let ends = memchr::memchr_iter(b'\n', &bytes[part.clone()]).map(move |at| part.start + at).chain([part.end]);
    ends.scan(part.start, |start, end| Some(std::mem::replace(start, end + 1)..end))
}

/// The place as the report names it.
fn origin(claim: &Claim) -> Arc<Origin> {
    let place = &claim.place;
    let path = if place.path().is_empty() { "unknown" } else { place.path() };
    Arc::new(Origin::Elsewhere(Elsewhere { repository: place.repository.clone(), commit: place.commit.clone(), path: PathBuf::from(path) }))
}

fn reported(claim: &Claim) -> Position {
    let region = &claim.place.region;
    Position { line: region.line.unwrap_or(1), column: region.columns.map_or(1, |(start, _)| start) }
}
