//! Asks a server on loopback over HTTP/1.1, one question a connection.

#![allow(dead_code, reason = "not every test file uses all of it")]

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// No answer takes longer.
const LIMIT: Duration = Duration::from_secs(20);

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null where there is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A form's fields as its body has them.
pub fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}

/// Asks the server at an address such as `127.0.0.1:80`; headers are added to `Host`, `Content-Length` and `Connection: close`.
pub fn ask(address: &str, request: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut head = format!("{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").expect("because a string has room");
    }
    let mut stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    stream.set_read_timeout(Some(LIMIT)).expect("because it is not zero");
    let mut bytes = Vec::new();
    let told = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(b"\r\n")).and_then(|()| stream.write_all(body));
    told.and_then(|()| stream.read_to_end(&mut bytes)).unwrap_or_else(|error| panic!("{address}: {request}: {error}"));
    answer(&bytes).unwrap_or_else(|| panic!("{address}: {request}: {}", String::from_utf8_lossy(&bytes)))
}

/// Reads an answer whose body goes on to the end; `None` when it is none, or came in chunks.
fn answer(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = str::from_utf8(&bytes[..end]).ok()?.to_ascii_lowercase();
    let status = head.strip_prefix("http/1.1 ")?.get(..3)?.parse().ok()?;
    (!head.contains("\r\ntransfer-encoding:")).then(|| Answer { status, body: bytes[end + 4..].to_vec() })
}
