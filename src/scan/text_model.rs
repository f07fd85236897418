//! How likely a string is as text that people and programs write, against a string drawn at random: one number a string.
//!
//! A step of text from one character to the next costs minus the logarithm of how often it is taken, among the identifiers, paths, versions and words
//! of some hundred packages, after that character and that kind of character before it. `text_model.txt` holds these costs, in [`PARTS`] of a bit: a line
//! for what stands before, a column for what follows, each cost as the character so many places after [`ZERO`]. A random character costs the logarithm of
//! the size of its alphabet, wherever it stands. The score is the difference of the two sums.
//!
//! The file is made by `examples/train`; `benches/README.md` says of what, and how well it does.

/// How many characters the model tells apart: digits, letters of both cases, `_`, `-`, `.`, `/` and any other.
pub const SYMBOLS: usize = 67;
/// How many kinds of characters it tells apart two places before: letters of either case, digits, all else.
pub const KINDS: usize = 4;
/// How many lines the table has: for each kind of character two places before, one for each character before and one for none.
pub const LINES: usize = KINDS * (SYMBOLS + 1);
/// In how many parts of a bit costs are counted.
pub const PARTS: u32 = 4;
/// What a character costs at most that stands two places before as well, as in `R8G8B8A8`, in parts of a bit.
const REPEATED: u32 = 12;
/// The character that stands for no cost.
pub const ZERO: u8 = b'!';

/// What each step costs, in parts of a bit.
pub type Costs = [[u8; SYMBOLS]; LINES];

static COSTS: Costs = table(include_bytes!("text_model.txt"));
static NUMBERS: [u8; 256] = numbers();
/// The class of each symbol, one bit a class.
static CLASSES: [u8; SYMBOLS] = classes();
/// The kind of each symbol, and of none.
static KIND: [u8; SYMBOLS + 1] = kinds();
/// What a random character costs, by the classes that the string has.
static RANDOM: [u32; 64] = random();

const DIGIT: u8 = 1;
const LOWER_HEX: u8 = 2;
const LOWER: u8 = 4;
const UPPER_HEX: u8 = 8;
const UPPER: u8 = 16;
const SIGN: u8 = 32;

/// How many bits better chance explains the string than text does; negative where text does.
#[must_use]
pub fn score(text: &[u8]) -> i32 {
    score_by(&COSTS, text)
}

/// The same by another model.
#[must_use]
pub fn score_by(costs: &Costs, text: &[u8]) -> i32 {
    let (mut cost, mut classes) = (0_u32, 0_u8);
    each_step(text, |line, symbol, repeats| {
        let step = u32::from(costs[line][symbol]);
        cost += if repeats { step.min(REPEATED) } else { step };
        classes |= CLASSES[symbol];
    });
    let random = u64::from(RANDOM[usize::from(classes)]) * text.len() as u64;
    let parts = i64::from(cost) - i64::try_from(random).unwrap_or(i64::MAX);
    i32::try_from(parts.div_euclid(i64::from(PARTS))).unwrap_or(i32::MIN)
}

/// Hands on every step of a text: the line of what stands before, the character's number, and whether it stands two places before as well.
#[inline]
pub fn each_step(text: &[u8], mut step: impl FnMut(usize, usize, bool)) {
    let (mut before, mut last) = (SYMBOLS, SYMBOLS);
    for byte in text {
        let symbol = usize::from(NUMBERS[usize::from(*byte)]);
        step(usize::from(KIND[before]) * (SYMBOLS + 1) + last, symbol, symbol == before);
        (before, last) = (last, symbol);
    }
}

#[expect(clippy::large_stack_arrays, reason = "it is computed when the program is built")]
const fn table(text: &[u8]) -> Costs {
    let mut table = [[0; SYMBOLS]; LINES];
    let mut at = 0;
    while at < LINES * SYMBOLS {
        let (line, column) = (at / SYMBOLS, at % SYMBOLS);
        // Each line ends with a line break.
        table[line][column] = text[line * (SYMBOLS + 1) + column] - ZERO;
        at += 1;
    }
    table
}

const fn numbers() -> [u8; 256] {
    let order = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-./";
    let mut numbers = [SYMBOLS as u8 - 1; 256];
    let mut i = 0;
    while i < order.len() {
        numbers[order[i] as usize] = i as u8;
        i += 1;
    }
    numbers
}

const fn classes() -> [u8; SYMBOLS] {
    let mut classes = [SIGN; SYMBOLS];
    let mut i = 0;
    while i < 62 {
        classes[i] = match i {
            0..10 => DIGIT,
            10..16 => UPPER_HEX,
            16..36 => UPPER,
            36..42 => LOWER_HEX,
            _ => LOWER,
        };
        i += 1;
    }
    classes
}

const fn kinds() -> [u8; SYMBOLS + 1] {
    let mut kinds = [0; SYMBOLS + 1];
    let mut i = 0;
    while i < 62 {
        kinds[i] = match i {
            0..10 => 1,
            10..36 => 2,
            _ => 3,
        };
        i += 1;
    }
    kinds
}

/// Letters `a` to `f` alone belong to a hexadecimal number; signs count as two more characters, as in base64.
const fn random() -> [u32; 64] {
    let mut random = [0; 64];
    let mut classes = 0;
    while classes < 64 {
        let used = classes as u8;
        let letters = if used & (LOWER | UPPER) > 0 { 26 } else { 6 };
        let digits = if used & DIGIT > 0 { 10 } else { 0 };
        let lower = if used & (LOWER_HEX | LOWER) > 0 { letters } else { 0 };
        let upper = if used & (UPPER_HEX | UPPER) > 0 { letters } else { 0 };
        let signs = if used & SIGN > 0 { 2 } else { 0 };
        let size: u64 = digits + lower + upper + signs;
        random[classes] = if size > 1 { size.pow(PARTS).ilog2() } else { 0 };
        classes += 1;
    }
    random
}

#[cfg(test)]
mod tests {
    use crate::scan::text_model::score;

    #[test]
    fn text_scores_below_chance() {
        for (text, is_text) in [
            ("AbstractSingletonProxyFactoryBean", true),
            ("release-2024.05.23-linux-x86_64", true),
            ("src/components/settings/index.tsx", true),
            ("00000000000000000000000000000000", true),
            ("Q8Kd02mfLq3zT7vB1nXw", false),
            ("9f86d081884c7d659a2feaa0c55ad015", false),
            ("q8kd02mflq3zt7vb1nxw", false),
            ("Q8KD02MFLQ3ZT7VB1NXW", false),
        ] {
            assert_eq!(score(text.as_bytes()) < 0, is_text, "{text}: {}", score(text.as_bytes()));
        }
    }
}
