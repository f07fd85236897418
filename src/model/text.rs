//! A text of a record: short ones stand in place, and a copy of a long one shares its bytes.

/// A text that costs next to nothing to copy: records say the same few words again and again.
pub type Text = smol_str::SmolStr;
