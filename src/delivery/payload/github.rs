//! `github`: the token itself, as GitHub's secret scanning reports it to partners.
//!
//! Companies that issue tokens have such a receiver already.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::delivery::key::{Form, SigningKey};
use crate::delivery::letter::{Letter, LetterError, Message};
use crate::delivery::payload::{Payload, Write, report};
use crate::delivery::reveal;
use crate::model::secret::Secret;

/// The header of the key's name.
pub const KEY_IDENTIFIER: &str = "github-public-key-identifier";
/// The header of the signature: ECDSA on P-256 with SHA-256 over the body, DER, base64.
pub const KEY_SIGNATURE: &str = "github-public-key-signature";

/// The format.
pub const PAYLOAD: Payload = Payload {
    name: "github",
    about: "the token itself, as GitHub's secret scanning partner program reports it; labels in the answer are kept",
    write: Write::Holding(write),
    read: |answer| answer.meaning(),
};

fn write(letter: &Letter, token: &Secret) -> Result<Message, LetterError> {
    let data = &letter.alert.data;
    let source = if data.observed.locations.is_empty() { "unknown" } else { "content" };
    let fields = [("type", report::token_type(letter, "")), ("url", report::place(data)), ("source", source.to_owned())];
    let body = reveal::report(token, &fields.each_ref().map(|(name, value)| (*name, value.as_str())))?;
    let mut message = Message::new(letter, "application/json", body)?;
    for key in &letter.to.keys {
        let key = SigningKey::read(key)?;
        // There is place for one signature: that of the first key which the form knows.
        if let (SigningKey::P256(..), Some(identifier)) = (&key, key.verifying().identifier()) {
            let signature = STANDARD.encode(key.sign(&message.body, Form::Der));
            message.headers.extend([(KEY_IDENTIFIER, identifier), (KEY_SIGNATURE, signature)].map(|(name, value)| (name, Zeroizing::new(value))));
            break;
        }
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use crate::delivery::key::Form;
    use crate::delivery::payload::{github::PAYLOAD, sample};

    #[test]
    fn a_report_holds_the_token() {
        let to = sample::addressee();
        let message = sample::written(&PAYLOAD, &sample::exposed(), &to);
        assert_eq!(sample::body(&message), json!([{ "token": "a\"b+c", "type": "example", "url": "logs/a.jsonl#L812", "source": "content" }]));
        assert_eq!(message.headers.len(), 1);
        let message = sample::written(&PAYLOAD, &sample::replayed(), &to);
        assert_eq!(
            sample::body(&message),
            json!([{ "token": "a\"b+c", "type": "access_token", "url": "https://logs.example/a#L7", "source": "content" }])
        );
    }

    #[test]
    fn it_is_signed_as_github_signs() {
        let key = sample::p256_key();
        let message = sample::written(&PAYLOAD, &sample::exposed(), &sample::with_keys(&[sample::shared_key(1), key.clone()]));
        let signature = sample::header(&message, "github-public-key-signature").expect("because it is signed");
        let signature = STANDARD.decode(signature).expect("because it is base64");
        let public = sample::public(&key);
        assert!(public.verifies(&message.body, &signature, Form::Der) && !public.verifies(b"", &signature, Form::Der));
        assert_eq!(sample::header(&message, "github-public-key-identifier"), public.identifier().as_deref());
        assert_eq!(public.identifier().map(|name| name.len()), Some(64));
    }

    #[test]
    fn labels_in_answers_are_understood() {
        let by_token = r#"[{"token_raw":"abc","token_type":"t","label":"true_positive"}]"#;
        sample::check_answers(
            &PAYLOAD,
            &[
                (200, by_token, "delivered", &format!("{} TruePositive", sample::FP)),
                (200, "thanks", "delivered", ""),
                (404, by_token, "again", "status 404"),
                (410, "", "gone", ""),
            ],
        );
    }
}
