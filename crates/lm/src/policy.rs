//! A language model as a policy: prompts in, completions out.
//!
//! An [`Lm`] holds a model, its tokenizer and its chat template. Clones share the weights, so a
//! learner that updates the model changes what every clone proposes next.

use crate::sample::{self, Job, Progress, Sampler};
use crate::template::TEMPLATE_FILE;
use crate::{Config, Dtype, Error, Layout, Model, Result, Template, Then, Tokenizer, checkpoint};
use autodidact_core::chat::{Body, Chat, Completion, Finish, Message, Prompt};
use autodidact_core::{Ask, Policy, Proposals, Seed, Snapshot, Spend, Version, Work};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A language model that answers; clones share its weights.
#[derive(Clone)]
pub struct Lm {
    model: Model,
    tokenizer: Tokenizer,
    template: Option<Template>,
    sampler: Arc<Sampler>,
    eos: Arc<[u32]>,
    progress: Option<Arc<Progress>>,
    work: Option<Arc<Work>>,
}

/// A whole conversation in tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversation {
    /// The tokens of the rendered conversation.
    pub tokens: Vec<u32>,
    /// For each token, whether the model would have written it.
    pub assistant: Vec<bool>,
}

impl std::fmt::Debug for Lm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lm")
            .field("model", &self.model)
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}

impl Lm {
    /// A model with its tokenizer, whose own chat template is used if it has one. Answers end at the
    /// model's end tokens, or at the tokenizer's if the model names none.
    pub fn new(model: Model, tokenizer: Tokenizer) -> Lm {
        let eos = match model.config().eos_token_ids.as_slice() {
            [] => tokenizer.named().get("eos_token").and_then(|eos| tokenizer.id(eos)).into_iter().collect(),
            ids => ids.to_vec(),
        };
        Lm {
            sampler: Arc::new(Sampler::new(&model)),
            model,
            tokenizer,
            template: None,
            eos: eos.into(),
            progress: None,
            work: None,
        }
    }

    /// Reads a checkpoint directory in the Hugging Face layout.
    pub fn open(dir: &Path) -> Result<Lm> {
        let tokenizer = Tokenizer::open(dir)?;
        let template = Template::open(dir, &tokenizer)?;
        Ok(Lm { template, ..Lm::new(Model::open(dir)?, tokenizer) })
    }

    /// Reads the files of a checkpoint from memory, as [`Lm::files`] gives them.
    pub fn of_files(files: &[(String, Vec<u8>)]) -> Result<Lm> {
        let named: BTreeMap<&str, &[u8]> =
            files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        let text = |name: &str| -> Result<Option<&str>> {
            let utf8 = |bytes| {
                std::str::from_utf8(bytes)
                    .map_err(|error| Error::data(Path::new(name), "UTF-8 text is expected", error))
            };
            named.get(name).copied().map(utf8).transpose()
        };
        let missing = |name: &str| {
            Error::data(Path::new(name), "this file of a checkpoint is expected", "it is missing")
        };
        let config = text("config.json")?.ok_or_else(|| missing("config.json"))?;
        let config = Config::parse(config, text("generation_config.json")?)?;
        let weights = named.get(checkpoint::WEIGHTS_FILE).ok_or_else(|| missing(checkpoint::WEIGHTS_FILE))?;
        let weights =
            checkpoint::read_bytes(Path::new(checkpoint::WEIGHTS_FILE), weights, &Layout::of(&config))?;
        let tokenizer = Tokenizer::of_files(files)?;
        let template = match text(TEMPLATE_FILE)? {
            Some(source) => Some(Template::new(source, tokenizer.named())?),
            None => Template::of_tokenizer(&tokenizer)?,
        };
        Ok(Lm { template, ..Lm::new(Model::new(config, weights)?, tokenizer) })
    }

    /// The same model with this chat template.
    pub fn with_template(self, template: Template) -> Lm {
        Lm { template: Some(template), ..self }
    }

    /// The same model, which tells `progress` how many tokens it just sampled, from any thread.
    pub fn with_progress(self, progress: Arc<Progress>) -> Lm {
        Lm { progress: Some(progress), ..self }
    }

    /// The same model, which counts its work there: tokens sampled, and whatever its learners count.
    pub fn with_work(self, work: Arc<Work>) -> Lm {
        Lm { work: Some(work), ..self }
    }

    /// The same model with weights of its own: neither sees what later happens to the other's.
    pub fn detached(&self) -> Result<Lm> {
        let model = Model::new(self.model.config().clone(), self.model.weights().clone())?;
        Ok(Lm { sampler: Arc::new(Sampler::new(&model)), model, ..self.clone() })
    }

    /// A digest of tokenizer, chat template and end tokens, in hexadecimal.
    fn reading(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        for (name, bytes) in self.tokenizer.files() {
            part(name.as_bytes());
            part(bytes);
        }
        part(self.template.as_ref().map_or("", Template::source).as_bytes());
        self.eos.iter().for_each(|id| part(&id.to_le_bytes()));
        hasher.finalize().to_hex().to_string()
    }

    /// Where this model's work is counted, if anywhere.
    pub fn work(&self) -> Option<&Work> {
        self.work.as_deref()
    }

    /// The weights' handle.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The chat template, if the model has one.
    pub fn template(&self) -> Option<&Template> {
        self.template.as_ref()
    }

    /// The tokens that end an answer.
    pub fn eos(&self) -> &[u32] {
        &self.eos
    }

    /// The longest sequence, prompt and answer together.
    pub fn context(&self) -> usize {
        self.model.config().max_position_embeddings
    }

    /// What the model reads for a prompt: BOS and the text, or the messages through the chat template
    /// with the beginning of the model's turn. Fails on messages for a model without a template, on an
    /// empty prompt and on one that leaves no room in the context.
    pub fn render(&self, prompt: &Prompt) -> Result<Vec<u32>> {
        let tokens = match &prompt.body {
            Body::Text(text) => {
                let mut tokens = self.tokenizer.opening().to_vec();
                tokens.extend(self.tokenizer.encode(text)?);
                tokens
            }
            Body::Messages(messages) => {
                let template = self.template.as_ref().ok_or_else(|| {
                    let rule = "bare text, as the model has no chat template";
                    Error::invalid(format!("prompt {}", prompt.id), rule, "messages")
                })?;
                self.tokenizer.encode(&template.render(messages, Then::Answer)?)?
            }
        };
        let field = || format!("prompt {}", prompt.id);
        let n = tokens.len() + prompt.given.len();
        if tokens.is_empty() {
            return Err(Error::invalid(field(), "at least 1 token long", "empty"));
        }
        if n > self.context() {
            let rule = format!("at most {} tokens long, the model's context", self.context());
            return Err(Error::invalid(field(), rule, n));
        }
        self.check_ids(&field(), tokens.iter().chain(&prompt.given))?;
        Ok(tokens)
    }

    /// A whole conversation in tokens, with the parts that the model would have written; fails when
    /// there is none.
    pub fn conversation(&self, messages: &[Message]) -> Result<Conversation> {
        let template = self.template.as_ref().ok_or_else(|| {
            Error::invalid("messages", "given to a model with a chat template", "given to one without")
        })?;
        let (text, spans) = template.answers(messages)?;
        let encoded = self.tokenizer.encode_spans(&text)?;
        let tokens: Vec<u32> = encoded.iter().map(|(id, _)| *id).collect();
        self.check_ids("conversation", tokens.iter())?;
        let mut assistant = vec![false; tokens.len()];
        for span in spans.iter().filter(|span| !span.is_empty()) {
            // Tokens without width of their own, as some tokenizers leave for trimmed blanks, count
            // with their neighbours.
            let first = encoded.iter().position(|(_, range)| range.end > span.start);
            let last = encoded.iter().rposition(|(_, range)| range.start < span.end);
            if let (Some(first), Some(last)) = (first, last)
                && first <= last
            {
                assistant[first..=last].fill(true);
            }
        }
        Ok(Conversation { tokens, assistant })
    }

    /// The log-probability of every token but the first of each sequence, in nats, to the bit as the
    /// sampler reports it.
    pub fn score(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        for (index, tokens) in sequences.iter().enumerate() {
            if tokens.is_empty() || tokens.len() > self.context() {
                let rule = format!("1 to {} tokens long", self.context());
                return Err(Error::invalid(format!("sequence {index}"), rule, tokens.len()));
            }
            self.check_ids(&format!("sequence {index}"), tokens.iter())?;
        }
        self.sampler.score(sequences)
    }

    /// The checkpoint as named files in the Hugging Face layout, sorted by name.
    pub fn files(&self, dtype: Dtype) -> Vec<(String, Vec<u8>)> {
        let mut files: BTreeMap<String, Vec<u8>> = self.model.save_files(dtype).into_iter().collect();
        files.extend(self.tokenizer.files().iter().map(|(name, bytes)| (name.clone(), bytes.clone())));
        if let Some(template) = &self.template {
            files.insert(TEMPLATE_FILE.to_owned(), template.source().as_bytes().to_vec());
        }
        files.into_iter().collect()
    }

    /// [`Lm::files`] as a snapshot.
    pub fn snapshot(&self, dtype: Dtype) -> autodidact_core::Result<Snapshot> {
        Ok(Snapshot { files: self.files(dtype) })
    }

    /// Writes [`Lm::files`] into a directory, each file whole or not at all.
    pub fn save(&self, dir: &Path, dtype: Dtype) -> Result<()> {
        checkpoint::write_files(dir, &self.files(dtype))
    }

    fn check_ids<'a>(&self, field: &str, mut ids: impl Iterator<Item = &'a u32>) -> Result<()> {
        let vocab = self.model.config().vocab_size;
        match ids.find(|&&id| id as usize >= vocab) {
            None => Ok(()),
            Some(id) => Err(Error::invalid(field, format!("made of token ids below {vocab}"), id)),
        }
    }

    fn completion(&self, prompt: &[u32], given: usize, draft: sample::Draft) -> Completion {
        Completion {
            prompt: prompt.to_vec(),
            text: self.tokenizer.decode(&draft.tokens),
            tokens: draft.tokens,
            given: given as u32,
            logprobs: draft.logprobs,
            policy_logprobs: draft.policy_logprobs,
            finish: draft.finish.unwrap_or(Finish::Length),
            ..Completion::default()
        }
    }
}

impl Policy<Chat> for Lm {
    fn propose(&self, asks: &[Ask<Chat>], seeds: &[Seed]) -> autodidact_core::Result<Proposals<Chat>> {
        if asks.len() != seeds.len() {
            return Err(Error::invalid("number of seeds", asks.len().to_string(), seeds.len()).into());
        }
        asks.iter().try_for_each(|ask| sample::check(&ask.knobs))?;
        let prompts = asks.iter().map(|ask| self.render(&ask.query)).collect::<Result<Vec<_>>>()?;
        let jobs = asks.iter().zip(&prompts).zip(seeds).map(|((ask, prompt), &seed)| {
            let room = self.context() - prompt.len() - ask.query.given.len();
            let wanted = ask.knobs.max_tokens as usize;
            if wanted > 0 && room == 0 {
                let rule =
                    format!("shorter than the model's context of {} tokens, to leave room", self.context());
                return Err(Error::invalid(format!("prompt {}", ask.query.id), rule, self.context()));
            }
            Ok(Job {
                prompt,
                given: &ask.query.given,
                settings: &ask.knobs,
                limit: wanted.min(room),
                seed,
                tries: ask.tries,
            })
        });
        let jobs = jobs.collect::<Result<Vec<_>>>()?;
        let count = |n: u64| {
            if let Some(progress) = &self.progress {
                progress(n);
            }
            if let Some(work) = &self.work {
                work.add_tokens(n);
            }
        };
        let drafts = self.sampler.sample(&jobs, &self.eos, &self.tokenizer, Some(&count))?;

        let mut spend = Spend::default();
        let mut answers = Vec::with_capacity(asks.len());
        for (job, drafts) in jobs.iter().zip(drafts) {
            // A prompt is read once for all its tries.
            spend.scored_tokens += (job.prompt.len() + job.given.len()) as u64;
            let tries: Vec<Completion> =
                drafts.into_iter().map(|draft| self.completion(job.prompt, job.given.len(), draft)).collect();
            spend.sampled_tokens += tries.iter().map(|try_| try_.sampled() as u64).sum::<u64>();
            answers.push(tries);
        }
        Ok(Proposals { answers, spend })
    }

    /// The digest of the weights, then one of what turns prompts into tokens and ends answers.
    fn version(&self) -> autodidact_core::Result<Version> {
        Ok(Version(format!("{}-{}", self.model.version(), &self.reading()[..16])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::Sampling;

    fn lm() -> Lm {
        let json = r#"{"architectures": ["LlamaForCausalLM"], "vocab_size": 272, "hidden_size": 32,
            "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
            "max_position_embeddings": 40, "tie_word_embeddings": true, "eos_token_id": 257}"#;
        let model =
            Model::random(Config::parse(json, None).expect("parses"), Seed::root(5)).expect("a sound shape");
        Lm::new(model, Tokenizer::bytes())
    }

    fn propose(lm: &Lm, prompt: Prompt, knobs: Sampling) -> autodidact_core::Result<Vec<Completion>> {
        let ask = Ask { query: prompt, knobs, tries: 3 };
        Ok(lm.propose(&[ask], &[Seed::root(1)])?.answers.remove(0))
    }

    const SOURCE: &str = "{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>{% if m.role == 'assistant' %}\
        {% generation %}{{ m.content }}<|end|>{% endgeneration %}{% else %}{{ m.content }}<|end|>{% endif %}{% endfor %}\
        {% if add_generation_prompt %}<|assistant|>{% endif %}";

    fn message(role: &str, content: &str) -> Message {
        Message { role: role.to_owned(), content: content.to_owned() }
    }

    #[test]
    fn completions_carry_prompt_tokens_text_and_what_they_cost() {
        let lm = lm();
        let prompt = Prompt { given: vec![65, 66], ..Prompt::text("p", "hi") };
        let ask = Ask { query: prompt, knobs: Sampling { max_tokens: 5, ..Sampling::default() }, tries: 3 };
        let proposals = lm.propose(&[ask], &[Seed::root(1)]).expect("proposes");
        let sampled: usize = proposals.answers[0].iter().map(Completion::sampled).sum();
        assert_eq!((proposals.spend.scored_tokens, proposals.spend.sampled_tokens), (5, sampled as u64));
        for completion in &proposals.answers[0] {
            assert_eq!(completion.prompt, [256, 104, 105]);
            assert!(completion.text.starts_with("AB"));
            let whole = [&completion.prompt[..], &completion.tokens[..]].concat();
            assert_eq!(lm.score(&[whole]).expect("scores")[0][2..], completion.logprobs);
        }
        assert_ne!(proposals.answers[0][0], proposals.answers[0][1]);
    }

    #[test]
    fn the_context_caps_answers_and_refuses_prompts_that_leave_no_room() {
        let lm = lm();
        let settings = Sampling { temperature: 0.0, max_tokens: 1000, ..Sampling::default() };
        let completion =
            &propose(&lm, Prompt::text("p", "0123456789"), settings.clone()).expect("proposes")[0];
        assert!(completion.prompt.len() + completion.tokens.len() <= 40);
        for n in [39, 40, 400] {
            let long = "x".repeat(n);
            let error = propose(&lm, Prompt::text("A/3/7", long), settings.clone()).unwrap_err().to_string();
            assert!(error.contains("prompt A/3/7") && error.contains("40"), "{error}");
        }
    }

    #[test]
    fn what_cannot_be_asked_is_named() {
        let lm = lm();
        let check = |prompt: Prompt, knobs: Sampling, expect: &str| {
            let error = propose(&lm, prompt, knobs).unwrap_err().to_string();
            assert!(error.contains(expect), "{error}");
        };
        check(Prompt::text("p", "x"), Sampling { top_p: 0.0, ..Sampling::default() }, "sampling.top_p");
        let given = Prompt { given: vec![272], ..Prompt::text("p", "x") };
        check(given, Sampling::default(), "token ids below 272");
        let messages = Prompt { body: Body::Messages(vec![message("user", "x")]), ..Prompt::text("q", "") };
        check(messages, Sampling::default(), "prompt q must be bare text");
    }

    #[test]
    fn messages_are_rendered_with_the_beginning_of_the_models_turn_and_masked_by_the_template() {
        let tokenizer = Tokenizer::bytes();
        let lm = lm().with_template(Template::new(SOURCE, tokenizer.named()).expect("parses"));
        let turns = [
            message("user", "a"),
            message("assistant", "bc"),
            message("user", "d"),
            message("assistant", "e"),
        ];
        let prompt = Prompt { body: Body::Messages(turns[..1].to_vec()), ..Prompt::default() };
        assert_eq!(lm.render(&prompt).expect("renders"), [256, 259, 97, 262, 260]);
        let conversation = lm.conversation(&turns).expect("has answers");
        assert_eq!(conversation.tokens, [256, 259, 97, 262, 260, 98, 99, 262, 259, 100, 262, 260, 101, 262]);
        let masked: Vec<usize> = (0..14).filter(|&i| conversation.assistant[i]).collect();
        assert_eq!(masked, [5, 6, 7, 12, 13]);
    }

    #[test]
    fn what_is_saved_opens_again_from_disk_and_from_memory() {
        let tokenizer = Tokenizer::bytes();
        let lm = lm().with_template(Template::new(SOURCE, tokenizer.named()).expect("parses"));
        let dir = tempfile::tempdir().expect("a temporary directory");
        lm.save(dir.path(), Dtype::F32).expect("writes");
        let prompt = || Prompt::text("p", "hello");
        let expect = propose(&lm, prompt(), Sampling::default()).expect("proposes");
        for again in [Lm::open(dir.path()), Lm::of_files(&lm.files(Dtype::F32))] {
            let again = again.expect("opens");
            assert_eq!(propose(&again, prompt(), Sampling::default()).expect("proposes"), expect);
            assert_eq!(again.version().expect("has one"), lm.version().expect("has one"));
            assert_eq!(again.template().map(Template::source), Some(SOURCE));
            assert_eq!(again.files(Dtype::F32), lm.files(Dtype::F32));
        }
        assert!(Lm::of_files(&[]).unwrap_err().to_string().contains("config.json"));
    }

    #[test]
    fn a_detached_model_answers_alike_and_stays_as_it_is() {
        let lm = lm();
        let apart = lm.detached().expect("a sound model");
        let expect = propose(&lm, Prompt::text("p", "x"), Sampling::default()).expect("proposes");
        lm.model().update(|weights| weights.iter_mut().for_each(|weight| *weight *= 1.5));
        assert_eq!(propose(&apart, Prompt::text("p", "x"), Sampling::default()).expect("proposes"), expect);
        assert_ne!(apart.version().expect("has one"), lm.version().expect("has one"));
    }

    #[test]
    fn clones_share_weights_and_progress_is_told() {
        let lm = lm();
        let counted = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let counter = counted.clone();
        let watched = lm.clone().with_progress(Arc::new(move |n| {
            counter.fetch_add(n, std::sync::atomic::Ordering::Relaxed);
        }));
        let before = lm.version().expect("has one");
        lm.model().update(|weights| weights[0] += 1.0);
        assert_ne!(watched.version().expect("has one"), before);
        let tries = propose(&watched, Prompt::text("p", "x"), Sampling::default()).expect("proposes");
        let sampled: usize = tries.iter().map(Completion::sampled).sum();
        assert_eq!(counted.load(std::sync::atomic::Ordering::Relaxed), sampled as u64);
    }
}
