//! Basic authentication (RFC 7617): which half of user name and password is the token.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::GeneralPurpose;
use zeroize::Zeroizing;

use crate::model::jwt::LENIENT;

/// Passwords that say only that the token stands in the user's name, as services document it.
const DUMMIES: [&[u8]; 9] = [b"", b"x-oauth-basic", b"x-access-token", b"api_token", b"x", b"X", b"none", b"null", b"unused"];

/// The shortest half that counts as a token, in octets: what people choose is shorter, and its plain hash would give it away.
const SHORTEST: usize = 16;

/// Whether a password is none: the token is the user's name then.
#[must_use]
pub fn is_dummy(password: &[u8]) -> bool {
    DUMMIES.contains(&password)
}

/// Asks something about the token in base64 of `user:password`; `None` where there is none. Its octets are wiped afterwards.
pub fn with_token<T>(encoded: &[u8], ask: impl FnOnce(&[u8]) -> T) -> Option<T> {
    let engine = GeneralPurpose::new(&STANDARD, LENIENT);
    // Room for all of it at once: a buffer that grows would leave octets behind.
    let mut decoded = Zeroizing::new(vec![0; base64::decoded_len_estimate(encoded.len())]);
    let length = engine.decode_slice(encoded, &mut decoded).ok()?;
    let pair = &decoded[..length];
    let colon = pair.iter().position(|byte| *byte == b':').filter(|_| !pair.iter().any(u8::is_ascii_control))?;
    let (user, password) = (&pair[..colon], &pair[colon + 1..]);
    let token = if is_dummy(password) { user } else { password };
    (token.len() >= SHORTEST).then(|| ask(token))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

    use crate::model::basic::with_token;

    #[test]
    fn the_token_is_the_half_that_is_no_dummy() {
        let token = "Zq3-".repeat(6);
        for (pair, expected) in [
            (format!("ann:{token}"), true),
            (format!("x-access-token:{token}"), true),
            (format!("oauth2:{token}"), true),
            (format!("{token}:"), true),
            (format!("{token}:x-oauth-basic"), true),
            (format!("{token}:api_token"), true),
            (format!(":{token}"), true),
            (token.clone(), false),
            ("ann:correct horse".to_owned(), false),
            (format!("ann\n:{token}"), false),
        ] {
            for encoded in [STANDARD.encode(&pair), STANDARD_NO_PAD.encode(&pair)] {
                let found = with_token(encoded.as_bytes(), |octets| octets == token.as_bytes());
                assert_eq!(found, expected.then_some(true), "{} octets", pair.len());
            }
        }
        assert_eq!(with_token(b"~~~~", <[u8]>::len), None);
    }
}
