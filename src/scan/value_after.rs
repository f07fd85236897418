//! Reads forwards from a name to the value that it introduces.

use crate::scan::back::LOOK_BACK;
use crate::scan::introducer::SCHEMES;

/// The value that a name introduces, read forwards from any byte of the name.
#[must_use]
pub fn value_after(bytes: &[u8], inside: usize) -> Option<usize> {
    let end = bytes.len().min(inside + LOOK_BACK);
    let skip = |at: usize, test: &dyn Fn(u8) -> bool| at + bytes[at..end].iter().take_while(|b| test(**b)).count();
    let name_end = skip(inside, &|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let closed = skip(name_end, &|b| b"\"'`\\])".contains(&b));
    let spaced = skip(closed, &|b| b == b' ' || b == b'\t');
    let operator = spaced + operator_length(&bytes[spaced..end]);
    if operator == spaced && spaced == closed {
        return None;
    }
    let blank = skip(operator, &|b| b == b' ' || b == b'\t');
    let value = skip(blank, &|b| b"\"'`\\".contains(&b));
    let word = &bytes[value..skip(value, &|b| b.is_ascii_alphanumeric() || b == b'-')];
    if SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme.as_bytes())) && bytes.get(value + word.len()) == Some(&b' ') {
        return Some(skip(value + word.len(), &|b| b == b' '));
    }
    (value < end).then_some(value)
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
        ] {
            let inside = text.to_ascii_lowercase().find("assw").unwrap_or(0);
            assert_eq!(value_after(text.as_bytes(), inside).map(|at| &text[at..]), Some(value), "{text}");
        }
        assert_eq!(value_after(b"password", 1), None);
    }
}
