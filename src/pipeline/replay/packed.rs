//! What a stream tells of tokens, packed: of a use only what it says otherwise than the one before it under the same name.
//!
//! **Invariant:** what comes out is what went in, as long as the things of one name that were packed together stay together in their order.

use std::io;
use std::ops::Range;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::model::fast_map::FastMap;
use crate::model::token_use::{Presented, Record, RecordOrigin, TokenUse, VERSION};

/// How many uses are remembered, so that those after them under the same names can be compared with them.
const REMEMBERED: usize = 4096;
/// Bytes before each thing: its home, its kind and its length.
pub const HEAD: usize = 13;

/// What a packed thing is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A use of which everything is said.
    Use = 0,
    /// A use of which only that is said which differs from the last one under the same name.
    Again = 1,
    /// An `Exposure`, as JSON.
    Exposure = 2,
}

/// Packed things, one after the other.
#[derive(Default, Debug)]
pub struct Packed {
    bytes: Vec<u8>,
    /// The last use under each name.
    last: FastMap<u64, TokenUse>,
}

/// The head of a packed thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// The index of the name under which it was told.
    pub home: u64,
    /// What it is.
    pub kind: Kind,
    /// How many bytes it has behind its head.
    pub length: usize,
}

impl Packed {
    /// Adds a use of the token whose name has this index.
    pub fn push_use(&mut self, home: u64, one: TokenUse) {
        if let Some(before) = self.last.get_mut(&home) {
            push(&mut self.bytes, home, Kind::Again, |bytes| write(&one, before, bytes));
            *before = one;
            return;
        }
        push(&mut self.bytes, home, Kind::Use, |bytes| write(&one, &silent(), bytes));
        if self.last.len() >= REMEMBERED {
            self.last.clear();
        }
        self.last.insert(home, one);
    }

    /// Adds an exposure of such a token.
    pub fn push_exposure(&mut self, home: u64, json: &str) {
        push(&mut self.bytes, home, Kind::Exposure, |bytes| bytes.extend_from_slice(json.as_bytes()));
    }

    /// Everything.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn push(bytes: &mut Vec<u8>, home: u64, kind: Kind, write: impl FnOnce(&mut Vec<u8>)) {
    let start = bytes.len();
    bytes.extend_from_slice(&home.to_le_bytes());
    bytes.extend_from_slice(&[kind as u8, 0, 0, 0, 0]);
    write(bytes);
    let length = u32::try_from(bytes.len() - start - HEAD).expect("because records are shorter than 4 GB");
    bytes[start + 9..start + HEAD].copy_from_slice(&length.to_le_bytes());
}

impl Head {
    /// The head with which these bytes begin.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let home = u64::from_le_bytes(*bytes.first_chunk().expect("because a head has 13 bytes"));
        let length = u32::from_le_bytes(*bytes[9..].first_chunk().expect("because a head has 13 bytes"));
        let kind = [Kind::Use, Kind::Again, Kind::Exposure].into_iter().find(|kind| *kind as u8 == bytes[8]);
        Self { home, kind: kind.expect("because we wrote it"), length: length as usize }
    }

    /// Where the thing itself stands, whose head begins at `at`.
    #[must_use]
    pub fn thing(self, at: usize) -> Range<usize> {
        at + HEAD..at + HEAD + self.length
    }
}

/// Uses of one token on their way out, in the order in which they went in.
#[derive(Default)]
pub struct Unpacked {
    uses: Vec<TokenUse>,
    /// The place of the last use under each name.
    last: FastMap<u64, usize>,
}

impl Unpacked {
    /// Room for so many uses.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self { uses: Vec::with_capacity(count), last: FastMap::default() }
    }

    /// Takes a packed use.
    ///
    /// # Errors
    ///
    /// It is not what was packed.
    pub fn push(&mut self, head: Head, bytes: &[u8]) -> io::Result<()> {
        let place = self.last.entry(head.home).or_default();
        let before = if head.kind == Kind::Again { self.uses[*place].clone() } else { silent() };
        *place = self.uses.len();
        self.uses.push(before);
        read(bytes, &mut self.uses[*place])
    }

    /// All uses.
    #[must_use]
    pub fn into_uses(self) -> Vec<TokenUse> {
        self.uses
    }
}

/// A use that says nothing.
fn silent() -> TokenUse {
    TokenUse { v: VERSION, presented: Presented::default(), record: Box::default(), origin: RecordOrigin::default() }
}

/// Declares how a use is written and read, field by field; a field that is left out does not compile.
macro_rules! fields {
    ($($part:ident: $kind:ident { $($field:ident),* })*) => {
        /// Which fields differ from those of a use before, as bits, and what they say.
        fn write(one: &TokenUse, before: &TokenUse, bytes: &mut Vec<u8>) {
            let TokenUse { v: _, $($part: _),* } = one;
            let (start, mut differ, mut bit) = (bytes.len(), 0_u64, 1_u64);
            bytes.extend_from_slice(&differ.to_le_bytes());
            $(
                let $kind { $($field),* }: &$kind = &one.$part;
                $(
                    if *$field != before.$part.$field {
                        differ |= bit;
                        $field.serialize(bytes).expect("because it is written to memory");
                    }
                    bit <<= 1;
                )*
            )*
            debug_assert!(bit != 0, "there are as many bits as fields");
            bytes[start..start + 8].copy_from_slice(&differ.to_le_bytes());
        }

        /// Changes what differs.
        fn read(mut bytes: &[u8], one: &mut TokenUse) -> io::Result<()> {
            let mut differ = u64::deserialize(&mut bytes)?;
            $($(
                if differ & 1 != 0 {
                    one.$part.$field = BorshDeserialize::deserialize(&mut bytes)?;
                }
                differ >>= 1;
            )*)*
            Ok(())
        }
    };
}

fields! {
    presented: Presented { keys, scheme, token, proof }
    record: Record {
        time, time_quality, outcome, status_code, principal, agent_id, client_id, user, tenant, session_id, session_src, task_id, run_id, trace_id,
        span_id, request_id, rpc_id, tool, method, aud, resource, scope_required, source_ip, peer_ip, forwarded_for, asn, geo, user_agent, ja4,
        tls_client_x5t, on_behalf_of, header_method, header_name, place
    }
    origin: RecordOrigin { uri, line, parser, record_id }
}

#[cfg(test)]
mod tests {
    use crate::model::instant::Instant;
    use crate::model::token_key::{KeyKind, TokenKey};
    use crate::model::token_use::{Presented, Record, RecordOrigin, TokenUse, VERSION};
    use crate::pipeline::replay::packed::{HEAD, Head, Kind, Packed, REMEMBERED, Unpacked};

    fn one(home: u64, at: i64) -> TokenUse {
        let keys = vec![TokenKey::Named(KeyKind::TokenId, home.to_string())];
        let record = Record {
            time: Instant::from_number(at),
            tool: (at % 3 > 0).then(|| format!("tool_{}", at % 3).into()),
            user_agent: Some("a user agent that does not fit in place".into()),
            scope_required: (0..at % 2).map(|at| at.to_string().into()).collect(),
            ..Record::default()
        };
        let origin = RecordOrigin { uri: "a.log".into(), line: at.unsigned_abs(), parser: "test".into(), record_id: None };
        TokenUse { v: VERSION, presented: Presented { keys, ..Presented::default() }, record: record.into(), origin }
    }

    /// Uses under these names come out as they went in; how many were said in full.
    fn check(homes: impl Iterator<Item = u64>) -> usize {
        let mut packed = Packed::default();
        let expected: Vec<TokenUse> = homes.zip(0..).map(|(home, at)| one(home, at)).collect();
        for (use_of, home) in expected.iter().map(|one| (one, one.presented.keys[0].to_string())) {
            packed.push_use(home.trim_start_matches("token_id:").parse().expect("because it is a number"), use_of.clone());
        }
        packed.push_exposure(1, "{}");
        let (mut unpacked, mut full, mut at) = (Unpacked::default(), 0, 0);
        while at < packed.bytes().len() {
            let head = Head::read(&packed.bytes()[at..]);
            full += usize::from(head.kind == Kind::Use);
            if head.kind == Kind::Exposure {
                assert_eq!((head.home, &packed.bytes()[head.thing(at)]), (1, &b"{}"[..]));
            } else {
                unpacked.push(head, &packed.bytes()[head.thing(at)]).expect("because it was packed");
            }
            at += HEAD + head.length;
        }
        assert_eq!(unpacked.into_uses(), expected);
        full
    }

    #[test]
    fn what_comes_out_is_what_went_in() {
        assert_eq!(check((0..100).map(|_| 7)), 1);
        assert_eq!(check((0..100).map(|at| at % 3)), 3);
        // Too many names at once: uses are said in full again.
        assert_eq!(check((0..3).flat_map(|_| 0..=REMEMBERED as u64)), 3 * (REMEMBERED + 1));
    }
}
