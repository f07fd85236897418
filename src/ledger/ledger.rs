//! The ledger: a store, and a filter over it that answers most questions from memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::ledger::batch::{Batch, Ready};
use crate::ledger::filter::{DamagedFilter, Filter, merged_part, parts_for, range_of};
use crate::model::fingerprint::Fingerprint;
use crate::model::instant::Instant;
use crate::model::known::{Gram, GramKey, Known, MayHold};
use crate::model::token_key::TokenKey;
use crate::store::error::StoreError;
use crate::store::store::{Checkpoint, Store, Stored, Written};

/// How many records are written in one transaction: an index is cheapest in large steps.
const BATCH: usize = 1_000_000;
/// How often merging is tried while others write.
const TRIES: usize = 3;
/// The name of the key of n-gram hashes.
const GRAM_KEY: &str = "gram-key";

/// Issued tokens, their lives and their sightings.
pub struct Ledger {
    store: Mutex<Box<dyn Store>>,
    filter: RwLock<Arc<Filter>>,
    gram_key: GramKey,
    has_grams: AtomicBool,
    /// The first failure of a question that a scan asked.
    trouble: Mutex<Option<StoreError>>,
}

/// Why the ledger cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The filter.
    #[error(transparent)]
    Filter(#[from] DamagedFilter),
}

impl Ledger {
    /// Opens the ledger in a store; `random` becomes the key of n-gram hashes where there is none yet.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]
    pub fn open(mut store: Box<dyn Store>, random: [u8; 16]) -> Result<Self, LedgerError> {
        let kept = match store.value(GRAM_KEY)? {
            Some(kept) => kept,
            None => store.set_once(GRAM_KEY, &random)?,
        };
        let word = |at: usize| kept.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let gram_key = GramKey([word(0), word(8)]);
        let filter = Filter::read(store.filter()?)?;
        let has_grams = AtomicBool::new(store.has_grams()?);
        Ok(Self { store: Mutex::new(store), filter: RwLock::new(Arc::new(filter)), gram_key, has_grams, trouble: Mutex::default() })
    }

    /// The store, for whoever asks it directly.
    pub fn store(&self) -> MutexGuard<'_, Box<dyn Store>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of n-gram hashes, for tokens that are about to be added.
    #[must_use]
    pub fn key_for_grams(&self) -> GramKey {
        self.gram_key
    }

    /// Why a question that a scan asked had no answer: the first failure since this was last called. A scan may have missed tokens then.
    #[must_use]
    pub fn take_trouble(&self) -> Option<StoreError> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What a store said, or nothing and a note of the failure.
    fn noted<T: Default>(&self, said: Result<T, StoreError>) -> T {
        said.unwrap_or_else(|error| {
            self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            T::default()
        })
    }

    /// Takes in what others have written since.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]
    pub fn refresh(&self) -> Result<(), LedgerError> {
        let store = self.store();
        if store.last()? != self.filter().last() {
            self.set_filter(Filter::read(store.filter()?)?);
            self.has_grams.store(store.has_grams()?, Ordering::Relaxed);
        }
        Ok(())
    }

    fn filter(&self) -> Arc<Filter> {
        Arc::clone(&self.filter.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_filter(&self, filter: Filter) {
        *self.filter.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(filter);
    }

    /// The record that one of these names belongs to, and the name; the first that is known counts.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub fn find(&self, names: &[TokenKey]) -> Result<Option<(TokenKey, Stored)>, StoreError> {
        let filter = self.filter();
        for name in names.iter().filter(|name| filter.may_hold(name.index())) {
            if let Some(stored) = self.store().find(name)?.into_iter().next() {
                return Ok(Some((name.clone(), stored)));
            }
        }
        Ok(None)
    }

    /// Writes whatever a source yields, in large transactions; each commits with the checkpoint that came last.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]; what was committed before stays.
    pub fn import(&self, source: &mut dyn FnMut() -> Option<(Ready, Option<Checkpoint>)>) -> Result<Written, LedgerError> {
        let mut total = Written::default();
        loop {
            self.refresh()?;
            let mut store = self.store();
            let filter = self.filter();
            let mut batch = Batch::new(&filter, BATCH, source);
            let written = store.write(&mut batch)?;
            let (ended, (indices, part), lengths) = (batch.ended, std::mem::take(&mut batch.written), std::mem::take(&mut batch.lengths));
            // What others wrote meanwhile is in the store's filter only.
            let filter =
                if batch.was_judged() { filter.with(&indices, part.as_deref(), &lengths, written.last) } else { Filter::read(store.filter()?)? };
            self.has_grams.store(store.has_grams()?, Ordering::Relaxed);
            let scattered = filter.is_scattered();
            self.set_filter(filter);
            total.new += written.new;
            total.updated += written.updated;
            total.known += written.known;
            total.events += written.events;
            total.last = written.last;
            if ended {
                drop(store);
                if scattered {
                    self.merge()?;
                }
                return Ok(total);
            }
        }
    }

    /// Makes the filter anew, as one; leaves it when others keep writing.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]
    pub fn merge(&self) -> Result<(), LedgerError> {
        let mut store = self.store();
        for _ in 0..TRIES {
            let judged_at = store.last()?;
            let counts = store.counts()?;
            let count = parts_for(counts.keys + counts.grams);
            let mut parts = Vec::new();
            for number in 0..count {
                let (first, last) = range_of(number, count);
                let Some(part) = merged_part(number, &store.indices(first, last)?) else { return Ok(()) };
                parts.push(part);
            }
            if store.merge_filter(&parts, judged_at)? {
                break;
            }
        }
        self.set_filter(Filter::read(store.filter()?)?);
        Ok(())
    }

    /// Makes the filter of a store anew, whatever state it is in.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]
    pub fn rebuild(store: Box<dyn Store>) -> Result<(), LedgerError> {
        let ledger = Self {
            store: Mutex::new(store),
            filter: RwLock::default(),
            gram_key: GramKey([0, 0]),
            has_grams: AtomicBool::new(false),
            trouble: Mutex::default(),
        };
        ledger.merge()
    }

    /// What is wrong with the state, one sentence each.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    pub fn verify(&self) -> Result<Vec<String>, StoreError> {
        let store = self.store();
        let mut wrong = store.verify()?;
        let filter = self.filter();
        let missing = store.indices(0, u64::MAX)?.iter().filter(|index| !filter.may_hold(**index)).count();
        if missing > 0 {
            wrong.push(format!("the filter does not know {missing} names\nhint: `beartrap ledger verify --repair` makes it anew"));
        }
        Ok(wrong)
    }

    /// Calls `tell` with every record, `page` at a time.
    ///
    /// # Errors
    ///
    /// [`StoreError`] and what `tell` says.
    pub fn each<E: From<StoreError>>(&self, page: u32, tell: &mut dyn FnMut(Stored) -> Result<(), E>) -> Result<(), E> {
        let mut from = 0;
        loop {
            let records = self.store().page(from, page)?;
            let Some(last) = records.last() else { return Ok(()) };
            from = last.id + 1;
            records.into_iter().try_for_each(&mut *tell)?;
        }
    }

    /// Removes records that expired before a time, and makes the filter anew.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]
    pub fn forget(&self, expired_before: Instant) -> Result<u64, LedgerError> {
        let removed = self.store().forget(expired_before)?;
        if removed > 0 {
            self.merge()?;
        }
        Ok(removed)
    }
}

impl Known for Ledger {
    fn view(&self) -> Arc<dyn MayHold> {
        self.filter()
    }

    fn holds(&self, fingerprint: &Fingerprint) -> bool {
        self.noted(self.find(&[TokenKey::Fingerprint(fingerprint.clone())])).is_some()
    }

    fn gram_key(&self) -> Option<GramKey> {
        self.has_grams.load(Ordering::Relaxed).then_some(self.gram_key)
    }

    fn grams(&self, hash: u64) -> Vec<Gram> {
        let grams = self.store().grams(hash);
        self.noted(grams)
    }
}
