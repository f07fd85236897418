//! What a detection of replay looks at: a token, all its uses, and what the ledger knows of both.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::net::IpAddr;

use crate::detect::clock::Clocks;
use crate::detect::detection::evidence;
use crate::detect::options::Options;
use crate::model::exposure::Exposure;
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::ledger_match::LedgerMatch;
use crate::model::token_key::{KeyKind, TokenKey};
use crate::model::token_use::{Outcome, RecordOrigin, TimeQuality, TokenUse};
use crate::model::verdict::{Evidence, Verdict};

/// A token and its uses.
///
/// **Invariant:** `uses` is sorted by time, then by what was logged, so that nothing depends on the order of arrival.
#[derive(Clone, Copy, Debug)]
pub struct Used<'a> {
    /// The token's name: its fingerprint where it is known, else the best of its other names.
    pub key: &'a TokenKey,
    /// What the ledger says; `None` for a token that it does not know.
    pub matched: Option<&'a LedgerMatch>,
    /// The other tokens of its family, as far as the ledger knows them.
    pub family: &'a [Issuance],
    /// Where it lay, by the ledger and by this run; of tokens that the ledger does not know too.
    pub exposures: &'a [Exposure],
    /// Its uses: duplicates and hops are one use each.
    pub uses: &'a [Use],
    /// What the identities that used it had used before.
    pub habits: &'a [Habit],
    /// By how much the clocks of logs are off.
    pub clocks: &'a Clocks,
    /// The time of judgement.
    pub now: Instant,
    /// Thresholds, exceptions and settings of issuers.
    pub options: &'a Options,
}

/// One use, however many records tell of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Use {
    /// What was logged, put together from all records of it.
    pub what: TokenUse,
    /// From where, for comparison.
    pub source: Source,
    /// All records of it where there are several, in the order in which the request passed them where that is known.
    pub hops: Vec<RecordOrigin>,
}

impl Use {
    /// All records of it; there is at least one.
    #[must_use]
    pub fn origins(&self) -> &[RecordOrigin] {
        if self.hops.is_empty() { std::slice::from_ref(&self.what.origin) } else { &self.hops }
    }
}

/// Where a caller was, as far as it can be compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Source {
    /// A network: its first address and the length of its prefix.
    Network(IpAddr, u8),
    /// An autonomous system, where a map or the log says so.
    System(u32),
    /// Addresses of the organisation's own: private ranges and carrier-grade NAT.
    Internal,
    /// A service of the cloud provider called: not a place.
    Cloud,
    /// The log does not say, or names a proxy only.
    Unknown,
}

/// What an identity is used to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Habit {
    /// Agent, workload or client.
    pub identity: String,
    /// When it first used any tool.
    pub since: Instant,
    /// How often it has used anything.
    pub uses: u64,
    /// A tool or service, and when it was first used.
    pub tool: (String, Instant),
}

/// What a detection says of a token's uses.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// The verdict.
    pub verdict: Verdict,
    /// What it is about where a detection may fire several times for one token, such as the tool's name; empty otherwise. A later answer with
    /// the same token, detection and slot takes the place of an earlier one.
    pub slot: String,
    /// When it happened: the time of the decisive use.
    pub at: Option<Instant>,
    /// The uses on which it rests, by their places in `Used::uses`, the decisive one first.
    pub uses: Vec<usize>,
}

impl<'a> Used<'a> {
    /// The first of all uses that are alike in what `of` says of them, with their places.
    pub fn firsts<K: Clone + Eq + Hash>(&self, of: impl Fn(&'a Use) -> K) -> impl Iterator<Item = (usize, &'a Use)> {
        let (mut seen, mut last) = (HashSet::new(), None);
        self.uses.iter().enumerate().filter(move |(_, one)| {
            // Neighbours are often alike.
            let own = of(one);
            let is_new = last.as_ref() != Some(&own) && seen.insert(own.clone());
            last = Some(own);
            is_new
        })
    }

    /// An answer that rests on these uses, the decisive one first; what was logged of that one is added to the evidence.
    #[must_use]
    pub fn answer(&self, mut verdict: Verdict, slot: impl Into<String>, uses: Vec<usize>) -> Answer {
        let decisive = uses.first().map(|at| &self.uses[*at]);
        verdict.evidence.extend(decisive.into_iter().flat_map(logged));
        let off = decisive.map(|one| self.clocks.off(&one.what.origin.uri)).filter(|off| !off.is_zero());
        verdict.evidence.extend(off.map(|off| evidence("clock_off", format_args!("{} seconds", off.as_secs()))));
        Answer { verdict, slot: slot.into(), at: decisive.and_then(|one| one.what.record.time), uses }
    }

    /// Whether the key is no token's but an MCP state handle's: then the uses are of all tokens that came with it.
    #[must_use]
    pub fn is_handle(&self) -> bool {
        matches!(self.key, TokenKey::Named(KeyKind::Session, name) if name.starts_with("mcp/"))
    }
}

/// What was logged of a use, in the order in which it matters to people.
fn logged(one: &Use) -> Vec<Evidence> {
    let record = &one.what.record;
    let mut said = Vec::new();
    said.extend(record.time.map(|time| evidence("time", time)));
    if record.time.is_some() && record.time_quality != TimeQuality::Exact {
        said.push(evidence("time_quality", if record.time_quality == TimeQuality::Log { "log" } else { "file" }));
    }
    said.push(evidence("location", format_args!("{}:{}", one.what.origin.uri, one.what.origin.line)));
    match record.source_ip {
        Some(ip) => said.push(evidence("source_ip", ip)),
        None if one.source != Source::Unknown => said.push(evidence("source", one.source)),
        None => {}
    }
    let texts = [
        ("principal", &record.principal),
        ("agent_id", &record.agent_id),
        ("client_id", &record.client_id),
        ("user", &record.user),
        ("session_id", &record.session_id),
        ("tool", &record.tool),
        ("aud", &record.aud),
        ("user_agent", &record.user_agent),
    ];
    said.extend(texts.into_iter().filter_map(|(name, text)| text.as_ref().map(|text| evidence(name, text))));
    if record.outcome != Outcome::Unknown {
        said.push(evidence("outcome", if record.outcome == Outcome::Success { "success" } else { "denied" }));
    }
    said
}

impl fmt::Display for Source {
    /// `203.0.113.0/24`, `AS64500`, or a word.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(first, prefix) => write!(f, "{first}/{prefix}"),
            Self::System(number) => write!(f, "AS{number}"),
            Self::Internal => f.write_str("internal"),
            Self::Cloud => f.write_str("cloud"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}
