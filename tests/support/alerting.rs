//! A directory with logs, tokens in them, and endpoints that are told.

#![allow(dead_code, reason = "not every test file uses all of it")]
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use beartrap::model::fingerprint::Fingerprint;
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use serde_json::Value;
use standardwebhooks::Webhook;
use tempfile::TempDir;

use crate::binary::{Ran, run};
use crate::receiver::{Came, PATIENCE};

/// Waits that are over at once, so many.
pub fn quick(count: usize) -> String {
    format!("retry = [{}]\n", vec!["\"20ms\""; count].join(", "))
}

/// Where a run takes place.
pub struct World {
    /// The directory.
    pub directory: TempDir,
    /// All tokens that were written.
    pub tokens: Vec<String>,
    settings: String,
    random: Random,
}

impl World {
    /// Nothing is there but an empty directory `logs`.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("logs")).unwrap();
        Self { directory, tokens: Vec::new(), settings: String::new(), random: Random::new(11) }
    }

    /// A path in it.
    pub fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Adds to the settings.
    pub fn set(&mut self, text: &str) {
        self.settings.push_str(text);
        fs::write(self.at("beartrap.toml"), &self.settings).unwrap();
    }

    /// Adds an endpoint with a key of its own; the key.
    pub fn endpoint(&mut self, name: &str, url: &str, more: &str) -> String {
        self.endpoint_with(name, url, "hmac", more)
    }

    /// The same with a key of this kind.
    pub fn endpoint_with(&mut self, name: &str, url: &str, kind: &str, more: &str) -> String {
        let key = run(self.directory.path(), &["endpoint", "keygen", "--kind", kind]).out();
        fs::write(self.at(&format!("{name}.key")), &key).unwrap();
        self.set(&format!("[endpoint.{name}]\nurl = \"{url}\"\nsecret_file = \"{name}.key\"\n{more}\n"));
        key.trim().to_owned()
    }

    /// A new token.
    pub fn token(&mut self) -> String {
        let token = String::from_utf8(self.random.bytes(ByteSet::alnum(), 40)).unwrap();
        self.tokens.push(token.clone());
        token
    }

    /// Appends to a log.
    pub fn log(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.at(&format!("logs/{name}"))).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// Writes so many lines with a token of its own each.
    pub fn leak(&mut self, count: usize) {
        for _ in 0..count {
            let token = self.token();
            self.log("a.log", &lying(&token));
        }
    }

    /// Runs words that stand in one line.
    pub fn run(&self, words: &str) -> Ran {
        run(self.directory.path(), &words.split_whitespace().collect::<Vec<_>>())
    }

    /// Scans the logs and tells these endpoints; findings change no status.
    pub fn scan(&self, to: &str) -> Ran {
        self.run(&format!("scan logs --state st --fail-on none --alert {}", to.replace(' ', " --alert ")))
    }

    /// The outbox.
    pub fn outbox(&self, more: &str) -> Vec<Value> {
        self.run(&format!("outbox list --format jsonl --state st {more}")).records()
    }

    /// How deliveries stand, each with the number of its attempts, in their order.
    pub fn states(&self) -> Vec<(String, u64)> {
        let of = |one: &Value| (one["state"].as_str().unwrap().to_owned(), one["attempts"].as_u64().unwrap());
        self.outbox("").iter().map(of).collect()
    }

    /// Delivers again and again until all is done that this says.
    pub fn deliver_until(&self, is_done: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_done() {
            assert!(began.elapsed() < PATIENCE, "{}", self.run("outbox list --state st").out());
            self.run("outbox run --quiet --state st");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Nothing that was written or said holds a token, or one of these secrets.
    pub fn assert_secret(&self, said: &[&Ran], secrets: &[&str]) {
        let files = walkdir::WalkDir::new(self.at("st")).into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
        let mut places: Vec<(String, Vec<u8>)> = files.map(|file| (file.path().display().to_string(), fs::read(file.path()).unwrap())).collect();
        for ran in said {
            places.extend([("standard output".to_owned(), ran.stdout.clone()), ("standard error".to_owned(), ran.stderr.clone())]);
        }
        for (place, bytes) in &places {
            for secret in self.tokens.iter().map(String::as_str).chain(secrets.iter().copied()) {
                assert!(memchr::memmem::find(bytes, secret.as_bytes()).is_none(), "{place} holds a secret");
            }
        }
    }
}

/// A line in which a token lies.
pub fn lying(token: &str) -> String {
    format!("Authorization: Bearer {token}\n")
}

/// A token's fingerprint as it is printed.
pub fn fp(token: &str) -> String {
    Fingerprint::of(token.as_bytes()).to_string()
}

/// How many signatures a message has, and how many of them are of these keys, as the reference library has it.
pub fn signatures(came: &Came, keys: &[&str]) -> (usize, usize) {
    let at = came.header("webhook-timestamp").parse().unwrap();
    let all: Vec<&str> = came.header("webhook-signature").split(' ').collect();
    let expected = keys.iter().map(|key| Webhook::new(key).unwrap().sign(came.id(), at, &came.body).unwrap());
    (all.len(), expected.filter(|one| all.contains(&one.as_str())).count())
}
