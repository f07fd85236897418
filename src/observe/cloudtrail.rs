//! `cloudtrail`: API calls to AWS, where the caller's credential is named by its key id and its session.
//!
//! Source: user guide of `CloudTrail`, "record contents" and "userIdentity element".

use crate::model::text::Text;
use crate::model::token_key::{KeyKind, TokenKey};
use crate::model::token_use::{Outcome, Presented, Record, Scheme, SessionSource};
use crate::observe::address;
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, first, has, items, owned, text};
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::when;

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "cloudtrail",
    about: "AWS CloudTrail: every API call, with the key id and session of its caller",
    wrappers: &["Records"],
    recognizes,
    read,
};

/// Parts of error codes that say the caller was refused; other errors say nothing of the credential.
const DENIALS: [&str; 11] = [
    "AccessDenied",
    "Unauthorized",
    "NotAuthorized",
    "Forbidden",
    "ExpiredToken",
    "RequestExpired",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "UnrecognizedClient",
    "SignatureDoesNotMatch",
    "AuthFailure",
];

/// Parameters of requests that name what was asked for, where the record lists no resources.
const PARAMETERS: [&str; 9] = ["bucketName", "roleArn", "secretId", "keyId", "tableName", "functionName", "modelId", "userName", "roleName"];

fn recognizes(record: &Json<'_>) -> bool {
    has(record, &["eventSource", "eventName"]) && (has(record, &["eventVersion"]) || has(record, &["awsRegion"]))
}

fn read<'b>(event: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let identity = at(event, &["userIdentity"]).unwrap_or(&Json::Null);
    let session = session(identity);
    let presented = text(identity, &["accessKeyId"]).map(|id| {
        let key = TokenKey::Named(KeyKind::KeyId, id.to_owned());
        let session = session.as_deref().map(|session| TokenKey::Named(KeyKind::Session, session.to_owned()));
        Presented { keys: std::iter::once(key).chain(session).collect(), scheme: Scheme::Sigv4, ..Presented::default() }
    });
    let mut record = record(event, identity);
    record.session_src = session.as_ref().map(|_| SessionSource::Cloud);
    record.session_id = session;
    let record_id = owned(event, &["eventID"]);
    say(Said::Record(Box::new(Observation { record_id, ..Observation::new(record, presented.into_iter().collect()) })));
}

/// `<ARN>@<creation time>`, as issuances write it.
fn session(identity: &Json<'_>) -> Option<Text> {
    let arn = text(identity, &["arn"])?;
    let created = text(identity, &["sessionContext", "attributes", "creationDate"])?;
    // Nearly every event has the time in the form that we print, so that there is nothing to read and print.
    if is_plain(created) {
        return Some([arn, "@", created].concat().into());
    }
    when::read(created).map(|(time, _)| format!("{arn}@{time}").into())
}

/// Whether a time is whole seconds of UTC: `2026-03-02T10:00:00Z`.
fn is_plain(time: &str) -> bool {
    const FORM: &[u8; 20] = b"0000-00-00T00:00:00Z";
    time.len() == FORM.len() && time.bytes().zip(FORM).all(|(b, form)| if *form == b'0' { b.is_ascii_digit() } else { b == *form })
}

fn record(event: &Json<'_>, identity: &Json<'_>) -> Record {
    let (time, time_quality) = text(event, &["eventTime"]).and_then(when::read).unzip();
    let source = text(event, &["sourceIPAddress"]).unwrap_or_default();
    let agent = text(event, &["userAgent"]);
    Record {
        time,
        time_quality: time_quality.unwrap_or_default(),
        outcome: outcome(event),
        principal: first(identity, &[&["arn"], &["principalId"]]),
        user: first(identity, &[&["userName"], &["sessionContext", "sessionIssuer", "userName"]]),
        tenant: owned(identity, &["accountId"]).or_else(|| owned(event, &["recipientAccountId"])),
        request_id: owned(event, &["requestID"]),
        tool: text(event, &["eventSource"]).zip(text(event, &["eventName"])).map(|(service, call)| [service, ":", call].concat().into()),
        resource: resource(event),
        source_ip: address::ip(source),
        on_behalf_of: on_behalf_of(identity, source, agent.unwrap_or_default()).map(Text::from),
        user_agent: agent.map(Text::from),
        ..Record::default()
    }
}

fn outcome(event: &Json<'_>) -> Outcome {
    let failed_login = || text(event, &["responseElements", "ConsoleLogin"]) == Some("Failure");
    match text(event, &["errorCode"]) {
        Some(code) if DENIALS.iter().any(|denial| code.contains(denial)) => Outcome::Denied,
        Some(_) => Outcome::Unknown,
        None if at(event, &["errorCode"]).is_some() => Outcome::Unknown,
        None if text(event, &["eventName"]) == Some("ConsoleLogin") && failed_login() => Outcome::Denied,
        None => Outcome::Success,
    }
}

fn resource(event: &Json<'_>) -> Option<Text> {
    let listed = items(event, &["resources"]).iter().find_map(|resource| first(resource, &[&["ARN"], &["arn"]]));
    listed.or_else(|| {
        let parameters = at(event, &["requestParameters"])?.as_object()?;
        PARAMETERS.iter().find_map(|name| parameters.get(name)?.as_str()).map(Text::from)
    })
}

/// The service that called for the caller; what calls from inside AWS shows no address of a caller.
fn on_behalf_of<'b>(identity: &'b Json<'_>, source: &'b str, agent: &'b str) -> Option<&'b str> {
    let internal = || (source == "AWS Internal" || source.ends_with(".amazonaws.com")).then_some(source);
    text(identity, &["invokedBy"]).or_else(internal).or_else(|| agent.contains("aws-internal").then_some("aws-internal"))
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use crate::model::token_use::Outcome;
    use crate::observe::cloudtrail::{outcome, session};
    use crate::observe::json::parse;

    #[test]
    fn sessions_are_written_as_issuances_write_them() {
        for (created, expected) in [
            ("2026-03-02T10:00:00Z", Some("arn:x@2026-03-02T10:00:00Z")),
            ("2026-03-02T12:00:00.000+02:00", Some("arn:x@2026-03-02T10:00:00Z")),
            ("today", None),
        ] {
            let text = format!(r#"{{"arn":"arn:x","sessionContext":{{"attributes":{{"creationDate":"{created}"}}}}}}"#);
            let arena = Bump::new();
            let identity = parse(text.as_bytes(), &arena).expect("because it is JSON");
            assert_eq!(session(&identity).as_deref(), expected, "{created}");
        }
    }

    #[test]
    fn only_refusals_of_the_caller_are_denials() {
        for (text, expected) in [
            ("{}", Outcome::Success),
            (r#"{"errorCode":null}"#, Outcome::Success),
            (r#"{"errorCode":"AccessDenied"}"#, Outcome::Denied),
            (r#"{"errorCode":"Client.UnauthorizedOperation"}"#, Outcome::Denied),
            (r#"{"errorCode":"ExpiredTokenException"}"#, Outcome::Denied),
            (r#"{"errorCode":"NoSuchBucket"}"#, Outcome::Unknown),
            (r#"{"errorCode":7}"#, Outcome::Unknown),
        ] {
            let arena = Bump::new();
            let event = parse(text.as_bytes(), &arena).expect("because it is JSON");
            assert_eq!(outcome(&event), expected, "{text}");
        }
    }
}
