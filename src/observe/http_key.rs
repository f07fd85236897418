//! What keys of HTTP access logs in JSON mean, however they are spelled.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a key's value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    /// The method of HTTP.
    Method,
    /// The method of JSON-RPC.
    RpcMethod,
    /// A URL, or its path and perhaps query.
    Url,
    /// The query alone.
    Query,
    /// `GET /path HTTP/1.1`.
    Line,
    /// The status of the answer.
    Status,
    /// Headers of the request.
    Headers,
    /// Headers of the answer.
    AnswerHeaders,
    /// When.
    Time,
    /// The caller, as trusted proxies say.
    Client,
    /// The other end of the connection, or the caller where no proxy is trusted.
    Remote,
    /// The other end of the connection and nothing else.
    Peer,
    /// User.
    User,
    /// Who was authenticated.
    Principal,
    /// OAuth client.
    ClientId,
    /// Agent.
    Agent,
    /// Tenant.
    Tenant,
    /// Session.
    Session,
    /// Conversation.
    Conversation,
    /// Task.
    Task,
    /// Run.
    Run,
    /// Trace.
    Trace,
    /// Span.
    Span,
    /// Tool.
    Tool,
    /// JSON-RPC id.
    Rpc,
    /// Scopes that were needed.
    Scope,
    /// The record's own id.
    RecordId,
    /// The request's id.
    RequestId,
    /// User agent.
    UserAgent,
    /// `X-Forwarded-For`.
    Forwarded,
    /// The host that was called.
    Host,
    /// Perhaps a header.
    Other,
}

/// Keys in lower case without anything but letters and digits; after a dot, those that stand in an object of the name before it.
const KEYS: &[(Key, &[&str])] = &[
    (Key::Method, &["method", "requestmethod", "httpmethod", "httprequestmethod", "clientrequestmethod", "reqmethod", "verb", "csmethod"]),
    (Key::RpcMethod, &["mcpmethodname", "rpcmethod", "jsonrpcmethod"]),
    (
        Key::Url,
        &[
            "path",
            "uri",
            "url",
            "requesturi",
            "requestpath",
            "requesturl",
            "clientrequesturi",
            "clientrequestpath",
            "urlpath",
            "urlfull",
            "urloriginal",
            "url.full",
            "url.original",
            "requri",
            "requrl",
            "resourcepath",
            "xenvoyoriginalpath",
            "httpurl",
            "httptarget",
            "httppath",
            "csuristem",
            "upstreamuri",
        ],
    ),
    (Key::Query, &["args", "query", "querystring", "requestquery", "urlquery", "queryparams", "csuriquery"]),
    (Key::Line, &["request", "requestline"]),
    (
        Key::Status,
        &[
            "status",
            "statuscode",
            "responsecode",
            "responsestatus",
            "responsestatuscode",
            "downstreamstatus",
            "edgeresponsestatus",
            "httpstatus",
            "httpstatuscode",
            "httpresponsestatuscode",
            "scstatus",
        ],
    ),
    (Key::Headers, &["headers", "requestheaders", "reqheaders", "httprequestheaders", "httpheaders", "request.headers", "req.headers"]),
    (Key::AnswerHeaders, &["responseheaders", "resheaders", "respheaders", "response.headers", "res.headers", "resp.headers"]),
    (
        Key::Time,
        &[
            "time",
            "timestamp",
            "ts",
            "starttime",
            "startutc",
            "timeiso8601",
            "timelocal",
            "datetime",
            "date",
            "startedat",
            "requesttimeepoch",
            "requesttime",
            "edgestarttimestamp",
            "receivedat",
            "eventtime",
            "msec",
        ],
    ),
    (Key::Client, &["clientip", "client.ip", "client.address", "clientaddress", "downstreamremoteaddress", "sourceip", "source.ip", "cip"]),
    (Key::Remote, &["remoteaddr", "remoteip", "remoteaddress", "remotehost", "clienthost", "clientaddr", "ip"]),
    (Key::Peer, &["downstreamdirectremoteaddress", "peerip", "peeraddress", "peeraddr", "networkpeeraddress", "realipremoteaddr"]),
    (
        Key::User,
        &["user", "remoteuser", "userid", "username", "clientusername", "authuser", "consumer.username", "user.name", "user.id", "csusername"],
    ),
    (Key::Principal, &["principal", "subject", "sub", "peerprincipal", "downstreampeerurisan", "spiffeid", "clientidentity"]),
    (Key::ClientId, &["clientid", "oauthclientid", "azp", "appid"]),
    (Key::Agent, &["agentid", "genaiagentid", "agent.id"]),
    (Key::Tenant, &["tenant", "tenantid", "org", "orgid", "organization", "organizationid"]),
    (Key::Session, &["session", "sessionid", "session.id"]),
    (Key::Conversation, &["conversationid", "genaiconversationid"]),
    (Key::Task, &["taskid"]),
    (Key::Run, &["runid", "jobid"]),
    (Key::Trace, &["traceid", "trace.id", "oteltraceid"]),
    (Key::Span, &["spanid", "span.id", "otelspanid"]),
    (Key::Tool, &["tool", "toolname", "genaitoolname", "mcptool", "mcptoolname"]),
    (Key::Rpc, &["rpcid", "jsonrpcid", "jsonrpcrequestid"]),
    (Key::Scope, &["scoperequired", "requiredscope", "requiredscopes"]),
    (Key::RecordId, &["logid", "eventid", "insertid", "rayid"]),
    (Key::RequestId, &["requestid", "reqid", "request.id", "req.id", "correlationid"]),
    (
        Key::UserAgent,
        &["useragent", "useragent.original", "useragentoriginal", "httpuseragent", "requestuseragent", "clientrequestuseragent", "csuseragent"],
    ),
    (Key::Forwarded, &["xforwardedfor", "forwardedfor", "httpxforwardedfor"]),
    (Key::Host, &["host", "authority", "requesthost", "httphost", "clientrequesthost", "vhost", "domainname"]),
];

/// The same by their names.
static INDEX: LazyLock<HashMap<&'static [u8], Key>> =
    LazyLock::new(|| KEYS.iter().flat_map(|(key, names)| names.iter().map(|name| (name.as_bytes(), *key))).collect());

/// The longest key that is looked up.
const LONGEST: usize = 40;

/// What a key means under the key of the object that it stands in, which is empty at the top.
#[must_use]
pub fn key(above: &str, name: &str) -> Key {
    let mut buffer = [0; LONGEST];
    let Some(length) = plain(&mut buffer, 0, name) else { return Key::Other };
    let mut joined = [0; LONGEST];
    let below = plain(&mut joined, 0, above).filter(|start| (1..LONGEST).contains(start)).and_then(|start| {
        joined[start] = b'.';
        plain(&mut joined, start + 1, name)
    });
    below.and_then(|length| find(&joined[..length])).or_else(|| find(&buffer[..length])).unwrap_or(Key::Other)
}

fn find(name: &[u8]) -> Option<Key> {
    INDEX.get(name).copied()
}

/// Writes the letters and digits of a name, in lower case; the end of what was written, or `None` where there is no room.
fn plain(buffer: &mut [u8; LONGEST], start: usize, name: &str) -> Option<usize> {
    let mut end = start;
    for b in name.bytes().filter(u8::is_ascii_alphanumeric) {
        *buffer.get_mut(end)? = b.to_ascii_lowercase();
        end += 1;
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use crate::observe::http_key::{Key, key};

    #[test]
    fn spellings_mean_the_same() {
        for (above, name, expected) in [
            ("", "request_method", Key::Method),
            ("", "RequestMethod", Key::Method),
            ("httpRequest", "requestUrl", Key::Url),
            ("", "@timestamp", Key::Time),
            ("request", "headers", Key::Headers),
            ("response", "headers", Key::AnswerHeaders),
            ("client", "ip", Key::Client),
            ("request", "remote_ip", Key::Remote),
            ("", "http_user_agent", Key::UserAgent),
            ("", "http_authorization", Key::Other),
            ("", &"x".repeat(100), Key::Other),
            ("", "", Key::Other),
        ] {
            assert_eq!(key(above, name), expected, "{above} {name}");
        }
    }
}
