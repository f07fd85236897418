//! The servers of the world and what can be done there.

/// A server that takes tokens.
pub struct Server {
    /// Its URI, the audience of its tokens.
    pub aud: &'static str,
    /// The scope that it wants.
    pub scope: &'static str,
    /// Its tools.
    pub tools: [&'static str; 3],
    /// What each tool works on.
    pub resources: [&'static str; 3],
}

/// All servers; honest agents use few tools, so that nobody takes them for a crawler.
pub const SERVERS: [Server; 4] = [
    Server {
        aud: "https://files.example",
        scope: "files:read",
        tools: ["read_file", "list_files", "search_files"],
        resources: ["/v1/file", "/v1/files", "/v1/search"],
    },
    Server {
        aud: "https://mail.example",
        scope: "mail:read",
        tools: ["read_mail", "list_mail", "find_mail"],
        resources: ["/mail/one", "/mail/all", "/mail/find"],
    },
    Server {
        aud: "https://tickets.example",
        scope: "tickets:write",
        tools: ["open_ticket", "read_ticket", "close_ticket"],
        resources: ["/tickets/open", "/tickets/read", "/tickets/close"],
    },
    Server {
        aud: "https://build.example",
        scope: "build:run",
        tools: ["run_build", "read_log", "list_builds"],
        resources: ["/builds/run", "/builds/log", "/builds"],
    },
];

/// The authorization server, whose every token the ledger knows.
pub const ISSUER: &str = "https://login.example";
/// The gateway in front of `BACKEND`: the two are one hop.
pub const GATEWAY: &str = "https://gateway.example";
/// What stands behind it.
pub const BACKEND: &str = "https://backend.example";
/// The cloud account of all roles.
pub const ACCOUNT: &str = "123456789012";

/// The settings under which the labels are true.
pub fn settings() -> String {
    format!(
        "[detect]\ngateways = [[\"{GATEWAY}\", \"{BACKEND}\"]]\n\n[detect.networks]\ntrusted_proxies = [\"{}\"]\n\n[detect.issuer.\"{ISSUER}\"]\nauthoritative = true\n",
        crate::simulate::network::PROXIES.cidr()
    )
}
