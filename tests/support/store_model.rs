//! A store as a map in memory, and random operations that both must answer alike.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::{BTreeMap, BTreeSet};

use beartrap::model::audit::{AuditKind, AuditRecord};
use beartrap::model::issuance::Issuance;
use beartrap::model::judgement::Judgement;
use beartrap::model::lifecycle::{LifecycleEvent, LifecycleKind, Target};
use beartrap::model::token_key::TokenKey;
use beartrap::store::audit::{Note, NoteSeq};
use beartrap::store::step::{Seen, Step, use_digest};
use beartrap::store::store::{Few, Novelty, RecordId, Store};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, TestCaseError, any};
use proptest::{option, prop_assert, prop_assert_eq, prop_oneof};
use serde_json::json;

use crate::stores::{at, expose, judgement, judgements_of, new_use, ready, record, sighting, uses_of};

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
    Use(Vec<u8>, Option<u8>, u8),
    Judge(u8, u8, Option<u8>),
    ForgetUses(u8),
    Uses(u8),
    Note(u8, u8),
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
        4 => (vec(name(), 1..4), option::of(0..8_u8), 0..3_u8).prop_map(|(names, second, what)| Operation::Use(names, second, what)),
        2 => (name(), 0..6_u8, option::of(0..6_u8)).prop_map(|(name, id, supersedes)| Operation::Judge(name, id, supersedes)),
        1 => (0..8_u8).prop_map(Operation::ForgetUses),
        2 => name().prop_map(Operation::Uses),
        1 => (name(), 0..3_u8).prop_map(|(name, second)| Operation::Note(name, second)),
    ];
    vec(step, 1..25)
}

#[derive(Default)]
struct Model {
    records: BTreeMap<RecordId, (Issuance, BTreeMap<String, u64>)>,
    events: BTreeSet<LifecycleEvent>,
    /// By text: names and time.
    uses: BTreeMap<String, (Vec<TokenKey>, Option<i64>)>,
    /// Names of a use by its home.
    links: BTreeSet<(TokenKey, TokenKey)>,
    judgements: BTreeMap<String, Judgement>,
    /// Records of the audit log, and how many were there before.
    notes: Vec<Note>,
    noted: NoteSeq,
}

impl Model {
    /// All names that uses and records say are of one token with this one.
    fn kin(&self, key: &TokenKey) -> BTreeSet<TokenKey> {
        let records = self.records.values().map(|(issuance, _)| issuance.keys());
        let sets: Vec<Vec<TokenKey>> = self.links.iter().map(|(home, other)| vec![home.clone(), other.clone()]).chain(records).collect();
        let mut all = BTreeSet::from([key.clone()]);
        loop {
            let before = all.len();
            for set in &sets {
                if set.iter().any(|name| all.contains(name)) {
                    all.extend(set.iter().cloned());
                }
            }
            if all.len() == before {
                return all;
            }
        }
    }

    fn uses(&self, key: &TokenKey) -> Vec<String> {
        let kin = self.kin(key);
        let mut uses: Vec<_> = self.uses.iter().filter(|(_, (names, _))| kin.contains(&names[0])).collect();
        uses.sort_by_key(|(json, (_, at))| (*at, use_digest(json)));
        uses.into_iter().map(|(json, _)| json.clone()).collect()
    }

    fn judgements(&self, key: &TokenKey) -> Vec<String> {
        let kin = self.kin(key);
        let stands = |one: &Judgement| !self.judgements.values().any(|later| later.supersedes.as_ref() == Some(&one.id) && later.id != one.id);
        let mut all: Vec<&Judgement> = self.judgements.values().filter(|one| kin.contains(&one.token) && stands(one)).collect();
        all.sort_by_key(|one| (one.at, &one.id));
        all.into_iter().map(|one| one.id.clone()).collect()
    }

    fn forget_uses(&mut self, end: i64) -> u64 {
        let before = self.uses.len();
        self.uses.retain(|_, (_, at)| at.is_none_or(|at| at >= end));
        let homes: BTreeSet<&TokenKey> = self.uses.values().map(|(names, _)| &names[0]).collect();
        if self.uses.len() < before {
            self.links.retain(|(home, _)| homes.contains(home));
        }
        (before - self.uses.len()) as u64
    }

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
    store.forget_uses(at(1000)).unwrap();
    let noted = store.last_note().unwrap().map_or(0, |noted| noted.seq);
    let mut model = Model { noted, ..Model::default() };
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
                expose(store, &[Seen { record: id, exposure: sighting(&location, i64::from(*second)) }]);
            }
            Operation::Forget(second) => {
                let end = at(i64::from(*second));
                let before = model.records.len();
                let gone = model.records.extract_if(.., |_, (issuance, _)| issuance.expires_at.is_some_and(|expires| expires < end));
                let names: Vec<Target> = gone.flat_map(|(_, (issuance, _))| issuance.keys()).map(Target::Key).collect();
                model.events.retain(|event| !names.contains(&event.target));
                prop_assert_eq!(store.forget(end).unwrap(), (before - model.records.len()) as u64);
            }
            Operation::Find(number) => {
                let key = name(round, *number);
                let found: Vec<RecordId> = store.find(&key).unwrap().iter().map(|stored| stored.id).collect();
                prop_assert_eq!(found, Vec::from_iter(model.find(&key)));
            }
            Operation::Use(numbers, second, what) => {
                let names: Vec<TokenKey> = numbers.iter().map(|number| name(round, *number)).collect();
                let one = new_use(&names, second.map(i64::from), &what.to_string());
                let committed = store.commit(&Step { uses: std::slice::from_ref(&one), ..Step::default() }).unwrap();
                model.links.extend(names[1..].iter().map(|other| (names[0].clone(), other.clone())));
                prop_assert_eq!(committed.uses, u64::from(model.uses.insert(one.json, (names, one.at)).is_none()));
            }
            Operation::Judge(number, id, supersedes) => {
                let name_of = |id: &u8| format!("{round}-{id}");
                let supersedes = supersedes.as_ref().map(name_of);
                let one = judgement(&name_of(id), &name(round, *number), Some(at(i64::from(*number % 4))), supersedes.as_deref());
                let committed = store.commit(&Step { judgements: std::slice::from_ref(&one), ..Step::default() }).unwrap();
                prop_assert_eq!(committed.judgements, u64::from(!model.judgements.contains_key(&one.id)));
                model.judgements.entry(one.id.clone()).or_insert(one);
            }
            Operation::ForgetUses(second) => {
                let second = i64::from(*second);
                prop_assert_eq!(store.forget_uses(at(second)).unwrap(), model.forget_uses(second));
            }
            Operation::Uses(number) => {
                let key = name(round, *number);
                prop_assert_eq!(uses_of(store, std::slice::from_ref(&key)), model.uses(&key));
            }
            Operation::Note(number, second) => {
                let target = Target::Key(name(round, *number));
                let event = LifecycleEvent { event: LifecycleKind::Revoked, target, at: at(i64::from(*second)), reason: None, successor: None };
                let note = Note::new(at(i64::from(*second)), &AuditRecord::new(AuditKind::Received, "host", number.to_string()));
                store.commit(&Step { events: std::slice::from_ref(&event), notes: std::slice::from_ref(&note), ..Step::default() }).unwrap();
                model.events.insert(event);
                model.notes.push(note);
            }
        }
    }
    same(store, round, &model)
}

/// Every name is answered alike, and the filter misses none.
fn same(store: &dyn Store, round: u64, model: &Model) -> Result<(), TestCaseError> {
    let late = store.filter().unwrap().late;
    let notes = store.notes(model.noted + 1, 1000).unwrap();
    prop_assert_eq!(notes.iter().map(|noted| &noted.record).collect::<Vec<_>>(), model.notes.iter().map(|note| &note.record).collect::<Vec<_>>());
    prop_assert!(notes.iter().zip(1..).all(|(noted, number)| noted.seq == model.noted + number));
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
        prop_assert_eq!(uses_of(store, std::slice::from_ref(&key)), model.uses(&key));
        prop_assert_eq!(judgements_of(store, std::slice::from_ref(&key)), model.judgements(&key));
        let target = [Target::Key(key)];
        let mut events: Vec<LifecycleEvent> = model.events.iter().filter(|event| event.target == target[0]).cloned().collect();
        events.sort_by_key(|event| event.at);
        prop_assert_eq!(store.events(&target).unwrap(), events);
    }
    Ok(())
}
