//! `token-use`: our own token-use records, one JSON object on a line.

use crate::model::text::Text;
use crate::model::token_key::TokenKey;
use crate::model::token_use::{Outcome, Presented, Proof, Record, Scheme, SessionSource, TimeQuality};
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, has, number, owned, text, texts};
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::value::Object;
use crate::observe::when::at_path;

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "token-use",
    about: "our own token-use records (docs/formats.md), or what another tool wrote with the same keys",
    wrappers: &[],
    recognizes,
    read,
};

fn recognizes(record: &Json<'_>) -> bool {
    (has(record, &["fp", "time"]) || has(record, &["keys", "time"]) || has(record, &["alt_keys", "time"])) && !has(record, &["issued_to"])
}

fn read<'b>(value: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let names = ["fp", "keys", "alt_keys"].into_iter().flat_map(|name| texts(value, &[name]));
    let keys: Vec<TokenKey> = names.filter_map(|name| name.trim().parse().ok()).collect();
    let proof = at(value, &["proof"]).map(|proof| {
        let said = |name: &str| owned(proof, &[name]);
        Box::new(Proof { jti: said("jti"), jkt: said("jkt"), htm: said("htm"), htu: said("htu"), ath: said("ath") })
    });
    let presented = Presented { keys, scheme: owned(value, &["scheme"]).map(Scheme::from).unwrap_or_default(), token: None, proof };
    let presented = if presented.keys.is_empty() { Vec::new() } else { vec![presented] };
    say(Said::Record(Box::new(Observation { record_id: owned(value, &["origin", "record_id"]), ..Observation::new(record(value), presented) })));
}

/// The record under our own names of its fields; of one that stands twice, the first counts.
#[must_use]
pub fn record(value: &Json<'_>) -> Record {
    let mut record = Record::default();
    let (mut quality, mut source) = (None, None);
    for (name, value) in value.as_object().into_iter().flat_map(Object::iter) {
        if let Some(field) = text_field(&mut record, name) {
            if field.is_none() {
                *field = owned(value, &[]);
            }
            continue;
        }
        match name {
            "time" if record.time.is_none() => {
                (record.time, record.time_quality) = at_path(value, &[]).map_or_else(Default::default, |(time, quality)| (Some(time), quality));
            }
            "time_quality" => quality = quality.or_else(|| time_quality(value.as_str()?)),
            "outcome" if record.outcome == Outcome::Unknown => {
                record.outcome = match text(value, &[]) {
                    Some("success") => Outcome::Success,
                    Some("denied") => Outcome::Denied,
                    _ => Outcome::Unknown,
                };
            }
            "status_code" => record.status_code = record.status_code.or_else(|| number(value, &[])),
            "session_src" => source = source.or_else(|| session_source(value.as_str()?)),
            "scope_required" if record.scope_required.is_empty() => {
                record.scope_required = texts(value, &[]).flat_map(str::split_whitespace).map(Text::from).collect();
            }
            "source_ip" => record.source_ip = record.source_ip.or_else(|| text(value, &[])?.parse().ok()),
            "peer_ip" => record.peer_ip = record.peer_ip.or_else(|| text(value, &[])?.parse().ok()),
            "forwarded_for" if record.forwarded_for.is_empty() => {
                record.forwarded_for = texts(value, &[]).filter_map(|text| text.parse().ok()).collect();
            }
            "asn" => record.asn = record.asn.or_else(|| number(value, &[])?.try_into().ok()),
            _ => {}
        }
    }
    record.time_quality = quality.unwrap_or(record.time_quality);
    record.session_src = source.or_else(|| record.session_id.as_ref().map(|_| SessionSource::Session));
    record
}

/// The field of this name, where it is a text.
fn text_field<'a>(record: &'a mut Record, name: &str) -> Option<&'a mut Option<Text>> {
    Some(match name {
        "principal" => &mut record.principal,
        "agent_id" => &mut record.agent_id,
        "client_id" => &mut record.client_id,
        "user" => &mut record.user,
        "tenant" => &mut record.tenant,
        "session_id" => &mut record.session_id,
        "task_id" => &mut record.task_id,
        "run_id" => &mut record.run_id,
        "trace_id" => &mut record.trace_id,
        "span_id" => &mut record.span_id,
        "request_id" => &mut record.request_id,
        "rpc_id" => &mut record.rpc_id,
        "tool" => &mut record.tool,
        "method" => &mut record.method,
        "aud" => &mut record.aud,
        "resource" => &mut record.resource,
        "geo" => &mut record.geo,
        "user_agent" => &mut record.user_agent,
        "ja4" => &mut record.ja4,
        "tls_client_x5t" => &mut record.tls_client_x5t,
        "on_behalf_of" => &mut record.on_behalf_of,
        "header_method" => &mut record.header_method,
        "header_name" => &mut record.header_name,
        _ => return None,
    })
}

fn time_quality(word: &str) -> Option<TimeQuality> {
    Some(match word {
        "log" => TimeQuality::Log,
        "file" => TimeQuality::File,
        "none" => TimeQuality::None,
        _ => return None,
    })
}

fn session_source(word: &str) -> Option<SessionSource> {
    Some(match word {
        "issuer" => SessionSource::Issuer,
        "mcp" => SessionSource::Mcp,
        "conversation" => SessionSource::Conversation,
        "session" => SessionSource::Session,
        "harness" => SessionSource::Harness,
        "cloud" => SessionSource::Cloud,
        "trace" => SessionSource::Trace,
        _ => return None,
    })
}
