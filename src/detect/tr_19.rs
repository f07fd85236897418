//! A token travelled faster than anybody can.
//!
//! # What it asks
//!
//! Do two uses lie at least 500 kilometres apart and would the way have taken a speed of 900 kilometres an hour or more?
//!
//! # Why it matters
//!
//! One holder cannot be at both places, so there are two, and one of them is a stranger.
//!
//! # Evidence
//!
//! Both places as `latitude,longitude`, the distance and the time. Without coordinates in the records this is silent.
//!
//! # When it is wrong
//!
//! Maps of addresses are often wrong by a city: a jump of less than 50 kilometres within ten minutes is only a note (info). VPNs,
//! relays and satellites are no places: such a use is a note too, and nothing is compared with it.

use crate::detect::detection::{Basis, Detection, Judge, comment, evidence};
use crate::detect::moment::Moment;
use crate::detect::used::{Answer, Source, Used};
use crate::model::grade::{Confidence, Severity};

/// The question.
pub const DETECTION: Detection = Detection {
    id: "TR-19",
    name: "impossible travel",
    severity: Severity::Medium,
    basis: Basis::Behavioural,
    about: comment(include_str!("tr_19.rs")),
    judge: Judge::Used(judge),
};

/// Mean radius of the earth.
const RADIUS_KM: f64 = 6371.0;

/// A place on earth.
#[derive(Clone, Copy)]
struct Place {
    latitude: f64,
    longitude: f64,
    relay: Relay,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Relay {
    No,
    Yes,
}

fn judge(case: &Used) -> Vec<Answer> {
    let mut last: Option<(Moment, Place)> = None;
    let mut answers: Vec<Answer> = Vec::new();
    for moment in case.moments().filter(|moment| moment.one.source != Source::Cloud) {
        let Some(place) = place(case, &moment) else { continue };
        if let Some((before, from)) = last.as_ref() {
            answers.extend(jump(case, (before, from), (&moment, &place)));
        }
        if place.relay == Relay::No {
            last = Some((moment, place));
        }
    }
    // The first of the worst.
    answers.into_iter().rev().max_by_key(|answer| answer.verdict.severity).into_iter().collect()
}

fn jump(case: &Used, (before, from): (&Moment, &Place), (moment, to): (&Moment, &Place)) -> Option<Answer> {
    let options = case.options;
    let (far, time) = (distance(from, to), moment.after(before.time));
    let speed = far / (time.as_secs_f64() / 3600.0).max(1.0 / 3600.0);
    if time > options.travel_window.0 || speed < options.travel_speed_km_h {
        return None;
    }
    let severity = match to.relay {
        Relay::No if far >= options.travel_far_km => DETECTION.severity,
        Relay::Yes if far >= options.travel_far_km => Severity::Info,
        _ if far > 1.0 && far < options.travel_near_km && time < options.travel_near_time.0 => Severity::Info,
        _ => return None,
    };
    let message = format!("the token travelled {far:.0} km in {} seconds", time.as_secs());
    let mut grounds = vec![evidence("geo", format_args!("{:.2},{:.2}", to.latitude, to.longitude))];
    grounds.push(evidence("geo_before", format_args!("{:.2},{:.2}", from.latitude, from.longitude)));
    grounds.extend((to.relay == Relay::Yes).then(|| evidence("relay", "vpn, relay or satellite")));
    Some(case.answer(DETECTION.verdict(severity, Confidence::Medium, message, grounds), "", vec![moment.at, before.at]))
}

/// `latitude,longitude`, perhaps with a word such as `vpn` after it.
fn place(case: &Used, moment: &Moment) -> Option<Place> {
    let record = &moment.one.what.record;
    let mut parts = record.geo.as_deref()?.split(',').map(str::trim);
    let (latitude, longitude) = (parts.next()?.parse::<f64>().ok()?, parts.next()?.parse::<f64>().ok()?);
    let said = parts.next().is_some_and(|word| matches!(word, "vpn" | "relay" | "satellite" | "proxy"));
    let relay = if said || case.options.networks.is_relay(record) { Relay::Yes } else { Relay::No };
    (latitude.abs() <= 90.0 && longitude.abs() <= 180.0).then_some(Place { latitude, longitude, relay })
}

/// By the haversine formula.
fn distance(from: &Place, to: &Place) -> f64 {
    let (one, other) = (from.latitude.to_radians(), to.latitude.to_radians());
    let (north, east) = ((other - one) / 2.0, (to.longitude - from.longitude).to_radians() / 2.0);
    let chord = north.sin().powi(2) + one.cos() * other.cos() * east.sin().powi(2);
    2.0 * RADIUS_KM * chord.sqrt().min(1.0).asin()
}
