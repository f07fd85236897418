//! Incidents of behaviour: places, programs and habits that do not fit one holder.

use std::io;

use beartrap::model::issuance::TokenType;

use crate::simulate::clock::{DAY, END, HOUR, MINUTE, SECOND, instant};
use crate::simulate::incident::life::denied;
use crate::simulate::outlet::Log;
use crate::simulate::scene::{Scene, Script};

/// These incidents.
pub const SCRIPTS: &[Script] = &[
    Script { name: "TR-15", act: new_network },
    Script { name: "TR-16", act: two_places_at_once },
    Script { name: "TR-17", act: drift },
    Script { name: "TR-18", act: another_program },
    Script { name: "TR-19", act: impossible_travel },
    Script { name: "TR-20", act: outside_its_networks },
    Script { name: "TR-21", act: new_tool },
    Script { name: "TR-24", act: exposed_then_used },
    Script { name: "TR-25", act: denials_then_success },
];

/// TLS clients, as JA4 tells them.
const OWN_TLS: &str = "t13d1516h2_8daaf6152771_02713d6af862";
const OTHER_TLS: &str = "t13d190900_9dc949149365_97f8aa674fd9";
const BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

/// A role's session, which is locked on its first use; as `CloudTrail` tells it.
fn new_network(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.role();
    let (start, foreign) = (scene.start, scene.foreign());
    scene.issue(&grant)?;
    for (minute, ip) in [(5, None), (15, None), (75, Some(foreign.host(9)))] {
        let mut usage = scene.request(&grant, start + minute * MINUTE);
        usage.record.source_ip = ip.or(usage.record.source_ip);
        let at = scene.seen_by(Log::Cloud, &grant, &usage)?;
        if ip.is_some() {
            scene.must("TR-15", &grant, at / SECOND * SECOND)?;
        }
    }
    Ok(())
}

fn two_places_at_once(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.role();
    let (start, foreign) = (scene.start, scene.foreign());
    scene.issue(&grant)?;
    let own = scene.holder().network;
    for (minute, network) in [(5, own), (6, foreign), (7, own), (8, foreign)] {
        scene.using(&grant, start + minute * MINUTE, |usage| usage.record.source_ip = Some(network.host(3)))?;
    }
    scene.must("TR-15", &grant, start + 6 * MINUTE)?;
    scene.must("TR-16", &grant, start + 8 * MINUTE)
}

/// The network stays; program, system and TLS client change together, and so does the tool.
fn drift(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let (start, tools) = (scene.start, scene.server().tools);
    scene.issue(&grant)?;
    let clients = [("agent-runtime/2.4 linux", OWN_TLS), ("fetcher/0.9 (Windows NT 10.0)", OTHER_TLS)];
    for (minute, (agent, ja4), tool) in [(2, clients[0], tools[0]), (4, clients[0], tools[1]), (8, clients[1], tools[0]), (10, clients[1], tools[1])]
    {
        scene.using(&grant, start + minute * MINUTE, |usage| {
            let record = &mut usage.record;
            (record.user_agent, record.ja4, record.tool) = (Some(agent.into()), Some(ja4.into()), Some(tool.into()));
        })?;
    }
    scene.must("TR-17", &grant, start + 8 * MINUTE)
}

/// A person's browser session goes on in a program elsewhere, hours after its places were learned.
fn another_program(scene: &mut Scene) -> io::Result<()> {
    let holder = scene.holder();
    let mut grant = scene.access_of(&holder, 8 * HOUR).personal(TokenType::Session);
    let (start, foreign) = (scene.start, scene.foreign());
    grant.usage.record.user_agent = Some(BROWSER.into());
    scene.issue(&grant)?;
    scene.uses(&grant, (0..8).map(|number| start + 2 * MINUTE + number * 5 * MINUTE))?;
    let at = start + 3 * HOUR;
    scene.using(&grant, at, |usage| {
        usage.record.source_ip = Some(foreign.host(9));
        usage.record.user_agent = Some("python-requests/2.32.3".into());
    })?;
    scene.must("TR-15", &grant, at)?;
    scene.must("TR-18", &grant, at)
}

/// Frankfurt, and an hour later Sydney.
fn impossible_travel(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.role();
    let (start, foreign) = (scene.start, scene.foreign());
    grant.usage.record.geo = Some("50.11,8.68".into());
    scene.issue(&grant)?;
    scene.uses(&grant, [start + 5 * MINUTE, start + 15 * MINUTE])?;
    let at = start + 75 * MINUTE;
    scene.using(&grant, at, |usage| {
        usage.record.source_ip = Some(foreign.host(9));
        usage.record.geo = Some("-33.87,151.21".into());
    })?;
    scene.must("TR-15", &grant, at)?;
    scene.must("TR-19", &grant, at)
}

/// The only use comes from elsewhere, so that there is no first network to compare with.
fn outside_its_networks(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.role();
    let (start, foreign) = (scene.start, scene.foreign());
    grant.issuance.bound_networks = vec![scene.holder().network.cidr()];
    scene.issue(&grant)?;
    scene.using(&grant, start + 5 * MINUTE, |usage| usage.record.source_ip = Some(foreign.host(9)))?;
    scene.must("TR-20", &grant, start + 5 * MINUTE)
}

/// Nine days of one habit, then a new tool from a new network by a new TLS client: one sign beside the tool is worth a note, two are more.
fn new_tool(scene: &mut Scene) -> io::Result<()> {
    let mut grant = scene.access();
    let (start, foreign) = (scene.start, scene.foreign());
    grant.issuance.token_type = TokenType::ApiKey;
    grant.issuance.issued_at = Some(instant(start - 20 * DAY));
    grant.issuance.expires_at = Some(instant(END + 30 * DAY));
    grant.usage.record.ja4 = Some(OWN_TLS.into());
    scene.issue(&grant)?;
    scene.uses(&grant, (1..=72).rev().map(|number| start - number * 3 * HOUR))?;
    scene.using(&grant, start, |usage| {
        usage.record.source_ip = Some(foreign.host(9));
        usage.record.ja4 = Some(OTHER_TLS.into());
        usage.record.tool = Some("export_all".into());
    })?;
    scene.must("TR-15", &grant, start)?;
    scene.must("TR-21", &grant, start)
}

/// A personal token lies in a transcript; then somebody else has it.
fn exposed_then_used(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.personal();
    let (start, foreign) = (scene.start, scene.foreign());
    scene.issue(&grant)?;
    scene.uses(&grant, (0..8).map(|number| start + number * 5 * MINUTE))?;
    scene.leak(&grant, start + 90 * MINUTE)?;
    let at = start + 100 * MINUTE;
    scene.using(&grant, at, |usage| usage.record.source_ip = Some(foreign.host(9)))?;
    scene.must("TR-15", &grant, at)?;
    scene.must("TR-24", &grant, at)
}

fn denials_then_success(scene: &mut Scene) -> io::Result<()> {
    let grant = scene.access();
    let start = scene.start + 5 * MINUTE;
    scene.issue(&grant)?;
    for number in 0..6 {
        scene.using(&grant, start + number * 20 * SECOND, denied)?;
    }
    scene.uses(&grant, [start + 150 * SECOND])?;
    scene.must("TR-25", &grant, start + 150 * SECOND)
}
