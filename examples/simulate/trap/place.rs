//! Traps of places: many addresses and one caller.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use beartrap::model::token_use::TokenUse;

use crate::simulate::clock::MINUTE;
use crate::simulate::network::{Network, PROXIES};
use crate::simulate::outlet::Log;
use crate::simulate::scene::{Scene, Script};

/// These traps.
pub const SCRIPTS: &[Script] = &[
    Script { name: "cloud-internal", act: cloud_internal },
    Script { name: "nat", act: nat },
    Script { name: "nat-ipv6", act: nat_of_ipv6 },
    Script { name: "cgnat", act: cgnat },
    Script { name: "proxies", act: proxies },
    Script { name: "proxies-gateway", act: proxies_of_a_gateway },
    Script { name: "user-agent", act: user_agent },
    Script { name: "browser", act: browser },
];

/// The provider's own services call in the session's name.
fn cloud_internal(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.role();
    scene.issue(&grant)?;
    let services = [None, Some("cloudformation.amazonaws.com"), None, Some("athena.amazonaws.com"), Some("AWS Internal"), None];
    for (minute, service) in (0..).zip(services) {
        let mut usage = scene.request(&grant, scene.start + minute * MINUTE);
        if let Some(service) = service {
            usage.record.on_behalf_of = Some(service.into());
            usage.record.user_agent = Some(if service.contains(' ') { "aws-internal/3" } else { service }.into());
        }
        scene.seen_by(Log::Cloud, &grant, &usage)?;
    }
    Ok(())
}

/// A use every minute, each from the next of these addresses.
fn roam(scene: &mut Scene, addresses: &[IpAddr]) -> io::Result<()> {
    let grant = scene.access();
    let start = scene.start;
    scene.issue(&grant)?;
    for (minute, ip) in (2..30).zip(addresses.iter().cycle()) {
        scene.using(&grant, start + minute * MINUTE, |usage| usage.record.source_ip = Some(*ip))?;
    }
    Ok(())
}

fn nat(scene: &mut Scene) -> io::Result<()> {
    let network = scene.holder().network;
    roam(scene, &[3, 77, 200, 5].map(|number| network.host(number)))
}

fn nat_of_ipv6(scene: &mut Scene) -> io::Result<()> {
    let network = Network::of_agent(40_002 + 4 * u64::from(scene.number));
    roam(scene, &[3, 77, 200, 5].map(|number| network.host(number)))
}

fn cgnat(scene: &mut Scene) -> io::Result<()> {
    let number = scene.number;
    let addresses = [[10, 1, 2, number], [100, 64, number, 9], [192, 168, 7, 7], [172, 16, number, 1], [100, 100, 3, number]];
    roam(scene, &addresses.map(|octets| Ipv4Addr::from(octets).into()))
}

/// The caller stands right before our proxy; what stands to the left, anybody may have written.
fn behind_proxy(usage: &mut TokenUse, caller: IpAddr, number: u8) {
    usage.record.forwarded_for = vec![Ipv4Addr::new(198, 18, 250, number).into(), caller];
    usage.record.peer_ip = Some(PROXIES.host(number % 200 + 1));
    usage.record.source_ip = None;
}

fn proxies(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let (start, caller) = (scene.start, scene.holder().network.host(4));
    scene.issue(&grant)?;
    (2..30).try_for_each(|minute: u8| scene.using(&grant, start + i64::from(minute) * MINUTE, |usage| behind_proxy(usage, caller, minute)))
}

/// The same, as a gateway logs it.
fn proxies_of_a_gateway(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let caller = scene.holder().network.host(4);
    scene.issue(&grant)?;
    for minute in 2..30 {
        let mut usage = scene.request(&grant, scene.start + i64::from(minute) * MINUTE);
        behind_proxy(&mut usage, caller, minute);
        let (trace, span) = scene.trace();
        (usage.record.trace_id, usage.record.span_id) = (Some(trace), Some(span));
        scene.seen_by(Log::Access, &grant, &usage)?;
    }
    Ok(())
}

/// A use every two minutes, half of them with each of these programs.
fn update(scene: &mut Scene, agents: [&str; 2]) -> io::Result<()> {
    let grant = scene.access();
    let start = scene.start;
    scene.issue(&grant)?;
    for number in 1..20 {
        let agent = agents[usize::from(number > 10)];
        scene.using(&grant, start + number * 2 * MINUTE, |usage| usage.record.user_agent = Some(agent.into()))?;
    }
    Ok(())
}

fn user_agent(scene: &mut Scene) -> io::Result<()> {
    update(scene, ["agent-runtime/2.4.1 linux", "agent-runtime/3.0.0 linux"])
}

fn browser(scene: &mut Scene) -> io::Result<()> {
    update(scene, [131, 132].map(chrome).each_ref().map(String::as_str))
}

fn chrome(version: u16) -> String {
    format!("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36")
}
