//! Laws of stores about the audit log.

#![allow(clippy::unwrap_used, reason = "what a law relies on fails the test where it fails")]

use beartrap::model::audit::{AuditKind, AuditRecord};
use beartrap::store::audit::{Flaw, Note, Noted, walk};
use beartrap::store::step::Step;
use beartrap::store::store::Store;

use crate::stores::{Home, at};

fn note(number: i64) -> Note {
    Note::new(at(number), &AuditRecord::new(AuditKind::Decided, "ann@host", format!("decision {number} \u{0} ü")))
}

fn append(store: &mut dyn Store, notes: &[Note]) {
    store.commit(&Step { notes, ..Step::default() }).unwrap();
}

fn flaws(store: &dyn Store) -> (i64, Vec<Flaw>) {
    let mut flaws = Vec::new();
    let chain = walk(store, 7, &mut |_, some| flaws.extend(some)).unwrap();
    (chain.seq(), flaws)
}

pub fn notes_are_told_in_order(home: &Home) {
    let mut store = home.open();
    assert_eq!((store.last_note().unwrap(), store.notes(i64::MIN, 5).unwrap()), (None, vec![]));
    let mut expected: Vec<Noted> = Vec::new();
    // Time need not go on.
    for numbers in [&[5, 4, 3][..], &[], &[9]] {
        let notes: Vec<Note> = numbers.iter().map(|number| note(*number)).collect();
        append(&mut *store, &notes);
        for note in &notes {
            expected.push(Noted::after(expected.last(), note));
        }
    }
    for store in [store, home.open()] {
        assert_eq!(store.notes(1, 100).unwrap(), expected);
        assert_eq!(store.notes(2, 2).unwrap(), expected[1..3]);
        assert_eq!(store.last_note().unwrap().as_ref(), expected.last());
        assert_eq!(flaws(&*store), (4, vec![]));
        assert_eq!(store.verify().unwrap(), [""; 0]);
    }
}

pub fn writers_do_not_fork_the_log(home: &Home) {
    const WRITERS: i64 = 4;
    const TURNS: i64 = 20;
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                let mut store = home.open();
                for turn in 0..TURNS {
                    append(&mut *store, &[note(writer * 1000 + turn), note(turn)]);
                }
            });
        }
    });
    assert_eq!(flaws(&*home.open()), (WRITERS * TURNS * 2, vec![]));
}

pub fn a_changed_log_is_noticed(home: &Home) {
    let mut store = home.open();
    append(&mut *store, &(1..=20).map(note).collect::<Vec<_>>());
    for sql in ["DELETE FROM audit WHERE seq = 3", "UPDATE audit SET at = 0 WHERE seq = 3"] {
        assert!(!home.may_meddle(sql), "{sql}");
    }
    assert_eq!(flaws(&*store), (20, vec![]));
    home.unguard();
    home.meddle("DELETE FROM audit WHERE seq IN (3, 4); UPDATE audit SET record = '{}' WHERE seq = 8; DELETE FROM audit WHERE seq = 20");
    // What is cut off at the end is found by checkpoints only.
    let expected = vec![Flaw::Missing { first: 3, last: 4 }, Flaw::Changed { seq: 8 }];
    assert_eq!(flaws(&*store), (19, expected.clone()));
    append(&mut *store, &[note(21)]);
    assert_eq!(flaws(&*store), (20, expected));
}
