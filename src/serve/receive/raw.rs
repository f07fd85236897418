//! Tokens that others send: each goes from the body into memory that is wiped, and places lose what could be a secret.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::model::secret::Secret;

/// The longest place that is kept, in characters.
const LONGEST_PLACE: usize = 1000;

/// A token in JSON.
pub struct Raw(pub Secret);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Taker;
        impl Visitor<'_> for Taker {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a token")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Raw, E> {
                if text.is_empty() { Err(E::custom("an empty token")) } else { Ok(Raw(Secret::new(text.as_bytes().to_vec()))) }
            }
        }
        deserializer.deserialize_str(Taker)
    }
}

/// A URL without user, password, query and fragment, and bounded.
#[must_use]
pub fn place(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let bare = &url[..end];
    let bare = match bare.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}://{host}{path}")
        }
        None => bare.to_owned(),
    };
    bare.chars().take(LONGEST_PLACE).collect()
}

#[cfg(test)]
mod tests {
    use crate::serve::receive::raw::{Raw, place};

    #[test]
    fn places_lose_what_could_be_secret() {
        for (url, expected) in [
            ("https://github.com/o/r/blob/1a/f.txt", "https://github.com/o/r/blob/1a/f.txt"),
            ("https://u:p@host.example:8/f@g?key=v#w", "https://host.example:8/f@g"),
            ("https://u:p@host.example", "https://host.example"),
            ("/f?g", "/f"),
            ("", ""),
        ] {
            assert_eq!(place(url), expected);
        }
    }

    #[test]
    fn a_token_is_taken_as_it_is() {
        let Raw(secret) = serde_json::from_str(r#""a\u0062""#).expect("because it is a text");
        assert_eq!(secret.len(), 2);
        assert!(serde_json::from_str::<Raw>("7").is_err() && serde_json::from_str::<Raw>("\"\"").is_err());
    }
}
