//! Lines of `uses` and `habits`: who presented tokens, when, where and how.

use serde_json::{Map, Value, json};

use crate::detect::used::Habit;
use crate::model::instant::Instant;
use crate::model::text::Text;
use crate::model::token_use::{Presented, Proof, Record, RecordOrigin, Scheme, TokenUse, VERSION};
use crate::pipeline::story::error::Fault;
use crate::pipeline::story::fields::{Fields, parse, time};
use crate::pipeline::story::token::Tokens;

/// How a field's value is written in a record.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Number,
    List,
}

/// Words of a line, the record's fields that they stand for, and how those are written.
const FIELDS: [(&str, &str, Form); 36] = [
    ("outcome", "outcome", Form::Text),
    ("quality", "time_quality", Form::Text),
    ("status", "status_code", Form::Number),
    ("principal", "principal", Form::Text),
    ("agent", "agent_id", Form::Text),
    ("client", "client_id", Form::Text),
    ("user", "user", Form::Text),
    ("tenant", "tenant", Form::Text),
    ("session", "session_id", Form::Text),
    ("session_src", "session_src", Form::Text),
    ("task", "task_id", Form::Text),
    ("run", "run_id", Form::Text),
    ("trace", "trace_id", Form::Text),
    ("span", "span_id", Form::Text),
    ("request", "request_id", Form::Text),
    ("rpc", "rpc_id", Form::Text),
    ("tool", "tool", Form::Text),
    ("method", "method", Form::Text),
    ("aud", "aud", Form::Text),
    ("resource", "resource", Form::Text),
    ("scope", "scope_required", Form::List),
    ("ip", "source_ip", Form::Text),
    ("peer", "peer_ip", Form::Text),
    ("forwarded", "forwarded_for", Form::List),
    ("asn", "asn", Form::Number),
    ("geo", "geo", Form::Text),
    ("ua", "user_agent", Form::Text),
    ("ja4", "ja4", Form::Text),
    ("x5t", "tls_client_x5t", Form::Text),
    ("via", "on_behalf_of", Form::Text),
    ("header_method", "header_method", Form::Text),
    ("header_name", "header_name", Form::Text),
    // These are not the record's: how the token was presented, and where the record stands.
    ("scheme", "", Form::Text),
    ("proof", "", Form::Text),
    ("log", "", Form::Text),
    ("record", "", Form::Text),
];

/// A line of `uses` of a token with this name; `line` is its number in the block.
///
/// # Errors
///
/// What is wrong with it.
pub fn token_use(text: &str, line: usize, tokens: &Tokens) -> Result<(String, TokenUse), Fault> {
    let wrong =
        || Fault::new(format!("`{}` is no use", text.trim()), "write a time, a token and fields: `10:01  T1  outcome=success ip=203.0.113.9`");
    let (clock, rest) = text.trim().split_once(char::is_whitespace).ok_or_else(wrong)?;
    let fields = Fields::read(rest)?;
    let known: Vec<&str> = FIELDS.iter().map(|(word, ..)| *word).collect();
    fields.only(&known)?;
    let token = tokens.get(&fields.name).ok_or_else(wrong)?;
    let [jti, jkt, htm, htu, ath] = ["jti", "jkt", "htm", "htu", "ath"].map(|name| fields.text(&format!("proof.{name}")).map(Text::from));
    let proof = Proof { jti, jkt, htm, htu, ath };
    let log = fields.text("log").unwrap_or("access.log");
    let what = TokenUse {
        v: VERSION,
        presented: Presented {
            keys: token.keys(),
            scheme: fields.text("scheme").map(|word| Scheme::from(Text::from(word))).unwrap_or_default(),
            token: token.claims.clone().map(Box::new),
            proof: (proof != Proof::default()).then(|| Box::new(proof)),
        },
        record: record(clock, &fields)?.into(),
        origin: RecordOrigin { uri: log.into(), line: line as u64, parser: "story".into(), record_id: fields.text("record").map(Text::from) },
    };
    Ok((fields.name, what))
}

fn record(clock: &str, fields: &Fields) -> Result<Record, Fault> {
    let mut object = Map::new();
    if clock != "-" {
        object.insert("time".into(), json!(time(clock)?));
        object.insert("time_quality".into(), json!("exact"));
    }
    for (word, text) in fields.iter() {
        let Some((_, name, form)) = FIELDS.iter().find(|(one, name, _)| *one == word && !name.is_empty()) else { continue };
        let value = match form {
            Form::Text => json!(text),
            Form::Number => json!(text.parse::<i64>().map_err(|_| Fault::new(format!("`{word}={text}` is no number"), "write digits"))?),
            Form::List => json!(text.split(',').collect::<Vec<_>>()),
        };
        object.insert((*name).to_owned(), value);
    }
    if fields.has("session") && !fields.has("session_src") {
        object.insert("session_src".into(), json!("session"));
    }
    parse(Value::Object(object))
}

/// `agent-7  jira.search  first=-5/10:00 uses=60`.
///
/// # Errors
///
/// What is wrong with it.
pub fn habit(text: &str) -> Result<Habit, Fault> {
    let wrong = || {
        Fault::new(format!("`{}` is no habit", text.trim()), "write an identity, a tool and fields: `agent-7  jira.search  first=-5/10:00 uses=60`")
    };
    let (identity, rest) = text.trim().split_once(char::is_whitespace).ok_or_else(wrong)?;
    let fields = Fields::read(rest)?;
    fields.only(&["first", "uses"])?;
    let first: Instant = fields.time("first")?;
    let uses = fields.text("uses").and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
    Ok(Habit { identity: identity.to_owned(), since: first, uses, tool: (fields.name, first) })
}
