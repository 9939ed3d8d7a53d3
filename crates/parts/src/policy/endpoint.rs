//! A model behind HTTP: any server that speaks OpenAI's completions.
//!
//! Requests go out many at a time and come back in any order; each answer depends on its prompt, the sampler's
//! settings and its try's seed alone. A request that fails for a while is sent again, later each time and at a
//! random moment; one that fails for good is a [`Completion::failed`], which a run records as an error. With a
//! journal, every answer is on disk before it is used, and what is there is never asked for again.

mod config;
mod pace;
mod send;
mod wire;

pub use config::{EndpointConfig, LengthField, Prices, Secret, TextAs, Truncation};

use super::transcript::{Key, Said, Transcript};
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Ask, Error, Policy, Proposals, Result, Seed, Spend, Version};
use send::Sender;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};

/// A model behind HTTP as a policy. Its threads end when it is dropped.
pub struct Endpoint {
    config: EndpointConfig,
    version: String,
    runtime: Runtime,
    sender: Arc<Sender>,
    slots: Arc<Semaphore>,
    journal: Option<Arc<Transcript>>,
}

/// What several calls of one ask share.
struct Asked {
    prompt: Prompt,
    sampling: Sampling,
}

/// What one request brought: the tries from `first` on at an ask.
struct Filled {
    ask: usize,
    first: usize,
    answers: Vec<Said>,
}

fn fill_in(done: Result<Result<Filled>, JoinError>, said: &mut [Vec<Option<Said>>]) -> Result<()> {
    let Filled { ask, first, answers } =
        done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
    for (place, answer) in said[ask][first..].iter_mut().zip(answers) {
        *place = Some(answer);
    }
    Ok(())
}

impl Endpoint {
    /// Opens it without sending anything. Fails on settings that cannot work, on a key that is named but not
    /// given, and on a journal that cannot be read.
    pub fn open(config: &EndpointConfig) -> Result<Endpoint> {
        config.check()?;
        let version = config.version();
        let journal = match &config.journal {
            Some(path) => {
                let journal = Transcript::append_to(path)?;
                journal.introduce(&version, config.tries_a_part)?;
                Some(Arc::new(journal))
            }
            None => None,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("endpoint")
            .enable_all()
            .build()
            .map_err(Error::part)?;
        Ok(Endpoint {
            sender: Arc::new(Sender::new(config)?),
            slots: Arc::new(Semaphore::new(config.in_flight)),
            config: config.clone(),
            version,
            runtime,
            journal,
        })
    }

    fn check(&self, ask: &Ask<Chat>) -> Result<()> {
        if !ask.query.given.is_empty() {
            return Err(Error::invalid(
                format!("prompt {}", ask.query.id),
                "without given tokens, which an endpoint cannot continue from",
                format!("with {}", ask.query.given.len()),
            ));
        }
        let knobs = &ask.knobs;
        let own = [
            ("penalties", !knobs.penalties.is_empty()),
            ("biases", !knobs.biases.is_empty()),
            ("endless", knobs.endless),
        ];
        if let Some((name, _)) = own.into_iter().find(|(_, used)| *used) {
            let rule = "left out for an endpoint, which knows nothing like it";
            return Err(Error::invalid(format!("sampling.{name}"), rule, "set"));
        }
        if self.config.truncation == Truncation::Refuse && (knobs.top_k != 0 || knobs.min_p != 0.0) {
            return Err(Error::invalid(
                "sampling.top_k and sampling.min_p",
                "0 for an endpoint, unless its setting truncation = \"send\" says that it knows them",
                format!("{} and {}", knobs.top_k, knobs.min_p),
            ));
        }
        Ok(())
    }

    /// Asks for every answer that is missing. What waits to be sent is no more than its index; a request's body
    /// exists only while it holds one of the slots.
    async fn fill(&self, asks: &[Ask<Chat>], seeds: &[Seed], said: &mut [Vec<Option<Said>>]) -> Result<()> {
        let mut running: JoinSet<Result<Filled>> = JoinSet::new();
        let together = self.config.per_request as usize;
        for (i, (ask, seed)) in asks.iter().zip(seeds).enumerate() {
            let missing: Vec<usize> = (0..said[i].len())
                .step_by(together)
                .filter(|&first| said[i][first..].iter().take(together).any(Option::is_none))
                .collect();
            if missing.is_empty() {
                continue;
            }
            let asked = Arc::new(Asked { prompt: ask.query.clone(), sampling: ask.knobs.clone() });
            for first in missing {
                let tries = first..said[i].len().min(first + together);
                let slot = self.slots.clone().acquire_owned().await.expect("the slots are never closed");
                while let Some(done) = running.try_join_next() {
                    fill_in(done, said)?;
                }
                let seeds: Vec<Seed> = tries.map(|t| seed.at("try", t as u64)).collect();
                let (sender, journal, asked) = (self.sender.clone(), self.journal.clone(), asked.clone());
                let version = self.version.clone();
                running.spawn(async move {
                    let answers = sender.answers(&asked.prompt, &asked.sampling, &seeds).await?;
                    if let Some(journal) = journal {
                        journal.record(&version, &asked.prompt, &asked.sampling, &seeds, &answers)?;
                    }
                    drop(slot);
                    Ok(Filled { ask: i, first, answers })
                });
            }
        }
        while let Some(done) = running.join_next().await {
            fill_in(done, said)?;
        }
        self.journal.as_ref().map_or(Ok(()), |journal| journal.flush())
    }

    fn recalled(&self, ask: &Ask<Chat>, seed: Seed) -> Result<Option<Said>> {
        let Some(journal) = &self.journal else { return Ok(None) };
        let said = journal.find(&Key::of(&self.version, &ask.query, &ask.knobs, seed))?;
        // What failed then is asked for again.
        Ok(said.filter(|said| said.failure.is_none()))
    }
}

impl Policy<Chat> for Endpoint {
    fn propose(&self, asks: &[Ask<Chat>], seeds: &[Seed]) -> Result<Proposals<Chat>> {
        asks.iter().try_for_each(|ask| self.check(ask))?;
        let mut said: Vec<Vec<Option<Said>>> = Vec::with_capacity(asks.len());
        for (ask, seed) in asks.iter().zip(seeds) {
            let tries = (0..ask.tries).map(|t| self.recalled(ask, seed.at("try", u64::from(t))));
            said.push(tries.collect::<Result<_>>()?);
        }
        self.runtime.block_on(self.fill(asks, seeds, &mut said))?;

        let mut spend = Spend::default();
        let mut answers = Vec::with_capacity(asks.len());
        for tries in said {
            let tries = tries.into_iter().map(|said| said.expect("every call fills its tries"));
            let completed = tries.map(|said| {
                spend += said.spend();
                said.completion()
            });
            answers.push(completed.collect::<Vec<Completion>>());
        }
        Ok(Proposals { answers, spend })
    }

    fn version(&self) -> Result<Version> {
        Ok(Version(self.version.clone()))
    }

    fn tries_a_part(&self) -> usize {
        self.config.tries_a_part
    }
}
