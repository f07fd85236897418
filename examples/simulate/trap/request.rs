//! Traps of requests: retries, several logs of one request, methods that only look around.

use std::io;

use crate::simulate::clock::{MINUTE, SECOND, instant};
use crate::simulate::honest::bound;
use crate::simulate::incident::proof::prove;
use crate::simulate::network::PROXIES;
use crate::simulate::outlet::Log;
use crate::simulate::scene::{Scene, Script};
use crate::simulate::server::{BACKEND, GATEWAY};

/// These traps.
pub const SCRIPTS: &[Script] = &[
    Script { name: "retry", act: retry },
    Script { name: "proof-retry", act: proof_retry },
    Script { name: "hops", act: hops },
    Script { name: "discovery", act: discovery },
    Script { name: "proofs", act: proofs },
];

/// A single-use token, whose only request is sent and logged twice under one id.
fn retry(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.access();
    grant.issuance.max_uses = Some(1);
    scene.issue(&grant)?;
    let mut usage = scene.request(&grant, scene.start + 5 * MINUTE);
    scene.log(&usage)?;
    usage.record.time = Some(instant(scene.start + 5 * MINUTE + 2 * SECOND));
    scene.log(&usage)
}

/// The identical proof again, two seconds later, from the same place: the answer was lost.
fn proof_retry(scene: &mut Scene) -> io::Result<()> {
    let grant = bound(scene.access());
    let (start, jti) = (scene.start + 5 * MINUTE, format!("proof-{}-1", scene.number));
    scene.issue(&grant)?;
    let mut usage = scene.request(&grant, start);
    if let Some(proof) = &mut usage.presented.proof {
        proof.jti = Some(jti.into());
    }
    scene.log(&usage)?;
    usage.record.time = Some(instant(start + 2 * SECOND));
    scene.log(&usage)
}

/// A gateway and the server behind it both log the request; the second sees the gateway as its peer.
fn hops(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.access();
    grant.issuance.aud = [GATEWAY, BACKEND].map(str::to_owned).to_vec();
    scene.issue(&grant)?;
    for minute in [5, 15, 25] {
        let mut usage = scene.request(&grant, scene.start + minute * MINUTE);
        let (trace, span) = scene.trace();
        let record = &mut usage.record;
        (record.trace_id, record.span_id) = (Some(trace), Some(span));
        record.aud = Some(GATEWAY.into());
        scene.seen_by(Log::Access, &grant, &usage)?;
        let record = &mut usage.record;
        record.aud = Some(BACKEND.into());
        record.forwarded_for = record.source_ip.into_iter().collect();
        record.peer_ip = Some(PROXIES.host(7));
        record.source_ip = None;
        scene.seen_by(Log::Traces, &grant, &usage)?;
    }
    Ok(())
}

/// Methods that only look around name no tool, and every token may call them.
fn discovery(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.access();
    let start = scene.start;
    grant.issuance.tools = vec![scene.server().tools[0].to_owned()];
    scene.issue(&grant)?;
    for (second, method) in [(0, "initialize"), (1, "tools/list"), (2, "resources/list"), (3, "prompts/list"), (4, "ping")] {
        scene.using(&grant, start + 5 * MINUTE + second * SECOND, |usage| {
            usage.record.tool = None;
            usage.record.resource = None;
            usage.record.scope_required = Vec::new();
            usage.record.method = Some(method.into());
        })?;
    }
    scene.uses(&grant, [start + 10 * MINUTE])
}

/// A bound token with a fresh proof for every request.
fn proofs(scene: &mut Scene) -> io::Result<()> {
    let grant = bound(scene.access());
    let start = scene.start;
    scene.issue(&grant)?;
    (1..10).try_for_each(|number| prove(scene, &grant, start + number * 4 * MINUTE, &format!("proof-{}-{number}", scene.number)))
}
