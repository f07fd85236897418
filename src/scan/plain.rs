//! Names as they are compared and as they are shown.
//!
//! **Invariant:** a name that could itself be a token is not shown: keys of maps and user names sometimes are.

use crate::scan::random::is_wordy;

/// The longest name, in bytes.
pub const MAX_NAME: usize = 64;
/// The shortest piece of a name that could give a token away.
const MIN_PIECE: usize = 8;

/// A name reduced to lower case letters and digits, at most [`MAX_NAME`] of them; kept in place, for there are many.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Plain {
    bytes: [u8; MAX_NAME],
    length: u8,
}

impl Plain {
    /// Reduces a name.
    #[must_use]
    pub fn new(name: &[u8]) -> Self {
        let mut plain = Self { bytes: [0; MAX_NAME], length: 0 };
        for byte in name.iter().filter(|b| b.is_ascii_alphanumeric()).take(MAX_NAME) {
            plain.bytes[usize::from(plain.length)] = byte.to_ascii_lowercase();
            plain.length += 1;
        }
        plain
    }

    /// The reduced name's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The reduced name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("because it is ASCII")
    }
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name for people: printable ASCII; one with a piece that is no word is replaced by its length.
#[must_use]
pub fn shown(name: &[u8]) -> String {
    let telling = name.split(|b| !b.is_ascii_alphanumeric()).any(|piece| {
        let digits = piece.iter().any(u8::is_ascii_digit);
        piece.len() >= MIN_PIECE && (digits || piece.len() >= 2 * MIN_PIECE) && !(is_wordy(piece) && piece.len() < 3 * MIN_PIECE)
    });
    if telling || name.len() > MAX_NAME {
        return format!("…({})", name.len());
    }
    name.iter().filter(|b| (0x20..0x7f).contains(*b)).map(|b| char::from(*b)).collect()
}

#[cfg(test)]
mod tests {
    use crate::rules::byte_set::ByteSet;
    use crate::rules::generate::Random;
    use crate::scan::plain::shown;

    #[test]
    fn names_are_shown_and_tokens_are_not() {
        for name in ["X-Api-Key", "GITHUB_TOKEN", "aws_secret_access_key", "Authorization", "my.service.token2", "connect.sid", "OPENAI_API_KEY_2024"]
        {
            assert_eq!(shown(name.as_bytes()), name);
        }
        let mut random = Random::new(3);
        for length in [16, 20, 36, 60] {
            for _ in 0..100 {
                let token = random.bytes(ByteSet::alnum(), length);
                assert!(shown(&token).starts_with('…') && shown(&[&b"ghp_"[..], &token[4..]].concat()).starts_with('…'));
            }
        }
    }
}
