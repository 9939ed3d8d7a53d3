//! The peers: Python processes that run PyTorch and transformers, or MABWiser, on the same work.

use crate::error::{CommandError, Kind, Result};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What a peer of the language lines runs.
const LANGUAGE: &str = include_str!("peer.py");

/// What a peer of the decision lines runs.
const DECISIONS: &str = include_str!("decisions.py");

/// A running peer; it ends when dropped.
pub struct Peer {
    child: Child,
    requests: ChildStdin,
    replies: BufReader<ChildStdout>,
    complaints: std::fs::File,
    /// The packages that it needs.
    packages: &'static [&'static str],
    /// The versions it reported.
    pub versions: String,
}

impl Peer {
    /// Starts a Python that has torch and transformers.
    pub fn language(python: &Path, threads: usize) -> Result<Peer> {
        Peer::start(python, threads, LANGUAGE, &["torch", "transformers"])
    }

    /// Starts a Python that has MABWiser.
    pub fn decisions(python: &Path, threads: usize) -> Result<Peer> {
        Peer::start(python, threads, DECISIONS, &["mabwiser", "numpy"])
    }

    fn start(python: &Path, threads: usize, script: &str, packages: &'static [&'static str]) -> Result<Peer> {
        let failed = |what: &str, source: std::io::Error| CommandError::io(python, what, source);
        let complaints =
            tempfile::tempfile().map_err(|source| failed("making a file for its errors", source))?;
        let stderr =
            complaints.try_clone().map_err(|source| failed("making a file for its errors", source))?;
        let mut child = Command::new(python)
            .args(["-c", script])
            .env("OMP_NUM_THREADS", threads.to_string())
            .env("HF_HUB_OFFLINE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .map_err(|source| failed("starting", source))?;
        let requests = child.stdin.take().expect("stdin was asked to be piped");
        let replies = BufReader::new(child.stdout.take().expect("stdout was asked to be piped"));
        let mut peer = Peer { child, requests, replies, complaints, packages, versions: String::new() };
        let hello = peer.ask(&json!({"do": "hello", "threads": threads}))?;
        let version =
            |name: &&str| format!("{name} {}", hello[name].as_str().unwrap_or("of unknown version"));
        peer.versions = packages.iter().map(version).collect::<Vec<_>>().join(", ");
        Ok(peer)
    }

    /// Sends one request and waits for its reply.
    pub fn ask(&mut self, request: &Value) -> Result<Value> {
        let sent = writeln!(self.requests, "{request}").and_then(|()| self.requests.flush());
        let mut line = String::new();
        let read = sent.and_then(|()| self.replies.read_line(&mut line));
        match read {
            Ok(n) if n > 0 => serde_json::from_str(&line).map_err(|error| {
                CommandError::new(Kind::Failed, format_args!("the Python peer replied {line:?}: {error}"))
            }),
            _ => Err(self.ended()),
        }
    }

    /// One number of the reply to a request.
    pub fn number(&mut self, request: &Value, name: &str) -> Result<f64> {
        let reply = self.ask(request)?;
        reply[name].as_f64().ok_or_else(|| {
            CommandError::new(Kind::Failed, format_args!("the Python peer's reply has no number {name:?}"))
        })
    }

    /// Why there is no reply: the last words of the process.
    fn ended(&mut self) -> CommandError {
        let mut words = String::new();
        let _ = self.complaints.rewind().and_then(|()| self.complaints.read_to_string(&mut words));
        let last = words.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        CommandError::new(Kind::Failed, format_args!("the Python peer ended: {last}"))
            .hint(format!("--python wants an interpreter with {} installed", self.packages.join(" and ")))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
