//! What sort of place an origin is, and who can read it, guessed from its name and its first bytes.

use crate::model::exposure::{PlaceKind, Reach};

/// How many of the first bytes are looked at.
const LOOK: usize = 4096;

/// A sign by which a place is known.
enum Sign {
    /// A path in lower case with `/` before every part: `*` stands for any characters, `#` for digits.
    Path(&'static [&'static str]),
    /// The ending of a file's name.
    Extension(&'static [&'static str]),
    /// Texts that all stand in the first bytes.
    Text(&'static [&'static str]),
}

/// Signs in the order in which they are tried: what one program writes before what many do, names before bytes before endings.
const PLACES: &[(PlaceKind, Reach, Sign)] = &[
    (PlaceKind::ToolOutput, Reach::Internal, Sign::Path(&["*/tool-results/*", "*/tool_results/*", "*/tool-output*", "*/tool_output*"])),
    (
        PlaceKind::Memory,
        Reach::Internal,
        Sign::Path(&["*/claude.md", "*/claude.local.md", "*/agents.md", "*/gemini.md", "*/memory.md", "*/.cursorrules"]),
    ),
    (PlaceKind::Memory, Reach::Internal, Sign::Path(&["*/.cursor/rules/*", "*/.windsurf/rules/*", "*/.github/copilot-instructions.md"])),
    (
        PlaceKind::Memory,
        Reach::Internal,
        Sign::Path(&["*/.claude/*memor*", "*/.codex/*memor*", "*/.gemini/*memor*", "*/agent*/*memor*", "*/memory-bank/*"]),
    ),
    (PlaceKind::Config, Reach::Internal, Sign::Path(&["*/.claude.json", "*/.claude/settings*.json", "*/.codex/auth.json", "*/.codex/config.toml"])),
    (PlaceKind::AgentLog, Reach::Internal, Sign::Path(&["*/.claude/projects/*.jsonl", "*/.claude/history.jsonl", "*/.claude/transcripts/*"])),
    (
        PlaceKind::AgentLog,
        Reach::Internal,
        Sign::Path(&["*/.codex/sessions/*", "*/.codex/history.jsonl", "*/.codex/log/*", "*/rollout-*.jsonl", "*/rollout.jsonl"]),
    ),
    (
        PlaceKind::AgentLog,
        Reach::Internal,
        Sign::Path(&["*/.gemini/tmp/*", "*/.aider*history*", "*/.continue/sessions/*", "*/.openhands/*", "*/opencode/storage/*"]),
    ),
    (
        PlaceKind::AgentLog,
        Reach::Internal,
        Sign::Path(&["*/opencode*.db/*", "*/.cursor/chats/*", "*/cursor/user/*storage/*", "*/antigravity*/*.db/*", "*/antigravity*/*.vscdb/*"]),
    ),
    (PlaceKind::AgentLog, Reach::Internal, Sign::Path(&["*/agent*session*.jsonl", "*/agent/*.jsonl", "*/agents/*.jsonl", "*/transcripts/*"])),
    (PlaceKind::Config, Reach::Internal, Sign::Path(&["*/.github/workflows/*", "*/.gitlab-ci.yml", "*/.circleci/config.yml", "*/jenkinsfile"])),
    (
        PlaceKind::CiLog,
        Reach::Internal,
        Sign::Path(&["*/.github/*.log", "*/github-actions*.log", "*/actions-runner/*.log", "*/_diag/*.log", "*/logs_#/*", "*/#_*.txt"]),
    ),
    (PlaceKind::CiLog, Reach::Internal, Sign::Path(&["*/ci/*.log", "*/jobs/*.log", "*/builds/#/log", "*/jenkins*.log", "*/job.log", "*/job-#.log"])),
    (
        PlaceKind::CiLog,
        Reach::Internal,
        Sign::Path(&["*/gitlab*trace*", "*/artifacts/*/job.log", "*/ci-log*", "*/ci_log*", "*/ci.log", "*/build.log"]),
    ),
    (
        PlaceKind::Telemetry,
        Reach::Internal,
        Sign::Path(&["*/cloudtrail*", "*_cloudtrail_*", "*otlp*", "*/access.log*", "*access*.log*", "*/audit*.log*", "*.har"]),
    ),
    (
        PlaceKind::Config,
        Reach::Internal,
        Sign::Path(&["*/.env", "*/.env.*", "*.env", "*.tfvars", "*.tfvars.json", "*/mcp*.json", "*/.mcp.json", "*/.npmrc", "*/.pypirc"]),
    ),
    (
        PlaceKind::Config,
        Reach::Internal,
        Sign::Path(&["*/.netrc", "*/.git-credentials", "*/.aws/*", "*/.docker/config.json", "*/.kube/config", "*/dockerfile"]),
    ),
    (
        PlaceKind::Config,
        Reach::Internal,
        Sign::Path(&["*/appsettings*.json", "*/settings*.json", "*/config*.json", "*/credentials", "*/credentials.json"]),
    ),
    (
        PlaceKind::Prompt,
        Reach::External,
        Sign::Path(&["*/prompts/*.md", "*/prompts/*.txt", "*/prompts/*.json*", "*/prompt.*", "*.prompt", "*.prompt.md"]),
    ),
    (PlaceKind::Queue, Reach::Internal, Sign::Path(&["*/queue/*.json*", "*/queues/*.json*", "*/jobs/*.json*", "*/*queue*.json*", "*/dead-letter*"])),
    (
        PlaceKind::Memory,
        Reach::Internal,
        Sign::Path(&["*/memory/*.md", "*/memory/*.json*", "*/memories/*", "*/*memory*.md", "*/*memory*.json*", "*/*memory*.txt"]),
    ),
    (PlaceKind::AgentLog, Reach::Internal, Sign::Text(&["\"type\":\"session_meta\""])),
    (PlaceKind::AgentLog, Reach::Internal, Sign::Text(&["\"parentUuid\"", "\"sessionId\""])),
    (PlaceKind::Telemetry, Reach::Internal, Sign::Text(&["\"resourceSpans\""])),
    (PlaceKind::Telemetry, Reach::Internal, Sign::Text(&["\"resourceLogs\""])),
    (PlaceKind::Telemetry, Reach::Internal, Sign::Text(&["\"resourceMetrics\""])),
    (PlaceKind::Telemetry, Reach::Internal, Sign::Text(&["\"eventVersion\"", "\"eventSource\""])),
    (PlaceKind::CiLog, Reach::Internal, Sign::Text(&["##[group]"])),
    (PlaceKind::CiLog, Reach::Internal, Sign::Text(&["section_start:"])),
    (PlaceKind::CiLog, Reach::Internal, Sign::Text(&["Running with gitlab-runner"])),
    (PlaceKind::CiLog, Reach::Internal, Sign::Text(&["[Pipeline] Start of Pipeline"])),
    (PlaceKind::Config, Reach::Internal, Sign::Text(&["\"mcpServers\""])),
    (PlaceKind::Prompt, Reach::External, Sign::Text(&["\"messages\"", "\"role\"", "\"content\""])),
    (PlaceKind::Config, Reach::Internal, Sign::Extension(&["yaml", "yml", "toml", "ini", "cfg", "conf", "properties", "plist", "tf", "xml"])),
    (PlaceKind::Telemetry, Reach::Internal, Sign::Extension(&["log", "trace", "otlp"])),
    (
        PlaceKind::Source,
        Reach::Internal,
        Sign::Extension(&["rs", "go", "py", "ipynb", "js", "mjs", "cjs", "jsx", "ts", "tsx", "java", "kt", "scala", "rb", "php"]),
    ),
    (
        PlaceKind::Source,
        Reach::Internal,
        Sign::Extension(&["c", "h", "cc", "cpp", "hpp", "cs", "swift", "dart", "ex", "exs", "lua", "pl", "r", "sql", "html"]),
    ),
    (PlaceKind::Source, Reach::Internal, Sign::Extension(&["sh", "bash", "zsh", "ps1", "vue", "svelte", "css"])),
];

/// The sort of the place and who can read it. Whether a CI log is public cannot be seen in its name; it counts as internal.
#[must_use]
pub fn guess(origin: &str, first: &[u8]) -> (PlaceKind, Reach) {
    // Members of archives count by their own name below their container's.
    let path = format!("/{}", origin.to_lowercase().replace(['\\', '!'], "/"));
    let text = String::from_utf8_lossy(&first[..first.len().min(LOOK)]);
    let extension = path.rsplit('/').next().and_then(|name| Some(name.rsplit_once('.')?.1)).unwrap_or_default();
    let holds = |sign: &Sign| match sign {
        Sign::Path(patterns) => patterns.iter().any(|pattern| fits(pattern.as_bytes(), path.as_bytes())),
        Sign::Extension(endings) => endings.contains(&extension),
        Sign::Text(texts) => texts.iter().all(|wanted| text.contains(wanted)),
    };
    PLACES.iter().find(|(.., sign)| holds(sign)).map_or((PlaceKind::Other, Reach::Internal), |(kind, reach, _)| (*kind, *reach))
}

/// Whether a text fits a pattern. Going back to the last `*` alone is enough: what fitted before it can stay as it is.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut retry) = (0, 0, None);
    while t < text.len() || p < pattern.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p, t));
                p += 1;
                continue;
            }
            Some(b'#') if text.get(t).is_some_and(u8::is_ascii_digit) => {
                t += text[t..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                p += 1;
                continue;
            }
            Some(byte) if text.get(t) == Some(byte) => {
                (p, t) = (p + 1, t + 1);
                continue;
            }
            _ => {}
        }
        match retry {
            Some((star, from)) if from < text.len() => {
                retry = Some((star, from + 1));
                (p, t) = (star + 1, from + 1);
            }
            _ => return false,
        }
    }
    true
}

/// The word of the records.
#[must_use]
pub fn word(kind: PlaceKind) -> &'static str {
    match kind {
        PlaceKind::Prompt => "prompt",
        PlaceKind::Config => "config",
        PlaceKind::CiLog => "ci_log",
        PlaceKind::Telemetry => "telemetry",
        PlaceKind::AgentLog => "agent_log",
        PlaceKind::ToolOutput => "tool_output",
        PlaceKind::Memory => "memory",
        PlaceKind::Queue => "queue",
        PlaceKind::Source => "source",
        PlaceKind::Other => "other",
    }
}

/// The sort of a place in a sentence.
#[must_use]
pub fn words(kind: PlaceKind) -> &'static str {
    match kind {
        PlaceKind::Prompt => "the prompt",
        PlaceKind::Config => "the configuration",
        PlaceKind::CiLog => "the CI log",
        PlaceKind::Telemetry => "the telemetry",
        PlaceKind::AgentLog => "the agent's transcript",
        PlaceKind::ToolOutput => "the tool's output",
        PlaceKind::Memory => "the agent's memory",
        PlaceKind::Queue => "the queue",
        PlaceKind::Source => "the source code",
        PlaceKind::Other => "the place",
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::place_kind::{fits, guess, word};
    use crate::model::exposure::{PlaceKind, Reach};

    #[test]
    fn places_are_known_by_name() {
        for (origin, expected) in [
            (".claude/projects/-home-me-app/0f.jsonl", PlaceKind::AgentLog),
            ("/home/me/.codex/sessions/2026/03/02/rollout-2026.jsonl", PlaceKind::AgentLog),
            ("/home/me/.claude/projects/-app/0f/tool-results/7.txt", PlaceKind::ToolOutput),
            ("/home/me/.local/share/opencode/opencode.db!part.data", PlaceKind::AgentLog),
            ("Code/Cursor/User/globalStorage/state.vscdb!cursorDiskKV.value", PlaceKind::AgentLog),
            ("/home/me/.cursor/chats/0f/1e/store.db!blobs.data", PlaceKind::AgentLog),
            ("CLAUDE.md", PlaceKind::Memory),
            ("app/MEMORY.md", PlaceKind::Memory),
            ("/home/me/.claude/projects/-app/memory/api.md", PlaceKind::Memory),
            ("store/agent-memory.json", PlaceKind::Memory),
            ("src/memory.rs", PlaceKind::Source),
            (".github/workflows/ci.yml", PlaceKind::Config),
            ("logs.zip!build/3_Set up job.txt", PlaceKind::CiLog),
            ("ci/build-7.log", PlaceKind::CiLog),
            ("jenkins/jobs/app/builds/12/log", PlaceKind::CiLog),
            ("gitlab-trace.log", PlaceKind::CiLog),
            (".env", PlaceKind::Config),
            ("deploy\\prod.tfvars", PlaceKind::Config),
            ("mcp.json", PlaceKind::Config),
            ("k8s/secret.yaml", PlaceKind::Config),
            ("123_CloudTrail_eu-west-1_2026.json.gz", PlaceKind::Telemetry),
            ("nginx-access.log", PlaceKind::Telemetry),
            ("var/log/app.log", PlaceKind::Telemetry),
            ("otlp-logs.json", PlaceKind::Telemetry),
            ("src/Client.ts", PlaceKind::Source),
            ("prompts/review.md", PlaceKind::Prompt),
            ("jobs/17.json", PlaceKind::Queue),
            ("README.md", PlaceKind::Other),
            ("<stdin>", PlaceKind::Other),
            ("", PlaceKind::Other),
        ] {
            assert_eq!(word(guess(origin, b"").0), word(expected), "{origin}");
        }
    }

    #[test]
    fn places_are_known_by_their_first_bytes() {
        for (first, expected) in [
            (&b"{\"resourceSpans\":[{"[..], (PlaceKind::Telemetry, Reach::Internal)),
            (b"{\"Records\":[{\"eventVersion\":\"1.08\",\"eventSource\":\"sts.amazonaws.com\"", (PlaceKind::Telemetry, Reach::Internal)),
            (b"2026-03-02T10:00:00Z ##[group]Run tests", (PlaceKind::CiLog, Reach::Internal)),
            (b"{\"parentUuid\":null,\"sessionId\":\"0f\"}", (PlaceKind::AgentLog, Reach::Internal)),
            (b"{\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}", (PlaceKind::Prompt, Reach::External)),
            (b"\xff\xfe\x00", (PlaceKind::Other, Reach::Internal)),
        ] {
            assert_eq!(guess("<stdin>", first), expected, "{}", first.escape_ascii());
        }
    }

    #[test]
    fn patterns_fit_whole_texts() {
        for (pattern, text, expected) in [
            ("*/#_*.txt", "/a/12_b.txt", true),
            ("*/#_*.txt", "/a/b_1_c/2_d.txt", true),
            ("*/#_*.txt", "/a/b_1.txt", false),
            ("a*b*c", "aXbXbc", true),
            ("a*b*c", "aXbX", false),
            ("*", "", true),
            ("", "", true),
            ("a", "ab", false),
            ("*ab", "aab", true),
        ] {
            assert_eq!(fits(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}
