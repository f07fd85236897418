//! Whether a vendor's name stands in a text as a word of its own, or only as letters inside another word.

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
/// The longest word that is looked at beside a vendor's name.
const LONGEST: usize = 12;

/// Whether the `length` bytes at `at` are a word, or begin one: before them stands no letter, a change to upper case as in `myVendorKey`, or one of
/// the few words that people glue to names; after them anything, but for names of one to three letters, which must end as they begin.
#[must_use]
pub fn stands_as_word(text: &[u8], at: usize, length: usize) -> bool {
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
    let glued = text[..at].iter().rev().take(LONGEST).take_while(|b| b.is_ascii_alphabetic()).count();
    // `-Dvendor.key=value` of Java, `-Pvendor.key=value` of Gradle.
    let is_option = glued == 1 && text[..at - 1].ends_with(b"-");
    is_option || BEFORE.iter().any(|word| text[at - glued..at].eq_ignore_ascii_case(word.as_bytes()))
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
    use crate::scan::word::stands_as_word;

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
