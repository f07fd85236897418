//! A store as a map in memory, and random operations that both must answer alike.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::{BTreeMap, BTreeSet};

use beartrap::model::issuance::Issuance;
use beartrap::model::lifecycle::{LifecycleEvent, LifecycleKind, Target};
use beartrap::model::token_key::TokenKey;
use beartrap::store::store::{Few, Novelty, RecordId, Seen, Store};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, TestCaseError, any};
use proptest::{option, prop_assert_eq, prop_oneof};
use serde_json::json;

use crate::stores::{at, ready, record, sighting};

/// How many names there are.
const NAMES: u8 = 12;

/// A record to be: its names, when it expires, what it says.
#[derive(Clone, Debug)]
pub struct Draft {
    names: Vec<u8>,
    expires: Option<u8>,
    says: u8,
}

/// One step.
#[derive(Clone, Debug)]
pub enum Operation {
    Write(Vec<Draft>),
    Event(u8, u8),
    Expose(u8, u8, u8),
    Forget(u8),
    Find(u8),
}

/// Random steps.
pub fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let name = || 0..NAMES;
    let draft = (vec(name(), 1..4), option::of(0..8_u8), any::<u8>()).prop_map(|(names, expires, says)| Draft { names, expires, says });
    let step = prop_oneof![
        4 => vec(draft, 1..5).prop_map(Operation::Write),
        1 => (name(), 0..3_u8).prop_map(|(name, second)| Operation::Event(name, second)),
        3 => (name(), 0..3_u8, 0..5_u8).prop_map(|(name, place, second)| Operation::Expose(name, place, second)),
        1 => (0..8_u8).prop_map(Operation::Forget),
        3 => name().prop_map(Operation::Find),
        1 => Just(Operation::Find(0)),
    ];
    vec(step, 1..25)
}

#[derive(Default)]
struct Model {
    records: BTreeMap<RecordId, (Issuance, BTreeMap<String, u64>)>,
    events: BTreeSet<LifecycleEvent>,
}

impl Model {
    fn find(&self, key: &TokenKey) -> Option<RecordId> {
        self.records.iter().find(|(_, (issuance, _))| issuance.keys().contains(key)).map(|(id, _)| *id)
    }

    /// Everything that shares a name becomes one, under the oldest number; `id` is the one for a new record.
    fn write(&mut self, id: RecordId, new: &Issuance) -> bool {
        let ids: BTreeSet<RecordId> = new.keys().iter().filter_map(|key| self.find(key)).collect();
        let Some(keep) = ids.first().copied() else {
            self.records.insert(id, (new.clone(), BTreeMap::new()));
            return true;
        };
        let (mut all, mut places) = self.records.remove(&keep).unwrap();
        for gone in ids.iter().skip(1) {
            let (issuance, more) = self.records.remove(gone).unwrap();
            all = all.merged(&issuance);
            for (place, count) in more {
                *places.entry(place).or_default() += count;
            }
        }
        self.records.insert(keep, (all.merged(new), places));
        false
    }
}

fn name(round: u64, number: u8) -> TokenKey {
    format!("token_id:{round}-{number}").parse().unwrap()
}

fn issuance(round: u64, draft: &Draft) -> Issuance {
    let names: Vec<TokenKey> = draft.names.iter().map(|number| name(round, *number)).collect();
    record(&json!({"alt_keys": names, "expires_at": draft.expires, "provider": draft.says.to_string()}))
}

/// Takes the steps in both.
pub fn compare(store: &mut dyn Store, round: u64, operations: &[Operation]) -> Result<(), TestCaseError> {
    // What earlier rounds left and can expire must not be counted with this one's.
    store.forget(at(1000)).unwrap();
    let mut model = Model::default();
    for operation in operations {
        match operation {
            Operation::Write(drafts) => {
                let issued: Vec<Issuance> = drafts.iter().map(|draft| issuance(round, draft)).collect();
                let mut id = store.last().unwrap();
                let mut new = 0;
                for one in &issued {
                    if model.write(id + 1, one) {
                        id += 1;
                        new += 1;
                    }
                }
                let mut few = Few { issued: issued.iter().map(|one| ready(one, Novelty::Perhaps)).collect(), events: Vec::new() };
                let written = store.write(&mut few).unwrap();
                prop_assert_eq!((written.new, written.new + written.updated + written.known), (new, issued.len() as u64));
            }
            Operation::Event(number, second) => {
                let target = Target::Key(name(round, *number));
                let event = LifecycleEvent { event: LifecycleKind::Revoked, target, at: at(i64::from(*second)), reason: None, successor: None };
                let written = store.write(&mut Few { events: vec![event.clone()], ..Few::default() }).unwrap();
                prop_assert_eq!(written.events, u64::from(model.events.insert(event)));
            }
            Operation::Expose(number, place, second) => {
                let Some(id) = model.find(&name(round, *number)) else { continue };
                let location = format!("place {place}");
                *model.records.get_mut(&id).unwrap().1.entry(location.clone()).or_default() += 1;
                store.expose(&[Seen { record: id, exposure: sighting(&location, i64::from(*second)) }]).unwrap();
            }
            Operation::Forget(second) => {
                let end = at(i64::from(*second));
                let before = model.records.len();
                model.records.retain(|_, (issuance, _)| issuance.expires_at.is_none_or(|expires| expires >= end));
                prop_assert_eq!(store.forget(end).unwrap(), (before - model.records.len()) as u64);
            }
            Operation::Find(number) => {
                let key = name(round, *number);
                let found: Vec<RecordId> = store.find(&key).unwrap().iter().map(|stored| stored.id).collect();
                prop_assert_eq!(found, Vec::from_iter(model.find(&key)));
            }
        }
    }
    same(store, round, &model)
}

/// Every name is answered alike, and the filter misses none.
fn same(store: &dyn Store, round: u64, model: &Model) -> Result<(), TestCaseError> {
    let late = store.filter().unwrap().late;
    for number in 0..NAMES {
        let key = name(round, number);
        let found = store.find(&key).unwrap();
        let known = model.find(&key);
        prop_assert_eq!(found.iter().map(|stored| stored.id).collect::<Vec<_>>(), Vec::from_iter(known));
        if let Some(id) = known {
            let (issuance, places) = &model.records[&id];
            // Names have no order.
            prop_assert_eq!((found[0].issuance.keys(), &found[0].issuance.provider), (issuance.keys(), &issuance.provider));
            prop_assert_eq!(found[0].issuance.expires_at, issuance.expires_at);
            let seen: BTreeMap<String, u64> = store.exposures(id).unwrap().into_iter().map(|place| (place.location, place.count)).collect();
            prop_assert_eq!(&seen, places);
            prop_assert_eq!(late.contains(&key.index()), true);
        }
        let target = [Target::Key(key)];
        let mut events: Vec<LifecycleEvent> = model.events.iter().filter(|event| event.target == target[0]).cloned().collect();
        events.sort_by_key(|event| event.at);
        prop_assert_eq!(store.events(&target).unwrap(), events);
    }
    Ok(())
}
