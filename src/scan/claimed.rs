//! A place that another scanner calls a token: where exactly it lies, what our rules say of it, and its names.

use std::cmp::Reverse;
use std::iter;
use std::ops::Range;
use std::sync::Arc;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use crate::model::finding::{Alternate, Finding, Identity};
use crate::model::fingerprint::Fingerprint;
use crate::model::origin::Origin;
use crate::model::place::ByteSpan;
use crate::model::secret::Secret;
use crate::model::token_key::TokenKey;
use crate::scan::engine::Engine;
use crate::scan::judge::{Keys, MIN_BITS};
use crate::scan::near::Near;
use crate::scan::random::strength_bits;

/// The most places in a line at which a piece may begin or end.
const MOST_EDGES: usize = 256;
/// The shortest value that a token is taken for without a rule, in bytes.
const SHORTEST: usize = 8;

/// A token's names, as they are told without it.
pub struct Named {
    /// Its fingerprint, and those of other readings.
    pub identity: Identity,
    /// Other names: fingerprints under further keys.
    pub names: Vec<TokenKey>,
    /// Its length, masked.
    pub preview: String,
}

/// Where a token lies in a text, of several places the one nearest to an offset.
#[must_use]
pub fn nearest(text: &[u8], token: &Secret, near: usize) -> Option<Range<usize>> {
    if token.is_empty() {
        return None;
    }
    let places = memchr::memmem::find_iter(text, token.expose());
    places.min_by_key(|start| start.abs_diff(near)).map(|start| start..start + token.len())
}

/// The piece of a line that has this SHA-1 or SHA-256, by its length: between any two places where words begin or end.
#[must_use]
pub fn hashed(line: &[u8], wanted: &[u8]) -> Option<Range<usize>> {
    let algorithm = if wanted.len() == 20 { &SHA1_FOR_LEGACY_USE_ONLY } else { &SHA256 };
    let is_word = |at: usize| line[at].is_ascii_alphanumeric() || line[at] >= 0x80;
    let is_edge = |at: &usize| *at == 0 || *at == line.len() || !is_word(*at) || !is_word(*at - 1);
    let edges: Vec<usize> = (0..=line.len()).filter(is_edge).take(MOST_EDGES).collect();
    let pieces = edges.iter().enumerate().flat_map(|(index, start)| edges[index + 1..].iter().map(move |end| *start..*end));
    pieces.into_iter().find(|piece| digest(algorithm, &line[piece.clone()]).as_ref() == wanted)
}

/// The value in a piece of a line: what stands in quotes, or behind `=` or `:`; nothing where that is too short for a token.
#[must_use]
pub fn value(text: &[u8], piece: Range<usize>) -> Option<Range<usize>> {
    let part = text.get(piece.clone())?;
    let quote = part.iter().position(|b| b"\"'`".contains(b)).filter(|at| part[at + 1..].contains(&part[*at]));
    let inner = match quote {
        Some(at) => {
            let last = part.iter().rposition(|b| *b == part[at]).unwrap_or(part.len());
            let first = part[..last].iter().rposition(|b| *b == part[at]).unwrap_or(at);
            first + 1..last
        }
        None => behind_name(part)..part.len(),
    };
    let bare = part[inner.clone()].trim_ascii();
    let start = piece.start + inner.start + (part[inner.clone()].len() - part[inner].trim_ascii_start().len());
    (bare.len() >= SHORTEST && !bare.contains(&b'\n')).then(|| start..start + bare.len())
}

/// Where the value of an assignment begins; the start where there is none, as in padding.
fn behind_name(part: &[u8]) -> usize {
    let mark = part.iter().position(|b| b"=:".contains(b));
    mark.filter(|at| is_name(&part[..*at]) && part[*at..].iter().any(|b| !b"=:".contains(b))).map_or(0, |at| at + 1)
}

fn is_name(text: &[u8]) -> bool {
    let name = text.trim_ascii();
    !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || b"_-. ".contains(b))
}

/// What our rules find at a place of a text, the nearest to it first; spans and positions count from the text's start.
#[must_use]
pub fn ours_at(engine: &Engine, origin: &Arc<Origin>, text: &[u8], place: &Range<usize>) -> Vec<Finding> {
    let mut found = engine.scan(origin, text);
    // A credential of two parts is found by either.
    let spans = |finding: &Finding| iter::once(finding.span).chain(finding.parts.iter().map(|part| part.span)).map(range).collect::<Vec<_>>();
    found.retain(|finding| spans(finding).iter().any(|span| is_same(span, place)));
    found.sort_by_key(|finding| (Reverse(shared(&range(finding.span), place)), range(finding.span).len(), Reverse(finding.confidence)));
    found
}

/// What our rules find in a text under the name of this token, such as a decoded one.
#[must_use]
pub fn ours_named(engine: &Engine, origin: &Arc<Origin>, text: &[u8], token: &Secret) -> Option<Finding> {
    let name = engine.keys().fingerprint(token.expose());
    engine.scan(origin, text).into_iter().find(|finding| finding.fingerprint() == Some(&name))
}

/// What our rules find in a token's own text, alone.
#[must_use]
pub fn ours_in(engine: &Engine, origin: &Arc<Origin>, token: &Secret) -> Vec<Finding> {
    ours_at(engine, origin, token.expose(), &(0..token.len()))
}

/// The same in a quoted text: around the token where the report shows it, anywhere else.
#[must_use]
pub fn ours_quoted(engine: &Engine, origin: &Arc<Origin>, quote: &Secret, token: Option<&Secret>) -> Vec<Finding> {
    let text = quote.expose();
    let place = match token {
        Some(token) => nearest(text, token, 0),
        None => Some(0..text.len()),
    };
    place.map(|place| ours_at(engine, origin, text, &place)).unwrap_or_default()
}

/// A piece of a text as a secret of its own.
#[must_use]
pub fn piece(text: &[u8], place: Range<usize>) -> Secret {
    Secret::new(text[place].to_vec())
}

/// Names a token that no rule of ours knows.
#[must_use]
pub fn named(engine: &Engine, token: &Secret) -> Named {
    let keys = engine.keys();
    let octets = token.expose();
    let is_guessable = keys.main.is_none() && strength_bits(octets) < MIN_BITS;
    let identity =
        if is_guessable { Identity::Withheld } else { Identity::Fingerprint { fingerprint: keys.fingerprint(octets), alternates: Vec::new() } };
    let names = keys.further.iter().map(|key| TokenKey::Fingerprint(token.fingerprint(Some(key)))).collect();
    Named { identity, names, preview: format!("…({})", token.len()) }
}

/// Adds the other scanner's reading to a finding, and that of the credential's other half.
pub fn add_readings(engine: &Engine, finding: &mut Finding, token: Option<&Secret>, both: Option<&Secret>) {
    let Finding { identity: Identity::Fingerprint { fingerprint, alternates }, parts, .. } = finding else { return };
    let readings = token.map(|token| (token.expose(), "as the other scanner reads it")).into_iter().chain(halves(token, both));
    for (octets, reason) in readings {
        let other = strong(engine.keys(), octets).filter(|other| {
            let known = alternates.iter().map(|one| &one.fingerprint).chain(parts.iter().map(|part| &part.fingerprint));
            other != fingerprint && known.into_iter().all(|known| known != other)
        });
        alternates.extend(other.map(|fingerprint| Alternate { fingerprint, length: octets.len(), reason }));
    }
}

/// What a credential of two halves holds besides the token: both together, and what stands before or behind it.
fn halves<'a>(token: Option<&'a Secret>, both: Option<&'a Secret>) -> impl Iterator<Item = (&'a [u8], &'static str)> {
    let both = both.map_or(&[][..], Secret::expose);
    let token = token.map_or(&[][..], Secret::expose);
    let at = memchr::memmem::find(both, token).filter(|_| !token.is_empty() && both.len() > token.len());
    let sides = at.map(|at| [&both[..at], &both[at + token.len()..]]).unwrap_or_default();
    let bare = |side: &'a [u8]| side.strip_prefix(b":").or_else(|| side.strip_suffix(b":")).unwrap_or(side);
    let whole = at.map(|_| (both, "with its other half"));
    whole.into_iter().chain(sides.into_iter().map(bare).filter(|side| !side.is_empty()).map(|side| (side, "its other half")))
}

/// The fingerprint of octets that it does not give away.
fn strong(keys: Keys, octets: &[u8]) -> Option<Fingerprint> {
    (keys.main.is_some() || strength_bits(octets) >= MIN_BITS).then(|| keys.fingerprint(octets))
}

/// Whether a comment on the line of a place accepts findings of a rule, and whether secrets are masked near it.
#[must_use]
pub fn surroundings(text: &[u8], place: &Range<usize>, rule: &str) -> (bool, bool) {
    let mut near = Near::new(text);
    (near.is_allowed(place, rule), near.is_masked(place))
}

/// Whether a text of a report shows a token, whole or a part of it, or something that our rules take for one.
#[must_use]
pub fn shows(engine: &Engine, text: &str, token: Option<&Secret>) -> bool {
    let bytes = text.as_bytes();
    let parts = token.map_or(&[][..], Secret::expose);
    let pieces = if parts.len() < PIECE { parts.windows(parts.len().max(1)) } else { parts.windows(PIECE) };
    let is_part = parts.len() >= 4 && pieces.into_iter().any(|piece| memchr::memmem::find(bytes, piece).is_some());
    is_part || !engine.scan(&Arc::new(Origin::Memory(String::new())), bytes).is_empty()
}

/// How many bytes of a token are enough to give something away.
const PIECE: usize = 12;

fn range(span: ByteSpan) -> Range<usize> {
    span.start() as usize..span.end() as usize
}

/// How many bytes two spans share.
fn shared(one: &Range<usize>, other: &Range<usize>) -> usize {
    one.end.min(other.end).saturating_sub(one.start.max(other.start))
}

/// Whether two spans are about one token: one holds the other, or half of the shorter one.
fn is_same(one: &Range<usize>, other: &Range<usize>) -> bool {
    let shared = shared(one, other);
    shared > 0 && shared * 2 >= one.len().min(other.len())
}

#[cfg(test)]
mod tests {
    use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

    use crate::model::secret::Secret;
    use crate::scan::claimed::{halves, hashed, is_same, nearest, value};

    #[test]
    fn a_hash_finds_its_piece_of_the_line() {
        for (line, piece) in [
            ("phrase = \"an-apple!\"", "an-apple!"),
            ("url = postgres://user:pa-ss@host/db", "pa-ss"),
            ("KEY=abc+/def==", "abc+/def=="),
            ("abc", "abc"),
            ("say 'päss wörd'", "päss wörd"),
        ] {
            for algorithm in [&SHA1_FOR_LEGACY_USE_ONLY, &SHA256] {
                let hash = |text: &str| digest(algorithm, text.as_bytes()).as_ref().to_vec();
                let found = hashed(line.as_bytes(), &hash(piece)).map(|place| &line[place]);
                assert_eq!(found, Some(piece), "{line}");
                assert_eq!(hashed(line.as_bytes(), &hash("something else")), None);
            }
        }
    }

    #[test]
    fn values_stand_in_quotes_or_behind_names() {
        for (text, expected) in [
            ("key = \"abcdefgh\"", Some("abcdefgh")),
            ("\"key\": \"abcdefgh\",", Some("abcdefgh")),
            ("key: abcdefgh", Some("abcdefgh")),
            ("KEY=abcdefgh==", Some("abcdefgh==")),
            ("abcdefgh", Some("abcdefgh")),
            ("abcdefgh==", Some("abcdefgh==")),
            ("key = \"abc\"", None),
            ("", None),
        ] {
            assert_eq!(value(text.as_bytes(), 0..text.len()).map(|place| &text[place]), expected, "{text}");
        }
    }

    #[test]
    fn the_nearest_of_several_places_is_taken() {
        let token = Secret::new(b"abc".to_vec());
        for (near, expected) in [(0, 0..3), (9, 8..11), (5, 4..7)] {
            assert_eq!(nearest(b"abc abc abc", &token, near), Some(expected));
        }
        assert_eq!(nearest(b"abc", &Secret::new(Vec::new()), 0), None);
    }

    #[test]
    fn halves_stand_around_the_token() {
        for (token, both, expected) in [
            ("id", "id:word", vec!["id:word", "word"]),
            ("id", "idword", vec!["idword", "word"]),
            ("word", "id:word", vec!["id:word", "id"]),
            ("id", "id", vec![]),
            ("id", "other", vec![]),
        ] {
            let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
            let (token, both) = (secret(token), secret(both));
            let found: Vec<&[u8]> = halves(Some(&token), Some(&both)).map(|(octets, _)| octets).collect();
            assert_eq!(found, expected.into_iter().map(str::as_bytes).collect::<Vec<_>>());
        }
    }

    #[test]
    fn spans_of_one_token_share_half_of_the_shorter() {
        for (one, other, expected) in [(0..10, 2..8, true), (2..8, 0..10, true), (0..10, 5..20, true), (0..10, 8..20, false), (0..4, 4..8, false)] {
            assert_eq!(is_same(&one, &other), expected, "{one:?} {other:?}");
        }
    }
}
