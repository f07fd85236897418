//! The detections, and what all of them say of one exposure, or of one token's uses.

use std::cmp::Reverse;

use crate::detect::case::Exposed;
use crate::detect::detection::{Detection, Judge};
use crate::detect::error::DetectError;
use crate::detect::exception::apply;
use crate::detect::placeholder::is_placeholder;
use crate::detect::used::{Answer, Used};
use crate::detect::{ex_01, ex_02, ex_03, ex_04, ex_05, ex_06, hy_01, hy_02, hy_03, hy_04, hy_05, hy_06, hy_07};
use crate::detect::{
    tr_01, tr_02, tr_03, tr_04, tr_05, tr_06, tr_07, tr_08, tr_09, tr_10, tr_11, tr_12, tr_13, tr_14, tr_15, tr_16, tr_17, tr_18, tr_19, tr_20,
    tr_21, tr_22, tr_23, tr_24, tr_25, tr_26, tr_27,
};
use crate::model::token_key::TokenKey;
use crate::model::verdict::Verdict;

/// Every detection, in the order of ids.
pub const DETECTIONS: &[Detection] = &[
    ex_01::DETECTION,
    ex_02::DETECTION,
    ex_03::DETECTION,
    ex_04::DETECTION,
    ex_05::DETECTION,
    ex_06::DETECTION,
    hy_01::DETECTION,
    hy_02::DETECTION,
    hy_03::DETECTION,
    hy_04::DETECTION,
    hy_05::DETECTION,
    hy_06::DETECTION,
    hy_07::DETECTION,
    tr_01::DETECTION,
    tr_02::DETECTION,
    tr_03::DETECTION,
    tr_04::DETECTION,
    tr_05::DETECTION,
    tr_06::DETECTION,
    tr_07::DETECTION,
    tr_08::DETECTION,
    tr_09::DETECTION,
    tr_10::DETECTION,
    tr_11::DETECTION,
    tr_12::DETECTION,
    tr_13::DETECTION,
    tr_14::DETECTION,
    tr_15::DETECTION,
    tr_16::DETECTION,
    tr_17::DETECTION,
    tr_18::DETECTION,
    tr_19::DETECTION,
    tr_20::DETECTION,
    tr_21::DETECTION,
    tr_22::DETECTION,
    tr_23::DETECTION,
    tr_24::DETECTION,
    tr_25::DETECTION,
    tr_26::DETECTION,
    tr_27::DETECTION,
];

/// All that fire, worst first; of equal ones the surer, then the order of ids. Nothing is said of placeholders out of documentation, and of
/// what the user ignores.
#[must_use]
pub fn judge(case: &Exposed) -> Vec<Verdict> {
    let names = case.finding.fingerprint.cloned().map(TokenKey::Fingerprint);
    if is_placeholder(case) || case.options.ignores(names.as_slice(), case.issuance()) {
        return Vec::new();
    }
    let described = case.described();
    let mut verdicts: Vec<Verdict> = DETECTIONS
        .iter()
        .filter_map(|detection| match detection.judge {
            Judge::Exposed(judge) => judge(case),
            Judge::Token(judge) => judge(&described).filter(|_| case.is_credential()),
            Judge::Used(_) => None,
        })
        .collect();
    verdicts.sort_by_key(|verdict| Reverse((verdict.severity, verdict.confidence)));
    verdicts
}

/// All that is said of a token's uses, worst first; of equal ones the surer, then the order of ids. Of a state handle only TR-23 speaks: its
/// uses are of several tokens.
#[must_use]
pub fn judge_uses(case: &Used) -> Vec<Answer> {
    let described = case.described();
    let asked = DETECTIONS.iter().filter(|detection| !case.is_handle() || detection.id == tr_23::DETECTION.id);
    let answers = asked.flat_map(|detection| match detection.judge {
        Judge::Exposed(_) => Vec::new(),
        // What is wrong with the token itself rests on none of its uses.
        Judge::Token(judge) => {
            judge(&described).map(|verdict| Answer { verdict, slot: String::new(), at: None, uses: Vec::new() }).into_iter().collect()
        }
        Judge::Used(judge) => judge(case),
    });
    let mut answers = apply(case, answers.collect());
    answers.sort_by_key(|answer| Reverse((answer.verdict.severity, answer.verdict.confidence)));
    answers
}

/// The detection with this id, in upper or lower case.
///
/// # Errors
///
/// [`DetectError::Unknown`], with the most similar id.
pub fn get(id: &str) -> Result<&'static Detection, DetectError> {
    DETECTIONS.iter().find(|detection| detection.id.eq_ignore_ascii_case(id)).ok_or_else(|| {
        let asked = id.to_ascii_uppercase();
        let nearest = DETECTIONS
            .iter()
            .map(|detection| (strsim::jaro_winkler(detection.id, &asked), detection.id))
            .filter(|(likeness, _)| *likeness > 0.7)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        DetectError::Unknown { id: id.to_owned(), nearest: nearest.map(|(_, near)| near) }
    })
}

#[cfg(test)]
mod tests {
    use crate::detect::catalogue::{DETECTIONS, get};
    use crate::detect::detection::HEADINGS;

    #[test]
    fn ids_are_sorted_and_found_in_either_case() {
        assert!(DETECTIONS.is_sorted_by(|a, b| a.id < b.id));
        assert_eq!(get("ex-02").map(|found| found.id), Ok("EX-02"));
        let error = get("ex-20").expect_err("because there is none");
        assert!(error.to_string().starts_with("there is no detection `ex-20`\nhint: did you mean `EX-0"), "{error}");
        assert_eq!(get("github-pat").map_err(|error| error.to_string()).err().as_deref(), Some("there is no detection `github-pat`"));
    }

    #[test]
    fn every_comment_has_the_four_headings() {
        for detection in DETECTIONS {
            let text = detection.text();
            let found: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# ")).collect();
            assert_eq!(found, HEADINGS, "{}", detection.id);
            assert!(!detection.summary().is_empty() && !text.contains("//"), "{}", detection.id);
        }
    }
}
