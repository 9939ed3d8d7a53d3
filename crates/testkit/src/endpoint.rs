//! A scripted model behind HTTP: an OpenAI-compatible server on loopback, with faults on demand.
//!
//! A closure decides each reply from the request. The server speaks HTTP/1.1 on bare sockets, one thread a
//! connection, so that a fault is exactly what its name says: a body shorter than promised, a stream cut
//! between two chunks, a connection reset. Which requests meet a fault follows from a seed, the request's
//! body and how often that body was seen, and so not from the order of arrival.

mod fault;
mod http;
mod request;

pub use fault::{Fault, Faults};
pub use request::{Answer, Reply, Request};

use fault::Seen;
use http::Outgoing;
use std::collections::BTreeMap;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The header by which a client names a request, the same when it is sent again.
pub const REQUEST_ID: &str = "x-request-id";

/// The server; it stops when dropped.
pub struct Endpoint {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What the server has seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests read whole.
    pub requests: u64,
    /// Requests that the script's reply went out to, whole.
    pub answered: u64,
    /// Requests that met a fault and so got no answer.
    pub faulted: u64,
    /// The most requests that were being answered at one moment.
    pub most_in_flight: u64,
    /// Different requests, by [`REQUEST_ID`].
    pub distinct: u64,
    /// Requests that were answered although one of the same id had been answered before.
    pub doubled: u64,
}

type Script = dyn Fn(&Request) -> Reply + Send + Sync;

struct Shared {
    script: Box<Script>,
    faults: Faults,
    seen: Seen,
    stopping: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
    requests: AtomicU64,
    answered: AtomicI64,
    faulted: AtomicU64,
    in_flight: AtomicU64,
    most_in_flight: AtomicU64,
    answers_by_id: Mutex<BTreeMap<String, i64>>,
}

impl Endpoint {
    /// A server without faults.
    pub fn start(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Endpoint {
        Endpoint::faulty(Faults::default(), script)
    }

    /// A server that fails now and then.
    pub fn faulty(faults: Faults, script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            script: Box::new(script),
            faults,
            seen: Seen::default(),
            stopping: AtomicBool::new(false),
            connections: Mutex::default(),
            requests: AtomicU64::new(0),
            answered: AtomicI64::new(0),
            faulted: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            most_in_flight: AtomicU64::new(0),
            answers_by_id: Mutex::default(),
        });
        let accepting = shared.clone();
        thread::spawn(move || accept(&listener, &accepting));
        Endpoint { address, shared }
    }

    /// What an OpenAI client takes for `base_url`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What was seen so far.
    pub fn counts(&self) -> Counts {
        let by_id = lock(&self.shared.answers_by_id);
        let count = |n: &AtomicU64| n.load(Ordering::SeqCst);
        Counts {
            requests: count(&self.shared.requests),
            answered: self.shared.answered.load(Ordering::SeqCst).unsigned_abs(),
            faulted: count(&self.shared.faulted),
            most_in_flight: count(&self.shared.most_in_flight),
            distinct: by_id.len() as u64,
            doubled: by_id.values().map(|n| (n - 1).max(0).unsigned_abs()).sum(),
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees that it is to stop.
        let _ = TcpStream::connect(self.address);
        for connection in lock(&self.shared.connections).drain(..) {
            // A client may have closed it already.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for connection in listener.incoming() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(connection) = connection else { continue };
        if let Ok(copy) = connection.try_clone() {
            lock(&shared.connections).push(copy);
        }
        let shared = shared.clone();
        // A small stack each: there are hundreds of connections.
        let serving = thread::Builder::new().stack_size(256 * 1024).spawn(move || {
            let mut connection = connection;
            while serve(&mut connection, &shared).is_some() {}
            // The copy held for stopping would keep the socket open. What closes here with bytes unread is
            // reset, not ended.
            let peer = connection.peer_addr().ok();
            lock(&shared.connections).retain(|other| peer.is_some() && other.peer_addr().ok() != peer);
        });
        serving.expect("a thread for a connection");
    }
}

/// Serves one request; `None` when the connection is to be closed.
fn serve(connection: &mut TcpStream, shared: &Shared) -> Option<()> {
    let incoming = http::read(connection)?;
    shared.requests.fetch_add(1, Ordering::SeqCst);
    let now = shared.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most_in_flight.fetch_max(now, Ordering::SeqCst);
    let last = incoming.is_last();
    respond(connection, incoming, shared).filter(|()| !last)
}

fn respond(connection: &mut TcpStream, incoming: http::Incoming, shared: &Shared) -> Option<()> {
    let request = match Request::parse(&incoming) {
        Ok(request) => request,
        Err((status, why)) => {
            shared.in_flight.fetch_sub(1, Ordering::SeqCst);
            incoming.accept(connection)?;
            return Outgoing::error(status, &why).send(connection);
        }
    };
    let id = request.header(REQUEST_ID).map(str::to_owned);
    if let Some(id) = &id {
        lock(&shared.answers_by_id).entry(id.clone()).or_insert(0);
    }
    let fault = shared.seen.fault(&shared.faults, &incoming.body);
    let reply = match fault {
        // A slow answer is an answer: the script is asked.
        Some(fault) if !matches!(fault, Fault::Slow { .. }) => Reply::Fault(fault),
        _ => (shared.script)(&request),
    };
    let (whole, fault) = match reply {
        Reply::Fault(fault) => (Outgoing::json(200, &request.answer(&[Answer::of("cut off")])), Some(fault)),
        Reply::Answers(answers) => (Outgoing::json(200, &request.answer(&answers)), fault),
        Reply::Raw { status, headers, body } => (Outgoing { status, headers, body }, fault),
    };
    // Everything is counted before a byte leaves: whoever has read a reply finds it in the counts.
    shared.in_flight.fetch_sub(1, Ordering::SeqCst);
    if let Some(fault) = fault
        && !matches!(fault, Fault::Slow { .. })
    {
        shared.faulted.fetch_add(1, Ordering::SeqCst);
        return fault.send(connection, incoming, &whole);
    }
    incoming.accept(connection)?;
    shared.count_answer(id.as_deref(), 1);
    let sent = match fault {
        Some(Fault::Slow { pause }) => whole.send_slowly(connection, pause),
        _ => whole.send(connection),
    };
    if sent.is_none() {
        shared.count_answer(id.as_deref(), -1);
    }
    sent
}

impl Shared {
    /// Counts an answer to the request of that id, or takes it back.
    fn count_answer(&self, id: Option<&str>, change: i64) {
        self.answered.fetch_add(change, Ordering::SeqCst);
        if let Some(id) = id {
            *lock(&self.answers_by_id).entry(id.to_owned()).or_insert(0) += change;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::time::Duration;

    fn post(base_url: &str, path: &str, body: &str) -> std::io::Result<String> {
        let address = base_url.trim_start_matches("http://").trim_end_matches("/v1");
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: a\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    }

    const BODY: &str = r#"{"model":"m","messages":[{"role":"user","content":"one two"}],"seed":5}"#;

    #[test]
    fn a_chat_is_answered_as_the_script_says() {
        let server =
            Endpoint::start(|request| Reply::text(format!("{} {:?}", request.prompt(), request.seed())));
        let reply = post(&server.base_url(), "/v1/chat/completions", BODY).expect("answered");
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
        assert!(reply.contains(r#""content":"one two Some(5)""#), "{reply}");
        assert!(reply.contains(r#""completion_tokens":3"#), "{reply}");
        let bare = post(&server.base_url(), "/v1/completions", r#"{"model":"m","prompt":"p","n":2}"#);
        let bare = bare.expect("answered");
        assert_eq!(bare.matches(r#""text":"p None""#).count(), 2, "{bare}");
        let counts = server.counts();
        assert_eq!((counts.requests, counts.answered, counts.distinct, counts.doubled), (2, 2, 1, 1));
    }

    #[test]
    fn what_it_does_not_know_it_refuses() {
        let server = Endpoint::start(|_| Reply::text("x"));
        let reply = post(&server.base_url(), "/v1/elsewhere", BODY).expect("answered");
        assert!(reply.starts_with("HTTP/1.1 404 "), "{reply}");
        let reply = post(&server.base_url(), "/v1/completions", "{").expect("answered");
        assert!(reply.starts_with("HTTP/1.1 400 "), "{reply}");
    }

    #[test]
    fn every_fault_is_what_its_name_says() {
        let meet = |fault: Fault| {
            let server = Endpoint::start(move |_| Reply::Fault(fault));
            let reply = post(&server.base_url(), "/v1/chat/completions", BODY);
            (reply, server.counts().faulted)
        };
        let (reply, faulted) = meet(Fault::TooMany { retry_after: Some("7") });
        let reply = reply.expect("answered");
        assert!(reply.starts_with("HTTP/1.1 429 ") && reply.contains("retry-after: 7\r\n"), "{reply}");
        assert_eq!(faulted, 1);
        assert!(meet(Fault::ServerError).0.expect("answered").starts_with("HTTP/1.1 500 "));
        let malformed = meet(Fault::Malformed).0.expect("answered");
        let body = malformed.split("\r\n\r\n").nth(1).expect("a body");
        assert!(serde_json::from_str::<serde_json::Value>(body).is_err(), "{body}");
        let cut = meet(Fault::CutStream).0.expect("something came");
        assert!(cut.contains("transfer-encoding: chunked") && !cut.ends_with("0\r\n\r\n"), "{cut}");
        let short = meet(Fault::Truncated).0.expect("something came");
        let promised: usize = short
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|n| n.parse().ok())
            .expect("a length");
        assert!(short.split("\r\n\r\n").nth(1).expect("a body").len() < promised, "{short}");
        assert!(meet(Fault::Reset).0.is_err(), "the connection is reset");
    }
}
