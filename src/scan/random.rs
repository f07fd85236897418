//! Does a string look generated, or like words, identifiers, numbers and paths?

use crate::scan::swar;
use crate::scan::text_model::score;

/// How many bits better chance must explain a string than text does, where its name alone says that it is a secret:
/// hardly one in ten thousand identifiers has as many.
pub const NEEDED: i32 = 22;
/// The same where a vendor's word stands near and the length is that of the vendor's keys.
pub const NEEDED_NEAR_VENDOR: i32 = 8;
/// The same where a rule's own literal stands before it: such are rare enough.
pub const NEEDED_AFTER_PREFIX: i32 = 0;

/// Whether the text looks generated: enough different characters, more than one class of them, and chance explains it better than text does.
#[must_use]
pub fn looks_generated(text: &[u8]) -> bool {
    has_bits(text, NEEDED)
}

/// The same for what has a vendor's word near and the length of the vendor's keys.
#[must_use]
pub fn looks_generated_near_vendor(text: &[u8]) -> bool {
    has_bits(text, NEEDED_NEAR_VENDOR)
}

fn has_bits(text: &[u8], needed: i32) -> bool {
    !is_plain_word(text) && is_varied(text) && (is_hex(text) || holds_long_hex(text) || (letters(text) >= 3 && score(text) >= needed))
}

/// The same for what stands after a rule's own literal.
#[must_use]
pub fn may_be_generated(text: &[u8]) -> bool {
    is_varied(text) && score(text) >= NEEDED_AFTER_PREFIX
}

fn is_varied(text: &[u8]) -> bool {
    distinct(text) * 3 >= text.len().min(24) && !repeats(text)
}

/// Whether it is a hexadecimal number, and no decimal one: no word of so many letters `a` to `f` has digits in it.
fn is_hex(text: &[u8]) -> bool {
    // Of 32 digits, one in some ten thousand has hardly a letter.
    let least = if text.len() >= 32 { 1 } else { 3 };
    let digits = text.iter().filter(|b| b.is_ascii_digit()).count();
    text.iter().all(u8::is_ascii_hexdigit) && digits >= 4 && letters(text) >= least && distinct(text) >= 7
}

/// Whether a hexadecimal number of 32 and more digits stands in it between signs, as in keys of two parts.
fn holds_long_hex(text: &[u8]) -> bool {
    text.len() > 32 && text.split(|b| !b.is_ascii_alphanumeric()).any(|part| part.len() >= 32 && is_hex(part))
}

fn letters(text: &[u8]) -> usize {
    text.iter().filter(|b| b.is_ascii_alphabetic()).count()
}

/// A quick look at a run: without a digit, and not well mixed of upper and lower case, it cannot look generated.
#[must_use]
#[inline]
pub fn is_plain_word(run: &[u8]) -> bool {
    !has_digit(run) && !is_mixed(run)
}

fn has_digit(run: &[u8]) -> bool {
    let (words, rest) = run.as_chunks();
    words.iter().copied().any(swar::has_digit) || rest.iter().any(u8::is_ascii_digit)
}

/// Whether a fifth of the text is upper case, and a fifth lower case.
fn is_mixed(run: &[u8]) -> bool {
    let (words, rest) = run.as_chunks();
    let (upper, lower) =
        words.iter().copied().map(swar::cases).fold((0, 0), |(upper, lower), (more_upper, more_lower)| (upper + more_upper, lower + more_lower));
    let upper = upper + rest.iter().filter(|b| b.is_ascii_uppercase()).count();
    let lower = lower + rest.iter().filter(|b| b.is_ascii_lowercase()).count();
    upper * 5 >= run.len() && lower * 5 >= run.len()
}

/// Whether text explains it better than chance.
#[must_use]
pub fn is_wordy(text: &[u8]) -> bool {
    score(text) < 0
}

/// Bits that an attacker has to guess: the size of the alphabet in use, for each character; words count little.
#[must_use]
pub fn strength_bits(text: &[u8]) -> u32 {
    let has = |class: fn(&u8) -> bool| text.iter().any(&class);
    let alphabet = 26 * u32::from(has(u8::is_ascii_lowercase))
        + 26 * u32::from(has(u8::is_ascii_uppercase))
        + 10 * u32::from(has(u8::is_ascii_digit))
        + 20 * u32::from(has(|b| !b.is_ascii_alphanumeric()));
    let bits = (alphabet.max(2).ilog2()) * u32::try_from(text.len()).unwrap_or(u32::MAX / 8);
    if is_wordy(text) { bits / 3 } else { bits }
}

fn distinct(text: &[u8]) -> usize {
    let mut seen = [0_u64; 4];
    for b in text {
        seen[usize::from(b >> 6)] |= 1 << (b & 63);
    }
    seen.iter().map(|word| word.count_ones() as usize).sum()
}

/// Whether one letter or digit stands many times in a row, more often than by chance, or seven characters count up or down.
#[must_use]
pub fn repeats(text: &[u8]) -> bool {
    let few = text.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-');
    let least = match text.len() {
        _ if few => 8,
        ..=24 => 5,
        _ => 6,
    };
    let same = text.windows(least).any(|w| w[0].is_ascii_alphanumeric() && w.iter().all(|b| *b == w[0]));
    let up = text.windows(7).any(|w| w.windows(2).all(|p| p[1] == p[0].wrapping_add(1)));
    let down = text.windows(7).any(|w| w.windows(2).all(|p| p[0] == p[1].wrapping_add(1)));
    same || up || down
}

#[cfg(test)]
mod tests {
    use crate::rules::byte_set::ByteSet;
    use crate::rules::generate::Random;
    use crate::scan::random::{is_plain_word, looks_generated};

    #[test]
    fn words_and_identifiers_do_not_look_generated() {
        for text in [
            "com.example.service.PaymentGateway2",
            "my-long-kebab-case-identifier-v2",
            "getElementsByTagNameNS2",
            "AbstractSingletonProxyFactoryBean1",
            "1234567890123456",
            "2024-05-23-10-11-12",
            "0000000000000000a1b2",
            "abcdefghijklmnop123",
            "user_profile_settings_page_3",
            "aaaaaaaaaaaaaaaaaaaa1",
            "release-2024.05.23-linux-x86_64",
            "DEFAULT_CONNECTION_TIMEOUT_MS_30",
            "tokens-per-minute-limit-1000",
            "Zq3-Zq3-Zq3-Zq3-",
            "DXGI_FORMAT_R8G8B8A8_UNORM",
            "ISpeechAudioBufferInfo2",
        ] {
            assert!(!looks_generated(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn digits_are_seen_in_every_place() {
        for at in 0..20 {
            for (byte, expected) in [(b'0', true), (b'9', true), (b'/', false), (b'a', false), (b'z', false), (b'~', false), (b'.', false)] {
                let mut run = *b"abcdefghijklmnopqrst";
                run[at] = byte;
                assert_eq!(!is_plain_word(&run), expected, "{byte} at {at}");
            }
        }
        assert!(!is_plain_word(b"QwErTyUiOpAsDfGh") && is_plain_word(b"com.example.PaymentService"));
    }

    #[test]
    fn a_long_hexadecimal_number_may_have_one_letter() {
        assert!(looks_generated(b"4917b302855103817489810095478902") && !looks_generated(b"49170302855103817489810095478902"));
    }

    const DIGITS: ByteSet = ByteSet::empty().with(b"0123456789");
    /// Words of identifiers, none of which the model was made to know.
    const WORDS: [&str; 36] = [
        "get", "set", "http", "client", "buffer", "utf8", "parse", "xml", "node", "index", "max", "edge", "vertex", "digest", "async", "task",
        "queue", "view", "handler", "io", "json", "ptr", "shape", "matrix", "foo", "config", "dns", "proxy", "encode", "base64", "window", "gpu",
        "ok", "error", "long", "map",
    ];

    #[test]
    fn random_strings_look_generated() {
        let mut random = Random::new(7);
        for (name, set, length, least) in [
            ("base62", ByteSet::alnum(), 20, 998),
            ("base62", ByteSet::alnum(), 16, 980),
            ("base64url", ByteSet::alnum().with(b"-_"), 24, 998),
            ("lower-case letters and digits", DIGITS.with(b"abcdefghijklmnopqrstuvwxyz"), 20, 990),
            ("base32", ByteSet::empty().with(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), 32, 990),
            ("hexadecimal", DIGITS.with(b"abcdef"), 32, 999),
            ("hexadecimal", DIGITS.with(b"ABCDEF"), 20, 980),
        ] {
            let kept = (0..1000).filter(|_| looks_generated(&random.bytes(set, length))).count();
            assert!(kept >= least, "{kept} of 1000 of {name}, {length}");
        }
    }

    #[test]
    fn hardly_any_identifier_looks_generated() {
        let mut random = Random::new(8);
        let mut taken = 0;
        for _ in 0..20_000 {
            let style = random.below(4);
            let words: Vec<String> = (0..3 + random.below(3)).map(|at| styled(WORDS[random.below(WORDS.len())], style, at)).collect();
            let text = words.join(["_", "", "-", "_"][style]);
            taken += usize::from(text.len() >= 16 && looks_generated(text.as_bytes()));
        }
        // Words drawn at random pile up as people's do not: of theirs it is one in ten thousand.
        assert!(taken <= 10, "{taken} of 20,000");
    }

    /// A word as it stands in `snake_case`, `camelCase`, `kebab-case` or `CAPITALS`.
    fn styled(word: &str, style: usize, at: usize) -> String {
        match style {
            1 if at > 0 => word[..1].to_ascii_uppercase() + &word[1..],
            3 => word.to_ascii_uppercase(),
            _ => word.to_owned(),
        }
    }
}
