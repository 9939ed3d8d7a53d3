//! The settings of an endpoint.

use autodidact_core::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Where a model answers over HTTP, and how it is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EndpointConfig {
    /// The address that OpenAI's clients call the base URL, `/v1` included.
    pub base_url: String,
    /// The model's name there.
    pub model: String,
    /// The environment variable that holds the key, for servers that want one.
    pub key_env: Option<String>,
    /// The key itself, which whoever reads the environment puts here. It is never written anywhere.
    #[serde(skip_serializing)]
    pub key: Secret,
    /// The most requests that wait for their answers at one time.
    pub in_flight: usize,
    /// Seconds within which an answer must be there, repetitions included.
    pub deadline: f64,
    /// Seconds for one request, from sending it to the end of the reply.
    pub request_timeout: f64,
    /// Seconds to reach the server.
    pub connect_timeout: f64,
    /// How often a request that failed for a while is sent again; refusals that say when to come back do not
    /// count.
    pub retries: usize,
    /// Seconds before the first repetition, at most; twice as many before each further one, up to 30. The wait
    /// is drawn uniformly below that.
    pub backoff: f64,
    /// The most requests a minute, sent evenly; no limit without.
    pub requests_per_minute: Option<f64>,
    /// What tokens cost.
    pub prices: Prices,
    /// Whether each request carries a seed, drawn from its try's, so that servers that honour seeds answer the
    /// same again.
    pub seeds: bool,
    /// Whether the answers' log-probabilities are asked for.
    pub logprobs: bool,
    /// How many tries at one prompt a request asks for (`n`). They share the seed of the first and are paid for
    /// together.
    pub per_request: u32,
    /// How bare text is sent.
    pub text: TextAs,
    /// What becomes of `top_k` and `min_p`, which OpenAI's interface lacks.
    pub truncation: Truncation,
    /// The field that limits an answer's tokens.
    pub length_field: LengthField,
    /// Further fields of every request's body.
    pub extra: BTreeMap<String, serde_json::Value>,
    /// About how many tries are recorded together; caps are looked at in between.
    pub tries_a_part: usize,
    /// A file in which every answer is recorded as it arrives; what is there is not asked for again.
    pub journal: Option<PathBuf>,
    /// The address of a proxy; those that the environment may name are not used.
    pub proxy: Option<String>,
}

impl Default for EndpointConfig {
    fn default() -> EndpointConfig {
        EndpointConfig {
            base_url: "http://127.0.0.1:8000/v1".to_owned(),
            model: String::new(),
            key_env: None,
            key: Secret::default(),
            in_flight: 64,
            deadline: 600.0,
            request_timeout: 300.0,
            connect_timeout: 10.0,
            retries: 8,
            backoff: 0.5,
            requests_per_minute: None,
            prices: Prices::default(),
            seeds: true,
            logprobs: false,
            per_request: 1,
            text: TextAs::Completions,
            truncation: Truncation::Refuse,
            length_field: LengthField::MaxTokens,
            extra: BTreeMap::new(),
            tries_a_part: 256,
            journal: None,
            proxy: None,
        }
    }
}

/// What a million tokens cost, in any one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prices {
    /// Tokens read.
    pub input: f64,
    /// Tokens drawn.
    pub output: f64,
}

impl Prices {
    /// What so many tokens cost.
    pub fn of(&self, read: u64, drawn: u64) -> f64 {
        (read as f64 * self.input + drawn as f64 * self.output) / 1e6
    }
}

/// How bare text is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextAs {
    /// To `/completions`, to be continued.
    #[default]
    Completions,
    /// To `/chat/completions`, as a user's only message.
    UserMessage,
}

/// What becomes of a sampler's `top_k` and `min_p`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Truncation {
    /// A prompt that uses them is refused: hosted models do not know them.
    #[default]
    Refuse,
    /// They are sent under these names: vLLM and llama.cpp know them.
    Send,
}

/// The field that limits an answer's tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LengthField {
    /// `max_tokens`, which all servers know.
    #[default]
    MaxTokens,
    /// `max_completion_tokens`, which OpenAI's newer models want.
    MaxCompletionTokens,
}

/// Text that is never shown: it has no way into a file, a log or an error.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` secret.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// `text` with the secret taken out: servers like to quote keys.
    pub(super) fn redact(&self, text: &str) -> String {
        match self.0.is_empty() {
            true => text.to_owned(),
            false => text.replace(&self.0, "***"),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "Secret(none)" } else { "Secret(***)" })
    }
}

/// Fields of a request that settings of their own decide.
const OWN_FIELDS: [&str; 14] = [
    "model",
    "messages",
    "prompt",
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "seed",
    "n",
    "logprobs",
    "stream",
];

/// The fewest requests a minute that can be asked for: one in some seventeen hours.
const SLOWEST: f64 = 1e-3;

impl EndpointConfig {
    /// Fails on settings that cannot work.
    pub fn check(&self) -> Result<()> {
        let bad = |field: &str, rule: &str, found: &dyn fmt::Display| {
            Err(Error::invalid(format!("policy.{field}"), rule, found.to_string()))
        };
        let address = reqwest::Url::parse(&self.base_url).ok().filter(|url| {
            let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
            ["http", "https"].contains(&url.scheme()) && url.has_host() && bare
        });
        if address.is_none() {
            // It may hold a password, so it is not shown.
            let rule = "an address like http://127.0.0.1:8000/v1, without a name, a password or a query";
            return bad("base_url", rule, &"something else");
        }
        if let Some(proxy) = &self.proxy {
            let bare = |url: &reqwest::Url| url.username().is_empty() && url.password().is_none();
            if !reqwest::Url::parse(proxy).is_ok_and(|url| url.has_host() && bare(&url)) {
                // Settings are recorded, and a password must not be.
                let rule = "an address like http://127.0.0.1:3128, without a name or a password";
                return bad("proxy", rule, &"something else");
            }
        }
        if self.model.is_empty() {
            return bad("model", "the name of a model that the endpoint serves", &"empty");
        }
        if !(1..=4096).contains(&self.in_flight) {
            return bad("in_flight", "between 1 and 4096", &self.in_flight);
        }
        let seconds = [
            ("deadline", self.deadline),
            ("request_timeout", self.request_timeout),
            ("connect_timeout", self.connect_timeout),
        ];
        for (field, value) in seconds {
            if !(value > 0.0 && value <= 1e6) {
                return bad(field, "a number of seconds above 0", &value);
            }
        }
        if !(0.0..=30.0).contains(&self.backoff) {
            return bad("backoff", "between 0 and 30 seconds", &self.backoff);
        }
        if let Some(rate) = self.requests_per_minute
            && !(rate >= SLOWEST && rate.is_finite())
        {
            return bad("requests_per_minute", "at least 0.001", &rate);
        }
        for (field, price) in [("prices.input", self.prices.input), ("prices.output", self.prices.output)] {
            if !(price >= 0.0 && price.is_finite()) {
                return bad(field, "a price of at least 0", &price);
            }
        }
        if !(1..=128).contains(&self.per_request) {
            return bad("per_request", "between 1 and 128", &self.per_request);
        }
        if self.tries_a_part == 0 {
            return bad("tries_a_part", "at least 1", &0);
        }
        if let Some(name) = self.extra.keys().find(|name| OWN_FIELDS.contains(&name.as_str())) {
            return bad("extra", "without fields that have a setting of their own", name);
        }
        Ok(())
    }

    /// Names everything that answers depend on: neither how they are fetched nor what they cost.
    pub fn version(&self) -> String {
        let parts = (
            (self.base_url.trim_end_matches('/'), &self.model, self.seeds, self.logprobs, self.per_request),
            (self.text, self.truncation, &self.extra),
        );
        let hash = blake3::hash(&serde_json::to_vec(&parts).expect("text and numbers are JSON"));
        format!("endpoint {} {}", self.model, &hash.to_hex()[..16])
    }

    /// The address of `path` there.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> EndpointConfig {
        EndpointConfig { model: "m".to_owned(), ..EndpointConfig::default() }
    }

    #[track_caller]
    fn refused(config: EndpointConfig, expect: &str) {
        assert_eq!(config.check().expect_err("unsound").to_string(), expect);
    }

    #[test]
    fn unsound_settings_are_named() {
        assert!(sound().check().is_ok());
        let names = "policy.model must be the name of a model that the endpoint serves, but is empty";
        refused(EndpointConfig::default(), names);
        let crowded = EndpointConfig { in_flight: 0, ..sound() };
        refused(crowded, "policy.in_flight must be between 1 and 4096, but is 0");
        let extra = BTreeMap::from([("temperature".to_owned(), 1.into())]);
        refused(
            EndpointConfig { extra, ..sound() },
            "policy.extra must be without fields that have a setting of their own, but is temperature",
        );
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_repeated() {
        let config = EndpointConfig { base_url: "https://me:hunter2@example.com/v1".to_owned(), ..sound() };
        let error = config.check().expect_err("a password").to_string();
        assert!(error.contains("base_url") && !error.contains("hunter2"), "{error}");
        let config = EndpointConfig { proxy: Some("http://me:hunter2@proxy:3128".to_owned()), ..sound() };
        let error = config.check().expect_err("a password").to_string();
        assert!(error.contains("proxy") && !error.contains("hunter2"), "{error}");
        for proxy in ["http://127.0.0.1:3128", "socks5://proxy:1080"] {
            assert!(EndpointConfig { proxy: Some(proxy.to_owned()), ..sound() }.check().is_ok());
        }
    }

    #[test]
    fn the_key_is_never_written() {
        let config = EndpointConfig { key: Secret::new("sk-1"), key_env: Some("KEY".into()), ..sound() };
        let written = serde_json::to_string(&config).expect("JSON");
        assert!(!written.contains("sk-1") && written.contains("\"key_env\":\"KEY\""), "{written}");
        assert!(!format!("{config:?}").contains("sk-1"));
        assert_eq!(config.key.redact("bad key sk-1!"), "bad key ***!");
    }

    #[test]
    fn the_version_names_what_answers_depend_on_and_nothing_else() {
        let slower = EndpointConfig { in_flight: 1, key: Secret::new("k"), deadline: 5.0, ..sound() };
        assert_eq!(slower.version(), sound().version());
        assert_ne!(EndpointConfig { seeds: false, ..sound() }.version(), sound().version());
        assert_ne!(EndpointConfig { model: "n".into(), ..sound() }.version(), sound().version());
        let slash = EndpointConfig { base_url: "http://127.0.0.1:8000/v1/".into(), ..sound() };
        assert_eq!(slash.version(), sound().version());
    }

    #[test]
    fn a_million_tokens_cost_their_price() {
        // 2 $ in, 8 $ out: 500,000 read and 250,000 drawn cost 1 + 2 = 3 $.
        assert_eq!(Prices { input: 2.0, output: 8.0 }.of(500_000, 250_000), 3.0);
    }
}
