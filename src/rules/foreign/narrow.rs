//! A secret that may be any text up to a delimiter ends at the first one: wide classes lose the bytes that close it.

use regex_syntax::hir::{Capture, Class, ClassBytes, ClassBytesRange, Hir, HirKind, Repetition};

use crate::rules::byte_set::ByteSet;

/// A class of more bytes than this says what the secret does not hold, not what it is made of.
const WIDE: usize = 100;

/// The secret without the bytes with which `after` may begin, in its wide classes.
#[must_use]
pub fn narrowed(secret: &Hir, after: &[Hir]) -> Hir {
    without(secret, first(after))
}

/// The bytes of a class.
#[must_use]
pub fn bytes_of(class: &Class) -> ByteSet {
    let bytes: Vec<u8> = match class {
        Class::Bytes(class) => class.iter().flat_map(|range| range.start()..=range.end()).collect(),
        Class::Unicode(_) => Vec::new(),
    };
    ByteSet::empty().with(&bytes)
}

fn without(hir: &Hir, closing: ByteSet) -> Hir {
    match hir.kind() {
        HirKind::Class(class) => {
            let set = bytes_of(class);
            let kept: Vec<u8> = set.iter().filter(|byte| !closing.contains(*byte)).collect();
            if set.len() <= WIDE || kept.is_empty() {
                return hir.clone();
            }
            Hir::class(Class::Bytes(ClassBytes::new(kept.into_iter().map(|byte| ClassBytesRange::new(byte, byte)))))
        }
        HirKind::Repetition(repetition) => Hir::repetition(Repetition { sub: Box::new(without(&repetition.sub, closing)), ..*repetition }),
        HirKind::Capture(capture) => {
            Hir::capture(Capture { index: capture.index, name: capture.name.clone(), sub: Box::new(without(&capture.sub, closing)) })
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(|part| without(part, closing)).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(|part| without(part, closing)).collect()),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Look(_) => hir.clone(),
    }
}

/// The bytes with which a match of these parts may begin.
fn first(parts: &[Hir]) -> ByteSet {
    let mut set = ByteSet::empty();
    for part in parts {
        set = set.union(first_of(part));
        if part.properties().minimum_len().is_none_or(|least| least > 0) {
            break;
        }
    }
    set
}

fn first_of(part: &Hir) -> ByteSet {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => ByteSet::empty(),
        HirKind::Literal(literal) => ByteSet::empty().with(&literal.0[..1]),
        HirKind::Class(class) => bytes_of(class),
        HirKind::Repetition(repetition) => first_of(&repetition.sub),
        HirKind::Capture(capture) => first_of(&capture.sub),
        HirKind::Concat(parts) => first(parts),
        HirKind::Alternation(parts) => parts.iter().map(first_of).fold(ByteSet::empty(), ByteSet::union),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::foreign::narrow::narrowed;
    use crate::rules::foreign::print::pattern;
    use crate::rules::foreign::syntax::{Dialect, parse};

    #[test]
    fn wide_classes_end_where_the_secret_is_closed() {
        for (secret, after, expected) in [
            (r".{8,20}", "\"", r"[\x00-\t\x0B-!#-\xFF]{8,20}"),
            (r"(?:a|\S{3})", r"(?:['\x22]|$)", r"(?:a|[\x00-\x08\x0E-\x1F!#-\&(-\xFF]{3})"),
            (r"[a-z;]{3}", ";", "[;a-z]{3}"),
            (r"[^a]{3}", r"\b", r"[\x00-`b-\xFF]{3}"),
            (r"[^a]{3}", r"\s*;", r"[\x00-\x08\x0E-\x1F!-:<-`b-\xFF]{3}"),
        ] {
            let [secret, after] = [secret, after].map(|part| parse(part, Dialect::Rust).expect("because the test's pattern is a regular expression"));
            assert_eq!(pattern(&narrowed(&secret, &[after])), expected);
        }
    }
}
