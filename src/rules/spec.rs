//! A rule file as written: what TOML may say, before anything is checked.

use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::model::carrier::CarrierKind;
use crate::model::grade::{Confidence, Severity};
use crate::model::rule_info::TokenKind;

/// One file of `rules/`: an issuer and its rules.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Who issues these tokens.
    pub provider: String,
    /// What to do about a leak, for every rule that does not say its own.
    #[serde(default)]
    pub remedy: String,
    /// The vendor's page on revoking them.
    #[serde(default)]
    pub revocation_url: String,
    /// The rules.
    #[serde(rename = "rule")]
    pub rules: Vec<Spanned<RuleSpec>>,
}

/// One `[[rule]]` table.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    /// Unique id: lower case letters, digits and hyphens.
    pub id: String,
    /// One line for people.
    pub name: String,
    /// What the token gives its holder, and what is known of its format.
    pub description: String,
    /// What the token is.
    pub kind: TokenKind,
    /// How bad a leak is.
    pub severity: Severity,
    /// How sure a match is before its check (if any) has spoken.
    pub confidence: Confidence,
    /// How long such a token is good for if nobody revokes it: `90d`, `12h`, `chosen` where its owner chose an end; without it, for ever.
    #[serde(default)]
    pub lifetime: String,
    /// A bounded regular expression (bytes, no look-around) with one capture named `secret` around all of it.
    pub pattern: String,
    /// For formats without a prefix: what must introduce the value.
    #[serde(default)]
    pub context: Context,
    /// For a secret that goes with a key id: what stands near it.
    #[serde(default)]
    pub partner: Partner,
    /// The checksum or structure that a real token has.
    #[serde(default)]
    pub check: Option<Check>,
    /// For `check = "jwt"`: which JWTs this rule is about.
    #[serde(default)]
    pub claims: Claims,
    /// Overrides the file's provider.
    #[serde(default)]
    pub provider: Option<String>,
    /// Overrides the file's remedy.
    #[serde(default)]
    pub remedy: Option<String>,
    /// Overrides the file's revocation page.
    #[serde(default)]
    pub revocation_url: Option<String>,
    /// At least two texts in which `<secret>` stands for a generated token that must be found, exactly.
    pub positive: Vec<String>,
    /// At least two texts in which this rule must find nothing: a near miss and a look-alike.
    pub negative: Vec<String>,
}

/// What must introduce a value of a format that has no literal of its own; every list that is not empty must have a member that holds.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Context {
    /// Words in the value's name, before it on its line, or on the two lines before; in any case.
    pub keywords: Vec<String>,
    /// Parts of the value's name, written in lower case letters and digits only: `apikey` is part of `X-Api-Key` and `myApiKey`.
    /// `=apikey` is the whole name, `^apikey` its beginning, `apikey$` its end.
    pub names: Vec<String>,
    /// The syntaxes that may introduce it.
    pub carriers: Vec<CarrierKind>,
}

impl Context {
    /// Whether there is no condition.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What belongs to a secret and stands near it: they become one finding.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Partner {
    /// Ids of the rules that find its key id, which usually stands before it.
    pub before: Vec<String>,
    /// Ids of the rules that find what usually stands after it, such as a session token.
    pub after: Vec<String>,
    /// Whether it is looked for near its key id even where nothing introduces it.
    pub bare: bool,
    /// Whether it counts for little without its key id.
    pub needed: bool,
}

/// A checksum (a match raises the confidence to high, a mismatch lowers it to low) or a structure (a mismatch is no finding).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Six base62 digits: CRC-32 of what stands between the prefix (up to the last `_` before it) and them.
    Crc32Base62,
    /// GitLab routable tokens: seven base36 digits, CRC-32 of everything before them.
    GitlabRoutable,
    /// Eight hexadecimal digits (any case): CRC-32 of everything before them.
    Crc32HexAll,
    /// Eight hexadecimal digits: CRC-32 of the body between prefix (up to the first `_`, or four letters) and them.
    Crc32HexBody,
    /// Grafana service accounts: eight hexadecimal digits after `_`, CRC-32 of everything before that `_`, little endian.
    GrafanaCrc32,
    /// A JWT: header and payload are base64url JSON objects, the header names an `alg`. Structure.
    Jwt,
    /// A JWE in compact form: the header is a base64url JSON object with `enc`. Structure.
    Jwe,
    /// Base64 of a JSON object after the prefix up to the last `_` or `-`, if any. Structure.
    Base64Json,
    /// Discord: the part before the first dot is base64 of decimal digits. Structure.
    DiscordId,
    /// Base64 of `user:password` (RFC 7617). Structure, but no proof.
    Basic,
    /// Looks generated: mixed character classes, no words, enough entropy for its alphabet. Structure.
    Random,
    /// A PEM or OpenSSH private key block: the body between its lines is base64 of a plausible length; or a `PuTTY` key file. Structure.
    Pem,
}

/// Conditions on a JWT; a rule matches when every list that is not empty has a member that holds.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Claims {
    /// `typ` equals one of these, without regard to case and to a leading `application/`.
    pub typ: Vec<String>,
    /// `iss` contains one of these.
    pub iss: Vec<String>,
    /// `sub` starts with one of these.
    pub sub: Vec<String>,
    /// `aud` contains one of these.
    pub aud: Vec<String>,
    /// All of these claims are present in the payload.
    pub has: Vec<String>,
}

impl Claims {
    /// Whether there is no condition.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
