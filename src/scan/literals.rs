//! Literals that are searched for in all bytes, for anchors outside of runs and for names of short values.
//!
//! **Invariant:** no literal is missed; false alarms cost a look.

use crate::rules::rule::{Anchor, Rule};
use crate::scan::anchors::{Lead, anchors};
use crate::scan::command;
use crate::scan::kernel::Run;
use crate::scan::searcher::Searcher;

/// What a literal leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Rules whose match holds it.
    Rules(Vec<Lead>),
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

/// The most literals of one search: with more, vector instructions get through half as many bytes at once.
const MOST: usize = 32;
/// From how many bytes on literals are searched apart from shorter ones, which say less about where to look.
const LONG: usize = 4;

/// The literals that are searched for in all bytes.
pub struct Literals {
    /// Searches, each for a few literals, and where the targets of these begin.
    searchers: Vec<(Searcher, usize)>,
    targets: Vec<Target>,
    /// How far beyond its start the anchor of a match can lie.
    pub farthest: usize,
}

impl Literals {
    /// Gathers the literals of all rules, the names and the sign of a URL's user information.
    #[must_use]
    pub fn new(rules: &[Rule]) -> Self {
        let mut literals: Vec<(Vec<u8>, Target)> = NAME_PARTS.iter().map(|part| (part.as_bytes().to_vec(), Target::Name)).collect();
        let others = [("://", Target::Userinfo), (PGPASS, Target::Pgpass), (DSN, Target::Dsn)].into_iter();
        let commands = command::literals().enumerate().map(|(number, program)| (program, Target::Command(number)));
        let accounts = ACCOUNTS.iter().map(|colon| (*colon, Target::Account));
        literals.extend(others.chain(commands).chain(accounts).map(|(literal, target)| (literal.as_bytes().to_vec(), target)));
        let mut farthest = 0;
        for (lead, anchor) in anchors(rules) {
            let Anchor::Literal { bytes, .. } = anchor else { continue };
            farthest = farthest.max(lead.most as usize);
            match literals.iter_mut().find(|(literal, _)| literal == bytes) {
                Some((_, Target::Rules(leads))) => leads.push(lead),
                _ => literals.push((bytes.clone(), Target::Rules(vec![lead]))),
            }
        }
        // Those that begin alike stay together.
        literals.sort_by(|(a, _), (b, _)| (a.len() >= LONG, a).cmp(&(b.len() >= LONG, b)));
        let (patterns, targets): (Vec<_>, Vec<_>) = literals.into_iter().unzip();
        let mut searchers = Vec::new();
        let mut first = 0;
        for alike in patterns.chunk_by(|a, b| (a.len() >= LONG) == (b.len() >= LONG)) {
            let groups = alike.len().div_ceil(MOST);
            for group in alike.chunks(alike.len().div_ceil(groups)) {
                searchers.push((Searcher::new(group), first));
                first += group.len();
            }
        }
        Self { searchers, targets, farthest }
    }

    /// Calls `hit` for every place where a literal begins.
    pub fn find(&self, bytes: &[u8], range: Run, mut hit: impl FnMut(usize, usize, &Target)) {
        for (searcher, first) in &self.searchers {
            let mut at = range.start;
            while let Some(found) = searcher.next(bytes, at, range.end) {
                hit(found.start, found.end - found.start, &self.targets[first + found.literal]);
                at = found.start + 1;
            }
        }
    }
}
