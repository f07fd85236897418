//! Whose fault is silence: which logs gave uses, and what their records did not say.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::token_use::{Record, TimeQuality};
use crate::observe::reader::{ReadRecord, Understood};

/// Counters by log format.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, JsonSchema)]
pub struct Coverage {
    /// What each format gave.
    pub formats: BTreeMap<String, Tally>,
    /// JSON objects that no format knows.
    pub unknown_objects: u64,
    /// Lines of text that no format knows; tokens in them are found all the same.
    pub text_lines: u64,
    /// Uses of tokens of which nothing is said, by the settings or because they stand in documentation; known when all has been judged.
    pub ignored: u64,
    /// What is no JSON, or only the beginning of an object.
    pub malformed: u64,
    /// Records that are too long.
    pub too_long: u64,
    /// Records that were not read because nothing in them says anything of tokens; none where all are to be counted by format.
    pub passed: u64,
}

/// What one format gave.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, JsonSchema)]
pub struct Tally {
    /// Records.
    pub records: u64,
    /// Tokens that were presented in them.
    pub uses: u64,
    /// Uses without a time, or with the file's only.
    pub without_time: u64,
    /// Uses that do not say who it was: no principal, agent, client or user.
    pub without_actor: u64,
    /// Uses without a session.
    pub without_session: u64,
    /// Uses without a task or run.
    pub without_task: u64,
    /// Uses without a tool.
    pub without_tool: u64,
    /// Uses that do not say which server was called.
    pub without_audience: u64,
    /// Uses without a source address.
    pub without_source: u64,
    /// Uses that do not say whether they were accepted.
    pub without_outcome: u64,
}

impl Coverage {
    /// Counts a record.
    pub fn count(&mut self, record: &ReadRecord) {
        match record.understood {
            Understood::By(format) => {
                if !self.formats.contains_key(format) {
                    self.formats.insert(format.to_owned(), Tally::default());
                }
                let tally = self.formats.get_mut(format).expect("because it was just put there");
                tally.records += 1;
                for one in &record.said {
                    one.presented.iter().for_each(|_| tally.count(&one.record));
                }
            }
            Understood::UnknownObject => self.unknown_objects += 1,
            Understood::Text => self.text_lines += 1,
            Understood::Malformed => self.malformed += 1,
            Understood::TooLong => self.too_long += 1,
        }
    }

    /// Adds another run's counters.
    pub fn add(&mut self, other: &Self) {
        for (format, tally) in &other.formats {
            self.formats.entry(format.clone()).or_default().add(tally);
        }
        self.unknown_objects += other.unknown_objects;
        self.ignored += other.ignored;
        self.text_lines += other.text_lines;
        self.malformed += other.malformed;
        self.too_long += other.too_long;
        self.passed += other.passed;
    }

    /// The sum over all formats.
    #[must_use]
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.formats.values().for_each(|tally| total.add(tally));
        total
    }
}

impl Tally {
    fn count(&mut self, record: &Record) {
        let nobody = record.principal.is_none() && record.agent_id.is_none() && record.client_id.is_none() && record.user.is_none();
        self.uses += 1;
        self.without_time += u64::from(record.time.is_none() || record.time_quality >= TimeQuality::File);
        self.without_actor += u64::from(nobody);
        self.without_session += u64::from(record.session_id.is_none());
        self.without_task += u64::from(record.task_id.is_none() && record.run_id.is_none());
        self.without_tool += u64::from(record.tool.is_none());
        self.without_audience += u64::from(record.aud.is_none());
        self.without_source += u64::from(record.source_ip.is_none() && record.on_behalf_of.is_none() && record.forwarded_for.is_empty());
        self.without_outcome += u64::from(record.outcome == crate::model::token_use::Outcome::Unknown);
    }

    fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.uses += other.uses;
        self.without_time += other.without_time;
        self.without_actor += other.without_actor;
        self.without_session += other.without_session;
        self.without_task += other.without_task;
        self.without_tool += other.without_tool;
        self.without_audience += other.without_audience;
        self.without_source += other.without_source;
        self.without_outcome += other.without_outcome;
    }

    /// What was not said, and which detections cannot judge a use without it.
    #[must_use]
    pub fn gaps(&self) -> Vec<(&'static str, u64, &'static str)> {
        [
            ("time", self.without_time, "TR-01 TR-02 TR-03 TR-12 TR-15 TR-16 TR-24 TR-25 TR-26"),
            ("actor", self.without_actor, "TR-07 TR-21 TR-23 HY-02"),
            ("session", self.without_session, "TR-08"),
            ("task", self.without_task, "TR-09"),
            ("tool", self.without_tool, "TR-06 TR-21 TR-22"),
            ("audience", self.without_audience, "TR-04 TR-14"),
            ("source address", self.without_source, "TR-15 TR-16 TR-17 TR-18 TR-19 TR-20 TR-24 TR-26"),
            ("outcome", self.without_outcome, "TR-01 TR-03 TR-05 TR-25"),
        ]
        .into_iter()
        .filter(|(_, count, _)| *count > 0)
        .collect()
    }
}
