//! Secrets that standards and widely copied documents print as examples: whoever meets them has met the document.

use crate::scan::filter::Case;

/// The examples as they are printed.
const PRINTED: [&[u8]; 12] = [
    // RFC 5849, OAuth 1.0.
    b"kkk9d7dh3k39sjv7",
    b"ad180jjd733klru7",
    // RFC 6749 and RFC 6750, OAuth 2.0.
    b"2YotnFZFEjr1zCsicMWpAA",
    b"tGzv3JOkF0XG5Qx2TlKWIA",
    b"czZCaGRSa3F0MzpnWDFmQmF0M2JW",
    b"SplxlOBeZQQYbYS6WxSbIA",
    // RFC 7009, revocation.
    b"45ghiukldjahdnhzdauz",
    // RFC 7617, basic authentication.
    b"QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    // The key URI format of authenticator apps.
    b"JBSWY3DPEHPK3PXP",
    b"HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ",
    // Flask's manual.
    b"192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    b"5f352379324c22463451387a0aec5d2f",
];

/// Filter `documented`.
#[must_use]
pub fn is_documented(case: &Case) -> bool {
    PRINTED.contains(&case.token())
}
