//! `token-use`: our own token-use records, one JSON object on a line.

use std::sync::LazyLock;

use bumpalo::Bump;

use crate::model::fast_map::FastMap;
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
        if let Some(take) = TAKES.get(name) {
            take(self, value);
        }
    }

    fn take_time(&mut self, value: &Json<'_>) {
        let record = &mut self.record;
        self.has_time = true;
        if record.time.is_none() {
            (record.time, record.time_quality) = at_path(value, &[]).map_or_else(Default::default, |(time, quality)| (Some(time), quality));
        }
    }

    fn take_outcome(&mut self, value: &Json<'_>) {
        if self.record.outcome == Outcome::Unknown {
            self.record.outcome = match text(value, &[]) {
                Some("success") => Outcome::Success,
                Some("denied") => Outcome::Denied,
                _ => Outcome::Unknown,
            };
        }
    }

    fn take_names(&mut self, at: usize, value: &Json<'_>) {
        self.names[at].get_or_insert_with(|| texts(value, &[]).filter_map(|name| name.trim().parse().ok()).collect());
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

/// How a member of this name is taken.
type Take = fn(&mut Gathered, &Json<'_>);

static TAKES: LazyLock<FastMap<&'static str, Take>> = LazyLock::new(|| TEXTS.iter().chain(OTHERS).copied().collect());

/// Members that are texts; the first that is one counts.
const TEXTS: &[(&str, Take)] = &[
    ("principal", |own, value| fill(&mut own.record.principal, value)),
    ("agent_id", |own, value| fill(&mut own.record.agent_id, value)),
    ("client_id", |own, value| fill(&mut own.record.client_id, value)),
    ("user", |own, value| fill(&mut own.record.user, value)),
    ("tenant", |own, value| fill(&mut own.record.tenant, value)),
    ("session_id", |own, value| fill(&mut own.record.session_id, value)),
    ("task_id", |own, value| fill(&mut own.record.task_id, value)),
    ("run_id", |own, value| fill(&mut own.record.run_id, value)),
    ("trace_id", |own, value| fill(&mut own.record.trace_id, value)),
    ("span_id", |own, value| fill(&mut own.record.span_id, value)),
    ("request_id", |own, value| fill(&mut own.record.request_id, value)),
    ("rpc_id", |own, value| fill(&mut own.record.rpc_id, value)),
    ("tool", |own, value| fill(&mut own.record.tool, value)),
    ("method", |own, value| fill(&mut own.record.method, value)),
    ("aud", |own, value| fill(&mut own.record.aud, value)),
    ("resource", |own, value| fill(&mut own.record.resource, value)),
    ("geo", |own, value| fill(&mut own.record.geo, value)),
    ("user_agent", |own, value| fill(&mut own.record.user_agent, value)),
    ("ja4", |own, value| fill(&mut own.record.ja4, value)),
    ("tls_client_x5t", |own, value| fill(&mut own.record.tls_client_x5t, value)),
    ("on_behalf_of", |own, value| fill(&mut own.record.on_behalf_of, value)),
    ("header_method", |own, value| fill(&mut own.record.header_method, value)),
    ("header_name", |own, value| fill(&mut own.record.header_name, value)),
];

const OTHERS: &[(&str, Take)] = &[
    (NAMES[0], |own, value| own.take_names(0, value)),
    (NAMES[1], |own, value| own.take_names(1, value)),
    (NAMES[2], |own, value| own.take_names(2, value)),
    ("time", Gathered::take_time),
    ("time_quality", |own, value| own.quality = own.quality.or_else(|| time_quality(value.as_str()?))),
    ("outcome", Gathered::take_outcome),
    ("status_code", |own, value| own.record.status_code = own.record.status_code.or_else(|| number(value, &[]))),
    ("session_src", |own, value| own.source = own.source.or_else(|| session_source(value.as_str()?))),
    ("scope_required", |own, value| {
        if own.record.scope_required.is_empty() {
            own.record.scope_required = texts(value, &[]).flat_map(str::split_whitespace).map(Text::from).collect();
        }
    }),
    ("source_ip", |own, value| own.record.source_ip = own.record.source_ip.or_else(|| text(value, &[])?.parse().ok())),
    ("peer_ip", |own, value| own.record.peer_ip = own.record.peer_ip.or_else(|| text(value, &[])?.parse().ok())),
    ("forwarded_for", |own, value| {
        if own.record.forwarded_for.is_empty() {
            own.record.forwarded_for = texts(value, &[]).filter_map(|text| text.parse().ok()).collect();
        }
    }),
    ("asn", |own, value| own.record.asn = own.record.asn.or_else(|| number(value, &[])?.try_into().ok())),
    ("scheme", |own, value| own.scheme = own.scheme.take().or_else(|| owned(value, &[]).map(Scheme::from))),
    ("proof", |own, value| own.proof = own.proof.take().or_else(|| at(value, &[]).map(|said| Box::new(proof(said))))),
    ("origin", |own, value| own.record_id = own.record_id.take().or_else(|| owned(value, &["record_id"]))),
    ("issued_to", |own, _| own.is_issuance = true),
];

fn fill(field: &mut Option<Text>, value: &Json<'_>) {
    if field.is_none() {
        *field = owned(value, &[]);
    }
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
