//! `slack`: a message for incoming webhooks of Slack, and of Mattermost and others that take the same.

use serde_json::{Value, json};

use crate::delivery::letter::{Answer, Letter, LetterError, Meaning, Message};
use crate::delivery::payload::{Payload, Write, chat};
use crate::model::grade::Severity;

/// The format.
pub const PAYLOAD: Payload =
    Payload { name: "slack", about: "a message for Slack's incoming webhooks, and whatever takes the same", write: Write::Naming(write), read };

/// What Slack says of a message that it will never take.
const LASTING: [&str; 3] = ["invalid_payload", "no_text", "too_many_attachments"];

fn write(letter: &Letter) -> Result<Message, LetterError> {
    let alert = letter.alert;
    let field = |(name, text): (&str, String)| json!({ "title": name, "value": code(&text), "short": false });
    let fields: Vec<Value> = chat::facts(alert).into_iter().map(field).collect();
    let body = json!({
        "text": format!("*{}* {}", chat::headline(alert), code(&chat::sentence(alert))),
        "unfurl_links": false,
        "unfurl_media": false,
        "link_names": false,
        "attachments": [{ "color": colour(alert.data.severity), "fallback": chat::headline(alert), "mrkdwn_in": ["fields"], "fields": fields }],
    });
    Message::json(letter, "application/json", &body)
}

/// A text as code, in which names, links and marks mean nothing; `&`, `<` and `>` would mean something even there.
fn code(text: &str) -> String {
    let plain = text.replace('`', "'").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("`{plain}`")
}

fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "#a40e26",
        Severity::High => "#d1242f",
        Severity::Medium => "#bc4c00",
        Severity::Low => "#9a6700",
        Severity::Info => "#57606a",
    }
}

fn read(answer: &Answer) -> Meaning {
    let known = LASTING.into_iter().find(|one| answer.body.trim_ascii() == one.as_bytes());
    match (answer.status, known) {
        (400, Some(code)) => Meaning::Refused { reason: format!("status 400: {code}") },
        _ => answer.meaning(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::delivery::payload::{sample, slack::PAYLOAD};
    use crate::model::alert::Alert;

    fn message(alert: &Alert) -> Value {
        sample::body(&sample::written(&PAYLOAD, alert, &sample::addressee()))
    }

    #[test]
    fn an_exposure_is_told() {
        let expected = json!({
            "text": "*CRITICAL token.exposed* `example-pat: Example personal access token`",
            "unfurl_links": false, "unfurl_media": false, "link_names": false,
            "attachments": [{
                "color": "#a40e26", "fallback": "CRITICAL token.exposed", "mrkdwn_in": ["fields"],
                "fields": [
                    { "title": "Token", "value": format!("`exk_…(40), {}`", sample::FP), "short": false },
                    { "title": "Issuer", "value": "`Example`", "short": false },
                    { "title": "Where", "value": "`logs/a.jsonl:812`", "short": false },
                    { "title": "Remedy", "value": "`Revoke it, then read the audit log.`", "short": false },
                    { "title": "Finding", "value": "`f1`", "short": false },
                ],
            }],
        });
        assert_eq!(message(&sample::exposed()), expected);
    }

    #[test]
    fn a_replay_is_told() {
        let message = message(&sample::replayed());
        assert_eq!(message["text"], "*HIGH token.replay_detected* `TR-08: Used in another session`");
        assert_eq!(
            message["attachments"][0]["fields"][2],
            json!({ "title": "Issued to", "value": "`agent agent-7, user alice, session s1, task t1`", "short": false })
        );
    }

    #[test]
    fn what_logs_say_calls_nobody() {
        let alert = sample::changed(&sample::replayed(), &json!({ "data": { "title": "<!channel> @here `x` <http://x.example|y> a&b" } }));
        assert_eq!(
            message(&alert)["text"],
            "*HIGH token.replay_detected* `TR-08: &lt;!channel&gt; @here 'x' &lt;http:\u{2060}//x.example|y&gt; a&amp;b`"
        );
    }

    #[test]
    fn answers_have_meanings() {
        sample::check_answers(
            &PAYLOAD,
            &[
                (200, "ok", "delivered", ""),
                (400, "invalid_payload\n", "refused", "status 400: invalid_payload"),
                (400, "something", "again", "status 400"),
                (403, "action_prohibited", "again", "status 403"),
                (404, "channel_not_found", "again", "status 404"),
                (410, "channel_is_archived", "gone", ""),
                (429, "", "again", "status 429"),
                (500, "rollup_error", "again", "status 500"),
            ],
        );
    }
}
