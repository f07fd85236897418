//! Laws of stores about alerts on their way.

#![allow(clippy::unwrap_used, reason = "what a law relies on fails the test where it fails")]

use std::collections::BTreeMap;

use beartrap::model::alert::Event;
use beartrap::model::instant::Instant;
use beartrap::rules::generate::Random;
use beartrap::store::outbox::{Begins, Claimed, Counts, NewAlert, NewDelivery, Outcome, Settled, State, Which, of_millis};
use beartrap::store::step::Step;
use beartrap::store::store::Store;

use crate::stores::Home;

fn ms(millis: i64) -> Instant {
    of_millis(millis)
}

fn alert(id: &str, token: u64, at: i64, to: &[&str]) -> NewAlert {
    let delivery = |endpoint: &&str| NewDelivery { id: format!("{id}-{endpoint}"), endpoint: (*endpoint).into(), begins: Begins::Due };
    NewAlert {
        id: id.into(),
        event: Event::Exposed,
        json: format!("{{\"alert\":\"{id}\"}}"),
        token,
        at: ms(at),
        deliveries: to.iter().map(delivery).collect(),
    }
}

fn queue(store: &mut dyn Store, alerts: &[NewAlert]) -> u64 {
    store.commit(&Step { alerts, ..Step::default() }).unwrap().deliveries
}

fn claim(store: &mut dyn Store, endpoint: &str, now: i64) -> Vec<String> {
    store.claim(endpoint, ms(now), ms(now + 1000), 100).unwrap().into_iter().map(|claimed| claimed.id).collect()
}

fn settle(store: &mut dyn Store, id: &str, outcome: Outcome, now: i64) {
    store.settle(&[Settled { id: id.into(), outcome, answer: "answered".into() }], &[], ms(now)).unwrap();
}

fn states(store: &dyn Store) -> BTreeMap<String, State> {
    store.deliveries(&Which::default(), 0, 1000).unwrap().into_iter().map(|delivery| (delivery.id, delivery.state)).collect()
}

pub fn an_alert_is_queued_once(home: &Home) {
    let mut store = home.open();
    assert_eq!(queue(&mut *store, &[alert("a", 7, 5, &["x", "y"]), alert("b", 8, 6, &["x"])]), 3);
    // The same again, and to somebody else as well.
    assert_eq!(queue(&mut *store, &[alert("a", 7, 50, &["x", "y", "z"])]), 1);
    assert_eq!(store.alert("a").unwrap().as_deref(), Some(r#"{"alert":"a"}"#));
    assert_eq!(store.alert("c").unwrap(), None);
    let mut told = Vec::new();
    store.alerts(Event::Exposed, &mut |id, at, json| told.push((id.to_owned(), at, json.to_owned()))).unwrap();
    assert_eq!((told.len(), &told[0]), (2, &("a".to_owned(), ms(5), r#"{"alert":"a"}"#.to_owned())));
    store.alerts(Event::Revoked, &mut |_, _, _| unreachable!()).unwrap();
    let claimed = home.open().claim("x", ms(10), ms(20), 10).unwrap();
    let first = Claimed { id: "a-x".into(), alert: "a".into(), json: r#"{"alert":"a"}"#.into(), queued: ms(5), attempts: 1 };
    assert_eq!((claimed.len(), &claimed[0], claimed[1].id.as_str()), (2, &first, "b-x"));
    let all = store.queues().unwrap();
    let counts: Vec<_> = all.iter().map(|queue| (queue.endpoint.as_str(), queue.state, queue.count)).collect();
    assert_eq!(counts, [("x", State::Waiting, 2), ("y", State::Waiting, 1), ("z", State::Waiting, 1)]);
    assert_eq!(store.verify().unwrap(), [""; 0]);
}

pub fn what_is_not_settled_comes_again(home: &Home) {
    let mut store = home.open();
    queue(&mut *store, &[alert("a", 7, 0, &["x"])]);
    assert_eq!((store.next_due("x").unwrap(), store.next_due("y").unwrap()), (Some(ms(0)), None));
    assert_eq!(claim(&mut *store, "x", 10), ["a-x"]);
    assert_eq!((claim(&mut *store, "x", 20), store.next_due("x").unwrap()), (vec![], Some(ms(1010))));
    assert_eq!(store.claim("x", ms(1010), ms(2010), 1).unwrap()[0].attempts, 2);
    settle(&mut *store, "a-x", Outcome::Again { due: ms(5000), counts: Counts::Yes }, 1500);
    assert_eq!(claim(&mut *store, "x", 4999), [""; 0]);
    assert_eq!(store.claim("x", ms(5000), ms(6000), 1).unwrap()[0].attempts, 3);
    settle(&mut *store, "a-x", Outcome::Again { due: ms(7000), counts: Counts::No }, 5500);
    assert_eq!(store.claim("x", ms(7000), ms(8000), 1).unwrap()[0].attempts, 3);
    settle(&mut *store, "a-x", Outcome::Delivered, 7500);
    // What has ended stays so.
    settle(&mut *store, "a-x", Outcome::Dead, 7600);
    assert_eq!((claim(&mut *store, "x", 99_000), store.next_due("x").unwrap()), (vec![], None));
    let delivery = store.deliveries(&Which { id: Some("a-x".into()), ..Which::default() }, 0, 9).unwrap().remove(0);
    let times = (delivery.queued, delivery.due, delivery.tried, delivery.ended);
    assert_eq!((delivery.state, delivery.attempts, times), (State::Delivered, 3, (ms(0), None, Some(ms(7000)), Some(ms(7500)))));
    assert_eq!((delivery.answer.as_deref(), delivery.alert.as_str(), delivery.endpoint.as_str()), (Some("answered"), "a", "x"));
}

pub fn alerts_of_a_token_keep_their_order(home: &Home) {
    let mut store = home.open();
    let alerts = ["a", "b", "c"].map(|id| alert(id, 7, 1, &["x"]));
    queue(&mut *store, &alerts);
    queue(&mut *store, &[alert("d", 8, 2, &["x"]), alert("e", 0, 3, &["x"]), alert("f", 0, 3, &["x"]), alert("g", 7, 4, &["y"])]);
    assert_eq!(claim(&mut *store, "x", 10), ["a-x", "d-x", "e-x", "f-x"]);
    assert_eq!(claim(&mut *store, "y", 10), ["g-y"]);
    settle(&mut *store, "a-x", Outcome::Again { due: ms(20), counts: Counts::Yes }, 11);
    assert_eq!(claim(&mut *store, "x", 20), ["a-x"]);
    settle(&mut *store, "a-x", Outcome::Dead, 21);
    assert_eq!(claim(&mut *store, "x", 22), ["b-x"]);
    settle(&mut *store, "b-x", Outcome::NeedsToken, 23);
    assert_eq!(claim(&mut *store, "x", 24), ["c-x"]);
    settle(&mut *store, "c-x", Outcome::Delivered, 25);
    // Its token is met again.
    assert_eq!(queue(&mut *store, &[alert("b", 7, 30, &["x"]), alert("c", 7, 30, &["x"])]), 1);
    assert_eq!(claim(&mut *store, "x", 31), ["b-x"]);
}

pub fn people_retry_release_and_drop(home: &Home) {
    let mut store = home.open();
    let mut held = alert("h", 9, 1, &["x"]);
    held.deliveries[0].begins = Begins::Held;
    queue(&mut *store, &[alert("a", 7, 1, &["x"]), alert("b", 7, 1, &["x"]), held, alert("d", 0, 1, &["x", "y"])]);
    let (one, dead) = (|id: &str| Which { id: Some(id.into()), ..Which::default() }, Which { states: vec![State::Dead], ..Which::default() });
    assert_eq!(claim(&mut *store, "x", 10), ["a-x", "d-x"]);
    for id in ["a-x", "d-x"] {
        settle(&mut *store, id, Outcome::Dead, 11);
    }
    assert_eq!(store.retry(&dead, ms(12)).unwrap(), 2);
    // The older one comes first again, though the younger one was let go on.
    assert_eq!(store.retry(&one("h-x"), ms(12)).unwrap(), 1);
    let mut due = claim(&mut *store, "x", 12);
    due.sort();
    assert_eq!(due, ["a-x", "b-x", "d-x", "h-x"]);
    settle(&mut *store, "a-x", Outcome::Delivered, 13);
    assert_eq!((store.retry(&one("a-x"), ms(14)).unwrap(), store.retry(&one("nothing"), ms(14)).unwrap()), (0, 0));
    assert_eq!(store.drop_deliveries(&one("b-x"), "a test", ms(15)).unwrap(), 1);
    assert_eq!(store.drop_deliveries(&Which { endpoint: Some("y".into()), ..Which::default() }, "a test", ms(15)).unwrap(), 1);
    assert_eq!(store.drop_deliveries(&one("a-x"), "a test", ms(15)).unwrap(), 0);
    let told = states(&*store);
    let of = |id: &str| told[id];
    assert_eq!((of("a-x"), of("b-x"), of("d-y"), of("h-x")), (State::Delivered, State::Dropped, State::Dropped, State::Waiting));
    let dropped = store.deliveries(&Which { states: vec![State::Dropped], alert: Some("b".into()), ..Which::default() }, 0, 9).unwrap();
    assert_eq!((dropped.len(), dropped[0].answer.as_deref()), (1, Some("a test")));
}

pub fn old_alerts_are_forgotten(home: &Home) {
    let mut store = home.open();
    queue(&mut *store, &[alert("a", 7, 1000, &["x", "y"]), alert("b", 8, 1000, &["x"]), alert("c", 9, 3000, &["x"])]);
    claim(&mut *store, "x", 4000);
    for id in ["a-x", "b-x", "c-x"] {
        settle(&mut *store, id, Outcome::Delivered, 4001);
    }
    assert_eq!(store.forget_alerts(ms(2000)).unwrap(), 1);
    assert_eq!(states(&*store).into_keys().collect::<Vec<_>>(), ["a-x", "a-y", "c-x"]);
    assert_eq!((store.alert("b").unwrap(), store.alert("a").unwrap().is_some()), (None, true));
}

/// Whatever happens to them, deliveries of one token go out one after the other, and all come to an end.
pub fn an_outbox_empties(home: &Home) {
    let mut random = Random::new(11);
    let mut store = home.open();
    let mut now = 0;
    let (mut queued, mut ended) = (0, BTreeMap::<String, u32>::new());
    let mut last: BTreeMap<u64, usize> = BTreeMap::new();
    for round in 0..120 {
        now += 100;
        if round < 60 {
            let token = random.below(4) as u64;
            queue(&mut *store, &[alert(&format!("{round:03}.{token}"), token, now, &["x"])]);
            queued += 1;
        }
        store.relax().unwrap();
        for claimed in store.claim("x", ms(now), ms(now + 150), 1 + u32::try_from(random.below(3)).unwrap()).unwrap() {
            let (number, token) = claimed.alert.split_once('.').unwrap();
            let (number, token): (usize, u64) = (number.parse().unwrap(), token.parse().unwrap());
            if token != 0 {
                assert!(last.get(&token).is_none_or(|last| *last <= number), "{number} behind {last:?}");
                last.insert(token, number);
            }
            let outcome = match random.below(5) {
                0 if round < 100 => Outcome::Again { due: ms(now + 50), counts: Counts::Yes },
                // Whoever took it died.
                1 if round < 100 => continue,
                2 => Outcome::Dead,
                _ => Outcome::Delivered,
            };
            settle(&mut *store, &claimed.id, outcome, now);
            if !matches!(outcome, Outcome::Again { .. }) {
                *ended.entry(claimed.id).or_default() += 1;
            }
        }
    }
    while let Some(due) = store.next_due("x").unwrap() {
        now = now.max(beartrap::store::outbox::millis(due));
        for id in claim(&mut *store, "x", now) {
            settle(&mut *store, &id, Outcome::Delivered, now);
            *ended.entry(id).or_default() += 1;
        }
    }
    assert_eq!((ended.len(), ended.values().all(|times| *times == 1)), (queued, true));
    assert!(states(&*store).values().all(|state| matches!(state, State::Delivered | State::Dead)));
}
