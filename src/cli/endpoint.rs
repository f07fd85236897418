//! `beartrap endpoint`: tries endpoints, and makes and changes their signing keys.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant as Clock;

use anyhow::Context as _;
use zeroize::Zeroizing;

use crate::cli::alerting::variable;
use crate::cli::exit::Exit;
use crate::cli::ledger::{fill_random, now};
use crate::cli::terminal::say;
use crate::config::alert_flags::{EndpointCommand, KeyKind};
use crate::config::endpoint::endpoints;
use crate::config::file::Settings;
use crate::config::replay_flags::SettingsFlags;
use crate::delivery::key::{self, SigningKey, VerifyingKey};
use crate::delivery::letter::{Answer, Key, Letter, Meaning};
use crate::delivery::post::Post;
use crate::delivery::reveal;
use crate::model::alert::{Alert, AlertData, AlertToken, Event, Observed};
use crate::model::grade::{Confidence, Severity};
use crate::model::instant::Instant;
use crate::outputs::escape::visible;

/// Runs one command.
///
/// # Errors
///
/// What keeps it from being done.
pub fn endpoint(command: &EndpointCommand) -> anyhow::Result<Exit> {
    match command {
        EndpointCommand::Test { name, settings } => test(name, settings),
        EndpointCommand::Keygen { kind } => keygen(*kind),
        EndpointCommand::Rotate { name, finish, settings } => rotate(name, *finish, settings),
    }
}

fn test(name: &str, settings: &SettingsFlags) -> anyhow::Result<Exit> {
    let settings = Settings::read(settings.config.as_deref())?;
    let endpoint = endpoints(&[name.to_owned()], &settings.endpoint, &variable)?.pop().context("no endpoint is named")?;
    anyhow::ensure!(
        !endpoint.payload.needs_token(),
        "`{}` sends tokens, and there is none to send\nhint: `scan --alert {name} --dry-run` shows what would be sent",
        endpoint.payload.name
    );
    let at = now();
    let alert = example(at);
    let id = endpoint.delivery_id(&alert);
    let message = endpoint.payload.write(&Letter { id: &id, alert: &alert, at, to: &endpoint.to }, None)?;
    let post = Post::new(&endpoint.to.url, &endpoint.network)?;
    let began = Clock::now();
    let reply = post.send(&message);
    let took = began.elapsed().as_millis();
    let place = endpoint.place();
    let meaning = match &reply {
        Ok(reply) => (endpoint.payload.read)(&Answer { status: reply.status, body: &reply.body, retry_after: reply.retry_after }),
        Err(reason) => Meaning::Again { reason: reason.clone(), after: None },
    };
    let (is_good, what) = match meaning {
        Meaning::Delivered { .. } => (true, "delivered".to_owned()),
        Meaning::Again { reason, .. } => (false, format!("not delivered, it would be tried again: {reason}")),
        Meaning::Refused { reason } => (false, format!("refused: {reason}")),
        Meaning::Gone => (false, "the endpoint is gone (410)".to_owned()),
    };
    say(format_args!("{place}, `{}`, {took} ms: {}", endpoint.payload.name, visible(&what)));
    Ok(if is_good { Exit::Clean } else { Exit::Incomplete })
}

/// An alert that says it is a test.
fn example(at: Instant) -> Alert {
    let data = AlertData {
        finding_id: format!("test-{}", at.0.as_millisecond()),
        supersedes: None,
        rule: "beartrap-test".to_owned(),
        title: "A test of this endpoint; nothing happened".to_owned(),
        severity: Severity::Info,
        confidence: Confidence::High,
        token: AlertToken { provider: Some("beartrap".to_owned()), ..AlertToken::default() },
        issued_to: None,
        observed: Observed { time: Some(at), ..Observed::default() },
        action: None,
        evidence: vec!["sent by `beartrap endpoint test`".to_owned()],
        frameworks: std::collections::BTreeMap::new(),
        remediation: String::new(),
        links: std::collections::BTreeMap::new(),
    };
    Alert { event: Event::Updated, timestamp: at, data }
}

fn new_key(kind: KeyKind) -> anyhow::Result<(Key, Option<VerifyingKey>)> {
    let mut random = Zeroizing::new([0; 32]);
    fill_random(&mut *random)?;
    let kind = match kind {
        KeyKind::Hmac => key::KeyKind::Shared,
        KeyKind::Ed25519 => key::KeyKind::Ed25519,
    };
    Ok(key::generate(kind, &random))
}

fn keygen(kind: KeyKind) -> anyhow::Result<Exit> {
    let (secret, public) = new_key(kind)?;
    let mut out = std::io::stdout().lock();
    out.write_all(&reveal::key(&secret))?;
    out.write_all(b"\n")?;
    if let Some(public) = public {
        say(format_args!("public key, for the receiver: {public}"));
    }
    say(format_args!("hint: keep it in a file that only you can read, and name that as `secret_file`"));
    Ok(Exit::Clean)
}

/// Puts a new key in front of the old one, or removes the old one.
fn rotate(name: &str, finish: bool, settings: &SettingsFlags) -> anyhow::Result<Exit> {
    let settings = Settings::read(settings.config.as_deref())?;
    let endpoint = endpoints(&[name.to_owned()], &settings.endpoint, &variable)?.pop().context("no endpoint is named")?;
    let file = settings.endpoint.get(name).and_then(|written| written.secret_file.as_deref());
    let file = file.context("its key is in no file\nhint: only a key in `secret_file` can be rotated")?;
    let keys = &endpoint.to.keys;
    let (kept, public) = if finish {
        anyhow::ensure!(keys.len() > 1, "there is one key only\nhint: `beartrap endpoint rotate {name}` adds one");
        (vec![keys[0].clone()], None)
    } else {
        anyhow::ensure!(keys.len() < 2, "two keys are in use\nhint: `beartrap endpoint rotate {name} --finish` removes the old one");
        let old = keys.first().context("there is no key yet\nhint: `beartrap endpoint keygen` makes one")?;
        let kind = if matches!(SigningKey::read(old)?, SigningKey::Shared(_)) { KeyKind::Hmac } else { KeyKind::Ed25519 };
        let (new, public) = new_key(kind)?;
        (vec![new, old.clone()], public)
    };
    write(file, &kept)?;
    if let Some(public) = public {
        say(format_args!("public key, for the receiver: {public}"));
    }
    let next =
        if finish { "messages have one signature again" } else { "messages have both signatures; when the receiver knows the new key: `--finish`" };
    say(format_args!("{}: {next}", file.display()));
    Ok(Exit::Clean)
}

/// Writes keys so that a reader sees the old file or the new one, and nobody else sees either.
fn write(file: &Path, keys: &[Key]) -> anyhow::Result<()> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(directory).with_context(|| format!("{}: cannot write beside it", file.display()))?;
    for key in keys {
        new.write_all(&reveal::key(key))?;
        new.write_all(b"\n")?;
    }
    new.as_file().sync_all()?;
    new.persist(file).with_context(|| format!("{}: cannot be replaced", file.display()))?;
    Ok(())
}
