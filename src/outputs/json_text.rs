//! Writes JSON in which no hidden character stands raw: `\u202e` says the same to a parser and does nothing to a terminal.

use std::io;
use std::io::Write;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use crate::outputs::escape::is_hidden;

/// Writes a value as compact JSON on one line.
///
/// # Errors
///
/// What `out` says when it cannot be written.
pub fn write_json<T: Serialize + ?Sized>(out: &mut dyn Write, value: &T) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, SafeFormatter)).map_err(io::Error::from)
}

/// A value as compact JSON on one line, with a line feed at its end.
///
/// # Errors
///
/// When a value cannot be serialized, which no type of this crate does.
pub fn json_line<T: Serialize + ?Sized>(value: &T) -> io::Result<Vec<u8>> {
    let mut line = Vec::with_capacity(1024);
    write_json(&mut line, value)?;
    line.push(b'\n');
    Ok(line)
}

struct SafeFormatter;

impl Formatter for SafeFormatter {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut written = 0;
        let mut previous = '\0';
        for (at, character) in fragment.char_indices() {
            if is_hidden(character) || (character == '#' && previous == '#') {
                writer.write_all(&fragment.as_bytes()[written..at])?;
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
                written = at + character.len_utf8();
                previous = '\0';
            } else {
                previous = character;
            }
        }
        writer.write_all(&fragment.as_bytes()[written..])
    }
}

#[cfg(test)]
mod tests {
    use crate::outputs::json_text::json_line;

    #[test]
    fn hidden_characters_are_escaped_and_read_back_as_they_were() {
        let text = "a\n\u{1b}\u{9b}\u{202e}\u{e0041}\"\\ ##vso[x] ü";
        let line = String::from_utf8(json_line(text).unwrap()).unwrap();
        assert_eq!(line, "\"a\\n\\u001b\\u009b\\u202e\\udb40\\udc41\\\"\\\\ #\\u0023vso[x] ü\"\n");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }
}
