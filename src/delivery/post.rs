//! Posts messages: the one file that opens sockets to deliver alerts.
//!
//! **Invariant:** a name is resolved once for each connection, and only addresses that the endpoint may reach are connected to; no redirect is
//! followed; what failed is told without a byte of what was sent, and without the path, which may be a secret.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error, Proxy};

use crate::delivery::letter::Message;
use crate::delivery::network::Network;

/// How much of an answer is read.
const ANSWER: u64 = 64 << 10;
/// How long a receiver may ask to be left alone.
const LONGEST_WISH: Duration = Duration::from_hours(1);
/// How we are called.
const USER_AGENT: &str = concat!("beartrap/", env!("CARGO_PKG_VERSION"));

/// A way to an endpoint; connections are kept open between messages. Copies share them.
#[derive(Clone, Debug)]
pub struct Post(Way);

#[derive(Clone, Debug)]
enum Way {
    Network {
        agent: Agent,
        url: Uri,
    },
    /// A file to which bodies are appended, one a line.
    File(PathBuf),
}

/// What URLs of files begin with.
pub const FILE: &str = "file:";

/// What came back.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The first bytes of the body.
    pub body: Vec<u8>,
    /// How long the receiver wants to be left alone.
    pub retry_after: Option<Duration>,
}

/// Why there is no way to an endpoint.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The URL is none.
    #[error("it is no `https://` URL\nhint: plain `http://` is for this machine only, unless the endpoint says `allow-http = true`")]
    Url,
    /// Certificates cannot be read.
    #[error("{path}: cannot read the certificates: {why}", path = path.display())]
    Certificates {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        why: String,
    },
}

impl Post {
    /// A way to a URL.
    ///
    /// # Errors
    ///
    /// [`PostError`]
    pub fn new(url: &str, network: &Network) -> Result<Self, PostError> {
        if let Some(path) = url.strip_prefix(FILE) {
            return Ok(Self(Way::File(path.into())));
        }
        let url: Uri = url.parse().map_err(|_| PostError::Url)?;
        let mut tls = TlsConfig::builder();
        if let Some(path) = &network.ca_file {
            tls = tls.root_certs(RootCerts::new_with_certs(&certificates(path)?));
        }
        let config = Config::builder()
            .tls_config(tls.build())
            .proxy(if network.loopback { None } else { Proxy::try_from_env() })
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(USER_AGENT)
            .max_idle_connections_per_host(32)
            .max_idle_connections(32)
            .timeout_global(Some(network.timeout))
            .build();
        let resolver = Guard { network: network.clone(), inner: DefaultResolver::default() };
        Ok(Self(Way::Network { agent: Agent::with_parts(config, DefaultConnector::default(), resolver), url }))
    }

    /// Posts a message and waits for the answer.
    ///
    /// # Errors
    ///
    /// Why there is none, in words.
    pub fn send(&self, message: &Message) -> Result<Reply, String> {
        let (agent, url) = match &self.0 {
            Way::Network { agent, url } => (agent, url),
            Way::File(path) => return append(path, &message.body).map_err(|error| format!("the file cannot be written: {error}")),
        };
        let mut request = agent.post(url);
        for (name, value) in &message.headers {
            request = request.header(*name, value.as_str());
        }
        let mut response = request.send(message.body.as_slice()).map_err(|error| reason(&error))?;
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()).and_then(wish);
        let mut body = Vec::new();
        // What the receiver says is worth nothing but to understand it; a body that breaks off changes no status.
        _ = response.body_mut().as_reader().take(ANSWER).read_to_end(&mut body);
        Ok(Reply { status: response.status().as_u16(), body, retry_after })
    }
}

/// Appends a body as one line; it is on the disk when it counts as delivered.
fn append(path: &Path, body: &[u8]) -> std::io::Result<Reply> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(&[body, b"\n"].concat())?;
    file.sync_data()?;
    Ok(Reply { status: 200, body: Vec::new(), retry_after: None })
}

/// `Retry-After`, in seconds or as a date (RFC 9110, section 10.2.3); a date counts from the receiver's clock, which nobody knows, so that it is
/// taken as a minute.
fn wish(text: &str) -> Option<Duration> {
    let seconds = text.trim().parse::<u64>().map(Duration::from_secs);
    let wish = seconds.ok().or_else(|| text.contains("GMT").then_some(Duration::from_mins(1)))?;
    Some(wish.min(LONGEST_WISH))
}

/// What failed, in words that hold nothing of what was sent.
fn reason(error: &Error) -> String {
    match error {
        Error::Timeout(_) => "no answer in time".to_owned(),
        Error::HostNotFound => "the host is not known, or has no address that may be reached".to_owned(),
        Error::ConnectionFailed => "nobody answers".to_owned(),
        // Certificates that are not trusted are told so.
        Error::Io(error) if error.kind() == ErrorKind::InvalidData => format!("no secure connection: {error}"),
        Error::Io(error) => format!("the connection failed: {}", error.kind()),
        Error::Tls(_) | Error::Rustls(_) => format!("no secure connection: {error}"),
        Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => "the proxy failed".to_owned(),
        Error::Protocol(_) | Error::Http(_) | Error::LargeResponseHeader(..) | Error::BodyStalled => "the answer is no HTTP".to_owned(),
        _ => "the message was not sent".to_owned(),
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, PostError> {
    let failed = |why: String| PostError::Certificates { path: path.to_owned(), why };
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let mut certificates = Vec::new();
    for item in parse_pem(&pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| failed(error.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() { Err(failed("there is none in it".to_owned())) } else { Ok(certificates) }
}

/// Leaves out addresses that may not be reached.
#[derive(Debug)]
struct Guard {
    network: Network,
    inner: DefaultResolver,
}

impl Resolver for Guard {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        // Of a proxy that the administrator has set, the address is his affair.
        let is_proxy = config.proxy().is_some_and(|proxy| Some(proxy.host()) == uri.host());
        let mut allowed = self.empty();
        for address in found.iter().filter(|address| is_proxy || self.network.allows(address.ip())) {
            allowed.push(*address);
        }
        if allowed.is_empty() { Err(Error::HostNotFound) } else { Ok(allowed) }
    }
}
