//! Records of uses -> uses: retries and hops of one request are one use, and every use says from where it came.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::detect::merge::{alone, put_together};
use crate::detect::options::Options;
use crate::detect::period::Period;
use crate::detect::used::{Source, Use};
use crate::model::fast_map::FastMap;
use crate::model::instant::Instant;
use crate::model::token_key::TokenKey;
use crate::model::token_use::TokenUse;

/// A record and its source.
pub struct Seen {
    /// The record; its `source_ip` is the caller's address, as far as it is known.
    pub what: TokenUse,
    /// From where.
    pub source: Source,
}

/// One request, as far as its records are put together.
#[derive(Default)]
struct Request<'a> {
    /// Places of its records.
    records: Vec<usize>,
    /// What each log says of the caller.
    sources: BTreeMap<&'a str, Source>,
    /// When its first and last records were written.
    span: Option<(Instant, Instant)>,
    /// Session, trace, request, user, tool, agent: what two records of one call cannot say differently.
    said: [Option<&'a str>; 6],
}

/// A name that records of one request share, and how far apart in time they may be.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Name<'a> {
    Record(&'a str, &'a str),
    Request(&'a str),
    Span(&'a str, &'a str),
    Call(&'a str, Option<&'a str>),
}

/// The uses that these records tell of, sorted by time and then by what was logged.
///
/// **Invariant:** the result depends on the set of records, not on their order or on how often each was delivered.
#[must_use]
pub fn collapse(uses: Vec<TokenUse>, options: &Options) -> Vec<Use> {
    let mut records = sourced(uses, options);
    put_in_order(&mut records, |seen| &seen.what, when);
    records.dedup_by(|later, first| later.what == first.what);
    let mut requests = requests(&records, options);
    if requests.is_empty() {
        return records.into_iter().map(alone).collect();
    }
    let mut records: Vec<Option<Seen>> = records.into_iter().map(Some).collect();
    let mut take = |at: usize| records[at].take().expect("because each record is of one request");
    let mut uses: Vec<Use> = requests.drain(..).map(|request| put_together(request.into_iter().map(&mut take).collect())).collect();
    uses.extend(records.into_iter().flatten().map(alone));
    put_in_order(&mut uses, |one| &one.what, when);
    uses
}

/// Sorts by time, then by where it stands, then by a digest of all that it says, which is the same however it arrived.
pub fn put_in_order<T, K: Ord>(all: &mut [T], what: impl Fn(&T) -> &TokenUse, time: impl Fn(&TokenUse) -> K) {
    let order = |one: &T, other: &T| {
        let (one, other) = (what(one), what(other));
        time(one).cmp(&time(other)).then_with(|| one.origin.cmp(&other.origin))
    };
    all.sort_by(order);
    for same in all.chunk_by_mut(|one, next| order(one, next).is_eq()).filter(|same| same.len() > 1) {
        same.sort_by_cached_key(|one| content(what(one)));
    }
}

/// Which records are of one request with others, by their places; those that share no name with any other are left out.
fn requests(records: &[Seen], options: &Options) -> Vec<Vec<usize>> {
    let mut counts: FastMap<Name, u32> = FastMap::default();
    counts.reserve(records.len() * 2);
    records.iter().flat_map(|seen| names(&seen.what)).for_each(|name| *counts.entry(name).or_default() += 1);
    let mut known: FastMap<Name, Homes> = counts.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| (name, Homes::new())).collect();
    if known.is_empty() {
        return Vec::new();
    }
    let mut sharing: Vec<usize> = (0..records.len()).filter(|at| names(&records[*at].what).any(|name| known.contains_key(&name))).collect();
    // Records with the most names come first, so that those with fewer find them.
    sharing.sort_by_key(|at| Reverse(names(&records[*at].what).count()));
    let mut requests: Vec<Request> = Vec::new();
    for place in sharing {
        let seen = &records[place];
        let time = seen.what.record.time;
        let lately = |name: &Name| known.get(name).into_iter().flat_map(|homes| near(homes, time, name.window(options))).collect::<Vec<_>>();
        let mut candidates = names(&seen.what).flat_map(|name| lately(&name).into_iter().map(move |at| (name, at)));
        let home = candidates.find(|(name, at)| requests[*at].may_hold(seen, name, options)).map(|(_, at)| at);
        let at = home.unwrap_or_else(|| {
            requests.push(Request::default());
            requests.len() - 1
        });
        for name in names(&seen.what) {
            if let Some(homes) = known.get_mut(&name) {
                homes.insert((time, at));
            }
        }
        requests[at].add(place, seen);
    }
    requests.into_iter().map(|request| request.records).collect()
}

/// Requests by the times of their records.
type Homes = BTreeSet<(Option<Instant>, usize)>;

/// Requests with a record about this time, and those without a time; all where the time is not known.
fn near(homes: &Homes, time: Option<Instant>, window: Period) -> impl Iterator<Item = usize> {
    let first = time.map(|time| Instant(time.0.checked_sub(window.0).unwrap_or(Timestamp::MIN)));
    let last = time.map_or(Instant(Timestamp::MAX), |time| Instant(time.0.checked_add(window.0).unwrap_or(Timestamp::MAX)));
    let undated = homes.range(..(Some(Instant(Timestamp::MIN)), 0)).filter(move |_| first.is_some());
    homes.range((first, 0)..=(Some(last), usize::MAX)).chain(undated).map(|(_, at)| *at)
}

/// Every record with the caller's address and network.
fn sourced(uses: Vec<TokenUse>, options: &Options) -> Vec<Seen> {
    let networks = &options.networks;
    // Neighbours often come from one address.
    let mut before: Option<(_, Option<IpAddr>)> = None;
    let callers = uses.iter().map(|one| {
        let record = &one.record;
        let said = (issuer(one), record.source_ip, record.peer_ip, &record.forwarded_for);
        let caller = match &before {
            Some((same, caller)) if *same == said => *caller,
            _ => networks.caller(record, options.of_issuer(said.0).map(|issuer| &issuer.trusted_proxies[..]).unwrap_or_default()),
        };
        before = Some((said, caller));
        caller
    });
    let callers: Vec<Option<IpAddr>> = callers.collect();
    // Where one record names the system of a network, it is known for all; of several the least, so that order does not matter.
    let mut learned: BTreeMap<Source, u32> = BTreeMap::new();
    for (one, caller) in uses.iter().zip(&callers) {
        if let (Some(asn), Some(ip)) = (one.record.asn, caller) {
            learned.entry(networks.network(*ip)).and_modify(|known| *known = asn.min(*known)).or_insert(asn);
        }
    }
    let seen = uses.into_iter().zip(callers).map(|(mut what, caller)| {
        let source = networks.source(&what.record, caller, &learned);
        what.record.source_ip = caller;
        Seen { what, source }
    });
    seen.collect()
}

/// The issuer, as the token's names or claims tell it.
fn issuer(one: &TokenUse) -> Option<&str> {
    let said = one.presented.token.as_ref().and_then(|token| token.iss.as_deref());
    said.or_else(|| one.presented.keys.iter().find_map(|key| if let TokenKey::JwtId { iss, .. } = key { Some(iss.as_str()) } else { None }))
}

fn when(one: &TokenUse) -> (bool, Option<Instant>) {
    (one.record.time.is_none(), one.record.time)
}

/// All that a record says, as 16 bytes of SHA-256.
fn content(one: &TokenUse) -> u128 {
    let mut packed = Vec::with_capacity(1024);
    borsh::to_writer(&mut packed, one).expect("because it is written to memory");
    u128::from_be_bytes(*Sha256::digest(packed).first_chunk().expect("because a digest has 32 bytes"))
}

/// The names of a record's request, the surest first.
fn names(one: &TokenUse) -> impl Iterator<Item = Name<'_>> {
    let record = &one.record;
    let own = one.origin.record_id.iter().map(|id| Name::Record(&one.origin.parser, id));
    let request = record.request_id.iter().map(|id| Name::Request(id));
    let span = record.trace_id.iter().zip(&record.span_id).map(|(trace, span)| Name::Span(trace, span));
    let call = record.rpc_id.iter().map(|id| Name::Call(id, record.method.as_deref()));
    own.chain(request).chain(span).chain(call)
}

impl Name<'_> {
    /// How far apart records under one such name may be; ids of calls are small numbers and come again soon.
    fn window(&self, options: &Options) -> Period {
        if matches!(self, Self::Call(..)) { options.hop_window } else { options.lateness }
    }
}

impl<'a> Request<'a> {
    /// Whether a record may tell of this request: near in time, and no log says that two different callers made it.
    fn may_hold(&self, seen: &Seen, name: &Name, options: &Options) -> bool {
        let near = match (self.span, seen.what.record.time) {
            (Some((first, last)), Some(time)) => {
                let window = name.window(options).0;
                time.0.duration_since(first.0) <= window && last.0.duration_since(time.0) <= window
            }
            _ => true,
        };
        let of_log = self.sources.get(&*seen.what.origin.uri);
        let one_caller = !is_place(seen.source) || of_log.is_none_or(|source| *source == seen.source);
        let mut said = self.said.iter().zip(said(&seen.what));
        let one_story = !matches!(name, Name::Call(..)) || said.all(|(ours, theirs)| ours.is_none() || theirs.is_none() || *ours == theirs);
        near && one_caller && one_story
    }

    fn add(&mut self, place: usize, seen: &'a Seen) {
        if let Some(time) = seen.what.record.time {
            let (first, last) = self.span.unwrap_or((time, time));
            self.span = Some((first.min(time), last.max(time)));
        }
        if is_place(seen.source) {
            self.sources.insert(&seen.what.origin.uri, seen.source);
        }
        for (ours, theirs) in self.said.iter_mut().zip(said(&seen.what)) {
            *ours = ours.or(theirs);
        }
        self.records.push(place);
    }
}

/// Whether two such sources are two callers when they differ.
fn is_place(source: Source) -> bool {
    matches!(source, Source::Network(..) | Source::System(_))
}

fn said(one: &TokenUse) -> [Option<&str>; 6] {
    let record = &one.record;
    [&record.session_id, &record.trace_id, &record.request_id, &record.user, &record.tool, &record.agent_id].map(Option::as_deref)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, proptest};
    use proptest::sample::{Index, select};

    use crate::detect::collapse::collapse;
    use crate::detect::options::Options;
    use crate::detect::used::Source;
    use crate::model::instant::Instant;
    use crate::model::token_use::{Outcome, Presented, Record, RecordOrigin, TokenUse, VERSION};

    fn record(second: i64, (request, rpc, log): (&str, &str, &str), ip: &str) -> TokenUse {
        let some = |text: &str| (!text.is_empty()).then(|| text.into());
        let record = Record {
            time: Instant::from_number(1_772_445_600 + second),
            request_id: some(request),
            rpc_id: some(rpc),
            source_ip: ip.parse().ok(),
            outcome: if second % 2 == 0 { Outcome::Denied } else { Outcome::Success },
            asn: (second % 5 == 0).then_some(64_500),
            ..Record::default()
        };
        let origin = RecordOrigin { uri: log.into(), line: second.unsigned_abs() + 1, parser: "test".into(), record_id: None };
        TokenUse { v: VERSION, presented: Presented::default(), record: record.into(), origin }
    }

    fn records() -> impl Strategy<Value = Vec<TokenUse>> {
        let addresses = select(vec!["203.0.113.9", "198.51.100.7", "10.0.0.1", ""]);
        let names = (select(vec!["", "r1", "r2"]), select(vec!["", "1", "2"]), select(vec!["a.log", "b.log"]));
        let one = (0..2000_i64, names, addresses).prop_map(|(second, names, ip)| record(second, names, ip));
        proptest::collection::vec(one, 0..24)
    }

    proptest! {
        #[test]
        fn order_and_repetition_are_invisible(given in records(), again in proptest::collection::vec(any::<Index>(), 0..12), seeds in proptest::collection::vec(any::<Index>(), 36)) {
            let expected = collapse(given.clone(), &Options::default());
            let mut other = given.clone();
            if !given.is_empty() {
                other.extend(again.iter().map(|index| index.get(&given).clone()));
            }
            for (at, seed) in (1..other.len()).rev().zip(&seeds) {
                other.swap(at, seed.index(at + 1));
            }
            assert_eq!(collapse(other, &Options::default()), expected);
            assert!(expected.is_sorted_by_key(|one| one.what.record.time));
        }
    }

    #[test]
    fn one_request_is_one_use() {
        let (near, far) = ("203.0.113.9", "198.51.100.7");
        let cases: [(&str, Vec<TokenUse>, usize); 8] = [
            ("a retry", vec![record(0, ("r1", "", "a.log"), near), record(4, ("r1", "", "a.log"), near)], 1),
            ("two logs", vec![record(0, ("r1", "", "a.log"), near), record(1, ("r1", "", "b.log"), "10.0.0.1")], 1),
            ("a copied id", vec![record(0, ("r1", "", "a.log"), near), record(1, ("r1", "", "a.log"), far)], 2),
            ("an id that comes again", vec![record(0, ("r1", "", "a.log"), near), record(1900, ("r1", "", "a.log"), near)], 2),
            ("calls", vec![record(0, ("", "1", "a.log"), near), record(59, ("", "1", "a.log"), near)], 1),
            ("calls of two sessions", vec![record(0, ("", "1", "a.log"), near), record(61, ("", "1", "a.log"), near)], 2),
            ("no id", vec![record(0, ("", "", "a.log"), near), record(1, ("", "", "a.log"), near)], 2),
            ("different requests", vec![record(0, ("r1", "1", "a.log"), near), record(1, ("r2", "1", "a.log"), near)], 2),
        ];
        for (name, given, expected) in cases {
            assert_eq!(collapse(given, &Options::default()).len(), expected, "{name}");
        }
    }

    #[test]
    fn the_record_that_saw_the_caller_speaks() {
        let given = vec![record(0, ("r1", "", "server.log"), "10.0.0.1"), record(1, ("r1", "", "gateway.log"), "203.0.113.9")];
        let uses = collapse(given, &Options::default());
        assert_eq!((uses[0].origins().len(), uses[0].what.record.outcome), (2, Outcome::Success));
        // The first record, at second 0, names no system of this network.
        assert!(matches!(uses[0].source, Source::Network(..)), "{:?}", uses[0].source);
    }
}
