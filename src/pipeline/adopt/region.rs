//! Lines and columns, as reports name them, in the bytes of a file.

use std::ops::Range;

use crate::model::place::Position;
use crate::reports::claim::{Region, Unit};

/// How far around a place a text is looked at, in bytes to each side.
const AROUND: usize = 16 << 10;

/// The bytes of a line, counted from 1, without its end.
#[must_use]
pub fn line(bytes: &[u8], number: u64) -> Option<Range<usize>> {
    let skipped = usize::try_from(number.checked_sub(1)?).ok()?;
    let start = if skipped == 0 { 0 } else { memchr::memchr_iter(b'\n', bytes).nth(skipped - 1)? + 1 };
    let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at);
    (start < bytes.len() || number == 1).then_some(start..end)
}

/// The bytes of a region that names a line at least.
#[must_use]
pub fn range(bytes: &[u8], region: &Region) -> Option<Range<usize>> {
    let first = line(bytes, region.line?)?;
    let last = match region.end_line.filter(|end| Some(*end) > region.line) {
        Some(end) => line(bytes, end)?,
        None => first.clone(),
    };
    let Some((start, end)) = region.columns else { return Some(first.start..last.end) };
    let start = first.start + offset(&bytes[first], start, region.unit);
    let end = last.start + offset(&bytes[last], end, region.unit);
    (start < end).then_some(start..end)
}

/// The offset of a column, counted from 1; the end of the line where it has fewer.
fn offset(line: &[u8], column: u64, unit: Unit) -> usize {
    let before = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
    if unit == Unit::Bytes {
        return before.min(line.len());
    }
    let mut passed = 0;
    for (at, byte) in line.iter().enumerate() {
        if passed >= before && byte & 0xC0 != 0x80 {
            return at;
        }
        passed += match byte {
            0xF0.. if unit == Unit::Utf16 => 2,
            byte if byte & 0xC0 != 0x80 => 1,
            _ => 0,
        };
    }
    line.len()
}

/// The text around a place that decides what it is; it begins with a line where it can.
#[must_use]
pub fn window(bytes: &[u8], place: &Range<usize>) -> Range<usize> {
    let far = place.start.saturating_sub(AROUND);
    let start = if far == 0 { 0 } else { memchr::memchr(b'\n', &bytes[far..place.start]).map_or(far, |at| far + at + 1) };
    start..bytes.len().min(place.end + AROUND)
}

/// Line and column of an offset.
#[must_use]
pub fn position(bytes: &[u8], offset: usize) -> Position {
    let before = &bytes[..offset];
    let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let column = before[start..].iter().filter(|b| **b & 0xC0 != 0x80).count() as u64 + 1;
    Position { line: memchr::memchr_iter(b'\n', before).count() as u64 + 1, column }
}

#[cfg(test)]
mod tests {
    use crate::model::place::Position;
    use crate::pipeline::adopt::region::{line, position, range, window};
    use crate::reports::claim::{Region, Unit};

    const TEXT: &str = "one\ntwö 𝄞 x\n\nlast";

    #[test]
    fn lines_are_counted_from_one() {
        for (number, expected) in [(0, None), (1, Some("one")), (2, Some("twö 𝄞 x")), (3, Some("")), (4, Some("last")), (5, None)] {
            assert_eq!(line(TEXT.as_bytes(), number).map(|range| &TEXT[range]), expected, "{number}");
        }
        assert_eq!((line(b"", 1), line(b"a\n", 2)), (Some(0..0), None));
    }

    #[test]
    fn columns_are_counted_in_their_unit() {
        for (columns, unit, expected) in [
            (None, Unit::Bytes, Some("twö 𝄞 x")),
            (Some((1, 4)), Unit::CodePoints, Some("twö")),
            (Some((1, 5)), Unit::Bytes, Some("twö")),
            (Some((7, 8)), Unit::CodePoints, Some("x")),
            (Some((8, 9)), Unit::Utf16, Some("x")),
            (Some((5, u64::MAX)), Unit::Utf16, Some("𝄞 x")),
            (Some((90, 99)), Unit::Bytes, None),
        ] {
            let region = Region { line: Some(2), end_line: None, columns, unit };
            assert_eq!(range(TEXT.as_bytes(), &region).map(|range| &TEXT[range]), expected, "{columns:?} {unit:?}");
        }
        let region = Region { line: Some(2), end_line: Some(4), columns: Some((1, 3)), unit: Unit::Bytes };
        assert_eq!(range(TEXT.as_bytes(), &region).map(|range| &TEXT[range]), Some("twö 𝄞 x\n\nla"));
    }

    #[test]
    fn windows_begin_with_a_line() {
        let text = format!("{}\n{}", "a".repeat(100), "b".repeat(40_000));
        let place = |start: usize| window(text.as_bytes(), &(start..start + 10));
        assert_eq!(place(50).start, 0);
        assert_eq!(place(16_384 + 50).start, 101);
        assert_eq!(place(30_000), 30_000 - 16_384..text.len());
        assert_eq!(position(TEXT.as_bytes(), TEXT.find('x').expect("because it is there")), Position { line: 2, column: 7 });
    }
}
