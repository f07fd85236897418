//! Log records of uses of tokens that never were, as three systems would write them; nothing in them is worth a word.

use std::io::{self, Write};

use beartrap::model::fingerprint::Fingerprint;
use beartrap::model::instant::Instant;

/// The time of the first record.
const START: i64 = 1_772_409_600;

/// Uses of as many tokens as are named, one after the other; each token has an agent, a network and a server.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Records.
    pub records: u64,
    /// How many uses of one token follow each other.
    pub together: u64,
}

/// What the `i`-th record says.
struct Use {
    token: u64,
    time: Instant,
    agent: u64,
    request: u64,
    host: u64,
}

impl Plan {
    fn uses(self) -> impl Iterator<Item = Use> {
        (0..self.records).map(move |i| {
            let token = i / self.together;
            let time = Instant::from_number(START + (i / 50).cast_signed()).expect("because it is a time");
            Use { token, time, agent: token % 5000, request: i, host: token % 200 }
        })
    }

    /// Our own use records.
    pub fn token_uses(self, out: &mut dyn Write) -> io::Result<()> {
        for Use { token, time, agent, request, host } in self.uses() {
            let fp = Fingerprint::of(&token.to_le_bytes());
            writeln!(
                out,
                r#"{{"v":1,"keys":["{fp}"],"scheme":"bearer","time":"{time}","time_quality":"exact","outcome":"success","status_code":200,"agent_id":"agent-{agent}","user":"user-{agent}","tenant":"tenant-1","session_id":"session-{token}","session_src":"conversation","task_id":"task-{token}","request_id":"r-{request}","tool":"search_files","method":"tools/call","aud":"https://files-{host}.example","resource":"/v1/search","scope_required":["files:read"],"source_ip":"203.0.113.{host}","user_agent":"agent-runtime/2.4 linux"}}"#
            )?;
        }
        out.flush()
    }

    /// CloudTrail events.
    pub fn cloudtrail(self, out: &mut dyn Write) -> io::Result<()> {
        for Use { token, time, agent, request, host } in self.uses() {
            writeln!(
                out,
                r#"{{"awsRegion":"eu-central-1","eventID":"event-{request}","eventName":"GetObject","eventSource":"s3.amazonaws.com","eventTime":"{time}","eventType":"AwsApiCall","eventVersion":"1.11","managementEvent":false,"readOnly":true,"recipientAccountId":"123456789012","requestID":"r-{request}","requestParameters":{{"bucketName":"bucket-{host}","Host":"bucket-{host}.s3.eu-central-1.amazonaws.com","key":"reports/{request}.parquet"}},"responseElements":null,"additionalEventData":{{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","bytesTransferredOut":4711}},"resources":[{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::bucket-{host}/reports/{request}.parquet"}},{{"accountId":"123456789012","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::bucket-{host}"}}],"sourceIPAddress":"203.0.113.{host}","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"bucket-{host}.s3.eu-central-1.amazonaws.com"}},"userAgent":"agent-runtime/2.4 linux","userIdentity":{{"accessKeyId":"ASIA{}","accountId":"123456789012","arn":"arn:aws:sts::123456789012:assumed-role/Role-{agent}/session-{token}","principalId":"AROASIMULATED:session-{token}","sessionContext":{{"attributes":{{"creationDate":"2026-03-02T00:00:22Z","mfaAuthenticated":"false"}},"sessionIssuer":{{"accountId":"123456789012","arn":"arn:aws:iam::123456789012:role/Role-{agent}","principalId":"AROASIMULATED","type":"Role","userName":"Role-{agent}"}}}},"type":"AssumedRole"}}}}"#,
                key_id(token)
            )?;
        }
        out.flush()
    }

    /// Spans of OpenTelemetry, ten in an export.
    pub fn otlp(self, out: &mut dyn Write) -> io::Result<()> {
        let begin = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"mcp-server"}}]},"scopeSpans":[{"scope":{"name":"mcp"},"spans":["#;
        for Use { token, time, agent, request, host } in self.uses() {
            let (fp, nanoseconds) = (Fingerprint::of(&token.to_le_bytes()), i128::from(time.seconds()) * 1_000_000_000);
            write!(
                out,
                r#"{}{{"attributes":[{{"key":"http.request.header.authorization","value":{{"arrayValue":{{"values":[{{"stringValue":"Bearer {fp}"}}]}}}}}},{{"key":"http.response.status_code","value":{{"intValue":"200"}}}},{{"key":"http.request.method","value":{{"stringValue":"POST"}}}},{{"key":"mcp.method.name","value":{{"stringValue":"tools/call"}}}},{{"key":"gen_ai.tool.name","value":{{"stringValue":"search_files"}}}},{{"key":"server.address","value":{{"stringValue":"files-{host}.example"}}}},{{"key":"url.path","value":{{"stringValue":"/v1/search"}}}},{{"key":"user_agent.original","value":{{"stringValue":"agent-runtime/2.4 linux"}}}},{{"key":"gen_ai.agent.id","value":{{"stringValue":"agent-{agent}"}}}},{{"key":"gen_ai.conversation.id","value":{{"stringValue":"conversation-{token}"}}}},{{"key":"user.id","value":{{"stringValue":"user-{agent}"}}}},{{"key":"client.address","value":{{"stringValue":"203.0.113.{host}"}}}}],"endTimeUnixNano":"{}","kind":2,"name":"tools/call search_files","spanId":"{:016x}","startTimeUnixNano":"{nanoseconds}","traceId":"{:032x}"}}"#,
                if request % 10 == 0 { begin } else { "," },
                nanoseconds + 200_000_000,
                request + 1,
                token + 1
            )?;
            if request % 10 == 9 || request + 1 == self.records {
                writeln!(out, "]}}]}}]}}")?;
            }
        }
        out.flush()
    }
}

/// The rest of an access key's id: sixteen letters and digits.
fn key_id(token: u64) -> String {
    let digest = *Fingerprint::of(&token.to_le_bytes()).digest();
    digest.iter().take(16).map(|b| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(b % 32)])).collect()
}
