//! Runs one program to its end: processor time, time on the wall and peak memory as the system accounts them.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
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
    /// Peak resident memory in bytes; of a very small program, that of the launcher.
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

/// The smallest of each, of so many runs.
///
/// # Errors
///
/// That of the first run that fails.
pub fn best_of<E>(rounds: usize, mut run: impl FnMut() -> Result<Usage, E>) -> Result<Usage, E> {
    let first = run()?;
    (1..rounds).try_fold(first, |best, _| Ok(best.best(run()?)))
}

/// How a program gets the corpus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Feed<'a> {
    /// It is named on the command line.
    Argument,
    /// It comes through a pipe.
    Pipe(&'a Path),
}

/// The first argument that makes this program a launcher.
const LAUNCH: &str = "--launch";

/// Whether this program was started as a launcher, and has done its work.
///
/// # Errors
///
/// When its program cannot be started or waited for.
pub fn launched() -> io::Result<bool> {
    let mut args = std::env::args_os().skip(1);
    let is_launcher = args.next().is_some_and(|first| first == LAUNCH);
    if is_launcher {
        launch(args)?;
    }
    Ok(is_launcher)
}

/// Runs a program with its standard output in a file and without standard error.
///
/// A launcher of our own stands between: a child's peak memory is never less than that of the process which started it, and ours grows with the
/// reports that it reads.
///
/// # Errors
///
/// When it cannot be started or waited for.
pub fn run(command: &Command, feed: Feed<'_>, output: &Path) -> io::Result<Usage> {
    let mut launcher = Command::new(std::env::current_exe()?);
    launcher.arg(LAUNCH).arg(output);
    launcher.arg(if let Feed::Pipe(path) = feed { path } else { Path::new("") });
    launcher.arg(command.get_program()).args(command.get_args());
    launcher.current_dir(command.get_current_dir().unwrap_or(Path::new(".")));
    let said = launcher.stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8_lossy(&said.stdout);
    let mut numbers = text.split_whitespace().map_while(|number| number.parse::<u64>().ok());
    let mut next = || numbers.next().ok_or_else(|| io::Error::other("it could not be started"));
    let (cpu, wall, peak, status) = (next()?, next()?, next()?, next()?);
    let status = i32::try_from(status).ok().filter(|status| *status < 256).unwrap_or(-1);
    Ok(Usage { cpu: Duration::from_micros(cpu), wall: Duration::from_micros(wall), peak, status })
}

/// What the launcher does: runs a program and prints what it took, as four numbers.
fn launch(mut args: impl Iterator<Item = OsString>) -> io::Result<()> {
    let mut next = || args.next().ok_or_else(|| io::Error::other("the launcher wants an output, an input and a program"));
    let (output, input, program) = (next()?, next()?, next()?);
    let mut command = Command::new(program);
    command.args(args).stdout(File::create(output)?).stderr(Stdio::null());
    command.stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() });
    let start = Instant::now();
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that stops reading early ends the pipe; its exit status tells.
        let _ = io::copy(&mut File::open(input)?, &mut stdin);
    }
    let usage = finish(&mut child, start)?;
    let status = u64::try_from(usage.status).unwrap_or(256);
    writeln!(io::stdout(), "{} {} {} {status}", usage.cpu.as_micros(), usage.wall.as_micros(), usage.peak)
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
