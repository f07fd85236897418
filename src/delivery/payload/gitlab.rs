//! `gitlab`: the token itself, to a server of GitLab's token revocation API.

use crate::delivery::letter::{Answer, Letter, LetterError, Meaning, Message};
use crate::delivery::payload::{Payload, Write, report};
use crate::delivery::reveal;
use crate::model::secret::Secret;

/// The format.
pub const PAYLOAD: Payload = Payload {
    name: "gitlab",
    about: "the token itself, to be revoked: `POST /v1/revoke_tokens` of GitLab's token revocation API",
    write: Write::Holding(write),
    read,
};

fn write(letter: &Letter, token: &Secret) -> Result<Message, LetterError> {
    letter.asks_to_revoke()?;
    if letter.to.authorization.is_none() {
        return Err(LetterError::Missing { setting: "authorization" });
    }
    let (name, place) = (report::token_type(letter, "beartrap_rule_id_"), report::place(&letter.alert.data));
    Message::new(letter, "application/json", reveal::report(token, &[("type", &name), ("location", &place)])?)
}

/// 204 says that it will be revoked; 400 that trying again is of no use.
fn read(answer: &Answer) -> Meaning {
    match answer.status {
        204 => Meaning::Delivered { labels: Vec::new() },
        400 => Meaning::Refused { reason: "status 400".to_owned() },
        200..=299 => answer.again(format!("status {}, where only 204 is success", answer.status)),
        _ => answer.meaning(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use crate::delivery::letter::{Addressee, Authorization, LetterError};
    use crate::delivery::payload::{gitlab::PAYLOAD, sample};
    use crate::model::secret::Secret;

    fn addressee() -> Addressee {
        let shared = Authorization::Header(Arc::new(Secret::new(b"shared".to_vec())));
        Addressee { token_type: Some("example_pat".to_owned()), authorization: Some(shared), ..sample::addressee() }
    }

    #[test]
    fn a_request_holds_the_token() {
        let message = sample::written(&PAYLOAD, &sample::requested(), &addressee());
        assert_eq!(sample::body(&message), json!([{ "token": "a\"b+c", "type": "example_pat", "location": "https://logs.example/a#L7" }]));
        assert_eq!((sample::header(&message, "content-type"), sample::header(&message, "authorization")), (Some("application/json"), Some("shared")));
        let guessed = sample::written(&PAYLOAD, &sample::requested(), &Addressee { token_type: None, ..addressee() });
        assert_eq!(sample::body(&guessed)[0]["type"], "beartrap_rule_id_access_token");
    }

    #[test]
    fn nothing_is_revoked_unasked_or_unauthorized() {
        let write = |alert, to| PAYLOAD.write(&sample::letter(&alert, &to), Some(&sample::token())).err();
        assert!(matches!(write(sample::exposed(), addressee()), Some(LetterError::NoRequest)));
        assert!(matches!(write(sample::requested(), sample::addressee()), Some(LetterError::Missing { setting: "authorization" })));
    }

    #[test]
    fn answers_have_meanings() {
        sample::check_answers(
            &PAYLOAD,
            &[
                (204, "", "delivered", ""),
                (200, "", "again", "status 200, where only 204 is success"),
                (400, "", "refused", "status 400"),
                (401, "", "again", "status 401"),
                (405, "", "again", "status 405"),
                (410, "", "gone", ""),
                (429, "", "again", "status 429"),
                (500, "", "again", "status 500"),
            ],
        );
    }
}
