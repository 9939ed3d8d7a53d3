//! OpenAI's completions as bytes: bodies of requests, and what replies say.

use super::config::{EndpointConfig, LengthField, TextAs, Truncation};
use crate::policy::transcript::Said;
use autodidact_core::Seed;
use autodidact_core::chat::{Body, Finish, Likelihood, Message, Prompt, Sampling};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A request's path under the base URL, and its body.
pub(super) struct Outgoing {
    pub path: &'static str,
    pub body: Vec<u8>,
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Cow<'a, [Message]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<&'a str>,
    temperature: f32,
    #[serde(skip_serializing_if = "is_one")]
    top_p: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<Value>,
    #[serde(flatten)]
    extra: &'a BTreeMap<String, Value>,
}

fn is_one(x: &f32) -> bool {
    *x == 1.0
}

/// The request for as many answers as there are seeds.
pub(super) fn request(
    config: &EndpointConfig,
    prompt: &Prompt,
    sampling: &Sampling,
    seeds: &[Seed],
) -> Outgoing {
    let (messages, bare) = match (&prompt.body, config.text) {
        (Body::Messages(messages), _) => (Some(Cow::Borrowed(messages.as_slice())), None),
        (Body::Text(text), TextAs::UserMessage) => {
            let turn = Message { role: "user".to_owned(), content: text.clone() };
            (Some(Cow::Owned(vec![turn])), None)
        }
        (Body::Text(text), TextAs::Completions) => (None, Some(text.as_str())),
    };
    let chat = messages.is_some();
    let sends = config.truncation == Truncation::Send;
    let limit = |field: LengthField| (config.length_field == field).then_some(sampling.max_tokens);
    let request = Request {
        model: &config.model,
        messages,
        prompt: bare,
        temperature: sampling.temperature,
        top_p: sampling.top_p,
        top_k: (sends && sampling.top_k > 0).then_some(sampling.top_k),
        min_p: (sends && sampling.min_p > 0.0).then_some(sampling.min_p),
        max_tokens: limit(LengthField::MaxTokens),
        max_completion_tokens: limit(LengthField::MaxCompletionTokens),
        stop: &sampling.stop,
        seed: seeds.first().filter(|_| config.seeds).map(sent),
        n: (seeds.len() > 1).then_some(seeds.len()),
        // A flag in chats; elsewhere the number of alternatives, of which the drawn token is always one.
        logprobs: config.logprobs.then(|| if chat { true.into() } else { 1.into() }),
        extra: &config.extra,
    };
    Outgoing {
        path: if chat { "/chat/completions" } else { "/completions" },
        body: serde_json::to_vec(&request).expect("text and numbers are JSON"),
    }
}

/// A seed as servers take it: 31 bits, since some read it as a signed word.
pub(super) fn sent(seed: &Seed) -> u64 {
    seed.number() >> 33
}

#[derive(Deserialize)]
struct Reply {
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u64,
    message: Option<Content>,
    text: Option<String>,
    finish_reason: Option<String>,
    /// vLLM's: the stop text that ended the answer.
    #[serde(default)]
    stop_reason: Value,
    #[serde(default)]
    logprobs: Value,
}

#[derive(Deserialize)]
struct Content {
    content: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

/// The most tokens of a reply that are believed; what says more does not count.
const MOST_TOKENS: u64 = 1 << 40;

/// What is wrong with a reply.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wrong {
    /// It may be right when asked for again.
    Malformed(String),
    /// It says that there will be no answer.
    Refused(String),
}

/// The answers in a reply to a request for `n`. What they cost together is on the first of them.
pub(super) fn answers(
    config: &EndpointConfig,
    prompt: &Prompt,
    sampling: &Sampling,
    n: usize,
    body: &[u8],
) -> Result<Vec<Said>, Wrong> {
    let malformed = |why: String| Wrong::Malformed(format!("the reply is malformed: {why}"));
    let reply: Reply = serde_json::from_slice(body).map_err(|error| {
        // Some gateways say 200 to everything.
        let said = error_message(&serde_json::from_slice(body).unwrap_or_default());
        malformed(said.unwrap_or_else(|| error.to_string()))
    })?;
    let mut choices = reply.choices;
    if choices.len() < n {
        return Err(malformed(format!("{} answers instead of {n}", choices.len())));
    }
    choices.sort_by_key(|choice| choice.index);
    choices.truncate(n);
    let mut answers =
        choices.into_iter().map(|choice| answer(choice, sampling)).collect::<Result<Vec<_>, _>>()?;

    // Servers that do not count, or not both: about four bytes a token.
    let tokens = |bytes: usize| bytes.div_ceil(4) as u64;
    let counted = |said: &Said| match &said.likelihood {
        Some(likelihood) => u64::from(likelihood.tokens),
        None => tokens(said.text.len()),
    };
    let said = |count: fn(Usage) -> Option<u64>| reply.usage.and_then(count).filter(|n| *n <= MOST_TOKENS);
    let read = said(|usage| usage.prompt_tokens).unwrap_or_else(|| tokens(bytes_of(&prompt.body)));
    let drawn = said(|usage| usage.completion_tokens).unwrap_or_else(|| answers.iter().map(counted).sum());
    if let Some(first) = answers.first_mut() {
        (first.scored_tokens, first.sampled_tokens) = (read, drawn);
        first.cost = config.prices.of(read, drawn);
    }
    Ok(answers)
}

fn bytes_of(body: &Body) -> usize {
    match body {
        Body::Text(text) => text.len(),
        Body::Messages(messages) => messages.iter().map(|turn| turn.content.len()).sum(),
    }
}

fn answer(choice: Choice, sampling: &Sampling) -> Result<Said, Wrong> {
    let reason = choice.finish_reason.as_deref().unwrap_or("stop");
    let finish = if reason == "length" { Finish::Length } else { Finish::Stop };
    if reason == "content_filter" {
        return Err(Wrong::Refused("the endpoint's content filter withheld the answer".to_owned()));
    }
    if reason == "error" {
        return Err(Wrong::Malformed("the answer ended with an error".to_owned()));
    }
    let text = choice.message.and_then(|message| message.content).or(choice.text);
    let mut text = match (text, finish) {
        (Some(text), _) => text,
        // A model that thinks apart and was cut off before it said anything.
        (None, Finish::Length) => String::new(),
        (None, _) => {
            let why = format!("the reply is malformed: an answer without text that ended with {reason:?}");
            return Err(Wrong::Malformed(why));
        }
    };
    if let Some(stop) = choice.stop_reason.as_str()
        && sampling.stop.iter().any(|known| known == stop)
        && !text.ends_with(stop)
    {
        // An answer keeps the text that ended it.
        text.push_str(stop);
    }
    Ok(Said { text, finish, likelihood: likelihood(&choice.logprobs), ..Said::default() })
}

/// The sum of the log-probabilities of an answer's tokens: those of a chat, or of a bare completion.
fn likelihood(logprobs: &Value) -> Option<Likelihood> {
    let chat =
        logprobs["content"].as_array().map(|tokens| tokens.iter().map(|one| &one["logprob"]).collect());
    let bare = || logprobs["token_logprobs"].as_array().map(|numbers| numbers.iter().collect::<Vec<_>>());
    let numbers: Option<Vec<&Value>> = chat.or_else(bare);
    let numbers: Vec<f64> = numbers?.into_iter().filter_map(Value::as_f64).collect();
    let logprob = numbers.iter().sum::<f64>();
    let sound = !numbers.is_empty() && logprob.is_finite();
    sound.then_some(Likelihood { tokens: numbers.len() as u32, logprob })
}

/// What an error's body says, in a line, however long.
pub(super) fn complaint(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = error_message(&value).unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn error_message(value: &Value) -> Option<String> {
    let words = [&value["error"]["message"], &value["error"], &value["message"], &value["detail"]];
    words.iter().find_map(|word| word.as_str()).map(str::to_owned)
}

/// The error's own code (`insufficient_quota`), where there is one.
pub(super) fn code(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    value["error"]["code"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn config() -> EndpointConfig {
        EndpointConfig { model: "m".to_owned(), ..EndpointConfig::default() }
    }

    fn body(config: &EndpointConfig, prompt: &Prompt, sampling: &Sampling, n: u64) -> (String, Value) {
        let seeds: Vec<Seed> = (0..n).map(|t| Seed::root(1).at("try", t)).collect();
        let outgoing = request(config, prompt, sampling, &seeds);
        (outgoing.path.to_owned(), serde_json::from_slice(&outgoing.body).expect("JSON"))
    }

    fn read(reply: Value) -> Result<Vec<Said>, Wrong> {
        let prompt = Prompt::text("p", "12345678");
        let sampling = Sampling { stop: vec!["\n".to_owned()], ..Sampling::default() };
        answers(&config(), &prompt, &sampling, 1, reply.to_string().as_bytes())
    }

    #[test]
    fn messages_go_to_the_chat_and_text_is_continued() {
        let messages = vec![Message { role: "user".into(), content: "hi".into() }];
        let chat = Prompt { body: Body::Messages(messages), ..Prompt::default() };
        let sampling = Sampling { temperature: 0.7, top_p: 0.9, max_tokens: 9, ..Sampling::default() };
        let seed = sent(&Seed::root(1).at("try", 0));
        let expect = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}],
            "temperature": 0.7, "top_p": 0.9, "max_tokens": 9, "seed": seed});
        assert_eq!(body(&config(), &chat, &sampling, 1), ("/chat/completions".to_owned(), expect));
        let text = Prompt::text("p", "1+1=");
        let plain = EndpointConfig { seeds: false, ..config() };
        let sampling = Sampling { stop: vec!["\n".into()], ..Sampling::default() };
        let expect =
            json!({"model": "m", "prompt": "1+1=", "temperature": 1.0, "max_tokens": 128, "stop": ["\n"]});
        assert_eq!(body(&plain, &text, &sampling, 1), ("/completions".to_owned(), expect));
        let as_message = EndpointConfig { text: TextAs::UserMessage, ..config() };
        let (path, sent) = body(&as_message, &text, &sampling, 1);
        assert_eq!((path.as_str(), &sent["messages"][0]["content"]), ("/chat/completions", &json!("1+1=")));
    }

    #[test]
    fn what_only_some_servers_know_is_sent_when_a_setting_says_so() {
        let sampling = Sampling { top_k: 5, min_p: 0.125, ..Sampling::default() };
        let text = Prompt::text("p", "x");
        let all = EndpointConfig {
            truncation: Truncation::Send,
            logprobs: true,
            length_field: LengthField::MaxCompletionTokens,
            extra: BTreeMap::from([("repetition_penalty".to_owned(), json!(1.5))]),
            ..config()
        };
        let (_, sent) = body(&all, &text, &sampling, 3);
        let found = ["top_k", "min_p", "logprobs", "repetition_penalty", "n", "max_completion_tokens"];
        assert_eq!(
            found.map(|key| sent[key].clone()),
            [json!(5), json!(0.125), json!(1), json!(1.5), json!(3), json!(128)]
        );
        assert!(sent["max_tokens"].is_null());
    }

    #[test]
    fn seeds_fit_into_a_signed_word() {
        for t in 0..100 {
            assert!(sent(&Seed::root(t)) <= i32::MAX as u64);
        }
    }

    #[test]
    fn a_reply_says_text_end_tokens_and_likelihood() {
        let said = read(json!({
            "choices": [{"message": {"content": "four"}, "finish_reason": "length",
                "logprobs": {"content": [{"logprob": -0.5}, {"logprob": -1.0}]}}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 2}
        }));
        let said = said.expect("sound").remove(0);
        assert_eq!((said.text.as_str(), said.finish), ("four", Finish::Length));
        assert_eq!((said.scored_tokens, said.sampled_tokens), (10, 2));
        assert_eq!(said.likelihood, Some(Likelihood { tokens: 2, logprob: -1.5 }));
    }

    #[test]
    fn tokens_are_estimated_where_a_server_does_not_count() {
        // "12345678" are 8 bytes, so 2 tokens; "abcde" are 5, so 2.
        let said = read(json!({"choices": [{"text": "abcde"}]})).expect("sound").remove(0);
        assert_eq!((said.scored_tokens, said.sampled_tokens, said.finish), (2, 2, Finish::Stop));
    }

    #[test]
    fn the_stop_text_is_kept_where_the_server_names_it() {
        let said = |stop: Value| {
            let choice = json!({"text": "a", "finish_reason": "stop", "stop_reason": stop});
            read(json!({"choices": [choice]})).expect("sound").remove(0).text
        };
        assert_eq!([said(json!("\n")), said(json!(7)), said(Value::Null)], ["a\n", "a", "a"]);
    }

    #[test]
    fn no_text_is_never_an_empty_answer() {
        let wrong = |choice: Value| read(json!({"choices": [choice]})).expect_err("no answer");
        assert!(matches!(wrong(json!({"finish_reason": "stop"})), Wrong::Malformed(_)));
        assert!(matches!(wrong(json!({"message": {}, "finish_reason": "tool_calls"})), Wrong::Malformed(_)));
        assert!(matches!(wrong(json!({"text": "", "finish_reason": "content_filter"})), Wrong::Refused(_)));
        assert!(matches!(read(json!({"choices": []})), Err(Wrong::Malformed(_))));
        let overloaded = read(json!({"error": {"message": "overloaded"}})).expect_err("no answer");
        assert_eq!(overloaded, Wrong::Malformed("the reply is malformed: overloaded".to_owned()));
        assert!(read(json!({"choices": [{"message": {"content": ""}, "finish_reason": "stop"}]})).is_ok());
    }

    #[test]
    fn a_complaint_is_one_line() {
        assert_eq!(complaint(br#"{"error": {"message": "no\nsuch  model"}}"#), "no such model");
        assert_eq!(complaint(br#"{"detail": "gone"}"#), "gone");
        assert_eq!(complaint(b"<html>\noops"), "<html> oops");
        assert_eq!(
            code(br#"{"error": {"code": "insufficient_quota"}}"#).as_deref(),
            Some("insufficient_quota")
        );
    }

    /// Almost replies, and anything.
    fn replies() -> impl Strategy<Value = Vec<u8>> {
        let value = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,6}".prop_map(Value::from),
            Just(json!([{"logprob": null}])),
            Just(json!({"content": [{"logprob": -1e308}, {}], "token_logprobs": [null]})),
        ];
        let almost = (value.clone(), value.clone(), value.clone(), value).prop_map(|(a, b, c, d)| {
            let choice =
                json!({"text": a, "message": {"content": b}, "logprobs": c, "index": d, "stop_reason": a});
            json!({"choices": [choice, {"text": "x"}], "usage": {"prompt_tokens": d}})
                .to_string()
                .into_bytes()
        });
        prop_oneof![proptest::collection::vec(any::<u8>(), 0..64), almost]
    }

    proptest! {
        #[test]
        fn any_body_is_answers_or_wrong(bytes in replies(), n in 1usize..3) {
            let prompt = Prompt::text("p", "x");
            let _ = answers(&config(), &prompt, &Sampling::default(), n, &bytes);
            let _ = complaint(&bytes);
            let _ = code(&bytes);
        }
    }
}
