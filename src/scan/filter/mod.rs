//! False alarms, each with a name: what looks like a token and is none.
//!
//! **Invariant:** no filter is asked about a token whose checksum or structure proves it.

pub mod documented;
pub mod password;
pub mod surroundings;
pub mod value;

use std::ops::Range;

use crate::model::rule_info::TokenKind;
use crate::scan::candidate::Lead;
use crate::scan::introducer::Introduction;
use crate::scan::plain::Plain;

/// What a filter may look at.
pub struct Case<'a> {
    /// The layer's bytes.
    pub bytes: &'a [u8],
    /// The token's span in them.
    pub span: Range<usize>,
    /// What introduced it.
    pub introduction: Option<&'a Introduction>,
    /// What led to it.
    pub lead: Lead,
    /// What the rule takes it for.
    pub kind: TokenKind,
    /// How many bytes at the token's start are the rule's public prefix.
    pub prefix: usize,
    /// Whether the bytes were decoded from others.
    pub decoded: bool,
}

impl<'a> Case<'a> {
    /// The token.
    #[must_use]
    pub fn token(&self) -> &'a [u8] {
        &self.bytes[self.span.clone()]
    }

    /// The token without the rule's public prefix.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        &self.bytes[(self.span.start + self.prefix).min(self.span.end)..self.span.end]
    }

    /// The reduced name before it, empty where there is none.
    #[must_use]
    pub fn name(&self) -> Plain {
        self.introduction.map_or(Plain::new(b""), |introduction| introduction.plain(self.bytes))
    }

    /// At most `reach` bytes before it on its line, also where the line's break is written `\n`.
    #[must_use]
    pub fn before(&self, reach: usize) -> &'a [u8] {
        let before = &self.bytes[self.span.start.saturating_sub(reach)..self.span.start];
        let line = memchr::memrchr(b'\n', before).map_or(before, |at| &before[at + 1..]);
        memchr::memmem::rfind(line, b"\\n").map_or(line, |at| &line[at + 2..])
    }

    /// At most `reach` bytes after it on its line, also where the line's break is written `\n`.
    #[must_use]
    pub fn after(&self, reach: usize) -> &'a [u8] {
        let after = &self.bytes[self.span.end..self.bytes.len().min(self.span.end + reach)];
        let line = memchr::memchr(b'\n', after).map_or(after, |at| &after[..at]);
        memchr::memmem::find(line, b"\\n").map_or(line, |at| &line[..at])
    }
}

/// One kind of false alarm.
pub struct Filter {
    /// Its name, as `--explain-filters` prints it.
    pub name: &'static str,
    /// What it silences.
    pub about: &'static str,
    /// The strongest lead that it still silences.
    pub up_to: Lead,
    /// Whether this is such a false alarm.
    pub test: fn(&Case) -> bool,
}

/// All filters, cheapest first.
pub const FILTERS: &[Filter] = &[
    Filter {
        name: "repetition",
        about: "one character many times in a row, or seven that count up or down",
        up_to: Lead::Literal,
        test: value::is_repetition,
    },
    Filter {
        name: "placeholder",
        about: "words such as `example`, `your-`, `changeme`, `xxxx` inside, or dots for the rest",
        up_to: Lead::Literal,
        test: value::is_placeholder,
    },
    Filter {
        name: "documented",
        about: "an example that a standard or a widely copied document prints",
        up_to: Lead::Literal,
        test: documented::is_documented,
    },
    Filter { name: "template", about: "`${VAR}`, `{{ value }}`, `<token>`, `%s`", up_to: Lead::Literal, test: value::is_template },
    Filter { name: "uuid", about: "a UUID where no vendor issues UUIDs as tokens", up_to: Lead::Name, test: value::is_uuid },
    Filter { name: "reference", about: "an expression of code that reads a secret from elsewhere", up_to: Lead::Keyword, test: value::is_reference },
    Filter { name: "path", about: "a file path, a package or a URL", up_to: Lead::Name, test: value::is_path },
    Filter { name: "words", about: "words, numbers and identifiers: not generated", up_to: Lead::Name, test: value::is_words },
    Filter {
        name: "name",
        about: "a name that says it is no credential, such as `token_count` or `key_id`",
        up_to: Lead::Name,
        test: surroundings::is_other_name,
    },
    Filter { name: "digest", about: "a commit id, checksum, lockfile or integrity hash", up_to: Lead::Keyword, test: surroundings::is_digest },
    Filter { name: "public-key", about: "a public key or certificate", up_to: Lead::Keyword, test: surroundings::is_public_key },
    Filter { name: "data-uri", about: "an image or font in base64", up_to: Lead::Literal, test: surroundings::is_data_uri },
    Filter { name: "blob", about: "a piece of longer base64", up_to: Lead::Literal, test: surroundings::is_inside_base64 },
    Filter { name: "minified", about: "minified code", up_to: Lead::Name, test: surroundings::is_minified },
    Filter {
        name: "test-vector",
        about: "a line that says it is a test vector, an example or a fake",
        up_to: Lead::Keyword,
        test: surroundings::is_test_vector,
    },
];

/// The first filter that silences the case.
#[must_use]
pub fn silenced_by(case: &Case) -> Option<&'static Filter> {
    FILTERS.iter().find(|filter| case.lead <= filter.up_to && (filter.test)(case))
}
