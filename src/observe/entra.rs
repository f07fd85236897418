//! `entra`: Microsoft Entra sign-ins and the activity log of Microsoft Graph, which share the unique id of a token.
//!
//! Source: Microsoft documentation, "signIn resource type", "Microsoft Graph activity logs" and "Track and investigate identity activities with
//! linkable identifiers".

use crate::model::token_key::{KeyKind, TokenKey};
use crate::model::token_use::{Outcome, Presented, Record, Scheme, SessionSource};
use crate::observe::format::ObjectFormat;
use crate::observe::json::{Json, at, first, has, number, owned, text};
use crate::observe::observation::{Observation, Said, Thread};
use crate::observe::when::{self, When};
use crate::observe::{address, geo, request};

/// The format.
pub const FORMAT: ObjectFormat = ObjectFormat {
    name: "entra",
    about: "Microsoft Entra sign-in logs and Microsoft Graph activity, from diagnostic settings (`records`, `properties`) or one event on a line",
    wrappers: &["records"],
    recognizes,
    read,
};

const TIMES: [&str; 4] = ["createdDateTime", "activityDateTime", "time", "TimeGenerated"];

/// Codes of sign-ins that go on with another question to the user: nothing was refused.
const INTERRUPTS: [i64; 8] = [16_000, 50_058, 50_074, 50_076, 50_079, 50_097, 50_140, 65_001];

/// Microsoft Graph as a resource, as sign-ins name it.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// The event itself, which diagnostic settings wrap.
fn inner<'b, 'a>(record: &'b Json<'a>) -> &'b Json<'a> {
    at(record, &["properties"]).filter(|properties| properties.is_object()).unwrap_or(record)
}

fn graph_token<'b>(inner: &'b Json<'_>) -> Option<&'b str> {
    text(inner, &["signInActivityId"]).or_else(|| text(inner, &["SignInActivityId"]))
}

fn recognizes(record: &Json<'_>) -> bool {
    let inner = inner(record);
    let has = |names: &[&str]| has(inner, names);
    has(&["uniqueTokenIdentifier"])
        || has(&["signInActivityId"])
        || has(&["SignInActivityId"])
        || has(&["userPrincipalName", "appId"])
        || has(&["activityDisplayName", "activityDateTime"])
}

fn read<'b>(event: &'b Json<'_>, _: &mut Thread, say: &mut dyn FnMut(Said<'b>)) {
    let inner = inner(event);
    let observation = if graph_token(inner).is_some() { activity(event, inner) } else { sign_in(event, inner) };
    say(Said::Record(Box::new(observation)));
}

fn presented(id: &str, scheme: Scheme) -> Presented {
    Presented { keys: vec![TokenKey::Named(KeyKind::TokenId, format!("entra/{id}"))], scheme, ..Presented::default() }
}

/// A sign-in that succeeded says where its token is first held; that is its first use, with which later ones are compared.
fn sign_in(event: &Json<'_>, inner: &Json<'_>) -> Observation {
    let code = number(inner, &["status", "errorCode"]).or_else(|| number(event, &["resultType"]));
    let outcome = match code {
        Some(0) => Outcome::Success,
        Some(code) if !INTERRUPTS.contains(&code) => Outcome::Denied,
        _ => Outcome::Unknown,
    };
    let token = text(inner, &["uniqueTokenIdentifier"]).filter(|_| outcome == Outcome::Success);
    let user = first(inner, &[&["userPrincipalName"], &["userId"]]);
    let workload = first(inner, &[&["servicePrincipalId"], &["servicePrincipalName"]]);
    let record = Record {
        outcome,
        status_code: code,
        principal: workload.or_else(|| user.clone()),
        user,
        request_id: first(inner, &[&["originalRequestId"], &["id"]]),
        tool: first(event, &[&["category"]]).or_else(|| first(inner, &[&["activityDisplayName"]])),
        aud: first(inner, &[&["resourceId"], &["resourceDisplayName"]]),
        ..common(event, inner)
    };
    let presented = token.map(|id| presented(id, Scheme::Unknown)).into_iter().collect();
    Observation { record_id: first(inner, &[&["id"], &["correlationId"]]), ..Observation::new(record, presented) }
}

/// A request to Microsoft Graph. It names users by object id where sign-ins name them by principal name: the two are not compared.
fn activity(event: &Json<'_>, inner: &Json<'_>) -> Observation {
    let either = |lower: &str, upper: &str| first(inner, &[&[lower], &[upper]]);
    let mut record = Record {
        principal: either("servicePrincipalId", "ServicePrincipalId"),
        request_id: either("requestId", "RequestId"),
        method: either("requestMethod", "RequestMethod"),
        aud: Some(GRAPH.into()),
        ..common(event, inner)
    };
    let mut presented: Vec<Presented> = graph_token(inner).map(|id| presented(id, Scheme::Bearer)).into_iter().collect();
    if let Some(url) = either("requestUri", "RequestUri") {
        request::absorb_url(&mut record, &mut presented, &url);
    }
    if let Some(status) = number(inner, &["responseStatusCode"]).or_else(|| number(inner, &["ResponseStatusCode"])) {
        request::absorb_status(&mut record, status);
    }
    record.tool = record.method.as_deref().zip(record.resource.as_deref()).map(|(method, path)| format!("{method} {path}").into());
    Observation { record_id: record.request_id.clone(), ..Observation::new(record, presented) }
}

/// What both logs say.
fn common(event: &Json<'_>, inner: &Json<'_>) -> Record {
    let (time, quality) = moment(event, inner).unzip();
    let session_id = first(inner, &[&["sessionId"], &["c_sid"], &["C_Sid"], &["SessionId"]]);
    let address = ["ipAddress", "IPAddress", "callerIpAddress"].iter().find_map(|name| text(inner, &[name]));
    Record {
        time,
        time_quality: quality.unwrap_or_default(),
        agent_id: first(inner, &[&["agent", "agentId"], &["agentId"]]),
        client_id: first(inner, &[&["appId"], &["AppId"]]),
        tenant: first(inner, &[&["resourceTenantId"], &["homeTenantId"], &["tenantId"], &["TenantId"]]).or_else(|| owned(event, &["tenantId"])),
        session_src: session_id.as_ref().map(|_| SessionSource::Issuer),
        session_id,
        source_ip: address.or_else(|| text(event, &["callerIpAddress"])).and_then(address::ip),
        asn: number(inner, &["autonomousSystemNumber"]).and_then(|number| number.try_into().ok()),
        geo: at(inner, &["location"])
            .and_then(|location| geo::place(location, [&["geoCoordinates", "latitude"], &["geoCoordinates", "longitude"]], "countryOrRegion")),
        user_agent: first(inner, &[&["userAgent"], &["UserAgent"]]),
        ..Record::default()
    }
}

fn moment(event: &Json<'_>, inner: &Json<'_>) -> Option<When> {
    [inner, event].into_iter().find_map(|value| TIMES.iter().find_map(|name| when::at_path(value, &[name])))
}
