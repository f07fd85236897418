//! One scene: an incident or a trap, with people, tokens and networks of its own, so that scenes do not mix.

use std::io;

use beartrap::model::issuance::TokenType;
use beartrap::model::lifecycle::{LifecycleEvent, LifecycleKind, Target};
use beartrap::model::text::Text;
use beartrap::model::token_use::TokenUse;
use beartrap::rules::generate::Random;
use serde_json::json;

use crate::simulate::clock::{DAY, END, HOUR, MINUTE, Millis, START, instant};
use crate::simulate::delivery::Fate;
use crate::simulate::format::Shown;
use crate::simulate::grant::{Grant, Holder};
use crate::simulate::label::{Expect, Label};
use crate::simulate::network::Network;
use crate::simulate::outlet::{Log, Outlet};
use crate::simulate::server::{SERVERS, Server};
use crate::simulate::token;
use crate::simulate::transcript;

/// What happens in a scene.
#[derive(Clone, Copy)]
pub struct Script {
    /// The id of the detection, or the trap's name.
    pub name: &'static str,
    /// What happens.
    pub act: fn(&mut Scene) -> io::Result<()>,
}

/// A scene that is played.
pub struct Scene<'a> {
    /// The detection's id or the trap's name.
    pub name: &'static str,
    /// Its number, by which its people and networks are told from others'.
    pub number: u8,
    /// Its randomness.
    pub random: Random,
    /// When it begins: five minutes after a full or half hour, so that no fixed window of half an hour cuts its first minutes.
    pub start: Millis,
    /// Where it is written.
    pub outlet: &'a mut Outlet,
    fate: Fate,
    requests: u32,
}

impl<'a> Scene<'a> {
    /// Plays a script.
    pub fn play(script: &Script, number: u8, seed: u64, fate: Fate, outlet: &'a mut Outlet) -> io::Result<()> {
        let random = Random::new(seed ^ (u64::from(number) + 1).wrapping_mul(0xA24B_AED4_963E_E407));
        let start = START + 6 * HOUR + i64::from(number % 20) * 30 * MINUTE + 5 * MINUTE;
        (script.act)(&mut Scene { name: script.name, number, random, start, outlet, fate, requests: 0 })
    }

    /// The server that the scene is about.
    pub fn server(&self) -> &'static Server {
        &SERVERS[usize::from(self.number) % SERVERS.len()]
    }

    /// Who the scene is about.
    pub fn holder(&self) -> Holder {
        let name = format!("scene-{}", self.number);
        Holder {
            session: format!("session-{name}"),
            agent: name,
            task: None,
            network: Network::own(self.number),
            user_agent: "agent-runtime/2.4 linux".to_owned(),
        }
    }

    /// The same with a task.
    pub fn tasked(&self) -> Holder {
        Holder { task: Some(format!("task-scene-{}", self.number)), ..self.holder() }
    }

    /// Where nobody of the scene should be.
    pub fn foreign(&self) -> Network {
        Network::foreign(self.number)
    }

    /// An access token of the scene's agent that lives for an hour from its beginning.
    pub fn access(&mut self) -> Grant {
        let holder = self.holder();
        self.access_of(&holder, HOUR)
    }

    /// An access token from the scene's beginning.
    pub fn access_of(&mut self, holder: &Holder, life: Millis) -> Grant {
        let secret = token::opaque(&mut self.random);
        Grant::access(secret, holder, self.server(), self.start..self.start + life)
    }

    /// A token of a person in a vendor's format, from ten days before the day to fifty after it.
    pub fn personal(&mut self) -> Grant {
        self.personal_from(START - 10 * DAY..END + 50 * DAY)
    }

    /// One with another life.
    pub fn personal_from(&mut self, life: std::ops::Range<Millis>) -> Grant {
        let secret = token::of_rule("github.toml", "github-fine-grained-pat", &mut self.random);
        let mut grant = Grant::access(secret, &self.holder(), self.server(), life).personal(TokenType::Pat);
        (grant.issuance.provider, grant.issuance.iss) = (Some("github".to_owned()), None);
        grant
    }

    /// A session of a cloud role.
    pub fn role(&mut self) -> Grant {
        let (secret, id) = (token::opaque(&mut self.random), token::key_id(&mut self.random));
        Grant::role(secret, &id, &self.holder(), self.start..self.start + 6 * HOUR)
    }

    /// Writes the issued-token record.
    pub fn issue(&mut self, grant: &Grant) -> io::Result<()> {
        let at = grant.issuance.issued_at.map_or(self.start, |at| at.0.as_millisecond());
        self.outlet.keep(Log::Issued, &grant.issuance, Fate::Arrives, at)
    }

    /// Writes a status of the scene's task.
    pub fn task_status(&mut self, status: &str, at: Millis) -> io::Result<()> {
        let fact = json!({"task_id": self.tasked().task, "status": status, "at": instant(at)});
        self.outlet.keep(Log::Issued, &fact, Fate::Arrives, at)
    }

    /// Writes that a token was revoked.
    pub fn revoke(&mut self, grant: &Grant, at: Millis) -> io::Result<()> {
        let fact = LifecycleEvent {
            event: LifecycleKind::Revoked,
            target: Target::Key(grant.key()),
            at: instant(at),
            reason: Some("reported".to_owned()),
            successor: None,
        };
        self.outlet.keep(Log::Issued, &fact, Fate::Arrives, at)
    }

    /// The use that the holder makes, at a time, as a request of its own.
    pub fn request(&mut self, grant: &Grant, time: Millis) -> TokenUse {
        self.requests += 1;
        let mut usage = grant.usage.clone();
        usage.record.time = Some(instant(time));
        usage.record.request_id = Some(format!("r-scene-{}-{}", self.number, self.requests).into());
        usage
    }

    /// Writes a use as a token-use record.
    pub fn log(&mut self, usage: &TokenUse) -> io::Result<()> {
        let time = usage.record.time.map_or(self.start, |time| time.0.as_millisecond());
        self.log_late(usage, time)
    }

    /// Writes a use that arrives at another time than it happened.
    pub fn log_late(&mut self, usage: &TokenUse, arrival: Millis) -> io::Result<()> {
        self.outlet.keep(Log::Uses, usage, self.fate, arrival)
    }

    /// Writes the holder's own use at these times.
    pub fn uses(&mut self, grant: &Grant, times: impl IntoIterator<Item = Millis>) -> io::Result<()> {
        times.into_iter().try_for_each(|time| self.using(grant, time, |_| {}))
    }

    /// Writes a use that differs from the holder's own.
    pub fn using(&mut self, grant: &Grant, time: Millis, change: impl FnOnce(&mut TokenUse)) -> io::Result<()> {
        let mut usage = self.request(grant, time);
        change(&mut usage);
        self.log(&usage)
    }

    /// Writes a use into the log of another system; returns its time by the clock of that log.
    pub fn seen_by(&mut self, log: Log, grant: &Grant, usage: &TokenUse) -> io::Result<Millis> {
        let named = grant.named();
        let time = self.outlet.clock(log, usage.record.time.map_or(self.start, |time| time.0.as_millisecond()));
        let shown = Shown { grant, usage, credential: &named, time };
        let record = match log {
            Log::Traces => shown.span(),
            Log::Logs => shown.log(),
            Log::Access => shown.access(""),
            Log::Cloud | Log::Issued | Log::Uses => shown.event(),
        };
        self.outlet.keep(log, &record, self.fate, time)?;
        Ok(time)
    }

    /// A trace and span of the scene.
    pub fn trace(&mut self) -> (Text, Text) {
        (token::hex(&mut self.random, 32).into(), token::hex(&mut self.random, 16).into())
    }

    /// Writes the transcript of an agent that says a text at a time.
    pub fn transcript(&mut self, says: &str, time: Millis) -> io::Result<()> {
        let name = self.name.to_ascii_lowercase();
        self.outlet.file(&format!("agents/{name}-{}.jsonl", self.number), &transcript::transcript(&self.holder().session, says, time))
    }

    /// The token lies in a transcript: with its labels.
    pub fn leak(&mut self, grant: &Grant, time: Millis) -> io::Result<()> {
        self.transcript(&format!("I called the service with {} and it answered.", grant.token), time)?;
        self.exposed(grant, time)
    }

    /// What must be told of a living token of ours that lies somewhere.
    pub fn exposed(&mut self, grant: &Grant, time: Millis) -> io::Result<()> {
        self.must("EX-01", grant, time)?;
        self.must("EX-02", grant, time)?;
        let bindable = matches!(grant.issuance.token_type, TokenType::AccessToken | TokenType::RefreshToken | TokenType::TxnToken | TokenType::Svid);
        if bindable && grant.issuance.cnf.is_none() { self.must("HY-05", grant, time) } else { Ok(()) }
    }

    /// A detection that must fire.
    pub fn must(&mut self, detection: &str, grant: &Grant, at: Millis) -> io::Result<()> {
        self.label(detection, grant, at, Expect::Must)
    }

    /// A detection that may fire.
    pub fn may(&mut self, detection: &str, grant: &Grant, at: Millis) -> io::Result<()> {
        self.label(detection, grant, at, Expect::May)
    }

    fn label(&mut self, detection: &str, grant: &Grant, at: Millis, expect: Expect) -> io::Result<()> {
        let token = grant.key();
        self.outlet.label(&Label { detection: detection.to_owned(), token, slot: None, at: instant(at), expect })
    }
}
