//! `flat-telemetry`: spans, logs and events whose attributes are a plain JSON object, as exporters and tracing services write them.

use crate::model::exposure::PlaceKind;
use crate::model::instant::Instant;
use crate::model::token_use::TimeQuality;
use crate::observe::attribute::{Gathered, Side};
use crate::observe::format::ObjectFormat;
use crate::observe::generic::flatten;
use crate::observe::json::{Json, at, has, items, number, owned, text};
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::when::{When, at_path};

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "flat-telemetry",
    about: "spans, logs and events with a plain object of `attributes`: console and file exporters, tracing services",
    wrappers: &["spans"],
    recognizes,
    read,
};

/// Where the attributes stand.
const ATTRIBUTES: [&str; 4] = ["attributes", "span_attributes", "metadata", "tags"];
/// Keys that only telemetry has beside attributes.
const BESIDE: [&str; 12] = [
    "traceId",
    "trace_id",
    "context",
    "spanContext",
    "span_id",
    "spanId",
    "resource",
    "hrTime",
    "start_time",
    "startTime",
    "startTimeUnixNano",
    "body",
];
/// Where the time stands.
const TIMES: [&str; 10] = [
    "timestamp",
    "time",
    "start_time",
    "startTime",
    "start_time_unix_nano",
    "startTimeUnixNano",
    "timeUnixNano",
    "@timestamp",
    "Timestamp",
    "observed_timestamp",
];

fn recognizes(value: &Json<'_>) -> bool {
    let attributed = at(value, &["attributes"]).is_some_and(Json::is_object) && BESIDE.iter().any(|key| has(value, &[key]));
    let observed = has(value, &["traceId", "type"]) && (has(value, &["startTime"]) || has(value, &["start_time"]));
    let traced = has(value, &["id", "timestamp", "input"]) && (has(value, &["sessionId"]) || has(value, &["userId"]));
    attributed || observed || traced
}

fn read<'b>(value: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let mut around = Gathered::default();
    around.observation.record.place = Some(PlaceKind::Telemetry);
    for resource in [at(value, &["resource", "attributes"]), at(value, &["resource"])].into_iter().flatten() {
        flatten(resource, &mut String::new(), 0, &mut |name, value| around.absorb(name, value));
    }
    let mut gathered = Gathered::on(side(value));
    gathered.time(TIMES.iter().find_map(|key| at_path(value, &[key])).or_else(|| pair(value)));
    gathered.name(text(value, &["name"]).or_else(|| text(value, &["body"])).unwrap_or_default());
    let events = items(value, &["events"]).iter().filter_map(|event| at(event, &["attributes"]));
    for attributes in ATTRIBUTES.iter().filter_map(|key| at(value, &[key])).chain(events) {
        flatten(attributes, &mut String::new(), 0, &mut |name, value| gathered.absorb(name, value));
    }
    for ids in [at(value, &["context"]), at(value, &["spanContext"]), Some(value)].into_iter().flatten() {
        for name in ["trace_id", "traceId", "span_id", "spanId", "session_id", "sessionId", "user_id", "userId"] {
            if let Some(id) = at(ids, &[name]) {
                gathered.absorb(name, id);
            }
        }
    }
    if matches!(text(value, &["type"]), Some("TOOL" | "tool")) {
        if let Some(tool) = at(value, &["name"]) {
            gathered.absorb("tool.name", tool);
        }
        if let Some(input) = at(value, &["input"]) {
            gathered.absorb("tool.parameters", input);
        }
    }
    let observation = gathered.finish(&around);
    say(Said::Record(Box::new(Observation { record_id: owned(value, &["id"]), ..observation })));
}

fn side(value: &Json<'_>) -> Side {
    let kind = owned(value, &["kind"]).or_else(|| owned(value, &["span_kind"])).unwrap_or_default();
    match kind.rsplit(['.', '_']).next().unwrap_or_default() {
        word if word.eq_ignore_ascii_case("client") || word.eq_ignore_ascii_case("producer") => Side::Caller,
        word if word.eq_ignore_ascii_case("server") || word.eq_ignore_ascii_case("consumer") => Side::Called,
        _ => Side::Unknown,
    }
}

/// `hrTime`: seconds and nanoseconds.
fn pair(value: &Json<'_>) -> Option<When> {
    let pair = ["hrTime", "startTime", "_startTime"].iter().map(|key| items(value, &[key])).find(|pair| pair.len() == 2)?;
    let (seconds, nanoseconds) = (number(&pair[0], &[])?, number(&pair[1], &[])?);
    let time = jiff::Timestamp::new(seconds, i32::try_from(nanoseconds).ok().filter(|number| (0..1_000_000_000).contains(number))?).ok()?;
    Some((Instant(time), TimeQuality::Exact))
}
