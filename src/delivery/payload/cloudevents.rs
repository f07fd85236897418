//! `cloudevents`: `CloudEvents` 1.0 in structured mode, signed as Standard Webhooks are where there is a key.

use serde_json::json;

use crate::delivery::letter::{Answer, Letter, LetterError, Meaning, Message};
use crate::delivery::payload::{Payload, Write};
use crate::delivery::sign;

/// The format.
pub const PAYLOAD: Payload =
    Payload { name: "cloudevents", about: "CloudEvents 1.0, structured, signed as Standard Webhooks are", write: Write::Naming(write), read };

fn write(letter: &Letter) -> Result<Message, LetterError> {
    let alert = letter.alert;
    let mut event = json!({
        "specversion": "1.0",
        "id": letter.id,
        "source": letter.issuer()?,
        "type": format!("beartrap.{}", alert.event.as_str()),
        "time": alert.timestamp,
        "datacontenttype": "application/json",
        "data": alert.data,
    });
    if let Some(fp) = &alert.data.token.fp {
        event["subject"] = json!(fp);
    }
    sign::signed(letter, Message::json(letter, "application/cloudevents+json", &event)?)
}

/// As the binding for webhooks has it: 415 means that this format is never understood.
fn read(answer: &Answer) -> Meaning {
    match answer.status {
        415 => Meaning::Refused { reason: "status 415: the receiver does not understand CloudEvents".to_owned() },
        _ => answer.meaning(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::delivery::payload::{cloudevents::PAYLOAD, sample};

    #[test]
    fn an_event_holds_the_alert() {
        let to = sample::addressee();
        for (alert, event) in [(sample::exposed(), "beartrap.token.exposed"), (sample::replayed(), "beartrap.token.replay_detected")] {
            let message = sample::written(&PAYLOAD, &alert, &to);
            let expected = json!({
                "specversion": "1.0", "id": "msg_1", "source": "https://beartrap.example", "type": event, "subject": sample::FP,
                "time": "2026-03-02T10:00:00Z", "datacontenttype": "application/json", "data": alert.data,
            });
            assert_eq!(sample::body(&message), expected);
            assert_eq!(message.headers.len(), 1);
            assert_eq!(sample::header(&message, "content-type"), Some("application/cloudevents+json"));
        }
    }

    #[test]
    fn it_is_signed_where_there_is_a_key() {
        let message = sample::written(&PAYLOAD, &sample::exposed(), &sample::with_keys(&[sample::shared_key(1), sample::ed25519_key(2)]));
        let signature = sample::header(&message, "webhook-signature").expect("because it is signed");
        assert!(signature.starts_with("v1,") && signature.contains(" v1a,"));
    }

    #[test]
    fn answers_have_meanings() {
        let never = "status 415: the receiver does not understand CloudEvents";
        sample::check_answers(
            &PAYLOAD,
            &[(202, "", "delivered", ""), (415, "", "refused", never), (429, "", "again", "status 429"), (410, "", "gone", "")],
        );
    }
}
