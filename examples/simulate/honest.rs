//! The honest day: agents work on tasks with tokens of their own, and nothing that they do is worth a word.
//!
//! **Invariant:** every use keeps so far from the ends of its token and task that a clock may be off by the largest skew.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;

use beartrap::model::issuance::{Issuance, TokenType};
use beartrap::model::token_key::TokenKey;
use beartrap::model::token_use::{Outcome, Proof, Scheme};
use beartrap::rules::generate::Random;
use serde_json::json;

use crate::simulate::clock::{DAY, END, HOUR, MINUTE, Millis, SECOND, START, instant};
use crate::simulate::delivery::Fate;
use crate::simulate::format::Shown;
use crate::simulate::grant::{Grant, Holder};
use crate::simulate::network::Network;
use crate::simulate::order::Order;
use crate::simulate::outlet::{Log, Outlet};
use crate::simulate::server::{ISSUER, SERVERS};
use crate::simulate::token;

/// How far uses keep from both ends of a task.
const MARGIN: Millis = 100 * SECOND;
/// One of so many tasks has a refused request.
const REFUSED: u64 = 16;

/// A task that waits or runs.
struct Task {
    number: u64,
    start: Millis,
    end: Millis,
    uses: u64,
    done: u64,
    running: Option<Running>,
}

/// What a running task needs.
struct Running {
    grant: Grant,
    log: Log,
    random: Random,
}

/// The refresh token that a session has, and how often it was rotated.
#[derive(Default)]
struct Refresh {
    key: Option<TokenKey>,
    generation: u64,
}

/// Writes the whole day; returns how many uses it has.
pub fn honest(order: &Order, outlet: &mut Outlet) -> io::Result<u64> {
    let mut tasks = plan(order);
    let mut families: Vec<Refresh> = Vec::new();
    families.resize_with(usize::try_from(order.agents * order.sessions).expect("because so many fit in memory"), Refresh::default);
    let mut agenda: BinaryHeap<Reverse<(Millis, usize)>> = tasks.iter().enumerate().map(|(at, task)| Reverse((task.start, at))).collect();
    let mut written = 0;
    while let Some(Reverse((time, at))) = agenda.pop() {
        outlet.arrive(time)?;
        let task = &mut tasks[at];
        if task.running.is_none() && task.done == 0 {
            let session = task.number / order.tasks;
            let family = &mut families[usize::try_from(session).expect("because there is one for each session")];
            task.running = Some(begin(order, task, family, outlet)?);
        } else if task.done < task.uses {
            step(task, time, outlet)?;
            written += 1;
        } else {
            end(task, outlet)?;
            continue;
        }
        agenda.push(Reverse((next(task), at)));
    }
    Ok(written)
}

/// When each task begins and ends, and how many uses it makes.
fn plan(order: &Order) -> Vec<Task> {
    let count = order.agents * order.sessions * order.tasks;
    let slot = DAY / i64::try_from((order.sessions * order.tasks).max(1)).expect("because there are few tasks");
    let mut random = Random::new(order.seed ^ 0xDA7);
    let task = |number: u64| {
        let of_agent = i64::try_from(number % (order.sessions * order.tasks)).expect("because there are few tasks");
        let length = (slot * 4 / 5).clamp(8 * MINUTE, 55 * MINUTE) - of(&mut random, MINUTE);
        let start = (START + of_agent * slot + of(&mut random, (slot / 8).max(SECOND))).min(END - length - MINUTE);
        let uses = order.records * (number + 1) / count - order.records * number / count;
        Task { number, start, end: start + length, uses, done: 0, running: None }
    };
    (0..count).map(task).collect()
}

/// When the task does something next: its uses are spread evenly between the margins.
fn next(task: &Task) -> Millis {
    if task.done == task.uses {
        return task.end;
    }
    let span = task.end - task.start - 2 * MARGIN;
    let [done, uses] = [task.done, task.uses].map(|count| i64::try_from(count).expect("because so many are never ordered"));
    task.start + MARGIN + span * done / uses
}

fn begin(order: &Order, task: &Task, family: &mut Refresh, outlet: &mut Outlet) -> io::Result<Running> {
    let mut random = Random::new(order.seed ^ task.number.wrapping_mul(0x9E37_79B9));
    let session = task.number / order.tasks;
    let agent = session / order.sessions;
    let holder = Holder {
        agent: format!("agent-{agent}"),
        session: format!("session-{session}"),
        task: Some(format!("task-{}", task.number)),
        network: Network::of_agent(agent),
        user_agent: format!("agent-runtime/2.{} linux", agent % 7),
    };
    let server = &SERVERS[random.below(SERVERS.len())];
    let life = task.start..task.start + HOUR;
    let secret = token::opaque(&mut random);
    let (mut grant, log) = match task.number % 16 {
        0 => (Grant::role(secret, &token::key_id(&mut random), &holder, life), Log::Cloud),
        4 => (Grant::access(secret, &holder, server, life), Log::Access),
        8 => (Grant::access(secret, &holder, server, life), Log::Traces),
        12 => (Grant::access(secret, &holder, server, life), Log::Logs),
        3 | 11 => (bound(Grant::access(secret, &holder, server, life)), Log::Uses),
        7 => (Grant::access(secret, &holder, server, START - DAY..START + 60 * DAY).personal(TokenType::Pat), Log::Uses),
        _ => (Grant::access(secret, &holder, server, life), Log::Uses),
    };
    grant.issuance.tools = if log == Log::Cloud { Vec::new() } else { server.tools.map(str::to_owned).to_vec() };
    if matches!(task.number % 4, 1 | 2) {
        refresh(&grant, &holder, (task.start, family), outlet)?;
        grant.issuance.family_id = Some(format!("family-{session}"));
    }
    outlet.put(Log::Issued, &grant.issuance, Fate::Arrives)?;
    status(task, "running", task.start, outlet)?;
    Ok(Running { grant, log, random })
}

/// A token that is bound to a key.
pub fn bound(mut grant: Grant) -> Grant {
    let thumbprint = token::key(&format!("key of {}", grant.named())).to_string();
    grant.issuance.cnf = Some(json!({"jkt": thumbprint}));
    grant.usage.presented.scheme = Scheme::Dpop;
    grant.usage.presented.proof =
        Some(Box::new(Proof { jkt: Some(thumbprint.into()), htm: Some("POST".into()), htu: grant.usage.record.aud.clone(), ..Proof::default() }));
    grant
}

/// A session fetches its next access token: it presents its refresh token and gets another.
fn refresh(grant: &Grant, holder: &Holder, (time, family): (Millis, &mut Refresh), outlet: &mut Outlet) -> io::Result<()> {
    if let Some(key) = &family.key {
        let mut usage = grant.usage.clone();
        usage.presented.keys = vec![key.clone()];
        let record = &mut usage.record;
        record.time = Some(instant(time - SECOND));
        (record.aud, record.tool, record.method) = (Some(ISSUER.into()), None, Some("POST".into()));
        (record.resource, record.task_id) = (Some("/token".into()), None);
        record.scope_required = Vec::new();
        record.request_id = Some(format!("refresh-{}-{}", holder.session, family.generation).into());
        outlet.put(Log::Uses, &usage, Fate::MayDrop)?;
        family.generation += 1;
    }
    let key = token::key(&format!("refresh {} {}", grant.named(), family.generation));
    let mut issuance = Issuance {
        fp: Some(key.clone()),
        token_type: TokenType::RefreshToken,
        aud: vec![ISSUER.to_owned()],
        family_id: Some(format!("family-{}", holder.session.trim_start_matches("session-"))),
        generation: Some(family.generation),
        parent_fp: family.key.replace(key),
        expires_at: Some(instant(time + DAY)),
        ..grant.issuance.clone()
    };
    (issuance.length, issuance.tools) = (None, Vec::new());
    issuance.issued_to.task_id = None;
    outlet.put(Log::Issued, &issuance, Fate::Arrives)
}

fn step(task: &mut Task, time: Millis, outlet: &mut Outlet) -> io::Result<()> {
    let Running { grant, log, random } = task.running.as_mut().expect("because it began");
    let time = outlet.clock(*log, time + of(random, SECOND / 4));
    let server = SERVERS.iter().find(|server| grant.issuance.aud.first().is_some_and(|aud| aud == server.aud));
    let record = &mut grant.usage.record;
    record.time = Some(instant(time));
    record.request_id = Some(format!("r-{}-{}", task.number, task.done).into());
    record.source_ip = record.source_ip.map(|ip| moved(ip, task.done));
    if let Some(server) = server {
        let tool = random.below(server.tools.len());
        record.tool = Some(server.tools[tool].into());
        record.resource = Some(server.resources[tool].into());
    }
    let refused = task.done == 1 && task.number % REFUSED == 5;
    (record.outcome, record.status_code) = if refused { (Outcome::Denied, Some(429)) } else { (Outcome::Success, Some(200)) };
    if let Some(proof) = &mut grant.usage.presented.proof {
        proof.jti = Some(format!("proof-{}-{}", task.number, task.done).into());
    }
    if matches!(log, Log::Traces | Log::Logs | Log::Access) {
        grant.usage.record.trace_id = Some(format!("{:016x}{:016x}", random.next(), random.next()).into());
        grant.usage.record.span_id = Some(format!("{:016x}", random.next()).into());
    }
    task.done += 1;
    emit(grant, *log, time, outlet)
}

/// Writes an honest use as its log does, with the token's fingerprint in the token's place.
fn emit(grant: &Grant, log: Log, time: Millis, outlet: &mut Outlet) -> io::Result<()> {
    if log == Log::Uses {
        return outlet.put(log, &grant.usage, Fate::MayDrop);
    }
    let named = grant.named();
    let shown = Shown { grant, usage: &grant.usage, credential: &named, time };
    let record = match log {
        Log::Traces => shown.span(),
        Log::Logs => shown.log(),
        Log::Access => shown.access(""),
        Log::Cloud | Log::Issued | Log::Uses => shown.event(),
    };
    outlet.put(log, &record, Fate::MayDrop)
}

fn end(task: &mut Task, outlet: &mut Outlet) -> io::Result<()> {
    let word = if task.number.is_multiple_of(9) { "failed" } else { "completed" };
    status(task, word, task.end, outlet)?;
    let running = task.running.take().expect("because it began");
    if task.number.is_multiple_of(2) && running.grant.issuance.issued_to.task_id.is_some() {
        let fact = json!({"event": "revoked", "target": {"key": running.grant.key()}, "at": instant(task.end), "reason": "the task ended"});
        outlet.put(Log::Issued, &fact, Fate::Arrives)?;
    }
    Ok(())
}

fn status(task: &Task, word: &str, time: Millis, outlet: &mut Outlet) -> io::Result<()> {
    outlet.put(Log::Issued, &json!({"task_id": format!("task-{}", task.number), "status": word, "at": instant(time)}), Fate::Arrives)
}

/// Another address of the same network now and then.
fn moved(ip: std::net::IpAddr, done: u64) -> std::net::IpAddr {
    match ip {
        std::net::IpAddr::V4(ip) if done.is_multiple_of(64) => {
            let [a, b, c, d] = ip.octets();
            std::net::Ipv4Addr::new(a, b, c, d % 250 + 1).into()
        }
        other => other,
    }
}

fn of(random: &mut Random, bound: Millis) -> Millis {
    i64::try_from(random.below(usize::try_from(bound).expect("because times are positive"))).expect("because it is below")
}
