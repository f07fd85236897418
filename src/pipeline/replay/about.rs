//! The catalogue of detections, as formats of judgements are told of it.

use std::sync::{Arc, LazyLock};

use crate::detect::catalogue::DETECTIONS;
use crate::detect::frameworks::Frameworks;
use crate::outputs::judgement::about::{About, FrameworkIds};

/// Every detection; made once, since a watch tells judgements again and again.
#[must_use]
pub fn abouts() -> Arc<[About]> {
    static ABOUTS: LazyLock<Arc<[About]>> = LazyLock::new(all);
    Arc::clone(&ABOUTS)
}

fn all() -> Arc<[About]> {
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
