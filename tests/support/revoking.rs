//! A desk with logs and a state, whose settings have leaked tokens revoked at a server and tell a receiver of it.

#![allow(dead_code, reason = "not every test file uses all of it")]

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{Ran, command, finish, start, wait};
use crate::oauth::Oauth;

/// Who revokes.
pub struct Server {
    /// Its name as issuer.
    pub issuer: String,
    /// Where it revokes.
    pub revocation: String,
    /// Where it says whether a token is active.
    pub introspection: String,
    /// As which client it is asked, with which secret.
    pub client: (String, String),
}

/// The desk.
pub struct Desk {
    directory: TempDir,
    client_secret: String,
}

impl Desk {
    /// With `soc`, who is told, and `as`, who revokes; `revocation` is what else stands in `[revocation]`, and behind it.
    pub fn new(server: &Server, soc: &Oauth, revocation: &str) -> Self {
        let directory = tempfile::tempdir().expect("because there is room");
        fs::create_dir(directory.path().join("logs")).expect("because there is room");
        let Server { issuer, revocation: url, introspection, client } = server;
        let settings = format!(
            "[endpoint.soc]\nurl = \"{}\"\nsecret_env = \"SOC\"\nretry = [\"100ms\", \"100ms\", \"1s\"]\n\n\
             [endpoint.as]\nurl = \"{url}\"\nformat = \"rfc7009\"\nclient_id = \"{}\"\nclient_secret_env = \"CLIENT\"\n\
             introspection_url = \"{introspection}\"\nretry = [\"100ms\", \"100ms\", \"1s\"]\n\n\
             [revocation]\nissuers = [\"{issuer}\"]\nendpoints = [\"as\"]\n{revocation}\n",
            soc.url("/hook"),
            client.0
        );
        fs::write(directory.path().join("beartrap.toml"), settings).expect("because there is room");
        Self { directory, client_secret: client.1.clone() }
    }

    /// Where it is.
    pub fn at(&self) -> &Path {
        self.directory.path()
    }

    /// Appends a line to a log.
    pub fn log(&self, name: &str, line: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.at().join("logs").join(name)).expect("because there is room");
        writeln!(file, "{line}").expect("because there is room");
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = command(self.at(), &[words, &["--state", "st"]].concat());
        command.env("SOC", format!("whsec_{}", STANDARD.encode([7; 32]))).env("CLIENT", &self.client_secret);
        command
    }

    /// Runs one of our commands on the state.
    pub fn run(&self, words: &[&str]) -> Ran {
        finish(start(&mut self.command(words)))
    }

    /// The records that a command tells.
    pub fn tell(&self, words: &[&str]) -> Vec<Value> {
        self.run(&[words, &["--format", "jsonl"]].concat()).records()
    }

    /// Imports records, or facts.
    pub fn import(&self, records: &Path) {
        let ran = self.run(&["ledger", "import", records.to_str().expect("because it is text")]);
        assert!(ran.status == 0 && ran.err().contains(" 0 rejected"), "{}", ran.err());
    }

    /// Imports these records or facts.
    pub fn import_lines(&self, lines: &[Value]) {
        let text = lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n") + "\n";
        fs::write(self.at().join("issued.jsonl"), text).expect("because there is room");
        self.import(&self.at().join("issued.jsonl"));
    }

    /// Scans the logs, telling `soc`.
    pub fn scan(&self, more: &[&str]) -> Ran {
        self.run(&[&["scan", "logs", "--alert", "soc", "--config", "beartrap.toml"], more].concat())
    }

    /// Follows the logs, telling `soc`, until it is dropped.
    pub fn watch(&self) -> Watching<'_> {
        let file = |name| File::create(self.at().join(name)).expect("because there is room");
        let mut command = self.command(&["watch", "logs", "--alert", "soc", "--config", "beartrap.toml", "--poll", "0.1"]);
        Watching { desk: self, child: start(command.stdout(file("out")).stderr(file("err"))) }
    }

    /// Requests to revoke.
    pub fn revocations(&self) -> Vec<Value> {
        let told = self.tell(&["revocations", "--config", "beartrap.toml"]);
        told.into_iter().filter(|record| record["type"] == "revocation").collect()
    }

    /// How requests to revoke stand.
    pub fn stand(&self) -> Vec<String> {
        let mut words: Vec<String> = self.revocations().iter().map(|request| request["state"].as_str().unwrap_or_default().to_owned()).collect();
        words.sort();
        words
    }

    /// The kinds of the audit log's records about a token, in their order; the log must be whole.
    pub fn audited(&self, token: &Value) -> Vec<String> {
        let verified = self.run(&["audit", "verify"]);
        assert_eq!(verified.status, 0, "{}{}", verified.out(), verified.err());
        let about = token.as_str().expect("because tokens have names");
        self.tell(&["audit", "show", "--about", about]).iter().map(|noted| noted["record"]["kind"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Nothing but the logs holds any of these tokens.
    pub fn assert_silent_about(&self, tokens: &[&str]) {
        let mut left = vec![self.at().to_path_buf()];
        while let Some(path) = left.pop() {
            if path.is_dir() && !path.ends_with("logs") {
                left.extend(fs::read_dir(&path).expect("because it is there").flatten().map(|entry| entry.path()));
            } else if path.is_file() {
                let bytes = fs::read(&path).unwrap_or_default();
                let holds = |token: &&&str| bytes.windows(token.len()).any(|window| window == token.as_bytes());
                assert!(!tokens.iter().any(|token| holds(&token)), "{} holds a token", path.display());
            }
        }
    }
}

/// A run that follows.
pub struct Watching<'a> {
    desk: &'a Desk,
    child: Child,
}

impl Watching<'_> {
    /// Ends it as a person would; what it told.
    pub fn end(mut self) -> String {
        assert!(self.terminate().is_some(), "the run did not end");
        ["out", "err"].map(|name| fs::read_to_string(self.desk.at().join(name)).unwrap_or_default()).concat()
    }

    fn terminate(&mut self) -> Option<i32> {
        drop(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status());
        wait(&mut self.child, Duration::from_secs(30))
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.terminate();
        }
    }
}
