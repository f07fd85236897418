//! Texts that may hold a token by accident, such as a path or a user's name: what looks like one becomes a short fingerprint.
//!
//! **Invariant:** the same text always becomes the same, so that what was equal stays equal.

use crate::model::fingerprint::Fingerprint;
use crate::model::text::Text;

/// The shortest unbroken run of letters and digits that is taken for random.
const RUN: usize = 16;
/// The shortest text with small and capital letters and digits that is taken for random.
const MIXED: usize = 32;

/// A path without query and fragment, whose segments that look like tokens are masked.
#[must_use]
pub fn path(text: &str) -> Text {
    let path = &text[..text.find(['?', '#']).unwrap_or(text.len())];
    if path.split('/').any(is_random) { path.split('/').map(word).collect::<Vec<_>>().join("/").into() } else { path.into() }
}

/// A word, masked where it looks like a token.
#[must_use]
pub fn word(text: &str) -> Text {
    if is_random(text) { format!("{{sha256:{}}}", Fingerprint::of(text.as_bytes()).short()).into() } else { text.into() }
}

/// Whether a text looks random: a long run of letters and digits, or a long mixture of small and capital letters and digits.
fn is_random(text: &str) -> bool {
    if text.len() < RUN {
        return false;
    }
    let (mut run, mut letters, mut digits) = (0, false, false);
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() {
            run += 1;
            letters |= b.is_ascii_alphabetic();
            digits |= b.is_ascii_digit();
        } else {
            (run, letters, digits) = (0, false, false);
        }
        if run >= RUN && letters && digits {
            return true;
        }
    }
    let any = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    text.len() >= MIXED && any(u8::is_ascii_lowercase) && any(u8::is_ascii_uppercase) && any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use crate::observe::mask::{path, word};

    #[test]
    fn only_what_looks_random_is_masked() {
        for text in
            ["/v1/users/42", "/", "", "*", "/api/v1/namespaces/kube-system/pods/web-7d4b9c6f5-x2k9q", "/t/7c1f2f5e-0d4b-4a53-9c9a-1f2e3d4c5b6a"]
        {
            assert_eq!(path(text), text);
        }
        assert_eq!(path("/search?q=1#top"), "/search");
        let secret = "a1B2".repeat(9);
        let masked = path(&format!("/hooks/{secret}/send?x={secret}"));
        assert!(masked.starts_with("/hooks/{sha256:") && masked.ends_with("}/send") && !masked.contains(&secret), "{masked}");
        assert!(!word(&"a-B2".repeat(9)).contains("a-B2"));
        assert_eq!(word("ann@org.example"), "ann@org.example");
    }
}
