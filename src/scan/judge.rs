//! Confirms a match: exact end, structure, checksum, filters; then fingerprints it and lets the octets go.

use std::ops::Range;

use base64::Engine as _;
use zeroize::Zeroizing;

use crate::model::basic;
use crate::model::carrier::CarrierKind;
use crate::model::decoder::Decoder;
use crate::model::finding::{Alternate, Identity};
use crate::model::fingerprint::{Fingerprint, FingerprintKey};
use crate::model::grade::Confidence;
use crate::model::jwt::{Jwt, LENIENT};
use crate::model::keep::Keep;
use crate::model::rule_info::TokenKind;
use crate::model::secret::Secret;
use crate::model::token_facts::TokenFacts;
use crate::model::token_key::{KeyKind, TokenKey};
use crate::rules::checksum;
use crate::rules::name_form::NameForm;
use crate::rules::rule::Rule;
use crate::rules::rule_set::RuleIndex;
use crate::rules::spec::Check;
use crate::rules::terms::Matched;
use crate::scan::candidate::{Candidate, Distinction, Dropped, Lead, Precision};
use crate::scan::filter::{Case, silenced_by};
use crate::scan::introducer::Introduction;
use crate::scan::jwt::{is_documentation, is_jwe, meets};
use crate::scan::layer::Layer;
use crate::scan::random::{looks_generated, looks_generated_near_vendor, may_be_generated, strength_bits};

/// Below this many bits, a plain hash gives a secret away to whoever guesses.
pub const MIN_BITS: u32 = 64;
/// Why a token is one that somebody issued.
pub const ISSUED: &str = "the ledger knows exactly this token";
/// How much of a token's line its terms may look at, in bytes to each side: less than the margins of a chunk.
const LINE: usize = 1024;

/// A match to be judged.
pub struct Match<'a> {
    /// The rule and its index.
    pub rule: (RuleIndex, &'a Rule),
    /// Where it matched.
    pub span: Range<usize>,
    /// What led to it.
    pub lead: Lead,
    /// What introduced it.
    pub introduction: Option<&'a Introduction>,
}

/// Under which keys tokens are fingerprinted.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    /// The key of all fingerprints; none for plain SHA-256.
    pub main: Option<&'a FingerprintKey>,
    /// Further keys, for names that only their owner compares.
    pub further: &'a [FingerprintKey],
    /// Who wants to hold tokens in memory.
    pub keep: Option<&'a dyn Keep>,
}

impl Keys<'_> {
    /// Names octets, and lets them be held by whoever wants them.
    #[must_use]
    pub fn fingerprint(self, octets: &[u8]) -> Fingerprint {
        let fingerprint = self.main.map_or_else(|| Fingerprint::of(octets), |key| key.fingerprint(octets));
        if let Some(keep) = self.keep.filter(|keep| keep.wants(&fingerprint)) {
            keep.keep(&fingerprint, Secret::new(octets.to_vec()));
        }
        fingerprint
    }
}

/// What came of a match.
pub enum Judgement {
    /// A token.
    Token(Box<Candidate>),
    /// Silenced by a filter.
    Dropped(Dropped),
    /// No token of this rule.
    Refused,
}

/// Judges one match.
#[must_use]
pub fn judge(layer: &Layer, found: &Match, keys: Keys) -> Judgement {
    let (index, rule) = found.rule;
    let span = trimmed(layer.bytes, found.span.clone(), rule);
    let token = &layer.bytes[span.clone()];
    let Some(proof) = prove(rule, token) else { return Judgement::Refused };
    if proof.documentation {
        return Judgement::Dropped(Dropped { filter: "documentation", rule: index, span });
    }
    if !proof.proven {
        let prefix = literal_prefix(rule, token).len();
        let decoded = layer.decoder.is_some();
        let (introduction, lead, kind) = (found.introduction, found.lead, rule.info.kind);
        let case = Case { bytes: layer.bytes, span: span.clone(), introduction, lead, kind, prefix, decoded };
        if let Some(filter) = silenced_by(&case) {
            return Judgement::Dropped(Dropped { filter: filter.name, rule: index, span });
        }
    }
    if rule.terms.as_ref().is_some_and(|terms| !terms.hold(matched(layer.bytes, &span, found.introduction))) {
        return Judgement::Dropped(Dropped { filter: "terms", rule: index, span });
    }
    let escaped = rule.check == Some(Check::Pem) && memchr::memmem::find(token, b"\\n").is_some();
    let secret = Secret::new(if escaped { unescaped(token) } else { token.to_vec() });
    Judgement::Token(Box::new(Candidate {
        rule: index,
        confidence: proof.confidence,
        reason: proof.reason.unwrap_or(match found.lead {
            Lead::Literal => "prefix, length and alphabet fit",
            Lead::Keyword => "a word of the vendor stands near",
            Lead::Name => "its name says so and it looks generated",
            Lead::Issued => "the ledger knows exactly this token",
        }),
        proven: proof.proven,
        lead: found.lead,
        ours: rule.terms.is_none(),
        tentative: rule.confidence == Confidence::Low,
        distinction: distinction(rule, token, found.lead),
        precision: precision(rule, layer.bytes, found.introduction),
        identity: identify(&secret, rule, layer.bytes, &found.span, keys),
        names: half(layer.bytes, found, &secret, keys.main).into_iter().chain(names(rule.info.kind, &secret, keys.further)).collect(),
        preview: preview(rule, &secret),
        carrier: found.introduction.map(|introduction| introduction.carrier(layer.bytes)),
        decoders: if escaped { vec![Decoder::Escape] } else { Vec::new() },
        facts: proof.facts,
        span,
    }))
}

/// What terms may look at.
fn matched<'a>(bytes: &'a [u8], span: &Range<usize>, introduction: Option<&Introduction>) -> Matched<'a> {
    let before = span.start.saturating_sub(LINE);
    let start = memchr::memrchr(b'\n', &bytes[before..span.start]).map_or(before, |at| before + at + 1);
    let after = &bytes[span.end..bytes.len().min(span.end + LINE)];
    let end = span.end + memchr::memchr(b'\n', after).unwrap_or(after.len());
    let introduced = introduction.map_or(span.start, |introduction| introduction.name.start.min(span.start));
    Matched { secret: &bytes[span.clone()], introduced: &bytes[introduced..span.end], line: &bytes[start..end] }
}

struct Proof {
    confidence: Confidence,
    reason: Option<&'static str>,
    /// A checksum fits or a structure was parsed: no filter may speak.
    proven: bool,
    documentation: bool,
    facts: Option<TokenFacts>,
}

/// Checks checksum or structure; `None` when the structure is not there.
fn prove(rule: &Rule, token: &[u8]) -> Option<Proof> {
    let plain = Proof { confidence: rule.confidence, reason: None, proven: false, documentation: false, facts: None };
    let Some(check) = rule.check else { return Some(plain) };
    if let Some(fits) = checksum::verify(check, token) {
        return Some(if fits {
            Proof { confidence: Confidence::High, reason: Some("the checksum fits"), proven: true, ..plain }
        } else {
            Proof { confidence: Confidence::Low, reason: Some("the checksum does not fit"), ..plain }
        });
    }
    match check {
        Check::Jwt => {
            let jwt = Jwt::parse(token).filter(|jwt| meets(jwt, &rule.claims))?;
            let documentation = is_documentation(&jwt);
            Some(Proof { reason: Some("header and claims parse"), proven: true, documentation, facts: Some(jwt.facts()), ..plain })
        }
        Check::Basic => is_basic(token).then_some(plain),
        Check::Random => {
            let body = &token[literal_prefix(rule, token).len()..];
            let judged = match rule.context.keywords.is_empty() {
                _ if !rule.is_contextual() => may_be_generated,
                true => looks_generated,
                false => looks_generated_near_vendor,
            };
            judged(body).then_some(plain)
        }
        _ => has_structure(check, token).then_some(Proof { proven: true, reason: Some("its structure parses"), ..plain }),
    }
}

/// Whether it is base64 of printable `user:password`.
fn is_basic(token: &[u8]) -> bool {
    let engine = base64::engine::general_purpose::GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
    let pair = Zeroizing::new(engine.decode(token).unwrap_or_default());
    let colon = pair.iter().position(|b| *b == b':');
    colon.is_some_and(|at| at > 0 && at + 1 < pair.len()) && pair.iter().all(|b| *b >= b' ' && *b != 0x7f)
}

/// The literal that the token begins with, of whichever of the rule's alternatives it is.
fn literal_prefix<'a>(rule: &'a Rule, token: &[u8]) -> &'a [u8] {
    let prefixes = rule.alternatives.iter().map(|alternative| alternative.shape.prefix());
    prefixes.filter(|prefix| token.starts_with(prefix)).max_by_key(|prefix| prefix.len()).unwrap_or_default()
}

fn has_structure(check: Check, token: &[u8]) -> bool {
    match check {
        Check::Jwe => is_jwe(token),
        Check::Base64Json => holds_json(token),
        Check::DiscordId => {
            let id = token.split(|b| *b == b'.').next().unwrap_or_default();
            let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
            engine.decode(id).is_ok_and(|id| id.len() >= 16 && id.iter().all(u8::is_ascii_digit))
        }
        Check::Pem => token.starts_with(b"PuTTY") || is_pem(token),
        _ => true,
    }
}

/// Whether base64 of a JSON object begins at the first `ey` and goes on to the end, or to a `_` near it.
fn holds_json(token: &[u8]) -> bool {
    let Some(at) = memchr::memmem::find(token, b"ey") else { return false };
    let text: Vec<u8> = token[at..].iter().take_while(|b| **b != b'_').map(|b| if *b == b'-' { b'+' } else { *b }).filter(|b| *b != b'=').collect();
    let whole = text.len() - usize::from(text.len() % 4 == 1);
    let engine = base64::engine::general_purpose::GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
    engine.decode(&text[..whole]).is_ok_and(|json| json.starts_with(b"{\"") && json.iter().all(|b| *b >= b' '))
}

/// Whether at least 60 base64 characters stand between the first and the last line, nothing but line breaks and headers among them.
fn is_pem(token: &[u8]) -> bool {
    let Some(begin) = memchr::memmem::find(&token[10..], b"-----").map(|at| at + 15) else { return false };
    let Some(end) = memchr::memmem::rfind(token, b"-----END") else { return false };
    let body = token.get(begin..end).unwrap_or_default();
    let solid = body.iter().filter(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b)).count();
    solid >= 60 && memchr::memmem::find(body, b"...").is_none() && memchr::memmem::find(body, b"-----BEGIN").is_none()
}

/// A block whose line breaks are written `\n`, with real ones.
fn unescaped(block: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(block.len());
    let mut rest = block;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + rest[at..].iter().take_while(|b| **b == b'\\').count()..];
        match rest.split_first() {
            Some((b'n', after)) => {
                out.push(b'\n');
                rest = after;
            }
            Some((b'r', after)) => {
                out.push(b'\r');
                rest = after;
            }
            _ => {}
        }
    }
    out.extend_from_slice(rest);
    out
}

/// Without the full stop that ends a sentence; several dots are padding.
fn trimmed(bytes: &[u8], span: Range<usize>, rule: &Rule) -> Range<usize> {
    let stop = bytes[..span.end].ends_with(b".")
        && !bytes[..span.end].ends_with(b"..")
        && bytes.get(span.end).is_none_or(|b| b.is_ascii_whitespace() || b"\"')\\<".contains(b));
    let shortest = rule.alternatives.iter().map(|alt| alt.shape.min_len()).min().unwrap_or(0);
    if stop && span.len() > shortest { span.start..span.end - 1 } else { span }
}

/// From how many literal bytes on a format speaks for itself, whatever vendor's word stands near.
const DISTINCTIVE: usize = 8;
/// The shortest prefix that a vendor's word near can vouch for.
const SHORTEST_PREFIX: usize = 3;

fn distinction(rule: &Rule, token: &[u8], lead: Lead) -> Distinction {
    let literals = rule.alternatives.iter().map(|alternative| alternative.shape.literal_len()).min().unwrap_or(0);
    match lead {
        _ if literals >= DISTINCTIVE => Distinction::Literal,
        Lead::Keyword if literal_prefix(rule, token).len() >= SHORTEST_PREFIX => Distinction::Vouched,
        _ => Distinction::Plain,
    }
}

fn precision(rule: &Rule, bytes: &[u8], introduction: Option<&Introduction>) -> Precision {
    let (claims, context) = (&rule.claims, &rule.context);
    let lists =
        [claims.typ.len(), claims.iss.len(), claims.sub.len(), claims.aud.len(), claims.has.len(), context.keywords.len(), context.names.len()];
    let plain = introduction.map(|introduction| introduction.plain(bytes));
    let words = context.names.iter().map(|written| NameForm::read(written).1);
    let name = words.filter(|word| plain.is_some_and(|plain| plain.as_str().contains(word))).map(str::len).max();
    Precision { conditions: lists.iter().filter(|n| **n > 0).count(), name: name.unwrap_or(0), carriers: usize::from(!context.carriers.is_empty()) }
}

/// Fingerprints the token and its other plausible ends.
fn identify(secret: &Secret, rule: &Rule, bytes: &[u8], matched: &Range<usize>, keys: Keys) -> Identity {
    let token = secret.expose();
    let guessable = rule.info.kind == TokenKind::Password || rule.is_contextual();
    if keys.main.is_none() && guessable && strength_bits(token) < MIN_BITS {
        return Identity::Withheld;
    }
    let other = |octets: &[u8], reason| Alternate { fingerprint: keys.fingerprint(octets), length: octets.len(), reason };
    let mut alternates = Vec::new();
    if matched.len() > token.len() {
        alternates.push(other(&bytes[matched.clone()], "with the full stop after it"));
    }
    let solid = token.len() - token.iter().rev().take_while(|b| b"-_~.".contains(b)).count();
    if solid < token.len() && solid > 0 && token[..solid].last().is_some_and(u8::is_ascii_alphanumeric) && rule.check != Some(Check::Pem) {
        alternates.push(other(&token[..solid], "without the punctuation at its end"));
    }
    if token.ends_with(b"=") {
        let bare = token.len() - token.iter().rev().take_while(|b| **b == b'=').count();
        alternates.push(other(&token[..bare], "without padding"));
    }
    Identity::Fingerprint { fingerprint: keys.fingerprint(token), alternates }
}

/// Names of a token besides its fingerprint: a public key id, and fingerprints under further keys.
fn names(kind: TokenKind, secret: &Secret, keys: &[FingerprintKey]) -> Vec<TokenKey> {
    let id = (kind == TokenKind::KeyId).then(|| std::str::from_utf8(secret.expose()).ok()).flatten();
    let keyed = keys.iter().map(|key| TokenKey::Fingerprint(secret.fingerprint(Some(key))));
    id.map(|id| TokenKey::Named(KeyKind::KeyId, id.to_owned())).into_iter().chain(keyed).collect()
}

/// In basic authentication, the token among user and password: by it the ledger knows what was sent, and logs name it.
fn half(bytes: &[u8], found: &Match, secret: &Secret, key: Option<&FingerprintKey>) -> Option<TokenKey> {
    let is_basic = |by: &Introduction| by.kind == CarrierKind::Scheme && by.plain(bytes).as_str() == "basic";
    (found.rule.1.check == Some(Check::Basic) || found.introduction.is_some_and(is_basic)).then_some(())?;
    let named = |token: &[u8]| match key {
        Some(key) => Some(key.fingerprint(token)),
        None => (strength_bits(token) >= MIN_BITS).then(|| Fingerprint::of(token)),
    };
    basic::with_token(secret.expose(), named).flatten().map(TokenKey::Fingerprint)
}

/// A token that somebody issued, as is known from its fingerprint.
#[must_use]
pub fn issued(layer: &Layer, (index, rule): (RuleIndex, &Rule), span: Range<usize>, introduction: Option<&Introduction>, keys: Keys) -> Candidate {
    let secret = Secret::new(layer.bytes[span.clone()].to_vec());
    Candidate {
        rule: index,
        confidence: Confidence::High,
        reason: ISSUED,
        proven: true,
        lead: Lead::Issued,
        ours: true,
        tentative: false,
        distinction: Distinction::Literal,
        precision: Precision::default(),
        identity: Identity::Fingerprint { fingerprint: Keys { main: None, ..keys }.fingerprint(secret.expose()), alternates: Vec::new() },
        names: names(rule.info.kind, &secret, keys.further),
        preview: preview(rule, &secret),
        carrier: introduction.map(|introduction| introduction.carrier(layer.bytes)),
        decoders: Vec::new(),
        facts: None,
        span,
    }
}

/// The rule's public prefix and the token's length.
fn preview(rule: &Rule, secret: &Secret) -> String {
    let prefix = rule.public_prefix();
    let shown = &prefix[..prefix.len().min(24)];
    if rule.is_contextual() { format!("…({})", secret.len()) } else { format!("{shown}…({})", secret.len()) }
}
