//! Remembers what stands before values that concern no rule: logs repeat the same few keys on every line.
//!
//! **Invariant:** a place is passed over only if all bytes that decided the earlier one stand before it as well.

use std::ops::Range;

/// How many texts are remembered.
const SLOTS: usize = 256;
/// The longest text, in bytes.
const LONGEST: usize = 64;

/// Texts of one layer before values that concern no rule.
pub struct Quiet([(u32, u32); SLOTS]);

impl Quiet {
    /// No texts yet.
    #[must_use]
    pub fn new() -> Self {
        Self([(0, 0); SLOTS])
    }

    /// Whether a text that is known to concern no rule stands before this value.
    #[must_use]
    #[inline]
    pub fn has(&self, bytes: &[u8], value: usize) -> bool {
        let Some(slot) = slot(bytes, value) else { return false };
        let (start, end) = (self.0[slot].0 as usize, self.0[slot].1 as usize);
        end > start && bytes[..value].ends_with(&bytes[start..end])
    }

    /// Remembers the text before a value, all that was read to judge it; not where the layer's own start may have mattered.
    pub fn add(&mut self, bytes: &[u8], text: Range<usize>) {
        if text.start > 0
            && text.len() <= LONGEST
            && let Some(slot) = slot(bytes, text.end)
            && let (Ok(start), Ok(end)) = (u32::try_from(text.start), u32::try_from(text.end))
        {
            self.0[slot] = (start, end);
        }
    }
}

/// Spreads texts by their last eight bytes.
#[inline]
fn slot(bytes: &[u8], value: usize) -> Option<usize> {
    let last = u64::from_le_bytes(*bytes[..value].last_chunk()?);
    Some((last.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as usize)
}
