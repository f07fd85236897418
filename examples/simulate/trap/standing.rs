//! Traps of standing: who may hold a token after all, and tokens that nobody holds.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::simulate::clock::MINUTE;
use crate::simulate::scene::{Scene, Script};
use crate::simulate::token;

/// These traps.
pub const SCRIPTS: &[Script] = &[
    Script { name: "pods", act: pods },
    Script { name: "actor", act: actor },
    Script { name: "audience", act: audience },
    Script { name: "shared", act: accepted_sharing },
    Script { name: "documentation", act: documentation },
];

/// Instances of one workload come and go.
fn pods(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let start = scene.start;
    scene.issue(&grant)?;
    for number in 1..12 {
        let pod = token::hex(&mut scene.random, 5);
        scene.using(&grant, start + number * 3 * MINUTE, |usage| {
            let workload = usage.record.principal.take().unwrap_or_default();
            usage.record.principal = Some(format!("{workload}/pod/worker-6f7d9c-{pod}").into());
        })?;
    }
    Ok(())
}

/// An agent acts for the holder, as the record says.
fn actor(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.access();
    let (start, helper) = (scene.start, format!("client-helper-{}", scene.number));
    grant.issuance.actor_chain = vec![helper.clone()];
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE])?;
    scene.using(&grant, start + 10 * MINUTE, |usage| {
        usage.record.principal = None;
        usage.record.client_id = Some(helper.into());
    })
}

/// One server in two spellings (RFC 3986, section 6.2.2.1).
fn audience(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.access();
    let start = scene.start;
    grant.issuance.aud = vec![scene.server().aud.to_uppercase().replace("HTTPS", "https") + "/"];
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE, start + 10 * MINUTE])
}

/// Two people use one token, and that was accepted.
fn accepted_sharing(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.access();
    let (start, number) = (scene.start, scene.number);
    grant.issuance.shared_ok = true;
    grant.issuance.issued_to.user = None;
    scene.issue(&grant)?;
    for (minute, user) in [(5, "a"), (10, "b")] {
        scene.using(&grant, start + minute * MINUTE, |usage| usage.record.user = Some(format!("user-{user}-{number}").into()))?;
    }
    Ok(())
}

/// Tokens that guides print, put together here so that this file holds none: an access key id of AWS, and the JWT of jwt.io.
fn documentation(scene: &mut Scene) -> io::Result<()> {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let header = part(r#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = part(r#"{"sub":"1234567890","name":"John Doe","iat":1516239022}"#);
    let signature = URL_SAFE_NO_PAD.encode(token::hex(&mut scene.random, 32));
    let key = ["AKIAIOSFODNN7", "EXAMPLE"].concat();
    scene.transcript(&format!("The guide shows {key} and {header}.{claims}.{signature} as examples."), scene.start)
}
