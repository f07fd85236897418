//! `teams`: an Adaptive Card for the workflows of Microsoft Teams that post what a webhook gets.

use serde_json::{Value, json};

use crate::delivery::letter::{Answer, Letter, LetterError, Meaning, Message};
use crate::delivery::payload::{Payload, Write, chat};
use crate::model::grade::Severity;

/// The format.
pub const PAYLOAD: Payload =
    Payload { name: "teams", about: "an Adaptive Card for the workflows of Microsoft Teams", write: Write::Naming(write), read };

fn write(letter: &Letter) -> Result<Message, LetterError> {
    let alert = letter.alert;
    let headline =
        json!({ "type": "TextRun", "text": chat::headline(alert), "weight": "Bolder", "size": "Large", "color": colour(alert.data.severity) });
    let mut body = vec![lines(&[headline]), lines(&[run(&chat::sentence(alert), "Default")])];
    body.extend(chat::facts(alert).into_iter().map(|(name, text)| lines(&[run(&format!("{name}: "), "Bolder"), run(&text, "Default")])));
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": { "width": "Full" },
        "body": body,
    });
    let attachment = json!({ "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card });
    Message::json(letter, "application/json", &json!({ "type": "message", "attachments": [attachment] }))
}

/// A paragraph. Runs of text, other than blocks of it, are shown as they are: no Markdown, no links; mentions would have to be declared.
fn lines(runs: &[Value]) -> Value {
    json!({ "type": "RichTextBlock", "inlines": runs })
}

fn run(text: &str, weight: &str) -> Value {
    json!({ "type": "TextRun", "text": text, "weight": weight })
}

fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "Attention",
        Severity::Medium | Severity::Low => "Warning",
        Severity::Info => "Default",
    }
}

/// A workflow answers 400 and 413 to what it cannot read.
fn read(answer: &Answer) -> Meaning {
    match answer.status {
        400 | 413 => Meaning::Refused { reason: format!("status {}", answer.status) },
        _ => answer.meaning(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::delivery::payload::{sample, teams::PAYLOAD};
    use crate::model::alert::Alert;

    fn card(alert: &Alert) -> Value {
        let body = sample::body(&sample::written(&PAYLOAD, alert, &sample::addressee()));
        assert_eq!((&body["type"], &body["attachments"][0]["contentType"]), (&json!("message"), &json!("application/vnd.microsoft.card.adaptive")));
        body["attachments"][0]["content"].clone()
    }

    fn fact(name: &str, text: &str) -> Value {
        json!({ "type": "RichTextBlock", "inlines": [
            { "type": "TextRun", "text": format!("{name}: "), "weight": "Bolder" }, { "type": "TextRun", "text": text, "weight": "Default" },
        ] })
    }

    #[test]
    fn an_exposure_is_told() {
        let expected = json!({
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "msteams": { "width": "Full" },
            "body": [
                { "type": "RichTextBlock", "inlines": [
                    { "type": "TextRun", "text": "CRITICAL token.exposed", "weight": "Bolder", "size": "Large", "color": "Attention" },
                ] },
                { "type": "RichTextBlock", "inlines": [
                    { "type": "TextRun", "text": "example-pat: Example personal access token", "weight": "Default" },
                ] },
                fact("Token", &format!("exk_…(40), {}", sample::FP)),
                fact("Issuer", "Example"),
                fact("Where", "logs/a.jsonl:812"),
                fact("Remedy", "Revoke it, then read the audit log."),
                fact("Finding", "f1"),
            ],
        });
        assert_eq!(card(&sample::exposed()), expected);
    }

    #[test]
    fn a_replay_is_told_without_links_and_mentions() {
        let alert = sample::changed(&sample::replayed(), &json!({ "data": { "title": "[x](http://x.example) <at>all</at>" } }));
        let card = card(&alert);
        assert_eq!(card["body"][1]["inlines"][0]["text"], "TR-08: [x](http:\u{2060}//x.example) <at>all</at>");
        assert!(card["msteams"].get("entities").is_none());
        assert!(card["body"].as_array().is_some_and(|body| body.iter().all(|block| block["type"] == "RichTextBlock")));
    }

    #[test]
    fn answers_have_meanings() {
        sample::check_answers(
            &PAYLOAD,
            &[
                (202, "", "delivered", ""),
                (200, "1", "delivered", ""),
                (400, "", "refused", "status 400"),
                (413, "", "refused", "status 413"),
                (401, "", "again", "status 401"),
                (404, "", "again", "status 404"),
                (429, "", "again", "status 429"),
            ],
        );
    }
}
