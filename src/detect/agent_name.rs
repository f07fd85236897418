//! User agents: which program called, whatever its version.

/// What a user agent says of itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AgentName {
    /// The program, in lower case.
    pub family: String,
    /// Its first version number.
    pub major: Option<u32>,
    /// The operating system; empty where it does not say.
    pub platform: &'static str,
    /// Whether it is a browser that people use.
    pub kind: ClientKind,
}

/// Who drives a client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ClientKind {
    /// A person, as far as one can tell.
    Browser,
    /// A program.
    Program,
}

/// Words of browsers, the telling ones first: most also claim to be Chrome and Safari.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg/", "edge"),
    ("OPR/", "opera"),
    ("SamsungBrowser/", "samsung"),
    ("Firefox/", "firefox"),
    ("CriOS/", "chrome"),
    ("Chrome/", "chrome"),
    ("Safari/", "safari"),
];

/// Words of programs that claim to be browsers, in lower case.
const DISGUISES: [&str; 6] = ["compatible;", "headlesschrome", "phantomjs", "electron/", "bot", "powershell"];

/// Words of operating systems, in lower case.
const PLATFORMS: [(&str, &str); 8] = [
    ("windows", "windows"),
    ("android", "android"),
    ("iphone", "ios"),
    ("ipad", "ios"),
    ("mac os", "macos"),
    ("darwin", "macos"),
    ("cros", "chromeos"),
    ("linux", "linux"),
];

impl AgentName {
    /// Reads a user agent.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let platform = PLATFORMS.iter().find(|(sign, _)| lower.contains(sign)).map_or("", |(_, name)| *name);
        let browser = BROWSERS.iter().find(|(sign, _)| text.starts_with("Mozilla/") && text.contains(sign));
        let disguise = DISGUISES.iter().find(|sign| lower.contains(**sign));
        match (browser, disguise) {
            (Some((sign, name)), None) => {
                let version = text.split_once(sign).map_or("", |(_, rest)| rest);
                Self { family: (*name).to_owned(), major: number(version), platform, kind: ClientKind::Browser }
            }
            (_, Some(sign)) if text.starts_with("Mozilla/") => Self { family: (*sign).to_owned(), major: None, platform, kind: ClientKind::Program },
            _ => {
                let product = lower.split_whitespace().next().unwrap_or_default();
                let (family, version) = product.split_once('/').unwrap_or((product, ""));
                Self { family: family.to_owned(), major: number(version), platform, kind: ClientKind::Program }
            }
        }
    }
}

fn number(text: &str) -> Option<u32> {
    text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// How alike two user agents are, from 0 to 1; one program in two versions is one program.
#[must_use]
pub fn likeness(one: &str, other: &str) -> f64 {
    let (first, second) = (AgentName::read(one), AgentName::read(other));
    if first.family == second.family && first.kind == second.kind && (first.platform == second.platform || first.kind == ClientKind::Program) {
        return 1.0;
    }
    // Most of a browser's text is the same in all of them.
    strsim::normalized_levenshtein(&without_versions(one), &without_versions(other)).min(0.94)
}

fn without_versions(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit() && *c != '.').collect()
}

#[cfg(test)]
mod tests {
    use crate::detect::agent_name::{AgentName, ClientKind, likeness};

    const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36";
    const EDGE: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 Edg/124.0";
    const NEWER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.1.2 Safari/537.36";
    const BOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

    #[test]
    fn programs_are_told() {
        for (text, family, major, kind) in [
            (CHROME, "chrome", Some(124), ClientKind::Browser),
            (EDGE, "edge", Some(124), ClientKind::Browser),
            (BOT, "compatible;", None, ClientKind::Program),
            ("curl/8.5.0", "curl", Some(8), ClientKind::Program),
            ("aws-cli/2.15.0 Python/3.11.6 Linux/5.10", "aws-cli", Some(2), ClientKind::Program),
            ("python-requests", "python-requests", None, ClientKind::Program),
            ("", "", None, ClientKind::Program),
        ] {
            let name = AgentName::read(text);
            assert_eq!((name.family.as_str(), name.major, name.kind), (family, major, kind), "{text}");
        }
        assert_eq!(AgentName::read(CHROME).platform, "windows");
    }

    #[test]
    fn a_new_version_is_the_same_client() {
        for (one, other, same) in [
            (CHROME, NEWER, true),
            ("curl/8.5.0", "curl/7.1", true),
            ("aws-cli/2.15.0 Python/3.11.6 Linux/5.10", "aws-cli/2.17.1 Python/3.12.0 Darwin/23.1", true),
            (CHROME, EDGE, false),
            (CHROME, "curl/8.5.0", false),
            ("curl/8.5.0", "python-requests/2.31", false),
        ] {
            assert_eq!(likeness(one, other) >= 0.95, same, "{one} {other}");
        }
    }
}
