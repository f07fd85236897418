//! An authorization server on loopback that revokes (RFC 7009) and tells whether a token is active (RFC 7662), and beside it whoever is told of alerts.

#![allow(dead_code, reason = "not every test file uses all of it")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beartrap::rules::byte_set::ByteSet;
use beartrap::rules::generate::Random;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// The client that may revoke, and its secret.
pub const CLIENT: (&str, &str) = ("beartrap", "of-tests");
/// Nothing that is waited for takes longer.
const LIMIT: Duration = Duration::from_secs(40);

/// What the server does when it is asked to revoke.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Manner {
    /// It revokes.
    #[default]
    Revokes,
    /// It says that it did, and does not.
    Accepts,
    /// It says that it cannot at present.
    IsBusy,
}

/// The server.
pub struct Oauth {
    /// Where it is, such as `127.0.0.1:80`.
    pub address: String,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    /// Whether tokens are active.
    active: BTreeMap<String, bool>,
    manner: Manner,
    /// How often somebody asked to revoke.
    asked: usize,
    /// What was told.
    told: Vec<Value>,
    /// The ids of what was told.
    ids: Vec<String>,
    seed: u64,
}

impl Oauth {
    /// Begins to serve, as long as the test lasts.
    pub fn begin() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("because loopback has a free port");
        let address = listener.local_addr().expect("because it is bound").to_string();
        let kept = Arc::<Mutex<Kept>>::default();
        let shared = Arc::clone(&kept);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &kept));
            }
        });
        Self { address, kept }
    }

    /// A page's URL.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A new token.
    pub fn issue(&self) -> String {
        let mut kept = lock(&self.kept);
        kept.seed += 1;
        let token = String::from_utf8(Random::new(kept.seed).bytes(ByteSet::alnum(), 43)).expect("because letters and digits are text");
        kept.active.insert(token.clone(), true);
        token
    }

    /// What it does from now on when it is asked to revoke.
    pub fn become_one_who(&self, manner: Manner) {
        lock(&self.kept).manner = manner;
    }

    /// Whether a token is active.
    pub fn is_active(&self, token: &str) -> bool {
        lock(&self.kept).active[token]
    }

    /// How often somebody asked to revoke.
    pub fn asked(&self) -> usize {
        lock(&self.kept).asked
    }

    /// What was told under this type.
    pub fn told(&self, kind: &str) -> Vec<Value> {
        lock(&self.kept).told.iter().filter(|alert| alert["type"] == kind).cloned().collect()
    }

    /// The ids of everything that was told.
    pub fn ids(&self) -> Vec<String> {
        lock(&self.kept).ids.clone()
    }

    /// Waits until this was told.
    pub fn wait_for(&self, kind: &str) -> Value {
        self.wait_where(kind, |_| true)
    }

    /// Waits until one of this type was told that is meant.
    pub fn wait_where(&self, kind: &str, is_meant: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + LIMIT;
        loop {
            if let Some(alert) = self.told(kind).into_iter().find(&is_meant) {
                return alert;
            }
            assert!(
                Instant::now() < until,
                "`{kind}` was not told; only {:?}",
                lock(&self.kept).told.iter().map(|alert| &alert["type"]).collect::<Vec<_>>()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one request.
fn serve(mut stream: TcpStream, kept: &Mutex<Kept>) {
    stream.set_read_timeout(Some(LIMIT)).expect("because it is not zero");
    let mut lines = BufReader::new(&stream);
    let mut line = String::new();
    let mut head = BTreeMap::new();
    drop(lines.read_line(&mut line));
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    loop {
        line.clear();
        match lines.read_line(&mut line) {
            Ok(count) if count > 2 => {}
            _ => break,
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        head.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; head.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
    if lines.read_exact(&mut body).is_ok() {
        let (status, said) = answer(&path, &head, &body, kept);
        let said = said.map(|said| said.to_string()).unwrap_or_default();
        let length = said.len();
        let answer =
            format!("HTTP/1.1 {status} said\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{said}");
        drop(stream.write_all(answer.as_bytes()));
    }
}

fn answer(path: &str, head: &BTreeMap<String, String>, body: &[u8], kept: &Mutex<Kept>) -> (u16, Option<Value>) {
    let mut kept = lock(kept);
    if path == "/hook" {
        kept.told.push(serde_json::from_slice(body).unwrap_or_default());
        kept.ids.push(head["webhook-id"].clone());
        return (204, None);
    }
    let client = format!("Basic {}", STANDARD.encode(format!("{}:{}", CLIENT.0, CLIENT.1)));
    if head.get("authorization") != Some(&client) {
        return (401, Some(json!({"error": "invalid_client"})));
    }
    let form = String::from_utf8_lossy(body);
    let token = form.split('&').find_map(|field| field.strip_prefix("token=")).unwrap_or_default();
    let token = percent_decode_str(token).decode_utf8_lossy().into_owned();
    match path {
        "/revoke" => {
            kept.asked += 1;
            match kept.manner {
                Manner::Revokes => kept.active.get_mut(&token).into_iter().for_each(|active| *active = false),
                Manner::Accepts => {}
                Manner::IsBusy => return (503, None),
            }
            (200, None)
        }
        "/introspect" => (200, Some(json!({"active": kept.active.get(&token).copied().unwrap_or_default()}))),
        _ => (404, None),
    }
}
