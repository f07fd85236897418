//! The transformations that lie between the bytes of an origin and the token found in them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One step of decoding; a finding lists its steps from the outside in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decoder {
    /// Base64 with `+/` or `-_`, lines joined (RFC 4648, sections 4 and 5; RFC 2045).
    Base64,
    /// Two hexadecimal digits a byte (RFC 4648, section 8).
    Hex,
    /// `%XX` (RFC 3986, section 2.1).
    Percent,
    /// Backslash escapes of JSON, C, JavaScript and Python string literals.
    Escape,
    /// HTML and XML character references.
    Entity,
    /// A token cut by line wrapping or by a log driver's line limit, joined.
    Unwrap,
    /// UTF-16, little endian.
    Utf16le,
    /// UTF-16, big endian.
    Utf16be,
}

impl Decoder {
    /// The word used in every output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::Percent => "percent",
            Self::Escape => "escape",
            Self::Entity => "entity",
            Self::Unwrap => "unwrap",
            Self::Utf16le => "utf16le",
            Self::Utf16be => "utf16be",
        }
    }
}
