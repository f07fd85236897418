//! Incidents of possession: bindings that are broken, proofs and single-use tokens that come twice.

use std::io;

use beartrap::model::token_use::Scheme;

use crate::simulate::clock::{MINUTE, Millis, SECOND};
use crate::simulate::grant::Grant;
use crate::simulate::honest::bound;
use crate::simulate::scene::{Scene, Script};
use crate::simulate::token;

/// These incidents.
pub const SCRIPTS: &[Script] = &[
    Script { name: "TR-10", act: bound_token_as_bearer },
    Script { name: "TR-10", act: another_key },
    Script { name: "TR-11", act: single_use_twice },
    Script { name: "TR-11", act: proof_twice },
];

/// Writes a use with a proof of possession.
pub fn prove(scene: &mut Scene, grant: &Grant, time: Millis, jti: &str) -> io::Result<()> {
    scene.using(grant, time, |usage| {
        if let Some(proof) = &mut usage.presented.proof {
            proof.jti = Some(jti.into());
        }
    })
}

fn bound_token_as_bearer(scene: &mut Scene) -> io::Result<()> {
    let grant = bound(scene.access());
    let start = scene.start;
    scene.issue(&grant)?;
    prove(scene, &grant, start + 5 * MINUTE, &format!("proof-{}-1", scene.number))?;
    scene.using(&grant, start + 10 * MINUTE, |usage| {
        usage.presented.scheme = Scheme::Bearer;
        usage.presented.proof = None;
    })?;
    scene.must("TR-10", &grant, start + 10 * MINUTE)
}

fn another_key(scene: &mut Scene) -> io::Result<()> {
    let grant = bound(scene.access());
    let (start, number) = (scene.start, scene.number);
    scene.issue(&grant)?;
    prove(scene, &grant, start + 5 * MINUTE, &format!("proof-{number}-1"))?;
    scene.using(&grant, start + 10 * MINUTE, |usage| {
        if let Some(proof) = &mut usage.presented.proof {
            proof.jti = Some(format!("proof-{number}-2").into());
            proof.jkt = Some(token::key("another key").to_string().into());
        }
    })?;
    scene.must("TR-10", &grant, start + 10 * MINUTE)
}

fn single_use_twice(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.access();
    let start = scene.start;
    grant.issuance.max_uses = Some(1);
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE, start + 10 * MINUTE])?;
    scene.must("TR-11", &grant, start + 10 * MINUTE)
}

/// The same proof with another request, a minute later.
fn proof_twice(scene: &mut Scene) -> io::Result<()> {
    let grant = bound(scene.access());
    let (start, jti) = (scene.start + 5 * MINUTE, format!("proof-{}-1", scene.number));
    scene.issue(&grant)?;
    prove(scene, &grant, start, &jti)?;
    prove(scene, &grant, start + 60 * SECOND, &jti)?;
    scene.must("TR-11", &grant, start + 60 * SECOND)
}
