//! Incidents of hygiene: exposed tokens that live too long, may too much, serve too many, or were never safe.

use std::io;

use serde_json::json;

use crate::simulate::clock::{DAY, END, HOUR, MINUTE, SECOND, START};
use crate::simulate::grant::Grant;
use crate::simulate::scene::{Scene, Script};
use crate::simulate::server::{ISSUER, SERVERS};
use crate::simulate::token;

/// These incidents.
pub const SCRIPTS: &[Script] = &[
    Script { name: "HY-01", act: long_lived },
    Script { name: "HY-02", act: shared },
    Script { name: "HY-03", act: broad },
    Script { name: "HY-04", act: two_audiences },
    Script { name: "HY-05", act: unbound },
    Script { name: "HY-06", act: outlives_its_task },
    Script { name: "HY-07", act: weak },
];

fn long_lived(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.personal_from(START - 20 * DAY..END + 180 * DAY);
    let at = scene.start;
    scene.issue(&grant)?;
    scene.leak(&grant, at)?;
    scene.must("HY-01", &grant, at)
}

/// Three agents use one person's token from one place; afterwards it is found in a transcript.
fn shared(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.personal();
    let start = scene.start;
    scene.issue(&grant)?;
    for (minute, agent) in [(5, "a"), (15, "b"), (25, "c")] {
        let agent = format!("agent-shared-{agent}");
        scene.using(&grant, start + minute * MINUTE, |usage| usage.record.agent_id = Some(agent.into()))?;
    }
    scene.leak(&grant, start + 60 * MINUTE)?;
    scene.must("HY-02", &grant, start + 25 * MINUTE)
}

fn broad(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.personal();
    let at = scene.start;
    grant.issuance.scope = vec!["*".to_owned()];
    scene.issue(&grant)?;
    scene.leak(&grant, at)?;
    scene.must("HY-03", &grant, at)
}

fn two_audiences(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.personal();
    let at = scene.start;
    grant.issuance.aud = SERVERS[..2].iter().map(|server| server.aud.to_owned()).collect();
    scene.issue(&grant)?;
    scene.leak(&grant, at)?;
    scene.must("HY-04", &grant, at)
}

/// `leak` labels it: an access token without a key.
fn unbound(scene: &mut Scene) -> io::Result<()> {
    scene.start = END - 2 * HOUR;
    let holder = scene.holder();
    let grant = scene.access_of(&holder, 4 * HOUR);
    scene.issue(&grant)?;
    scene.leak(&grant, scene.start + 10 * MINUTE)
}

/// It is found while the task runs, and is never revoked.
fn outlives_its_task(scene: &mut Scene) -> io::Result<()> {
    scene.start = END - 40 * MINUTE;
    let holder = scene.tasked();
    let grant = scene.access_of(&holder, HOUR);
    let at = END - 30 * MINUTE;
    scene.issue(&grant)?;
    scene.task_status("running", scene.start)?;
    scene.task_status("completed", END - 20 * MINUTE)?;
    scene.leak(&grant, at)?;
    scene.must("HY-06", &grant, at)
}

/// A JWT of a public issuer that is signed with a shared secret and has neither id nor audience.
fn weak(scene: &mut Scene) -> io::Result<()> {
    scene.start = END - 2 * HOUR;
    let life = scene.start..END + 2 * HOUR;
    let holder = scene.holder();
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let claims = json!({"iss": ISSUER, "sub": holder.agent, "iat": life.start / SECOND, "exp": life.end / SECOND});
    let secret = token::jwt(&header, &claims, &mut scene.random);
    let mut grant = Grant::access(secret, &holder, scene.server(), life);
    grant.issuance.aud = Vec::new();
    let at = scene.start + 10 * MINUTE;
    scene.issue(&grant)?;
    scene.leak(&grant, at)?;
    scene.must("HY-07", &grant, at)
}
