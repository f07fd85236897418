//! Escapes inside or next to a token: `%XX`, backslash escapes of string literals, character references.
//!
//! Only the stretch around an escape is decoded: token characters and further escapes of its kind, as far as they go on.

use std::ops::Range;

use crate::model::decoder::Decoder;
use crate::rules::byte_set::ByteSet;
use crate::scan::decode::{Regions, with_context};
use crate::scan::layer::{Decoded, Layer};

/// What a stretch goes over: what values are made of, and the signs inside some of them, such as URLs with a query.
const STRETCH: ByteSet = ByteSet::VALUE.with(b":?@|!");
/// How far a stretch goes to each side of an escape, in bytes.
const REACH: usize = 8192;
/// Raw bytes after a stretch that stay in its layer, so that its end is seen.
const AFTER: usize = 96;
/// How far beyond the layer's core an escape can still matter, in bytes.
const AROUND: usize = 8192;

/// Decodes every stretch with escapes that touches the layer's core.
pub fn each(regions: &Regions, sink: &mut dyn FnMut(Decoded)) {
    let layer = regions.layer;
    let from = layer.start.saturating_sub(AROUND);
    let to = layer.bytes.len().min(layer.end.saturating_add(AROUND));
    let mut done = [from; 3];
    for at in memchr::memchr3_iter(b'\\', b'%', b'&', &layer.bytes[from..to]).map(|at| from + at) {
        if !may_be_escape(layer.bytes, at) {
            continue;
        }
        let Some(escape) = read(layer.bytes, at) else { continue };
        if at < done[escape.kind.index()] || regions.is_taken(at) {
            continue;
        }
        let stretch = stretch_around(layer.bytes, at, escape.kind);
        done[escape.kind.index()] = stretch.end;
        if stretch.end > layer.start && stretch.start < layer.end {
            sink(decode(layer, &stretch, escape.kind));
        }
    }
}

/// A quick look at the next byte: nearly all backslashes are of `\"`, `\n` and `\\`.
#[inline]
fn may_be_escape(bytes: &[u8], at: usize) -> bool {
    let Some(next) = bytes.get(at + 1) else { return false };
    match bytes[at] {
        b'\\' => matches!(next, b'u' | b'x' | b'/' | b'0' | b'1' | b'\\'),
        b'%' => next.is_ascii_hexdigit(),
        _ => true,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Percent,
    Backslash,
    Reference,
}

impl Kind {
    fn index(self) -> usize {
        self as usize
    }

    fn decoder(self) -> Decoder {
        match self {
            Self::Percent => Decoder::Percent,
            Self::Backslash => Decoder::Escape,
            Self::Reference => Decoder::Entity,
        }
    }
}

/// One escape: the byte it stands for and how many bytes it takes.
struct Escape {
    kind: Kind,
    byte: u8,
    length: usize,
}

/// Reads an escape for a printable ASCII character. One for a blank ends whatever it stands in, as a blank does; of percent-encoding the blanks
/// are read as well, for a PEM block has them inside.
fn read(bytes: &[u8], at: usize) -> Option<Escape> {
    let rest = &bytes[at..bytes.len().min(at + 12)];
    let escape = match rest[0] {
        b'%' => Escape { kind: Kind::Percent, byte: hex(rest.get(1..3)?)?, length: 3 },
        b'\\' => backslash(rest)?,
        b'&' => reference(rest)?,
        _ => return None,
    };
    let blank = escape.kind == Kind::Percent && matches!(escape.byte, b' ' | b'\t' | b'\r' | b'\n');
    (blank || (0x21..0x7f).contains(&escape.byte)).then_some(escape)
}

fn backslash(rest: &[u8]) -> Option<Escape> {
    let slashes = rest.iter().take_while(|b| **b == b'\\').count();
    let (byte, length) = match *rest.get(slashes)? {
        b'u' if rest.get(slashes + 1..slashes + 3)? == b"00" => (hex(rest.get(slashes + 3..slashes + 5)?)?, 5),
        b'u' if rest.get(slashes + 1..slashes + 4)? == b"{00" => (hex(rest.get(slashes + 4..slashes + 6)?)?, 7),
        b'x' => (hex(rest.get(slashes + 1..slashes + 3)?)?, 3),
        b'/' => (b'/', 1),
        b'0' | b'1' => {
            let digits = rest.get(slashes..slashes + 3)?;
            let value = digits.iter().try_fold(0_u32, |n, b| matches!(b, b'0'..=b'7').then(|| n * 8 + u32::from(b - b'0')))?;
            (u8::try_from(value).ok()?, 3)
        }
        _ => return None,
    };
    Some(Escape { kind: Kind::Backslash, byte, length: slashes + length })
}

fn reference(rest: &[u8]) -> Option<Escape> {
    let end = rest.iter().position(|b| *b == b';')?;
    let byte = match &rest[1..end] {
        b"amp" => b'&',
        b"lt" => b'<',
        b"gt" => b'>',
        b"quot" => b'"',
        b"apos" => b'\'',
        b"equals" => b'=',
        b"sol" => b'/',
        b"plus" => b'+',
        b"period" => b'.',
        b"lowbar" => b'_',
        [b'#', b'x' | b'X', digits @ ..] => u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?,
        [b'#', digits @ ..] => std::str::from_utf8(digits).ok()?.parse().ok()?,
        _ => return None,
    };
    Some(Escape { kind: Kind::Reference, byte, length: end + 1 })
}

fn hex(digits: &[u8]) -> Option<u8> {
    let value = |b: u8| char::from(b).to_digit(16);
    u8::try_from(value(digits[0])? * 16 + value(digits[1])?).ok()
}

/// Grows from an escape over token characters and escapes of its kind.
fn stretch_around(bytes: &[u8], at: usize, kind: Kind) -> Range<usize> {
    let floor = at.saturating_sub(REACH);
    let mut start = at;
    while start > floor {
        let inside = STRETCH.contains(bytes[start - 1]);
        match escape_before(bytes, start, kind) {
            Some(length) if start - length >= floor => start -= length,
            _ if inside => start -= 1,
            _ => break,
        }
    }
    let ceiling = bytes.len().min(at + REACH);
    let mut end = at;
    while end < ceiling {
        match read(bytes, end).filter(|escape| escape.kind == kind) {
            Some(escape) => end += escape.length,
            None if STRETCH.contains(bytes[end]) => end += 1,
            None => break,
        }
    }
    start..end.min(bytes.len())
}

/// The length of an escape of this kind that ends right before `end`.
fn escape_before(bytes: &[u8], end: usize, kind: Kind) -> Option<usize> {
    let mark = match kind {
        Kind::Percent => return (end >= 3 && bytes[end - 3] == b'%' && read(bytes, end - 3).is_some()).then_some(3),
        Kind::Backslash => b'\\',
        Kind::Reference => b'&',
    };
    let window = &bytes[end.saturating_sub(10)..end];
    let mut at = end - window.len() + memchr::memrchr(mark, window)?;
    while mark == b'\\' && at > 0 && bytes[at - 1] == b'\\' && end - at < 10 {
        at -= 1;
    }
    read(bytes, at).filter(|escape| escape.kind == kind && at + escape.length == end).map(|escape| escape.length)
}

fn decode(layer: &Layer, stretch: &Range<usize>, kind: Kind) -> Decoded {
    let bytes = layer.bytes;
    let (mut out, mut map) = with_context(bytes, stretch.start);
    let core = out.len();
    map.push(core, stretch.start, (1, 1));
    let mut at = stretch.start;
    while at < stretch.end {
        if let Some(escape) = read(bytes, at).filter(|escape| escape.kind == kind) {
            map.push(out.len(), at, (1, escape.length));
            out.push(escape.byte);
            at += escape.length;
            map.push(out.len(), at, (1, 1));
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    let end = out.len();
    out.extend(&bytes[stretch.end..bytes.len().min(stretch.end + AFTER)]);
    Decoded { core: core..end, bytes: out, map, decoder: kind.decoder() }
}

#[cfg(test)]
mod tests {
    use crate::scan::decode::{Regions, escape};
    use crate::scan::layer::Layer;

    fn decoded(text: &str) -> Vec<String> {
        let layer = Layer::whole(text.as_bytes());
        let mut all = Vec::new();
        let regions = Regions { layer: &layer, runs: &[], taken: &[], broken: &[] };
        escape::each(&regions, &mut |part| all.push(String::from_utf8_lossy(&part.bytes[part.core.clone()]).into_owned()));
        all
    }

    #[test]
    fn the_stretch_around_an_escape_is_decoded() {
        for (text, expected) in [
            ("a b%2Bc d", "b+c"),
            (r"x ab\u002dcd\u003d y", "ab-cd="),
            (r"x ab\\u002dcd y", "ab-cd"),
            (r"https:\/\/host\/path", "https://host/path"),
            (r"x a\x2db\055c y", "a-b-c"),
            ("x a&#45;b&#x2d;c&equals; y", "a-b-c="),
            ("u=https%3A%2F%2Fh%3Ftoken%3Dabc&x", "u=https://h?token=abc"),
        ] {
            assert_eq!(decoded(text), [expected], "{text}");
        }
        assert!(decoded(r"100% of a\nb & c \\ d &unknown; %zz %").is_empty());
    }
}
