//! Makes text from scanned data harmless to show: nothing in it moves a cursor, reorders a line or commands a build server.
//!
//! **Invariant:** what `visible` returns is one line without control, bidirectional or invisible characters, and holds no `##`,
//! which some build servers read as a command wherever it stands in a line (`##[...]`, `##vso[...]`).

use std::fmt::Write;

/// Whether a character could change how the text around it is shown, or cannot be seen.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with hidden characters as `\n`, `\r`, `\t`, `\x1b`, `\u202e` or `\U000e0041`.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        push_visible(&mut shown, character);
    }
    shown
}

/// Bytes that should be UTF-8, with hidden characters as in [`visible`] and bytes that are no UTF-8 as `\xff`.
#[must_use]
pub fn visible_bytes(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            push_visible(&mut shown, character);
        }
        for byte in chunk.invalid() {
            push_byte(&mut shown, *byte);
        }
    }
    shown
}

/// The text as one Markdown code span, in which nothing is a link, an image or a mention.
#[must_use]
pub fn code(text: &str) -> String {
    format!("`{}`", visible(text).replace('`', "\\x60"))
}

/// Percent-encodes every byte but RFC 3986's unreserved characters and `/`.
#[must_use]
pub fn percent(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(byte) {
            encoded.push(char::from(*byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("because writing to a String does not fail");
        }
    }
    encoded
}

fn push_visible(shown: &mut String, character: char) {
    let code = u32::from(character);
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        '#' if shown.ends_with('#') => shown.push_str("\\x23"),
        _ if !is_hidden(character) => shown.push(character),
        '\0'..='\u{ff}' => write!(shown, "\\x{code:02x}").expect("because writing to a String does not fail"),
        '\u{100}'..='\u{ffff}' => write!(shown, "\\u{code:04x}").expect("because writing to a String does not fail"),
        _ => write!(shown, "\\U{code:08x}").expect("because writing to a String does not fail"),
    }
}

fn push_byte(shown: &mut String, byte: u8) {
    write!(shown, "\\x{byte:02x}").expect("because writing to a String does not fail");
}

#[cfg(test)]
mod tests {
    use crate::outputs::escape::{code, percent, visible, visible_bytes};

    #[test]
    fn hidden_characters_become_visible_and_the_rest_stays() {
        let cases = [
            ("plain – ünï\\x", "plain – ünï\\x"),
            ("a\nb\r\t", "a\\nb\\r\\t"),
            ("\u{1b}[31m\u{9b}2J\u{7f}", "\\x1b[31m\\x9b2J\\x7f"),
            ("\u{202e}txt\u{2066}\u{feff}\u{e0041}", "\\u202etxt\\u2066\\ufeff\\U000e0041"),
            ("##[group]###", "#\\x23[group]#\\x23#"),
        ];
        for (input, expected) in cases {
            assert_eq!(visible(input), expected);
            assert_eq!(visible_bytes(input.as_bytes()), expected);
        }
    }

    #[test]
    fn bytes_that_are_no_utf8_are_shown_exactly() {
        assert_eq!(visible_bytes(b"caf\xe9/\xff.env"), "caf\\xe9/\\xff.env");
        assert_eq!(percent(b"caf\xe9/a b%:#?"), "caf%E9/a%20b%25%3A%23%3F");
    }

    #[test]
    fn a_code_span_cannot_be_left() {
        assert_eq!(code("a` ![x](https://host.example.test)"), "`a\\x60 ![x](https://host.example.test)`");
    }
}
