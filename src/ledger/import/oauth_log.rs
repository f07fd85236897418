//! `oauth-log`: requests and responses of an OAuth token endpoint, one JSON object each, whoever wrote them.
//!
//! `request` and `response` may be objects, or their fields may stand beside each other. Tokens may be raw, or hashes under
//! `<name>_hash`, `<name>_sha256` or `<name>_fp`. Sources: RFC 6749 sections 4 to 6, RFC 7009, RFC 8693 section 2.

use serde_json::{Map, Value};

use crate::ledger::import::claims::actors;
use crate::ledger::import::context::Context;
use crate::ledger::import::entry::{Entry, Parsed};
use crate::ledger::import::fields::{first, first_time, needed_time, number, revoked, text};
use crate::ledger::import::format::{Format, Framing};
use crate::ledger::import::lineage::{Lineage, Position};
use crate::ledger::import::oauth_token::{Exchange, take_key, take_token};
use crate::ledger::import::raw_token::Shown;
use crate::model::instant::Instant;
use crate::model::issuance::TokenType;
use crate::model::lifecycle::{LifecycleEvent, LifecycleKind, Target};
use crate::model::token_key::TokenKey;

/// The format.
pub const FORMAT: Format = Format {
    name: "oauth-log",
    about: "log of an OAuth token endpoint (RFC 6749, RFC 8693) and of revocations (RFC 7009), JSON lines",
    framing: Framing::Objects("", parse),
    recognizes,
    marks: &["grant_type"],
};

/// Keys under which logs write the time.
pub const TIMES: [&str; 5] = ["/time", "/timestamp", "/@timestamp", "/ts", "/at"];

/// The tokens of a response, in the order in which they are listed.
const TOKENS: [(&str, TokenType); 3] =
    [("access_token", TokenType::AccessToken), ("refresh_token", TokenType::RefreshToken), ("id_token", TokenType::IdToken)];

/// What a request presents to get another token, the likeliest parent first.
const PARENTS: [&str; 3] = ["subject_token", "refresh_token", "assertion"];

fn recognizes(object: &Map<String, Value>) -> bool {
    let request = object.get("request").and_then(Value::as_object).unwrap_or(object);
    request.contains_key("grant_type") || request.contains_key("token_type_hint") || object.contains_key("grant_type")
}

fn parse(log: &mut Value, context: &mut Context) -> Parsed {
    let nested = log.get("request").is_some_and(Value::is_object);
    let mut request = if nested { log["request"].take() } else { log.clone() };
    let mut response = if log.get("response").is_some_and(Value::is_object) { log["response"].take() } else { log.clone() };
    let failed = first(&response, &["/error"]).is_some() || status(log, &response).is_some_and(|status| !(200..300).contains(&status));
    if failed {
        return Ok(Vec::new());
    }
    if text(&request, "/grant_type").is_none() {
        return revocation(log, &mut request);
    }
    if !nested {
        // The refresh token of a flat log is the one that was returned; the one that was presented has a name of its own.
        request["refresh_token"] = log.get("presented_refresh_token").cloned().unwrap_or(Value::Null);
        for suffix in ["hash", "sha256", "fp"] {
            request[format!("refresh_token_{suffix}")] = log.get(format!("presented_refresh_token_{suffix}")).cloned().unwrap_or(Value::Null);
        }
    }
    issued(log, &mut request, &mut response, context)
}

fn status(log: &Value, response: &Value) -> Option<i64> {
    number(response, "/status")
        .or_else(|| number(response, "/status_code"))
        .or_else(|| number(log, "/status"))
        .or_else(|| number(log, "/status_code"))
}

fn revocation(log: &Value, request: &mut Value) -> Parsed {
    let place = first(log, &["/endpoint", "/path", "/url"]).or_else(|| first(request, &["/endpoint", "/path", "/url"])).unwrap_or_default();
    if !place.contains("revo") && request.get("token_type_hint").is_none() || place.contains("introspect") {
        return Ok(Vec::new());
    }
    let Some(key) = take_key(request, "token")? else { return Ok(Vec::new()) };
    let at = needed_time(log, &TIMES)?;
    Ok(vec![Entry::Event(revoked(Target::Key(key), at, "revoked by its client (RFC 7009)"))])
}

fn issued(log: &Value, request: &mut Value, response: &mut Value, context: &mut Context) -> Parsed {
    let mut parent = None;
    for name in PARENTS {
        let key = take_key(request, name)?;
        parent = parent.or(key);
    }
    let actor = take_key(request, "actor_token")?;
    let mut tokens = Vec::new();
    for (name, sort) in TOKENS {
        tokens.extend(take_token(response, name)?.map(|token| (sort, token)));
    }
    let oldest = parent.clone().or_else(|| refresh_key(&tokens)).or_else(|| tokens.first().map(|(_, token)| token.key()));
    let position = position(log, request, parent.as_ref(), oldest.as_ref(), &context.lineage);
    let exchange = Exchange {
        log,
        request,
        response,
        at: first_time(log, &TIMES)?,
        parent: parent.clone(),
        actor,
        gram_of: context.gram_of,
        chain: actors(request.get("act").or_else(|| response.get("act")).or_else(|| log.get("act"))),
    };
    let mut entries = Vec::new();
    let successor = refresh_key(&tokens);
    for (sort, token) in tokens {
        let issued = exchange.record(sort, &token, position.as_ref());
        if let (Some(key), Some(position)) = (&issued.record.fp, &position) {
            context.lineage.learn(key, position.clone());
        }
        entries.push(Entry::Issued(Box::new(issued)));
    }
    let rotated = text(request, "/grant_type").as_deref() == Some("refresh_token");
    entries.extend(parent.filter(|_| rotated).and_then(|parent| rotation(parent, successor?, exchange_time(log)?)).map(Entry::Event));
    Ok(entries)
}

fn exchange_time(log: &Value) -> Option<Instant> {
    first_time(log, &TIMES).ok().flatten()
}

fn refresh_key(tokens: &[(TokenType, Shown)]) -> Option<TokenKey> {
    tokens.iter().find(|(sort, _)| *sort == TokenType::RefreshToken).map(|(_, token)| token.key())
}

/// The presented refresh token has a successor, unless the server keeps it.
fn rotation(parent: TokenKey, successor: TokenKey, at: Instant) -> Option<LifecycleEvent> {
    (parent != successor).then_some(LifecycleEvent {
        event: LifecycleKind::Rotated,
        target: Target::Key(parent),
        at,
        reason: None,
        successor: Some(successor),
    })
}

/// The family and generation of what is issued: as logged, else after the parent's, else begun by the oldest token known.
fn position(log: &Value, request: &Value, parent: Option<&TokenKey>, oldest: Option<&TokenKey>, lineage: &Lineage) -> Option<Position> {
    let logged = |name: &str| [log, request].into_iter().find_map(|object| text(object, &format!("/{name}")));
    let before = parent.and_then(|parent| lineage.find(parent));
    let family = logged("family_id").or_else(|| before.map(|before| before.family.clone())).or_else(|| oldest.map(ToString::to_string))?;
    let rotations = u64::from(text(request, "/grant_type").as_deref() == Some("refresh_token"));
    let counted = || before.map_or(0, |before| before.generation) + rotations;
    let generation = logged("generation").and_then(|text| text.parse().ok()).unwrap_or_else(counted);
    Some(Position { family, generation })
}
