//! The one file of delivery that looks at secrets: keys, credentials for a header, and a token on its way into the message that needs it.
//!
//! **Invariant:** what is made of a secret here is zeroed when it is dropped, and never grows, because growing leaves a copy behind.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

use crate::delivery::letter::{Authorization, Key, LetterError};
use crate::model::secret::Secret;

/// What stays as it is in a form (WHATWG URL, section 5.2).
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');

/// A key as it is written, without space around it; in DER, which begins with a sequence, there is none.
#[must_use]
pub fn key(key: &Key) -> Zeroizing<Vec<u8>> {
    let octets = key.0.expose();
    Zeroizing::new(if octets.starts_with(&[0x30]) { octets } else { octets.trim_ascii() }.to_vec())
}

/// What stands in `Authorization`.
///
/// # Errors
/// Where it holds what no header may hold.
pub fn authorization(authorization: &Authorization) -> Result<Zeroizing<String>, LetterError> {
    let value = match authorization {
        Authorization::Header(value) => text(value.expose()).map(|value| Zeroizing::new(value.trim().to_owned())),
        Authorization::Client { id, secret } => Ok(basic(id, secret)),
    };
    let sendable = |value: &Zeroizing<String>| !value.is_empty() && value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    value.ok().filter(sendable).ok_or(LetterError::Header { setting: "authorization" })
}

/// A client's id and secret, each as in a form, as RFC 6749, section 2.3.1 has it.
fn basic(id: &str, secret: &Secret) -> Zeroizing<String> {
    let mut pair = Zeroizing::new(Vec::with_capacity(3 * (id.len() + secret.len()) + 1));
    push_form(&mut pair, id.as_bytes());
    pair.push(b':');
    push_form(&mut pair, secret.expose());
    let mut value = Zeroizing::new(String::with_capacity(16 + pair.len() / 3 * 4));
    value.push_str("Basic ");
    STANDARD.encode_string(&pair[..], &mut value);
    value
}

/// A JSON array of one object that holds the token and these texts: the form in which GitHub and GitLab report tokens.
///
/// # Errors
/// Where the token is not UTF-8.
pub fn report(token: &Secret, rest: &[(&str, &str)]) -> Result<Zeroizing<Vec<u8>>, LetterError> {
    let token = text(token.expose())?;
    let all = [("token", token)].into_iter().chain(rest.iter().copied());
    // In JSON, a byte becomes at most six.
    let size = all.clone().map(|(name, value)| 6 * (name.len() + value.len()) + 8).sum();
    let mut body = Zeroizing::new(Vec::with_capacity(size));
    for (number, (name, value)) in all.enumerate() {
        body.extend_from_slice(if number == 0 { b"[{" } else { b"," });
        push_json(&mut body, name);
        body.push(b':');
        push_json(&mut body, value);
    }
    body.extend_from_slice(b"}]");
    Ok(body)
}

/// A form that holds the token and these texts.
#[must_use]
pub fn form(token: &Secret, rest: &[(&str, &str)]) -> Zeroizing<Vec<u8>> {
    let fields: usize = rest.iter().map(|(name, value)| name.len() + 3 * value.len() + 2).sum();
    let mut body = Zeroizing::new(Vec::with_capacity("token=".len() + 3 * token.len() + fields));
    body.extend_from_slice(b"token=");
    push_form(&mut body, token.expose());
    for (name, value) in rest {
        body.push(b'&');
        body.extend_from_slice(name.as_bytes());
        body.push(b'=');
        push_form(&mut body, value.as_bytes());
    }
    body
}

fn text(octets: &[u8]) -> Result<&str, LetterError> {
    std::str::from_utf8(octets).map_err(|_| LetterError::NotText)
}

fn push_json(to: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(to, text).expect("because a text can be written to memory");
}

fn push_form(to: &mut Vec<u8>, octets: &[u8]) {
    for part in percent_encode(octets, FORM) {
        to.extend_from_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::delivery::letter::Authorization;
    use crate::delivery::reveal::{authorization, form, report};
    use crate::model::secret::Secret;

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    #[test]
    fn clients_show_who_they_are() {
        let check = |authorized: Authorization, expected: Option<&str>| {
            let value = authorization(&authorized).ok();
            assert_eq!(value.as_ref().map(|value| value.as_str()), expected);
        };
        check(Authorization::Header(Arc::new(secret("Bearer b\n"))), Some("Bearer b"));
        check(Authorization::Header(Arc::new(secret("Bearer b\r\nx: y"))), None);
        check(Authorization::Header(Arc::new(secret(""))), None);
        check(Authorization::Header(Arc::new(Secret::new(vec![0xff]))), None);
        // `a%3Ab:c%2Fd` in base64.
        check(Authorization::Client { id: "a:b".to_owned(), secret: Arc::new(secret("c/d")) }, Some("Basic YSUzQWI6YyUyRmQ="));
    }

    #[test]
    fn tokens_stand_in_bodies_unchanged() {
        let written = report(&secret("a\"b\u{1}"), &[("type", "t"), ("url", "u\n")]).expect("because it is text");
        assert_eq!(std::str::from_utf8(&written), Ok(r#"[{"token":"a\"b\u0001","type":"t","url":"u\n"}]"#));
        assert!(report(&Secret::new(vec![0xff]), &[]).is_err());
        let written = form(&secret("a+b/c=&d e"), &[("token_type_hint", "access_token")]);
        assert_eq!(std::str::from_utf8(&written), Ok("token=a%2Bb%2Fc%3D%26d%20e&token_type_hint=access_token"));
    }

    #[test]
    fn what_holds_a_secret_never_grows() {
        let token = secret(&"\u{1}".repeat(1000));
        let written = report(&token, &[("type", "t")]).expect("because it is text");
        assert!(written.len() > 6000 && written.capacity() < 6200, "{}", written.capacity());
        let capacity = form(&token, &[("a", "b")]).capacity();
        assert!((3000..3100).contains(&capacity), "{capacity}");
    }
}
