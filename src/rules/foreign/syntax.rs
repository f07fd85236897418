//! Another tool's regular expression -> a parsed one: its dialect mended, every repetition bounded.

use regex_syntax::hir::{Capture, Hir, HirKind, Repetition};

/// How far repetitions without a bound are followed.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The most repetitions of one byte, or as many as are required.
    pub bytes: u32,
    /// How many more repetitions of a group than are required.
    pub groups: u32,
}

/// The bounds that are tried, widest first: the narrower ones where a rule would reach too far or have too many alternatives.
pub const LIMITS: [Limit; 3] = [Limit { bytes: 4096, groups: 8 }, Limit { bytes: 1024, groups: 4 }, Limit { bytes: 256, groups: 1 }];

/// In whose syntax an expression is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// RE2, as in Go.
    Go,
    /// Crate `regex`.
    Rust,
}

/// Parses an expression; `\w`, `\d` and `\s` are ASCII.
///
/// # Errors
///
/// What the parser does not understand, without the expression itself.
pub fn parse(pattern: &str, dialect: Dialect) -> Result<Hir, String> {
    let mended = mended(pattern, dialect);
    regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(&mended).map_err(|error| match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        _ => "it is no regular expression".to_owned(),
    })
}

/// The same expression in the syntax of crate `regex`.
#[must_use]
pub fn mended(pattern: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Go => from_go(pattern),
        Dialect::Rust => pattern.to_owned(),
    }
}

/// The same expression with every repetition bounded, those of groups narrowly.
#[must_use]
pub fn bounded(hir: &Hir, limit: Limit) -> Hir {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let sub = bounded(&repetition.sub, limit);
            let widest = if is_one_byte(&sub) { repetition.max.or(Some(limit.bytes)) } else { Some(repetition.min.saturating_add(limit.groups)) };
            let max = widest.map(|most| repetition.max.unwrap_or(most).min(most).max(repetition.min));
            Hir::repetition(Repetition { max, sub: Box::new(sub), ..*repetition })
        }
        HirKind::Capture(capture) => {
            Hir::capture(Capture { index: capture.index, name: capture.name.clone(), sub: Box::new(bounded(&capture.sub, limit)) })
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(|part| bounded(part, limit)).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(|part| bounded(part, limit)).collect()),
        _ => hir.clone(),
    }
}

fn is_one_byte(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(_) => true,
        HirKind::Literal(literal) => literal.0.len() == 1,
        HirKind::Capture(capture) => is_one_byte(&capture.sub),
        _ => false,
    }
}

/// In Go a lone brace and a bracket inside a class stand for themselves, classes have no operators, and `\<` is no boundary.
fn from_go(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    let mut class = Class::Outside;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let mut taken = 1;
        match (c, class) {
            ('\\', Class::Outside) if after.starts_with('Q') => {
                let (quoted, tail) = after[1..].split_once("\\E").unwrap_or((&after[1..], ""));
                out.push_str(&regex_syntax::escape(quoted));
                rest = tail;
                continue;
            }
            ('\\', _) => {
                let escaped = after.chars().next();
                if !matches!(escaped, Some('<' | '>')) {
                    out.push('\\');
                }
                out.extend(escaped);
                taken += escaped.map_or(0, char::len_utf8);
            }
            ('[', Class::Outside) => {
                let head = ["[^]", "[]", "[^"].into_iter().find(|head| rest.starts_with(head)).unwrap_or("[");
                match head.strip_suffix(']') {
                    Some(opening) => out.extend([opening, "\\]"]),
                    None => out.push_str(head),
                }
                taken = head.len();
                class = Class::Inside;
            }
            ('[', Class::Inside) if after.starts_with(':') && rest.contains(":]") => {
                taken = rest.find(":]").map_or(1, |at| at + 2);
                out.push_str(&rest[..taken]);
            }
            (']', Class::Inside) => {
                out.push(']');
                class = Class::Outside;
            }
            ('[' | '&' | '~', Class::Inside) => out.extend(['\\', c]),
            ('-', Class::Inside) if after.starts_with('-') => {
                out.push_str("-\\-");
                taken = 2;
            }
            ('{', Class::Outside) if !counts(after) => out.push_str("\\{"),
            _ => {
                out.push(c);
                taken = c.len_utf8();
            }
        }
        rest = &rest[taken..];
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Outside,
    Inside,
}

/// Whether `{` before this begins a repetition: `{2}`, `{2,}`, `{2,3}`.
fn counts(after: &str) -> bool {
    let Some((count, _)) = after.split_once('}') else { return false };
    let (least, most) = count.split_once(',').unwrap_or((count, ""));
    !least.is_empty() && [least, most].iter().all(|number| number.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use crate::rules::foreign::print::pattern;
    use crate::rules::foreign::syntax::{Dialect, LIMITS, bounded, mended, parse};

    #[test]
    fn go_is_read_as_go_means_it() {
        for (go, rust) in [
            (r"^\${[A-Z_]+}$", r"^\$\{[A-Z_]+}$"),
            (r"a{2}b{2,}c{2,3}d{x}", r"a{2}b{2,}c{2,3}d\{x}"),
            (r"['[(]x", r"['\[(]x"),
            (r"[^]]]", r"[^\]]]"),
            (r"[]a]", r"[\]a]"),
            (r"[[:alnum:]_]{3}", r"[[:alnum:]_]{3}"),
            (r"[a&&b~~c]", r"[a\&\&b\~\~c]"),
            (r"[+--]", r"[+-\-]"),
            (r"\<\w+\>", r"<\w+>"),
            (r"[\]\[]", r"[\]\[]"),
            (r"\Qa.b\E.", r"a\.b."),
        ] {
            assert_eq!(mended(go, Dialect::Go), rust, "{go}");
            assert!(parse(go, Dialect::Go).is_ok(), "{go}");
            assert_eq!(mended(go, Dialect::Rust), go);
        }
    }

    #[test]
    fn what_is_unbounded_gets_a_bound() {
        for (written, expected) in [
            ("a+", "a{1,4096}"),
            ("[0-9]{9000,}", "[0-9]{9000}"),
            ("(?:ab)*", "(?:ab){0,8}"),
            ("(?:ab){2,90}", "(?:ab){2,10}"),
            ("a{2,90}?", "a{2,90}?"),
            ("(?:a+b)?", "(?:a{1,4096}b)?"),
        ] {
            let hir = parse(written, Dialect::Rust).expect("because the test's pattern is a regular expression");
            assert_eq!(pattern(&bounded(&hir, LIMITS[0])), expected, "{written}");
        }
    }

    #[test]
    fn what_cannot_be_parsed_is_named_without_its_text() {
        for (written, expected) in [("(?=a)b", "look-around"), ("(a", "unclosed group"), (r"\pL", "Unicode")] {
            let message = parse(written, Dialect::Go).err().unwrap_or_default();
            assert!(message.contains(expected) && !message.contains(written), "{written}: {message}");
        }
    }
}
