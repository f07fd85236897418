//! A small HTTP server: one thread, GET only, with limits on everything that a client may take.
//!
//! **Invariant:** no client keeps another one, or the run itself, waiting: each has a deadline and little memory.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::Semaphore;

/// How long a request may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(5);
/// How long a client is served.
const DEADLINE: Duration = Duration::from_secs(10);
/// How many clients are served at once; others wait.
const CLIENTS: usize = 64;
/// How large a request's head may be, in bytes.
const HEAD: usize = 16 << 10;
/// How long is waited after the system gave no connection.
const BACK_OFF: Duration = Duration::from_millis(100);

/// What is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The media type.
    pub media_type: &'static str,
    /// The content.
    pub body: String,
}

/// Who answers a path.
pub type Answers = dyn Fn(&str) -> Answer + Send + Sync;

impl Answer {
    /// A line of text.
    #[must_use]
    pub fn text(status: u16, line: &str) -> Self {
        Self { status, media_type: "text/plain; charset=utf-8", body: format!("{line}\n") }
    }
}

/// Listens, and answers in a thread of its own until the program ends; where it listens.
///
/// # Errors
///
/// The address cannot be had, or the system gives no thread.
pub fn serve(address: SocketAddr, answers: Arc<Answers>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    std::thread::Builder::new().name("serve".into()).spawn(move || runtime.block_on(accept(listener, answers)))?;
    Ok(address)
}

async fn accept(listener: TcpListener, answers: Arc<Answers>) {
    let is_local = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let clients = Arc::new(Semaphore::new(CLIENTS));
    while let Ok(place) = Arc::clone(&clients).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(BACK_OFF).await;
            continue;
        };
        let answers = Arc::clone(&answers);
        tokio::spawn(async move {
            let service = service_fn(|request| std::future::ready(Ok::<_, Infallible>(respond(&request, is_local, &*answers))));
            let mut connection = http1::Builder::new();
            connection.timer(TokioTimer::new()).header_read_timeout(ARRIVAL).max_buf_size(HEAD).keep_alive(false);
            // What goes wrong with one client is the client's.
            drop(tokio::time::timeout(DEADLINE, connection.serve_connection(TokioIo::new(stream), service)).await);
            drop(place);
        });
    }
}

fn respond(request: &Request<Incoming>, is_local: bool, answers: &Answers) -> Response<Full<Bytes>> {
    let answer = if request.method() != Method::GET {
        Answer::text(405, "only GET is answered")
    } else if is_local && !request.headers().get(HOST).is_none_or(is_loopback) {
        // A page in somebody's browser may not ask by a name of its own that leads here.
        Answer::text(403, "this port is asked as `localhost`")
    } else {
        answers(request.uri().path())
    };
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if answer.status == 405 {
        headers.insert(ALLOW, HeaderValue::from_static("GET"));
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

    use crate::serve::server::{Answer, HEAD, serve};

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).expect("because it listens");
        let (mut answer, _) = (Vec::new(), stream.write_all(request.as_bytes()));
        drop(stream.read_to_end(&mut answer));
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[test]
    fn only_small_and_local_questions_are_answered() {
        let address = serve(([127, 0, 0, 1], 0).into(), Arc::new(|path: &str| Answer::text(200, path))).expect("because a port is free");
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
}
