//! As much of HTTP/1.1 as a server of JSON needs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

/// The longest head that is read.
const LONGEST_HEAD: usize = 64 * 1024;

/// A request as it came, but for the last byte of its body, which still waits in the socket: a connection
/// that is closed before it is read is reset.
pub(super) struct Incoming {
    /// The path of a POST; other methods have an empty one.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Reads a request; `None` when the connection ended or speaks something else.
pub(super) fn read(connection: &mut TcpStream) -> Option<Incoming> {
    let head = head(connection)?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let path = match (words.next()?, words.next()?) {
        ("POST", path) => path.to_owned(),
        _ => String::new(),
    };
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(Some(0), |(_, length)| length.parse().ok())?;
    let mut body = vec![0; length];
    if let Some((last, others)) = body.split_last_mut() {
        connection.read_exact(others).ok()?;
        let mut one = [0];
        if connection.peek(&mut one).ok()? == 0 {
            return None;
        }
        *last = one[0];
    }
    Some(Incoming { path, headers, body })
}

/// The request line and the headers, without the blank line after them.
fn head(connection: &mut TcpStream) -> Option<String> {
    let mut seen = vec![0; 2048];
    loop {
        let n = connection.peek(&mut seen).ok()?;
        if n == 0 {
            return None;
        }
        if let Some(end) = seen[..n].windows(4).position(|four| four == b"\r\n\r\n") {
            let mut head = vec![0; end + 4];
            connection.read_exact(&mut head).ok()?;
            head.truncate(end);
            return String::from_utf8(head).ok();
        }
        if n == seen.len() {
            if n > LONGEST_HEAD {
                return None;
            }
            seen.resize(2 * n, 0);
        }
        thread::yield_now();
    }
}

impl Incoming {
    /// Whether the client wants the connection closed after the reply.
    pub fn is_last(&self) -> bool {
        self.headers.iter().any(|(name, value)| name == "connection" && value.eq_ignore_ascii_case("close"))
    }

    /// Takes the last byte out of the socket.
    pub fn accept(&self, connection: &mut TcpStream) -> Option<()> {
        if self.body.is_empty() {
            return Some(());
        }
        connection.read_exact(&mut [0]).ok()
    }
}

/// A reply.
pub(super) struct Outgoing {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Outgoing {
    pub fn json(status: u16, value: &serde_json::Value) -> Outgoing {
        Outgoing { status, headers: Vec::new(), body: value.to_string().into_bytes() }
    }

    /// An error in the form that OpenAI's servers use.
    pub fn error(status: u16, message: &str) -> Outgoing {
        Outgoing::json(status, &serde_json::json!({ "error": { "message": message, "code": status } }))
    }

    fn head(&self, framing: &str) -> Vec<u8> {
        let mut head =
            format!("HTTP/1.1 {} Scripted\r\ncontent-type: application/json\r\n{framing}\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// Head and body, both whole.
    fn whole(&self) -> Vec<u8> {
        let mut bytes = self.head(&format!("content-length: {}", self.body.len()));
        bytes.extend(&self.body);
        bytes
    }

    pub fn send(&self, connection: &mut TcpStream) -> Option<()> {
        connection.write_all(&self.whole()).ok()
    }

    /// The second half after a pause.
    pub fn send_slowly(&self, connection: &mut TcpStream, pause: Duration) -> Option<()> {
        let whole = self.whole();
        let (first, second) = whole.split_at(whole.len() - self.body.len() / 2);
        connection.write_all(first).ok()?;
        thread::sleep(pause);
        connection.write_all(second).ok()
    }

    /// Half the body, though all of it is promised; the connection is to be closed then.
    pub fn send_half(&self, connection: &mut TcpStream) {
        let whole = self.whole();
        // The client may be gone; the connection is closed in any case.
        let _ = connection.write_all(&whole[..whole.len() - self.body.len() / 2]);
    }

    /// One chunk of a chunked body, and not its last.
    pub fn send_one_chunk(&self, connection: &mut TcpStream) {
        let half = &self.body[..self.body.len() / 2];
        let mut bytes = self.head("transfer-encoding: chunked");
        bytes.extend(format!("{:x}\r\n", half.len()).into_bytes());
        bytes.extend(half);
        bytes.extend(b"\r\n");
        let _ = connection.write_all(&bytes);
    }
}
