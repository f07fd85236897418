//! Fields of access log lines: bare words, `"quoted"` and `[bracketed]` ones, with a space between.

/// One field, without what stands around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field<'a> {
    /// A bare word.
    Word(&'a str),
    /// What stands in quotes, as written: a backslash keeps a quote from ending it.
    Quoted(&'a str),
    /// What stands in brackets.
    Bracketed(&'a str),
}

impl<'a> Field<'a> {
    /// Its text; `None` for `-` and for an empty one.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        let (Self::Word(text) | Self::Quoted(text) | Self::Bracketed(text)) = self;
        (!matches!(text, "" | "-")).then_some(text)
    }

    /// What stands in quotes.
    #[must_use]
    pub fn quoted(self) -> Option<&'a str> {
        if let Self::Quoted(text) = self { Some(text) } else { None }
    }

    /// What stands in brackets.
    #[must_use]
    pub fn bracketed(self) -> Option<&'a str> {
        if let Self::Bracketed(text) = self { Some(text) } else { None }
    }

    /// An HTTP status.
    #[must_use]
    pub fn status(self) -> Option<i64> {
        if let Self::Word(text) = self { text.parse().ok().filter(|status| (100..600).contains(status)) } else { None }
    }
}

/// The most fields that are looked at.
const MAX_FIELDS: usize = 64;

/// The fields of a line; one that is not closed takes the line's rest.
#[must_use]
pub fn split(line: &str) -> Vec<Field<'_>> {
    let mut fields = Vec::with_capacity(16);
    let mut rest = line.trim();
    while !rest.is_empty() && fields.len() < MAX_FIELDS {
        let (field, after) = match rest.as_bytes()[0] {
            b'"' => {
                let (text, after) = cut(rest, end_of_quoted(rest));
                (Field::Quoted(text), after)
            }
            b'[' if !is_address(rest) => {
                let (text, after) = cut(rest, rest.find(']'));
                (Field::Bracketed(text), after)
            }
            _ => {
                let (text, after) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
                (Field::Word(text), after)
            }
        };
        fields.push(field);
        rest = after.trim_start();
    }
    fields
}

/// What stands between the first octet and `end`, and what follows.
fn cut(text: &str, end: Option<usize>) -> (&str, &str) {
    match end {
        Some(end) => (&text[1..end], &text[end + 1..]),
        None => (&text[1..], ""),
    }
}

/// Whether brackets belong to a word, as in `[2001:db8::1]:443`.
fn is_address(text: &str) -> bool {
    text.find(']').is_some_and(|end| text.as_bytes().get(end + 1) == Some(&b':'))
}

fn end_of_quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    let ends = |b: u8| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    };
    text.bytes().skip(1).position(ends).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use crate::observe::fields::Field::{Bracketed, Quoted, Word};
    use crate::observe::fields::{Field, split};

    #[test]
    fn lines_fall_into_fields() {
        for (line, expected) in [
            ("a - [b c] \"d e\" 200", vec![Word("a"), Word("-"), Bracketed("b c"), Quoted("d e"), Word("200")]),
            (r#""a \"b\" \\" c"#, vec![Quoted(r#"a \"b\" \\"#), Word("c")]),
            ("[2001:db8::1]:443 c", vec![Word("[2001:db8::1]:443"), Word("c")]),
            ("\"a\"b", vec![Quoted("a"), Word("b")]),
            ("\"open", vec![Quoted("open")]),
            ("[öffen", vec![Bracketed("öffen")]),
            ("\"", vec![Quoted("")]),
            ("  ", vec![]),
        ] {
            assert_eq!(split(line), expected, "{line}");
        }
        assert_eq!((Word("-").text(), Word("404").status(), Word("99").status()), (None, Some(404), None));
        assert_eq!((Field::Quoted("x").quoted(), Field::Word("x").bracketed()), (Some("x"), None));
    }
}
