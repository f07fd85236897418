//! What every store must do, asked of the embedded one, and of the shared one where `BEARTRAP_TEST_POSTGRES` names a server.
#![allow(clippy::unwrap_used, reason = "what a law relies on fails the test where it fails")]

#[path = "support/stores.rs"]
mod stores;

#[path = "support/store_model.rs"]
mod model;

#[path = "support/store_audit.rs"]
mod audit;

#[path = "support/store_uses.rs"]
mod uses;

#[path = "support/store_outbox.rs"]
mod outbox;

use beartrap::model::known::Gram;
use beartrap::model::lifecycle::{LifecycleEvent, LifecycleKind, Target};
use beartrap::model::token_key::TokenKey;
use beartrap::store::step::Seen;
use beartrap::store::store::{Checkpoint, FilterPart, FilterState, NewIssuance, Novelty, Store, Tail};
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::audit::{a_changed_log_is_noticed, notes_are_told_in_order, writers_do_not_fork_the_log};
use crate::outbox::{
    alerts_of_a_token_keep_their_order, an_alert_is_queued_once, an_outbox_empties, old_alerts_are_forgotten, people_retry_release_and_drop,
    what_is_not_settled_comes_again,
};
use crate::stores::{Home, Load, at, content, expose, fp, load, plain, ready, record, sighting, write};
use crate::uses::{
    a_step_is_written_together, a_use_is_kept_once, facts_of_forgotten_records_are_forgotten, judgements_are_kept_once,
    judgements_are_told_from_a_time_on, judgements_take_the_place_of_others, lost_uses_are_noticed,
    old_judgements_are_forgotten_with_those_they_replaced, old_uses_are_forgotten, uses_are_found_by_every_name, uses_are_told_oldest_first,
    values_are_replaced_removed_and_listed,
};

/// One test for each store out of each law.
macro_rules! laws {
    ($($law:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $law() { super::$law(&super::Home::sqlite()); })*
        }
        #[cfg(feature = "postgres")]
        mod postgres {
            $(#[test] fn $law() {
                if let Some(home) = super::Home::postgres(stringify!($law)) {
                    super::$law(&home);
                }
            })*
        }
    };
}

laws!(
    new_and_perhaps_known_records_are_written,
    large_batches_mix_both_kinds,
    the_same_batch_twice_changes_nothing,
    records_of_one_token_become_one,
    a_family_is_found,
    lengths_of_tokens_are_kept,
    records_that_a_third_joins_become_one,
    whole_names_are_compared,
    facts_are_told_oldest_first,
    sightings_are_counted_together,
    a_checkpoint_comes_with_its_batch,
    the_filter_knows_late_names_and_parts,
    a_name_alone_is_a_change_too,
    indices_are_found_in_any_range,
    grams_are_kept_by_hash,
    what_expired_is_forgotten,
    forgotten_numbers_are_not_given_again,
    loss_is_noticed,
    values_are_set_once,
    one_reads_while_another_writes,
    writers_take_turns,
    many_open_at_once,
    a_step_is_written_together,
    a_use_is_kept_once,
    uses_are_found_by_every_name,
    uses_are_told_oldest_first,
    judgements_are_kept_once,
    judgements_take_the_place_of_others,
    judgements_are_told_from_a_time_on,
    old_uses_are_forgotten,
    values_are_replaced_removed_and_listed,
    old_judgements_are_forgotten_with_those_they_replaced,
    facts_of_forgotten_records_are_forgotten,
    lost_uses_are_noticed,
    notes_are_told_in_order,
    writers_do_not_fork_the_log,
    a_changed_log_is_noticed,
    a_store_is_a_map,
    an_alert_is_queued_once,
    what_is_not_settled_comes_again,
    alerts_of_a_token_keep_their_order,
    people_retry_release_and_drop,
    old_alerts_are_forgotten,
    an_outbox_empties,
);

fn token(name: &str) -> TokenKey {
    format!("token_id:{name}").parse().unwrap()
}

fn new_and_perhaps_known_records_are_written(home: &Home) {
    let mut store = home.open();
    let mut batch = load(&[plain(1), plain(2)], Novelty::New);
    batch.issued.push_back(ready(&plain(3), Novelty::Perhaps));
    let written = store.write(&mut batch).unwrap();
    assert_eq!((written.new, written.updated, written.known, written.last), (3, 0, 0, 3));
    assert_eq!(batch.begun, Some(0));
    batch.fresh.sort_unstable();
    let mut indices: Vec<u64> = (1..=3).map(|number| fp(number).index()).collect();
    indices.sort_unstable();
    assert_eq!(batch.fresh, indices);
    for store in [store, home.open()] {
        for number in 1..=3 {
            assert_eq!(store.find(&fp(number)).unwrap()[0].issuance, plain(number));
        }
        assert_eq!(store.find(&fp(4)).unwrap(), []);
        let page = store.page(2, 5).unwrap();
        assert_eq!(page.iter().map(|stored| stored.id).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(store.page(1, 1).unwrap().len(), 1);
        let counts = store.counts().unwrap();
        assert_eq!((counts.records, counts.keys, counts.events, counts.exposures, counts.grams), (3, 3, 0, 0, 0));
        assert!(counts.bytes > 0);
        assert_eq!(store.verify().unwrap(), [""; 0]);
    }
}

fn large_batches_mix_both_kinds(home: &Home) {
    let mut store = home.open();
    let kind = |number: u64| if number.is_multiple_of(3) { Novelty::Perhaps } else { Novelty::New };
    let mut batch = Load { issued: (0..5000).map(|number| ready(&plain(number), kind(number))).collect(), ..Load::default() };
    let written = store.write(&mut batch).unwrap();
    assert_eq!((written.new, written.last, batch.fresh.len()), (5000, 5000, 5000));
    let again = write(&mut *store, &(0..5000).map(plain).collect::<Vec<_>>());
    assert_eq!((again.new, again.known, again.last), (0, 5000, 5000));
    assert!([0, 1, 2, 4999].iter().all(|number| store.find(&fp(*number)).unwrap().len() == 1));
    assert_eq!(store.verify().unwrap(), [""; 0]);
}

fn the_same_batch_twice_changes_nothing(home: &Home) {
    let mut store = home.open();
    let event = LifecycleEvent { event: LifecycleKind::Revoked, target: Target::Key(fp(1)), at: at(5), reason: None, successor: None };
    let full = record(&json!({"fp": fp(1), "alt_keys": ["token_id:z", "token_id:a"], "iss": "https://issuer.example", "jti": "j", "team": "t"}));
    let batch = || Load {
        issued: [&full, &plain(2), &plain(2)].map(|one| ready(one, Novelty::Perhaps)).into(),
        tail: Tail { events: vec![event.clone(), event.clone()], ..Tail::default() },
        ..Load::default()
    };
    let first = store.write(&mut batch()).unwrap();
    assert_eq!((first.new, first.known, first.events), (2, 1, 1));
    let before = content(&*store);
    let mut again = batch();
    let second = store.write(&mut again).unwrap();
    assert_eq!((second.new, second.updated, second.known, second.events, second.last), (0, 0, 3, 0, first.last));
    assert_eq!((content(&*store), again.fresh.len()), (before, 0));
}

fn records_of_one_token_become_one(home: &Home) {
    let mut store = home.open();
    let batch = [
        record(&json!({"fp": fp(1), "provider": "one", "iss": "i", "jti": "old", "expires_at": 100})),
        record(&json!({"fp": fp(1), "alt_keys": ["token_id:a"], "jti": "new", "iss": "i"})),
        record(&json!({"alt_keys": ["token_id:a", "token_id:b"], "provider": "two", "fp": fp(2)})),
    ];
    let written = write(&mut *store, &batch);
    assert_eq!((written.new, written.updated, written.known), (1, 2, 0));
    let names: Vec<TokenKey> = ["token_id:a", "token_id:b", "jti:i#old", "jti:i#new"].iter().map(|name| name.parse().unwrap()).collect();
    for name in names.iter().chain(&[fp(1), fp(2)]) {
        let found = store.find(name).unwrap();
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!((found[0].id, found[0].issuance.provider.as_deref(), found[0].issuance.expires_at), (1, Some("two"), Some(at(100))));
    }
    assert_eq!((store.counts().unwrap().records, store.counts().unwrap().keys), (1, 6));
    assert_eq!(store.verify().unwrap(), [""; 0]);
}

fn a_family_is_found(home: &Home) {
    let mut store = home.open();
    let member = |number, family: &str| record(&json!({"fp": fp(number), "family_id": family, "generation": number}));
    write(&mut *store, &[member(1, "f"), member(2, "g"), member(3, "f"), plain(4)]);
    store.write(&mut Load { issued: [ready(&member(5, "f"), Novelty::New)].into(), ..Load::default() }).unwrap();
    write(&mut *store, &[record(&json!({"fp": fp(4), "family_id": "g"}))]);
    let family = |store: &dyn Store, id: &str| store.family(id).unwrap().iter().map(|stored| stored.issuance.fp.clone().unwrap()).collect::<Vec<_>>();
    assert_eq!((family(&*store, "f"), family(&*store, "g"), family(&*store, "h")), (vec![fp(1), fp(3), fp(5)], vec![fp(2), fp(4)], vec![]));
    // Two of them turn out to be one token.
    write(&mut *store, &[record(&json!({"fp": fp(1), "alt_keys": [fp(3)]}))]);
    assert_eq!(family(&*store, "f").len(), 2);
    assert_eq!(store.verify().unwrap(), [""; 0]);
}

fn lengths_of_tokens_are_kept(home: &Home) {
    let mut store = home.open();
    assert_eq!(store.filter().unwrap().lengths, [0; 0]);
    let long = |number, length| NewIssuance { length, ..ready(&plain(number), Novelty::New) };
    let issued = [long(1, Some(40)), long(2, Some(0)), long(3, None), long(4, Some(40))].into();
    store.write(&mut Load { issued, ..Load::default() }).unwrap();
    let perhaps = NewIssuance { length: Some(52), ..ready(&plain(1), Novelty::Perhaps) };
    store.write(&mut Load { issued: [perhaps].into(), ..Load::default() }).unwrap();
    let mut lengths = home.open().filter().unwrap().lengths;
    lengths.sort_unstable();
    assert_eq!(lengths, [0, 40, 52]);
}

fn records_that_a_third_joins_become_one(home: &Home) {
    let mut store = home.open();
    let gram = |hash| Some(Gram { hash, before: 1, length: 40 });
    let one = NewIssuance { gram: gram(7), ..ready(&plain(1), Novelty::New) };
    let two = NewIssuance { gram: gram(8), ..ready(&record(&json!({"alt_keys": ["token_id:a"], "provider": "p"})), Novelty::New) };
    store.write(&mut Load { issued: [one, two].into(), ..Load::default() }).unwrap();
    let seen = |record, location, second| Seen { record, exposure: sighting(location, second) };
    expose(&mut *store, &[seen(1, "x", 1), seen(2, "x", 2), seen(2, "y", 3)]);
    let both = record(&json!({"fp": fp(1), "alt_keys": ["token_id:a"]}));
    let written = write(&mut *store, &[plain(5), both, plain(6)]);
    assert_eq!((written.new, written.updated), (2, 1));
    let found = store.find(&token("a")).unwrap();
    assert_eq!((found.len(), found[0].id, found[0].issuance.provider.as_deref()), (1, 1, Some("p")));
    let places: Vec<(String, u64)> = store.exposures(1).unwrap().into_iter().map(|place| (place.location, place.count)).collect();
    assert_eq!(places, [("x".to_owned(), 2), ("y".to_owned(), 1)]);
    assert_eq!((store.exposures(2).unwrap(), store.grams(8).unwrap().len()), (vec![], 1));
    let counts = store.counts().unwrap();
    assert_eq!((counts.records, counts.keys, counts.exposures, counts.grams), (3, 4, 2, 2));
    assert_eq!(store.verify().unwrap(), [""; 0]);
}

fn whole_names_are_compared(home: &Home) {
    let mut store = home.open();
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let names: Vec<TokenKey> = [
        format!("sha256:{digest}"),
        format!("hmac-sha256:k1:{digest}"),
        format!("unsigned:sha256:{digest}"),
        "jti:https://issuer.example#1".to_owned(),
        "kid:a".to_owned(),
        "token_id:a".to_owned(),
        "vault_accessor:a".to_owned(),
        "k8s:a".to_owned(),
        "session:a".to_owned(),
        "biscuit:a".to_owned(),
    ]
    .iter()
    .map(|name| name.parse().unwrap())
    .collect();
    // Every record is listed under the index of every name, as if all of them began with the same 64 bits.
    let every: Vec<u64> = names.iter().map(TokenKey::index).collect();
    let records = names.iter().map(|name| record(&json!({"alt_keys": [name]})));
    let issued = records.map(|one| NewIssuance { indices: every.clone(), ..ready(&one, Novelty::New) }).collect();
    store.write(&mut Load { issued, ..Load::default() }).unwrap();
    for (id, name) in (1..).zip(&names) {
        let found = store.find(name).unwrap();
        assert_eq!(found.iter().map(|stored| stored.id).collect::<Vec<_>>(), [id], "{name}");
    }
    // What only collides is not joined.
    let written = write(&mut *store, &[record(&json!({"alt_keys": [names[4]], "provider": "p"}))]);
    assert_eq!((written.new, written.updated, store.counts().unwrap().records), (0, 1, 10));
}

fn facts_are_told_oldest_first(home: &Home) {
    let mut store = home.open();
    let event = |target: &Target, time: &str, reason: &str| -> LifecycleEvent {
        serde_json::from_value(json!({"event": "revoked", "target": target, "at": time, "reason": reason})).unwrap()
    };
    let targets =
        [Target::Key(fp(1)), Target::Family("f".into()), Target::Session("f".into()), Target::Task("f".into()), Target::Subject("f".into())];
    let mut events: Vec<LifecycleEvent> = targets.iter().map(|target| event(target, "2026-01-01T00:00:02Z", "r")).collect();
    events.push(event(&targets[0], "2026-01-01T00:00:01.75Z", "a"));
    events.push(event(&targets[0], "2026-01-01T00:00:01.5Z", "z"));
    events.push(event(&targets[0], "2026-01-01T00:00:01Z", &"long ".repeat(10_000)));
    let written = store.write(&mut Load { tail: Tail { events: events.clone(), ..Tail::default() }, ..Load::default() }).unwrap();
    assert_eq!((written.events, written.last), (8, 0));
    events.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.cmp(b)));
    assert_eq!(store.all_events().unwrap(), events);
    for target in &targets {
        let own: Vec<LifecycleEvent> = events.iter().filter(|event| event.target == *target).cloned().collect();
        assert_eq!(store.events(std::slice::from_ref(target)).unwrap(), own);
    }
    assert_eq!(store.events(&[targets.as_slice(), targets.as_slice()].concat()).unwrap(), events);
    assert_eq!(store.events(&[]).unwrap(), []);
}

fn sightings_are_counted_together(home: &Home) {
    let mut store = home.open();
    write(&mut *store, &[plain(1), plain(2)]);
    let seen = |record, location, second| Seen { record, exposure: sighting(location, second) };
    expose(&mut *store, &[seen(1, "b", 20), seen(1, "a", 10), seen(1, "b", 5), seen(2, "b", 7), seen(77, "b", 7)]);
    expose(&mut *store, &[seen(1, "b", 30)]);
    let places = store.exposures(1).unwrap();
    let short: Vec<_> = places.iter().map(|place| (place.location.as_str(), place.first_seen, place.last_seen, place.count)).collect();
    assert_eq!(short, [("b", at(5), at(30), 3), ("a", at(10), at(10), 1)]);
    // A record that is gone has no places.
    assert_eq!((store.exposures(77).unwrap(), store.counts().unwrap().exposures), (vec![], 3));
    assert_eq!(store.verify().unwrap(), [""; 0]);
}

fn a_checkpoint_comes_with_its_batch(home: &Home) {
    let mut store = home.open();
    let source = "a file/".repeat(700);
    assert_eq!(store.checkpoint(&source).unwrap(), None);
    for (number, offset) in [(1, 10), (2, u64::MAX)] {
        let checkpoint = Checkpoint { source: source.clone(), offset, line: number };
        let mut batch = load(&[plain(number)], Novelty::New);
        batch.tail.checkpoint = Some(checkpoint.clone());
        store.write(&mut batch).unwrap();
        assert_eq!(home.open().checkpoint(&source).unwrap(), Some(checkpoint));
    }
    // A batch that fails leaves neither records nor a checkpoint.
    let mut broken = load(&[plain(3)], Novelty::New);
    broken.issued.push_back(NewIssuance { json: "no record".into(), ..ready(&plain(4), Novelty::Perhaps) });
    broken.tail.checkpoint = Some(Checkpoint { source: source.clone(), offset: 1, line: 1 });
    assert!(store.write(&mut broken).is_err());
    assert_eq!((store.checkpoint(&source).unwrap().map(|kept| kept.line), store.last().unwrap()), (Some(2), 2));
    assert_eq!((store.find(&fp(3)).unwrap().len(), store.counts().unwrap().records), (0, 2));
    assert_eq!(write(&mut *store, &[plain(5)]).last, 3);
}

fn the_filter_knows_late_names_and_parts(home: &Home) {
    let mut store = home.open();
    assert_eq!(store.filter().unwrap(), FilterState::default());
    write(&mut *store, &[plain(1)]);
    let part = |merged, number, bytes: &[u8]| FilterPart { merged, number, bytes: bytes.to_vec() };
    for (number, bytes) in [(2, b"one"), (3, b"two")] {
        let mut batch = load(&[plain(number)], Novelty::New);
        batch.tail.filter = Some(bytes.to_vec());
        store.write(&mut batch).unwrap();
    }
    let state = store.filter().unwrap();
    assert_eq!(state.parts, [part(false, 0, b"one"), part(false, 1, b"two")]);
    assert_eq!((state.late, state.last), (vec![fp(1).index()], 3));
    let parts = [part(true, 0, b""), part(true, 1, b"all")];
    write(&mut *home.open(), &[plain(4)]);
    assert!(!store.merge_filter(&parts, 3).unwrap(), "somebody has written");
    assert_eq!(store.filter().unwrap().late.len(), 2);
    assert!(store.merge_filter(&parts, 4).unwrap());
    let mut batch = load(&[plain(5)], Novelty::New);
    batch.tail.filter = Some(b"three".to_vec());
    store.write(&mut batch).unwrap();
    let state = home.open().filter().unwrap();
    assert_eq!(state.parts, [parts.as_slice(), &[part(false, 0, b"three")]].concat());
    assert_eq!((state.late, state.last), (vec![], 5));
}

/// Else another process would go on without the name, or merge the filter without it.
fn a_name_alone_is_a_change_too(home: &Home) {
    let mut store = home.open();
    let judged_at = write(&mut *store, &[plain(1)]).last;
    let named = record(&json!({"fp": fp(1), "alt_keys": ["token_id:a"]}));
    let written = write(&mut *home.open(), std::slice::from_ref(&named));
    assert_eq!((written.updated, written.last, store.last().unwrap()), (1, judged_at + 1, judged_at + 1));
    assert!(!store.merge_filter(&[], judged_at).unwrap());
    assert!(store.filter().unwrap().late.contains(&token("a").index()));
    // Nor is the number given to a record.
    assert_eq!(write(&mut *store, &[named, plain(2)]).last, 3);
    assert_eq!(store.find(&fp(2)).unwrap()[0].id, 3);
}

fn indices_are_found_in_any_range(home: &Home) {
    const HALF: u64 = 1 << 63;
    let mut store = home.open();
    let all = [0, 1, HALF - 1, HALF, HALF + 1, u64::MAX];
    let gram = Some(Gram { hash: u64::MAX - 1, before: 0, length: 1 });
    let new = NewIssuance { indices: all.to_vec(), gram, ..ready(&plain(1), Novelty::New) };
    store.write(&mut Load { issued: [new].into(), ..Load::default() }).unwrap();
    for (first, last, count) in
        [(0, u64::MAX, 7), (0, HALF - 1, 3), (HALF, u64::MAX, 4), (1, HALF, 3), (HALF + 1, u64::MAX - 1, 2), (2, HALF - 2, 0), (5, 5, 0)]
    {
        let mut found = store.indices(first, last).unwrap();
        found.sort_unstable();
        let expected: Vec<u64> = all[..5].iter().copied().chain([u64::MAX - 1, u64::MAX]).filter(|index| (first..=last).contains(index)).collect();
        assert_eq!((&found, found.len()), (&expected, count), "{first} to {last}");
    }
}

fn grams_are_kept_by_hash(home: &Home) {
    let mut store = home.open();
    assert!(!store.has_grams().unwrap());
    let gram = |before, length| Gram { hash: u64::MAX, before, length };
    let shapes = [gram(5, 40), gram(2, 40), gram(5, 40)];
    let issued = (1..).zip(shapes).map(|(number, gram)| NewIssuance { gram: Some(gram), ..ready(&plain(number), Novelty::New) }).collect();
    store.write(&mut Load { issued, ..Load::default() }).unwrap();
    // A record that comes again with its length can be found from now on.
    let late = NewIssuance { gram: Some(Gram { hash: 3, before: u32::MAX, length: u32::MAX }), ..ready(&plain(4), Novelty::Perhaps) };
    let bare = NewIssuance { gram: None, ..late.clone() };
    let written = store.write(&mut Load { issued: [bare, late].into(), ..Load::default() }).unwrap();
    assert_eq!((written.new, written.known), (1, 1));
    assert!(store.has_grams().unwrap());
    assert_eq!(store.grams(u64::MAX).unwrap(), [gram(2, 40), gram(5, 40)]);
    assert_eq!((store.grams(3).unwrap().len(), store.grams(4).unwrap().len(), store.counts().unwrap().grams), (1, 0, 4));
}

fn what_expired_is_forgotten(home: &Home) {
    let mut store = home.open();
    let expiring = |number: u64, second: i64| record(&json!({"fp": fp(number), "expires_at": second, "alt_keys": [format!("token_id:{number}")]}));
    let gram = Some(Gram { hash: 9, before: 0, length: 9 });
    let first = NewIssuance { gram, ..ready(&expiring(1, 0), Novelty::New) };
    store.write(&mut Load { issued: [first].into(), ..Load::default() }).unwrap();
    write(&mut *store, &[expiring(2, 99), expiring(3, 100), plain(4)]);
    expose(&mut *store, &[1, 2, 3].map(|record| Seen { record, exposure: sighting("x", 1) }));
    assert_eq!(store.forget(at(-1)).unwrap(), 0);
    assert_eq!(store.forget(at(100)).unwrap(), 2);
    assert_eq!(store.forget(at(100)).unwrap(), 0);
    for name in [fp(1), fp(2), token("1"), token("2")] {
        assert_eq!(store.find(&name).unwrap(), [], "{name}");
    }
    assert_eq!((store.find(&token("3")).unwrap().len(), store.find(&fp(4)).unwrap().len()), (1, 1));
    let counts = store.counts().unwrap();
    assert_eq!((counts.records, counts.keys, counts.exposures, counts.grams), (2, 3, 1, 0));
    let mut left = store.filter().unwrap().late;
    left.sort_unstable();
    let mut known = store.indices(0, u64::MAX).unwrap();
    known.sort_unstable();
    assert_eq!(left, known);
    assert_eq!(store.verify().unwrap(), [""; 0]);
    // A record whose end moved is judged by the new one.
    write(&mut *store, &[expiring(3, 500)]);
    assert_eq!((store.forget(at(300)).unwrap(), store.forget(at(501)).unwrap()), (0, 1));
}

fn forgotten_numbers_are_not_given_again(home: &Home) {
    let mut store = home.open();
    write(&mut *store, &[plain(1), record(&json!({"fp": fp(2), "expires_at": 1}))]);
    assert_eq!(store.forget(at(2)).unwrap(), 1);
    assert_eq!((store.last().unwrap(), store.counts().unwrap().records, store.page(0, 10).unwrap().len()), (2, 1, 1));
    assert_eq!(store.verify().unwrap(), [""; 0]);
    assert_eq!(write(&mut *home.open(), &[plain(2)]).last, 3);
    assert_eq!(store.find(&fp(2)).unwrap()[0].id, 3);
}

fn loss_is_noticed(home: &Home) {
    let mut store = home.open();
    write(&mut *store, &[plain(1), plain(2), record(&json!({"alt_keys": ["token_id:a"]}))]);
    assert_eq!(store.verify().unwrap(), [""; 0]);
    home.meddle("DELETE FROM name WHERE id = 2; DELETE FROM issuance WHERE id = 3; UPDATE issuance SET record = '[' WHERE id = 1");
    let wrong = store.verify().unwrap();
    assert_eq!(wrong, ["1 names belong to no record", "record 1 cannot be read", "record 2 cannot be found by its fingerprint"]);
    let error = store.find(&fp(1)).expect_err("because it is damaged").to_string();
    assert!(error.contains("damaged") && error.contains("hint:"), "{error}");
}

fn values_are_set_once(home: &Home) {
    let mut store = home.open();
    assert_eq!(store.value("v").unwrap(), None);
    assert_eq!(store.set_once("v", b"\0\xff").unwrap(), b"\0\xff");
    assert_eq!(home.open().set_once("v", b"other").unwrap(), b"\0\xff");
    assert_eq!(store.value("v").unwrap().as_deref(), Some(&b"\0\xff"[..]));
    assert_eq!(store.set_once("empty", b"").unwrap(), b"");
    assert_eq!(store.value("empty").unwrap(), Some(Vec::new()));
}

fn one_reads_while_another_writes(home: &Home) {
    let (mut writer, reader) = (home.open(), home.open());
    write(&mut *writer, &[plain(1)]);
    let mut batch = load(&[plain(2), plain(3)], Novelty::New);
    batch.during = Some(Box::new(|| {
        assert_eq!((reader.find(&fp(1)).unwrap().len(), reader.find(&fp(2)).unwrap().len()), (1, 0));
        assert_eq!((reader.last().unwrap(), reader.filter().unwrap().late.len(), reader.verify().unwrap().len()), (1, 1, 0));
    }));
    writer.write(&mut batch).unwrap();
    drop(batch);
    assert_eq!((reader.find(&fp(2)).unwrap().len(), reader.last().unwrap()), (1, 3));
}

fn writers_take_turns(home: &Home) {
    home.open();
    std::thread::scope(|scope| {
        for writer in 0..3_u64 {
            scope.spawn(move || {
                let mut store = home.open();
                for round in 0..15 {
                    // Half of each batch is written by all.
                    let own = (0..10).map(|number| plain(1000 * (writer + 1) + 10 * round + number));
                    let batch: Vec<_> = own.chain((0..10).map(|number| plain(10 * round + number))).collect();
                    let written = write(&mut *store, &batch);
                    assert_eq!(written.new + written.known, 20);
                    expose(&mut *store, &[Seen { record: 1, exposure: sighting("x", 1) }]);
                }
            });
        }
    });
    let store = home.open();
    assert_eq!((store.counts().unwrap().records, store.last().unwrap()), (600, 600));
    assert_eq!(store.exposures(1).unwrap()[0].count, 45);
    assert_eq!(store.verify().unwrap(), [""; 0]);
}

fn many_open_at_once(home: &Home) {
    let barrier = std::sync::Barrier::new(6);
    std::thread::scope(|scope| {
        for writer in 0..6_u8 {
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                let mut store: Box<dyn Store> = home.open();
                store.set_once(&format!("v{writer}"), &[writer]).unwrap();
            });
        }
    });
    let store = home.open();
    assert!((0..6_u8).all(|writer| store.value(&format!("v{writer}")).unwrap() == Some(vec![writer])));
}

fn a_store_is_a_map(home: &Home) {
    let mut store = home.open();
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, max_shrink_iters: 0, ..Config::default() });
    let rounds = std::cell::Cell::new(0);
    let shared = std::cell::RefCell::new(&mut *store);
    runner
        .run(&model::operations(), |operations| {
            // Every case has names of its own, so that one store serves all of them.
            rounds.set(rounds.get() + 1);
            model::compare(&mut **shared.borrow_mut(), rounds.get(), &operations)
        })
        .unwrap();
    assert_eq!(store.verify().unwrap(), [""; 0]);
}
