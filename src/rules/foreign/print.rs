//! A parsed expression -> its text, as short as a person would write it; captures and assertions are left out.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// What stands for something else outside of classes, and inside of them.
const OUTSIDE: &str = r"\.+*?()|[]{}^$";
const IN_CLASS: &str = r"\]^-[&~";

/// The text of an expression.
#[must_use]
pub fn pattern(hir: &Hir) -> String {
    let mut out = String::new();
    write(hir, &mut out);
    out
}

fn write(hir: &Hir, out: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => literal.0.iter().for_each(|byte| write_byte(*byte, OUTSIDE, out)),
        HirKind::Class(class) => write_class(class, out),
        HirKind::Repetition(repetition) => write_repetition(repetition, out),
        HirKind::Capture(capture) => write(&capture.sub, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write(part, out)),
        HirKind::Alternation(parts) => {
            let parts: Vec<String> = parts.iter().map(pattern).collect();
            out.push_str(&format!("(?:{})", parts.join("|")));
        }
    }
}

fn write_repetition(repetition: &Repetition, out: &mut String) {
    let sub = pattern(&repetition.sub);
    let is_one =
        sub.len() == 1 || (sub.len() == 2 && sub.starts_with('\\')) || matches!(repetition.sub.kind(), HirKind::Class(_) | HirKind::Alternation(_));
    out.push_str(&if is_one { sub } else { format!("(?:{sub})") });
    match (repetition.min, repetition.max) {
        (0, Some(1)) => out.push('?'),
        (min, Some(max)) if min == max => out.push_str(&format!("{{{min}}}")),
        (min, Some(max)) => out.push_str(&format!("{{{min},{max}}}")),
        (min, None) => out.push_str(&format!("{{{min},}}")),
    }
    if !repetition.greedy && repetition.max != Some(repetition.min) {
        out.push('?');
    }
}

fn write_class(class: &Class, out: &mut String) {
    let ranges: Vec<(u8, u8)> = match class {
        Class::Bytes(class) => class.iter().map(|range| (range.start(), range.end())).collect(),
        Class::Unicode(class) => {
            class.to_byte_class().map(|class| class.iter().map(|range| (range.start(), range.end())).collect()).unwrap_or_default()
        }
    };
    out.push('[');
    for (start, end) in ranges {
        write_byte(start, IN_CLASS, out);
        if end > start + 1 {
            out.push('-');
        }
        if end > start {
            write_byte(end, IN_CLASS, out);
        }
    }
    out.push(']');
}

fn write_byte(byte: u8, meta: &str, out: &mut String) {
    match byte {
        b'\n' => out.push_str(r"\n"),
        b'\r' => out.push_str(r"\r"),
        b'\t' => out.push_str(r"\t"),
        b' '..=b'~' => {
            if meta.contains(char::from(byte)) {
                out.push('\\');
            }
            out.push(char::from(byte));
        }
        _ => out.push_str(&format!(r"\x{byte:02X}")),
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::foreign::print::pattern;
    use crate::rules::foreign::syntax::{Dialect, parse};

    #[test]
    fn what_is_printed_is_the_same_expression() {
        for (written, expected) in [
            (r"\b(ab\.c)\b", r"ab\.c"),
            ("(?i)ab", "[Aa][Bb]"),
            (r"[\w-]{3}", r"[\-0-9A-Z_a-z]{3}"),
            (r"(?:a|bc)?d{2,3}?", "(?:a|bc)?d{2,3}?"),
            (r"[^a]", r"[\x00-`b-\xFF]"),
            (r"[\s]\x60", r"[\t-\r ]`"),
            (r"(?:ab){2}", "(?:ab){2}"),
            (r"\-\#", "-#"),
        ] {
            let hir = parse(written, Dialect::Rust).expect("because the test's pattern is a regular expression");
            let printed = pattern(&hir);
            assert_eq!(printed, expected, "{written}");
            let again = parse(&printed, Dialect::Rust).expect("because it was printed");
            assert_eq!(pattern(&again), printed, "{written}");
        }
    }
}
