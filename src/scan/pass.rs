//! One pass over one layer: runs, anchors, literals, names; then the layers decoded from it.

use std::collections::HashSet;
use std::ops::Range;

use crate::model::carrier::CarrierKind;
use crate::model::decoder::Decoder;
use crate::model::grade::Confidence;
use crate::rules::byte_set::ByteSet;
use crate::rules::rule::{Alternative, MIN_RUN};
use crate::rules::rule_set::RuleIndex;
use crate::rules::spec::Check;
use crate::scan::anchors::Lead as AnchorLead;
use crate::scan::boundary::may_begin;
use crate::scan::candidate::{Candidate, Dropped, Lead};
use crate::scan::column::{self, each_value};
use crate::scan::command;
use crate::scan::decode::unwrap::{gap, goes_on};
use crate::scan::decode::{self, Regions};
use crate::scan::introducer::{Introduction, introduce};
use crate::scan::issued::issued;
use crate::scan::judge::{self, Judgement, Match, judge};
use crate::scan::jwt::signature_len;
use crate::scan::kernel::find_runs;
use crate::scan::layer::Layer;
use crate::scan::literals::{Hit, Target};
use crate::scan::nearby::Nearby;
use crate::scan::plan::Plan;
use crate::scan::quiet::Quiet;
use crate::scan::random::is_plain_word;
use crate::scan::resolve;
use crate::scan::unnamed;
use crate::scan::value_after::value_after;
use crate::scan::walk::Run;

/// What may stand right before an introduced value.
const BEFORE_VALUES: ByteSet = ByteSet::empty().with(b"\"'`=: \t>(,[\\\n@$-");

/// What one pass found.
#[derive(Default)]
pub struct Found {
    /// Tokens.
    pub candidates: Vec<Candidate>,
    /// What filters silenced.
    pub dropped: Vec<Dropped>,
}

/// Scans a layer and whatever is encoded in it; overlaps are settled.
#[must_use]
pub fn scan(plan: &Plan, layer: Layer) -> Found {
    let (bytes, core) = (layer.bytes, layer.start..layer.end);
    // The first run may reach into the core.
    let from = bytes[..core.start].iter().rposition(|b| !ByteSet::RUN.contains(*b)).map_or(0, |at| at + 1);
    let mut runs = Vec::new();
    find_runs(bytes, from, MIN_RUN, &mut runs);
    let runs = &runs[runs.partition_point(|run| run.end <= core.start)..];
    let mine = || runs.iter().take_while(|run| run.start < core.end);
    let mut pass =
        Pass { plan, layer, found: Found::default(), failed: Vec::new(), broken: Vec::new(), quiet: Quiet::new(), nearby: Nearby::default() };
    pass.grams(runs);
    mine().for_each(|run| pass.value_at(run));
    pass.literals();
    pass.issued(mine());
    let (mut found, failed, mut broken) = (pass.found, pass.failed, pass.broken);
    found.candidates = resolve::settle(found.candidates);
    let literal: Vec<usize> = found.candidates.iter().filter(|c| c.lead.is_firm()).map(|c| c.span.start).collect();
    let begins = |start: &usize| literal.binary_search(start).is_ok();
    broken.extend(failed.into_iter().filter(|start| !begins(start)));
    if layer.depth < plan.max_depth {
        decode_into(plan, &layer, (runs, &broken), &mut found);
    }
    found
}

/// Scans every layer decoded from this one and brings the findings back into its coordinates.
fn decode_into(plan: &Plan, layer: &Layer, (runs, broken): (&[Run], &[usize]), found: &mut Found) {
    let taken: Vec<Range<usize>> = found.candidates.iter().filter(|c| c.lead.is_firm()).map(|c| c.span.clone()).collect();
    let mut inner = Vec::new();
    decode::each(&Regions { layer, runs, taken: &taken, broken }, &mut |decoded| {
        let child = Layer {
            bytes: &decoded.bytes,
            start: decoded.core.start,
            end: decoded.core.end,
            depth: layer.depth + 1,
            decoder: Some(decoded.decoder),
            phase: 0,
        };
        let below = scan(plan, child);
        inner.extend(below.candidates.into_iter().map(|mut candidate| {
            candidate.span = decoded.map.span(&candidate.span);
            candidate.decoders.insert(0, decoded.decoder);
            candidate
        }));
        found.dropped.extend(below.dropped.into_iter().map(|dropped| Dropped { span: decoded.map.span(&dropped.span), ..dropped }));
    });
    resolve::merge(&mut found.candidates, inner);
}

struct Pass<'a> {
    plan: &'a Plan,
    layer: Layer<'a>,
    found: Found,
    /// Starts of matches that may have failed at a line break only.
    failed: Vec<usize>,
    /// Starts of matches that a line break cut short.
    broken: Vec<usize>,
    /// What stands before values that concern no rule.
    quiet: Quiet,
    /// Keywords near the values that were looked at.
    nearby: Nearby,
}

impl Pass<'_> {
    /// Looks for anchors with which words of runs begin, which may be words after the start of a match.
    fn grams(&mut self, runs: &[Run]) {
        let (layer, plan) = (self.layer, self.plan);
        let to = layer.end.saturating_add(plan.grams.farthest + 4);
        let from = layer.start.saturating_sub(1);
        let runs = runs.iter().take_while(|run| run.start < to).map(|run| run.start.max(from)..run.end.min(to.saturating_add(MIN_RUN)));
        plan.grams.each(layer.bytes, runs, |at, lead| self.anchored(lead, at));
    }

    /// Confirms a rule at an anchor: every place where its match may begin.
    fn anchored(&mut self, lead: AnchorLead, anchor: usize) {
        let rule = &self.plan.rules[lead.rule.0 as usize];
        let alternative = &rule.alternatives[lead.alternative as usize];
        let Some(last) = anchor.checked_sub(lead.least as usize) else { return };
        let first = anchor.saturating_sub(lead.most as usize);
        let bytes = self.layer.bytes;
        for start in first..=last {
            if !self.is_mine(start) || !may_begin(bytes, start) {
                continue;
            }
            match alternative.shape.match_at(bytes, start, &alternative.tail) {
                // An earlier token; the one around the anchor begins after it.
                Some(end) if end <= anchor => {}
                Some(end) => {
                    let (introduction, _) = introduce(bytes, start);
                    self.judge(lead.rule, start..end, Lead::Literal, introduction.as_ref());
                    self.cut_short(lead.rule, start, end);
                    self.partner(lead.rule, end);
                    return;
                }
                None => self.unfinished(lead, start),
            }
        }
    }

    /// Notes a match that a line break cut short.
    fn unfinished(&mut self, lead: AnchorLead, start: usize) {
        let alternative = &self.plan.rules[lead.rule.0 as usize].alternatives[lead.alternative as usize];
        let layer = self.layer;
        if alternative.shape.spans_lines() {
            return;
        }
        let stopped = alternative.shape.follow(layer.bytes, start);
        if layer.decoder != Some(Decoder::Unwrap) && stopped >= start + 8 && gap(layer.bytes, stopped).is_some() {
            self.failed.push(start);
        }
    }

    /// Notes a match that may be a part only: a log driver says that its line goes on, or it is a JWT whose signature is too short for its
    /// algorithm at the end of its line.
    fn cut_short(&mut self, rule: RuleIndex, start: usize, end: usize) {
        let layer = self.layer;
        if layer.decoder == Some(Decoder::Unwrap) {
            return;
        }
        let short_jwt = || {
            let token = &layer.bytes[start..end];
            let signature = token.rsplit(|b| *b == b'.').next().map_or(0, <[u8]>::len);
            self.plan.rules[rule.0 as usize].check == Some(Check::Jwt)
                && gap(layer.bytes, end).is_some()
                && signature_len(token).is_some_and(|whole| signature < whole)
        };
        if goes_on(layer.bytes, end) || short_jwt() {
            self.broken.push(start);
        }
    }

    /// Looks for the secret that stands after its key id without a name of its own.
    fn partner(&mut self, id: RuleIndex, after: usize) {
        let (plan, bytes) = (self.plan, self.layer.bytes);
        let secrets = plan.pairs.bare(id);
        if secrets.is_empty() {
            return;
        }
        let end = bytes.len().min(after + NEAR_ID);
        let mut at = after;
        while at < end {
            let length = bytes[at..].iter().take_while(|b| ByteSet::VALUE.contains(**b)).count();
            for secret in secrets.iter().filter(|_| length >= MIN_RUN) {
                let ends = |alternative: &Alternative| alternative.shape.match_at(bytes, at, &alternative.tail);
                let fits = plan.rule(*secret).alternatives.iter().any(|alternative| ends(alternative) == Some(at + length));
                if fits {
                    self.judge(*secret, at..at + length, Lead::Keyword, introduce(bytes, at).0.as_ref());
                }
            }
            at += length + 1;
        }
    }

    /// Looks at the value that begins with the run, if something introduces it.
    #[inline]
    fn value_at(&mut self, run: &Run) {
        let bytes = self.layer.bytes;
        let default = bytes[run.start] == b'-' && bytes[..run.start].ends_with(b":");
        let start = over_number(bytes, run.start + usize::from(default));
        let is_url = bytes[start..].starts_with(b"//");
        if start == 0 || is_url || !BEFORE_VALUES.contains(bytes[start - 1]) || !self.is_mine(start) || is_plain_word(&bytes[run.clone()]) {
            return;
        }
        self.value_from(start);
        if let Some(head) = head_before(bytes, start).filter(|head| self.is_mine(*head)) {
            self.value_from(head);
        }
    }

    /// Looks at what introduces the value that begins here, unless the same is known to concern no rule.
    #[inline]
    fn value_from(&mut self, start: usize) {
        let bytes = self.layer.bytes;
        if self.quiet.has(bytes, start) {
            return;
        }
        let (introduction, read) = introduce(bytes, start);
        if !introduction.is_some_and(|introduction| self.introduced(start, &introduction)) {
            self.quiet.add(bytes, read..start);
        }
    }

    /// Tries every contextual rule on an introduced value; says whether its name concerns any.
    fn introduced(&mut self, value: usize, introduction: &Introduction) -> bool {
        let (plan, bytes) = (self.plan, self.layer.bytes);
        let fits = plan.contexts.fits(&plan.rules, bytes, (value, introduction), &mut self.nearby);
        for fit in fits.iter().flatten() {
            self.judge(fit.rule, value..fit.end, fit.lead, Some(introduction));
        }
        fits.is_some()
    }

    /// Looks for tokens that somebody issued; those that a rule has found with the same ends are known already.
    fn issued<'r>(&mut self, runs: impl Iterator<Item = &'r Run>) {
        let (plan, layer) = (self.plan, self.layer);
        let Some((known, rule)) = &plan.issued else { return };
        let mut spans: HashSet<Range<usize>> = issued(&**known, layer.bytes, runs).into_iter().filter(|span| self.is_mine(span.start)).collect();
        for candidate in self.found.candidates.iter_mut().filter(|candidate| spans.contains(&candidate.span)) {
            (candidate.confidence, candidate.reason) = (Confidence::High, judge::ISSUED);
        }
        for candidate in &self.found.candidates {
            spans.remove(&candidate.span);
        }
        let mut spans: Vec<_> = spans.into_iter().collect();
        spans.sort_by_key(|span| (span.start, span.end));
        let index = RuleIndex(u32::try_from(plan.rules.len()).expect("because rules are few"));
        for span in spans {
            let (introduction, _) = introduce(layer.bytes, span.start);
            self.found.candidates.push(judge::issued(&layer, (index, rule), span, introduction.as_ref(), plan.keys()));
        }
    }

    /// Looks for the literals that need no run around them.
    fn literals(&mut self) {
        let (layer, plan) = (self.layer, self.plan);
        let to = layer.bytes.len().min(layer.end.saturating_add(plan.literals.farthest + 32));
        plan.literals.find(layer.bytes, layer.start.saturating_sub(LOOK_AROUND)..to, |hit| match hit {
            Hit::Anchor(at, lead) => self.anchored(lead, at),
            Hit::Literal(place, target) => match target {
                Target::Name => self.name(place.end - 1),
                Target::Userinfo => self.userinfo(place.end),
                Target::Command(number) => self.unnamed(command::password(layer.bytes, *number, place.start)),
                Target::Pgpass => self.unnamed(unnamed::pgpass(layer.bytes, place.start, place.len())),
                Target::Account => self.unnamed(unnamed::account(layer.bytes, place.start)),
                Target::Dsn => self.unnamed(unnamed::data_source(layer.bytes, place.start)),
            },
        });
    }

    /// Looks at a value that its place introduces, not a name.
    fn unnamed(&mut self, found: Option<(usize, Introduction)>) {
        if let Some((value, introduction)) = found
            && self.is_mine(value)
        {
            self.introduced(value, &introduction);
        }
    }

    /// Looks at the value after a name that sounds like a password or a secret.
    fn name(&mut self, inside: usize) {
        let bytes = self.layer.bytes;
        if is_other_word(bytes, inside) {
            return;
        }
        each_value(bytes, inside, |value, name| self.unnamed(Some((value, Introduction { kind: CarrierKind::Assignment, name }))));
        if let Some(value) = value_after(bytes, inside) {
            self.unnamed(introduce(bytes, value).0.map(|introduction| (value, introduction)));
        }
    }

    /// Looks at `user:secret@` and `secret@` after `://` (RFC 3986, section 3.2.1).
    fn userinfo(&mut self, start: usize) {
        let bytes = self.layer.bytes;
        let window = &bytes[start..bytes.len().min(start + 512)];
        let scheme = bytes[..start - 3].iter().rev().take(16).take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count();
        let quoted = bytes[..start - 3 - scheme].ends_with(b"'");
        let ends = |b: u8| b <= b' ' || AFTER_USERINFO.contains(b) || (quoted && b == b'\'');
        let end = window.iter().position(|b| ends(*b)).unwrap_or(window.len());
        if window.get(end) != Some(&b'@') || window.get(end + 1).is_none_or(|b| !b.is_ascii_alphanumeric() && !b"[$".contains(b)) {
            return;
        }
        let colon = memchr::memchr(b':', &window[..end]);
        let value = start + colon.map_or(0, |at| at + 1);
        let name = start..start + colon.unwrap_or(0).min(64);
        if self.is_mine(value) {
            self.introduced(value, &Introduction { kind: CarrierKind::Userinfo, name });
        }
    }

    fn is_mine(&self, start: usize) -> bool {
        (self.layer.start..self.layer.end).contains(&start)
    }

    fn judge(&mut self, rule: RuleIndex, span: Range<usize>, lead: Lead, introduction: Option<&Introduction>) {
        let found = Match { rule: (rule, &self.plan.rules[rule.0 as usize]), span, lead, introduction };
        match judge(&self.layer, &found, self.plan.keys()) {
            Judgement::Token(candidate) => self.found.candidates.push(*candidate),
            Judgement::Dropped(dropped) => self.found.dropped.push(dropped),
            Judgement::Refused => {}
        }
    }
}

/// How far after a key id a secret without a name may stand, in bytes.
const NEAR_ID: usize = 256;
/// What ends the user information of a URL, or shows that there is none.
const AFTER_USERINFO: ByteSet = ByteSet::empty().with(b"@/\"<>\\`?#|");

/// A value such as `1/1203:f00...` or `110201:AAF...` begins at its number.
fn over_number(bytes: &[u8], start: usize) -> usize {
    let Some(rest) = bytes[..start].strip_suffix(b":") else { return start };
    let digits = rest.iter().rev().take(20).take_while(|b| b.is_ascii_digit()).count();
    let number = rest.len() - digits;
    match &rest[..number] {
        _ if digits < 6 => start,
        [.., kind, b'/'] if kind.is_ascii_digit() => number - 2,
        _ => number,
    }
}

/// The first part of a value such as `id:secret` whose second part begins here: too short to be a run of its own.
fn head_before(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = bytes[..start].strip_suffix(b":")?;
    let length = rest.iter().rev().take(MIN_RUN).take_while(|b| ByteSet::RUN.contains(**b)).count();
    let opener = rest.get(rest.len().checked_sub(length + 1)?)?;
    ((1..MIN_RUN).contains(&length) && BEFORE_VALUES.contains(*opener)).then(|| rest.len() - length)
}

/// Whether the name's part that ends at `inside` goes on as `passed`, `passing`, `passage`, `passthrough` or `passport`.
fn is_other_word(bytes: &[u8], inside: usize) -> bool {
    let (part, next) = (&bytes[inside.saturating_sub(3)..=inside], bytes.get(inside + 1).copied().unwrap_or(b' '));
    match part {
        b"pass" | b"Pass" => b"eiato".contains(&next),
        b"PASS" => b"EIATO".contains(&next),
        _ => false,
    }
}

/// How far before the wanted part a name or a URL may begin whose value lies in it, in bytes.
const LOOK_AROUND: usize = 512 + column::REACH;
