//! Runs the program as a user does: in a directory, with arguments, never for ever.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// No run of a test takes longer.
const LIMIT: Duration = Duration::from_mins(1);

/// What a run left behind.
#[derive(Debug)]
pub struct Ran {
    /// Exit status; -1 when a signal ended it.
    pub status: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Ran {
    /// Standard output as text.
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text.
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// The records of a JSONL run.
    pub fn records(&self) -> Vec<Value> {
        self.out().lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    /// The findings of a JSONL run.
    pub fn findings(&self) -> Vec<Value> {
        self.records().into_iter().filter(|record| record["type"] == "finding").collect()
    }

    /// The summary of a JSONL run.
    pub fn summary(&self) -> Value {
        self.records().pop().filter(|record| record["type"] == "summary").unwrap_or_else(|| panic!("no summary: {}{}", self.out(), self.err()))
    }

    /// The kinds of problems of a JSONL run.
    pub fn problems(&self) -> Vec<String> {
        self.summary()["problems"].as_array().into_iter().flatten().map(|problem| text(&problem["kind"])).collect()
    }

    /// `rule@line` of every finding of a JSONL run.
    pub fn places(&self) -> Vec<String> {
        self.findings().iter().map(|finding| format!("{}@{}", text(&finding["rule"]), finding["line"])).collect()
    }
}

/// A JSON string's text.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The program with these arguments in this directory, untouched by the environment.
pub fn command<S: AsRef<OsStr>>(directory: &Path, args: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beartrap"));
    command.current_dir(directory).args(args).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program.
pub fn run<S: AsRef<OsStr>>(directory: &Path, args: &[S]) -> Ran {
    finish(start(&mut command(directory, args)))
}

/// Runs the program with this standard input.
pub fn run_on<S: AsRef<OsStr>>(directory: &Path, args: &[S], input: &[u8]) -> Ran {
    let mut child = start(command(directory, args).stdin(Stdio::piped()));
    let mut stdin = child.stdin.take().expect("because it is piped");
    let input = input.to_vec();
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let ran = finish(child);
    writer.join().expect("because writing does not panic");
    ran
}

/// Starts it.
pub fn start(command: &mut Command) -> Child {
    command.spawn().expect("because the program was built")
}

/// Waits for the end of a run; one that does not end is killed and fails the test.
pub fn finish(mut child: Child) -> Ran {
    fn drain(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut stream) = stream {
                drop(stream.read_to_end(&mut bytes));
            }
            bytes
        })
    }
    let (out, err) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let status = wait(&mut child, LIMIT).unwrap_or_else(|| panic!("the run did not end"));
    Ran { status, stdout: out.join().unwrap_or_default(), stderr: err.join().unwrap_or_default() }
}

/// The exit status, or `None` when the run had to be killed.
pub fn wait(child: &mut Child, limit: Duration) -> Option<i32> {
    let until = Instant::now() + limit;
    while Instant::now() < until {
        if let Some(status) = child.try_wait().expect("because the child is ours") {
            return Some(status.code().unwrap_or(-1));
        }
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("because the child is ours");
    child.wait().expect("because the child is ours");
    None
}

/// A run whose input stays open, and its output line by line.
pub struct Live {
    /// The run.
    pub child: Child,
    /// Its standard input.
    pub stdin: ChildStdin,
    lines: Receiver<String>,
}

impl Live {
    /// Starts a run.
    pub fn start(directory: &Path, args: &[&str]) -> Self {
        let mut child = start(command(directory, args).stdin(Stdio::piped()));
        let stdin = child.stdin.take().expect("because it is piped");
        let stdout = BufReader::new(child.stdout.take().expect("because it is piped"));
        let (send, lines) = channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Self { child, stdin, lines }
    }

    /// Writes to its input.
    pub fn write(&mut self, bytes: &[u8]) {
        self.stdin.write_all(bytes).and_then(|()| self.stdin.flush()).expect("because the run reads");
    }

    /// The next line of its output, within five seconds.
    pub fn line(&self) -> Option<String> {
        self.lines.recv_timeout(Duration::from_secs(5)).ok()
    }
}

/// The greatest memory that a run has held so far, in kB; `None` once it has ended.
pub fn peak_kb(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().trim_end_matches(" kB").parse().ok()
}
