//! Base64 in both alphabets, with or without padding, on one line or wrapped.
//!
//! Short blobs are decoded when their first bytes are text, long ones always.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::GeneralPurpose;

use crate::model::decoder::Decoder;
use crate::model::jwt::LENIENT;
use crate::rules::byte_set::ByteSet;
use crate::rules::rule::MIN_RUN;
use crate::scan::decode::{Regions, is_text, with_context};
use crate::scan::layer::{Decoded, Layer};
use crate::scan::walk::{MIN_BLOB, Signs, is_mark};

/// Characters of both alphabets.
const ALPHABET: ByteSet = ByteSet::alnum().with(b"+/-_");
/// From this length on, a blob is decoded whatever it begins with.
const ALWAYS: usize = 512;
/// In how many characters at the start a mark may stand after which the blob begins.
const MARKS: usize = 40;
/// The shortest line of a wrapped blob, in characters.
const MIN_LINE: usize = 40;

const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

/// Decodes every blob that touches the layer's core; signs are of the runs that do.
pub fn each(regions: &Regions, signs: &[Signs], sink: &mut dyn FnMut(Decoded)) {
    let layer = regions.layer;
    let mut done = 0;
    for (i, (run, signs)) in regions.runs.iter().zip(signs).enumerate() {
        if run.start < done {
            continue;
        }
        let Some(blob) = blob_in(layer.bytes, run, *signs) else { continue };
        let lines = lines_from(layer.bytes, blob, &regions.runs[i + 1..]);
        done = lines.last().map_or(run.end, |line| line.end);
        if !regions.is_taken(lines[0].start)
            && let Some(decoded) = decode(layer, &lines)
        {
            sink(decoded);
        }
    }
}

/// The part of a run that may be a blob: text could come out of it, or it is long, or a line of a wrapped one.
#[inline]
fn blob_in(bytes: &[u8], run: &Range<usize>, signs: Signs) -> Option<Range<usize>> {
    if run.len() >= MIN_LINE && (run.len() >= ALWAYS || next_line(bytes, run.end).is_some()) {
        let text = &bytes[run.clone()];
        return solid_part(text).filter(|solid| !is_hex(&text[solid.clone()])).map(|solid| run.start + solid.start..run.start + solid.end);
    }
    let start = signs.base64.trailing_zeros() as usize;
    if start > MARKS || start + MIN_BLOB > run.len() {
        return None;
    }
    Some(run.start + start..run.start + start + end_of_blob(&bytes[run.start + start..run.end]))
}

/// The longest stretch of a run that is all base64.
fn solid_part(text: &[u8]) -> Option<Range<usize>> {
    let mut start = 0;
    let mut best = None;
    for piece in text.split(|b| matches!(b, b'.' | b'~')) {
        if piece.len() > best.as_ref().map_or(MIN_BLOB - 1, Range::len) {
            best = Some(start..start + piece.len());
        }
        start += piece.len() + 1;
    }
    best
}

/// Whether all of it are hexadecimal digits, which have a decoder of their own.
fn is_hex(text: &[u8]) -> bool {
    text.iter().fold(true, |all, b| all & (b.wrapping_sub(b'0') < 10 || (b | 0x20).wrapping_sub(b'a') < 6))
}

fn end_of_blob(text: &[u8]) -> usize {
    text.iter().position(|b| matches!(b, b'.' | b'~')).unwrap_or(text.len())
}

/// The lines of the blob that begins with a stretch; `later` are the runs after it.
fn lines_from(bytes: &[u8], blob: Range<usize>, later: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut later = later.iter();
    let mut lines = vec![blob];
    loop {
        let last = lines.last().expect("because it starts with one");
        let Some(next) = next_line(bytes, last.end).filter(|_| last.len() >= MIN_LINE && last.len() % 4 == 0) else { return lines };
        // A last line may be shorter than a run has to be.
        let end = match later.next() {
            Some(run) if run.start == next => run.end,
            _ => next + bytes[next..].iter().take(MIN_RUN).take_while(|b| ALPHABET.contains(**b)).count(),
        };
        let ends_well = bytes.get(end).is_none_or(|b| b"\r\n\"'\\=< \t,".contains(b));
        if end - next < 2 || end - next > last.len() || !ends_well || memchr::memchr2(b'.', b'~', &bytes[next..end]).is_some() {
            return lines;
        }
        lines.push(next..end);
    }
}

/// Where the next line begins: after LF or CRLF, or their escaped forms, and indentation.
fn next_line(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..bytes.len().min(at + 40)];
    let brk = [&b"\r\n"[..], b"\n", b"\\r\\n", b"\\n", b"\\\n"].into_iter().find(|brk| rest.starts_with(brk))?;
    let indent = rest[brk.len()..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    Some(at + brk.len() + indent)
}

fn decode(layer: &Layer, lines: &[Range<usize>]) -> Option<Decoded> {
    let bytes = layer.bytes;
    let length: usize = lines.iter().map(Range::len).sum();
    if length < MIN_BLOB {
        return None;
    }
    let mut first = lines[0].clone();
    first.start = if first.start == 0 { first.start + skip_to_group(layer.phase) } else { first.start };
    first.start = plausible_start(bytes, &first, length)?;
    let (mut out, mut map) = with_context(bytes, first.start);
    let core = out.len();
    out.reserve(length / 4 * 3 + 3);
    for line in std::iter::once(&first).chain(&lines[1..]) {
        let text = &bytes[line.clone()];
        let whole = text.len() - usize::from(text.len() % 4 == 1);
        map.push(out.len(), line.start, (3, 4));
        let engine = if memchr::memchr2(b'-', b'_', text).is_some() { &URL_SAFE } else { &STANDARD };
        engine.decode_vec(&text[..whole], &mut out).ok()?;
    }
    Some(Decoded { core: core..out.len(), bytes: out, map, decoder: Decoder::Base64 })
}

/// How many characters complete the group that began before the layer's first byte.
fn skip_to_group(phase: u8) -> usize {
    usize::from((4 - phase % 4) % 4)
}

/// Where decoding should begin: at the blob's start, or after a mark near it when only then text comes out.
fn plausible_start(bytes: &[u8], first: &Range<usize>, length: usize) -> Option<usize> {
    let reads_as_text = |start: usize| {
        let head = bytes.get(start..start + 12).filter(|_| start + 12 <= first.end)?;
        let engine = if head.iter().any(|b| matches!(b, b'-' | b'_')) { &URL_SAFE } else { &STANDARD };
        let mut text = [0; 9];
        engine.decode_slice_unchecked(head, &mut text).ok().filter(|_| is_text(&text)).map(|_| start)
    };
    if length >= ALWAYS {
        return Some(first.start);
    }
    reads_as_text(first.start).or_else(|| {
        let head = &bytes[first.start..first.end.min(first.start + MARKS)];
        let marks = head.iter().enumerate().filter(|(_, b)| is_mark(**b));
        marks.map(|(i, _)| first.start + i + 1).filter(|start| first.end - start >= MIN_BLOB).find_map(reads_as_text)
    })
}
