//! Does a string look generated, or like words, identifiers, numbers and paths?

use crate::swar;

/// The commonest letter pairs of English prose and of identifiers in code: words consist mostly of them, random letters hardly.
const PAIRS: &str = "th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de se le sa si ar ve ra ld ur \
    ro ic me ne ee ll co io el li ch la ta ma om us ce na ec no tr di be pe un lo so ri ac ho pr mo ss ol ot po em il ul op ge ns im \
    ut ie ir rs fo ct ad oo ke ts ai bl ex id ag ly ap ig if am wi ab rt ev wa da sh su do ca ga ow ob we gr fi pa sp up ck lu cr cl \
    od av ef iv mp rd rr ey tt ru nc gh tu ff ba ap ue br mi ni ay ki ok ys sc go fe iz va vi hr pl tp my rl ht ia os fr dd au ty by uc ub";

/// A table of [`PAIRS`], one bit a pair.
const COMMON: [u32; 26] = table();

const fn table() -> [u32; 26] {
    let text = PAIRS.as_bytes();
    let mut table = [0; 26];
    let mut i = 0;
    while i + 1 < text.len() {
        if text[i].is_ascii_lowercase() && text[i + 1].is_ascii_lowercase() {
            table[(text[i] - b'a') as usize] |= 1 << (text[i + 1] - b'a');
        }
        i += 1;
    }
    table
}

/// Whether the text looks generated: enough different characters, more than one class of them, and no words.
#[must_use]
pub fn looks_generated(text: &[u8]) -> bool {
    let count = |class: fn(&u8) -> bool| text.iter().filter(|b| class(b)).count();
    let (digits, lower, upper) = (count(u8::is_ascii_digit), count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase));
    let letters = lower + upper;
    if digits == 0 && !is_mixed(text) {
        return false;
    }
    let is_hex = text.iter().all(u8::is_ascii_hexdigit);
    // Of long hexadecimal numbers, one in some ten thousand has hardly a letter.
    let least = if is_hex && text.len() >= 32 { 1 } else { 3 };
    if letters < least || repeats(text) {
        return false;
    }
    if is_hex && (lower == 0 || upper == 0) {
        return digits >= 4 && distinct(text) >= 8;
    }
    if text.len() >= 32 && !text.iter().any(|b| matches!(b, b'.' | b'-' | b'_' | b'/')) && common_pairs(text).is_some_and(|share| share < 45) {
        return distinct(text) >= 12;
    }
    let (changes, pairs) = (changes(text) * 100, text.len() - 1);
    let mixed = changes >= pairs * if lower > 0 && upper > 0 { 22 } else { 14 };
    distinct(text) * 5 >= text.len().min(32) * 2 && (changes >= pairs * 50 || (mixed && !is_wordy(text)))
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

/// Whether most neighbouring letters are common pairs.
#[must_use]
pub fn is_wordy(text: &[u8]) -> bool {
    common_pairs(text).is_some_and(|share| share > 65)
}

/// How many of the neighbouring letters are common pairs, per cent; none where hardly two letters stand together.
fn common_pairs(text: &[u8]) -> Option<u32> {
    let (mut pairs, mut common) = (0, 0);
    for window in text.windows(2) {
        let (a, b) = (window[0].to_ascii_lowercase(), window[1].to_ascii_lowercase());
        if a.is_ascii_lowercase() && b.is_ascii_lowercase() {
            pairs += 1;
            common += u32::from(COMMON[usize::from(a - b'a')] >> (b - b'a') & 1 == 1);
        }
    }
    (pairs >= 6).then(|| common * 100 / pairs)
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
        ..=24 => 5,
        _ if few => 8,
        _ => 6,
    };
    let same = text.windows(least).any(|w| w[0].is_ascii_alphanumeric() && w.iter().all(|b| *b == w[0]));
    let up = text.windows(7).any(|w| w.windows(2).all(|p| p[1] == p[0].wrapping_add(1)));
    let down = text.windows(7).any(|w| w.windows(2).all(|p| p[0] == p[1].wrapping_add(1)));
    same || up || down
}

/// How often the class (digit, lower, upper, other) changes from one character to the next.
fn changes(text: &[u8]) -> usize {
    let class = |b: u8| match b {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    };
    text.windows(2).filter(|w| class(w[0]) != class(w[1])).count()
}

