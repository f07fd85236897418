//! Torture: endpoints fail in every way while `beartrap watch` follows a log and is killed again and again; `BEARTRAP_KILLS` says how often.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/alerting.rs"]
mod alerting;
#[path = "support/binary.rs"]
mod binary;
#[path = "support/receiver.rs"]
mod receiver;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use beartrap::rules::generate::Random;

use crate::alerting::{World, lying};
use crate::binary::{command, start, text, wait};
use crate::receiver::{Does, Receiver};

/// How long it may take until all has arrived when everybody is well again: what was on its way when its run was killed is waited for.
const RECOVERY: Duration = Duration::from_mins(2);

fn kills() -> u64 {
    std::env::var("BEARTRAP_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(10)
}

/// What befalls a message: one in two arrives.
fn mishap(random: &mut Random) -> Does {
    let mishaps = [
        Does::Answers(500),
        Does::Answers(404),
        Does::Stalls,
        Does::Resets,
        Does::Babbles,
        Does::Drips,
        Does::Says(302, ("location", "http://127.0.0.1:1/".to_owned()), ""),
        Does::Says(429, ("retry-after", "1".to_owned()), ""),
    ];
    mishaps.get(random.below(2 * mishaps.len())).cloned().unwrap_or(Does::Answers(200))
}

/// Follows the logs and tells both endpoints; what it says of itself goes to a file.
fn follow(world: &World) -> Child {
    let file = |name: &str| File::options().create(true).append(true).open(world.at(name)).unwrap();
    let words = ["watch", "logs", "--state", "st", "--format", "jsonl", "--alert", "hard", "--alert", "calm"];
    start(command(world.directory.path(), &words).stdout(file("told.jsonl")).stderr(file("said.txt")))
}

#[test]
fn every_alert_arrives_whatever_happens() {
    let mut random = Random::new(5);
    let (mut dice, calm) = (Random::new(6), Receiver::good());
    let hard = Receiver::start(move |_, _| mishap(&mut dice));
    let mut world = World::new();
    let patient = format!("timeout = \"500ms\"\nconcurrency = 8\nretry = [{}]\n", vec!["\"100ms\""; 1000].join(", "));
    world.endpoint("hard", &hard.url(), &patient);
    world.endpoint("calm", &calm.url(), "timeout = \"5s\"\n");
    for _ in 0..kills() {
        let mut child = follow(&world);
        let (began, life) = (Instant::now(), Duration::from_millis(200 + random.below(1000) as u64));
        while began.elapsed() < life {
            let token = world.token();
            // Some tokens lie in two places, and are told of twice, in this order.
            world.log("a.log", &lying(&token));
            if random.below(4) == 0 {
                world.log("b.log", &lying(&token));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    hard.then(|_, _| Does::Answers(200));
    let (began, mut child) = (Instant::now(), follow(&world));
    let scanned = world.run("scan logs --format jsonl --fail-on none -q").findings();
    let expected: BTreeSet<(String, String)> = scanned.iter().map(|one| (text(&one["fingerprint"]), text(&one["origin"]["path"]))).collect();
    let said = || std::fs::read_to_string(world.at("said.txt")).unwrap();
    loop {
        let list = world.outbox("");
        let delivered = list.iter().filter(|one| one["state"] == "delivered").count();
        if (delivered, list.len()) == (2 * expected.len(), 2 * expected.len()) {
            break;
        }
        assert!(began.elapsed() < RECOVERY, "{delivered} of {} delivered, {} findings: {}", list.len(), expected.len(), said());
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(wait(&mut child, Duration::from_secs(20)), Some(0), "{}", said());
    for receiver in [&hard, &calm] {
        let mut ids = BTreeMap::<String, BTreeSet<String>>::new();
        let mut told = BTreeSet::new();
        for came in receiver.came() {
            let data = &came.json()["data"];
            ids.entry(text(&data["finding_id"])).or_default().insert(came.id().to_owned());
            told.insert((text(&data["token"]["fp"]), text(&data["observed"]["locations"][0]["uri"])));
        }
        assert!(told == expected, "{} told, {} found, {} both", told.len(), expected.len(), told.intersection(&expected).count());
        assert!(ids.len() == expected.len() && ids.values().all(|ids| ids.len() == 1), "an alert has one id however often it comes");
    }
    assert!(hard.count() > expected.len(), "nothing failed");
    world.assert_secret(&[], &[]);
}
