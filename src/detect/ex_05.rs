//! A token slipped past a mask.
//!
//! # What it asks
//!
//! Does the source mask tokens, as `***` or `[MASKED]`, and does this token stand in it all the same: plain, encoded,
//! escaped, or cut over lines?
//!
//! # Why it matters
//!
//! People trust a mask and publish what it has passed over. Masks compare texts: base64, JSON escapes and line breaks are
//! enough to get past, by accident or on purpose.
//!
//! # Evidence
//!
//! That the source masks elsewhere, and the decoding steps between the place and the token. Low when the token is dead, one
//! step lower when it is bound to a key.
//!
//! # When it is wrong
//!
//! The mask may have stood for another token, and this one was never given to it; that is why a plain token counts with medium
//! confidence, an encoded one with more. Asterisks may be ornament.

use crate::detect::case::Exposed;
use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::model::decoder::Decoder;
use crate::model::grade::{Confidence, Severity};
use crate::model::verdict::Verdict;

/// The question.
pub const DETECTION: Detection = Detection {
    id: "EX-05",
    name: "mask bypass",
    severity: Severity::High,
    basis: Basis::Deterministic,
    about: comment(include_str!("ex_05.rs")),
    judge: Judge::Exposed(judge),
};

fn judge(case: &Exposed) -> Option<Verdict> {
    if !case.masked_elsewhere || !case.is_credential() {
        return None;
    }
    let steps: Vec<&str> = case.exposure.decoders.iter().filter(|step| hides(**step)).map(|step| step.as_str()).collect();
    let (how, most) = if steps.is_empty() { ("unmasked", Confidence::Medium) } else { ("in another writing", Confidence::High) };
    let mut grounds = vec![evidence("masked_elsewhere", true)];
    grounds.extend((!steps.is_empty()).then(|| evidence("decoders", steps.join(", "))));
    grounds.extend(case.seen());
    grounds.extend(case.life());
    let message = format!("{} masks tokens, and this one stands there {how}", case.place());
    Some(DETECTION.verdict(case.adjusted(DETECTION.severity), case.confidence().min(most), message, grounds))
}

/// Whether a mask that compares texts misses what is written so; UTF-16 is the writing of the whole source.
fn hides(step: Decoder) -> bool {
    !matches!(step, Decoder::Utf16le | Decoder::Utf16be)
}
