//! Incidents of identity: another workload, session, user or tenant than the token was issued to.

use std::io;

use crate::simulate::clock::MINUTE;
use crate::simulate::grant::workload;
use crate::simulate::scene::{Scene, Script};

/// These incidents.
pub const SCRIPTS: &[Script] = &[
    Script { name: "TR-07", act: another_workload },
    Script { name: "TR-07", act: another_client },
    Script { name: "TR-08", act: another_session },
    Script { name: "TR-23", act: two_users },
    Script { name: "TR-23", act: two_tenants },
];

fn another_workload(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let (start, number) = (scene.start, scene.number);
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE])?;
    scene.using(&grant, start + 10 * MINUTE, |usage| usage.record.principal = Some(workload(&format!("intruder-{number}")).into()))?;
    scene.must("TR-07", &grant, start + 10 * MINUTE)
}

fn another_client(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let (start, number) = (scene.start, scene.number);
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE])?;
    scene.using(&grant, start + 10 * MINUTE, |usage| {
        usage.record.principal = None;
        usage.record.client_id = Some(format!("client-intruder-{number}").into());
    })?;
    scene.must("TR-07", &grant, start + 10 * MINUTE)
}

fn another_session(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let (start, number) = (scene.start, scene.number);
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE])?;
    scene.using(&grant, start + 10 * MINUTE, |usage| usage.record.session_id = Some(format!("session-other-{number}").into()))?;
    scene.must("TR-08", &grant, start + 10 * MINUTE)
}

/// The record names no user, so that nobody is the wrong one.
fn two_users(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.access();
    let (start, number) = (scene.start, scene.number);
    grant.issuance.issued_to.user = None;
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE])?;
    scene.using(&grant, start + 10 * MINUTE, |usage| usage.record.user = Some(format!("user-other-{number}").into()))?;
    scene.must("TR-23", &grant, start + 10 * MINUTE)
}

/// Accepted sharing exempts users, never tenants.
fn two_tenants(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.access();
    let start = scene.start;
    grant.issuance.issued_to.tenant = None;
    grant.issuance.shared_ok = true;
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE])?;
    scene.using(&grant, start + 10 * MINUTE, |usage| usage.record.tenant = Some("tenant-2".into()))?;
    scene.must("TR-23", &grant, start + 10 * MINUTE)
}
