//! Laws of stores about uses, judgements and the steps that bring them.

#![allow(clippy::unwrap_used, reason = "what a law relies on fails the test where it fails")]

use std::slice;

use beartrap::model::alert::Event;
use beartrap::model::audit::{AuditKind, AuditRecord};
use beartrap::model::instant::Instant;
use beartrap::model::judgement::Judgement;
use beartrap::model::lifecycle::{LifecycleEvent, LifecycleKind, Target};
use beartrap::model::token_key::TokenKey;
use beartrap::store::audit::Note;
use beartrap::store::outbox::{Begins, NewAlert, NewDelivery};
use beartrap::store::step::{Committed, NewUse, NewValue, Seen, Step, use_digest};
use beartrap::store::store::{Checkpoint, Few, Store};
use serde_json::json;

use crate::stores::{Home, at, fp, judgement, judgements_of, new_use, plain, record, sighting, uses_of, write};

fn token(name: &str) -> TokenKey {
    format!("token_id:{name}").parse().unwrap()
}

fn keep_uses(store: &mut dyn Store, uses: &[NewUse]) -> u64 {
    store.commit(&Step { uses, ..Step::default() }).unwrap().uses
}

fn keep_judgements(store: &mut dyn Store, judgements: &[Judgement]) -> u64 {
    store.commit(&Step { judgements, ..Step::default() }).unwrap().judgements
}

fn texts(uses: &[NewUse]) -> Vec<&str> {
    uses.iter().map(|one| one.json.as_str()).collect()
}

pub fn a_step_is_written_together(home: &Home) {
    let mut store = home.open();
    write(&mut *store, &[plain(1)]);
    let uses = [new_use(&[fp(1)], Some(5), "a")];
    let seen = [Seen { record: 1, exposure: sighting("x", 1) }];
    let judgements = [judgement("0a", &fp(1), Some(at(5)), None)];
    let checkpoints = ["s", "t"].map(|source| Checkpoint { source: source.into(), offset: 7, line: 3 });
    let values = [new_value("n/a", Some(b"1"))];
    let events = [LifecycleEvent { event: LifecycleKind::Revoked, target: Target::Key(fp(1)), at: at(5), reason: None, successor: None }];
    let notes = [Note::new(at(5), &AuditRecord::new(AuditKind::Decided, "ann@host", "nothing"))];
    let deliveries = vec![NewDelivery { id: "d".into(), endpoint: "x".into(), begins: Begins::Due }];
    let alerts = [NewAlert { id: "a".into(), event: Event::Exposed, json: "{}".into(), token: 0, at: at(5), deliveries }];
    let (checkpoints, judgements) = (checkpoints.as_slice(), judgements.as_slice());
    let step = Step { uses: &uses, seen: &seen, judgements, checkpoints, values: &values, alerts: &alerts, events: &events, notes: &notes };
    // One that fails leaves nothing, whatever it had come to.
    home.meddle("ALTER TABLE checkpoint RENAME TO elsewhere");
    assert!(store.commit(&step).is_err());
    home.meddle("ALTER TABLE elsewhere RENAME TO checkpoint");
    let counts = store.counts().unwrap();
    assert_eq!((counts.uses, counts.judgements, counts.exposures, store.checkpoint("s").unwrap()), (0, 0, 0, None));
    assert_eq!((store.value("n/a").unwrap(), store.all_events().unwrap(), store.last_note().unwrap()), (None, vec![], None));
    home.meddle("ALTER TABLE audit RENAME TO elsewhere");
    assert!(store.commit(&step).is_err());
    home.meddle("ALTER TABLE elsewhere RENAME TO audit");
    assert_eq!((store.counts().unwrap().uses, store.all_events().unwrap()), (0, vec![]));
    assert_eq!(store.commit(&step).unwrap(), Committed { uses: 1, judgements: 1, deliveries: 1 });
    for store in [store, home.open()] {
        let counts = store.counts().unwrap();
        assert_eq!((counts.uses, counts.judgements, counts.exposures), (1, 1, 1));
        assert_eq!((uses_of(&*store, &[fp(1)]), judgements_of(&*store, &[fp(1)])), (vec![uses[0].json.clone()], vec!["0a".to_owned()]));
        assert_eq!((store.exposures(1).unwrap()[0].count, store.checkpoint("t").unwrap().as_ref()), (1, Some(&checkpoints[1])));
        assert_eq!((store.all_events().unwrap().as_slice(), store.last_note().unwrap().map(|noted| noted.seq)), (events.as_slice(), Some(1)));
        assert_eq!(store.verify().unwrap(), [""; 0]);
    }
    assert_eq!(home.open().commit(&Step::default()).unwrap(), Committed::default());
}

fn new_value(name: &str, bytes: Option<&[u8]>) -> NewValue {
    NewValue { name: name.into(), bytes: bytes.map(<[u8]>::to_vec) }
}

pub fn values_are_replaced_removed_and_listed(home: &Home) {
    let mut store = home.open();
    let set = |store: &mut dyn Store, values: &[NewValue]| store.commit(&Step { values, ..Step::default() }).unwrap();
    set(&mut *store, &[("n/b", "1"), ("n/a", "2"), ("n", "3"), ("N/a", "4")].map(|(name, value)| new_value(name, Some(value.as_bytes()))));
    set(&mut *store, &[new_value("n/b", Some(b"5")), new_value("n/none", None)]);
    let listed = |prefix: &str| home.open().values(prefix).unwrap().into_iter().map(|(name, bytes)| (name, bytes[0])).collect::<Vec<_>>();
    assert_eq!(listed("n/"), [("n/a".to_owned(), b'2'), ("n/b".to_owned(), b'5')]);
    set(&mut *store, &[new_value("n/a", None)]);
    assert_eq!(listed("n/"), [("n/b".to_owned(), b'5')]);
    assert_eq!((listed("%").len(), listed("_/").len(), home.open().value("N/a").unwrap()), (0, 0, Some(b"4".to_vec())));
}

pub fn a_use_is_kept_once(home: &Home) {
    let mut store = home.open();
    let (one, two) = (new_use(&[fp(1), token("a")], Some(5), "\u{0} ü \" 'a"), new_use(&[fp(1)], Some(5), "b"));
    assert_eq!(keep_uses(&mut *store, &[one.clone(), two.clone(), one.clone()]), 2);
    assert_eq!(keep_uses(&mut *home.open(), &[two.clone(), one.clone()]), 0);
    // By its text alone; and one without a name is left out.
    assert_eq!(keep_uses(&mut *store, &[NewUse { names: vec![9], at: None, ..one.clone() }, NewUse { names: vec![], ..new_use(&[], None, "c") }]), 0);
    let mut told = uses_of(&*store, &[fp(1)]);
    told.sort_unstable();
    let mut expected = [one.json, two.json];
    expected.sort_unstable();
    assert_eq!((told.as_slice(), store.counts().unwrap().uses), (expected.as_slice(), 2));
    assert_eq!(store.verify().unwrap(), [""; 0]);
    // Many at once, half of them known.
    let many: Vec<NewUse> = (0..6000).map(|number| new_use(&[fp(number), fp(number + 1_000_000)], Some(7), "m")).collect();
    assert_eq!((keep_uses(&mut *store, &many[..3000]), keep_uses(&mut *store, &many)), (3000, 3000));
    assert!([0, 1999, 2000, 5999].iter().all(|number| !uses_of(&*store, &[fp(number + 1_000_000)]).is_empty()));
    assert_eq!(store.verify().unwrap(), [""; 0]);
}

pub fn uses_are_found_by_every_name(home: &Home) {
    let mut store = home.open();
    let names = ["a", "b", "c", "d", "e", "other"].map(token);
    let of = |numbers: &[usize]| numbers.iter().map(|number| names[*number].clone()).collect::<Vec<_>>();
    let uses: Vec<NewUse> = (1..).zip([&[0][..], &[1, 0], &[2, 1], &[3], &[5]]).map(|(at, own)| new_use(&of(own), Some(at), "")).collect();
    assert_eq!(keep_uses(&mut *store, &uses), 5);
    let check = |store: &dyn Store, numbers: &[usize], expected: &[NewUse]| assert_eq!(uses_of(store, &of(numbers)), texts(expected), "{numbers:?}");
    for number in 0..3 {
        check(&*store, &[number], &uses[..3]);
    }
    check(&*store, &[3], &uses[3..4]);
    // A record says that two names are of one token.
    write(&mut *store, &[record(&json!({"fp": fp(1), "alt_keys": &names[2..5]}))]);
    for number in 0..5 {
        check(&*store, &[number], &uses[..4]);
    }
    assert_eq!(uses_of(&*store, &[fp(1)]), texts(&uses[..4]));
    check(&*store, &[5], &uses[4..]);
    check(&*store, &[5, 0, 0, 3], &uses);
    check(&*store, &[], &[]);
    assert_eq!(uses_of(&*store, &[token("nobody")]), [""; 0]);
}

pub fn uses_are_told_oldest_first(home: &Home) {
    let mut store = home.open();
    let time = |number: i64| (number % 7 != 0).then_some(number * 7919 % 50 - 10);
    let mut uses: Vec<NewUse> = (0..3000_i64).map(|number| new_use(&[fp(u64::from(number % 3 == 0))], time(number), &number.to_string())).collect();
    uses.push(new_use(&[fp(0), fp(1)], Some(i64::MAX), "last"));
    assert_eq!(keep_uses(&mut *store, &uses), 3001);
    // Whatever came first.
    uses.sort_by_key(|one| (one.at, use_digest(&one.json)));
    assert_eq!(uses_of(&*store, &[fp(1)]), texts(&uses));
}

pub fn judgements_are_kept_once(home: &Home) {
    let mut store = home.open();
    let one = judgement("0a", &fp(1), Some(at(5)), None);
    let mut changed = one.clone();
    changed.verdict.message = "something else".into();
    assert_eq!(keep_judgements(&mut *store, &[one.clone(), changed.clone()]), 1);
    assert_eq!(keep_judgements(&mut *home.open(), &[changed, judgement("0b", &fp(2), None, None)]), 1);
    assert_eq!(store.judgements(&[fp(1).index()]).unwrap(), [one]);
    assert_eq!(store.counts().unwrap().judgements, 2);
    // They are found by the names of the token, as uses are.
    assert_eq!(judgements_of(&*store, &[token("a")]), [""; 0]);
    keep_uses(&mut *store, &[new_use(&[token("a"), fp(1)], None, "1")]);
    write(&mut *store, &[record(&json!({"fp": fp(2), "alt_keys": ["token_id:a"]}))]);
    assert_eq!(judgements_of(&*store, &[token("a")]), ["0b", "0a"]);
    assert_eq!(judgements_of(&*store, &[fp(1), fp(2), fp(3)]), ["0b", "0a"]);
}

pub fn judgements_take_the_place_of_others(home: &Home) {
    let mut store = home.open();
    let one = |id, second, supersedes| judgement(id, &fp(1), Some(at(second)), supersedes);
    keep_judgements(&mut *store, &[one("0a", 1, None), one("0b", 2, None)]);
    keep_judgements(&mut *store, &[one("0c", 3, Some("0a"))]);
    assert_eq!(judgements_of(&*store, &[fp(1)]), ["0b", "0c"]);
    // The later one may come first; one that names itself stays.
    keep_judgements(&mut *store, &[one("0e", 5, Some("0d")), one("0f", 6, Some("0f"))]);
    keep_judgements(&mut *store, &[one("0d", 4, Some("0c"))]);
    assert_eq!(judgements_of(&*store, &[fp(1)]), ["0b", "0e", "0f"]);
    assert_eq!(store.counts().unwrap().judgements, 6);
}

pub fn judgements_are_told_from_a_time_on(home: &Home) {
    let mut store = home.open();
    let half = Instant::from_text("1970-01-01T00:00:05.5Z");
    let all = [
        judgement("0e", &fp(1), None, None),
        judgement("0d", &fp(2), Some(at(-5)), None),
        judgement("0a", &fp(3), Some(at(5)), Some("0d")),
        judgement("0b", &fp(1), half, None),
        judgement("0c", &fp(1), Some(at(6)), Some("0b")),
    ];
    keep_judgements(&mut *store, &[all[4].clone(), all[2].clone(), all[1].clone(), all[3].clone(), all[0].clone()]);
    let told = |since| {
        let mut told = Vec::new();
        store.all_judgements(since, &mut |judgement| told.push(judgement)).unwrap();
        told
    };
    assert_eq!(told(None), all);
    for (since, expected) in [(Some(at(-5)), vec![0, 1, 2, 3, 4]), (Some(at(5)), vec![0, 2, 3, 4]), (half, vec![0, 3, 4]), (Some(at(7)), vec![0])] {
        let expected: Vec<Judgement> = expected.into_iter().map(|number: usize| all[number].clone()).collect();
        assert_eq!(told(since), expected, "{since:?}");
    }
}

pub fn old_uses_are_forgotten(home: &Home) {
    let mut store = home.open();
    let [a, b, c] = ["a", "b", "c"].map(token);
    let uses = [
        new_use(&[a.clone(), b.clone()], Some(1), "1"),
        new_use(slice::from_ref(&b), Some(10), "2"),
        new_use(&[c.clone(), b.clone()], Some(11), "3"),
        new_use(slice::from_ref(&a), None, "undated"),
    ];
    keep_uses(&mut *store, &uses);
    keep_judgements(&mut *store, &[judgement("0a", &a, Some(at(1)), None)]);
    write(&mut *store, &[record(&json!({"alt_keys": ["token_id:c"], "expires_at": 1}))]);
    // Uses have a retention of their own.
    assert_eq!((store.forget(at(100)).unwrap(), store.counts().unwrap().uses), (1, 4));
    assert_eq!((store.forget_uses(at(1)).unwrap(), store.forget_uses(at(10)).unwrap(), store.forget_uses(at(10)).unwrap()), (0, 1, 0));
    // A home that still has a use keeps its names.
    assert_eq!(uses_of(&*store, slice::from_ref(&c)), [&uses[3], &uses[1], &uses[2]].map(|one| one.json.clone()));
    assert_eq!(store.forget_uses(at(12)).unwrap(), 2);
    assert_eq!((uses_of(&*store, &[b]), uses_of(&*store, &[c])), (vec![uses[3].json.clone()], vec![]));
    assert_eq!(judgements_of(&*store, &[a]), ["0a"]);
    assert_eq!(store.verify().unwrap(), [""; 0]);
    assert_eq!(keep_uses(&mut *store, &uses[..1]), 1, "what was forgotten is new");
}

pub fn old_judgements_are_forgotten_with_those_they_replaced(home: &Home) {
    let mut store = home.open();
    let a = token("a");
    let all = [
        judgement("0a", &a, Some(at(50)), None),
        judgement("0b", &a, Some(at(10)), Some("0a")),
        judgement("0c", &a, Some(at(20)), None),
        judgement("0d", &a, None, None),
    ];
    keep_judgements(&mut *store, &all);
    assert_eq!((store.forget_judgements(at(10)).unwrap(), store.forget_judgements(at(20)).unwrap()), (0, 2));
    assert_eq!(judgements_of(&*store, slice::from_ref(&a)), ["0d", "0c"]);
    assert_eq!((store.counts().unwrap().judgements, store.verify().unwrap().len()), (2, 0));
}

pub fn facts_of_forgotten_records_are_forgotten(home: &Home) {
    let mut store = home.open();
    let event = |target| LifecycleEvent { event: LifecycleKind::Revoked, target, at: at(1), reason: None, successor: None };
    let facts = [Target::Key(fp(1)), Target::Key(token("a")), Target::Key(fp(2)), Target::Key(fp(3)), Target::Family("f".into())].map(event);
    let records = [json!({"fp": fp(1), "alt_keys": ["token_id:a"], "expires_at": 10, "family_id": "f"}), json!({"fp": fp(2), "expires_at": 20})];
    write(&mut *store, &records.each_ref().map(record));
    store.write(&mut Few { events: facts.to_vec(), ..Few::default() }).unwrap();
    assert_eq!(store.forget(at(15)).unwrap(), 1);
    let targets: Vec<Target> = facts.iter().map(|fact| fact.target.clone()).collect();
    // Those of its family too, which has no other member left.
    let mut left = facts[2..4].to_vec();
    left.sort();
    assert_eq!((store.events(&targets).unwrap(), store.counts().unwrap().events), (left, 2));
}

pub fn lost_uses_are_noticed(home: &Home) {
    let mut store = home.open();
    keep_uses(&mut *store, &[new_use(&[fp(1), fp(2)], Some(1), "1"), new_use(&[fp(3), fp(4)], Some(2), "2"), new_use(&[fp(5)], None, "3")]);
    keep_judgements(&mut *store, &[judgement("0a", &fp(1), None, None), judgement("0b", &fp(1), None, None)]);
    assert_eq!(store.verify().unwrap(), [""; 0]);
    home.meddle(
        "DELETE FROM token_use WHERE at = 1; UPDATE token_use SET record = '{}' WHERE at = 2; UPDATE judgement SET record = '{' WHERE id = '0a'",
    );
    let expected = ["1 uses are not what was written", "1 links between names belong to no use", "1 judgements cannot be read"];
    assert_eq!(store.verify().unwrap(), expected);
    let error = store.judgements(&[fp(1).index()]).expect_err("because it is damaged").to_string();
    assert!(error.contains("damaged") && error.contains("hint:"), "{error}");
}
