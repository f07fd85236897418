//! Questions to eight bytes at a time, in one 64-bit word.

/// Eight bytes.
pub type Word = [u8; 8];

const HIGH: u64 = repeat(0x80);

const fn repeat(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The high bit of every byte from `first` to `last`.
#[inline]
fn between(word: u64, first: u8, last: u8) -> u64 {
    // Without their high bits, no sum carries over into the next byte.
    let low = word & !HIGH;
    low.wrapping_add(repeat(0x80 - first)) & !low.wrapping_add(repeat(0x7f - last)) & !word & HIGH
}

/// How many bytes are marked by their high bit.
#[inline]
fn count(high: u64) -> usize {
    ((high >> 7).wrapping_mul(repeat(1)) >> 56) as usize
}

/// Whether a digit is among the bytes.
#[inline]
#[must_use]
pub fn has_digit(word: Word) -> bool {
    between(u64::from_le_bytes(word), b'0', b'9') != 0
}

/// How many are upper case letters, and how many lower case ones.
#[inline]
#[must_use]
pub fn cases(word: Word) -> (usize, usize) {
    let word = u64::from_le_bytes(word);
    (count(between(word, b'A', b'Z')), count(between(word, b'a', b'z')))
}

/// Whether all are hexadecimal digits.
#[inline]
#[must_use]
pub fn is_hex(word: Word) -> bool {
    let word = u64::from_le_bytes(word);
    between(word, b'0', b'9') | between(word | repeat(0x20), b'a', b'f') == HIGH
}

#[cfg(test)]
mod tests {
    use crate::scan::swar::{cases, has_digit, is_hex};

    #[test]
    fn every_byte_in_every_place_is_judged_as_by_itself() {
        for at in 0..8 {
            for byte in 0..=255_u8 {
                for around in [b'a', b'Z', b'~', 0, 0x7f, 0xff] {
                    let mut word = [around; 8];
                    word[at] = byte;
                    let count = |class: fn(&u8) -> bool| word.iter().filter(|b| class(b)).count();
                    assert_eq!(has_digit(word), count(u8::is_ascii_digit) > 0, "{word:?}");
                    assert_eq!(cases(word), (count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase)), "{word:?}");
                    assert_eq!(is_hex(word), count(u8::is_ascii_hexdigit) == 8, "{word:?}");
                }
            }
        }
    }
}
