//! Bytes -> JSON in one pass.
//!
//! **Invariant:** what is no JSON (RFC 8259), is no UTF-8 or nests more than [`DEEPEST`] deep is refused; nothing panics.

use bumpalo::Bump;
use bumpalo::collections::Vec;

use crate::observe::value::{Number, Object, Value};

/// How deep arrays and objects may nest.
pub const DEEPEST: u32 = 127;

impl<'a> Value<'a> {
    /// Reads a whole text; what does not stand in it is put into the arena.
    #[must_use]
    pub fn read(bytes: &'a [u8], arena: &'a Bump) -> Option<Self> {
        let mut reader = Reader::new(bytes, arena)?;
        let value = reader.value()?;
        reader.is_done().then_some(value)
    }

    /// Reads a whole text that is an object, and hands its members over without keeping them; `None` where it is none, and then some may have
    /// been handed over.
    pub fn each_member(bytes: &'a [u8], arena: &'a Bump, mut take: impl FnMut(&str, &Self)) -> Option<()> {
        let mut reader = Reader::new(bytes, arena)?;
        if reader.take() != b'{' {
            return None;
        }
        reader.depth = 1;
        reader.members(|name, value| take(name, &value))?;
        reader.is_done().then_some(())
    }
}

/// How far a text was read.
struct Reader<'a> {
    text: &'a str,
    arena: &'a Bump,
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], arena: &'a Bump) -> Option<Self> {
        Some(Self { text: std::str::from_utf8(bytes).ok()?, arena, at: 0, depth: 0 })
    }

    /// Whether only blanks are left.
    fn is_done(&mut self) -> bool {
        self.next();
        self.at == self.text.len()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not blank, which is not taken; 0 at the end, and nothing begins with that.
    fn next(&mut self) -> u8 {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(byte) => return byte,
                None => return 0,
            }
        }
    }

    /// Takes the next byte that is not blank.
    fn take(&mut self) -> u8 {
        let next = self.next();
        self.at += 1;
        next
    }

    fn value(&mut self) -> Option<Value<'a>> {
        match self.next() {
            b'"' => self.string().map(Value::Str),
            b'{' => self.nested(Self::object),
            b'[' => self.nested(Self::array),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Option<Value<'a>> {
        let found = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        found.then_some(value)
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Value<'a>>) -> Option<Value<'a>> {
        self.at += 1;
        self.depth += 1;
        let value = if self.depth > DEEPEST { None } else { read(self) };
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Option<Value<'a>> {
        let mut entries = Vec::new_in(self.arena);
        self.members(|name, value| entries.push((name, value)))?;
        Some(Value::Object(Object::new(entries.into_bump_slice())))
    }

    /// The members of an object whose brace was taken.
    fn members(&mut self, mut take: impl FnMut(&'a str, Value<'a>)) -> Option<()> {
        if self.next() == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            let name = if self.next() == b'"' { self.string()? } else { return None };
            let value = if self.take() == b':' { self.value()? } else { return None };
            take(name, value);
            match self.take() {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    fn array(&mut self) -> Option<Value<'a>> {
        let mut values = Vec::new_in(self.arena);
        if self.next() == b']' {
            self.at += 1;
            return Some(Value::Array(&[]));
        }
        loop {
            values.push(self.value()?);
            match self.take() {
                b',' => {}
                b']' => break,
                _ => return None,
            }
        }
        Some(Value::Array(values.into_bump_slice()))
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    fn number(&mut self) -> Option<Value<'a>> {
        let first = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        match self.peek()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Some(Value::Number(Number::new(&self.text[first..self.at])))
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        let first = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        (self.at > first).then_some(())
    }

    /// A text whose quotation mark is the next byte.
    fn string(&mut self) -> Option<&'a str> {
        self.at += 1;
        let first = self.at;
        self.at += plain(&self.text.as_bytes()[first..]);
        if self.peek()? == b'"' {
            self.at += 1;
            return Some(&self.text[first..self.at - 1]);
        }
        let mut whole = String::from(&self.text[first..self.at]);
        loop {
            let next = self.peek()?;
            self.at += 1;
            match next {
                b'"' => return Some(self.arena.alloc_str(&whole)),
                b'\\' => whole.push(self.escaped()?),
                // A control character.
                _ => return None,
            }
            let first = self.at;
            self.at += plain(&self.text.as_bytes()[first..]);
            whole.push_str(&self.text[first..self.at]);
        }
    }

    /// The character that stands behind a backslash.
    fn escaped(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.unit()?;
                if !(0xd800..0xdc00).contains(&unit) {
                    return char::from_u32(unit);
                }
                let follows = self.text.as_bytes()[self.at..].starts_with(b"\\u");
                self.at += 2;
                let low = if follows { self.unit()? } else { return None };
                let low = (0xdc00..0xe000).contains(&low).then_some(low)?;
                return char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
            }
            _ => return None,
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
    }
}

/// How many bytes come before a quotation mark, a backslash, a control character or the end.
fn plain(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(sixteen) = bytes[at..].first_chunk::<16>() {
        let ([low, high], _) = sixteen.as_chunks() else { unreachable!("because twice eight is sixteen") };
        let (low, high) = (stops(*low), stops(*high));
        if low | high != 0 {
            let bits = if low != 0 { low.trailing_zeros() } else { 64 + high.trailing_zeros() };
            return at + (bits / 8) as usize;
        }
        at += 16;
    }
    at + bytes[at..].iter().take_while(|b| !matches!(b, b'"' | b'\\' | 0..0x20)).count()
}

/// The high bit of each byte at which plain text stops; behind the first such one they say nothing.
fn stops(eight: [u8; 8]) -> u64 {
    const LOW: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let word = u64::from_le_bytes(eight);
    // The high bit of each byte that is zero, or below 0x20; a borrow reaches only bytes behind the first such one.
    let zero = |word: u64| word.wrapping_sub(LOW) & !word & HIGH;
    zero(word ^ (LOW * u64::from(b'"'))) | zero(word ^ (LOW * u64::from(b'\\'))) | (word.wrapping_sub(LOW * 0x20) & !word & HIGH)
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;
    use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};
    use serde_json::Value as Theirs;

    use crate::observe::value::Value;

    /// The same as another library reads it.
    fn same(ours: &Value<'_>, theirs: &Theirs) -> bool {
        match (ours, theirs) {
            (Value::Null, Theirs::Null) => true,
            (Value::Bool(one), Theirs::Bool(other)) => one == other,
            (Value::Number(_), Theirs::Number(other)) => (other.is_f64() || ours.as_i64() == other.as_i64()) && ours.as_f64() == other.as_f64(),
            (Value::Str(one), Theirs::String(other)) => one == other,
            (Value::Array(one), Theirs::Array(other)) => one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other)),
            (Value::Object(one), Theirs::Object(other)) => {
                // Of a key that stands twice the other library keeps the last.
                let single = |name: &str| one.iter().filter(|(key, _)| *key == name).count() == 1;
                one.iter().all(|(name, value)| other.get(name).is_some_and(|other| !single(name) || same(value, other)))
                    && other.keys().all(|name| one.get(name).is_some())
            }
            _ => false,
        }
    }

    /// `serde_json` is the judge, but for numbers that are out of a float's range.
    fn check(bytes: &[u8]) {
        let shown = String::from_utf8_lossy(bytes);
        match (Value::read(bytes, &Bump::new()), serde_json::from_slice::<Theirs>(bytes)) {
            (Some(ours), Ok(theirs)) => assert!(same(&ours, &theirs), "{shown}"),
            (None, Err(_)) => {}
            (Some(_), Err(error)) => assert!(error.to_string().contains("out of range"), "{shown}: {error}"),
            (None, Ok(_)) => panic!("refused: {shown}"),
        }
    }

    fn tree() -> impl Strategy<Value = Theirs> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Theirs::from),
            any::<i64>().prop_map(Theirs::from),
            any::<f64>().prop_map(Theirs::from),
            any::<String>().prop_map(Theirs::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Theirs::from),
                prop::collection::hash_map(any::<String>(), inner, 0..6).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read(value in tree()) {
            check(value.to_string().as_bytes());
            check(format!("{value:#}").as_bytes());
        }

        #[test]
        fn damage_is_judged_as_others_do(value in tree(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = value.to_string().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            check(&bytes);
            check(&bytes[..at]);
        }

        #[test]
        fn soup_is_judged_as_others_do(text in r#"[\[\]{}":,0-9.eE+\\/u a-fD8\-ntrlsx\x00-\x1f]{0,40}"#) {
            check(text.as_bytes());
            check(format!("\"{text}\"").as_bytes());
            check(format!("[{text}]").as_bytes());
        }
    }

    #[test]
    fn corners_are_judged_as_others_do() {
        for text in [
            "",
            " ",
            "0",
            "-0",
            "01",
            "1.",
            ".5",
            "1e5",
            "1E+5",
            "1e",
            "-",
            "--1",
            "1 2",
            "1e999",
            "123456789012345678901234567890",
            "[1,]",
            "[,1]",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{a:1}",
            "{\"a\":1,\"a\":2}",
            "nul",
            "nulll",
            "truefalse",
            "\"\\ud83d\\ude00\"",
            "\"\\ud83d\"",
            "\"\\ud83d\\n\"",
            "\"\\ude00\"",
            "\"\\u12\"",
            "\"\\uD83D\\u0041\"",
            "\"a\tb\"",
            "\"\u{7f}\"",
            "\"1234567\"",
            "\"12345678\"",
            "\"ü234567\"",
            "\u{feff}1",
            "\"\\x\"",
            "\"",
            "\"\\",
            "{\"\":{}}",
            "[[],{}]",
            "\u{a0}1",
        ] {
            check(text.as_bytes());
        }
        for deep in [1, 126, 127, 128, 129, 100_000] {
            check(("[".repeat(deep) + &"]".repeat(deep)).as_bytes());
            check("{\"a\":".repeat(deep).as_bytes());
        }
        check(b"\"\xff\"");
    }
}
