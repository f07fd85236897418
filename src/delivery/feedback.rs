//! What receivers say of findings: labels, as partners of GitHub answer a report.

use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::delivery::letter::Label;
use crate::model::fingerprint::Fingerprint;

/// The most labels that are taken from one answer.
const MOST: usize = 1000;

/// One of them as it is written: `[{"token_raw" or "token_hash", "token_type", "label"}]`.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(default, borrow)]
    token_raw: Option<&'a RawValue>,
    #[serde(default)]
    token_hash: Option<String>,
    label: Label,
}

/// The labels in a body, by the token's fingerprint; none where it is something else.
#[must_use]
pub fn labels(body: &[u8]) -> Vec<(String, Label)> {
    let written: Vec<&RawValue> = serde_json::from_slice(body).unwrap_or_default();
    written.into_iter().take(MOST).filter_map(|one| label(one.get())).collect()
}

/// One label; none where it is something else. A token that stands there itself is hashed and forgotten.
#[must_use]
pub fn label(json: &str) -> Option<(String, Label)> {
    let written: Written = serde_json::from_str(json).ok()?;
    Some((written.fingerprint()?.to_string(), written.label))
}

impl Written<'_> {
    /// GitHub does not say how the hash is written: hexadecimal and base64 are both understood.
    fn fingerprint(&self) -> Option<Fingerprint> {
        match (&self.token_raw, &self.token_hash) {
            (Some(raw), _) => serde_json::from_str(raw.get()).map(Zeroizing::new).map(|raw: Zeroizing<String>| Fingerprint::of(raw.as_bytes())).ok(),
            (None, hash) => hash.as_ref()?.parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::delivery::feedback::labels;
    use crate::delivery::letter::Label::{FalsePositive, TruePositive};

    #[test]
    fn labels_are_read_by_fingerprint() {
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let named = format!("sha256:{digest}");
        let check = |body: &str, expected: &[_]| assert_eq!(labels(body.as_bytes()), expected, "{body}");
        check(r#"[{"token_raw":"abc","token_type":"t","label":"true_positive"}]"#, &[(named.clone(), TruePositive)]);
        check(
            &format!(r#"[{{"token_hash":"{}","token_type":"t","label":"false_positive"}}]"#, digest.to_uppercase()),
            &[(named.clone(), FalsePositive)],
        );
        check(r#"[{"token_hash":"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=","label":"true_positive"}]"#, &[(named.clone(), TruePositive)]);
        check(r#"[{"token_hash":"short","label":"true_positive"}, 7, {"label":"true_positive"}, {"token_raw":"abc","label":"perhaps"}]"#, &[]);
        for body in ["", "ok", "{}", "[", r#"{"labels":[]}"#] {
            check(body, &[]);
        }
    }
}
