//! Reads forwards from a name to the value that it introduces.

use crate::scan::introducer::{LOOK_BACK, SCHEMES};

/// The value that a name introduces, read forwards from any byte of the name.
#[must_use]
pub fn value_after(bytes: &[u8], inside: usize) -> Option<usize> {
    let end = bytes.len().min(inside + LOOK_BACK);
    let skip = |at: usize, test: &dyn Fn(u8) -> bool| at + bytes[at..end].iter().take_while(|b| test(**b)).count();
    let name_end = skip(inside, &|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let closed = skip(name_end, &|b| b"\"'`\\])".contains(&b));
    let spaced = skip(closed, &|b| b == b' ' || b == b'\t');
    let operator = skip(spaced, &|b| b"=:>,!?".contains(&b));
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
            ("password: Basic dXNlcg", "dXNlcg"),
        ] {
            let inside = text.to_ascii_lowercase().find("assw").unwrap_or(0);
            assert_eq!(value_after(text.as_bytes(), inside).map(|at| &text[at..]), Some(value), "{text}");
        }
        assert_eq!(value_after(b"password", 1), None);
    }
}
