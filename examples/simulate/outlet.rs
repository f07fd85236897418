//! Everything that is written: the files of records, in the order of their arrival, and the labels.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use beartrap::rules::generate::Random;
use serde::Serialize;

use crate::simulate::clock::Millis;
use crate::simulate::delivery::{Fate, Framing, Stream, open};
use crate::simulate::order::Order;

/// A file of records.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Log {
    /// Issued-token and lifecycle records.
    Issued,
    /// Token-use records.
    Uses,
    /// Spans.
    Traces,
    /// Logs of OpenTelemetry.
    Logs,
    /// The access log of a gateway.
    Access,
    /// Events of `CloudTrail`.
    Cloud,
}

/// Paths, framing, and whether the clock may be off: what issuers say is exact.
const LOGS: [(Log, &str, Framing, bool); 6] = [
    (Log::Issued, "issued.jsonl", Framing::Lines, false),
    (Log::Uses, "uses.jsonl", Framing::Lines, false),
    (Log::Traces, "otlp/traces.jsonl", Framing::Lines, true),
    (Log::Logs, "otlp/logs.jsonl", Framing::Lines, true),
    (Log::Access, "mcp/access.jsonl", Framing::Lines, true),
    (Log::Cloud, "cloudtrail", Framing::Documents, true),
];

/// Where things are written.
pub struct Outlet {
    folder: PathBuf,
    streams: Vec<Stream>,
    /// What scenes wrote ahead, by the time of its arrival.
    ahead: BTreeMap<(Millis, usize), (Log, Vec<u8>, Fate)>,
    labels: io::BufWriter<std::fs::File>,
    buffer: Vec<u8>,
}

impl Outlet {
    /// Opens the files in a folder.
    pub fn new(folder: &Path, order: &Order) -> io::Result<Self> {
        let stream = |(at, (_, name, framing, may_be_off)): (usize, &(Log, &str, Framing, bool))| {
            let mut delivery = order.delivery;
            if !may_be_off {
                delivery.skew = 0;
            }
            Stream::new(folder.join(name), *framing, delivery, Random::new(order.seed ^ (0x5EED + at as u64)))
        };
        Ok(Self {
            folder: folder.to_owned(),
            streams: LOGS.iter().enumerate().map(stream).collect(),
            ahead: BTreeMap::new(),
            labels: open(&folder.join("labels.jsonl"))?,
            buffer: Vec::with_capacity(1 << 12),
        })
    }

    /// What the clock of a log says at a time.
    pub fn clock(&self, log: Log, time: Millis) -> Millis {
        time + self.streams[log as usize].shift
    }

    /// Writes a record that arrives now.
    pub fn put(&mut self, log: Log, record: &impl Serialize, fate: Fate) -> io::Result<()> {
        self.buffer.clear();
        serde_json::to_writer(&mut self.buffer, record)?;
        self.streams[log as usize].put(&self.buffer, fate)
    }

    /// Keeps a record that arrives at a time.
    pub fn keep(&mut self, log: Log, record: &impl Serialize, fate: Fate, arrival: Millis) -> io::Result<()> {
        let bytes = serde_json::to_vec(record)?;
        let turn = self.ahead.len();
        self.ahead.insert((arrival, turn), (log, bytes, fate));
        Ok(())
    }

    /// Writes what was kept and arrives before a time.
    pub fn arrive(&mut self, time: Millis) -> io::Result<()> {
        while let Some(first) = self.ahead.first_entry().filter(|first| first.key().0 < time) {
            let (log, bytes, fate) = first.remove();
            self.streams[log as usize].put(&bytes, fate)?;
        }
        Ok(())
    }

    /// Writes a label.
    pub fn label(&mut self, label: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.labels, label)?;
        self.labels.write_all(b"\n")
    }

    /// Writes a file of its own.
    pub fn file(&mut self, name: &str, content: &str) -> io::Result<()> {
        let mut out = open(&self.folder.join(name))?;
        out.write_all(content.as_bytes())?;
        out.flush()
    }

    /// Ends every file.
    pub fn finish(mut self) -> io::Result<()> {
        self.arrive(Millis::MAX)?;
        self.streams.iter_mut().try_for_each(Stream::finish)?;
        self.labels.flush()
    }
}
