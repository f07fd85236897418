//! Incidents of exposure: raw tokens in transcripts, telemetry, URLs, tool outputs, CI logs and the records of their own issuance.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::simulate::clock::{END, HOUR, MINUTE, SECOND, instant, text};
use crate::simulate::delivery::Fate;
use crate::simulate::format::Shown;
use crate::simulate::grant::Grant;
use crate::simulate::outlet::Log;
use crate::simulate::scene::{Scene, Script};
use crate::simulate::server::ACCOUNT;
use crate::simulate::token;

/// These incidents.
pub const SCRIPTS: &[Script] = &[
    Script { name: "EX-01", act: foreign_token },
    Script { name: "EX-02", act: live_token_in_telemetry },
    Script { name: "EX-03", act: token_in_query },
    Script { name: "EX-04", act: token_in_tool_output },
    Script { name: "EX-05", act: token_past_a_mask },
    Script { name: "EX-06", act: issuance_with_token },
];

/// A vendor's token that the ledger does not know.
fn foreign_token(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.access();
    grant.token = token::of_rule("gitlab.toml", "gitlab-pat", &mut scene.random);
    let at = scene.start + 5 * MINUTE;
    scene.transcript(&format!("The remote is set up with {} for now.", grant.token), at)?;
    scene.must("EX-01", &grant, at)
}

/// A format that no rule knows: only the ledger can tell.
fn live_token_in_telemetry(scene: &mut Scene) -> io::Result<()> {
    scene.start = END - 2 * HOUR;
    let holder = scene.holder();
    let grant = scene.access_of(&holder, 4 * HOUR);
    scene.issue(&grant)?;
    let mut usage = scene.request(&grant, scene.start + 10 * MINUTE);
    let (trace, span) = scene.trace();
    (usage.record.trace_id, usage.record.span_id) = (Some(trace), Some(span));
    let time = scene.outlet.clock(Log::Logs, scene.start + 10 * MINUTE);
    let shown = Shown { grant: &grant, usage: &usage, credential: &grant.token, time };
    scene.outlet.keep(Log::Logs, &shown.log(), Fate::Arrives, time)?;
    scene.exposed(&grant, time)
}

fn token_in_query(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.personal();
    scene.issue(&grant)?;
    let mut usage = scene.request(&grant, scene.start);
    let (trace, span) = scene.trace();
    (usage.record.trace_id, usage.record.span_id) = (Some(trace), Some(span));
    let time = scene.outlet.clock(Log::Access, scene.start);
    let shown = Shown { grant: &grant, usage: &usage, credential: "", time };
    let line = shown.access(&format!("?access_token={}", grant.token));
    scene.outlet.keep(Log::Access, &line, Fate::Arrives, time)?;
    scene.exposed(&grant, time)?;
    scene.must("EX-03", &grant, time)
}

fn token_in_tool_output(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.personal();
    scene.issue(&grant)?;
    let content = format!("remote.origin.url https://example.test/app\nhttp.extraheader {}\n", grant.token);
    scene.outlet.file(&format!("agents/{}/tool-results/1.txt", scene.holder().session), &content)?;
    let at = scene.start;
    scene.exposed(&grant, at)?;
    scene.must("EX-04", &grant, at)
}

/// The runner masks the token's text, and the job prints its base64.
fn token_past_a_mask(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.personal();
    scene.issue(&grant)?;
    let start = scene.start;
    let at = |seconds: i64| text(start + seconds * SECOND).replace('Z', ".0000000Z");
    let encoded = STANDARD.encode(format!("user:{}\n", grant.token));
    let lines = [
        format!("{} ##[group]Run deploy", at(0)),
        format!("{} env:", at(0)),
        format!("{}   DEPLOY_TOKEN: ***", at(0)),
        format!("{} ##[endgroup]", at(0)),
        format!("{} auth: {encoded}", at(2)),
        format!("{} done", at(3)),
    ];
    scene.outlet.file(&format!("ci/build-{}.log", scene.number), &(lines.join("\n") + "\n"))?;
    scene.exposed(&grant, start)?;
    scene.must("EX-05", &grant, start)
}

/// `AssumeRole`, with the session token in clear.
fn issuance_with_token(scene: &mut Scene) -> io::Result<()> {
    scene.start = END - HOUR;
    let (start, end) = (scene.start, END + HOUR);
    let secret = token::of_rule("aws.toml", "aws-session-token", &mut scene.random);
    let id = token::key_id(&mut scene.random);
    let grant = Grant::role(secret, &id, &scene.holder(), start..end);
    scene.issue(&grant)?;
    let event = json!({
        "eventVersion": "1.11",
        "userIdentity": {"type": "AWSService", "invokedBy": "ecs-tasks.amazonaws.com"},
        "eventTime": text(start),
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "ecs-tasks.amazonaws.com",
        "userAgent": "ecs-tasks.amazonaws.com",
        "requestParameters": {"roleArn": format!("arn:aws:iam::{ACCOUNT}:role/Role-scene-{}", scene.number), "roleSessionName": scene.holder().session},
        "responseElements": {"credentials": {"accessKeyId": id, "expiration": expiration(end), "sessionToken": grant.token}},
        "requestID": format!("r-scene-{}", scene.number),
        "eventID": format!("event-scene-{}", scene.number),
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
    });
    scene.outlet.keep(Log::Cloud, &event, Fate::Arrives, start)?;
    scene.exposed(&grant, start)?;
    scene.must("EX-06", &grant, start)
}

/// As `CloudTrail` writes it: `Mar 3, 2026, 1:00:00 AM`.
fn expiration(time: i64) -> String {
    instant(time).0.strftime("%b %-d, %Y, %-I:%M:%S %p").to_string()
}
