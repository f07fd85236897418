//! `otlp-logs` and `otlp-traces`: OpenTelemetry's logs and spans as JSON, whole documents or one on a line.

use jiff::Timestamp;

use crate::model::exposure::PlaceKind;
use crate::model::instant::Instant;
use crate::model::token_use::TimeQuality;
use crate::observe::attribute::{Gathered, Side, pairs, plain};
use crate::observe::carried::is_record;
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, has, items, number, text};
use crate::observe::observation::{Said, Thread};
use crate::observe::when::When;

/// The format of logs.
pub const LOGS: ObjectFormat = ObjectFormat {
    name: "otlp-logs",
    about: "logs and events of OpenTelemetry as JSON (`resourceLogs`), whole documents or one on a line",
    wrappers: &["resourceLogs"],
    recognizes: |value| has(value, &["resourceLogs"]) || has(value, &["scopeLogs"]),
    read: read_logs,
};

/// The format of traces.
pub const TRACES: ObjectFormat = ObjectFormat {
    name: "otlp-traces",
    about: "spans of OpenTelemetry as JSON (`resourceSpans`), whole documents or one on a line",
    wrappers: &["resourceSpans"],
    recognizes: |value| has(value, &["resourceSpans"]) || has(value, &["scopeSpans"]),
    read: read_traces,
};

fn read_logs<'b>(value: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    each(value, ["resourceLogs", "scopeLogs", "logRecords"], &mut |log, around| {
        let mut gathered = Gathered::default();
        gathered.time(nanoseconds(log, "timeUnixNano").or_else(|| nanoseconds(log, "observedTimeUnixNano")));
        gathered.name(text(log, &["eventName"]).unwrap_or_default());
        common(&mut gathered, log);
        let body = at(log, &["body"]).map(plain);
        match body {
            Some(Json::Array(list)) => pairs(list).for_each(|(name, value)| gathered.absorb(name, value)),
            Some(body) => gathered.name(body.as_str().unwrap_or_default()),
            None => {}
        }
        let observation = Box::new(gathered.finish(around));
        if let Some(line) = body.and_then(Json::as_str).filter(|line| is_record(line)) {
            say(Said::Line { text: line.into(), partial: false, around: observation.record.clone() });
        }
        say(Said::Record(observation));
    });
}

fn read_traces<'b>(value: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    each(value, ["resourceSpans", "scopeSpans", "spans"], &mut |span, around| {
        let mut gathered = Gathered::on(side(span));
        gathered.time(nanoseconds(span, "startTimeUnixNano").or_else(|| nanoseconds(span, "endTimeUnixNano")));
        gathered.name(text(span, &["name"]).unwrap_or_default());
        common(&mut gathered, span);
        for event in items(span, &["events"]) {
            pairs(items(event, &["attributes"])).for_each(|(name, value)| gathered.absorb(name, value));
        }
        say(Said::Record(Box::new(gathered.finish(around))));
    });
}

/// Every innermost record of a document, or of an element of its outer list, with what its resource and scope say.
fn each<'b>(value: &'b Json<'_>, [outer, middle, inner]: [&str; 3], found: &mut dyn FnMut(&'b Json<'b>, &Gathered<'b>)) {
    let listed = items(value, &[outer]);
    let resources = if listed.is_empty() { std::slice::from_ref(value) } else { listed };
    for resource in resources {
        let mut around = Gathered::default();
        around.observation.record.place = Some(PlaceKind::Telemetry);
        pairs(items(resource, &["resource", "attributes"])).for_each(|(name, value)| around.absorb(name, value));
        for scope in items(resource, &[middle]) {
            let mut around = around.clone();
            pairs(items(scope, &["scope", "attributes"])).for_each(|(name, value)| around.absorb(name, value));
            for record in items(scope, &[inner]) {
                found(record, &around);
            }
        }
    }
}

/// Ids and attributes, which logs and spans write alike.
fn common<'b>(gathered: &mut Gathered<'b>, value: &'b Json<'b>) {
    for name in ["traceId", "spanId"] {
        if let Some(id) = at(value, &[name]) {
            gathered.absorb(name, id);
        }
    }
    pairs(items(value, &["attributes"])).for_each(|(name, value)| gathered.absorb(name, value));
}

/// Which side of a request a span is: `kind` by number or by word.
fn side(span: &Json<'_>) -> Side {
    match (number(span, &["kind"]), text(span, &["kind"])) {
        (Some(3 | 4), _) | (_, Some("SPAN_KIND_CLIENT" | "SPAN_KIND_PRODUCER")) => Side::Caller,
        (Some(2 | 5), _) | (_, Some("SPAN_KIND_SERVER" | "SPAN_KIND_CONSUMER")) => Side::Called,
        _ => Side::Unknown,
    }
}

/// Nanoseconds since 1970, a text by the protocol; 0 stands for none.
fn nanoseconds(value: &Json<'_>, name: &str) -> Option<When> {
    let number = number(value, &[name]).filter(|number| *number > 0)?;
    Some((Instant(Timestamp::from_nanosecond(i128::from(number)).ok()?), TimeQuality::Exact))
}
