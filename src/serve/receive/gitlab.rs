//! `gitlab`: the receiving side of GitLab's token revocation API.

use serde::Deserialize;
use serde_json::json;

use crate::model::exposure::PlaceKind;
use crate::model::instant::Instant;
use crate::serve::receive::inlet::{Heard, Inlet, Item, Needs, Protocol, Refusal, Report, Told, bounded};
use crate::serve::receive::raw::{Raw, place};
use crate::serve::receive::verify;
use crate::serve::server::{Answer, Question};

/// Where tokens are reported.
const REVOKE: &str = "/v1/revoke_tokens";
/// Where the types are asked for that can be revoked.
const TYPES: &str = "/v1/revocable_token_types";

/// The format.
pub const PROTOCOL: Protocol = Protocol {
    name: "gitlab",
    about: "GitLab's token revocation API: `POST /v1/revoke_tokens` and `GET /v1/revocable_token_types` below the inlet's path",
    needs: Needs::Authorization,
    lasting: 30 * 86_400,
    paths: &[REVOKE, TYPES],
    read,
    taken: |_| Answer::new(204, "application/json", String::new()),
    refused: Refusal::answer,
};

/// A report.
#[derive(Deserialize)]
struct Entry {
    token: Raw,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    location: Option<String>,
}

fn read(inlet: &Inlet, question: &Question, _: Instant) -> Result<Heard, Refusal> {
    verify::authorization(inlet, question)?;
    let is_question = question.path.ends_with(TYPES);
    match (is_question, question.method) {
        (true, "GET") => Ok(Heard::Asked(Answer::new(200, "application/json", json!({"types": inlet.types}).to_string()))),
        (true, _) => Err(Refusal::Method("GET")),
        (false, "POST") => {
            // What a parser says of an error may hold what stands there.
            let entries: Vec<Entry> = serde_json::from_slice(question.body).map_err(|_| Refusal::Form("no array of tokens"))?;
            Ok(Heard::Told(entries.into_iter().map(item).collect()))
        }
        (false, _) => Err(Refusal::Method("POST")),
    }
}

fn item(entry: Entry) -> Item {
    let location = place(entry.location.as_deref().unwrap_or_default());
    let (Raw(token), token_type) = (entry.token, bounded(&entry.kind));
    let report = Report { token, token_type, location: location.clone(), kind: PlaceKind::Source };
    Item { id: location, what: "revoke_tokens".to_owned(), told: Told::Reported(report) }
}
