//! `standard-webhooks`: the alert as it is, signed (Standard Webhooks 1.0.0).

use zeroize::Zeroizing;

use crate::delivery::letter::{Letter, LetterError, Message};
use crate::delivery::payload::{Payload, Write};
use crate::delivery::sign;

/// The format.
pub const PAYLOAD: Payload = Payload {
    name: "standard-webhooks",
    about: "Standard Webhooks 1.0.0: the alert as JSON, signed with `v1` or `v1a`",
    write: Write::Naming(write),
    read: |answer| answer.meaning(),
};

fn write(letter: &Letter) -> Result<Message, LetterError> {
    if letter.to.keys.is_empty() {
        return Err(LetterError::Missing { setting: "key" });
    }
    let body = Zeroizing::new(letter.alert.to_json().into_bytes());
    sign::signed(letter, Message::new(letter, "application/json", body)?)
}

#[cfg(test)]
mod tests {
    use crate::delivery::letter::LetterError;
    use crate::delivery::payload::{sample, standard_webhooks::PAYLOAD};
    use crate::delivery::sign::{Headers, verify};
    use crate::model::instant::Instant;

    #[test]
    fn the_body_is_the_alert() {
        let key = sample::shared_key(7);
        let to = sample::with_keys(std::slice::from_ref(&key));
        for alert in [sample::exposed(), sample::replayed(), sample::requested()] {
            let message = sample::written(&PAYLOAD, &alert, &to);
            assert_eq!(sample::body(&message), serde_json::to_value(&alert).expect("because it can be written"));
            let names: Vec<&str> = message.headers.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, ["content-type", "webhook-id", "webhook-timestamp", "webhook-signature"]);
            assert_eq!(sample::header(&message, "content-type"), Some("application/json"));
            let [id, timestamp, signature] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| sample::header(&message, name));
            let now = Instant::from_number(1_772_445_605).expect("because it is a time");
            assert!(verify(&[sample::public(&key)], Headers { id, timestamp, signature }, &message.body, now).is_ok());
        }
    }

    #[test]
    fn nothing_goes_unsigned() {
        let alert = sample::exposed();
        let write = |to| PAYLOAD.write(&sample::letter(&alert, &to), None).err();
        assert!(matches!(write(sample::addressee()), Some(LetterError::Missing { setting: "key" })));
        assert!(matches!(write(sample::with_keys(&[sample::p256_key()])), Some(LetterError::Key { .. })));
    }

    #[test]
    fn answers_have_meanings() {
        let label = format!(r#"[{{"token_hash":"{}","token_type":"t","label":"false_positive"}}]"#, &sample::FP[7..]);
        sample::check_answers(
            &PAYLOAD,
            &[
                (200, "", "delivered", ""),
                (204, "", "delivered", ""),
                (200, &label, "delivered", &format!("{} FalsePositive", sample::FP)),
                (301, "", "again", "status 301"),
                (400, "secret things", "again", "status 400"),
                (410, "", "gone", ""),
                (429, "", "again", "status 429"),
                (503, "", "again", "status 503"),
            ],
        );
    }
}
