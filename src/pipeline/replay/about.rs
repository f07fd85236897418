//! The catalogue of detections, as formats of judgements are told of it.

use crate::detect::catalogue::DETECTIONS;
use crate::detect::frameworks::Frameworks;
use crate::outputs::judgement::about::{About, FrameworkIds};

/// Every detection.
#[must_use]
pub fn abouts() -> Vec<About> {
    let frameworks = Frameworks::builtin();
    let ids = |id: &str| {
        let of = frameworks.of(id).map(|(short, ids)| {
            let framework = &frameworks.framework[short];
            FrameworkIds { short: short.to_owned(), name: framework.name.clone(), version: framework.version.clone(), ids: ids.to_vec() }
        });
        of.collect()
    };
    let about = DETECTIONS.iter().map(|detection| About {
        id: detection.id.to_owned(),
        name: detection.name.to_owned(),
        severity: detection.severity,
        summary: detection.summary().to_owned(),
        help: detection.text(),
        frameworks: ids(detection.id),
    });
    about.collect()
}
