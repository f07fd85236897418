//! Where agent harnesses keep their logs.

use std::ffi::OsString;
use std::path::PathBuf;

/// Where a harness keeps its logs.
struct Place {
    /// The environment variable that moves the directory; empty where there is none.
    variable: &'static str,
    /// The directory unless that is set.
    directory: Base,
    /// The files in it, as a pattern.
    files: &'static str,
}

/// What a directory is relative to.
enum Base {
    /// The user's home.
    Home(&'static str),
    /// `XDG_DATA_HOME`.
    Data(&'static str),
    /// `XDG_CONFIG_HOME`, or where the system has programs keep such things.
    Config(&'static str),
    /// The working directory.
    Here(&'static str),
}

const fn place(variable: &'static str, directory: Base, files: &'static str) -> Place {
    Place { variable, directory, files }
}

/// Every harness, its places together.
const HARNESSES: &[(&str, &[Place])] = &[
    ("Claude Code", &[place("CLAUDE_CONFIG_DIR", Base::Home(".claude"), "projects/**/*.{jsonl,txt,json}")]),
    ("Codex", &[place("CODEX_HOME", Base::Home(".codex"), "{sessions,archived_sessions}/**/rollout-*.{jsonl,jsonl.zst}")]),
    ("Gemini CLI", &[place("", Base::Home(".gemini"), "tmp/**/{chats/*,logs.json,session-*}")]),
    ("GitHub Copilot CLI", &[place("COPILOT_HOME", Base::Home(".copilot"), "{session-state,history-session-state}/**/*.{jsonl,json}")]),
    (
        "Cursor",
        &[
            place("", Base::Config("Cursor/User/globalStorage"), "state.vscdb"),
            place("", Base::Config("Cursor/User/workspaceStorage"), "*/state.vscdb"),
            place("", Base::Home(".cursor"), "{chats/**/store.db,projects/**/*.{jsonl,txt}}"),
        ],
    ),
    ("OpenCode", &[place("", Base::Data("opencode"), "{opencode*.db,storage/**/*.json,log/*.log}")]),
    ("Amp", &[place("", Base::Data("amp"), "threads/*.json")]),
    ("Continue", &[place("CONTINUE_GLOBAL_DIR", Base::Home(".continue"), "{sessions/*.json,logs/*.log}")]),
    ("OpenHands", &[place("", Base::Home(".openhands"), "{sessions,conversations}/**/*.json")]),
    ("SWE-agent", &[place("SWE_AGENT_TRAJECTORY_DIR", Base::Here("trajectories"), "**/*.traj")]),
    ("aider", &[place("", Base::Here("."), ".aider.{chat.history.md,input.history,llm.history}"), place("", Base::Home(""), ".aider*.history*")]),
    ("MCP servers", &[place("", Base::Config("Claude/logs"), "mcp*.log"), place("", Base::Home("Library/Logs/Claude"), "mcp*.log")]),
];

/// The environment as far as it says where logs are.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Each harness's name and the patterns of its log files.
#[must_use]
pub fn agents(environment: Environment) -> Vec<(&'static str, Vec<PathBuf>)> {
    let pattern = |place: &Place| Some(escaped(&directory(place, environment)?).join(place.files));
    HARNESSES.iter().map(|(name, places)| (*name, places.iter().filter_map(pattern).collect())).collect()
}

fn directory(place: &Place, environment: Environment) -> Option<PathBuf> {
    let path = |name: &str| environment(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || path("HOME").or_else(|| path("USERPROFILE"));
    if let Some(moved) = path(place.variable).filter(|_| !place.variable.is_empty()) {
        return Some(moved);
    }
    match place.directory {
        Base::Home(below) => Some(home()?.join(below)),
        Base::Data(below) => path("XDG_DATA_HOME").or_else(|| Some(home()?.join(".local/share"))).map(|data| data.join(below)),
        Base::Config(below) => config(&path, &home).map(|config| config.join(below)),
        Base::Here(below) => Some(PathBuf::from(below)),
    }
}

fn config(path: &dyn Fn(&str) -> Option<PathBuf>, home: &dyn Fn() -> Option<PathBuf>) -> Option<PathBuf> {
    if cfg!(target_os = "macos") {
        Some(home()?.join("Library/Application Support"))
    } else if cfg!(windows) {
        path("APPDATA")
    } else {
        path("XDG_CONFIG_HOME").or_else(|| Some(home()?.join(".config")))
    }
}

/// A directory whose name is no pattern, whatever it holds.
fn escaped(directory: &std::path::Path) -> PathBuf {
    let text = directory.to_string_lossy();
    let parts = text.chars().map(|c| if "*?[]{}\\".contains(c) { format!("[{c}]") } else { c.to_string() });
    PathBuf::from(parts.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};

    use crate::sources::follow::agents::agents;
    use crate::sources::follow::target::Target;

    #[test]
    fn logs_of_agents_are_found_where_the_environment_says() {
        let environment = |name: &str| match name {
            "HOME" => Some(OsString::from("/home/u")),
            "CODEX_HOME" => Some(OsString::from("/srv/codex")),
            "XDG_DATA_HOME" => Some(OsString::from("/data")),
            _ => None,
        };
        let all = agents(&environment);
        for (agent, path) in [
            ("Claude Code", "/home/u/.claude/projects/-home-u-x/0b6c.jsonl"),
            ("Claude Code", "/home/u/.claude/projects/-home-u-x/0b6c/subagents/agent-1.jsonl"),
            ("Codex", "/srv/codex/sessions/2026/03/02/rollout-2026-03-02T10-00-00-x.jsonl"),
            ("Codex", "/srv/codex/archived_sessions/rollout-1.jsonl.zst"),
            ("Gemini CLI", "/home/u/.gemini/tmp/9f/chats/session-1.json"),
            ("OpenCode", "/data/opencode/opencode.db"),
            ("Continue", "/home/u/.continue/sessions/1.json"),
            ("SWE-agent", "trajectories/u/run/1.traj"),
            ("aider", "./.aider.chat.history.md"),
        ] {
            let (_, patterns) = all.iter().find(|(name, _)| *name == agent).expect("because it is listed");
            let has = |pattern: &PathBuf| Target::pattern(pattern).is_ok_and(|target| target.has(Path::new(path)));
            assert!(patterns.iter().any(has), "{agent}: {path}");
        }
    }
}
