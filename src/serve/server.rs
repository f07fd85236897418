//! A small HTTP server: it answers GET, and takes bodies where it is told to, with limits on everything that a client may take.
//!
//! **Invariant:** no client keeps another one, or the run itself, waiting: each has a deadline and little memory.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// How long a request's head may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(5);
/// How long a client is served.
const DEADLINE: Duration = Duration::from_secs(10);
/// How many clients are served at once; others wait.
const CLIENTS: usize = 64;
/// How large a request's head may be, in bytes.
const HEAD: usize = 16 << 10;
/// How large a request's body may be, in bytes.
pub const BODY: usize = 1 << 20;
/// How long is waited after the system gave no connection.
const BACK_OFF: Duration = Duration::from_millis(100);

/// What is asked or brought.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The path, without a query.
    pub path: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a [u8],
}

/// What is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The media type.
    pub media_type: &'static str,
    /// Further headers.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The content.
    pub body: String,
}

/// Who answers.
pub type Answers = dyn Fn(&Question) -> Answer + Send + Sync;

/// What clients may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Takes {
    /// Ask.
    Questions,
    /// Also bring something: bodies of at most [`BODY`] bytes, by POST.
    Bodies,
}

/// By which names the server may be called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Called {
    /// On a port of this machine, as `localhost` only: a page in somebody's browser may not ask by a name of its own that leads here.
    Local,
    /// By any: another server stands in front of it.
    Anything,
}

impl Question<'_> {
    /// A header that is there once; one that is there twice says nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(first)
    }
}

impl Answer {
    /// With a content of some media type.
    #[must_use]
    pub fn new(status: u16, media_type: &'static str, body: String) -> Self {
        Self { status, media_type, headers: Vec::new(), body }
    }

    /// A line of text.
    #[must_use]
    pub fn text(status: u16, line: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", format!("{line}\n"))
    }

    /// Another method is asked for.
    #[must_use]
    pub fn method(allowed: &'static str) -> Self {
        Self { headers: vec![("allow", allowed)], ..Self::text(405, &format!("only {allowed} is answered")) }
    }
}

/// Listens, and answers in a thread of its own until the program ends; where it listens.
///
/// # Errors
///
/// The address cannot be had, or the system gives no thread.
pub fn serve(address: SocketAddr, manners: (Takes, Called), answers: Arc<Answers>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    std::thread::Builder::new().name("serve".into()).spawn(move || runtime.block_on(accept(listener, manners, answers)))?;
    Ok(address)
}

async fn accept(listener: TcpListener, (takes, called): (Takes, Called), answers: Arc<Answers>) {
    let is_local = called == Called::Local && listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let clients = Arc::new(Semaphore::new(CLIENTS));
    while let Ok(place) = Arc::clone(&clients).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(BACK_OFF).await;
            continue;
        };
        let answers = Arc::clone(&answers);
        tokio::spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let answers = Arc::clone(&answers);
                async move {
                    let (head, body) = request.into_parts();
                    let answer = match refused(&head, takes, is_local) {
                        Some(refusal) => refusal,
                        None => respond(head, body, answers).await,
                    };
                    Ok::<_, Infallible>(written(answer))
                }
            });
            let mut connection = http1::Builder::new();
            connection.timer(TokioTimer::new()).header_read_timeout(ARRIVAL).max_buf_size(HEAD).keep_alive(false);
            // What goes wrong with one client is the client's.
            drop(tokio::time::timeout(DEADLINE, connection.serve_connection(TokioIo::new(stream), service)).await);
            drop(place);
        });
    }
}

/// What is refused before anybody is asked.
fn refused(head: &Parts, takes: Takes, is_local: bool) -> Option<Answer> {
    match (&head.method, takes) {
        (&Method::GET, _) | (&Method::POST, Takes::Bodies) => {}
        (_, Takes::Questions) => return Some(Answer::method("GET")),
        (_, Takes::Bodies) => return Some(Answer::method("GET, POST")),
    }
    let is_foreign = is_local && !head.headers.get(HOST).is_none_or(is_loopback);
    is_foreign.then(|| Answer::text(403, "this port is asked as `localhost`"))
}

/// A question is answered at once; what is brought may have to be written down, for which other clients do not wait.
async fn respond(head: Parts, body: Incoming, answers: Arc<Answers>) -> Answer {
    if head.method == Method::GET {
        return answers(&Question { method: "GET", path: head.uri.path(), headers: &head.headers, body: &[] });
    }
    let body = match read(body).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let work = move || answers(&Question { method: head.method.as_str(), path: head.uri.path(), headers: &head.headers, body: &body });
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Answer::text(500, "this could not be taken"))
}

/// Reads a body into memory that is wiped, and never moved while it grows.
async fn read(mut body: Incoming) -> Result<Zeroizing<Vec<u8>>, Answer> {
    let too_large = || Answer::text(413, "the body is larger than 1 MiB");
    let told = body.size_hint().exact().map_or(BODY, |told| usize::try_from(told).unwrap_or(usize::MAX));
    if told > BODY {
        return Err(too_large());
    }
    let mut octets = Zeroizing::new(Vec::with_capacity(told));
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Err(Answer::text(400, "the body ended early")) };
        let Some(data) = frame.data_ref() else { continue };
        if data.len() > octets.capacity() - octets.len() {
            return Err(too_large());
        }
        octets.extend_from_slice(data);
    }
    Ok(octets)
}

fn written(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in answer.headers {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a `Host` names this machine as itself.
fn is_loopback(host: &HeaderValue) -> bool {
    let host = host.to_str().unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit())).map_or(host, |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpStream};
    use std::sync::Arc;

    use crate::serve::server::{Answer, BODY, Called, HEAD, Question, Takes, serve};

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).expect("because it listens");
        let (mut answer, _) = (Vec::new(), stream.write_all(request.as_bytes()));
        drop(stream.read_to_end(&mut answer));
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn begin(takes: Takes, called: Called) -> SocketAddr {
        let answers = |question: &Question| Answer::text(200, &format!("{}{}", question.path, String::from_utf8_lossy(question.body)));
        serve(([127, 0, 0, 1], 0).into(), (takes, called), Arc::new(answers)).expect("because a port is free")
    }

    #[test]
    fn only_small_and_local_questions_are_answered() {
        let address = begin(Takes::Questions, Called::Local);
        // One that says nothing keeps nobody waiting.
        let silent = TcpStream::connect(address).expect("because it listens");
        for (request, status, body) in [
            ("GET /a?b=c HTTP/1.1\r\nHost: localhost:9\r\n\r\n", "200", "/a\n"),
            ("GET /a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "200", "/a\n"),
            ("GET /a HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "200", "/a\n"),
            ("GET /a HTTP/1.0\r\n\r\n", "200", "/a\n"),
            ("GET /a HTTP/1.1\r\nHost: rebound.example\r\n\r\n", "403", ""),
            ("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx", "405", ""),
            ("nonsense\r\n\r\n", "400", ""),
        ] {
            let answer = ask(address, request);
            let first = answer.split(' ').nth(1).unwrap_or_default();
            assert!(first == status && answer.ends_with(body), "{request}: {answer}");
        }
        let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(2 * HEAD));
        assert!(!ask(address, &long).starts_with("HTTP/1.1 200"));
        drop(silent);
    }

    #[test]
    fn bodies_are_taken_where_that_is_wanted() {
        let address = begin(Takes::Bodies, Called::Anything);
        let silent = TcpStream::connect(address).expect("because it listens");
        let mut slow = TcpStream::connect(address).expect("because it listens");
        slow.write_all(b"POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\nx").expect("because it listens");
        let post = |head: &str, body: &str| format!("POST /a HTTP/1.1\r\nHost: any.example\r\n{head}\r\n\r\n{body}");
        let large = "y".repeat(BODY);
        let chunk = |body: &str| format!("{:x}\r\n{body}\r\n", body.len());
        for (request, status, end) in [
            (post("Content-Length: 2", "xy"), "200", "/axy\n".to_owned()),
            (post(&format!("Content-Length: {BODY}"), &large), "200", format!("/a{large}\n")),
            (post(&format!("Content-Length: {}", BODY + 1), ""), "413", "\n".to_owned()),
            (post("Transfer-Encoding: chunked", &format!("{}{}0\r\n\r\n", chunk("xy"), chunk("z"))), "200", "/axyz\n".to_owned()),
            (post("", ""), "200", "/a\n".to_owned()),
            ("GET /a HTTP/1.1\r\nHost: any.example\r\n\r\n".to_owned(), "200", "/a\n".to_owned()),
            ("PUT /a HTTP/1.1\r\nContent-Length: 1\r\n\r\nx".to_owned(), "405", "\n".to_owned()),
        ] {
            let answer = ask(address, &request);
            let first = answer.split(' ').nth(1).unwrap_or_default();
            assert!(first == status && answer.ends_with(&end), "{}: {answer}", &request[..request.len().min(99)]);
        }
        let endless = post("Transfer-Encoding: chunked", &chunk(&large).repeat(2));
        assert!(!ask(address, &endless).starts_with("HTTP/1.1 200"));
        drop((silent, slow));
    }
}
