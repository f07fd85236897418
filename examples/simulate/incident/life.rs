//! Incidents of time: before a token begins, after it ends, out of its turn, unknown, after a long sleep.

use std::io;

use beartrap::model::issuance::{Issuance, TokenType};
use beartrap::model::token_key::TokenKey;
use beartrap::model::token_use::{Outcome, TokenUse};

use crate::simulate::clock::{DAY, END, HOUR, MINUTE, SECOND, instant};
use crate::simulate::grant::Grant;
use crate::simulate::scene::{Scene, Script};
use crate::simulate::server::ISSUER;
use crate::simulate::token;

/// These incidents.
pub const SCRIPTS: &[Script] = &[
    Script { name: "TR-01", act: after_expiry },
    Script { name: "TR-01", act: denied_after_expiry },
    Script { name: "TR-02", act: before_issue },
    Script { name: "TR-03", act: after_revocation },
    Script { name: "TR-03", act: after_task_end },
    Script { name: "TR-12", act: old_refresh_token },
    Script { name: "TR-13", act: unknown_token },
    Script { name: "TR-26", act: dormant_token },
];

fn after_expiry(scene: &mut Scene) -> io::Result<()> {
    let holder = scene.holder();
    let grant = scene.access_of(&holder, 20 * MINUTE);
    let start = scene.start;
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE, start + 30 * MINUTE])?;
    scene.must("TR-01", &grant, start + 30 * MINUTE)
}

/// Three denials; fewer are an agent that has not noticed yet.
fn denied_after_expiry(scene: &mut Scene) -> io::Result<()> {
    let holder = scene.holder();
    let grant = scene.access_of(&holder, 20 * MINUTE);
    let start = scene.start;
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE])?;
    let denials = [30, 33, 36].map(|minutes| start + minutes * MINUTE);
    denials.into_iter().try_for_each(|time| scene.using(&grant, time, denied))?;
    scene.must("TR-01", &grant, denials[2])
}

/// Refuses a use.
pub fn denied(usage: &mut TokenUse) {
    (usage.record.outcome, usage.record.status_code) = (Outcome::Denied, Some(401));
}

fn before_issue(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let start = scene.start;
    scene.issue(&grant)?;
    scene.uses(&grant, [start - 20 * MINUTE, start + 5 * MINUTE])?;
    scene.must("TR-02", &grant, start - 20 * MINUTE)
}

fn after_revocation(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let start = scene.start;
    scene.issue(&grant)?;
    scene.revoke(&grant, start + 10 * MINUTE)?;
    scene.uses(&grant, [start + 5 * MINUTE, start + 20 * MINUTE])?;
    scene.must("TR-03", &grant, start + 20 * MINUTE)
}

fn after_task_end(scene: &mut Scene) -> io::Result<()> {
    let holder = scene.tasked();
    let grant = scene.access_of(&holder, HOUR);
    let start = scene.start;
    scene.issue(&grant)?;
    scene.task_status("running", start)?;
    scene.task_status("completed", start + 10 * MINUTE)?;
    scene.uses(&grant, [start + 5 * MINUTE, start + 20 * MINUTE])?;
    scene.must("TR-03", &grant, start + 20 * MINUTE)
}

/// A refresh token of a family.
pub fn generation(scene: &mut Scene, parent: Option<&Grant>) -> Grant {
    let mut grant = scene.access();
    let generation = parent.and_then(|parent| parent.issuance.generation).map_or(0, |before| before + 1);
    let issued = scene.start + i64::try_from(generation).expect("because it is small") * 5 * MINUTE;
    grant.issuance = Issuance {
        token_type: TokenType::RefreshToken,
        family_id: Some(format!("family-scene-{}", scene.number)),
        generation: Some(generation),
        parent_fp: parent.map(Grant::key),
        aud: vec![ISSUER.to_owned()],
        issued_at: Some(instant(issued)),
        expires_at: Some(instant(issued + 12 * HOUR)),
        ..grant.issuance
    };
    let record = &mut grant.usage.record;
    (record.aud, record.resource, record.tool) = (Some(ISSUER.into()), Some("/token".into()), None);
    (record.method, record.scope_required) = (Some("POST".into()), Vec::new());
    grant
}

fn old_refresh_token(scene: &mut Scene) -> io::Result<()> {
    let start = scene.start;
    let first = generation(scene, None);
    let second = generation(scene, Some(&first));
    let third = generation(scene, Some(&second));
    [&first, &second, &third].into_iter().try_for_each(|grant| scene.issue(grant))?;
    scene.uses(&first, [start + 5 * MINUTE - SECOND])?;
    scene.uses(&second, [start + 10 * MINUTE - SECOND])?;
    scene.uses(&first, [start + 40 * MINUTE])?;
    scene.must("TR-12", &first, start + 40 * MINUTE)
}

/// The ledger hears of every token of the issuer, and has not heard of this one.
fn unknown_token(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let jti = token::hex(&mut scene.random, 16);
    let at = scene.start + 10 * MINUTE;
    scene.using(&grant, at, |usage| usage.presented.keys.push(TokenKey::JwtId { iss: ISSUER.to_owned(), jti }))?;
    scene.must("TR-13", &grant, at)
}

fn dormant_token(scene: &mut Scene) -> io::Result<()> {
    let start = scene.start;
    let grant = scene.personal_from(start - 60 * DAY..END + 20 * DAY);
    let foreign = scene.foreign();
    scene.issue(&grant)?;
    scene.uses(&grant, (0..8).map(|hour| start - 45 * DAY + hour * HOUR))?;
    scene.using(&grant, start, |usage| usage.record.source_ip = Some(foreign.host(9)))?;
    // Whether the first sources are still remembered depends on how long a lock holds.
    scene.may("TR-15", &grant, start)?;
    scene.must("TR-26", &grant, start)
}
