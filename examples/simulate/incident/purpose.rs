//! Incidents of purpose: the wrong server, scope, tool, task, or header.

use std::io;

use beartrap::model::token_use::Outcome;

use crate::simulate::clock::{HOUR, MINUTE, SECOND};
use crate::simulate::scene::{Scene, Script};
use crate::simulate::server::SERVERS;

/// These incidents.
pub const SCRIPTS: &[Script] = &[
    Script { name: "TR-04", act: wrong_audience },
    Script { name: "TR-05", act: wider_scope },
    Script { name: "TR-05", act: refused_scope },
    Script { name: "TR-06", act: wrong_tool },
    Script { name: "TR-09", act: another_task },
    Script { name: "TR-09", act: two_tasks },
    Script { name: "TR-14", act: passed_through },
    Script { name: "TR-22", act: fan_out },
    Script { name: "TR-27", act: header_unlike_body },
];

/// Long after the last use at its own server, so that it is no passing through.
fn wrong_audience(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let (start, other) = (scene.start, &SERVERS[(usize::from(scene.number) + 1) % SERVERS.len()]);
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE])?;
    scene.using(&grant, start + 20 * MINUTE, |usage| usage.record.aud = Some(other.aud.into()))?;
    scene.must("TR-04", &grant, start + 20 * MINUTE)
}

fn wider_scope(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let start = scene.start;
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE])?;
    scene.using(&grant, start + 10 * MINUTE, |usage| usage.record.scope_required = vec!["payments:write".into()])?;
    scene.must("TR-05", &grant, start + 10 * MINUTE)
}

fn refused_scope(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let start = scene.start;
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE])?;
    for minute in [10, 12, 14] {
        scene.using(&grant, start + minute * MINUTE, |usage| {
            usage.record.scope_required = vec!["payments:write".into()];
            (usage.record.outcome, usage.record.status_code) = (Outcome::Denied, Some(403));
        })?;
    }
    scene.must("TR-05", &grant, start + 14 * MINUTE)
}

fn wrong_tool(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.access();
    let start = scene.start;
    grant.issuance.tools = scene.server().tools.map(str::to_owned).to_vec();
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE])?;
    scene.using(&grant, start + 10 * MINUTE, |usage| usage.record.tool = Some("delete_everything".into()))?;
    scene.must("TR-06", &grant, start + 10 * MINUTE)
}

fn another_task(scene: &mut Scene) -> io::Result<()> {
    let holder = scene.tasked();
    let grant = scene.access_of(&holder, HOUR);
    let start = scene.start;
    scene.issue(&grant)?;
    scene.task_status("running", start)?;
    scene.uses(&grant, [start + 5 * MINUTE])?;
    scene.using(&grant, start + 10 * MINUTE, |usage| usage.record.task_id = Some(format!("task-other-{}", start / SECOND).into()))?;
    scene.must("TR-09", &grant, start + 10 * MINUTE)
}

/// No record says for which task the token is; that it serves two is enough.
fn two_tasks(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let start = scene.start;
    for (minute, task) in [(5, "a"), (15, "b")] {
        scene.using(&grant, start + minute * MINUTE, |usage| usage.record.task_id = Some(format!("task-{task}-{}", start / SECOND).into()))?;
    }
    scene.must("TR-09", &grant, start + 15 * MINUTE)
}

/// A server hands the token that it got on to the next, within one trace. The record names no audience, so that nothing else is wrong.
fn passed_through(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.access();
    let start = scene.start;
    grant.issuance.aud = Vec::new();
    scene.issue(&grant)?;
    let (trace, span) = scene.trace();
    let (_, other_span) = scene.trace();
    for (second, span, server) in [(0, span, &SERVERS[0]), (2, other_span, &SERVERS[1])] {
        scene.using(&grant, start + 5 * MINUTE + second * SECOND, |usage| {
            let record = &mut usage.record;
            (record.trace_id, record.span_id) = (Some(trace.clone()), Some(span));
            record.aud = Some(server.aud.into());
        })?;
    }
    scene.must("TR-14", &grant, start + 5 * MINUTE + 2 * SECOND)
}

fn fan_out(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let start = scene.start + 5 * MINUTE;
    scene.issue(&grant)?;
    for number in 0..14 {
        scene.using(&grant, start + number * 2 * SECOND, |usage| {
            usage.record.tool = Some(format!("tool_{number}").into());
            usage.record.resource = Some(format!("/v1/object/{number}").into());
        })?;
    }
    scene.must("TR-22", &grant, start + 18 * SECOND)
}

fn header_unlike_body(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let start = scene.start;
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE])?;
    scene.using(&grant, start + 10 * MINUTE, |usage| {
        usage.record.header_method = Some("tools/call".into());
        usage.record.header_name = Some("harmless_tool".into());
    })?;
    scene.must("TR-27", &grant, start + 10 * MINUTE)
}
