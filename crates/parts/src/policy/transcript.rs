//! Recorded answers in a file: what was asked, how, with which seed, what came back and what it cost.
//!
//! One JSON object a line. A line with `tries_a_part` introduces a policy by its version; every other line is
//! an answer of a policy, found again by its [`Key`]. An answer that is recorded twice counts as it was
//! recorded last. Lines are appended whole; a last line without an end is what a killed program left, and is
//! dropped. Only the place of each answer is kept in memory.

use autodidact_core::chat::{Body, Completion, Finish, Likelihood, Prompt, Sampling};
use autodidact_core::{Error, Result, Seed, Spend};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What an answer is found by: the policy's version, what the model read, the sampler's settings and the seed
/// of the try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key([u8; 16]);

impl Key {
    /// The key of the try with that seed.
    pub fn of(policy: &str, prompt: &Prompt, sampling: &Sampling, seed: Seed) -> Key {
        Key::of_parts(policy, &prompt.body, &prompt.given, sampling, seed.number())
    }

    fn of_parts(policy: &str, body: &Body, given: &[u32], sampling: &Sampling, seed: u64) -> Key {
        let asked = serde_json::to_vec(&(policy, body, given, sampling, seed));
        let hash = blake3::hash(&asked.expect("text and numbers are JSON"));
        Key(hash.as_bytes()[..16].try_into().expect("a hash has 32 bytes"))
    }

    /// The key in hexadecimal.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A recorded answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Said {
    /// The answer as text.
    pub text: String,
    /// Why it ended.
    pub finish: Finish,
    /// Why there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Its log-probability, where the ids of its tokens are not ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub likelihood: Option<Likelihood>,
    /// Token ids of the rendered prompt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prompt: Vec<u32>,
    /// Token ids of the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<u32>,
    /// How many of the tokens were given.
    #[serde(skip_serializing_if = "is_zero")]
    pub given: u32,
    /// See [`Completion::logprobs`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub logprobs: Vec<f32>,
    /// See [`Completion::policy_logprobs`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policy_logprobs: Vec<f32>,
    /// Tokens that the answer has.
    pub sampled_tokens: u64,
    /// Tokens that were read for it.
    pub scored_tokens: u64,
    /// What it cost.
    pub cost: f64,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl Said {
    /// A policy's answer and what it spent.
    pub fn of(answer: &Completion, spend: &Spend) -> Said {
        let answer = answer.clone();
        Said {
            text: answer.text,
            finish: answer.finish,
            failure: answer.failure,
            likelihood: answer.likelihood,
            prompt: answer.prompt,
            tokens: answer.tokens,
            given: answer.given,
            logprobs: answer.logprobs,
            policy_logprobs: answer.policy_logprobs,
            sampled_tokens: spend.sampled_tokens,
            scored_tokens: spend.scored_tokens,
            cost: spend.cost,
        }
    }

    /// What it cost.
    pub fn spend(&self) -> Spend {
        Spend {
            sampled_tokens: self.sampled_tokens,
            scored_tokens: self.scored_tokens,
            cost: self.cost,
            ..Spend::default()
        }
    }

    /// What is wrong with it: given tokens that are not there, or log-probabilities that are not one a token.
    fn flaw(&self) -> Option<String> {
        let n = self.tokens.len();
        if self.given as usize > n {
            return Some(format!("{} given tokens of {n}", self.given));
        }
        let odd = |numbers: &[f32]| !numbers.is_empty() && numbers.len() != n;
        let (raw, policy) = (&self.logprobs, &self.policy_logprobs);
        (odd(raw) || odd(policy))
            .then(|| format!("{} and {} log-probabilities for {n} tokens", raw.len(), policy.len()))
    }

    /// The answer as a policy gives it.
    pub fn completion(self) -> Completion {
        Completion {
            prompt: self.prompt,
            tokens: self.tokens,
            given: self.given,
            logprobs: self.logprobs,
            policy_logprobs: self.policy_logprobs,
            text: self.text,
            finish: self.finish,
            failure: self.failure,
            likelihood: self.likelihood,
        }
    }
}

/// A line that introduces a policy.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyLine {
    policy: String,
    tries_a_part: usize,
}

/// A line with an answer.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerLine {
    policy: String,
    id: String,
    body: Body,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    given: Vec<u32>,
    sampling: Sampling,
    seed: u64,
    answer: Said,
}

/// A file of recorded answers, opened.
pub struct Transcript {
    path: PathBuf,
    held: Mutex<Held>,
}

struct Held {
    file: File,
    /// Whether a write failed half-way.
    broken: bool,
    /// Offset and length of each answer's line.
    index: BTreeMap<Key, (u64, u32)>,
    policies: BTreeMap<String, usize>,
}

impl Transcript {
    /// Opens a file to read from. Fails when it is missing or a line is no recorded answer.
    pub fn open(path: &Path) -> Result<Transcript> {
        let file = File::open(path).map_err(|source| io(path, "reading", source))?;
        Ok(Transcript { path: path.to_owned(), held: Mutex::new(Held::of(path, file)?.0) })
    }

    /// Opens a file to record answers in, made if it is missing. Several programs may do so at once, each with
    /// answers of its own; half a line that a killed program left is cut off by whoever opens the file alone.
    pub fn append_to(path: &Path) -> Result<Transcript> {
        let failed = |source| io(path, "writing", source);
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        let file = OpenOptions::new().create(true).append(true).read(true).open(path).map_err(failed)?;
        // Shared by all who record; whoever gets it alone cannot cut off what another has just written.
        let alone = file.try_lock().is_ok();
        if !alone {
            file.lock_shared().map_err(failed)?;
        }
        let (held, length) = Held::of(path, file)?;
        if alone {
            held.file.set_len(length).and_then(|()| held.file.lock_shared()).map_err(failed)?;
            flush_folder(path)?;
        } else if held.file.metadata().map_err(failed)?.len() > length {
            return Err(broken(path, length, "half a line, and another program is writing; try again later"));
        }
        Ok(Transcript { path: path.to_owned(), held: Mutex::new(held) })
    }

    /// Says in the file how many tries the policy of that version has recorded together, before its first
    /// answer.
    pub fn introduce(&self, policy: &str, tries_a_part: usize) -> Result<()> {
        let mut held = self.held();
        if held.policies.get(policy) != Some(&tries_a_part) {
            let line = as_line(&PolicyLine { policy: policy.to_owned(), tries_a_part });
            held.append(&line).map_err(|source| io(&self.path, "writing", source))?;
            held.policies.insert(policy.to_owned(), tries_a_part);
        }
        Ok(())
    }

    /// The versions of the policies whose answers are here, each with its [`Policy::tries_a_part`].
    ///
    /// [`Policy::tries_a_part`]: autodidact_core::Policy::tries_a_part
    pub fn policies(&self) -> BTreeMap<String, usize> {
        self.held().policies.clone()
    }

    /// How many answers it has.
    pub fn len(&self) -> usize {
        self.held().index.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The answer of that key, if it is here.
    pub fn find(&self, key: &Key) -> Result<Option<Said>> {
        let mut held = self.held();
        let Some(&(offset, length)) = held.index.get(key) else { return Ok(None) };
        let mut bytes = vec![0; length as usize];
        let read = held.file.seek(SeekFrom::Start(offset)).and_then(|_| held.file.read_exact(&mut bytes));
        read.map_err(|source| io(&self.path, "reading", source))?;
        match serde_json::from_slice::<AnswerLine>(&bytes) {
            Ok(line) => match line.answer.flaw() {
                None => Ok(Some(line.answer)),
                Some(flaw) => Err(broken(&self.path, offset, &flaw)),
            },
            Err(error) => Err(broken(&self.path, offset, &error.to_string())),
        }
    }

    /// Records a policy's answers to the tries of those seeds. They are in the file when this returns, all or
    /// none.
    pub fn record(
        &self,
        policy: &str,
        prompt: &Prompt,
        sampling: &Sampling,
        seeds: &[Seed],
        answers: &[Said],
    ) -> Result<()> {
        let mut lines = Vec::new();
        let mut places = Vec::with_capacity(seeds.len());
        for (seed, answer) in seeds.iter().zip(answers) {
            let line = as_line(&AnswerLine {
                policy: policy.to_owned(),
                id: prompt.id.clone(),
                body: prompt.body.clone(),
                given: prompt.given.clone(),
                sampling: sampling.clone(),
                seed: seed.number(),
                answer: answer.clone(),
            });
            places.push((Key::of(policy, prompt, sampling, *seed), lines.len() as u64, line.len() as u32));
            lines.extend(line);
        }
        let mut held = self.held();
        let start = held.append(&lines).map_err(|source| io(&self.path, "writing", source))?;
        held.index.extend(places.into_iter().map(|(key, at, length)| (key, (start + at, length))));
        Ok(())
    }

    /// Makes what was recorded so far survive a loss of power as well; a killed program loses nothing anyway.
    pub fn flush(&self) -> Result<()> {
        let file = self.held().file.try_clone();
        file.and_then(|file| file.sync_data()).map_err(|source| io(&self.path, "flushing", source))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing is left half done by a panic elsewhere: lines are written in one piece.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Reads the file to the end of its last whole line, and says where that is.
    fn of(path: &Path, file: File) -> Result<(Held, u64)> {
        let mut held = Held { file, broken: false, index: BTreeMap::new(), policies: BTreeMap::new() };
        let mut length = 0;
        let mut reader = BufReader::new(&held.file);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let n = reader.read_until(b'\n', &mut bytes).map_err(|source| io(path, "reading", source))?;
            if n == 0 || bytes.last() != Some(&b'\n') {
                break;
            }
            match serde_json::from_slice::<AnswerLine>(&bytes) {
                Ok(AnswerLine { policy, body, given, sampling, seed, answer, .. }) => {
                    if let Some(flaw) = answer.flaw() {
                        return Err(broken(path, length, &flaw));
                    }
                    let key = Key::of_parts(&policy, &body, &given, &sampling, seed);
                    held.index.insert(key, (length, n as u32));
                }
                Err(error) => match serde_json::from_slice(&bytes) {
                    Ok(PolicyLine { policy, tries_a_part }) => {
                        held.policies.insert(policy, tries_a_part);
                    }
                    Err(_) => return Err(broken(path, length, &error.to_string())),
                },
            }
            length += n as u64;
        }
        Ok((held, length))
    }

    /// Appends bytes in one piece and answers with where they begin.
    fn append(&mut self, bytes: &[u8]) -> std::io::Result<u64> {
        if self.broken {
            return Err(std::io::Error::other("an earlier write failed"));
        }
        // Half a line must stay the last: whoever opens the file next drops it.
        self.broken = true;
        self.file.write_all(bytes)?;
        // Others may have appended since; the position is after what was just written.
        let end = self.file.stream_position()?;
        self.broken = false;
        Ok(end - bytes.len() as u64)
    }
}

/// Makes the file's name in its folder durable, where the system lets one.
fn flush_folder(path: &Path) -> Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|file| file.sync_all()).map_err(|source| io(folder, "flushing", source))
}

fn as_line(line: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(line).expect("text and numbers are JSON");
    bytes.push(b'\n');
    bytes
}

fn broken(path: &Path, offset: u64, found: &str) -> Error {
    Error::Data {
        path: path.to_owned(),
        rule: "every line must be a recorded answer".to_owned(),
        found: format!("the line at byte {offset} is none: {found}"),
    }
}

fn io(path: &Path, doing: &'static str, source: std::io::Error) -> Error {
    Error::Io { path: path.to_owned(), doing, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Said {
        let answer = Completion { text: text.to_owned(), ..Completion::default() };
        Said::of(&answer, &Spend { sampled_tokens: 2, scored_tokens: 5, cost: 0.25, ..Spend::default() })
    }

    fn prompt() -> Prompt {
        Prompt::text("p/1", "1+1=")
    }

    fn seed(t: u64) -> Seed {
        Seed::root(1).at("try", t)
    }

    #[test]
    fn what_was_recorded_is_found_by_whoever_opens_the_file() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("deep/answers.jsonl");
        let sampling = Sampling::default();
        let journal = Transcript::append_to(&path).expect("made");
        journal.introduce("v1", 256).expect("written");
        journal
            .record("v1", &prompt(), &sampling, &[seed(0), seed(1)], &[said("2"), said("3")])
            .expect("written");
        let read = Transcript::open(&path).expect("readable");
        let key = |policy: &str, t: u64| Key::of(policy, &prompt(), &sampling, seed(t));
        for transcript in [&journal, &read] {
            assert_eq!(transcript.find(&key("v1", 1)).expect("readable"), Some(said("3")));
            assert_eq!(transcript.find(&key("v1", 2)).expect("readable"), None);
            assert_eq!(transcript.find(&key("v2", 1)).expect("readable"), None);
            assert_eq!(transcript.len(), 2);
        }
        assert_eq!(read.policies(), BTreeMap::from([("v1".to_owned(), 256)]));
    }

    #[test]
    fn two_who_record_in_one_file_do_not_disturb_each_other() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("answers.jsonl");
        let sampling = Sampling::default();
        let open = || Transcript::append_to(&path).expect("opens");
        let (one, other) = (open(), open());
        for t in 0..6 {
            let who = if t % 2 == 0 { &one } else { &other };
            who.record("v", &prompt(), &sampling, &[seed(t)], &[said(&t.to_string())]).expect("written");
        }
        for t in [0, 2, 4] {
            let found = one.find(&Key::of("v", &prompt(), &sampling, seed(t))).expect("readable");
            assert_eq!(found, Some(said(&t.to_string())));
        }
        assert_eq!((one.len(), open().len()), (3, 6));
    }

    #[test]
    fn a_key_is_the_prompts_words_the_settings_and_the_seed_but_not_the_prompts_name() {
        let sampling = Sampling::default();
        let key = Key::of("v", &prompt(), &sampling, seed(0));
        let renamed = Prompt { id: "other".into(), ..prompt() };
        assert_eq!(Key::of("v", &renamed, &sampling, seed(0)), key);
        assert_ne!(Key::of("v", &Prompt::text("p/1", "1+2="), &sampling, seed(0)), key);
        assert_ne!(Key::of("v", &prompt(), &sampling.at(0.5), seed(0)), key);
        assert_ne!(Key::of("v", &prompt(), &sampling, seed(1)), key);
    }

    #[test]
    fn half_a_line_is_dropped_and_anything_else_is_an_error() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("answers.jsonl");
        let sampling = Sampling::default();
        let journal = Transcript::append_to(&path).expect("made");
        journal.introduce("v1", 256).expect("written");
        journal.record("v1", &prompt(), &sampling, &[seed(0)], &[said("2")]).expect("written");
        journal.record("v1", &prompt(), &sampling, &[seed(1)], &[said("3")]).expect("written");
        let whole = std::fs::read(&path).expect("there");
        std::fs::write(&path, &whole[..whole.len() - 9]).expect("cut");
        let error = Transcript::append_to(&path).err().expect("somebody is writing").to_string();
        assert!(error.contains("another program is writing"), "{error}");
        drop(journal);

        let resumed = Transcript::append_to(&path).expect("opens");
        resumed.introduce("v1", 256).expect("known already");
        assert_eq!(resumed.len(), 1);
        resumed.record("v1", &prompt(), &sampling, &[seed(1)], &[said("3")]).expect("written");
        assert_eq!(std::fs::read(&path).expect("there"), whole, "the same bytes again");

        std::fs::write(&path, b"{\"policy\":\"v1\",\"tries_a_part\":256}\nnoise\n").expect("written");
        let error = Transcript::open(&path).err().expect("broken").to_string();
        assert!(error.contains("the line at byte 35 is none"), "{error}");
    }

    #[test]
    fn an_answer_whose_numbers_do_not_fit_its_tokens_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("answers.jsonl");
        let journal = Transcript::append_to(&path).expect("made");
        let short = Said { tokens: vec![1, 2], logprobs: vec![-1.0], ..said("x") };
        journal.record("v", &prompt(), &Sampling::default(), &[seed(0)], &[short]).expect("written");
        let error = Transcript::open(&path).err().expect("refused").to_string();
        assert!(error.contains("1 and 0 log-probabilities for 2 tokens"), "{error}");
        let given = Said { tokens: vec![1], given: 5, ..said("x") };
        assert_eq!(given.flaw().as_deref(), Some("5 given tokens of 1"));
    }

    #[test]
    fn numbers_come_back_bit_for_bit() {
        let numbers = vec![-0.1f32, -1.0e-7, f32::MIN_POSITIVE, -2.5, -0.333_333_34];
        let answer = Completion {
            prompt: vec![1],
            tokens: vec![2; 5],
            given: 1,
            logprobs: numbers.clone(),
            policy_logprobs: numbers,
            finish: Finish::Length,
            ..Completion::default()
        };
        let said = Said::of(&answer, &Spend { cost: 0.1 + 0.2, ..Spend::default() });
        let line = serde_json::to_string(&said).expect("JSON");
        let back: Said = serde_json::from_str(&line).expect("reads back");
        assert_eq!((back.spend().cost, back.completion()), (0.1 + 0.2, answer));
    }
}
