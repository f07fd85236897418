//! What a detection of replay looks at: a token, all its uses, and what the ledger knows of both.

use std::net::IpAddr;

use crate::detect::options::Options;
use crate::model::exposure::Exposure;
use crate::model::instant::Instant;
use crate::model::issuance::Issuance;
use crate::model::ledger_match::LedgerMatch;
use crate::model::token_key::TokenKey;
use crate::model::token_use::{RecordOrigin, TokenUse};
use crate::model::verdict::Verdict;

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
    /// All records of it, in the order in which the request passed them where that is known.
    pub hops: Vec<RecordOrigin>,
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

/// A tool that an identity has used.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Habit {
    /// Agent, workload or client.
    pub identity: String,
    /// Tool or service.
    pub tool: String,
    /// When it was first used.
    pub first: Instant,
    /// How often the identity has used anything.
    pub uses: u64,
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
