//! Stores to be tested, each empty and alone, and records to put into them.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]
#![allow(dead_code)]

use std::collections::VecDeque;
use std::fmt::Write as _;

use beartrap::ledger::batch::Ready;
use beartrap::model::exposure::{Exposure, PlaceKind, Reach};
use beartrap::model::fingerprint::Fingerprint;
use beartrap::model::instant::Instant;
use beartrap::model::issuance::Issuance;
use beartrap::model::judgement::Judgement;
use beartrap::model::token_key::TokenKey;
use beartrap::store::open::open;
use beartrap::store::state_dir::{Access, DATABASE};
use beartrap::store::step::{NewUse, Seen, Step};
use beartrap::store::store::{Incoming, NewIssuance, Novelty, RecordId, Store, Tail, Written};
use tempfile::TempDir;

/// Where one test's store lives; gone when it is dropped.
pub enum Home {
    /// A directory.
    Sqlite(TempDir),
    /// A schema on a server.
    #[cfg(feature = "postgres")]
    Postgres { url: String, schema: String },
}

impl Home {
    /// An empty directory.
    pub fn sqlite() -> Self {
        let directory = TempDir::new().unwrap();
        Self::Sqlite(directory)
    }

    /// A schema with a name of its own; none where no server is given.
    #[cfg(feature = "postgres")]
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    pub fn postgres(name: &str) -> Option<Self> {
        let Ok(url) = std::env::var("BEARTRAP_TEST_POSTGRES") else {
            eprintln!("skipped: BEARTRAP_TEST_POSTGRES holds no connection URL");
            return None;
        };
        let schema = format!("test_{}_{name}", std::process::id()).chars().take(60).collect();
        let home = Self::Postgres { url, schema };
        home.clear();
        Some(home)
    }

    /// What `--state` would say.
    pub fn state(&self) -> String {
        match self {
            Self::Sqlite(directory) => directory.path().join("state").display().to_string(),
            #[cfg(feature = "postgres")]
            Self::Postgres { url, schema } => format!("{url}{}schema={schema}", if url.contains('?') { '&' } else { '?' }),
        }
    }

    /// One more connection.
    pub fn open(&self) -> Box<dyn Store> {
        open(&self.state(), Access::Owner).unwrap()
    }

    /// Changes the tables behind the store's back.
    pub fn meddle(&self, sql: &str) {
        assert!(self.may_meddle(sql), "{sql}");
    }

    /// Tries to change the tables behind the store's back; whether they let it happen.
    pub fn may_meddle(&self, sql: &str) -> bool {
        match self {
            Self::Sqlite(_) => {
                let file = std::path::Path::new(&self.state()).join(DATABASE);
                rusqlite::Connection::open(file).unwrap().execute_batch(sql).is_ok()
            }
            #[cfg(feature = "postgres")]
            Self::Postgres { url, schema } => {
                let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
                client.batch_execute(&format!("SET search_path TO {schema}; {sql}")).is_ok()
            }
        }
    }

    /// Takes the triggers away that keep the audit log from mistakes.
    pub fn unguard(&self) {
        match self {
            Self::Sqlite(_) => self.meddle("DROP TRIGGER audit_kept; DROP TRIGGER audit_unchanged"),
            #[cfg(feature = "postgres")]
            Self::Postgres { .. } => self.meddle("DROP TRIGGER audit_kept ON audit"),
        }
    }

    #[cfg(feature = "postgres")]
    fn clear(&self) {
        if let Self::Postgres { url, schema } = self {
            let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
            client.batch_execute(&format!("SET client_min_messages = warning; DROP SCHEMA IF EXISTS {schema} CASCADE")).unwrap();
        }
    }
}

#[cfg(feature = "postgres")]
impl Drop for Home {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A batch, and what the store told it.
#[derive(Default)]
pub struct Load<'a> {
    pub issued: VecDeque<NewIssuance>,
    pub tail: Tail,
    pub begun: Option<RecordId>,
    pub fresh: Vec<u64>,
    /// What happens in the middle of the transaction.
    pub during: Option<Box<dyn FnMut() + 'a>>,
}

impl Incoming for Load<'_> {
    fn begin(&mut self, last: RecordId) {
        self.begun = Some(last);
    }

    fn next(&mut self) -> Option<NewIssuance> {
        if let Some(during) = &mut self.during {
            during();
        }
        self.issued.pop_front()
    }

    fn finish(&mut self, indices: &[u64]) -> Tail {
        self.fresh = indices.to_vec();
        std::mem::take(&mut self.tail)
    }
}

/// A fingerprint by number.
pub fn fp(number: u64) -> TokenKey {
    TokenKey::Fingerprint(Fingerprint::of(&number.to_le_bytes()))
}

/// A record from JSON.
pub fn record(json: &serde_json::Value) -> Issuance {
    serde_json::from_value(json.clone()).unwrap()
}

/// A record with a fingerprint by number and nothing else.
pub fn plain(number: u64) -> Issuance {
    Issuance { fp: Some(fp(number)), ..Issuance::default() }
}

/// A record as a batch holds it.
pub fn ready(issuance: &Issuance, novelty: Novelty) -> NewIssuance {
    match Ready::issued(issuance, None) {
        Ready::Issued(new) => NewIssuance { novelty, ..new },
        Ready::Event(_) => unreachable!(),
    }
}

/// A batch of records.
pub fn load<'a>(issued: &[Issuance], novelty: Novelty) -> Load<'a> {
    Load { issued: issued.iter().map(|one| ready(one, novelty)).collect(), ..Load::default() }
}

/// Writes records that may be known.
pub fn write(store: &mut dyn Store, issued: &[Issuance]) -> Written {
    store.write(&mut load(issued, Novelty::Perhaps)).unwrap()
}

/// A time by second.
pub fn at(second: i64) -> Instant {
    Instant::from_number(second).unwrap()
}

/// A sighting.
pub fn sighting(location: &str, second: i64) -> Exposure {
    Exposure {
        kind: PlaceKind::CiLog,
        reach: Reach::Internal,
        location: location.to_owned(),
        line: 3,
        carrier: None,
        decoders: Vec::new(),
        first_seen: at(second),
        last_seen: at(second),
        count: 1,
    }
}

/// Counts places.
pub fn expose(store: &mut dyn Store, seen: &[Seen]) {
    store.commit(&Step { seen, ..Step::default() }).unwrap();
}

/// A use of a token with these names; `what` tells it from others.
pub fn new_use(names: &[TokenKey], at: Option<i64>, what: &str) -> NewUse {
    let json = serde_json::json!({"v": 1, "keys": names, "time": at, "request_id": what}).to_string();
    NewUse { names: names.iter().map(TokenKey::index).collect(), at, json }
}

/// All uses of a token as they are told.
pub fn uses_of(store: &dyn Store, names: &[TokenKey]) -> Vec<String> {
    let indices: Vec<u64> = names.iter().map(TokenKey::index).collect();
    let mut told = Vec::new();
    store.uses(&indices, &mut |json| told.push(json.to_owned())).unwrap();
    told
}

/// A judgement of a token.
pub fn judgement(id: &str, token: &TokenKey, at: Option<Instant>, supersedes: Option<&str>) -> Judgement {
    let json = serde_json::json!({
        "judgement_id": id, "supersedes": supersedes, "token": token, "at": at, "id": "TR-01", "severity": "high", "confidence": "high",
        "message": "It was used after its end", "evidence": [], "uses": [{"uri": "access.log", "line": 1, "parser": "jsonl"}], "alert": true,
    });
    serde_json::from_value(json).unwrap()
}

/// The ids of a token's judgements.
pub fn judgements_of(store: &dyn Store, names: &[TokenKey]) -> Vec<String> {
    let indices: Vec<u64> = names.iter().map(TokenKey::index).collect();
    store.judgements(&indices).unwrap().into_iter().map(|judgement| judgement.id).collect()
}

/// What two stores of equal content have in common.
pub fn content(store: &dyn Store) -> String {
    let mut text = String::new();
    for stored in store.page(0, 1000).unwrap() {
        writeln!(text, "{stored:?} {:?}", store.exposures(stored.id).unwrap()).unwrap();
    }
    let mut filter = store.filter().unwrap();
    filter.late.sort_unstable();
    let counts = store.counts().unwrap();
    writeln!(text, "{:?} {filter:?} {} {} {}", store.all_events().unwrap(), counts.keys, counts.grams, counts.uses).unwrap();
    store.all_judgements(None, &mut |judgement| writeln!(text, "{judgement:?}").unwrap()).unwrap();
    text
}
