//! An endpoint on loopback that does to each request what a test says, and remembers everything that came.

#![allow(dead_code, reason = "not every test file uses all of it")]

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// No test waits longer for what must come.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// The longest head of a request.
const HEAD: usize = 16 << 10;

/// What is done to a request.
#[derive(Clone, Debug)]
pub enum Does {
    /// Answers with this status.
    Answers(u16),
    /// Answers with this status, header and body.
    Says(u16, (&'static str, String), &'static str),
    /// Never answers.
    Stalls,
    /// Breaks the connection off.
    Resets,
    /// Answers what is no HTTP.
    Babbles,
    /// Takes it, and answers a byte every 100 ms.
    Drips,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Came {
    /// `POST`, mostly.
    pub method: String,
    /// Where it went.
    pub path: String,
    /// Names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// When it was there.
    pub at: Instant,
}

impl Came {
    /// A header's value; empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value)
    }

    /// The id of the message.
    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// What is done to a request, which is the so-manyth from 0.
type Script = Box<dyn FnMut(usize, &Came) -> Does + Send>;

/// The endpoint. Its threads end with the connections, or with the test.
pub struct Receiver {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    script: Mutex<Script>,
    came: Mutex<Vec<Came>>,
    comes: Condvar,
}

impl State {
    fn came(&self) -> MutexGuard<'_, Vec<Came>> {
        self.came.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver {
    /// Does what the script says.
    pub fn start(script: impl FnMut(usize, &Came) -> Does + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("because a port is free");
        let address = listener.local_addr().expect("because it is bound");
        let state = Arc::new(State { script: Mutex::new(Box::new(script)), came: Mutex::default(), comes: Condvar::new() });
        let kept = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&state);
                thread::spawn(move || while matches!(state.serve(&stream), Ok(true)) {});
            }
        });
        Self { address, state: kept }
    }

    /// Takes everything.
    pub fn good() -> Self {
        Self::playing(&[])
    }

    /// Does this to the first requests, and takes all that follow.
    pub fn playing(first: &[Does]) -> Self {
        let first = first.to_vec();
        Self::start(move |number, _| first.get(number).cloned().unwrap_or(Does::Answers(200)))
    }

    /// Does this from now on.
    pub fn then(&self, script: impl FnMut(usize, &Came) -> Does + Send + 'static) {
        *self.state.script.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(script);
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What came so far.
    pub fn came(&self) -> Vec<Came> {
        self.state.came().clone()
    }

    /// How much came so far.
    pub fn count(&self) -> usize {
        self.state.came().len()
    }

    /// What came, once it is so much; whatever came, when that takes too long.
    pub fn wait(&self, count: usize) -> Vec<Came> {
        let came = self.state.comes.wait_timeout_while(self.state.came(), PATIENCE, |came| came.len() < count);
        came.unwrap_or_else(PoisonError::into_inner).0.clone()
    }
}

impl State {
    /// Takes one request; whether another one may follow.
    fn serve(&self, mut stream: &TcpStream) -> io::Result<bool> {
        let (mut came, length) = head(stream)?;
        // The last byte of the body stays where it is: a connection that is closed with something unread in it is reset.
        came.body = vec![0; length];
        if let Some((last, rest)) = came.body.split_last_mut() {
            stream.read_exact(rest)?;
            stream.peek(std::slice::from_mut(last))?;
        }
        came.at = Instant::now();
        let number = {
            let mut all = self.came();
            all.push(came.clone());
            all.len() - 1
        };
        let does = (self.script.lock().unwrap_or_else(PoisonError::into_inner))(number, &came);
        self.comes.notify_all();
        if !matches!(does, Does::Resets) {
            stream.read_exact(&mut vec![0; length.min(1)])?;
        }
        match does {
            Does::Answers(status) => answer(stream, status, "", "").map(|()| true),
            Does::Says(status, (name, value), body) => answer(stream, status, &format!("{name}: {value}\r\n"), body).map(|()| true),
            // The other side gives up first.
            Does::Stalls => stream.read(&mut [0]).map(|_| false),
            Does::Babbles => stream.write_all(b"\x16\x03\x01 what do you want\r\n\r\n").map(|()| false),
            Does::Drips => {
                for byte in text(200, "", "").as_bytes() {
                    stream.write_all(&[*byte])?;
                    thread::sleep(Duration::from_millis(100));
                }
                Ok(true)
            }
            Does::Resets => Ok(false),
        }
    }
}

/// Reads a head, and nothing behind it; with the length of the body.
fn head(mut stream: &TcpStream) -> io::Result<(Came, usize)> {
    let mut bytes = vec![0; HEAD];
    let end = loop {
        let count = stream.peek(&mut bytes)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(end) = memchr::memmem::find(&bytes[..count], b"\r\n\r\n") {
            break end + 4;
        }
        thread::sleep(Duration::from_millis(1));
    };
    bytes.truncate(end);
    stream.read_exact(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, path) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let headers = lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
    let came = Came { method, path, headers: headers.collect(), body: Vec::new(), at: Instant::now() };
    let length = came.header("content-length").parse().unwrap_or(0);
    Ok((came, length))
}

fn answer(mut stream: &TcpStream, status: u16, more: &str, body: &str) -> io::Result<()> {
    stream.write_all(text(status, more, body).as_bytes())
}

fn text(status: u16, more: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} As it is\r\n{more}content-length: {}\r\n\r\n{body}", body.len())
}
