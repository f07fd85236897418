//! Runs one program to its end: processor time, time on the wall and peak memory as the system accounts them.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// User and system time, of the program and of those it waited for.
    pub cpu: Duration,
    /// From start to exit.
    pub wall: Duration,
    /// Peak resident memory in bytes; never less than this process's own peak when it started the program.
    pub peak: u64,
    /// The exit status; negative when a signal ended it.
    pub status: i32,
}

impl Usage {
    /// The smaller of each.
    pub fn best(self, other: Self) -> Self {
        Self { cpu: self.cpu.min(other.cpu), wall: self.wall.min(other.wall), peak: self.peak.min(other.peak), status: other.status }
    }
}

/// How a program gets the corpus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Feed<'a> {
    /// It is named on the command line.
    Argument,
    /// It comes through a pipe.
    Pipe(&'a Path),
}

/// Runs a program with its standard output in a file and without standard error.
///
/// # Errors
///
/// When it cannot be started or waited for.
pub fn run(mut command: Command, feed: Feed<'_>, output: &Path) -> io::Result<Usage> {
    command.stdout(File::create(output)?).stderr(Stdio::null());
    command.stdin(if feed == Feed::Argument { Stdio::null() } else { Stdio::piped() });
    let start = Instant::now();
    let mut child = command.spawn()?;
    if let (Feed::Pipe(path), Some(mut stdin)) = (feed, child.stdin.take()) {
        let mut file = File::open(path)?;
        // A program that stops reading early ends the pipe; its exit status tells.
        let _ = io::copy(&mut file, &mut stdin);
    }
    finish(&mut child, start)
}

#[cfg(unix)]
#[allow(unsafe_code, reason = "the standard library does not tell what a child used")]
fn finish(child: &mut Child, start: Instant) -> io::Result<Usage> {
    use std::os::unix::process::ExitStatusExt as _;

    let pid = child.id().try_into().expect("because a process id is a pid_t");
    let mut status = 0;
    // SAFETY: `rusage` consists of integers only, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: the child is ours and nobody else waits for it; both pointers are to live values of the right type.
        if unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) } == pid {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let wall = start.elapsed();
    let time = |t: libc::timeval| {
        Duration::from_secs(t.tv_sec.try_into().unwrap_or_default()) + Duration::from_micros(t.tv_usec.try_into().unwrap_or_default())
    };
    // Linux counts in units of 1,024 bytes, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    let peak = u64::try_from(usage.ru_maxrss).unwrap_or_default() * unit;
    let status = std::process::ExitStatus::from_raw(status).code().unwrap_or(-1);
    Ok(Usage { cpu: time(usage.ru_utime) + time(usage.ru_stime), wall, peak, status })
}

#[cfg(not(unix))]
fn finish(child: &mut Child, start: Instant) -> io::Result<Usage> {
    let status = child.wait()?.code().unwrap_or(-1);
    let wall = start.elapsed();
    Ok(Usage { cpu: wall, wall, peak: 0, status })
}
