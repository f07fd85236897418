//! The record of an issuance holds the token itself.
//!
//! # What it asks
//!
//! Was a token found in telemetry under a name that issuers give it in their answers: `sessionToken` in `CloudTrail`'s
//! `responseElements.credentials`, `access_token`, `refresh_token` or `id_token` of a token endpoint's body?
//!
//! # Why it matters
//!
//! It leaks every token that is issued, at the moment of its birth and with its whole life ahead, to all who read telemetry.
//!
//! # Evidence
//!
//! The field's name, the place, and the token's end. High while the token may work, low when it is dead, one step lower when
//! it is bound to a key.
//!
//! # When it is wrong
//!
//! A field of that name may also be a request's, which says that somebody used the token; the exposure is the same. A session
//! token of AWS needs the secret access key beside it.

use crate::detect::case::Exposed;
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::model::carrier::CarrierKind;
use crate::model::exposure::PlaceKind;
use crate::model::grade::Severity;
use crate::model::verdict::Verdict;

/// Names of tokens in answers of issuers, in lower case and without `_` and `-`.
const NAMES: [&str; 4] = ["sessiontoken", "accesstoken", "refreshtoken", "idtoken"];

/// The question.
pub const DETECTION: Detection = Detection {
    id: "EX-06",
    name: "token in issuance telemetry",
    severity: Severity::High,
    basis: Basis::Deterministic,
    about: comment(include_str!("ex_06.rs")),
    judge: Judge::Exposed(judge),
};

fn judge(case: &Exposed) -> Option<Verdict> {
    let carrier = case.exposure.carrier.as_ref()?;
    let answer = matches!(carrier.kind, CarrierKind::Assignment | CarrierKind::Element) && is_issued_name(&carrier.name);
    if case.exposure.kind != PlaceKind::Telemetry || !answer {
        return None;
    }
    let mut grounds = vec![evidence("carrier", &carrier.name)];
    grounds.extend(case.seen());
    grounds.extend(case.life());
    let message = format!("the answer of an issuer was logged with its `{}` in {}", carrier.name, case.place());
    Some(DETECTION.verdict(case.adjusted(DETECTION.severity), case.confidence(), message, grounds))
}

fn is_issued_name(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let plain: String = last.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    NAMES.contains(&plain.as_str())
}

#[cfg(test)]
mod tests {
    use crate::detect::ex_06::is_issued_name;

    #[test]
    fn names_are_compared_in_one_writing() {
        for (name, expected) in [
            ("sessionToken", true),
            ("SessionToken", true),
            ("access_token", true),
            ("responseElements.credentials.sessionToken", true),
            ("next_token", false),
            ("token", false),
        ] {
            assert_eq!(is_issued_name(name), expected, "{name}");
        }
    }
}
