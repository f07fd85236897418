//! What stands in records that say anything of tokens: a record without any of it, in which no token lies, need not be read.
//!
//! **Invariant:** one of these stands in every record that presents a token, tells that one was issued or has ended, or says what later records
//! of its stream need. What a mapping reads is not known here.

/// Programs that present a token by an option only, as they stand in commands and in lists of words.
#[rustfmt::skip]
pub const PROGRAMS: &[&str] = &[
    "^http ", "^http\t", "^http\\", "\"http\"", "^https ", "^https\t", "^https\\", "\"https\"", "^xh ", "^xh\t", "^xh\\", "\"xh\"",
];

/// Streams of a container whose records may be parts of lines.
pub const STREAMS: &[&str] = &["\"stdout\"", "\"stderr\""];

/// Texts in lower case, to be found in any case. `-` stands for `_` as well, `"` for a quote that is escaped as well; `^` says that no letter, `-`
/// or `_` stands before, `$` that no letter, digit, `-` or `_` follows.
pub const SIGNS: &[&str] = &[
    // Headers and parameters that carry a token (`credential`), and what keys of records are called like them.
    "authorization",
    "-token$",
    "^token=",
    "\"token\"",
    "api-key",
    "apikey",
    "jwt-assertion",
    "oidc-data",
    "oidc-access",
    "cookie\"",
    "cookie:",
    "^code=",
    "^key=",
    "^sig=",
    "dpop",
    // Parameters as an object (`http_json`).
    "args\":{",
    "args\": {",
    "args\" : {",
    "query\":{",
    "query\": {",
    "query\" : {",
    "string\":{",
    "string\": {",
    "string\" : {",
    "params\":{",
    "params\": {",
    "params\" : {",
    // Programs that present tokens (`command`).
    "curl",
    "wget",
    // Names of tokens that services write (`attribute`, `generic`, `token_use`), and records of issuances and ends.
    "fingerprint",
    "token-fp",
    "token-sha256",
    "\"fp\"",
    "keys\"",
    "\"jti\"",
    "\"secret\"",
    "\"target\"",
    "\"task-id\"",
    // CloudTrail, Kubernetes, Vault, GitHub, Teleport, Open Policy Agent.
    "accesskey",
    "sessiontoken",
    "credential-id",
    "accessor",
    "token-id",
    "token-name",
    "\"jwt\"",
    // Okta (what it hands out or ends are targets), Auth0, Entra.
    "apitokenid",
    "\"log-id\"",
    "uniquetokenidentifier",
    "signinactivityid",
    "revoke user sign-in",
    "revokesigninsessions",
    "stsrefreshtokenvalidfrom",
    "disable account",
    // Lines that go on, and marks after which lines are read otherwise.
    "stdout p",
    "stderr p",
    "section-start:",
    "section-end:",
    "running with gitlab-runner ",
    // Sessions that later records of a transcript belong to, and messages that wait for their answers.
    "session-meta",
    "sessionid\"",
    "session-id\"",
    "jsonrpc",
];
