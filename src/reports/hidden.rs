//! A text of a report that may hold a secret: it becomes a `Secret` while it is parsed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::model::secret::Secret;
use crate::reports::claim::Told;

/// A text that may hold a secret.
#[derive(Debug)]
pub struct Hidden(pub Secret);

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Hidden;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Hidden, E> {
                Ok(Hidden(Secret::new(text.as_bytes().to_vec())))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Hidden, E> {
                Ok(Hidden(Secret::new(text.into_bytes())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl Hidden {
    /// What its base64 stands for.
    #[must_use]
    pub fn decoded(&self) -> Option<Secret> {
        STANDARD.decode(self.0.expose()).ok().map(Secret::new)
    }

    /// Whether it is one run of visible characters, as a token is, and no sentence or piece of code.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        let octets = self.0.expose().trim_ascii();
        !octets.is_empty() && !octets.iter().any(|b| b.is_ascii_whitespace() || b.is_ascii_control() || b"\"'`".contains(b))
    }
}

/// A token as a report shows it: nothing where it is empty or masked.
#[must_use]
pub fn told(shown: Option<Hidden>) -> Told {
    match shown {
        Some(Hidden(secret)) if !is_masked(secret.expose()) => Told::Secret(trimmed(secret)),
        _ => Told::Nothing,
    }
}

/// Texts around a token, without empty ones.
#[must_use]
pub fn quotes(texts: impl IntoIterator<Item = Option<Hidden>>) -> Vec<Secret> {
    texts.into_iter().flatten().map(|Hidden(text)| text).filter(|text| !text.is_empty()).collect()
}

/// Without white space around it.
fn trimmed(secret: Secret) -> Secret {
    let bare = secret.expose().trim_ascii();
    if bare.len() == secret.len() { secret } else { Secret::new(bare.to_vec()) }
}

/// Whether it stands for a token that is not shown: a word for that, stars, or a beginning with dots behind it.
fn is_masked(shown: &[u8]) -> bool {
    let shown = shown.trim_ascii();
    let words: [&[u8]; 4] = [b"REDACT", b"[REDACT", b"<REDACT", b"***REDACT"];
    let starred = shown.windows(3).any(|three| three == b"***") || shown.iter().all(|b| matches!(b, b'*' | b'x' | b'X' | b'.' | b'-'));
    starred || words.iter().any(|word| shown.to_ascii_uppercase().starts_with(word)) || shown.ends_with(b"...") || shown.ends_with("…".as_bytes())
}

#[cfg(test)]
mod tests {
    use crate::model::secret::Secret;
    use crate::reports::claim::Told;
    use crate::reports::hidden::{Hidden, told};

    #[test]
    fn masked_tokens_tell_nothing() {
        for (text, length) in [
            ("", None),
            (" \n", None),
            ("REDACTED", None),
            ("REDACT", None),
            ("[REDACTED:0123abcd]", None),
            ("abcd...", None),
            ("ab****cd", None),
            ("xxxx-xxxx", None),
            (" abcd\n", Some(4)),
            ("secret word", Some(11)),
        ] {
            let shown = told(Some(Hidden(Secret::new(text.as_bytes().to_vec()))));
            let found = if let Told::Secret(secret) = shown { Some(secret.len()) } else { None };
            assert_eq!(found, length, "{text:?}");
        }
    }

    #[test]
    fn texts_are_hidden_while_they_are_parsed() {
        for (json, length, bare) in [(r#""abc""#, 3, true), (r#""a\"c""#, 3, false), (r#""a = b""#, 5, false)] {
            let hidden: Hidden = serde_json::from_str(json).expect("because it is a text");
            assert_eq!((hidden.0.len(), hidden.is_bare()), (length, bare), "{json}");
        }
    }
}
