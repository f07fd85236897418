//! `token-use`: our own token-use records, one JSON object on a line.

use bumpalo::Bump;

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
    say(Said::Record(Box::new(gathered(value).observation())));
}

/// A line that is such a record by itself, without a tree of its values; `None` where it is none.
#[must_use]
pub fn read_line(bytes: &[u8], arena: &Bump) -> Option<Observation> {
    let mut gathered = Gathered::default();
    Json::each_member(bytes, arena, |name, value| gathered.take(name, value))?;
    gathered.is_use().then(|| gathered.observation())
}

/// The record under our own names of its fields.
#[must_use]
pub fn record(value: &Json<'_>) -> Box<Record> {
    gathered(value).into_record()
}

fn gathered(value: &Json<'_>) -> Gathered {
    let mut gathered = Gathered::default();
    value.as_object().into_iter().flat_map(Object::iter).for_each(|(name, value)| gathered.take(name, value));
    gathered
}

/// A record on its way in, member by member; of one that stands twice, the first counts.
#[derive(Default)]
struct Gathered {
    record: Box<Record>,
    quality: Option<TimeQuality>,
    source: Option<SessionSource>,
    /// The token's names under each of [`NAMES`].
    names: [Option<Vec<TokenKey>>; NAMES.len()],
    scheme: Option<Scheme>,
    proof: Option<Box<Proof>>,
    record_id: Option<Text>,
    has_time: bool,
    is_issuance: bool,
}

/// Members that name the token, the surest first.
const NAMES: [&str; 3] = ["fp", "keys", "alt_keys"];

impl Gathered {
    fn take(&mut self, name: &str, value: &Json<'_>) {
        let record = &mut self.record;
        if let Some(field) = text_field(record, name) {
            if field.is_none() {
                *field = owned(value, &[]);
            }
            return;
        }
        match name {
            "time" => {
                self.has_time = true;
                if record.time.is_none() {
                    (record.time, record.time_quality) = at_path(value, &[]).map_or_else(Default::default, |(time, quality)| (Some(time), quality));
                }
            }
            "time_quality" => self.quality = self.quality.or_else(|| time_quality(value.as_str()?)),
            "outcome" if record.outcome == Outcome::Unknown => {
                record.outcome = match text(value, &[]) {
                    Some("success") => Outcome::Success,
                    Some("denied") => Outcome::Denied,
                    _ => Outcome::Unknown,
                };
            }
            "status_code" => record.status_code = record.status_code.or_else(|| number(value, &[])),
            "session_src" => self.source = self.source.or_else(|| session_source(value.as_str()?)),
            "scope_required" if record.scope_required.is_empty() => {
                record.scope_required = texts(value, &[]).flat_map(str::split_whitespace).map(Text::from).collect();
            }
            "source_ip" => record.source_ip = record.source_ip.or_else(|| text(value, &[])?.parse().ok()),
            "peer_ip" => record.peer_ip = record.peer_ip.or_else(|| text(value, &[])?.parse().ok()),
            "forwarded_for" if record.forwarded_for.is_empty() => {
                record.forwarded_for = texts(value, &[]).filter_map(|text| text.parse().ok()).collect();
            }
            "asn" => record.asn = record.asn.or_else(|| number(value, &[])?.try_into().ok()),
            "scheme" if self.scheme.is_none() => self.scheme = owned(value, &[]).map(Scheme::from),
            "proof" if self.proof.is_none() => self.proof = at(value, &[]).map(|said| Box::new(proof(said))),
            "origin" if self.record_id.is_none() => self.record_id = owned(value, &["record_id"]),
            "issued_to" => self.is_issuance = true,
            _ => self.take_names(name, value),
        }
    }

    fn take_names(&mut self, name: &str, value: &Json<'_>) {
        if let Some(at) = NAMES.iter().position(|one| *one == name) {
            self.names[at].get_or_insert_with(|| texts(value, &[]).filter_map(|name| name.trim().parse().ok()).collect());
        }
    }

    /// The same as [`recognizes`] says of its tree.
    fn is_use(&self) -> bool {
        self.has_time && self.names.iter().any(Option::is_some) && !self.is_issuance
    }

    fn observation(mut self) -> Observation {
        let keys: Vec<TokenKey> = self.names.iter_mut().filter_map(Option::take).reduce(|all, more| [all, more].concat()).unwrap_or_default();
        let presented = Presented { keys, scheme: self.scheme.take().unwrap_or_default(), token: None, proof: self.proof.take() };
        let presented = if presented.keys.is_empty() { Vec::new() } else { vec![presented] };
        Observation { record_id: self.record_id.take(), ..Observation::new(self.into_record(), presented) }
    }

    fn into_record(mut self) -> Box<Record> {
        self.record.time_quality = self.quality.unwrap_or(self.record.time_quality);
        self.record.session_src = self.source.or_else(|| self.record.session_id.as_ref().map(|_| SessionSource::Session));
        self.record
    }
}

fn proof(said: &Json<'_>) -> Proof {
    let text = |name: &str| owned(said, &[name]);
    Proof { jti: text("jti"), jkt: text("jkt"), htm: text("htm"), htu: text("htu"), ath: text("ath") }
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

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use crate::observe::json::parse;
    use crate::observe::token_use::{gathered, read_line, recognizes};

    #[test]
    fn a_line_says_what_its_tree_says() {
        let (time, kid) = (r#""time":"2026-03-02T10:00:00Z""#, r#""keys":["kid:a",7,"kid:b"]"#);
        for (line, is_use) in [
            (format!("{{{time},{kid}}}"), true),
            (format!(r#" {{"alt_keys":"kid:c",{kid},"fp":" kid:d ",{time},"origin":{{"record_id":"r"}},"scheme":"dpop"}} "#), true),
            (format!(r#"{{{kid},{kid},{time},"time":1,"tool":null,"tool":" x ","tool":"y","proof":{{"jti":5}},"scope_required":"a b"}}"#), true),
            (r#"{"keys":null,"time":null,"session_id":12,"source_ip":"10.0.0.1","forwarded_for":["::1","x"]}"#.to_owned(), true),
            (format!("{{{time},{kid},\"issued_to\":{{}}}}"), false),
            (format!("{{{time}}}"), false),
            (format!("{{{kid}}}"), false),
            (format!("{{{time},{kid}}} {{}}"), false),
            (format!("[{{{time},{kid}}}]"), false),
            (format!("{{{time},{kid},}}"), false),
            (format!("{{{time},{kid},\"x\":{}{}}}", "[".repeat(126), "]".repeat(126)), true),
            (format!("{{{time},{kid},\"x\":{}{}}}", "[".repeat(127), "]".repeat(127)), false),
            ("{}".to_owned(), false),
            (String::new(), false),
        ] {
            let arena = Bump::new();
            let tree = parse(line.as_bytes(), &arena).filter(recognizes).map(|value| gathered(&value).observation());
            assert_eq!(read_line(line.as_bytes(), &arena), tree, "{line}");
            assert_eq!(tree.is_some(), is_use, "{line}");
        }
    }
}
