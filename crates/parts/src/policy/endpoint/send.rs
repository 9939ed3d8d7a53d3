//! One request until it is answered, given up, or reason to stop asking at all.

use super::config::EndpointConfig;
use super::pace::{Pace, retry_after};
use super::wire::{self, Wrong};
use crate::policy::transcript::{Key, Said};
use autodidact_core::chat::{Completion, Prompt, Sampling};
use autodidact_core::{Error, Result, Seed, Spend};
use backon::{BackoffBuilder, ExponentialBuilder};
use rand::Rng;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, timeout};

/// The longest wait before a repetition.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);
/// The largest reply that is read, in bytes.
const LARGEST_REPLY: usize = 16 << 20;
/// How often a server that never answered yet is tried in vain.
const FIRST_TRIES: usize = 5;

/// Sends requests of one endpoint.
pub(super) struct Sender {
    config: EndpointConfig,
    version: String,
    client: Client,
    pace: Pace,
    /// Whether the server ever answered anything.
    reached: AtomicBool,
}

/// Why a request brought no answer.
enum Trouble {
    /// It may go well the next time.
    Passing {
        why: String,
        /// When the server said to come back.
        after: Option<Duration>,
    },
    /// The server could not be reached at all.
    Unreached(String),
    /// This request will never go well.
    Refused(String),
    /// No request will.
    Hopeless(Error),
}

impl Sender {
    /// Sets up connections without opening any. Fails on a key that is named but not there, or that cannot be
    /// in a header.
    pub fn new(config: &EndpointConfig) -> Result<Sender> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let (Some(name), true) = (&config.key_env, config.key.is_empty()) {
            let rule = "the name of an environment variable that holds a key and was looked up";
            return Err(Error::invalid("policy.key_env", rule, name));
        }
        if !config.key.is_empty() {
            let mut value =
                HeaderValue::from_str(&format!("Bearer {}", config.key.reveal())).map_err(|_| {
                    Error::invalid("the endpoint's key", "text that fits in a header", "something else")
                })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let client = Client::builder()
            .default_headers(headers)
            .user_agent(concat!("autodidact/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs_f64(config.connect_timeout))
            .pool_max_idle_per_host(config.in_flight)
            .tcp_nodelay(true)
            // A redirect would take the key elsewhere.
            .redirect(reqwest::redirect::Policy::none());
        let client = match &config.proxy {
            Some(proxy) => {
                let rule = "the address of a proxy";
                let proxy =
                    reqwest::Proxy::all(proxy).map_err(|why| Error::invalid("policy.proxy", rule, why))?;
                client.proxy(proxy)
            }
            None => client.no_proxy(),
        };
        Ok(Sender {
            client: client.build().map_err(|error| Error::part(error.without_url()))?,
            pace: Pace::new(config.requests_per_minute),
            version: config.version(),
            config: config.clone(),
            reached: AtomicBool::new(false),
        })
    }

    /// One answer a seed. A request that fails for good gives failed answers; `Err` means that no request can
    /// go well: a wrong key, an unknown model, no server, no money left.
    pub async fn answers(&self, prompt: &Prompt, sampling: &Sampling, seeds: &[Seed]) -> Result<Vec<Said>> {
        let config = &self.config;
        let request = wire::request(config, prompt, sampling, seeds);
        let id = Key::of(&self.version, prompt, sampling, seeds[0]).hex();
        let deadline = Duration::from_secs_f64(config.deadline);
        let mut delays = ExponentialBuilder::new()
            .with_min_delay(Duration::from_secs_f64(config.backoff))
            .with_max_delay(LONGEST_BACKOFF)
            .with_max_times(config.retries)
            .build();
        // Only when requests leave depends on this.
        let mut jitter = seeds[0].at("retry", 0).rng();
        let mut started: Option<Instant> = None;
        let mut sent = 0;
        loop {
            let by = started.map(|started| started + deadline);
            if let Err(wait) = self.pace.turn(by, deadline).await {
                let why = format!(
                    "no answer within {} s: the next request may leave in {} s, as the endpoint or \
                     policy.requests_per_minute wants it",
                    config.deadline,
                    wait.as_secs()
                );
                return Ok(self.failed(&why, seeds));
            }
            let started = *started.get_or_insert_with(Instant::now);
            let left = deadline.saturating_sub(started.elapsed());
            let limit = left.min(Duration::from_secs_f64(config.request_timeout));
            sent += 1;
            let tried = timeout(limit, self.once(&request, &id)).await;
            let trouble = match tried {
                Ok(Ok(body)) => match wire::answers(config, prompt, sampling, seeds.len(), &body) {
                    Ok(answers) => return Ok(answers),
                    Err(Wrong::Malformed(why)) => Trouble::Passing { why, after: None },
                    Err(Wrong::Refused(why)) => Trouble::Refused(why),
                },
                Ok(Err(trouble)) => trouble,
                Err(_) => {
                    let why = format!("no reply within {} s", number(limit.as_secs_f64()));
                    Trouble::Passing { why, after: None }
                }
            };
            let (why, after) = match trouble {
                Trouble::Hopeless(error) => return Err(error),
                Trouble::Refused(why) => return Ok(self.failed(&why, seeds)),
                Trouble::Unreached(why) if self.nobody_is_there(sent) => return Err(self.unreached(&why)),
                Trouble::Unreached(why) => (why, None),
                Trouble::Passing { why, after } => (why, after),
            };
            let delay = match after {
                Some(after) => {
                    self.pace.hold(after);
                    Duration::from_secs_f64(config.backoff)
                }
                None => match delays.next() {
                    Some(delay) => delay,
                    None => return Ok(self.failed(&format!("{why} ({sent} requests)"), seeds)),
                },
            };
            let delay = delay.mul_f64(jitter.random_range(0.0..1.0));
            if started.elapsed() + delay.max(self.pace.wait()) >= deadline {
                let why =
                    format!("no answer within {} s; the last of {sent} requests: {why}", config.deadline);
                return Ok(self.failed(&why, seeds));
            }
            tracing::debug!(prompt = prompt.id, sent, "{}: sent again in {delay:?}", config.key.redact(&why));
            tokio::time::sleep(delay).await;
        }
    }

    /// The body of a good reply.
    async fn once(&self, request: &wire::Outgoing, id: &str) -> Result<Vec<u8>, Trouble> {
        let url = self.config.url(request.path);
        let sending = self.client.post(url).header("x-request-id", id).body(request.body.clone()).send();
        let response = sending.await.map_err(|error| self.broken(error))?;
        self.reached.store(true, Ordering::Relaxed);
        let status = response.status();
        let after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let after = after.and_then(|value| retry_after(value, SystemTime::now()));
        let body = self.whole(response).await;
        if status.is_success() {
            return body;
        }
        // What a refusal says is worth knowing, but not worth waiting for.
        Err(self.refusal(status, after, &body.unwrap_or_default()))
    }

    async fn whole(&self, mut response: Response) -> Result<Vec<u8>, Trouble> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(error))? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST_REPLY {
                return Err(Trouble::Refused(format!("the reply is larger than {LARGEST_REPLY} bytes")));
            }
        }
        Ok(body)
    }

    fn refusal(&self, status: StatusCode, after: Option<Duration>, body: &[u8]) -> Trouble {
        let why = format!("{status}: {}", shortened(&self.config.key.redact(&wire::complaint(body))));
        let hopeless = |field: &str, rule: &str, found: &str| {
            let url = &self.config.base_url;
            Trouble::Hopeless(Error::invalid(
                format!("policy.{field}"),
                rule,
                format!("{found}; {url} says {why}"),
            ))
        };
        let no_money = status == StatusCode::PAYMENT_REQUIRED
            || wire::code(body).as_deref() == Some("insufficient_quota");
        match status.as_u16() {
            401 | 403 => {
                let found = self.config.key_env.as_deref().unwrap_or("not set");
                hopeless("key_env", "the environment variable with a key that the endpoint accepts", found)
            }
            404 => {
                let rule = "a model that is served under base_url, which mostly ends with /v1";
                hopeless("model", rule, &self.config.model)
            }
            _ if no_money => hopeless("key_env", "of an account with money left", "of one without"),
            408 | 409 | 425 | 429 | 500.. => Trouble::Passing { why, after },
            _ => Trouble::Refused(why),
        }
    }

    fn broken(&self, error: reqwest::Error) -> Trouble {
        let connecting = error.is_connect();
        // The address is in the settings; here it would only be long.
        let error = error.without_url();
        let mut why = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            why = format!("{why}: {inner}");
            source = inner.source();
        }
        match connecting {
            true => Trouble::Unreached(why),
            false => Trouble::Passing { why, after: None },
        }
    }

    /// Whether a server that could not be reached so often never could be.
    fn nobody_is_there(&self, sent: usize) -> bool {
        sent >= FIRST_TRIES.min(self.config.retries + 1) && !self.reached.load(Ordering::Relaxed)
    }

    fn unreached(&self, why: &str) -> Error {
        let rule = "the address of a server that is running (`curl BASE_URL/models` should answer)";
        Error::invalid("policy.base_url", rule, format!("{}: {why}", self.config.base_url))
    }

    /// A failed answer a seed.
    fn failed(&self, why: &str, seeds: &[Seed]) -> Vec<Said> {
        let answer = Completion::failed(self.config.key.redact(why));
        seeds.iter().map(|_| Said::of(&answer, &Spend::default())).collect()
    }
}

/// The longest part of a server's words that is kept.
const LONGEST_WORDS: usize = 300;

/// The first of many words. The key is taken out before: half of one would not be found.
fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_WORDS).collect()
}

/// Seconds without needless digits.
fn number(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}
