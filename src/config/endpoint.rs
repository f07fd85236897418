//! `[endpoint.NAME]` in `beartrap.toml`: who is told of alerts; as written, and checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::delivery::endpoint::Endpoint;
use crate::delivery::letter::{Addressee, Authorization, Key};
use crate::delivery::network::Network;
use crate::delivery::payload::{PAYLOADS, payload};
use crate::delivery::post::FILE;
use crate::delivery::schedule::Schedule;
use crate::detect::period::Period;
use crate::model::alert::Event;
use crate::model::grade::Severity;
use crate::model::secret::Secret;

/// Who sends, where an endpoint does not say.
const ISSUER: &str = "urn:beartrap";
/// How long an attempt may take, where an endpoint does not say.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How many messages are on their way at the same time, where an endpoint does not say.
const CONCURRENCY: usize = 4;
/// The variable with the signing key of an endpoint that has no settings.
const SECRET: &str = "BEARTRAP_ALERT_SECRET";

/// An endpoint as it is written.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EndpointSettings {
    /// Where it is.
    pub url: Option<String>,
    /// A file with the URL, where that is a secret, as those of chats are.
    pub url_file: Option<PathBuf>,
    /// A variable with the URL.
    pub url_env: Option<String>,
    /// Instead of a URL, a file to which what is sent is appended, one alert a line.
    pub file: Option<PathBuf>,
    /// What is sent; Standard Webhooks where nothing is said.
    pub format: Option<String>,
    /// A file with the signing key on its first line; while another one follows, the old one on the second.
    pub secret_file: Option<PathBuf>,
    /// A variable with the same.
    pub secret_env: Option<String>,
    /// A file with the value of the header `Authorization`.
    pub authorization_file: Option<PathBuf>,
    /// A variable with the same.
    pub authorization_env: Option<String>,
    /// Who we are as an OAuth client.
    pub client_id: Option<String>,
    /// A file with the client's secret.
    pub client_secret_file: Option<PathBuf>,
    /// A variable with the same.
    pub client_secret_env: Option<String>,
    /// Of what it is told.
    pub events: BTreeSet<Event>,
    /// From which severity on.
    pub min_severity: Option<Severity>,
    /// Only of tokens of these issuers or providers.
    pub issuers: Vec<String>,
    /// How many messages are on their way at the same time.
    pub concurrency: Option<usize>,
    /// How long an attempt may take.
    pub timeout: Option<Period>,
    /// How long after each failed attempt the next one is made.
    pub retry: Option<Vec<Period>>,
    /// Whether what is sent may be read on its way.
    pub allow_http: bool,
    /// Private networks that may be reached.
    pub networks: Vec<IpNet>,
    /// Certificates to trust, as PEM.
    pub ca_file: Option<PathBuf>,
    /// Who sends: `source` of `CloudEvents`, `iss` of security event tokens.
    pub issuer: Option<String>,
    /// `aud` of security event tokens.
    pub audience: Option<String>,
    /// The receiver's name for the type of token.
    pub token_type: Option<String>,
    /// Where the server that revokes says whether a token is alive (RFC 7662); it is asked after each revocation, as the same client.
    pub introspection_url: Option<String>,
}

/// Why an endpoint cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("endpoint `{name}`: {why}")]
pub struct EndpointError {
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub why: String,
}

/// Where secrets come from: variables, and directories of credentials.
pub type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The endpoints that are named, or given as URLs; checked.
///
/// # Errors
///
/// [`EndpointError`]
pub fn endpoints(named: &[String], settings: &BTreeMap<String, EndpointSettings>, variable: Variable) -> Result<Vec<Endpoint>, EndpointError> {
    let mut endpoints = Vec::new();
    for name in named.iter().collect::<BTreeSet<_>>() {
        if name.contains("://") {
            let own =
                EndpointSettings { url: Some(name.clone()), secret_env: variable(SECRET).map(|_| SECRET.to_owned()), ..EndpointSettings::default() };
            endpoints.push(endpoint(&host(name), &own, variable)?);
        } else {
            let known = settings.get(name).ok_or_else(|| unknown(name, settings))?;
            endpoints.push(endpoint(name, known, variable)?);
        }
    }
    Ok(endpoints)
}

fn unknown(name: &str, settings: &BTreeMap<String, EndpointSettings>) -> EndpointError {
    let near = settings.keys().map(|known| (strsim::jaro_winkler(known, name), known)).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = near.filter(|(likeness, _)| *likeness > 0.8).map_or_else(
        || format!("hint: add `[endpoint.{name}]` to `beartrap.toml`, or give a URL"),
        |(_, known)| format!("hint: did you mean `{known}`?"),
    );
    EndpointError { name: name.to_owned(), why: format!("there is none of this name\n{hint}") }
}

/// What an endpoint without a name is called: its host, and a hash of the rest, which may be a secret.
fn host(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or_default();
    if path.is_empty() { host.to_owned() } else { format!("{host}-{:08x}", crate::model::fingerprint::Fingerprint::index_of(path.as_bytes()) >> 32) }
}

/// Checks an endpoint.
///
/// # Errors
///
/// [`EndpointError`]
pub fn endpoint(name: &str, settings: &EndpointSettings, variable: Variable) -> Result<Endpoint, EndpointError> {
    let failed = |why: String| EndpointError { name: name.to_owned(), why };
    let read = |what: &str, file: Option<&Path>, env: Option<&str>| secret(what, file, env, variable).map_err(failed);
    let kept = read("url", settings.url_file.as_deref(), settings.url_env.as_deref())?.map(|url| url.trim().to_owned());
    let file = || settings.file.as_ref().map(|file| format!("{FILE}{}", file.display()));
    let url = kept.or_else(|| settings.url.clone()).or_else(file);
    let url = url.ok_or_else(|| failed("`url` is missing\nhint: `url = \"https://...\"`, or `url_file`, or `file`".to_owned()))?;
    let is_file = settings.file.is_some() && url.starts_with(FILE);
    let loopback = is_file || check(&url, settings.allow_http).map_err(failed)?;
    if let Some(url) = &settings.introspection_url {
        check(url, settings.allow_http).map_err(|why| failed(why.replace("`url`", "`introspection_url`")))?;
    }
    let format = settings.format.as_deref().unwrap_or(PAYLOADS[0].name);
    let names = || PAYLOADS.iter().map(|payload| format!("`{}`", payload.name)).collect::<Vec<_>>().join(", ");
    let payload = payload(format).ok_or_else(|| failed(format!("no format is called `{format}`\nhint: there are {}", names())))?;
    if is_file && payload.needs_token() {
        return Err(failed(format!("`{format}` holds the token itself, which is never written to a file")));
    }
    let keys = read("secret", settings.secret_file.as_deref(), settings.secret_env.as_deref())?;
    let keys = keys.iter().flat_map(|text| lines(text)).map(|line| Key(Arc::new(Secret::new(line.as_bytes().to_vec())))).collect();
    let header = read("authorization", settings.authorization_file.as_deref(), settings.authorization_env.as_deref())?;
    let client_secret = read("client_secret", settings.client_secret_file.as_deref(), settings.client_secret_env.as_deref())?;
    let held = |text: &Zeroizing<String>| Arc::new(Secret::new(text.trim().as_bytes().to_vec()));
    let authorization = match (header, &settings.client_id, client_secret) {
        (Some(header), ..) => Some(Authorization::Header(held(&header))),
        (None, Some(id), secret) => Some(Authorization::Client { id: id.clone(), secret: held(&secret.unwrap_or_default()) }),
        _ => None,
    };
    let period = |period: Period| period.0.unsigned_abs();
    Ok(Endpoint {
        name: name.to_owned(),
        payload,
        to: Addressee {
            url,
            issuer: settings.issuer.clone().unwrap_or_else(|| ISSUER.to_owned()),
            audience: settings.audience.clone(),
            token_type: settings.token_type.clone(),
            keys,
            authorization,
        },
        events: settings.events.clone(),
        min_severity: settings.min_severity.unwrap_or(Severity::Info),
        issuers: settings.issuers.clone(),
        concurrency: settings.concurrency.unwrap_or(CONCURRENCY).clamp(1, 256),
        schedule: settings.retry.as_ref().map_or_else(Schedule::default, |waits| Schedule(waits.iter().copied().map(period).collect())),
        network: Network {
            loopback,
            networks: settings.networks.clone(),
            ca_file: settings.ca_file.clone(),
            timeout: settings.timeout.map_or(TIMEOUT, period),
        },
        introspection: settings.introspection_url.clone(),
    })
}

/// A secret from a file or a variable; none where neither is named.
///
/// # Errors
///
/// Both are named, or the one that is cannot be read.
pub fn secret(what: &str, file: Option<&Path>, env: Option<&str>, variable: Variable) -> Result<Option<Zeroizing<String>>, String> {
    match (file, env) {
        (Some(_), Some(_)) => Err(format!("`{what}_file` and `{what}_env` are both there\nhint: keep one")),
        (Some(file), None) => {
            let text = std::fs::read_to_string(file).map_err(|error| format!("{}: cannot read `{what}_file`: {error}", file.display()))?;
            Ok(Some(Zeroizing::new(text)))
        }
        (None, Some(env)) => {
            let text = variable(env).ok_or_else(|| format!("the variable `{env}` of `{what}_env` is not set"))?;
            Ok(Some(Zeroizing::new(text)))
        }
        (None, None) => Ok(None),
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    // A key in PEM is one.
    let is_pem = text.contains("-----BEGIN");
    let (whole, parts) = if is_pem { (Some(text), None) } else { (None, Some(text.lines())) };
    whole.into_iter().chain(parts.into_iter().flatten()).map(str::trim).filter(|line| !line.is_empty())
}

/// Whether a URL names this machine itself; an error where it is none, or none that may be used.
fn check(url: &str, allow_http: bool) -> Result<bool, String> {
    let uri: ureq::http::Uri = url.parse().map_err(|_| "`url` is no URL".to_owned())?;
    let host = uri.host().ok_or("`url` has no host")?;
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("`url` holds a user or password\nhint: use `authorization_file`".to_owned());
    }
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    let is_own = host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => Ok(is_own),
        Some("http") if is_own || allow_http => Ok(is_own),
        Some("http") => Err("`url` is plain HTTP, which anybody on the way can read\nhint: use `https`, or say `allow_http = true`".to_owned()),
        _ => Err("`url` is no `https` URL".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::config::endpoint::{EndpointSettings, endpoint, endpoints};

    fn nothing(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn urls_are_checked() {
        let check = |url: &str, more: &str| {
            let settings: EndpointSettings = toml::from_str(&format!("url = \"{url}\"\n{more}")).expect("because it is well formed");
            endpoint("e", &settings, &nothing).map(|endpoint| (endpoint.network.loopback, endpoint.place())).map_err(|error| error.why)
        };
        let ok = |loopback, place: &str| Ok((loopback, place.to_owned()));
        assert_eq!(check("https://hooks.example/secret/path?x", ""), ok(false, "https://hooks.example"));
        assert_eq!(check("http://127.0.0.1:8080/x", ""), ok(true, "http://127.0.0.1:8080"));
        assert_eq!(check("https://[::1]:1", ""), ok(true, "https://[::1]:1"));
        assert_eq!(check("http://hooks.example", "allow_http = true"), ok(false, "http://hooks.example"));
        for (url, why) in
            [("http://hooks.example/", "plain HTTP"), ("ftp://x/", "no `https`"), ("hooks.example", "no"), ("https://a:b@x/", "user or password")]
        {
            assert!(check(url, "").is_err_and(|error| error.contains(why)), "{url}");
        }
        let file = |more: &str| {
            let settings: EndpointSettings = toml::from_str(&format!("file = \"out.jsonl\"\n{more}")).expect("because it is well formed");
            endpoint("e", &settings, &nothing).map(|endpoint| endpoint.to.url).map_err(|error| error.why)
        };
        assert_eq!(file("format = \"ocsf\""), Ok("file:out.jsonl".to_owned()));
        assert!(file("format = \"rfc7009\"").is_err_and(|error| error.contains("never written")));
        assert!(check("https://x", "format = \"carrier-pigeon\"").is_err_and(|error| error.contains("there are `")));
    }

    #[test]
    fn endpoints_are_named_or_given() {
        let settings: BTreeMap<String, EndpointSettings> =
            toml::from_str("[soc]\nurl = \"https://soc.example/hook\"\nsecret_env = \"S\"\nretry = [\"1s\", \"2min\"]")
                .expect("because it is well formed");
        let variable = |name: &str| (name == "S").then(|| "one\n\n two \n".to_owned());
        let names = |named: &[&str]| {
            let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
            endpoints(&named, &settings, &variable).map_err(|error| error.to_string())
        };
        let found = names(&["soc", "https://h.example", "https://h.example/a"]).expect("because all are good");
        let found: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.to.keys.len(), one.schedule.0.len())).collect();
        assert_eq!((found[0].0, found[0].1, found[2]), ("h.example", 0, ("soc", 2, 2)));
        assert!(found[1].0.starts_with("h.example-") && found[1].0.len() == 18);
        assert!(names(&["sock"]).is_err_and(|error| error.contains("did you mean `soc`?")));
        assert!(names(&["other"]).is_err_and(|error| error.contains("[endpoint.other]")));
    }
}
