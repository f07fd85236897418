//! What is searched for in all bytes: anchors that begin no word of a run, and names of short values.
//!
//! **Invariant:** none is missed; a false alarm costs a look.

use std::collections::HashMap;

use crate::rules::anchor::Place;
use crate::rules::byte_set::ByteSet;
use crate::rules::rarity::chance;
use crate::rules::rule::Rule;
use crate::scan::anchors::{Lead, anchors};
use crate::scan::command;
use crate::scan::sieve::{Sieve, Window};
use crate::scan::walk::Run;

/// What a literal leads to, if not to a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Part of a name that introduces a value.
    Name,
    /// The end of the user information in a URL.
    Userinfo,
    /// A program whose option carries a password: its number in `command`.
    Command(usize),
    /// The port in a line of `.pgpass`.
    Pgpass,
    /// The colon between an account and the hash of its password.
    Account,
    /// What follows the password in a Go data source name.
    Dsn,
}

/// Parts of names whose values need not be long runs: each spelling on its own, so that the search stays case-sensitive.
const NAME_PARTS: [&str; 17] = [
    "pass",
    "Pass",
    "PASS",
    "ecret",
    "ECRET",
    "uthorization",
    "UTHORIZATION",
    "pwd=",
    "Pwd=",
    "PWD=",
    "pwd\"",
    "pwd:",
    "_auth",
    "ecureString",
    "IFIED BY",
    "_KEY'",
    "_SALT'",
];
/// The port of PostgreSQL between two fields, as `.pgpass` writes it.
const PGPASS: &str = ":5432:";
/// What follows the password in a data source name of Go: `user:password@tcp(host)/database`.
const DSN: &str = "@tcp(";
/// How the hash of a password begins after the name of its account: in `/etc/shadow`, in `htpasswd`.
const ACCOUNTS: [&str; 8] = [":$1$", ":$2", ":$5$", ":$6$", ":$y$", ":$apr1$", ":$argon2", ":{S"];

/// What is searched for in all bytes.
pub struct Literals {
    sieve: Sieve,
    /// What the windows of the sieve stand for.
    meanings: Vec<Meaning>,
    /// How far beyond its start the anchor of a match can lie.
    pub farthest: usize,
}

/// What a window of the sieve stands for.
enum Meaning {
    /// The anchor of these.
    Anchor(Vec<Lead>),
    /// Part of a literal: how far after its start.
    Part(Box<[u8]>, usize, Target),
}

/// What was found.
pub enum Hit<'a> {
    /// An anchor begins here.
    Anchor(usize, Lead),
    /// A literal has this start and end.
    Literal(Run, &'a Target),
}

impl Literals {
    /// Gathers the anchors of all rules, the names and the sign of a URL's user information.
    #[must_use]
    pub fn new(rules: &[Rule]) -> Self {
        let names = NAME_PARTS.iter().map(|part| (*part, Target::Name));
        let others = [("://", Target::Userinfo), (PGPASS, Target::Pgpass), (DSN, Target::Dsn)];
        let commands = command::literals().enumerate().map(|(number, program)| (program, Target::Command(number)));
        let accounts = ACCOUNTS.iter().map(|colon| (*colon, Target::Account));
        let literals = names.chain(others).chain(commands).chain(accounts);
        let (mut windows, mut meanings): (Vec<Window>, Vec<Meaning>) = literals
            .map(|(literal, target)| {
                let (from, window) = rarest(literal.as_bytes());
                (window, Meaning::Part(literal.as_bytes().into(), from, target))
            })
            .unzip();
        let mut leads: HashMap<Window, Vec<Lead>> = HashMap::new();
        for (lead, anchor) in anchors(rules) {
            if anchor.place == Place::Inside {
                leads.entry(anchor.sets).or_default().push(lead);
            }
        }
        let farthest = leads.values().flatten().map(|lead| lead.most as usize).max().unwrap_or(0);
        let mut leads: Vec<_> = leads.into_iter().collect();
        leads.sort_by_key(|(_, leads)| leads[0]);
        for (window, leads) in leads {
            windows.push(window);
            meanings.push(Meaning::Anchor(leads));
        }
        Self { sieve: Sieve::new(&windows), meanings, farthest }
    }

    /// Calls `hit` for every anchor and every literal that begins in the range.
    pub fn find(&self, bytes: &[u8], range: Run, mut hit: impl FnMut(Hit)) {
        self.sieve.each(bytes, range.clone(), |at, number| match &self.meanings[number] {
            Meaning::Anchor(leads) => leads.iter().filter(|lead| lead.around.holds(bytes, at)).for_each(|lead| hit(Hit::Anchor(at, *lead))),
            Meaning::Part(literal, from, target) => {
                let start = at.checked_sub(*from).filter(|start| *start >= range.start);
                if let Some(start) = start.filter(|start| bytes[*start..].starts_with(literal)) {
                    hit(Hit::Literal(start..start + literal.len(), target));
                }
            }
        });
    }
}

/// The four bytes of a literal that are rarest in texts, and where they begin; after a literal of three stands any byte.
fn rarest(literal: &[u8]) -> (usize, Window) {
    let window = |from: usize| std::array::from_fn(|i| literal.get(from + i).map_or(ByteSet::all(), |byte| ByteSet::empty().with(&[*byte])));
    let windows = (0..=literal.len().saturating_sub(4)).map(|from| (from, window(from)));
    windows.min_by(|(_, a), (_, b)| chance(a).total_cmp(&chance(b))).expect("because there is one at its start")
}
