//! What can go wrong between a client and a model, and when it does.

use super::http::{Incoming, Outgoing};
use super::lock;
use autodidact_core::Seed;
use rand::Rng;
use std::collections::BTreeMap;
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

/// A way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429, with this in the header `Retry-After`.
    TooMany {
        /// Seconds, or a date.
        retry_after: Option<&'static str>,
    },
    /// 500.
    ServerError,
    /// The connection is closed after half of the promised body.
    Truncated,
    /// The connection is closed between two chunks of a chunked body.
    CutStream,
    /// The right answer, but with a pause in the middle of its body.
    Slow {
        /// How long.
        pause: Duration,
    },
    /// 200 with a body that is no JSON.
    Malformed,
    /// The connection is reset before any reply.
    Reset,
}

impl Fault {
    /// One of each kind that a patient client gets over within a moment.
    pub const ALL: [Fault; 7] = [
        Fault::TooMany { retry_after: Some("0") },
        Fault::ServerError,
        Fault::Truncated,
        Fault::CutStream,
        Fault::Slow { pause: Duration::from_millis(20) },
        Fault::Malformed,
        Fault::Reset,
    ];

    /// Fails this way instead of sending `whole`; `None` when the connection is to be closed.
    pub(super) fn send(self, connection: &mut TcpStream, incoming: Incoming, whole: &Outgoing) -> Option<()> {
        if self == Fault::Reset {
            return None;
        }
        incoming.accept(connection)?;
        match self {
            Fault::TooMany { retry_after } => {
                let mut reply = Outgoing::error(429, "too many requests");
                reply.headers.extend(retry_after.map(|after| ("retry-after".to_owned(), after.to_owned())));
                reply.send(connection)
            }
            Fault::ServerError => Outgoing::error(500, "the server stumbled").send(connection),
            Fault::Malformed => {
                let body = b"{\"choices\": [{\"message\": oops".to_vec();
                Outgoing { status: 200, headers: Vec::new(), body }.send(connection)
            }
            Fault::Truncated => {
                whole.send_half(connection);
                None
            }
            Fault::CutStream => {
                whole.send_one_chunk(connection);
                None
            }
            Fault::Slow { pause } => whole.send_slowly(connection, pause),
            Fault::Reset => None,
        }
    }
}

/// When requests fail.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// The share of requests that meet a fault, in [0, 1].
    pub share: f64,
    /// Decides which.
    pub seed: u64,
    /// The faults they meet, each equally often.
    pub kinds: Vec<Fault>,
}

impl Faults {
    /// Every kind of fault, together at that share of requests.
    pub fn every_kind(share: f64, seed: u64) -> Faults {
        Faults { share, seed, kinds: Fault::ALL.to_vec() }
    }
}

/// How often each body was seen.
#[derive(Default)]
pub(super) struct Seen(Mutex<BTreeMap<u64, u64>>);

impl Seen {
    /// The fault that this request meets, if any.
    pub fn fault(&self, faults: &Faults, body: &[u8]) -> Option<Fault> {
        if faults.kinds.is_empty() {
            return None;
        }
        let seed = Seed::root(faults.seed).at(&String::from_utf8_lossy(body), 0);
        let times = {
            let mut seen = lock(&self.0);
            let times = seen.entry(seed.number()).or_insert(0);
            *times += 1;
            *times
        };
        let mut rng = seed.at("seen", times).rng();
        let meets = rng.random_bool(faults.share.clamp(0.0, 1.0));
        meets.then(|| faults.kinds[rng.random_range(0..faults.kinds.len())])
    }
}
