//! The programs that are compared: how each is told to scan a path without network and verification, and how its report is read.

use std::path::{Path, PathBuf};
use std::process::Command;

use beartrap::model::fingerprint::Fingerprint;
use serde_json::Value;

use crate::score::Reported;

/// A program and its arguments; `{}` stands for the path, `{f}` for a file of literals, `{1}` for the number of threads.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    /// Its name in the table.
    pub name: &'static str,
    program: &'static str,
    args: &'static [&'static str],
    /// How one line, or the whole, of its report is read.
    pub read: Read,
}

/// How a report is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Read {
    /// It is a count, not a report.
    Nothing,
    /// Our own JSON lines.
    Beartrap,
    /// JSON, whole or in lines, in which objects hold these members somewhere: line, secret and path.
    Json(Members),
    /// JSON whose member `results` has lists of objects with `line_number` by path, and no secrets.
    DetectSecrets,
    /// `path:line:secret`.
    Lines,
}

/// Names of members in a report; a secret is hashed at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Members {
    line: &'static str,
    secret: &'static str,
    path: &'static str,
}

/// What we measure.
pub const BEARTRAP: Tool = Tool {
    name: "beartrap",
    program: env!("CARGO_BIN_EXE_beartrap"),
    args: &["scan", "{}", "--format", "jsonl", "--min-confidence", "low", "--no-ignore", "--quiet", "--threads", "{1}"],
    read: Read::Beartrap,
};

/// The bar: as most people run it.
pub const RG: Tool = Tool { name: "rg", program: "rg", args: &["-c", "-F", "-f", "{f}", "{}"], read: Read::Nothing };

/// The same search in other ways.
pub const RG_VARIANTS: [Tool; 2] = [
    Tool { name: "rg -j1", program: "rg", args: &["-j1", "-c", "-F", "-f", "{f}", "{}"], read: Read::Nothing },
    Tool { name: "rg --no-mmap", program: "rg", args: &["--no-mmap", "-c", "-F", "-f", "{f}", "{}"], read: Read::Nothing },
];

/// Other scanners, measured where they are installed.
pub const OTHERS: [Tool; 7] = [
    Tool {
        name: "kingfisher",
        program: "kingfisher",
        args: &[
            "scan",
            "{}",
            "--no-validate",
            "--no-update-check",
            "--format",
            "jsonl",
            "--confidence",
            "low",
            "--no-dedup",
            "--max-file-size",
            "0",
            "--jobs",
            "{1}",
        ],
        read: Read::Json(Members { line: "line", secret: "snippet", path: "path" }),
    },
    Tool {
        name: "betterleaks",
        program: "betterleaks",
        args: &["{}", "--jsonl", "--no-banner", "--jobs", "{1}"],
        read: Read::Json(Members { line: "start_line", secret: "value", path: "path" }),
    },
    Tool {
        name: "gitleaks",
        program: "gitleaks",
        args: &["dir", "{}", "--no-banner", "--report-format", "json", "--report-path", "/dev/stdout", "--log-level", "error"],
        read: Read::Json(Members { line: "StartLine", secret: "Secret", path: "File" }),
    },
    Tool {
        name: "trufflehog",
        program: "trufflehog",
        args: &["filesystem", "{}", "--json", "--no-verification", "--no-update", "--concurrency", "{1}"],
        read: Read::Json(Members { line: "line", secret: "Raw", path: "file" }),
    },
    Tool {
        name: "keyhog",
        program: "keyhog",
        args: &["scan", "{}", "--format", "jsonl", "--show-secrets"],
        read: Read::Json(Members { line: "line", secret: "credential", path: "file_path" }),
    },
    Tool { name: "ripsecrets", program: "ripsecrets", args: &["--only-matching", "{}"], read: Read::Lines },
    Tool { name: "detect-secrets", program: "detect-secrets", args: &["scan", "--all-files", "{}"], read: Read::DetectSecrets },
];

impl Tool {
    /// Whether it can be started at all.
    pub fn is_installed(&self) -> bool {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        self.program.contains('/') || std::env::split_paths(&paths).any(|directory| directory.join(self.program).is_file())
    }

    /// The command that scans `corpus`, run in the directory that holds it.
    pub fn command(&self, corpus: &Path, literals: &Path, threads: usize) -> Command {
        let mut command = Command::new(self.program);
        for arg in self.args {
            match *arg {
                "{}" => command.arg(corpus.file_name().unwrap_or(corpus.as_os_str())),
                "{f}" => command.arg(literals),
                "{1}" => command.arg(threads.to_string()),
                other => command.arg(other),
            };
        }
        command.current_dir(corpus.parent().unwrap_or(Path::new(".")));
        command
    }

    /// The command that reads standard input, for ours.
    pub fn from_stdin() -> Command {
        let mut command = Command::new(BEARTRAP.program);
        command.args(["scan", "-", "--format", "jsonl", "--min-confidence", "low", "--no-ignore", "--quiet"]);
        command
    }

    /// What its report names.
    pub fn reported(&self, report: &[u8]) -> Vec<Reported> {
        let text = String::from_utf8_lossy(report);
        let values = || serde_json::Deserializer::from_str(&text).into_iter::<Value>().map_while(Result::ok);
        match self.read {
            Read::Nothing => Vec::new(),
            Read::Beartrap => values().flat_map(|value| ours(&value)).collect(),
            Read::Json(members) => {
                let mut found = Vec::new();
                values().for_each(|value| collect(&value, members, &mut found));
                found
            }
            Read::DetectSecrets => values().flat_map(|value| detect_secrets(&value)).collect(),
            Read::Lines => text.lines().filter_map(line).collect(),
        }
    }
}

/// The finding and the other parts of its credential.
fn ours(value: &Value) -> Vec<Reported> {
    if value["type"] != "finding" {
        return Vec::new();
    }
    let path = PathBuf::from(value["origin"]["path"].as_str().unwrap_or_default());
    let parts = value["parts"].as_array().into_iter().flatten();
    let one = |value: &Value| Reported {
        path: path.clone(),
        line: value["line"].as_u64().unwrap_or_default(),
        fingerprint: value["fingerprint"].as_str().and_then(|text| text.parse().ok()),
        withheld: value["withheld"] == true,
    };
    std::iter::once(value).chain(parts).map(one).collect()
}

/// The outermost objects that hold the secret, with line and path from anywhere inside the same record.
fn collect(value: &Value, members: Members, found: &mut Vec<Reported>) {
    if let Value::Array(items) = value {
        return items.iter().for_each(|item| collect(item, members, found));
    }
    if let Some(secret) = find(value, members.secret).and_then(Value::as_str) {
        found.push(Reported {
            path: find(value, members.path).and_then(Value::as_str).unwrap_or_default().into(),
            line: find(value, members.line).and_then(Value::as_u64).unwrap_or_default(),
            fingerprint: Some(Fingerprint::of(secret.as_bytes())),
            withheld: false,
        });
    }
}

/// The first member of that name, in this object or inside it.
fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) => members.get(name).filter(|v| !v.is_object()).or_else(|| members.values().find_map(|member| find(member, name))),
        Value::Array(items) => items.iter().find_map(|item| find(item, name)),
        _ => None,
    }
}

fn detect_secrets(value: &Value) -> Vec<Reported> {
    let files = value["results"].as_object().into_iter().flatten();
    files
        .flat_map(|(path, found)| found.as_array().into_iter().flatten().map(move |one| (path, one)))
        .map(|(path, one)| Reported { path: path.into(), line: one["line_number"].as_u64().unwrap_or_default(), fingerprint: None, withheld: false })
        .collect()
}

fn line(text: &str) -> Option<Reported> {
    let mut fields = text.splitn(3, ':');
    let (path, line, secret) = (fields.next()?, fields.next()?, fields.next()?);
    Some(Reported { path: path.into(), line: line.parse().ok()?, fingerprint: Some(Fingerprint::of(secret.as_bytes())), withheld: false })
}
