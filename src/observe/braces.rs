//! Follows the brackets of a JSON value, without reading what stands in them.

use borsh::{BorshDeserialize, BorshSerialize};
use memchr::{memchr_iter, memchr2};

/// How far a JSON value has been followed.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, BorshSerialize, BorshDeserialize)]
pub struct Braces {
    depth: u32,
    in_text: bool,
    escaped: bool,
}

impl Braces {
    /// Inside so many brackets.
    #[must_use]
    pub fn inside(depth: u32) -> Self {
        Self { depth, ..Self::default() }
    }
}

/// How many lines end in these bytes.
#[must_use]
pub fn breaks(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

/// Follows an object or array from a place on; where it ends, if it does.
#[must_use]
pub fn follow(bytes: &[u8], from: usize, mut braces: Braces) -> (Option<usize>, Braces) {
    let mut at = from;
    while at < bytes.len() {
        if braces.in_text {
            if std::mem::take(&mut braces.escaped) {
                at += 1;
                continue;
            }
            let Some(next) = memchr2(b'"', b'\\', &bytes[at..]) else { return (None, braces) };
            at += next + 1;
            braces.in_text = bytes[at - 1] != b'"';
            braces.escaped = braces.in_text;
            continue;
        }
        match bytes[at] {
            b'"' => braces.in_text = true,
            b'{' | b'[' => braces.depth += 1,
            b'}' | b']' => {
                braces.depth = braces.depth.saturating_sub(1);
                if braces.depth == 0 {
                    return (Some(at + 1), braces);
                }
            }
            _ => {}
        }
        at += 1;
    }
    (None, braces)
}
