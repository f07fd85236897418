//! UTF-16 is narrowed to one byte a unit before it is scanned, so that tokens, which are ASCII, stand as they do elsewhere.

use std::io::{self, Read};

use crate::model::decoder::Decoder;

/// How a text's characters are laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// One byte or more a character, ASCII as itself: UTF-8, Latin-1, binary.
    Bytes,
    /// Two bytes a unit, after `skip` bytes of byte order mark.
    Utf16 {
        /// Which byte comes first.
        order: Order,
        /// 2 where there is a mark, else 0.
        skip: u8,
    },
}

/// Byte order of UTF-16.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Low byte first.
    Little,
    /// High byte first.
    Big,
}

impl Encoding {
    /// Tells the encoding from the first bytes: a byte order mark, or zeros in every other place.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0xFF, 0xFE, 0, 0, ..] => Self::Bytes,
            [0xFF, 0xFE, text @ ..] if !is_ascii(text) => Self::Utf16 { order: Order::Little, skip: 2 },
            [0xFE, 0xFF, text @ ..] if !is_ascii(text) => Self::Utf16 { order: Order::Big, skip: 2 },
            _ => Self::guess(head),
        }
    }

    /// Without a mark: nearly all high bytes are zero and nearly no low byte is.
    fn guess(head: &[u8]) -> Self {
        let pairs = head.len() / 2;
        let zeros = |offset: usize| head.iter().skip(offset).step_by(2).take(pairs).filter(|b| **b == 0).count();
        let (even, odd) = (zeros(0), zeros(1));
        match (even * 10 > pairs * 9, odd * 10 > pairs * 9) {
            (false, true) if pairs >= 16 && even * 20 < pairs => Self::Utf16 { order: Order::Little, skip: 0 },
            (true, false) if pairs >= 16 && odd * 20 < pairs => Self::Utf16 { order: Order::Big, skip: 0 },
            _ => Self::Bytes,
        }
    }

    /// The decoding step that findings in such a text have.
    #[must_use]
    pub fn decoder(self) -> Option<Decoder> {
        match self {
            Self::Bytes => None,
            Self::Utf16 { order: Order::Little, .. } => Some(Decoder::Utf16le),
            Self::Utf16 { order: Order::Big, .. } => Some(Decoder::Utf16be),
        }
    }

    /// The offset in the source of a narrowed byte.
    #[must_use]
    pub fn offset(self, narrowed: u64) -> u64 {
        match self {
            Self::Bytes => narrowed,
            Self::Utf16 { skip, .. } => narrowed * 2 + u64::from(skip),
        }
    }
}

/// Whether nearly all bytes are printable ASCII: a mark before them says what is not so.
fn is_ascii(text: &[u8]) -> bool {
    let printable = text.iter().filter(|b| matches!(b, 0x20..=0x7e | b'\n' | b'\r' | b'\t')).count();
    text.len() >= 8 && printable * 10 >= text.len() * 9
}

/// A reader of UTF-16 that yields one byte a unit: ASCII as itself, anything else as a byte that is no token character.
pub struct Narrow<R> {
    inner: R,
    order: Order,
    left: Option<u8>,
    scratch: Vec<u8>,
}

impl<R: Read> Narrow<R> {
    /// Reads units in this byte order; the mark, if any, has been read.
    pub fn new(inner: R, order: Order) -> Self {
        Self { inner, order, left: None, scratch: vec![0; 32 << 10] }
    }

    fn unit(&self, first: u8, second: u8) -> u8 {
        let (low, high) = match self.order {
            Order::Little => (first, second),
            Order::Big => (second, first),
        };
        match high {
            0 if low < 0x80 => low,
            // A low surrogate is the second half of one character: a byte that does not count as a column.
            0xDC..=0xDF => 0x80,
            _ => 0x1A,
        }
    }
}

impl<R: Read> Read for Narrow<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written == 0 && !out.is_empty() {
            // At most as many units as fit: with one byte left over from before, one byte less.
            let wanted = (out.len() * 2 - usize::from(self.left.is_some())).min(self.scratch.len());
            let read = self.inner.read(&mut self.scratch[..wanted])?;
            if read == 0 {
                return Ok(0);
            }
            for i in 0..read {
                let byte = self.scratch[i];
                if let Some(first) = self.left.take() {
                    out[written] = self.unit(first, byte);
                    written += 1;
                } else {
                    self.left = Some(byte);
                }
            }
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use crate::sources::encoding::{Encoding, Narrow, Order};

    fn utf16(text: &str, order: Order) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if order == Order::Little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    #[test]
    fn marks_and_zeros_tell_the_encoding() {
        let text = "a text that is long enough to be told\n";
        for order in [Order::Little, Order::Big] {
            assert_eq!(Encoding::of(&utf16(text, order)), Encoding::Utf16 { order, skip: 0 });
            assert_eq!(Encoding::of(&utf16(&format!("\u{feff}{text}"), order)), Encoding::Utf16 { order, skip: 2 });
        }
        for head in [&b"plain"[..], b"", &[0; 64], b"a\0b", &[0xFF, 0xFE, 0, 0], b"\xFF\xFEplain text after a mark"] {
            assert_eq!(Encoding::of(head), Encoding::Bytes);
        }
    }

    #[test]
    fn ascii_stays_and_the_rest_is_replaced() {
        for (order, size) in [(Order::Little, 1), (Order::Big, 3), (Order::Little, 4096)] {
            let bytes = utf16("tok-é-😀-en", order);
            let mut narrowed = Vec::new();
            let mut reader = Narrow::new(&bytes[..], order);
            let mut buffer = vec![0; size];
            loop {
                let read = reader.read(&mut buffer).expect("because a slice can be read");
                if read == 0 {
                    break;
                }
                narrowed.extend_from_slice(&buffer[..read]);
            }
            assert_eq!(narrowed, b"tok-\x1a-\x1a\x80-en");
        }
    }
}
