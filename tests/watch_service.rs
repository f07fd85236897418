//! `beartrap watch` as a service and on a screen: what it tells systemd, monitoring, logs and people about itself.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "support/binary.rs"]
mod binary;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use beartrap::config::flags::Flags;
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use beartrap::sources::follow::file_id::FileId;
use clap::Parser;
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{Live, command, run, start, wait};

const LIMIT: Duration = Duration::from_secs(20);

fn secret(seed: u64) -> String {
    String::from_utf8(Random::new(seed).bytes(ByteSet::alnum(), 40)).unwrap()
}

fn line(seed: u64) -> String {
    format!("Authorization: Bearer {}\n", secret(seed))
}

/// A directory in which there is one for logs.
fn with_logs() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("logs")).unwrap();
    directory
}

/// Starts a run whose output goes to the files `out` and `err`.
fn begin(at: &Path, more: &[&str], variables: &[(&str, &str)]) -> Child {
    let args = [&["watch", "logs", "--state", "st", "--format", "jsonl", "--log-format", "json"], more].concat();
    let file = |name: &str| File::create(at.join(name)).unwrap();
    start(command(at, &args).envs(variables.iter().copied()).stdout(file("out")).stderr(file("err")))
}

fn end(child: &mut Child) -> Option<i32> {
    signal("-TERM", child);
    wait(child, Duration::from_secs(5))
}

fn signal(name: &str, child: &Child) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// Asks until there is an answer.
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "no {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The records of a file of JSON lines.
fn records(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// Head and body of what a port answers.
fn get(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

#[test]
fn systemd_is_told_how_it_goes() {
    let directory = with_logs();
    let at = directory.path();
    let socket = UnixDatagram::bind(at.join("notify")).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    let next = |wanted: &str| {
        let mut bytes = [0; 4096];
        loop {
            let length = socket.recv(&mut bytes).unwrap_or_else(|error| panic!("no {wanted}: {error}"));
            let message = String::from_utf8_lossy(&bytes[..length]).into_owned();
            if message.lines().any(|line| line.starts_with(wanted)) {
                return message;
            }
        }
    };
    let path = at.join("notify").to_string_lossy().into_owned();
    let mut child = begin(at, &[], &[("NOTIFY_SOCKET", &path), ("WATCHDOG_USEC", "3000000")]);
    next("READY=1");
    for _ in 0..2 {
        let beat = next("WATCHDOG=1");
        assert!(beat.contains("STATUS=0 files, none behind; 0 findings"), "{beat}");
    }
    fs::write(at.join("logs/a.log"), line(1)).unwrap();
    next("STATUS=1 file, none behind; 1 finding");
    signal("-HUP", &child);
    let reloading = next("RELOADING=1");
    let since = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).unwrap();
    assert!(since.parse::<u64>().unwrap() > 0);
    next("READY=1");
    signal("-TERM", &child);
    next("STOPPING=1");
    assert_eq!(wait(&mut child, Duration::from_secs(5)), Some(0));
}

#[test]
fn questions_are_answered_while_it_runs() {
    let directory = with_logs();
    let at = directory.path();
    let mut child = begin(at, &["--metrics", "0"], &[]);
    let address = until("address", || {
        let said = records(&at.join("err"));
        said.iter().find_map(|record| record["address"].as_str().map(str::to_owned))
    });
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    until("readiness", || get(&address, "/readyz").0.starts_with("http/1.1 200").then_some(()));
    assert_eq!(get(&address, "/healthz").1, "ok\n");
    fs::write(at.join("logs/secretive-name.log"), line(1) + "and so on").unwrap();
    let files: Value = until("file", || {
        let files: Value = serde_json::from_str(&get(&address, "/files").1).unwrap();
        (files[0]["findings"] == 1).then_some(files)
    });
    assert_eq!((&files[0]["path"], &files[0]["behind"], &files[0]["condition"]), (&"logs/secretive-name.log".into(), &9.into(), &"waiting".into()));
    let (head, text) = get(&address, "/metrics");
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"), "{head}");
    for told in ["beartrap_findings_total{severity=\"high\"} 1", "beartrap_behind_bytes 9", "beartrap_write_to_told_seconds_count 1", "# EOF"] {
        assert!(text.lines().any(|line| line == told), "no `{told}` in:\n{text}");
    }
    assert!(!text.contains("secretive") && !text.contains(&secret(1)[..8]), "{text}");
    // The page on metrics lists what there is.
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/watch.md")).unwrap();
    let listed: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("| `beartrap_")?.split('`').next()).collect();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE beartrap_")?.split_once(' '));
    let names: Vec<String> = types.map(|(name, kind)| if kind == "counter" { format!("{name}_total") } else { name.to_owned() }).collect();
    assert_eq!(listed, names.iter().map(String::as_str).collect());
    assert_eq!(end(&mut child), Some(0));
}

#[test]
fn an_address_that_is_taken_is_said() {
    let directory = with_logs();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = run(directory.path(), &["watch", "logs", "--state", "st", "--metrics", &address]);
    assert!(ran.status == 2 && ran.err().contains("cannot listen there"), "{} {}", ran.status, ran.err());
}

#[test]
fn what_happens_to_the_run_is_logged_and_kept() {
    let directory = with_logs();
    let at = directory.path();
    fs::write(at.join("logs/a.log"), line(1)).unwrap();
    // A compressed file that is damaged.
    fs::write(at.join("logs/b.gz"), [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff]).unwrap();
    let mut child = begin(at, &["--once", "--log-level", "debug"], &[]);
    assert_eq!(wait(&mut child, LIMIT), Some(3));
    let said = records(&at.join("err"));
    let levels: BTreeSet<&str> = said.iter().map(|record| record["level"].as_str().unwrap()).collect();
    assert_eq!(levels, BTreeSet::from(["DEBUG", "INFO", "WARN"]));
    assert!(said.iter().all(|record| record["timestamp"].as_str().unwrap().ends_with('Z') && !record["message"].as_str().unwrap().is_empty()));
    let problem = said.iter().find(|record| record["level"] == "WARN").unwrap();
    assert_eq!((&problem["place"], &problem["kind"]), (&"logs/b.gz".into(), &"damaged".into()));
    let ended = said.last().unwrap();
    assert_eq!((&ended["findings"], &ended["problems"]), (&1.into(), &1.into()), "{ended}");
    assert!(!fs::read_to_string(at.join("err")).unwrap().contains(&secret(1)[..8]));
    // The state tells of it too.
    fs::remove_file(at.join("logs/b.gz")).unwrap();
    fs::write(at.join("logs/a.log"), line(1) + "part of a line").unwrap();
    let status = run(at, &["watch", "--status", "--state", "st"]);
    for told in ["gone", "waiting", "1 finding (1 high)", "1 problem", "logs/b.gz: ", "(damaged)"] {
        assert!(status.out().contains(told), "no `{told}` in:\n{}", status.out());
    }
    let quiet = run(at, &["watch", "logs", "--state", "st", "--once", "-q"]);
    assert_eq!((quiet.status, quiet.err()), (0, String::new()));
}

#[test]
fn a_rate_is_kept_and_shared() {
    let directory = with_logs();
    let at = directory.path();
    // Much in the files that come first, a line in the last one: their turns come by their numbers in the file system.
    let mut files: Vec<_> = (0..7).map(|number| at.join(format!("logs/{number}.log"))).collect();
    for path in &files {
        fs::write(path, "nothing to see here\n".repeat(200_000)).unwrap();
    }
    files.sort_by_key(|path| FileId::of(&path.metadata().unwrap()));
    fs::write(&files[6], line(1)).unwrap();
    let begun = Instant::now();
    let mut live = Live::start(at, &["watch", "logs", "--state", "st", "--format", "jsonl", "-q", "--rate", "2M"]);
    let told: Value = serde_json::from_str(&live.line().expect("because its turn comes in the first round")).unwrap();
    assert!(told.to_string().contains(files[6].file_name().unwrap().to_str().unwrap()), "{told}");
    assert!(begun.elapsed() > Duration::from_millis(500), "{:?}", begun.elapsed());
    let asked = Instant::now();
    signal("-TERM", &live.child);
    assert_eq!(wait(&mut live.child, LIMIT), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    assert!(run(at, &["watch", "logs", "--rate", "fast"]).err().contains("is not a size"));
}

#[test]
fn the_unit_starts_what_there_is() {
    /// Directives that the unit may use; systemd ignores those that it does not know.
    const KNOWN: &str = "Description Documentation After StartLimitIntervalSec StartLimitBurst Type ExecStart EnvironmentFile WorkingDirectory \
        NotifyAccess WatchdogSec TimeoutStartSec TimeoutStopSec Restart RestartSec SuccessExitStatus DynamicUser SupplementaryGroups StateDirectory \
        StateDirectoryMode ConfigurationDirectory UMask CapabilityBoundingSet AmbientCapabilities NoNewPrivileges ProtectSystem ProtectHome \
        PrivateTmp PrivateDevices ProtectProc ProcSubset ProtectClock ProtectControlGroups ProtectHostname ProtectKernelLogs ProtectKernelModules \
        ProtectKernelTunables RestrictNamespaces RestrictRealtime RestrictSUIDSGID LockPersonality MemoryDenyWriteExecute RemoveIPC KeyringMode \
        RestrictAddressFamilies IPAddressDeny IPAddressAllow SystemCallArchitectures SystemCallFilter SystemCallErrorNumber Nice \
        IOSchedulingClass MemoryHigh TasksMax LimitNOFILE WantedBy";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/systemd/beartrap-watch.service");
    let unit = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = unit.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let sections: Vec<&&str> = lines.iter().filter(|line| line.starts_with('[')).collect();
    assert_eq!(sections, [&"[Unit]", &"[Service]", &"[Install]"]);
    let directives: Vec<(&str, &str)> = lines.iter().filter(|line| !line.starts_with('[')).map(|line| line.split_once('=').expect(line)).collect();
    let unknown: Vec<_> = directives.iter().filter(|(name, _)| !KNOWN.split_whitespace().any(|known| known == *name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let value = |wanted: &str| directives.iter().find(|(name, _)| *name == wanted).unwrap().1;
    assert_eq!((value("Type"), value("StateDirectory"), value("ProtectHome")), ("notify-reload", "beartrap", "read-only"));
    let args = value("ExecStart").replace("$BEARTRAP_WATCH", "/var/log/agents");
    Flags::try_parse_from(args.split_whitespace()).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn the_live_view_shows_what_is_found_and_leaves_the_terminal_as_it_was() {
    if Command::new("script").arg("--version").output().is_err() {
        return;
    }
    let directory = with_logs();
    let at = directory.path();
    let program = env!("CARGO_BIN_EXE_beartrap");
    let typed = format!("stty cols 120 rows 40; {program} watch logs --state st --tui; echo status=$?; stty -a");
    let mut script = Command::new("script");
    script.current_dir(at).args(["-qec", &typed, "/dev/null"]).env("TERM", "xterm").env("SHELL", "/bin/sh").env_remove("CI");
    let mut child = script.stdin(Stdio::piped()).stdout(File::create(at.join("screen")).unwrap()).stderr(Stdio::null()).spawn().unwrap();
    let screen = || String::from_utf8_lossy(&fs::read(at.join("screen")).unwrap()).into_owned();
    until("view", || screen().contains("findings").then_some(()));
    fs::write(at.join("logs/a.log"), line(1)).unwrap();
    until("finding", || screen().contains("logs/a.log:1:").then_some(()));
    let mut keys = child.stdin.take().unwrap();
    keys.write_all(b"q").unwrap();
    keys.flush().unwrap();
    assert_eq!(wait(&mut child, LIMIT), Some(0), "{}", screen());
    let shown = screen();
    let (view, after) = shown.split_once("\u{1b}[?1049l").unwrap();
    assert!(view.contains("\u{1b}[?1049h") && !shown.contains(&secret(1)[..8]));
    assert!(after.contains("status=0") && after.contains(" icanon") && after.contains(" echo "), "{after}");
}
