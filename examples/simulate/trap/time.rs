//! Traps of time: clocks that differ, records that come late, refresh tokens that overlap.

use std::io;

use beartrap::model::token_use::TimeQuality;

use crate::simulate::clock::{HOUR, MINUTE, SECOND};
use crate::simulate::incident::life::generation;
use crate::simulate::scene::{Scene, Script};

/// These traps.
pub const SCRIPTS: &[Script] = &[
    Script { name: "skew", act: skew },
    Script { name: "log-skew", act: skew_of_a_log },
    Script { name: "propagation", act: propagation },
    Script { name: "task-grace", act: task_grace },
    Script { name: "late", act: late },
    Script { name: "late-rotation", act: late_rotation },
    Script { name: "rotation-overlap", act: rotation_overlap },
];

/// Exact clocks may be a minute apart.
fn skew(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let start = scene.start;
    scene.issue(&grant)?;
    scene.uses(&grant, [start - 45 * SECOND, start + 30 * MINUTE, start + HOUR + 45 * SECOND])
}

/// Times of log lines may be five.
fn skew_of_a_log(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let start = scene.start;
    scene.issue(&grant)?;
    for time in [start - 200 * SECOND, start + 30 * MINUTE, start + HOUR + 200 * SECOND] {
        scene.using(&grant, time, |usage| usage.record.time_quality = TimeQuality::Log)?;
    }
    Ok(())
}

/// A revocation takes a while to reach everybody.
fn propagation(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let start = scene.start;
    scene.issue(&grant)?;
    scene.revoke(&grant, start + 20 * MINUTE)?;
    scene.uses(&grant, [start + 5 * MINUTE, start + 20 * MINUTE + 40 * SECOND])
}

/// The last request of a task is under way when the task ends.
fn task_grace(scene: &mut Scene) -> io::Result<()> {
    let holder = scene.tasked();
    let grant = scene.access_of(&holder, HOUR);
    let start = scene.start;
    scene.issue(&grant)?;
    scene.task_status("running", start)?;
    scene.task_status("completed", start + 20 * MINUTE)?;
    scene.uses(&grant, [start + 5 * MINUTE, start + 20 * MINUTE + 15 * SECOND])
}

/// A use before the revocation is reported long after it.
fn late(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let start = scene.start;
    scene.issue(&grant)?;
    scene.revoke(&grant, start + 20 * MINUTE)?;
    let usage = scene.request(&grant, start + 15 * MINUTE);
    scene.log_late(&usage, start + 29 * MINUTE)
}

/// The rotation is reported before the use that caused it.
fn late_rotation(scene: &mut Scene) -> io::Result<()> {
    let start = scene.start;
    let first = generation(scene, None);
    let second = generation(scene, Some(&first));
    [&first, &second].into_iter().try_for_each(|grant| scene.issue(grant))?;
    scene.uses(&second, [start + 9 * MINUTE])?;
    let usage = scene.request(&first, start + 5 * MINUTE - SECOND);
    scene.log_late(&usage, start + 18 * MINUTE)
}

/// The answer with the new token was lost; the client asks again with the old one at once.
fn rotation_overlap(scene: &mut Scene) -> io::Result<()> {
    let start = scene.start;
    let first = generation(scene, None);
    let second = generation(scene, Some(&first));
    [&first, &second].into_iter().try_for_each(|grant| scene.issue(grant))?;
    scene.uses(&first, [start + 5 * MINUTE - SECOND, start + 5 * MINUTE + 10 * SECOND])?;
    scene.uses(&second, [start + 30 * MINUTE])
}
