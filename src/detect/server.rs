//! Names of servers: canonical URIs, hosts and plain names, and which of them can be compared.

use std::collections::BTreeSet;

/// A server as a token or a log names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Server {
    /// A canonical `http` or `https` URI (RFC 8707, section 2): scheme and host in lower case, no default port, no fragment, no last slash.
    Uri {
        /// Host.
        host: String,
        /// The whole.
        text: String,
    },
    /// A host only.
    Host(String),
    /// Any other name, such as `payments` or `api://payments`.
    Name(String),
}

impl Server {
    /// Reads a name.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let text = text.trim();
        if let Some((scheme, rest)) = text.split_once("://") {
            let scheme = scheme.to_ascii_lowercase();
            return if matches!(scheme.as_str(), "http" | "https") { uri(&scheme, rest) } else { Self::Name(text.to_owned()) };
        }
        let bare = text.trim_end_matches('/');
        let host = without_port(bare).to_ascii_lowercase();
        let is_host = host == "localhost" || host.starts_with('[') || (host.contains('.') && host.bytes().all(is_host_byte));
        if is_host { Self::Host(host) } else { Self::Name(text.to_owned()) }
    }

    /// Whether both name one server; `None` where that cannot be told.
    #[must_use]
    pub fn is(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Uri { text: one, .. }, Self::Uri { text: other, .. }) | (Self::Name(one), Self::Name(other)) => Some(one == other),
            (Self::Name(_), _) | (_, Self::Name(_)) => None,
            _ => Some(self.host() == other.host()),
        }
    }

    /// Whether a comparison of both looks at hosts only.
    #[must_use]
    pub fn only_hosts(&self, other: &Self) -> bool {
        matches!(self, Self::Host(_)) || matches!(other, Self::Host(_))
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Uri { host, .. } | Self::Host(host) => Some(host),
            Self::Name(_) => None,
        }
    }

    /// The server itself, or the domain of these that it stands in.
    #[must_use]
    pub fn within(self, domains: &[String]) -> Self {
        let inside = |domain: &&String| self.host().is_some_and(|host| host == *domain || host.ends_with(&format!(".{domain}")));
        match domains.iter().find(inside) {
            Some(domain) => Self::Host(domain.clone()),
            None => self,
        }
    }

    /// In words of the log.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Uri { text, .. } | Self::Host(text) | Self::Name(text) => text,
        }
    }
}

/// What can be said of a server and an audience.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fit {
    /// It is one of them, or that cannot be told.
    Possible,
    /// It is none of them.
    Foreign,
    /// Its host is none of theirs; more is not known.
    ForeignHost,
}

/// Whether a server is one of an audience.
#[must_use]
pub fn fit(server: &Server, audience: &BTreeSet<Server>) -> Fit {
    let compared: Vec<(bool, bool)> = audience.iter().filter_map(|one| server.is(one).map(|same| (same, server.only_hosts(one)))).collect();
    match compared.iter().any(|(same, _)| *same) {
        _ if compared.is_empty() => Fit::Possible,
        true => Fit::Possible,
        false if compared.iter().any(|(_, hosts)| *hosts) => Fit::ForeignHost,
        false => Fit::Foreign,
    }
}

fn uri(scheme: &str, rest: &str) -> Server {
    let rest = rest.split('#').next().unwrap_or_default();
    let (authority, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let authority = authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    let default = if scheme == "https" { ":443" } else { ":80" };
    let authority = authority.strip_suffix(default).unwrap_or(&authority);
    let path = path.trim_end_matches('/');
    Server::Uri { host: without_port(authority).to_owned(), text: format!("{scheme}://{authority}{path}") }
}

/// A host without its port; an IPv6 address stands in brackets.
fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && (!host.contains(':') || host.ends_with(']')) => host,
        _ => authority,
    }
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':')
}

#[cfg(test)]
mod tests {
    use crate::detect::server::Server;

    #[test]
    fn servers_are_compared_as_far_as_they_are_named() {
        for (one, other, expected) in [
            ("https://mcp.example.com/", "https://mcp.example.com", Some(true)),
            ("HTTPS://MCP.example.com:443", "https://mcp.example.com#x", Some(true)),
            ("https://mcp.example.com/a", "https://mcp.example.com/b", Some(false)),
            ("https://mcp.example.com/a", "https://mcp.example.com/A", Some(false)),
            ("http://mcp.example.com", "https://mcp.example.com", Some(false)),
            ("https://mcp.example.com:8443", "https://mcp.example.com", Some(false)),
            ("mcp.example.com", "https://mcp.example.com/a", Some(true)),
            ("mcp.example.com:443", "MCP.example.com", Some(true)),
            ("other.example.com", "https://mcp.example.com/a", Some(false)),
            ("payments", "payments", Some(true)),
            ("payments", "billing", Some(false)),
            ("api://payments", "https://pay.example", None),
            ("payments", "pay.example", None),
        ] {
            assert_eq!(Server::read(one).is(&Server::read(other)), expected, "{one} {other}");
        }
        let domains = ["amazonaws.com".to_owned()];
        assert_eq!(Server::read("s3.amazonaws.com").within(&domains), Server::Host("amazonaws.com".into()));
        assert_eq!(Server::read("notamazonaws.com").within(&domains), Server::Host("notamazonaws.com".into()));
    }
}
