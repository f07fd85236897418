//! Encodings that remember which of their bytes stand for which byte of the plain text.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::GeneralPurpose;

/// A text in an encoding.
#[derive(Clone)]
pub struct Encoded {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// For each byte of the plain text, the encoded bytes that hold a part of it.
    places: Vec<Range<usize>>,
}

impl Encoded {
    /// A text as it is.
    pub fn plain(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), places: (0..bytes.len()).map(|i| i..i + 1).collect() }
    }

    /// The encoded bytes that hold a part of the plain span.
    pub fn span(&self, plain: &Range<usize>) -> Range<usize> {
        self.places[plain.start].start..self.places[plain.end - 1].end
    }

    /// Something before and after it.
    pub fn within(self, before: &str, after: &str) -> Self {
        let places = self.places.into_iter().map(|place| place.start + before.len()..place.end + before.len()).collect();
        Self { bytes: [before.as_bytes(), &self.bytes, after.as_bytes()].concat(), places }
    }

    /// Base64 of it, with a line break after every `width` characters.
    pub fn base64(&self, engine: &GeneralPurpose, width: usize) -> Self {
        let text = engine.encode(&self.bytes);
        let at = |i: usize| i + i / width;
        let bytes = text.as_bytes().chunks(width).collect::<Vec<_>>().join(&b'\n');
        self.then(bytes, &|span| at(span.start * 8 / 6)..at((span.end * 8 - 1) / 6) + 1)
    }

    /// Two hexadecimal digits a byte.
    pub fn hex(&self) -> Self {
        let bytes = self.bytes.iter().flat_map(|b| format!("{b:02x}").into_bytes()).collect();
        self.then(bytes, &|span| span.start * 2..span.end * 2)
    }

    /// Each byte as `write` says.
    pub fn each(&self, write: fn(u8) -> String) -> Self {
        let mut bytes = Vec::new();
        let mut starts = vec![0];
        for b in &self.bytes {
            bytes.extend(write(*b).into_bytes());
            starts.push(bytes.len());
        }
        self.then(bytes, &|span| starts[span.start]..starts[span.end])
    }

    /// With `gap` at each of these places.
    pub fn cut(&self, cuts: &[usize], gap: &str) -> Self {
        let mut bytes = Vec::new();
        for (i, b) in self.bytes.iter().enumerate() {
            if cuts.contains(&i) {
                bytes.extend(gap.as_bytes());
            }
            bytes.push(*b);
        }
        let moved = |i: usize| i + cuts.iter().filter(|cut| **cut <= i).count() * gap.len();
        self.then(bytes, &|span| moved(span.start)..moved(span.end - 1) + 1)
    }

    fn then(&self, bytes: Vec<u8>, place: &dyn Fn(&Range<usize>) -> Range<usize>) -> Self {
        Self { bytes, places: self.places.iter().map(place).collect() }
    }
}

/// `%XX` for all but letters and digits.
pub fn percent(b: u8) -> String {
    if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }
}

/// `\u00XX` for `-` and `_`.
pub fn json(b: u8) -> String {
    if b"-_".contains(&b) { format!("\\u{b:04x}") } else { char::from(b).to_string() }
}

/// Character references for `-` and `_`.
pub fn reference(b: u8) -> String {
    match b {
        b'-' => "&#45;".to_owned(),
        b'_' => "&#x5f;".to_owned(),
        _ => char::from(b).to_string(),
    }
}

/// UTF-16, little endian.
pub fn utf16le(text: &[u8]) -> Vec<u8> {
    text.iter().flat_map(|b| [*b, 0]).collect()
}

/// UTF-16, big endian.
pub fn utf16be(text: &[u8]) -> Vec<u8> {
    text.iter().flat_map(|b| [0, *b]).collect()
}
