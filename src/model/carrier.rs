//! What carried a token at the place where it was found: a header, a query parameter, a named value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The syntax that introduced a token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CarrierKind {
    /// An authentication scheme word before it, such as `Bearer` (RFC 9110, section 11.1).
    Scheme,
    /// An HTTP header's value.
    Header,
    /// A cookie's value.
    Cookie,
    /// A query or form parameter.
    Query,
    /// The user information of a URL.
    Userinfo,
    /// A name and value in code, configuration or JSON.
    Assignment,
    /// A command-line option's value.
    Option,
    /// An XML or HTML element's content.
    Element,
    /// A sentence in prose.
    Prose,
}

/// What carried a token.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Carrier {
    /// The syntax.
    pub kind: CarrierKind,
    /// The header's, parameter's, key's or scheme's name as written, at most 64 characters, printable ASCII.
    pub name: String,
}
