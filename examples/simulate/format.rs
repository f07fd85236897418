//! Uses as other systems log them: OpenTelemetry, a gateway of MCP, `CloudTrail`.
//!
//! **Invariant:** the credential is written as the caller hands it over: by its fingerprint in careful logs, raw where it leaks.

use beartrap::model::token_use::TokenUse;
use serde_json::{Value, json};

use crate::simulate::clock::{Millis, SECOND, text};
use crate::simulate::grant::Grant;
use crate::simulate::server::ACCOUNT;

/// A use, and how a log shows it.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// Whose token.
    pub grant: &'a Grant,
    /// The use.
    pub usage: &'a TokenUse,
    /// What stands in the token's place.
    pub credential: &'a str,
    /// When, by the clock of the log.
    pub time: Millis,
}

fn or_empty(text: Option<&str>) -> &str {
    text.unwrap_or_default()
}

/// What goes over the wire beside the path: the host without its scheme.
fn host(aud: &str) -> &str {
    aud.trim_start_matches("https://")
}

impl Shown<'_> {
    /// A span of a server, one document on a line.
    pub fn span(self) -> Value {
        let end = self.time + SECOND / 5;
        let record = &self.usage.record;
        json!({"resourceSpans": [{
            "resource": {"attributes": [pair("service.name", "mcp-server")]},
            "scopeSpans": [{"scope": {"name": "mcp"}, "spans": [{
                "traceId": or_empty(record.trace_id.as_deref()),
                "spanId": or_empty(record.span_id.as_deref()),
                "name": format!("tools/call {}", or_empty(record.tool.as_deref())),
                "kind": 2,
                "startTimeUnixNano": format!("{}000000", self.time),
                "endTimeUnixNano": format!("{end}000000"),
                "attributes": self.attributes(),
            }]}],
        }]})
    }

    /// A log record, one document on a line.
    pub fn log(self) -> Value {
        let record = &self.usage.record;
        json!({"resourceLogs": [{
            "resource": {"attributes": [pair("service.name", "mcp-server")]},
            "scopeLogs": [{"logRecords": [{
                "timeUnixNano": format!("{}000000", self.time),
                "traceId": or_empty(record.trace_id.as_deref()),
                "spanId": or_empty(record.span_id.as_deref()),
                "severityText": "INFO",
                "body": {"stringValue": "request served"},
                "attributes": self.attributes(),
            }]}],
        }]})
    }

    fn attributes(self) -> Vec<Value> {
        let record = &self.usage.record;
        let mut list = vec![
            json!({"key": "http.request.header.authorization", "value": {"arrayValue": {"values": [{"stringValue": format!("Bearer {}", self.credential)}]}}}),
            json!({"key": "http.response.status_code", "value": {"intValue": record.status_code.unwrap_or(200).to_string()}}),
            pair("http.request.method", "POST"),
            pair("mcp.method.name", or_empty(record.method.as_deref())),
            pair("gen_ai.tool.name", or_empty(record.tool.as_deref())),
            pair("server.address", host(or_empty(record.aud.as_deref()))),
            pair("url.path", or_empty(record.resource.as_deref())),
            pair("user_agent.original", or_empty(record.user_agent.as_deref())),
            pair("request.id", or_empty(record.request_id.as_deref())),
        ];
        let to = &self.grant.issuance.issued_to;
        let more = [
            ("gen_ai.agent.id", record.agent_id.as_deref()),
            ("gen_ai.conversation.id", to.conversation_id.as_deref()),
            ("user.id", record.user.as_deref()),
        ];
        list.extend(more.into_iter().filter_map(|(name, value)| Some(pair(name, value?))));
        list.extend(record.source_ip.map(|ip| pair("client.address", &ip.to_string())));
        list.extend(record.peer_ip.map(|ip| pair("network.peer.address", &ip.to_string())));
        if !record.forwarded_for.is_empty() {
            let value = json!({"arrayValue": {"values": [{"stringValue": list_of(self.usage)}]}});
            list.push(json!({"key": "http.request.header.x-forwarded-for", "value": value}));
        }
        list
    }

    /// A line of a gateway's access log.
    pub fn access(self, query: &str) -> Value {
        let record = &self.usage.record;
        let (trace, span) = (or_empty(record.trace_id.as_deref()), or_empty(record.span_id.as_deref()));
        let mut line = json!({
            "time": text(self.time),
            "method": "POST",
            "path": format!("{}{query}", or_empty(record.resource.as_deref())),
            "status": record.status_code.unwrap_or(200),
            "request_id": record.request_id,
            "remote_addr": record.peer_ip.or(record.source_ip),
            "mcp_method_name": record.method,
            "mcp_tool_name": record.tool,
            "headers": {
                "host": host(or_empty(record.aud.as_deref())),
                "user-agent": record.user_agent,
                "mcp-session-id": format!("mcp-{}", or_empty(self.grant.issuance.issued_to.session_id.as_deref())),
                "mcp-method": record.method,
                "mcp-name": record.tool,
                "traceparent": format!("00-{trace}-{span}-01"),
            },
        });
        if record.peer_ip.is_none() {
            line["client_address"] = json!(record.source_ip);
        }
        for (name, value) in [("agent_id", &record.agent_id), ("client_id", &record.client_id), ("user", &record.user)] {
            if let Some(value) = value {
                line[name] = json!(value);
            }
        }
        if !record.forwarded_for.is_empty() {
            line["headers"]["x-forwarded-for"] = json!(list_of(self.usage));
        }
        if query.is_empty() {
            line["headers"]["authorization"] = json!(format!("Bearer {}", self.credential));
        }
        line
    }

    /// An event of `CloudTrail`; the key id names the credential.
    pub fn event(self) -> Value {
        let record = &self.usage.record;
        let (service, call) = or_empty(record.tool.as_deref()).split_once(':').unwrap_or(("s3.amazonaws.com", "GetObject"));
        let (arn, created) = or_empty(record.session_id.as_deref()).rsplit_once('@').unwrap_or_default();
        let key = self.usage.presented.keys.first().map(ToString::to_string).unwrap_or_default();
        let role = arn.split('/').nth(1).unwrap_or_default();
        let mut identity = json!({
            "type": "AssumedRole",
            "principalId": format!("AROASIMULATED:{}", arn.rsplit('/').next().unwrap_or_default()),
            "arn": arn,
            "accountId": ACCOUNT,
            "accessKeyId": key.trim_start_matches("kid:"),
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "arn": format!("arn:aws:iam::{ACCOUNT}:role/{role}"), "accountId": ACCOUNT, "userName": role},
                "attributes": {"creationDate": created, "mfaAuthenticated": "false"},
            },
        });
        let source = record.on_behalf_of.clone().or_else(|| record.source_ip.map(|ip| ip.to_string().into()));
        if let Some(service) = &record.on_behalf_of {
            identity["invokedBy"] = json!(service);
        }
        json!({
            "eventVersion": "1.11",
            "userIdentity": identity,
            "eventTime": text(self.time / SECOND * SECOND),
            "eventSource": service,
            "eventName": call,
            "awsRegion": "eu-central-1",
            "sourceIPAddress": source,
            "userAgent": record.user_agent,
            "requestParameters": {"bucketName": record.resource},
            "responseElements": null,
            "requestID": record.request_id,
            "eventID": format!("event-{}", or_empty(record.request_id.as_deref())),
            "readOnly": true,
            "eventType": "AwsApiCall",
            "recipientAccountId": ACCOUNT,
        })
    }
}

fn list_of(usage: &TokenUse) -> String {
    usage.record.forwarded_for.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn pair(name: &str, value: &str) -> Value {
    json!({"key": name, "value": {"stringValue": value}})
}
