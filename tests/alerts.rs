//! Alerts through the binary: who is told, how often, in which order, and what happens when nobody listens.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/alerting.rs"]
mod alerting;
#[path = "support/binary.rs"]
mod binary;
#[path = "support/receiver.rs"]
mod receiver;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use beartrap::delivery::payload::PAYLOADS;
use jiff::Timestamp;
use serde_json::Value;

use crate::alerting::{World, fp, lying, quick, signatures};
use crate::binary::{command, finish, start, text};
use crate::receiver::{Came, Does, PATIENCE, Receiver};

/// Ids of messages, in the order in which they came.
fn ids(came: &[Came]) -> Vec<&str> {
    came.iter().map(Came::id).collect()
}

/// Times of a delivery.
fn time(delivery: &Value, name: &str) -> Timestamp {
    delivery[name].as_str().unwrap_or_else(|| panic!("no `{name}`: {delivery}")).parse().unwrap()
}

#[test]
fn an_alert_is_told_once_and_signed() {
    let receiver = Receiver::good();
    let mut world = World::new();
    let key = world.endpoint("soc", &receiver.url(), "");
    world.leak(3);
    let first = world.scan("soc");
    assert_eq!((first.status, receiver.count()), (0, 3), "{}", first.err());
    assert!(first.err().contains("3 alerts delivered"), "{}", first.err());
    let again = world.scan("soc");
    assert_eq!((again.status, receiver.count()), (0, 3), "{}", again.err());
    let came = receiver.came();
    for one in &came {
        assert_eq!((one.method.as_str(), one.path.as_str(), one.header("content-type")), ("POST", "/hook", "application/json"));
        assert!(one.id().starts_with("msg_") && one.header("user-agent").starts_with("beartrap/"));
        assert_eq!(signatures(one, &[&key]), (1, 1));
        assert_eq!(one.json()["type"], "token.exposed");
    }
    let told: BTreeSet<String> = came.iter().map(|one| text(&one.json()["data"]["token"]["fp"])).collect();
    assert_eq!(told, world.tokens.iter().map(|token| fp(token)).collect());
    // Another state knows of nothing, but calls it the same.
    let elsewhere = world.run("scan logs --state other --fail-on none --alert soc");
    assert_eq!((elsewhere.status, receiver.count()), (0, 6));
    let both = receiver.came();
    assert_eq!(ids(&both[..3]).into_iter().collect::<BTreeSet<_>>(), ids(&both[3..]).into_iter().collect());
    assert_eq!(world.states(), vec![("delivered".to_owned(), 1); 3]);
    world.assert_secret(&[&first, &again, &elsewhere], &[&key]);
}

#[test]
fn keys_rotate_without_a_gap() {
    let receiver = Receiver::good();
    let mut world = World::new();
    let old = world.endpoint("soc", &receiver.url(), "");
    let keys = |world: &World| std::fs::read_to_string(world.at("soc.key")).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
    let early = world.run("endpoint rotate soc --finish");
    assert!(early.status == 2 && early.err().contains("one key only"), "{}", early.err());
    let rotated = world.run("endpoint rotate soc");
    let both = keys(&world);
    assert_eq!((rotated.status, both.len(), &both[1]), (0, 2, &old), "{}", rotated.err());
    assert_eq!(world.run("endpoint test soc").status, 0);
    assert_eq!(world.run("endpoint rotate soc").status, 2);
    let finished = world.run("endpoint rotate soc --finish");
    assert_eq!(keys(&world), both[..1]);
    assert_eq!(world.run("endpoint test soc").status, 0);
    let came = receiver.came();
    let all = [both[0].as_str(), &old];
    assert_eq!((signatures(&came[0], &all), signatures(&came[1], &all), signatures(&came[1], &all[..1])), ((2, 2), (1, 1), (1, 1)));
    world.assert_secret(&[&early, &rotated, &finished], &all);
}

#[test]
fn what_fails_is_tried_again_under_the_same_id() {
    let moved = Receiver::good();
    let redirect = Does::Says(307, ("location", moved.url()), "");
    let receiver = Receiver::playing(&[Does::Answers(500), Does::Resets, Does::Babbles, redirect, Does::Answers(403)]);
    let mut world = World::new();
    world.endpoint("soc", &receiver.url(), &quick(20).replacen("20ms", "2s", 1));
    world.leak(1);
    let first = world.scan("soc");
    assert_eq!(first.status, 3, "{}", first.err());
    assert!(first.err().contains("status 500") && first.err().contains("1 wait in the outbox"), "{}", first.err());
    assert_eq!(world.states(), [("waiting".to_owned(), 1)]);
    world.deliver_until(|| receiver.count() >= 6);
    let came = receiver.came();
    assert!(came.iter().all(|one| one.id() == came[0].id() && one.body == came[0].body), "{:?}", ids(&came));
    assert_eq!((world.states(), came.len(), moved.count()), (vec![("delivered".to_owned(), 6)], 6, 0));
    assert_eq!(world.run("outbox run --state st").status, 0);
}

#[test]
fn what_arrives_in_the_end_has_arrived() {
    let receiver = Receiver::playing(&[Does::Answers(500)]);
    let mut world = World::new();
    world.endpoint("soc", &receiver.url(), "retry = [\"0s\"]\n");
    world.leak(1);
    let ran = world.scan("soc");
    assert_eq!((ran.status, receiver.count()), (0, 2), "{}", ran.err());
    assert!(ran.err().contains("1 alert delivered") && !ran.err().contains("wait in the outbox"), "{}", ran.err());
}

#[test]
fn whoever_is_gone_is_told_no_more() {
    let receiver = Receiver::start(|_, _| Does::Answers(410));
    let mut world = World::new();
    world.endpoint("soc", &receiver.url(), &format!("concurrency = 1\n{}", quick(5)));
    world.leak(3);
    let ran = world.scan("soc");
    assert_eq!((ran.status, receiver.count()), (3, 1), "{}", ran.err());
    let list = world.outbox("--is dead");
    assert!(list.len() == 1 && text(&list[0]["answer"]).contains("410"), "{list:?}");
    // Nor by the next run; until somebody has it tried again.
    let run = world.run("outbox run --state st");
    assert_eq!((run.status, receiver.count()), (3, 1), "{}", run.err());
    assert!(run.err().contains("said that it is gone (410)"), "{}", run.err());
    world.run("outbox retry all --state st");
    world.run("outbox run --state st");
    assert_eq!(receiver.count(), 2);
}

#[test]
fn a_file_takes_one_alert_a_line() {
    let mut world = World::new();
    world.set("[endpoint.siem]\nfile = \"out.jsonl\"\nformat = \"ocsf\"\n");
    world.leak(2);
    assert_eq!(world.scan("siem").status, 0);
    let written = std::fs::read_to_string(world.at("out.jsonl")).unwrap();
    let records: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(records.len() == 2 && records.iter().all(|record| record["class_uid"] == 2004), "{written}");
    assert!(world.outbox("").iter().all(|delivery| delivery["state"] == "delivered"));
}

#[test]
fn receivers_are_left_alone_as_they_wish() {
    let receiver = Receiver::playing(&[Does::Says(429, ("retry-after", "2".to_owned()), "")]);
    let mut world = World::new();
    world.endpoint("soc", &receiver.url(), &quick(5));
    world.leak(1);
    assert_eq!(world.scan("soc").status, 3);
    let waiting = world.outbox("").remove(0);
    assert!(time(&waiting, "due").duration_since(time(&waiting, "tried")).as_millis() >= 2000, "{waiting}");
    world.deliver_until(|| receiver.count() >= 2);
    let came = receiver.came();
    assert!(came[1].at - came[0].at >= Duration::from_millis(1900), "{:?}", came[1].at - came[0].at);
}

#[test]
fn dead_letters_are_for_people() {
    let receiver = Receiver::start(|_, _| Does::Answers(500));
    let mut world = World::new();
    world.endpoint("soc", &receiver.url(), &quick(1));
    world.leak(2);
    world.scan("soc");
    world.deliver_until(|| world.states() == vec![("dead".to_owned(), 2); 2]);
    assert_eq!((receiver.count(), world.run("outbox run --state st").status), (4, 0));
    receiver.then(|_, _| Does::Answers(204));
    let dead = world.outbox("--is dead --endpoint soc");
    assert!(dead.len() == 2 && dead.iter().all(|one| text(&one["answer"]) == "given up after 2 attempts: status 500"), "{dead:?}");
    let (kept, dropped) = (text(&dead[0]["id"]), text(&dead[1]["id"]));
    let drop = world.run(&format!("outbox drop {dropped} --why known --state st"));
    assert!(drop.status == 0 && drop.err().contains("1 given up"), "{}", drop.err());
    assert_eq!(world.run(&format!("outbox drop {dropped} --state st")).status, 2, "nobody says why");
    let retry = world.run("outbox retry dead --state st");
    assert!(retry.status == 0 && retry.err().contains("1 due again"), "{}", retry.err());
    assert_eq!(world.run("outbox run --state st").status, 0);
    assert_eq!(receiver.came()[4].id(), kept);
    let shown: Value = serde_json::from_str(&world.run(&format!("outbox show {dropped} --state st")).out()).unwrap();
    assert_eq!((&shown["state"], &shown["answer"], &shown["endpoint"]), (&"dropped".into(), &"known".into(), &"soc".into()));
    assert_eq!((&shown["content"]["type"], &shown["content"]["data"]["rule"]), (&"token.exposed".into(), &receiver.came()[0].json()["data"]["rule"]));
    let list = world.run("outbox list --state st");
    let of = |id: &str| list.out().lines().find(|line| line.starts_with(id)).unwrap_or_default().to_owned();
    assert!(of(&kept).contains("delivered") && of(&kept).contains("soc") && of(&dropped).contains("dropped"), "{}", list.out());
    assert!(list.err().contains("1 delivered, 1 dropped"), "{}", list.err());
    assert_eq!(world.run("outbox retry nothing --state st").status, 3);
    assert_eq!(world.run("outbox show nothing --state st").status, 2);
    // What has ended is forgotten when it is old.
    assert_eq!(world.run("outbox forget --before 1h --state st").status, 0);
    assert_eq!(world.states().len(), 2);
}

#[test]
fn a_dead_endpoint_delays_no_other() {
    let good = std::sync::Arc::new(Receiver::good());
    let others = std::sync::Arc::clone(&good);
    // It does not answer before the other one has everything.
    let slow = Receiver::start(move |_, _| {
        let began = Instant::now();
        while others.count() < 20 && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(2));
        }
        Does::Answers(if others.count() < 20 { 500 } else { 200 })
    });
    let mut world = World::new();
    world.endpoint("a-slow", &slow.url(), "timeout = \"2min\"\n");
    world.endpoint("refusing", "http://127.0.0.1:1/", &quick(2));
    world.endpoint("z-good", &good.url(), "");
    world.leak(20);
    let ran = world.scan("a-slow refusing z-good");
    assert_eq!((ran.status, slow.count(), good.count()), (3, 20, 20), "{}", ran.err());
    assert!(world.outbox("--endpoint a-slow").iter().all(|one| one["state"] == "delivered"));
    assert!(ran.err().contains("40 alerts delivered"), "{}", ran.err());
}

#[test]
fn alerts_of_one_token_keep_their_order() {
    let receiver = Receiver::playing(&[Does::Answers(500), Does::Resets, Does::Answers(200), Does::Answers(500)]);
    let mut world = World::new();
    world.endpoint("soc", &receiver.url(), &format!("concurrency = 8\n{}", quick(30)));
    let token = world.token();
    for name in ["a", "b", "c", "d"] {
        world.log(&format!("{name}.log"), &lying(&token));
    }
    world.scan("soc");
    world.deliver_until(|| world.states().iter().all(|(state, _)| state == "delivered"));
    let queued: Vec<String> = world.outbox("").iter().map(|one| text(&one["id"])).collect();
    let mut came = ids(&receiver.came()).into_iter().map(str::to_owned).collect::<Vec<_>>();
    came.dedup();
    assert_eq!((queued.len(), came), (4, queued));
}

#[test]
fn a_dry_run_sends_nothing() {
    let receiver = Receiver::good();
    let mut world = World::new();
    let key = world.endpoint("soc", &receiver.url(), "");
    world.endpoint("partner", &receiver.url(), "format = \"github\"\nevents = [\"token.exposed\"]\n");
    world.leak(2);
    let ran = world.run("scan logs --state st --fail-on none --alert soc --alert partner --dry-run");
    assert_eq!((ran.status, receiver.count(), world.outbox("").len()), (0, 0, 0), "{}", ran.err());
    let said = ran.err();
    let shown: Vec<Value> = said.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(shown.iter().filter(|one| one["type"] == "would_send" && one["event"] == "token.exposed").count(), 4, "{}", ran.err());
    for one in &shown {
        let body = serde_json::from_str::<Value>(one["body"].as_str().unwrap_or("null")).unwrap();
        assert_eq!((body["type"] == "token.exposed", one["withheld"].is_null()), (one["endpoint"] == "soc", one["endpoint"] == "soc"), "{one}");
    }
    world.assert_secret(&[&ran], &[&key]);
    // What would have been sent is sent by the next run.
    world.scan("soc");
    let expected: BTreeSet<String> = shown.iter().filter(|one| one["endpoint"] == "soc").map(|one| text(&one["id"])).collect();
    assert_eq!(ids(&receiver.came()).into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), expected);
}

#[test]
fn nothing_has_to_be_kept() {
    let receiver = Receiver::playing(&[Does::Answers(500)]);
    let mut world = World::new();
    world.leak(1);
    let key = format!("whsec_{}", "QkJC".repeat(10));
    let words = ["scan", "logs", "--fail-on", "none", "--alert", &receiver.url()];
    let scan = || finish(start(command(world.directory.path(), &words).env("BEARTRAP_ALERT_SECRET", &key)));
    let failed = scan();
    assert_eq!(failed.status, 3);
    assert!(failed.err().contains("1 did not arrive") && failed.err().contains("with `--state DIR`"), "{}", failed.err());
    assert_eq!(scan().status, 0);
    let came = receiver.came();
    assert_eq!((came.len(), came[0].id(), signatures(&came[1], &[&key])), (2, came[1].id(), (1, 1)));
    // Without a key nothing can be signed, and what is not signed is not sent.
    let unsigned = world.run(&format!("scan logs --fail-on none --alert {}", receiver.url()));
    assert_eq!((unsigned.status, receiver.count()), (3, 2), "{}", unsigned.err());
}

#[test]
fn the_exit_status_tells_what_did_not_arrive() {
    let receiver = Receiver::playing(&[Does::Answers(500)]);
    let mut world = World::new();
    world.endpoint("soc", &receiver.url(), "");
    world.leak(1);
    let found = world.run("scan logs --state st --alert soc");
    assert_eq!(found.status, 1, "findings come first: {}", found.err());
    assert_eq!(world.states(), [("waiting".to_owned(), 1)]);
    // What is not due yet is no failure of a run, and people need not wait for it.
    assert_eq!((world.run("outbox run --state st").status, receiver.count()), (0, 1));
    assert_eq!(world.run("outbox retry all --state st").status, 0);
    assert_eq!((world.run("outbox run --state st").status, receiver.count()), (0, 2));
    let none = world.run("scan logs --state st --fail-on none --alert sock");
    assert!(none.status == 2 && none.err().contains("did you mean `soc`?"), "{}", none.err());
}

#[test]
fn every_format_goes_out() {
    let receiver = Receiver::start(|_, came| {
        Does::Answers(match came.path.as_str() {
            "/set" | "/teams" => 202,
            "/gitlab" => 204,
            _ => 200,
        })
    });
    let mut world = World::new();
    let token = world.token();
    world.log("a.log", &lying(&token));
    std::fs::write(world.at("word"), "let-me-in").unwrap();
    for payload in PAYLOADS {
        let kind = if payload.name == "set" { "ed25519" } else { "hmac" };
        let more = match payload.name {
            "github" => "events = [\"token.exposed\"]",
            "gitlab" => "authorization_file = \"word\"",
            "rfc7009" => "client_id = \"beartrap\"\nclient_secret_file = \"word\"",
            _ => "",
        };
        let url = format!("http://127.0.0.1:{}/{}", receiver.port(), payload.name);
        world.endpoint_with(payload.name, &url, kind, &format!("format = \"{}\"\n{more}\n", payload.name));
    }
    world
        .set("[revocation]\nmode = \"on\"\nmin_severity = \"info\"\nissuers = [\"https://issuer.example\"]\nendpoints = [\"gitlab\", \"rfc7009\"]\n");
    let record = format!(r#"{{"fp":"{}","iss":"https://issuer.example","token_type":"access_token","expires_at":4102444800}}"#, fp(&token));
    std::fs::write(world.at("issued.jsonl"), record + "\n").unwrap();
    let imported = world.run("ledger import issued.jsonl --state st");
    let names = PAYLOADS.iter().map(|payload| payload.name).collect::<Vec<_>>().join(" ");
    let ran = world.scan(&names);
    assert_eq!(ran.status, 0, "{}{}", imported.err(), ran.err());
    let came = receiver.came();
    for payload in PAYLOADS {
        let mine: Vec<&Came> = came.iter().filter(|one| one.path == format!("/{}", payload.name)).collect();
        assert_eq!(mine.len(), 1, "{}: {}", payload.name, ran.err());
        let expected = match payload.name {
            "cloudevents" => "application/cloudevents+json",
            "set" => "application/secevent+jwt",
            "rfc7009" => "application/x-www-form-urlencoded",
            _ => "application/json",
        };
        assert_eq!(mine[0].header("content-type"), expected, "{}", payload.name);
        let holds = memchr::memmem::find(&mine[0].body, token.as_bytes()).is_some();
        assert_eq!(holds, payload.needs_token(), "{}", payload.name);
        let shows_itself = !mine[0].header("authorization").is_empty();
        assert_eq!(shows_itself, ["gitlab", "rfc7009"].contains(&payload.name), "{}", payload.name);
    }
    let list = world.outbox("");
    assert!(list.len() == PAYLOADS.len() && list.iter().all(|one| one["state"] == "delivered"), "{list:?}");
    world.assert_secret(&[&imported, &ran], &["let-me-in"]);
}

#[test]
fn addresses_are_checked() {
    let receiver = Receiver::good();
    let mut world = World::new();
    world.leak(1);
    let port = receiver.port();
    let refused = [
        (format!("http://hooks.example:{port}/"), "plain HTTP"),
        (format!("http://me:word@127.0.0.1:{port}/"), "user or password"),
        ("ftp://127.0.0.1/".to_owned(), "no `https` URL"),
    ];
    for (url, why) in refused {
        let ran = world.run(&format!("scan logs --fail-on none --alert {url}"));
        assert!(ran.status == 2 && ran.err().contains(why) && !ran.err().contains("word@"), "{url}: {}", ran.err());
    }
    // These are resolved, and what they are resolved to may not be reached: this machine, a neighbour, a cloud's metadata.
    let hidden = ["https://127.1", "https://10.255.255.1", "https://169.254.169.254", "https://[::ffff:127.0.0.1]"];
    for (number, url) in hidden.iter().enumerate() {
        world.endpoint(&format!("e{number}"), &format!("{url}:{port}/"), "");
    }
    // Whoever may read what is sent may still not make us ask this machine.
    world.endpoint("plain", &format!("http://127.1:{port}/"), "allow_http = true");
    let ran = world.scan("e0 e1 e2 e3 plain");
    assert_eq!((ran.status, receiver.count()), (3, 0), "{}", ran.err());
    assert_eq!(ran.err().matches("no address that may be reached").count(), 5, "{}", ran.err());
}
