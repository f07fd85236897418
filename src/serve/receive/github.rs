//! `github`: reports of GitHub's secret scanning partner programme, and the labels with which partners answer them.
//!
//! The body has neither time nor id, so that a repeat is known by token and place.

use serde::Deserialize;
use serde_json::json;

use crate::delivery::letter::Label;
use crate::model::exposure::PlaceKind;
use crate::model::fingerprint::{Fingerprint, hex};
use crate::model::instant::Instant;
use crate::model::token_key::TokenKey;
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

/// A report, or a label of an earlier one.
#[derive(Deserialize)]
struct Entry {
    token: Option<Raw>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    source: Option<String>,
    token_raw: Option<Raw>,
    token_hash: Option<String>,
    label: Option<Label>,
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
    let entries: Vec<Entry> = serde_json::from_slice(question.body).map_err(|_| Refusal::Form("no array of reports"))?;
    entries.into_iter().map(item).collect::<Result<_, _>>().map(Heard::Told)
}

fn item(entry: Entry) -> Result<Item, Refusal> {
    let token_type = bounded(entry.kind.as_deref().unwrap_or_default());
    if let Some(Raw(token)) = entry.token {
        let location = place(entry.url.as_deref().unwrap_or_default());
        let source = bounded(entry.source.as_deref().unwrap_or("unknown"));
        let told = Told::Reported(Report { token, token_type, kind: kind(&source), location: location.clone() });
        return Ok(Item { id: format!("{location} {source}"), what: source, told });
    }
    let shown = entry.token_raw.map(|Raw(token)| token.fingerprint(None));
    let hashed = || entry.token_hash.as_deref().and_then(|text| text.parse::<Fingerprint>().ok());
    let about = shown.or_else(hashed).ok_or(Refusal::Form("a report without a token"))?;
    let (about, label) = (TokenKey::Fingerprint(about).to_string(), entry.label.ok_or(Refusal::Form("a label without a word"))?);
    Ok(Item { id: format!("{about} {label:?}"), what: "feedback".to_owned(), told: Told::Labelled { about, label } })
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
    use crate::serve::receive::github::{Entry, item, labels};
    use crate::serve::receive::inlet::{Taken, Told};

    fn hear(entry: &Value) -> String {
        let entry: Entry = serde_json::from_value(entry.clone()).expect("because it is an entry");
        match item(entry).map(|item| (item.id, item.told)) {
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
            (json!({"token_hash": "zz", "label": "false_positive"}), "it is not well formed: a report without a token"),
            (json!({"token_hash": fingerprint}), "it is not well formed: a label without a word"),
            (json!({}), "it is not well formed: a report without a token"),
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
