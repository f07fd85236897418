//! Whether a vendor's name stands in a text as a word of its own, or only as letters inside another word.

use std::ops::Range;

use crate::scan::kernel::each_beginning;
use crate::scan::words::Words;

/// What people write before a vendor's name without a mark between, as in `MYVENDORKEY`.
const BEFORE: [&str; 25] = [
    "my",
    "our",
    "the",
    "new",
    "old",
    "api",
    "app",
    "env",
    "dev",
    "test",
    "stage",
    "staging",
    "prod",
    "production",
    "live",
    "sandbox",
    "key",
    "token",
    "secret",
    "auth",
    "use",
    "x",
    "get",
    "on",
    "open",
];
/// What follows a short name without a mark between, as in `IBMAPIKEY`: the word after it begins so.
const AFTER: [&str; 36] = [
    "key", "token", "secret", "api", "app", "auth", "pass", "pwd", "pat", "access", "client", "account", "cred", "user", "admin", "service",
    "server", "webhook", "bot", "project", "org", "personal", "private", "license", "login", "prod", "test", "live", "url", "times", "host", "sdk",
    "hq", "ai", "io", "cloud",
];
/// From how many letters on a name may be the beginning of a longer word: `swagger` in `SWAGGERHUB`.
const STEM: usize = 4;
/// From how many capitals and digits on what follows a short name is no word, but the rest of an id.
const ID: usize = 12;
/// The length of the longest of [`BEFORE`].
const LONGEST: usize = 10;
/// The owner of [`BEFORE`].
const GLUE: u32 = u32::MAX;

/// Words that are looked for where they stand as words: before them stands no letter, a change to upper case as in `myVendorKey`, or one of the few
/// words that people glue to names; after them anything, but for names of one to three letters, which must end as they begin.
pub struct StandingWords {
    words: Words,
    /// What owns the words.
    owned: Vec<Owned>,
    /// The length of the longest sign before a word.
    sign: usize,
}

/// A word of an owner.
struct Owned {
    owner: u32,
    /// Signs before the word's first letter or digit, which belong to it.
    sign: Box<[u8]>,
}

impl StandingWords {
    /// Gathers words with their owners.
    #[must_use]
    pub fn new<'a>(words: impl Iterator<Item = (u32, &'a str)>) -> Self {
        let (mut owned, mut bare) = (Vec::new(), Vec::new());
        for (owner, word) in words {
            let letters = word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
            bare.push((u32::try_from(owned.len()).expect("because words are few"), letters));
            owned.push(Owned { owner, sign: word.as_bytes()[..word.len() - letters.len()].into() });
        }
        let sign = owned.iter().map(|owned| owned.sign.len()).max().unwrap_or(0);
        Self { words: Words::new(bare.into_iter().chain(BEFORE.map(|word| (GLUE, word)))), owned, sign }
    }

    /// Calls `found` with place, length and owner of every word that begins in the range.
    pub fn each(&self, text: &[u8], range: Range<usize>, mut found: impl FnMut(usize, usize, u32)) {
        let around = range.start.saturating_sub(LONGEST)..text.len().min(range.end + self.sign);
        each_beginning(text, around, |at| {
            let is_first = text[at].is_ascii_alphabetic() && !at.checked_sub(1).is_some_and(|before| text[before].is_ascii_alphabetic());
            self.words.at(text, at, |length, owners| {
                if is_first && owners.contains(&GLUE) {
                    self.glued(text, at + length, &range, &mut found);
                }
                self.tell(text, (at, length), owners, &range, &mut found);
            });
            // `-Dvendor.key=value` of Java, `-Pvendor.key=value` of Gradle.
            if is_first && text[..at].ends_with(b"-") {
                self.glued(text, at + 1, &range, &mut found);
            }
        });
    }

    /// Looks at a place inside a word, where letters alone do not begin one.
    fn glued(&self, text: &[u8], at: usize, range: &Range<usize>, found: &mut impl FnMut(usize, usize, u32)) {
        let is_letter = |at: usize, test: fn(&u8) -> bool| text.get(at).is_some_and(test);
        let is_change =
            is_letter(at, u8::is_ascii_uppercase) && (is_letter(at - 1, u8::is_ascii_lowercase) || is_letter(at + 1, u8::is_ascii_lowercase));
        if is_letter(at, u8::is_ascii_alphabetic) && !is_change {
            self.words.at(text, at, |length, owners| self.tell(text, (at, length), owners, range, found));
        }
    }

    /// Tells of the words that stand at a place.
    fn tell(&self, text: &[u8], (at, length): (usize, usize), owners: &[u32], range: &Range<usize>, found: &mut impl FnMut(usize, usize, u32)) {
        for owned in owners.iter().filter(|owner| **owner != GLUE).map(|owner| &self.owned[*owner as usize]) {
            let Some(start) = at.checked_sub(owned.sign.len()).filter(|start| range.contains(start)) else { continue };
            let length = length + owned.sign.len();
            if text[start..at].eq_ignore_ascii_case(&owned.sign) && (length >= STEM || ends_word(text, start + length)) {
                found(start, length, owned.owner);
            }
        }
    }
}

fn ends_word(text: &[u8], end: usize) -> bool {
    let (Some(last), Some(next)) = (end.checked_sub(1).and_then(|i| text.get(i)), text.get(end)) else { return true };
    if !last.is_ascii_alphabetic() || !next.is_ascii_alphabetic() || (last.is_ascii_lowercase() && next.is_ascii_uppercase()) {
        return true;
    }
    let rest = &text[end..];
    let begins = |word: &str| rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()));
    // The public prefix of an id: `SCW` and seventeen capitals.
    let is_prefix = rest.iter().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).count() >= ID;
    is_prefix || AFTER.iter().any(|word| begins(word)) || (begins("s") && rest.get(1).is_none_or(|b| !b.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use crate::scan::word::{BEFORE, LONGEST, STEM, StandingWords, ends_word};

    fn stands_as_word(text: &[u8], at: usize, length: usize) -> bool {
        begins_word(text, at) && (length >= STEM || ends_word(text, at + length))
    }

    fn begins_word(text: &[u8], at: usize) -> bool {
        let (Some(before), Some(first)) = (at.checked_sub(1).and_then(|i| text.get(i)), text.get(at)) else { return true };
        if !before.is_ascii_alphabetic() || !first.is_ascii_alphabetic() {
            return true;
        }
        let next_is_lower = text.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        if first.is_ascii_uppercase() && (before.is_ascii_lowercase() || next_is_lower) {
            return true;
        }
        let glued = text[..at].iter().rev().take(LONGEST + 2).take_while(|b| b.is_ascii_alphabetic()).count();
        // `-Dvendor.key=value` of Java, `-Pvendor.key=value` of Gradle.
        let is_option = glued == 1 && text[..at - 1].ends_with(b"-");
        is_option || BEFORE.iter().any(|word| text[at - glued..at].eq_ignore_ascii_case(word.as_bytes()))
    }

    proptest! {
        #[test]
        fn every_word_is_found_where_it_stands(text in "(my|our|api|key|x|on|-D|-P|a|B|c|D|_|1| |Foo|foo|ab|AB|\\[foo){0,12}", start in 0_usize..20, length in 0_usize..30) {
            let words = ["foo", "ab", "keyfoo", "_foo", "[foo", "1a", "on"];
            let bytes = text.as_bytes();
            let range = start.min(bytes.len())..bytes.len().min(start + length);
            let mut found = Vec::new();
            StandingWords::new((0..).zip(words)).each(bytes, range.clone(), |at, length, owner| found.push((at, length, owner)));
            let is = |at: usize, word: &str| bytes[at..].get(..word.len()).is_some_and(|here| here.eq_ignore_ascii_case(word.as_bytes()));
            let all = range.flat_map(|at| (0..).zip(words).map(move |(owner, word)| (at, word, owner)));
            let stands = all.filter(|(at, word, _)| is(*at, word) && stands_as_word(bytes, *at, word.len()));
            let mut expected: Vec<_> = stands.map(|(at, word, owner)| (at, word.len(), owner)).collect();
            expected.sort_unstable();
            found.sort_unstable();
            found.dedup();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn words_stand_by_themselves() {
        for (text, expected) in [
            ("vendor", true),
            ("VENDOR_API_KEY", true),
            ("my-vendor-key", true),
            ("api.vendor.com", true),
            ("vendor2", true),
            ("myVendorKey", true),
            ("XMLVendor", true),
            ("vendorKey", true),
            ("MYVENDORKEY", true),
            ("-Dvendor.key", true),
            ("vendorapikey", true),
            ("prodvendortoken", true),
            ("vendors", true),
            ("provendor", false),
            ("COVENDOR_API_KEY", false),
            ("VENDORHUB_API_KEY", true),
        ] {
            let at = text.to_ascii_lowercase().find("vendor").unwrap_or_default();
            assert_eq!(stands_as_word(text.as_bytes(), at, 6), expected, "{text}");
        }
        for (text, expected) in [("IBM_KEY", true), ("IBMAPIKEY", true), ("ibmKey", true), ("ibmish", false), ("xibm", true), ("nibm", false)] {
            let at = text.to_ascii_lowercase().find("ibm").unwrap_or_default();
            assert_eq!(stands_as_word(text.as_bytes(), at, 3), expected, "{text}");
        }
        assert!(!stands_as_word(b"disco_api_key", 3, 10) && stands_as_word(b"disco_api_key", 6, 7) && !stands_as_word(b"notes_api_key", 3, 6));
    }
}
