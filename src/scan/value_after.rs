//! Reads forwards from a name to the value that it introduces.

use std::ops::Range;

use crate::scan::back::LOOK_BACK;
use crate::scan::introducer::SCHEMES;

/// Words between a name and its value: fields that hold the value of a name given beside them, and types.
const BETWEEN: [&[u8]; 14] =
    [b"value", b"Value", b"val", b"content", b"string", b"stringValue", b"text", b"default", b"data", b"String", b"str", b"char", b"bytes", b"const"];

/// The value that a name introduces, read forwards from any byte of the name.
#[must_use]
pub fn value_after(bytes: &[u8], inside: usize) -> Option<usize> {
    let end = bytes.len().min(inside + LOOK_BACK);
    let name_end = skip(bytes, inside..end, |b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let value = after_name(bytes, name_end..end)?;
    let value = block_scalar(bytes, value..end).unwrap_or(value);
    let word = &bytes[value..skip(bytes, value..end, |b| b.is_ascii_alphanumeric() || b == b'-')];
    if SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme.as_bytes())) && bytes.get(value + word.len()) == Some(&b' ') {
        return Some(skip(bytes, value + word.len()..end, |b| b == b' '));
    }
    let value = if BETWEEN.contains(&word) { after_field(bytes, value + word.len()..end).unwrap_or(value) } else { value };
    (value < end).then_some(value)
}

/// How far bytes go on that pass the test.
fn skip(bytes: &[u8], range: Range<usize>, test: impl Fn(u8) -> bool) -> usize {
    range.start + bytes.get(range).map_or(0, |rest| rest.iter().take_while(|b| test(**b)).count())
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn is_quote(byte: u8) -> bool {
    b"\"'`\\".contains(&byte)
}

/// Over the quotes, brackets and operators that end a name; also into a call, `setPassword("x")`, and over a reference, `password: &str`.
fn after_name(bytes: &[u8], range: Range<usize>) -> Option<usize> {
    let (name_end, end) = (range.start, range.end);
    let closed = skip(bytes, name_end..end, |b| is_quote(b) || b"])".contains(&b));
    if bytes[closed..end].starts_with(b"(") && bytes.get(closed + 1).is_some_and(|b| is_quote(*b)) {
        return Some(skip(bytes, closed + 1..end, is_quote));
    }
    if let Some(field) = next_field(bytes, closed..end) {
        return Some(field);
    }
    let spaced = skip(bytes, closed..end, is_blank);
    let operator = spaced + operator_length(&bytes[spaced..end]);
    if operator == spaced && spaced == closed {
        return None;
    }
    let blank = skip(bytes, operator..end, is_blank);
    let reference = if bytes[blank..end].starts_with(b"&'static ") { 9 } else { usize::from(bytes[blank..end].starts_with(b"&str ")) };
    Some(skip(bytes, blank + reference..end, is_quote))
}

/// The field that holds the value of a name: on the next line of YAML, in the next attribute, in the next element of a property list.
fn next_field(bytes: &[u8], range: Range<usize>) -> Option<usize> {
    let rest = &bytes[range.clone()];
    let closing = if rest.starts_with(b"</") { memchr::memchr(b'>', rest)? + 1 } else { 0 };
    let comma = usize::from(closing == 0 && rest.first() == Some(&b','));
    let field = skip(bytes, range.start + closing + comma..range.end, |b| b.is_ascii_whitespace() || is_quote(b) || b == b'<');
    let word = &bytes[field..skip(bytes, field..range.end, |b| b.is_ascii_alphanumeric())];
    BETWEEN.contains(&word).then_some(field)
}

/// After `|`, `>-` and the like, a YAML value stands on the next line.
fn block_scalar(bytes: &[u8], range: Range<usize>) -> Option<usize> {
    let marks = skip(bytes, range.clone(), |b| b"|>+-".contains(&b));
    let broken = marks > range.start && matches!(bytes.get(marks), Some(b'\r' | b'\n'));
    broken.then(|| skip(bytes, marks..range.end, |b| b.is_ascii_whitespace()))
}

/// The value of the field whose name ends here: over quotes, brackets, `:`, `=`, and a further field (`"value": {"stringValue": `).
fn after_field(bytes: &[u8], range: Range<usize>) -> Option<usize> {
    let value = skip(bytes, range.clone(), |b| is_quote(b) || is_blank(b) || b":=>{".contains(&b));
    let word = &bytes[value..skip(bytes, value..range.end, |b| b.is_ascii_alphanumeric())];
    let operator = bytes[range.start..value].iter().any(|b| b":=>".contains(b));
    if operator && BETWEEN.contains(&word) {
        return after_field(bytes, value + word.len()..range.end).or(Some(value));
    }
    operator.then_some(value)
}

/// The length of the operator that a text begins with: `!=`, `?=`, `?:` and a shell's `:?` are such, a mark that begins the value is not.
fn operator_length(text: &[u8]) -> usize {
    let goes_on = |at: usize| match (text[at], text.get(at + 1)) {
        (b'=' | b'>', _) => true,
        (b':' | b',', _) => !text[..at].contains(&b'='),
        (b'?', _) if text[..at].ends_with(b":") => true,
        (b'!' | b'?', Some(next)) => b"=:?".contains(next),
        _ => false,
    };
    (0..text.len()).take_while(|at| goes_on(*at)).count()
}

#[cfg(test)]
mod tests {
    use crate::scan::value_after::value_after;

    #[test]
    fn values_are_found_from_their_names() {
        for (text, value) in [
            ("password=hunter2", "hunter2"),
            ("\"password\": \"hunter2\"", "hunter2\""),
            ("DB_PASSWORD := 'hunter2'", "hunter2'"),
            ("password hunter2", "hunter2"),
            ("password>hunter2<", "hunter2<"),
            ("password != 'hunter2'", "hunter2'"),
            ("Password=!hunt;", "!hunt;"),
            ("Password=:hunt;", ":hunt;"),
            ("password: Basic dXNlcg", "dXNlcg"),
            ("password: |\n    hunter2", "hunter2"),
            ("setPassword(\"hunter2\")", "hunter2\")"),
            ("{\"name\": \"DB_PASSWORD\", \"value\": \"hunter2\"}", "hunter2\"}"),
            ("- name: DB_PASSWORD\n  value: hunter2", "hunter2"),
            ("<add key=\"Password\" value=\"hunter2\"/>", "hunter2\"/>"),
            ("<key>Password</key>\n  <string>hunter2</string>", "hunter2</string>"),
            ("{\"key\":\"password\",\"value\":{\"stringValue\":\"hunter2\"}}", "hunter2\"}}"),
            ("password: String = \"hunter2\"", "hunter2\""),
            ("PASSWORD: &str = \"hunter2\"", "hunter2\""),
            ("password: string", "string"),
        ] {
            let inside = text.to_ascii_lowercase().find("assw").unwrap_or(0);
            assert_eq!(value_after(text.as_bytes(), inside).map(|at| &text[at..]), Some(value), "{text}");
        }
        assert_eq!(value_after(b"password", 1), None);
    }
}
