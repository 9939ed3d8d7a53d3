//! Recorded answers as a policy: a run through it repeats the run that recorded them.

use super::transcript::{Key, Transcript};
use autodidact_core::chat::Chat;
use autodidact_core::{Ask, Error, Policy, Proposals, Result, Seed, Spend, Version};
use autodidact_lm::Lm;
use std::path::Path;

/// Answers from a [`Transcript`], under the version of the policy that gave them. It never makes one up: a
/// prompt, a sampler's setting or a seed that was not recorded is an error.
pub struct Replay {
    transcript: Transcript,
    speaks: Speaks,
}

/// Whose answers are given.
enum Speaks {
    /// One policy's.
    For { policy: String, tries_a_part: usize },
    /// Those of the model under training, which has another version after every lesson.
    AsLearned(Lm),
}

impl Replay {
    /// Opens a transcript. `policy` is the version whose answers are meant; without one they are those of the
    /// only policy in it or, where there are several, of the one that is `lm` at the time: a run whose model
    /// answered itself.
    pub fn open(path: &Path, policy: Option<&str>, lm: &Lm) -> Result<Replay> {
        let transcript = Transcript::open(path)?;
        let policies = transcript.policies();
        let named = match policy {
            Some(name) => Some(policies.get_key_value(name).ok_or_else(|| {
                Error::unknown(format!("policy of {}", path.display()), name, policies.keys())
            })?),
            None if policies.len() == 1 => policies.first_key_value(),
            None if policies.is_empty() => {
                return Err(Error::Data {
                    path: path.to_owned(),
                    rule: "a transcript names the policy whose answers it holds".to_owned(),
                    found: "it is empty".to_owned(),
                });
            }
            None => None,
        };
        let speaks = match named {
            Some((name, &tries_a_part)) => Speaks::For { policy: name.clone(), tries_a_part },
            None => Speaks::AsLearned(lm.clone()),
        };
        Ok(Replay { transcript, speaks })
    }

    fn missing(&self, ask: &Ask<Chat>, attempt: u32) -> Error {
        let path = self.transcript.path().display();
        Error::invalid(
            format!("try {attempt} of prompt {}", ask.query.id),
            format!("among the {} answers recorded in {path}", self.transcript.len()),
            "not: the prompt's words, the sampler's settings or the run's seed are others than when it was \
             recorded; use those again, or record anew by running with the endpoint and its journal",
        )
    }
}

impl Policy<Chat> for Replay {
    fn propose(&self, asks: &[Ask<Chat>], seeds: &[Seed]) -> Result<Proposals<Chat>> {
        let policy = self.version()?.0;
        let mut spend = Spend::default();
        let mut answers = Vec::with_capacity(asks.len());
        for (ask, seed) in asks.iter().zip(seeds) {
            let mut tries = Vec::with_capacity(ask.tries as usize);
            for t in 0..ask.tries {
                let key = Key::of(&policy, &ask.query, &ask.knobs, seed.at("try", u64::from(t)));
                let said = self.transcript.find(&key)?.ok_or_else(|| self.missing(ask, t))?;
                spend += said.spend();
                tries.push(said.completion());
            }
            answers.push(tries);
        }
        Ok(Proposals { answers, spend })
    }

    fn version(&self) -> Result<Version> {
        match &self.speaks {
            Speaks::For { policy, .. } => Ok(Version(policy.clone())),
            Speaks::AsLearned(lm) => Policy::<Chat>::version(lm),
        }
    }

    fn tries_a_part(&self) -> usize {
        match &self.speaks {
            Speaks::For { tries_a_part, .. } => *tries_a_part,
            Speaks::AsLearned(lm) => Policy::<Chat>::tries_a_part(lm),
        }
    }
}
