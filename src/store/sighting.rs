//! How sightings and facts are kept, in every store alike.

use sha2::{Digest as _, Sha256};

use crate::model::exposure::Exposure;
use crate::model::judgement::Judgement;
use crate::model::lifecycle::LifecycleEvent;

/// 64 bits of what makes a place one place: kind, location, carrier.
#[must_use]
pub fn place(exposure: &Exposure) -> i64 {
    let text = serde_json::to_string(&(exposure.kind, &exposure.location, &exposure.carrier)).expect("because it can be written");
    i64::from_le_bytes(*Sha256::digest(text.as_bytes()).first_chunk().expect("because a digest has 32 bytes"))
}

/// Two sightings at one place, as one; what was seen later describes it.
#[must_use]
pub fn together(known: &Exposure, new: &Exposure) -> Exposure {
    let newer = if new.last_seen >= known.last_seen { new } else { known };
    Exposure {
        first_seen: known.first_seen.min(new.first_seen),
        last_seen: known.last_seen.max(new.last_seen),
        count: known.count.saturating_add(new.count),
        ..newer.clone()
    }
}

/// Sorts places by when the token was first seen there.
pub fn sort_places(all: &mut [Exposure]) {
    all.sort_by(|a, b| (a.first_seen, &a.location).cmp(&(b.first_seen, &b.location)));
}

/// Sorts facts by time, which columns keep in whole seconds only.
pub fn sort_events(all: &mut [LifecycleEvent]) {
    all.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.cmp(b)));
}

/// Sorts judgements by time, those without one first.
pub fn sort_judgements(all: &mut [Judgement]) {
    all.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
}
