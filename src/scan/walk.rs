//! Walks over texts 64 or 32 bytes at a time, told by what each byte is; the safe twin of what `kernel.rs` tells with vector instructions.

use crate::rules::byte_set::ByteSet;

/// A run: start and end (exclusive) in the searched bytes.
pub type Run = std::ops::Range<usize>;

/// The fewest characters of base64 that are looked for: sixteen bytes.
pub const MIN_BLOB: usize = 22;
/// The fewest hexadecimal digits that are looked for: sixteen bytes.
pub const MIN_DIGITS: usize = 32;

/// Where in a run's first 64 bytes something encoded may begin: bit `i` stands for byte `i`. What does not fit into the run is left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signs {
    /// Base64 of ASCII text: the first characters of three groups stand for printable bytes or line breaks, at the start or after `-_./~`.
    pub base64: u64,
    /// The last byte of 32 hexadecimal digits.
    pub hex: u64,
}

/// Looks at 64 bytes from each run's start; those after its end are masked out.
#[expect(clippy::inline_always, reason = "the loop must be compiled with the vector features of its caller")]
#[inline(always)]
pub fn find_signs_with(bytes: &[u8], runs: impl Iterator<Item = Run>, found: &mut Vec<Signs>, classes: impl Fn(&[u8; 64]) -> [u64; 3]) {
    for run in runs {
        if run.len() < MIN_DIGITS {
            found.push(Signs { base64: short_sign(&bytes[run]), hex: 0 });
            continue;
        }
        let inside = u64::MAX >> 64_usize.saturating_sub(run.len());
        let [first, mark, digit] = with_block(bytes, run.start, &classes);
        let [first, digit] = [first & inside, digit & inside];
        let four = digit & digit << 1 & digit << 2 & digit << 3;
        let sixteen = four & four << 4 & four << 8 & four << 12;
        found.push(Signs { base64: first & first >> 4 & first >> 8 & (mark << 1 | 1), hex: sixteen & sixteen << 16 });
    }
}

/// The first sign of base64 in a short run, most of which have none.
#[inline]
pub fn short_sign(text: &[u8]) -> u64 {
    let Some(last) = text.len().checked_sub(MIN_BLOB) else { return 0 };
    let begins = |at: usize| at == 0 || KINDS[usize::from(text[at - 1])] == MARK;
    let mut places = (0..=last).filter(|at| begins(*at));
    let sign = places.find(|at| [0, 4, 8].iter().all(|group| KINDS[usize::from(text[at + group])] == FIRST));
    sign.map_or(0, |at| 1 << at)
}

/// The first character of a group of three bytes of text.
const FIRST: u8 = 1;
/// A character after which something encoded may begin.
const MARK: u8 = 2;

/// What each byte is.
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = if is_first(byte as u8) {
            FIRST
        } else if is_mark(byte as u8) {
            MARK
        } else {
            0
        };
        byte += 1;
    }
    kinds
};

const fn is_first(byte: u8) -> bool {
    matches!(byte, b'I'..=b'Z' | b'a'..=b'f' | b'C' | b'D')
}

/// Characters of runs after which a blob may begin.
pub const fn is_mark(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b'.' | b'/' | b'~')
}

/// Which of 64 bytes may be the first character of a group of three bytes of text in base64, which are marks, which hexadecimal digits.
pub fn classes(block: &[u8; 64]) -> [u64; 3] {
    [is_first, is_mark, |b: u8| b.is_ascii_hexdigit()].map(|is: fn(u8) -> bool| bits(block, is))
}

/// Bit `i` tells whether byte `i` is of a class.
fn bits(block: &[u8; 64], is: impl Fn(u8) -> bool) -> u64 {
    block.iter().enumerate().fold(0, |mask, (i, b)| mask | u64::from(is(*b)) << i)
}

/// Which of 64 bytes are token characters, but no letters and digits.
pub fn separators(block: &[u8; 64]) -> u64 {
    bits(block, |b| ByteSet::SEPARATORS.contains(b))
}

/// Calls `found` for every place in the runs where a word begins: at a run's start and after a separator.
#[expect(clippy::inline_always, reason = "the walk must be compiled with the vector features of its caller")]
#[inline(always)]
pub fn each_word_with(bytes: &[u8], runs: impl Iterator<Item = Run>, mut found: impl FnMut(usize), separators: impl Fn(&[u8; 64]) -> u64) {
    for run in runs {
        found(run.start);
        for base in run.clone().step_by(64) {
            let inside = u64::MAX >> 64_usize.saturating_sub(run.end - base);
            each_bit(inside & with_block(bytes, base, &separators), |at| found(base + at + 1));
        }
    }
}

/// Which of 64 bytes are upper case letters, lower case letters, digits.
pub fn letters(block: &[u8; 64]) -> [u64; 3] {
    [u8::is_ascii_uppercase, u8::is_ascii_lowercase, u8::is_ascii_digit].map(|is: fn(&u8) -> bool| bits(block, |b| is(&b)))
}

/// Calls `found` for every place in the range where letters or digits begin: at a letter that follows none, at a change to upper case, at a digit.
#[expect(clippy::inline_always, reason = "the walk must be compiled with the vector features of its caller")]
#[inline(always)]
pub fn each_beginning_with(bytes: &[u8], range: Run, mut found: impl FnMut(usize), letters: impl Fn(&[u8; 64]) -> [u64; 3]) {
    let is = |at: Option<usize>, test: fn(&u8) -> bool| u64::from(at.and_then(|at| bytes.get(at)).is_some_and(test));
    for base in range.clone().step_by(64) {
        let inside = u64::MAX >> 64_usize.saturating_sub(range.end - base);
        let [upper, lower, digit] = with_block(bytes, base, &letters);
        let letter = upper | lower;
        let after_letter = letter << 1 | is(base.checked_sub(1), u8::is_ascii_alphabetic);
        let after_lower = lower << 1 | is(base.checked_sub(1), u8::is_ascii_lowercase);
        let before_lower = lower >> 1 | is(Some(base + 64), u8::is_ascii_lowercase) << 63;
        let begins = digit | letter & !after_letter | upper & (after_lower | before_lower);
        each_bit(inside & begins, |at| found(base + at));
    }
}

/// Calls `found` with the number of every bit that is set.
#[inline]
pub fn each_bit(mut bits: u64, mut found: impl FnMut(usize)) {
    while bits != 0 {
        found(bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}

/// Calls `classify` with as many bytes from a place on as a block has; zeros stand for those after the text's end.
#[expect(clippy::inline_always, reason = "it must be compiled with the vector features of its caller")]
#[inline(always)]
fn with_block<const N: usize, T>(bytes: &[u8], at: usize, classify: impl Fn(&[u8; N]) -> T) -> T {
    if let Some(block) = bytes[at..].first_chunk() {
        return classify(block);
    }
    let mut block = [0; N];
    block[..bytes.len() - at].copy_from_slice(&bytes[at..]);
    classify(&block)
}

/// Sixteen groups of windows: sets of four bytes in a row. A group knows a byte by its lower and its upper half, so it knows more than it was made of.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Windows {
    /// For each of the four bytes, the groups that know its lower half: the first eight groups, then the others.
    pub low: [[[u8; 16]; 4]; 2],
    /// The groups that know its upper half.
    pub high: [[[u8; 16]; 4]; 2],
}

/// How many windows begin in a block, and how many bytes it has: those of the last window as well.
pub const STEP: usize = 32;
/// See [`STEP`].
pub const BLOCK: usize = STEP + 3;

/// A bit for each window of a block that any group knows, and the groups that know each: the first eight and the others.
pub type Met = (u32, [[u8; STEP]; 2]);

/// Which groups know the windows of a block.
pub fn met(windows: &Windows, block: &[u8; BLOCK]) -> Met {
    let groups = |half: usize, at: usize| {
        let byte = |i: usize| usize::from(block[at + i]);
        (0..4).fold(u8::MAX, |groups, i| groups & windows.low[half][i][byte(i) & 15] & windows.high[half][i][byte(i) >> 4])
    };
    let groups: [[u8; STEP]; 2] = std::array::from_fn(|half| std::array::from_fn(|at| groups(half, at)));
    let any = (0..STEP).fold(0, |any, at| any | u32::from(groups[0][at] | groups[1][at] != 0) << at);
    (any, groups)
}

/// Calls `found` for every place in the range where a window begins that a group knows, with these groups as bits.
#[expect(clippy::inline_always, reason = "the walk must be compiled with the vector features of its caller")]
#[inline(always)]
pub fn each_window_with(bytes: &[u8], range: Run, mut found: impl FnMut(usize, u16), met: impl Fn(&[u8; BLOCK]) -> Met) {
    for base in range.clone().step_by(STEP) {
        let (any, [first, others]) = with_block(bytes, base, &met);
        let inside = u32::MAX >> STEP.saturating_sub(range.end - base);
        each_bit(u64::from(any & inside), |at| found(base + at, u16::from_le_bytes([first[at], others[at]])));
    }
}

/// Which of 64 bytes are token characters.
pub fn mask(block: &[u8; 64]) -> u64 {
    bits(block, |b| ByteSet::RUN.contains(b))
}

/// Finds runs from `from` on. Walks over the masks: a run is open at the end of a block until a block ends it.
#[expect(clippy::inline_always, reason = "the walk must be compiled with the vector features of its caller")]
#[inline(always)]
pub fn find_runs_with(bytes: &[u8], from: usize, min: usize, runs: &mut Vec<Run>, mask: impl Fn(&[u8; 64]) -> u64) {
    debug_assert!(min >= 16, "the walk looks for sixteen characters in a row");
    let mut push = |start: usize, end: usize| {
        if end - start >= min {
            runs.push(start..end);
        }
    };
    let (blocks, rest) = bytes[from..].as_chunks::<64>();
    let mut open = from;
    for (i, block) in blocks.iter().enumerate() {
        let base = from + i * 64;
        let members = mask(block);
        if members == u64::MAX {
            continue;
        }
        push(open, base + (!members).trailing_zeros() as usize);
        let at_end = members.leading_ones();
        // The runs that neither touch the block's start nor its end; with `min` at 16 or more, few blocks hold one.
        let inner = members & (members.wrapping_add(1)) & (u64::MAX >> at_end);
        let mut sixteen = inner & inner >> 1;
        sixteen &= sixteen >> 2;
        sixteen &= sixteen >> 4;
        sixteen &= sixteen >> 8;
        while sixteen != 0 {
            let start = sixteen.trailing_zeros();
            let length = (!(inner >> start)).trailing_zeros();
            push(base + start as usize, base + (start + length) as usize);
            sixteen &= u64::MAX.checked_shl(start + length).unwrap_or(0);
        }
        open = base + 64 - at_end as usize;
    }
    let mut last = [0; 64];
    last[..rest.len()].copy_from_slice(rest);
    let base = bytes.len() - rest.len();
    for (i, byte) in last.iter().enumerate().take(rest.len() + 1) {
        if i == rest.len() || !ByteSet::RUN.contains(*byte) {
            push(open, base + i);
            open = base + i + 1;
        }
    }
}
