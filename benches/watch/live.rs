//! A running `beartrap watch`: what it tells, what it takes.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::Context as _;

/// A run.
pub struct Live {
    child: Child,
    lines: Receiver<String>,
}

impl Live {
    /// Follows `logs` of this directory.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn start(directory: &Path, more: &[&str]) -> anyhow::Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_beartrap"))
            .args(["watch", "logs", "--state", "state", "--format", "jsonl", "--quiet"])
            .args(more)
            .current_dir(directory)
            .stdout(Stdio::piped())
            .spawn()?;
        let out = BufReader::new(child.stdout.take().context("it has no output")?);
        let (send, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Ok(Self { child, lines })
    }

    /// The next line that it tells.
    ///
    /// # Errors
    ///
    /// None came in this time.
    pub fn next(&self, patience: Duration) -> anyhow::Result<String> {
        Ok(self.lines.recv_timeout(patience)?)
    }

    /// User and system time so far; zero where the system does not say.
    #[must_use]
    pub fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let after_name = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
        let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|number| number.parse::<u64>().ok()).sum();
        // A hundred ticks a second, on all that matters.
        Duration::from_millis(ticks * 10)
    }

    /// Peak resident memory so far, in bytes; zero where the system does not say.
    #[must_use]
    pub fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or_default() << 10
    }

    /// Ends it as a service manager does.
    ///
    /// # Errors
    ///
    /// It does not end well.
    pub fn end(mut self) -> anyhow::Result<()> {
        anyhow::ensure!(Command::new("kill").arg(self.child.id().to_string()).status()?.success(), "it is gone");
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "it ended with {status}");
        Ok(())
    }
}
