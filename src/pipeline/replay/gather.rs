//! Gathers the uses of each token from all streams of a run.
//!
//! **Invariant:** at most [`IN_MEMORY`] uses are in memory; further ones wait in a file without a name, which holds no token.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Seek as _, Write as _};

use crate::ledger::import::entry::Entry;
use crate::model::exposure::Exposure;
use crate::model::token_key::{KeyKind, TokenKey};
use crate::model::token_use::{Presented, SessionSource, TokenUse};
use crate::pipeline::replay::coverage::Coverage;
use crate::pipeline::replay::identities::Identities;
use crate::pipeline::replay::sight::Sightings;

/// How many uses are kept in memory.
pub const IN_MEMORY: usize = 200_000;

/// What a run has gathered.
#[derive(Default)]
pub struct Gathered {
    /// Which names are of one token.
    pub identities: Identities,
    /// Issuances and facts that logs told.
    pub entries: Vec<Entry>,
    /// Where tokens lay, by one of their names.
    pub exposed: Vec<(u64, Exposure)>,
    /// What was read.
    pub coverage: Coverage,
    /// Uses that were gathered.
    pub count: u64,
    uses: Vec<TokenUse>,
    spool: Option<BufWriter<File>>,
    parts: Vec<File>,
}

/// The uses of one token.
pub type Group = (u64, Vec<TokenUse>);

impl Gathered {
    /// Takes over what a stream told.
    ///
    /// # Errors
    ///
    /// A file for what does not fit in memory cannot be written.
    pub fn take(&mut self, told: Sightings) -> io::Result<()> {
        self.coverage.add(&told.coverage);
        self.entries.extend(told.entries);
        for (names, exposure) in told.exposed {
            if let Some(name) = self.know(&names) {
                self.exposed.push((name, exposure));
            }
        }
        for what in told.uses {
            self.know(&what.presented.keys);
            self.count += 1;
            if let Some(handle) = handle(&what) {
                self.know(&handle.presented.keys);
                self.uses.push(handle);
            }
            self.uses.push(what);
        }
        if self.uses.len() > IN_MEMORY { self.spill() } else { Ok(()) }
    }

    /// Joins the names of one token; its first name's index. A JWT's own id joins nothing where the token itself was there: anybody can write
    /// it into a forged token.
    pub fn know(&mut self, names: &[TokenKey]) -> Option<u64> {
        let first = names.first()?;
        let whole = matches!(first, TokenKey::Fingerprint(_));
        let own = names.iter().filter(|name| !whole || !matches!(name, TokenKey::JwtId { .. }));
        self.identities.join(own.map(TokenKey::index));
        Some(first.index())
    }

    fn spill(&mut self) -> io::Result<()> {
        if self.spool.is_none() {
            self.spool = Some(BufWriter::with_capacity(1 << 20, tempfile::tempfile()?));
        }
        let spool = self.spool.as_mut().expect("because it was just made");
        for what in self.uses.drain(..) {
            serde_json::to_writer(&mut *spool, &what)?;
            spool.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Divides the uses into parts of whole tokens, so many that memory holds each; nothing is gathered afterwards.
    ///
    /// # Errors
    ///
    /// The files cannot be written or read.
    pub fn divide(&mut self) -> io::Result<()> {
        if self.spool.is_some() {
            self.spill()?;
        }
        let Some(spool) = self.spool.take() else { return Ok(()) };
        let mut spool = spool.into_inner().map_err(io::IntoInnerError::into_error)?;
        let shares = self.count.div_ceil(IN_MEMORY as u64) * 2;
        let mut parts = Vec::new();
        for _ in 0..shares {
            parts.push(BufWriter::new(tempfile::tempfile()?));
        }
        spool.rewind()?;
        for line in BufReader::with_capacity(1 << 20, spool).lines() {
            let line = line?;
            let root = self.identities.root(home(&parsed(&line)?));
            let part = &mut parts[(root % shares) as usize];
            part.write_all(line.as_bytes())?;
            part.write_all(b"\n")?;
        }
        self.parts = parts.into_iter().map(|part| part.into_inner().map_err(io::IntoInnerError::into_error)).collect::<io::Result<_>>()?;
        Ok(())
    }

    /// How many parts there are.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.parts.len().max(1)
    }

    /// The uses of every token of a part; where there is one part only, they are handed over for good.
    ///
    /// # Errors
    ///
    /// The file cannot be read again.
    pub fn part(&mut self, number: usize) -> io::Result<Vec<Group>> {
        let Some(file) = self.parts.get_mut(number) else {
            let uses = std::mem::take(&mut self.uses);
            return Ok(self.grouped(uses));
        };
        file.rewind()?;
        let uses = BufReader::with_capacity(1 << 20, file).lines().map(|line| parsed(&line?)).collect::<io::Result<Vec<_>>>()?;
        Ok(self.grouped(uses))
    }

    /// Uses by token, in the order of the names that stand for them.
    fn grouped(&self, uses: Vec<TokenUse>) -> Vec<Group> {
        let mut groups: HashMap<u64, Vec<TokenUse>> = HashMap::new();
        for what in uses {
            groups.entry(self.identities.root(home(&what))).or_default().push(what);
        }
        BTreeMap::from_iter(groups).into_iter().collect()
    }
}

fn parsed(line: &str) -> io::Result<TokenUse> {
    Ok(serde_json::from_str(line)?)
}

fn home(what: &TokenUse) -> u64 {
    what.presented.keys.first().map_or(0, TokenKey::index)
}

/// An MCP session's handle is presented together with the token: what was done under it, under a name of its own.
fn handle(what: &TokenUse) -> Option<TokenUse> {
    let record = &what.record;
    let session = record.session_id.as_ref().filter(|_| record.session_src == Some(SessionSource::Mcp))?;
    let key = TokenKey::Named(KeyKind::Session, format!("mcp/{}/{session}", record.aud.as_deref().unwrap_or_default()));
    Some(TokenUse { presented: Presented { keys: vec![key], ..Presented::default() }, ..what.clone() })
}
