//! `rfc7009`: the token itself, to the revocation endpoint of an OAuth 2.0 authorization server.

use serde::Deserialize;

use crate::delivery::letter::{Answer, Letter, LetterError, Meaning, Message};
use crate::delivery::payload::{Payload, Write};
use crate::delivery::reveal;
use crate::model::issuance::TokenType;
use crate::model::secret::Secret;

/// The format.
pub const PAYLOAD: Payload =
    Payload { name: "rfc7009", about: "the token itself, to be revoked: OAuth 2.0 token revocation (RFC 7009)", write: Write::Holding(write), read };

/// Errors that come back for the same token every time; a client that is not known can be mended.
const LASTING: [&str; 2] = ["unsupported_token_type", "invalid_request"];
const MENDED: [&str; 3] = ["invalid_client", "unauthorized_client", "invalid_grant"];

fn write(letter: &Letter, token: &Secret) -> Result<Message, LetterError> {
    letter.asks_to_revoke()?;
    if letter.to.authorization.is_none() {
        return Err(LetterError::Missing { setting: "authorization" });
    }
    let hint = match letter.alert.data.token.token_type {
        Some(TokenType::AccessToken) => Some(("token_type_hint", "access_token")),
        Some(TokenType::RefreshToken) => Some(("token_type_hint", "refresh_token")),
        _ => None,
    };
    let mut message = Message::new(letter, "application/x-www-form-urlencoded", reveal::form(token, hint.as_slice()))?;
    message.headers.push(("accept", "application/json".to_owned().into()));
    Ok(message)
}

/// 200 is success, also for a token that is not known (section 2.2); 503 means that it is still good (section 2.2.1).
fn read(answer: &Answer) -> Meaning {
    #[derive(Deserialize)]
    struct Said {
        error: String,
    }
    let code = serde_json::from_slice(answer.body).map(|said: Said| said.error).unwrap_or_default();
    let known = |codes: &[&'static str]| codes.iter().copied().find(|one| *one == code);
    match answer.status {
        200 => Meaning::Delivered { labels: Vec::new() },
        400 if let Some(code) = known(&LASTING) => Meaning::Refused { reason: format!("status 400: {code}") },
        400..=401 if let Some(code) = known(&MENDED) => answer.again(format!("status {}: {code}", answer.status)),
        201..=299 => answer.again(format!("status {}, where only 200 is success", answer.status)),
        _ => answer.meaning(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use crate::delivery::letter::{Addressee, Authorization, LetterError};
    use crate::delivery::payload::{rfc7009::PAYLOAD, sample};
    use crate::model::secret::Secret;

    fn addressee() -> Addressee {
        let client = Authorization::Client { id: "a:b".to_owned(), secret: Arc::new(Secret::new(b"c/d".to_vec())) };
        Addressee { authorization: Some(client), ..sample::addressee() }
    }

    #[test]
    fn a_request_is_a_form() {
        let check = |token_type: &str, expected: &str| {
            let alert = sample::changed(&sample::requested(), &json!({ "data": { "token": { "type": token_type } } }));
            let message = sample::written(&PAYLOAD, &alert, &addressee());
            assert_eq!(std::str::from_utf8(&message.body), Ok(expected));
            assert_eq!(sample::header(&message, "content-type"), Some("application/x-www-form-urlencoded"));
            assert_eq!(sample::header(&message, "authorization"), Some("Basic YSUzQWI6YyUyRmQ="));
        };
        check("access_token", "token=a%22b%2Bc&token_type_hint=access_token");
        check("refresh_token", "token=a%22b%2Bc&token_type_hint=refresh_token");
        check("pat", "token=a%22b%2Bc");
    }

    #[test]
    fn nothing_is_revoked_unasked() {
        let to = addressee();
        let check = |alert| {
            let written = PAYLOAD.write(&sample::letter(&alert, &to), Some(&sample::token()));
            assert!(matches!(written, Err(LetterError::NoRequest)));
        };
        check(sample::exposed());
        check(sample::replayed());
        check(sample::changed(&sample::requested(), &json!({ "data": { "action": { "dry_run": true } } })));
        check(sample::changed(&sample::requested(), &json!({ "data": { "action": { "kind": "review" } } })));
        check(sample::changed(&sample::requested(), &json!({ "type": "token.replay_detected" })));
    }

    #[test]
    fn answers_have_meanings() {
        sample::check_answers(
            &PAYLOAD,
            &[
                (200, "", "delivered", ""),
                (204, "", "again", "status 204, where only 200 is success"),
                (400, r#"{"error":"unsupported_token_type"}"#, "refused", "status 400: unsupported_token_type"),
                (400, r#"{"error":"invalid_request"}"#, "refused", "status 400: invalid_request"),
                (400, r#"{"error":"invalid_client"}"#, "again", "status 400: invalid_client"),
                (401, r#"{"error":"invalid_client"}"#, "again", "status 401: invalid_client"),
                (400, r#"{"error":"the token was a"}"#, "again", "status 400"),
                (302, "", "again", "status 302"),
                (410, "", "gone", ""),
                (503, "", "again", "status 503"),
            ],
        );
    }
}
