//! Values under the name of their column: `INSERT INTO t (a, b) VALUES (...)`, `COPY t (a, b) FROM stdin`, and rows of CSV below their header.
//!
//! Only rows that begin near the names are read: this keeps the work and the reach of a name bounded.

use std::ops::Range;

/// How far after a column's name its values may stand, in bytes.
pub const REACH: usize = 2048;
/// How far before a column's name its list may begin, in bytes.
const LIST: usize = 512;
/// The most columns of a table.
const MOST: usize = 64;

/// How rows are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rows {
    /// `(1, 'x'), (2, 'y');`
    Tuples,
    /// A line each, cells separated by this byte.
    Lines(u8),
}

/// Calls `found` with the first byte of each value in the column whose name holds the byte at `inside`, and with the name's place.
pub fn each_value(bytes: &[u8], inside: usize, mut found: impl FnMut(usize, Range<usize>)) {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let start = inside - bytes[..inside].iter().rev().take(64).take_while(|b| is_name(b)).count();
    let end = inside + bytes[inside..].iter().take(64).take_while(|b| is_name(b)).count();
    let stop = bytes.len().min(end + REACH);
    let Some((column, rows, first)) = table(bytes, start..end, stop) else { return };
    let mut at = first;
    while let Some((cell, next)) = match rows {
        Rows::Tuples => tuple(&bytes[..stop], at, column),
        Rows::Lines(separator) => line(&bytes[..stop], at, separator, column),
    } {
        found(cell, start..end);
        at = next;
    }
}

/// The number of the column with this name, how its rows are written, and where the first begins.
fn table(bytes: &[u8], name: Range<usize>, stop: usize) -> Option<(usize, Rows, usize)> {
    let after = name.end + bytes[name.end..stop].iter().take_while(|b| b"\"'`]".contains(b)).count();
    let next = after + bytes[after..stop].iter().take_while(|b| **b == b' ').count();
    if !matches!(bytes.get(next)?, b',' | b')' | b';' | b'\t' | b'\n' | b'\r') {
        return None;
    }
    let before = &bytes[name.start.saturating_sub(LIST)..name.start];
    match memchr::memrchr3(b'(', b')', b';', before).filter(|at| before[*at] == b'(') {
        Some(open) => listed(bytes, &before[open + 1..], next, stop),
        None => headed(bytes, name, stop),
    }
}

/// A list in parentheses, after which the rows are announced; `before` is what stands in it before the column.
fn listed(bytes: &[u8], before: &[u8], from: usize, stop: usize) -> Option<(usize, Rows, usize)> {
    let is_list = |list: &[u8]| list.iter().all(|b| b.is_ascii_alphanumeric() || b.is_ascii_whitespace() || b"_,\"'`[].".contains(b));
    let close = from + memchr::memchr(b')', &bytes[from..stop.min(from + LIST)])?;
    if !is_list(before) || !is_list(&bytes[from..close]) {
        return None;
    }
    let column = memchr::memchr_iter(b',', before).count();
    let rest = &bytes[close + 1..stop];
    let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let word = rest.get(blanks..blanks + 6)?;
    let first = close + 1 + blanks + 6;
    if word.eq_ignore_ascii_case(b"VALUES") {
        return Some((column, Rows::Tuples, first));
    }
    let end = memchr::memchr(b'\n', rest)?;
    word.eq_ignore_ascii_case(b"FROM S").then_some((column, Rows::Lines(b'\t'), close + 2 + end))
}

/// The header of CSV: a line of names and nothing else.
fn headed(bytes: &[u8], name: Range<usize>, stop: usize) -> Option<(usize, Rows, usize)> {
    let floor = name.start.saturating_sub(LIST);
    let start = memchr::memrchr(b'\n', &bytes[floor..name.start]).map_or(floor, |at| floor + at + 1);
    let end = name.end + memchr::memchr(b'\n', &bytes[name.end..stop.min(name.end + LIST)])?;
    if start == floor && floor > 0 {
        return None;
    }
    let header = bytes[start..end].trim_ascii_end();
    let separator = *header.iter().find(|b| b",;\t".contains(b))?;
    let is_cell = |cell: &[u8]| {
        let bare = cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell);
        !bare.trim_ascii().is_empty() && bare.iter().all(|b| b.is_ascii_alphanumeric() || b"_-. ".contains(b))
    };
    let cells = header.split(|b| *b == separator);
    if !cells.clone().all(is_cell) || cells.count() > MOST {
        return None;
    }
    let column = memchr::memchr_iter(separator, &bytes[start..name.start]).count();
    Some((column, Rows::Lines(separator), end + 1))
}

/// The wanted cell of the next tuple, and where the one after it may begin.
fn tuple(bytes: &[u8], from: usize, column: usize) -> Option<(usize, usize)> {
    let open = from + bytes.get(from..)?.iter().position(|b| !b.is_ascii_whitespace() && *b != b',')?;
    if bytes[open] != b'(' {
        return None;
    }
    let (mut number, mut cell, mut at) = (0, None, open + 1);
    loop {
        at += bytes.get(at..)?.iter().position(|b| !b.is_ascii_whitespace())?;
        let quoted = bytes[at] == b'\'' || bytes[at] == b'"';
        if number == column {
            cell = Some(at + usize::from(quoted));
        }
        at = if quoted { end_of_string(bytes, at)? } else { at };
        at += bytes.get(at..)?.iter().position(|b| matches!(b, b',' | b')'))?;
        if bytes[at] == b')' {
            return Some((cell?, at + 1));
        }
        number += 1;
        at += 1;
    }
}

/// Where a string ends that begins with its quote; a doubled or escaped quote belongs to it.
fn end_of_string(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = bytes[start];
    let mut at = start + 1;
    loop {
        at += bytes.get(at..)?.iter().position(|b| *b == quote || *b == b'\\')?;
        match (bytes[at], bytes.get(at + 1)) {
            (b'\\', _) => at += 2,
            (_, Some(next)) if *next == quote => at += 2,
            _ => return Some(at + 1),
        }
    }
}

/// The wanted cell of a line, and where the next line begins; no line where the table ends.
fn line(bytes: &[u8], from: usize, separator: u8, column: usize) -> Option<(usize, usize)> {
    let rest = bytes.get(from..).filter(|rest| !rest.is_empty())?;
    let end = memchr::memchr(b'\n', rest);
    let line = &rest[..end.unwrap_or(rest.len())];
    let mut at = 0;
    for _ in 0..column {
        at = if line.get(at) == Some(&b'"') { end_of_string(line, at)? } else { at };
        at += memchr::memchr(separator, line.get(at..)?)? + 1;
    }
    let quoted = usize::from(line.get(at) == Some(&b'"'));
    // The last line has no line after it.
    Some((from + at + quoted, end.map_or(bytes.len(), |end| from + end + 1)))
}

#[cfg(test)]
mod tests {
    use crate::scan::column::each_value;

    fn check(text: &str, expected: &[&str]) {
        let mut found = Vec::new();
        each_value(text.as_bytes(), text.find("assw").unwrap_or_default(), |at, name| {
            assert_eq!(&text[name], "password");
            found.push(text[at..].split(|c| "',\t\n\");".contains(c)).next().unwrap_or_default());
        });
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn values_stand_under_their_column() {
        check("INSERT INTO users (id, name, password) VALUES (1, 'ann', 'h1'), (2, 'it''s (b)', 'h2');", &["h1", "h2"]);
        check("insert into `u` (`password`,`id`)\nvalues\n ('h1',1),\n ('h2',2);", &["h1", "h2"]);
        check("COPY public.users (id, password, mail) FROM stdin;\n1\th1\ta@b\n2\th2\tc@d\n\\.\n", &["h1", "h2"]);
        check("id,password,mail\n1,h1,a\n2,h2,b\n", &["h1", "h2"]);
        check("name;password\n\"a;b\";\"h1\"", &["h1"]);
        check("login(user, password)\nvalues", &[]);
        check("from x import (\n  password,\n  other,\n)", &[]);
        check("def f(name, password):\n  (1, 2)", &[]);
        check("user, password := split(x, y)\nfoo, bar", &[]);
    }
}
