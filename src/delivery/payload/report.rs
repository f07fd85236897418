//! What reports that hold the token itself say of it: where it was, and what type the receiver calls it.

use crate::delivery::letter::Letter;
use crate::model::alert::{AlertData, Location};

/// Where the token was, as an address: of a page with the line, else of the finding.
pub fn place(data: &AlertData) -> String {
    match data.observed.locations.first() {
        Some(Location { uri, line: 0, .. }) => uri.clone(),
        Some(Location { uri, line, .. }) => format!("{uri}#L{line}"),
        None => format!("urn:beartrap:finding:{}", data.finding_id),
    }
}

/// What the receiver calls this type of token, where the settings do not say: who issues it, else what it is, in `snake_case`.
pub fn token_type(letter: &Letter, prefix: &str) -> String {
    let token = &letter.alert.data.token;
    let own = || token.token_type.and_then(|one| serde_json::to_value(one).ok()?.as_str().map(str::to_owned));
    let guess = || token.provider.clone().or_else(own).unwrap_or_else(|| "token".to_owned());
    letter.to.token_type.clone().unwrap_or_else(|| format!("{prefix}{}", snake(&guess())))
}

fn snake(text: &str) -> String {
    let words = text.split(|one: char| !one.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::delivery::letter::Addressee;
    use crate::delivery::payload::report::{place, token_type};
    use crate::delivery::payload::sample;

    #[test]
    fn tokens_have_a_place_and_a_type() {
        let exposed = sample::exposed();
        assert_eq!(place(&exposed.data), "logs/a.jsonl#L812");
        assert_eq!(place(&sample::changed(&exposed, &json!({ "data": { "observed": { "locations": [] } } })).data), "urn:beartrap:finding:f1");
        let check = |provider: Option<&str>, setting: Option<&str>, expected: &str| {
            let alert = sample::changed(&exposed, &json!({ "data": { "token": { "provider": provider } } }));
            let to = Addressee { token_type: setting.map(str::to_owned), ..sample::addressee() };
            assert_eq!(token_type(&sample::letter(&alert, &to), "p_"), expected);
        };
        check(Some("Example, Inc."), None, "p_example_inc");
        check(None, None, "p_pat");
        check(Some("Example"), Some("example_api_token"), "example_api_token");
    }
}
