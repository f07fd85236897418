//! What of an expression is the secret: its capture, or all of it, without what only bounds it.

use regex_syntax::hir::{Capture, Hir, HirKind};

use crate::rules::byte_set::ByteSet;
use crate::rules::foreign::narrow::{bytes_of, narrowed};

/// The most ways of reading one expression.
const MAX_READINGS: usize = 16;
/// What separates a secret from what stands before and after it.
const DELIMITERS: ByteSet = ByteSet::empty().with(b" \t\r\n\x0b\x0c\"'`@=:<>(),[]{}|;?&\\");
/// What encloses a secret and is no part of it.
const QUOTES: ByteSet = ByteSet::empty().with(b" \t\r\n\x0b\x0c\"'`");

/// Which capture is the secret; all of the match where there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pick {
    /// The one with this number.
    Group(u32),
    /// The first one.
    First,
    /// The one named `TOKEN`, or else the first one that has a name or holds one that has, or else the first one.
    Token,
}

/// One way in which an expression holds a secret.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// What stands before the secret.
    pub before: Vec<Hir>,
    /// The secret.
    pub secret: Vec<Hir>,
    /// What stands after it.
    pub after: Vec<Hir>,
    /// Whether text without a boundary to the secret was joined to it.
    pub is_joined: bool,
}

/// Every way in which an expression holds a secret.
///
/// # Errors
///
/// Why there is none that could be told.
pub fn readings(hir: &Hir, pick: Pick) -> Result<Vec<Reading>, String> {
    let is_token = |capture: &Capture| capture.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("token"));
    let is_named = |capture: &Capture| capture.name.is_some() || has(&capture.sub, &|inner| inner.name.is_some());
    let found = match pick {
        Pick::Group(number) if !has(hir, &|capture| capture.index == number) => return Err(format!("it has no group {number} that stands once")),
        Pick::Group(number) => split(hir, &|capture: &Capture| capture.index == number),
        Pick::Token if has(hir, &is_token) => split(hir, &is_token),
        Pick::Token if has(hir, &is_named) => split(hir, &is_named),
        Pick::First | Pick::Token => split(hir, &|_: &Capture| true),
    };
    let found: Vec<Reading> =
        found.into_iter().filter(|reading| pick == Pick::First || reading.is_captured || !has(hir, &|_| true)).map(settled).collect();
    if found.len() > MAX_READINGS { Err("its secret may stand in too many places".to_owned()) } else { Ok(found) }
}

/// A reading as it is split, before its edges are settled.
struct Split {
    before: Vec<Hir>,
    secret: Vec<Hir>,
    after: Vec<Hir>,
    is_captured: bool,
}

/// Whether such a capture stands in an expression; one in a repetition is a part of the secret, not the secret.
fn has(hir: &Hir, wanted: &dyn Fn(&Capture) -> bool) -> bool {
    match hir.kind() {
        HirKind::Capture(capture) => wanted(capture) || has(&capture.sub, wanted),
        HirKind::Repetition(repetition) => repetition.max == Some(1) && has(&repetition.sub, wanted),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(|part| has(part, wanted)),
        _ => false,
    }
}

fn split(hir: &Hir, wanted: &dyn Fn(&Capture) -> bool) -> Vec<Split> {
    let alone = |part: &Hir, is_captured| vec![Split { before: Vec::new(), secret: parts_of(part), after: Vec::new(), is_captured }];
    if !has(hir, wanted) {
        return alone(hir, false);
    }
    match hir.kind() {
        HirKind::Capture(capture) if wanted(capture) => alone(&capture.sub, true),
        HirKind::Capture(capture) => split(&capture.sub, wanted),
        HirKind::Repetition(repetition) => split(&repetition.sub, wanted),
        HirKind::Alternation(parts) => parts.iter().flat_map(|part| split(part, wanted)).collect(),
        HirKind::Concat(parts) => {
            let at = parts.iter().position(|part| has(part, wanted)).expect("because the whole has it");
            let around =
                |inner: Split| Split { before: [&parts[..at], &inner.before].concat(), after: [&inner.after, &parts[at + 1..]].concat(), ..inner };
            split(&parts[at], wanted).into_iter().map(around).collect()
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => alone(hir, false),
    }
}

fn parts_of(hir: &Hir) -> Vec<Hir> {
    match hir.kind() {
        HirKind::Concat(parts) => parts.clone(),
        HirKind::Capture(capture) => parts_of(&capture.sub),
        _ => vec![hir.clone()],
    }
}

/// Takes boundaries and quotes off the secret, and joins to it what stands without a boundary before or after it.
fn settled(split: Split) -> Reading {
    let Split { mut before, mut secret, after, .. } = split;
    while secret.first().is_some_and(is_boundary) {
        secret.remove(0);
    }
    while secret.last().is_some_and(is_boundary) {
        secret.pop();
    }
    unquote(&mut secret);
    let joined_before = joined_before(&mut before);
    let (joined_after, after) = joined_after(after);
    let is_joined = [&joined_before, &joined_after].iter().any(|joined| joined.iter().any(may_hold_alnum));
    if is_joined {
        let joined_before = if joined_before.iter().any(may_hold_alnum) { joined_before } else { Vec::new() };
        let joined_after = if joined_after.iter().any(may_hold_alnum) { joined_after } else { Vec::new() };
        secret = [joined_before, secret, joined_after].concat();
    }
    let secret = secret.iter().map(|part| narrowed(part, &after)).collect();
    Reading { before, secret, after, is_joined }
}

/// Takes quotes off literals at the edges of the secret.
fn unquote(secret: &mut [Hir]) {
    let bytes = |part: &Hir| match part.kind() {
        HirKind::Literal(literal) => Some(literal.0.to_vec()),
        _ => None,
    };
    if let Some(first) = secret.first_mut()
        && let Some(bytes) = bytes(first)
    {
        let quotes = bytes.iter().take_while(|byte| QUOTES.contains(**byte)).count();
        *first = Hir::literal(&bytes[quotes..]);
    }
    if let Some(last) = secret.last_mut()
        && let Some(bytes) = bytes(last)
    {
        let quotes = bytes.iter().rev().take_while(|byte| QUOTES.contains(**byte)).count();
        *last = Hir::literal(&bytes[..bytes.len() - quotes]);
    }
}

/// Takes off the end of `before` what stands without a boundary before the secret.
fn joined_before(before: &mut Vec<Hir>) -> Vec<Hir> {
    let mut joined = Vec::new();
    while let Some(part) = before.pop() {
        if let HirKind::Literal(literal) = part.kind() {
            let end = last_delimiter(&literal.0);
            joined.insert(0, Hir::literal(&literal.0[end..]));
            if end > 0 {
                before.push(Hir::literal(&literal.0[..end]));
                break;
            }
        } else if is_look(&part) || is_gap(&part) {
            before.push(part);
            break;
        } else {
            joined.insert(0, part);
        }
    }
    joined
}

/// What stands without a boundary after the secret, and what stands after that.
fn joined_after(after: Vec<Hir>) -> (Vec<Hir>, Vec<Hir>) {
    let mut joined = Vec::new();
    let mut rest = after.into_iter();
    while let Some(part) = rest.next() {
        if let HirKind::Literal(literal) = part.kind() {
            let end = literal.0.iter().position(|byte| DELIMITERS.contains(*byte)).unwrap_or(literal.0.len());
            joined.push(Hir::literal(&literal.0[..end]));
            if end < literal.0.len() {
                let tail = Hir::literal(&literal.0[end..]);
                return (joined, std::iter::once(tail).chain(rest).collect());
            }
        } else if is_look(&part) || is_gap(&part) {
            return (joined, std::iter::once(part).chain(rest).collect());
        } else {
            joined.push(part);
        }
    }
    (joined, Vec::new())
}

/// Where the text begins that follows the last delimiter; the colon of `scheme://` is none.
fn last_delimiter(bytes: &[u8]) -> usize {
    let delimits = |at: usize| DELIMITERS.contains(bytes[at]) && !bytes[at..].starts_with(b"://");
    (0..bytes.len()).rev().find(|at| delimits(*at)).map_or(0, |at| at + 1)
}

/// Whether a part at the edge of the secret only bounds it.
fn is_boundary(part: &Hir) -> bool {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Class(class) => {
            let set = bytes_of(class);
            set.is_subset(QUOTES) || (set.meets(DELIMITERS) && !set.meets(ByteSet::alnum()))
        }
        HirKind::Repetition(repetition) => is_boundary(&repetition.sub),
        HirKind::Capture(capture) => is_boundary(&capture.sub),
        HirKind::Alternation(parts) => parts.iter().any(is_look) && parts.iter().all(|part| is_look(part) || is_gap(part)),
        _ => false,
    }
}

fn is_look(part: &Hir) -> bool {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Capture(capture) => is_look(&capture.sub),
        _ => false,
    }
}

/// Whether a delimiter may stand here.
fn is_gap(part: &Hir) -> bool {
    match part.kind() {
        HirKind::Class(class) => bytes_of(class).meets(DELIMITERS),
        HirKind::Literal(literal) => literal.0.iter().any(|byte| DELIMITERS.contains(*byte)),
        HirKind::Repetition(repetition) => is_gap(&repetition.sub),
        HirKind::Capture(capture) => is_gap(&capture.sub),
        HirKind::Concat(parts) => parts.iter().any(is_gap),
        HirKind::Alternation(parts) => parts.iter().any(|part| is_look(part) || is_gap(part)),
        HirKind::Empty | HirKind::Look(_) => false,
    }
}

fn may_hold_alnum(part: &Hir) -> bool {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Class(class) => bytes_of(class).meets(ByteSet::alnum()),
        HirKind::Literal(literal) => literal.0.iter().any(u8::is_ascii_alphanumeric),
        HirKind::Repetition(repetition) => may_hold_alnum(&repetition.sub),
        HirKind::Capture(capture) => may_hold_alnum(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(may_hold_alnum),
    }
}

#[cfg(test)]
mod tests {
    use regex_syntax::hir::Hir;

    use crate::rules::foreign::print::pattern;
    use crate::rules::foreign::reading::{Pick, readings};
    use crate::rules::foreign::syntax::{Dialect, parse};

    fn secrets(written: &str, pick: Pick) -> Vec<String> {
        let hir = parse(written, Dialect::Rust).expect("because the test's pattern is a regular expression");
        let found = readings(&hir, pick).unwrap_or_default();
        found.into_iter().map(|reading| pattern(&Hir::concat(reading.secret)) + if reading.is_joined { " joined" } else { "" }).collect()
    }

    #[test]
    fn the_secret_is_told_from_what_bounds_it() {
        use Pick::{First, Group, Token};
        for (written, pick, expected) in [
            (r"\bab_[0-9]{9}\b", First, &["ab_[0-9]{9}"][..]),
            (r"\b(ab_[0-9]{9})(?:[\x60'\s;]|\\[nr]|$)", First, &["ab_[0-9]{9}"]),
            (r"(?:^|[^a-z])ab[0-9]{9}(?:$|\W)", First, &["ab[0-9]{9}"]),
            (r"\x22ab[0-9]{9}\x22", First, &["ab[0-9]{9}"]),
            (r"key\s*=\s*([0-9]{9})", First, &["[0-9]{9}"]),
            (r"key=([0-9]{9})\b", First, &["[0-9]{9}"]),
            (r"https://h\.test/hook/([0-9]{9})", First, &[r"https://h\.test/hook/[0-9]{9} joined"]),
            (r"(xa|xb)-[0-9]{9}", First, &["(?:xa|xb)-[0-9]{9} joined"]),
            (r"(xa|xb)-([0-9]{9})", Group(2), &["(?:xa|xb)-[0-9]{9} joined"]),
            (r"a(?:\s(b[0-9])\s|\b(c[0-9])\b)", First, &["b[0-9]", "c[0-9]"]),
            (r"a\s(b[0-9])|c[0-9]d", First, &["b[0-9]", "c[0-9]d"]),
            (r"(?P<host>h)\s(?P<TOKEN>b[0-9])", Token, &["b[0-9]"]),
            (r"(h)\s(?P<token>b[0-9])", Token, &["b[0-9]"]),
            (r"(h)\s(?P<body>b[0-9])", Token, &["b[0-9]"]),
            (r"((?P<body>b[0-9])(?P<sum>c))", Token, &["b[0-9]c"]),
            (r"(h)\s(b[0-9])", Token, &["h"]),
            (r"(a)\b", Group(3), &[]),
            (r"(?:(ab)-)+", First, &["(?:ab-){1,}"]),
            (r"(?:(ab)-)+", Group(1), &[]),
        ] {
            assert_eq!(secrets(written, pick), expected, "{written}");
        }
    }
}
