//! One stream's sightings: the uses that its records tell of, and the tokens that lie in it, dated by the records around them.

use std::collections::VecDeque;
use std::hash::BuildHasher as _;
use std::sync::{Arc, LazyLock};

use memchr::memmem::Finder;

use crate::detect::clock::number;
use crate::detect::options::Options;
use crate::detect::place_kind::guess;
use crate::ledger::import::context::{Context, GramOf};
use crate::ledger::import::entry::Entry;
use crate::ledger::import::format::{FORMATS, Format, Framing};
use crate::model::carrier::Carrier;
use crate::model::decoder::Decoder;
use crate::model::exposure::{Exposure, PlaceKind, Reach};
use crate::model::fast_map::FastSet;
use crate::model::finding::Finding;
use crate::model::instant::Instant;
use crate::model::text::Text;
use crate::model::token_key::{KeyKind, TokenKey};
use crate::model::token_use::{Presented, RecordOrigin, SessionSource, TokenUse, VERSION};
use crate::observe::mapping::Mapping;
use crate::observe::observation::Thread;
use crate::observe::reader::{ReadRecord, Reader, ReaderState, Understood};
use crate::pipeline::ours::names;
use crate::pipeline::replay::coverage::Coverage;
use crate::pipeline::replay::habits::{Mark, Marker, Numbers};
use crate::pipeline::replay::packed::Packed;
use crate::pipeline::replay::requests::Requests;
use crate::pipeline::replay::signs;

/// What records mean beyond themselves.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// How records of unknown formats are read.
    pub mapping: Option<&'a Arc<Mapping>>,
    /// Who can read the logs, where the user said so.
    pub reach: Option<Reach>,
    /// The time of what nothing dates.
    pub now: Instant,
    /// Settings, by which workloads count as one.
    pub options: &'a Options,
    /// How n-grams are made of raw tokens that records hand out.
    pub gram_of: GramOf<'a>,
    /// Whether records that say nothing of tokens are read, too, so that they are counted by their formats.
    pub thorough: bool,
}

/// What a stream told.
#[derive(Default, Debug)]
pub struct Sightings {
    /// Uses, and places where tokens lay.
    pub packed: Packed,
    /// What they say of habits.
    pub marks: Vec<Mark>,
    /// When requests were.
    pub requests: Requests,
    /// Names that were logged together.
    pub names: Vec<Vec<TokenKey>>,
    /// Issuances and facts.
    pub entries: Vec<Entry>,
    /// What was read.
    pub coverage: Coverage,
}

impl Sightings {
    /// The same where all of it is told again later, and counted then.
    #[must_use]
    pub fn uncounted(self) -> Self {
        Self { coverage: Coverage::default(), marks: Vec::new(), ..self }
    }
}

/// How many parts of a stream are read whole after one of which most records said something.
const TELLING: u32 = 15;
/// How many bytes of uses a stream may hold before they are handed over.
const TOGETHER: usize = 4 << 20;

/// A stream that is being read.
pub struct Sight<'a> {
    reading: Reading<'a>,
    reader: Option<Reader>,
    numbers: &'a Numbers,
    marker: Marker,
    context: Context<'a>,
    uri: Text,
    /// The number that stands for it where clocks are compared.
    log: u64,
    /// How many bytes of the stream were heard, from its start.
    heard: u64,
    /// How many more parts are read without looking which records say anything.
    telling: u32,
    /// Findings whose record has not ended.
    findings: VecDeque<Lying>,
    /// Names that were told, as keyed hashes.
    met: FastSet<u64>,
    /// The names that were met last.
    last: Vec<TokenKey>,
    /// The index of the first of them.
    home: u64,
    /// Whether nothing is said of the token that they name.
    ignored: bool,
    told: Sightings,
}

/// A token that lies in the stream.
struct Lying {
    at: u64,
    line: u64,
    keys: Vec<TokenKey>,
    carrier: Option<Carrier>,
    decoders: Vec<Decoder>,
}

/// A record, as far as it says something of tokens in it.
#[derive(Default)]
struct Around {
    start: u64,
    /// When it was, and what sort of place it is.
    said: Option<(Option<Instant>, Option<PlaceKind>)>,
    /// The names of tokens that were presented in it.
    presented: Vec<TokenKey>,
}

impl<'a> Sight<'a> {
    /// A stream of this name.
    #[must_use]
    pub fn new(uri: String, reading: Reading<'a>, numbers: &'a Numbers) -> Self {
        let reader = Reader::new(uri.clone(), reading.mapping.cloned());
        Self::read_by(reader, 0, uri, reading, numbers)
    }

    /// A stream of this name that was read before.
    #[must_use]
    pub fn resume(uri: String, reading: Reading<'a>, numbers: &'a Numbers, state: ReaderState) -> Self {
        let from = state.place.offset;
        Self::read_by(Reader::resume(state, reading.mapping.cloned()), from, uri, reading, numbers)
    }

    /// A stream of this name of which only what is new is read, and this is known of the rest.
    #[must_use]
    pub fn knowing(uri: String, reading: Reading<'a>, numbers: &'a Numbers, thread: Thread) -> Self {
        Self::read_by(Reader::knowing(thread, reading.mapping.cloned()), 0, uri, reading, numbers)
    }

    fn read_by(reader: Reader, heard: u64, uri: String, reading: Reading<'a>, numbers: &'a Numbers) -> Self {
        Self {
            reading,
            reader: Some(reader),
            context: Context::new(reading.gram_of),
            log: number(&uri),
            uri: uri.into(),
            numbers,
            marker: Marker::default(),
            heard,
            telling: 0,
            findings: VecDeque::new(),
            met: FastSet::default(),
            last: Vec::new(),
            home: 0,
            ignored: false,
            told: Sightings::default(),
        }
    }

    /// How far the stream was read; none while something of it waits for what comes next.
    #[must_use]
    pub fn state(&self) -> Option<ReaderState> {
        self.reader.as_ref().filter(|_| self.findings.is_empty()).and_then(Reader::state)
    }

    /// Says what time it is now, for what nothing dates.
    pub fn set_now(&mut self, now: Instant) {
        self.reading.now = now;
    }

    /// Hears bytes of the stream, in order, once what lies in them was told.
    pub fn hear(&mut self, bytes: &[u8]) {
        let Some(mut reader) = self.reader.take() else { return };
        if self.reading.thorough || self.telling > 0 {
            self.telling = self.telling.saturating_sub(1);
            reader.push(bytes, &mut |record| self.record(record));
        } else {
            // What began before may hold half a sign.
            let mut marks = vec![self.heard];
            marks.extend(self.findings.iter().map(|lying| lying.at));
            signs::each(bytes, |at| marks.push(self.heard + at as u64));
            marks.sort_unstable();
            let mut read = 0;
            reader.skim(bytes, &marks, &mut |record| {
                read += 1;
                self.record(record);
            });
            let passed = reader.take_passed();
            self.told.coverage.passed += passed;
            // Where nearly every record tells of tokens, looking for signs is in vain.
            self.telling = if passed < read { TELLING } else { 0 };
        }
        self.heard += bytes.len() as u64;
        self.reader = Some(reader);
    }

    /// Hears of a token in bytes that are heard next, in order.
    pub fn find(&mut self, finding: &Finding, line: u64) {
        self.findings.push_back(Lying {
            at: finding.span.start(),
            line,
            keys: names(finding),
            carrier: finding.carrier.clone(),
            decoders: finding.decoders.clone(),
        });
    }

    /// Hears that the stream has ended; what is known of it then.
    pub fn end(&mut self) -> Option<Thread> {
        let ended = self.reader.take().map(|mut reader| {
            reader.end(&mut |record| self.record(record));
            reader.into_thread()
        });
        self.settle(u64::MAX, &Around::default());
        ended
    }

    fn record(&mut self, record: ReadRecord) {
        self.told.coverage.count(&record);
        self.issued(&record);
        let end = record.start + record.bytes.len() as u64;
        let parser = if let Understood::By(name) = record.understood { name } else { "text" };
        let mut around = Around { start: record.start, ..Around::default() };
        for one in record.said {
            let origin = RecordOrigin { uri: self.uri.clone(), line: record.line, parser: Text::new_static(parser), record_id: one.record_id };
            around.said.get_or_insert((one.record.time, one.record.place));
            around.presented.extend(one.presented.iter().flat_map(|presented| &presented.keys).cloned());
            let mut presented = one.presented;
            let last = presented.pop();
            for presented in presented {
                self.used(TokenUse { v: VERSION, presented, record: one.record.clone(), origin: origin.clone() });
            }
            if let Some(presented) = last {
                self.used(TokenUse { v: VERSION, presented, record: one.record, origin });
            }
        }
        self.settle(end, &around);
    }

    /// An MCP session's handle is presented together with the token: what was done under it is judged under a name of its own as well.
    /// An ignored token says nothing of habits and handles.
    fn used(&mut self, one: TokenUse) {
        self.told.requests.hear(self.log, &one.record);
        let home = self.meet(&one.presented.keys);
        let is_ignored = home.is_some() && self.ignored;
        if home.is_some() && !is_ignored {
            self.told.marks.extend(self.marker.mark(&one.record, self.reading.options, self.numbers));
        }
        if let Some(handle) = handle(&one).filter(|_| !is_ignored) {
            let home = self.meet(std::slice::from_ref(&handle)).expect("because it has a name");
            let presented = Presented { keys: vec![handle], ..Presented::default() };
            self.told.packed.push_use(home, TokenUse { presented, ..one.clone() });
        }
        if let Some(home) = home {
            self.told.packed.push_use(home, one);
        }
    }

    /// The index of the first name; names that were not met together before are told.
    fn meet(&mut self, names: &[TokenKey]) -> Option<u64> {
        // Neighbours often present one token.
        if self.last != names {
            self.home = names.first()?.index();
            if self.met.insert(self.met.hasher().hash_one(names)) {
                self.told.names.push(names.to_vec());
            }
            names.clone_into(&mut self.last);
            self.ignored = self.reading.options.ignores(names, None);
        }
        names.first().map(|_| self.home)
    }

    /// Whether it is time to hand over what was told.
    #[must_use]
    pub fn has_much(&self) -> bool {
        self.told.packed.bytes().len() > TOGETHER
    }

    /// Hands over what was told.
    pub fn take_told(&mut self) -> Sightings {
        self.met.clear();
        self.last.clear();
        self.ignored = false;
        std::mem::take(&mut self.told)
    }

    /// Issuances and facts that a record tells of.
    fn issued(&mut self, record: &ReadRecord) {
        let format = match record.understood {
            Understood::UnknownObject | Understood::By("generic") => Format::named("jsonl"),
            Understood::By(name) => Format::named(name),
            _ => None,
        };
        let entries = match format.filter(|format| tells(format, record.bytes)).map(|format| &format.framing) {
            Some(Framing::Lines(parse)) => std::str::from_utf8(record.bytes).ok().and_then(|text| parse(text, None, self.reading.gram_of).ok()),
            Some(Framing::Objects(_, parse)) => {
                serde_json::from_slice(record.bytes).ok().and_then(|mut value| parse(&mut value, &mut self.context).ok())
            }
            _ => None,
        };
        self.told.entries.extend(entries.into_iter().flatten());
    }

    /// Tells of the findings before a place, the last of which lie in this record.
    fn settle(&mut self, read: u64, around: &Around) {
        while let Some(lying) = self.findings.pop_front_if(|lying| lying.at < read) {
            let around = Some(around).filter(|around| around.start <= lying.at);
            let presented = around.is_some_and(|around| lying.keys.iter().any(|key| around.presented.contains(key)));
            let said = around.and_then(|around| around.said).unwrap_or_default();
            if !presented && let Some(home) = self.meet(&lying.keys) {
                let json = serde_json::to_string(&exposure(lying, &self.uri, said, self.reading)).expect("because exposures can be written");
                self.told.packed.push_exposure(home, &json);
            }
        }
    }
}

/// The name of the MCP session under which a token was presented.
fn handle(one: &TokenUse) -> Option<TokenKey> {
    let record = &one.record;
    let session = record.session_id.as_ref().filter(|_| record.session_src == Some(SessionSource::Mcp))?;
    Some(TokenKey::Named(KeyKind::Session, format!("mcp/{}/{session}", record.aud.as_deref().unwrap_or_default())))
}

/// Where a token lay; its record says when, and what sort of place it is.
fn exposure(lying: Lying, uri: &str, (time, place): (Option<Instant>, Option<PlaceKind>), reading: Reading) -> Exposure {
    let (kind, reach) = guess(uri, b"");
    let at = time.unwrap_or(reading.now);
    Exposure {
        kind: place.unwrap_or(kind),
        reach: reading.reach.unwrap_or(reach),
        location: uri.to_owned(),
        line: lying.line,
        carrier: lying.carrier,
        decoders: lying.decoders,
        first_seen: at,
        last_seen: at,
        count: 1,
    }
}

/// Searches for the marks of formats that tell of issuances, which take time to prepare.
static MARKS: LazyLock<Vec<(&'static str, Vec<Finder>)>> =
    LazyLock::new(|| FORMATS.iter().map(|format| (format.name, format.marks.iter().map(Finder::new).collect())).collect());

/// Whether a record may tell of an issuance, as this format would.
fn tells(format: &Format, bytes: &[u8]) -> bool {
    let marks = MARKS.iter().find(|(name, _)| *name == format.name);
    marks.is_some_and(|(_, marks)| marks.iter().any(|mark| mark.find(bytes).is_some()))
}
