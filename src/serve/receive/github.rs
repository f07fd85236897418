//! `github`: reports of GitHub's secret scanning partner programme, and the labels with which partners answer them.
//!
//! The body has neither time nor id, so that a repeat is known by token and place.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::delivery::feedback;
use crate::delivery::letter::Label;
use crate::model::exposure::PlaceKind;
use crate::model::fingerprint::hex;
use crate::model::instant::Instant;
use crate::serve::receive::inlet::{Heard, Inlet, Item, Needs, Protocol, Refusal, Report, Taken, Told, bounded};
use crate::serve::receive::raw::{Raw, place};
use crate::serve::receive::verify;
use crate::serve::server::{Answer, Question};

/// The format.
pub const PROTOCOL: Protocol = Protocol {
    name: "github",
    about: "GitHub's secret scanning partner array, signed by GitHub or by Standard Webhooks; answered with labels",
    needs: Needs::AnyKey,
    lasting: 30 * 86_400,
    paths: &[],
    read,
    taken: |taken| Answer::new(200, "application/json", labels(taken)),
    refused: Refusal::answer,
};

/// A report.
#[derive(Deserialize)]
struct Entry {
    token: Raw,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    source: Option<String>,
}

fn read(inlet: &Inlet, question: &Question, now: Instant) -> Result<Heard, Refusal> {
    if question.method != "POST" {
        return Err(Refusal::Method("POST"));
    }
    if question.header("github-public-key-signature").is_some() {
        verify::github(inlet, question)?;
    } else {
        verify::webhook(inlet, question, now)?;
    }
    // What a parser says of an error may hold what stands there.
    let entries: Vec<&RawValue> = serde_json::from_slice(question.body).map_err(|_| Refusal::Form("no array of reports"))?;
    entries.into_iter().map(|entry| item(entry.get())).collect::<Result<_, _>>().map(Heard::Told)
}

/// A report, or a label of an earlier one.
fn item(json: &str) -> Result<Item, Refusal> {
    if let Some((about, label)) = feedback::label(json) {
        return Ok(Item { id: format!("{about} {label:?}"), what: "feedback".to_owned(), told: Told::Labelled { about, label } });
    }
    let Entry { token: Raw(token), kind: token_type, url, source } =
        serde_json::from_str(json).map_err(|_| Refusal::Form("neither a report of a token nor a label for one"))?;
    let (location, source) = (place(url.as_deref().unwrap_or_default()), bounded(source.as_deref().unwrap_or("unknown")));
    let report = Report { token, token_type: bounded(token_type.as_deref().unwrap_or_default()), kind: kind(&source), location: location.clone() };
    Ok(Item { id: format!("{location} {source}"), what: source, told: Told::Reported(report) })
}

/// What sort of place it is, by GitHub's word for it.
fn kind(source: &str) -> PlaceKind {
    match source {
        "content" | "commit" | "gist_content" | "npm" => PlaceKind::Source,
        _ => PlaceKind::Other,
    }
}

fn labels(taken: &[Taken]) -> String {
    let label = |taken: &Taken| match taken {
        Taken::Report { fingerprint, token_type, is_ours } => {
            let label = if *is_ours { Label::TruePositive } else { Label::FalsePositive };
            Some(json!({"token_hash": hex(fingerprint.digest()), "token_type": token_type, "label": label}))
        }
        Taken::Done => None,
    };
    json!(taken.iter().filter_map(label).collect::<Vec<_>>()).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::model::fingerprint::Fingerprint;
    use crate::serve::receive::github::{item, labels};
    use crate::serve::receive::inlet::{Taken, Told};

    const NEITHER: &str = "it is not well formed: neither a report of a token nor a label for one";

    fn hear(entry: &Value) -> String {
        match item(&entry.to_string()).map(|item| (item.id, item.told)) {
            Ok((id, Told::Reported(report))) => format!("{id} {} {:?} {}", report.token.len(), report.kind, report.token_type),
            Ok((_, Told::Labelled { about, label })) => format!("{about} {}", json!(label)),
            Ok(_) => "something else".to_owned(),
            Err(refusal) => refusal.to_string(),
        }
    }

    #[test]
    fn reports_and_labels_are_told_apart() {
        let fingerprint = Fingerprint::of(b"abc").to_string();
        for (entry, expected) in [
            (json!({"token": "abc", "type": "t", "url": "https://h.example/f?k=v", "source": "commit"}), "https://h.example/f commit 3 Source t"),
            (json!({"token": "abc", "type": "t"}), " unknown 3 Other t"),
            (json!({"token_raw": "abc", "token_type": "t", "label": "true_positive"}), &format!("{fingerprint} \"true_positive\"")),
            (json!({"token_hash": fingerprint, "token_type": "t", "label": "false_positive"}), &format!("{fingerprint} \"false_positive\"")),
            (json!({"token_hash": fingerprint["sha256:".len()..], "label": "false_positive"}), &format!("{fingerprint} \"false_positive\"")),
            (json!({"token_hash": "zz", "label": "false_positive"}), NEITHER),
            (json!({"token_hash": fingerprint}), NEITHER),
            (json!({"token_hash": fingerprint, "label": "perhaps"}), NEITHER),
            (json!({"token": ""}), NEITHER),
            (json!({}), NEITHER),
        ] {
            assert_eq!(hear(&entry), expected, "{entry}");
        }
    }

    #[test]
    fn answers_label_tokens_by_their_hash() {
        let report = |is_ours| Taken::Report { fingerprint: Fingerprint::of(b"abc"), token_type: "t".into(), is_ours };
        let hash = &Fingerprint::of(b"abc").to_string()["sha256:".len()..];
        let label = |label: &str| json!({"token_hash": hash, "token_type": "t", "label": label});
        let answer: Value = serde_json::from_str(&labels(&[report(true), Taken::Done, report(false)])).expect("because it is JSON");
        assert_eq!(answer, json!([label("true_positive"), label("false_positive")]));
    }
}
