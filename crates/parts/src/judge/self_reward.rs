//! How likely the base finds its own answers: the reward of a model without any other judge.
//!
//! The base is the model as it was before it learned anything. Its log-probabilities are those that an
//! answer was sampled with, where the base itself answered at temperature 1, or come from a frozen copy
//! that reads every answer again. A reward taken from a model under training would follow that model.

use crate::evaluate::Vote;
use crate::learn::in_tokens;
use autodidact_core::chat::{Chat, Completion};
use autodidact_core::{Answer, Ask, Judge, Judged, Result, Verdict};
use autodidact_lm::Lm;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is rewarded, and which answers are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SelfRewardConfig {
    /// What the reward is.
    pub form: Likelihood,
    /// Answers of fewer sampled tokens, the end-of-sequence token among them, are left out: a sum over
    /// tokens prefers short answers.
    pub least_tokens: u32,
}

/// A reward made of an answer's own likelihood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Likelihood {
    /// The log-probability of the whole answer, its end included, in nats.
    #[default]
    Sum,
    /// That by token.
    Normalised,
    /// The logarithm of the mass of the answers that vote alike.
    Majority {
        /// How the mass is measured on the answers at hand.
        mass: Mass,
    },
}

/// How the mass of a final answer is measured on the answers at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mass {
    /// Their share of all answers that vote.
    #[default]
    Count,
    /// The sum of the probabilities of the distinct ones among them.
    Probability,
}

/// Where log-probabilities come from.
enum Source {
    Recorded,
    Scored(Box<Lm>),
}

/// Scores an answer by its likelihood under the base.
///
/// Answers that were cut off, are too short or vote for nothing where votes count are abstained from. An
/// answer without log-probabilities is an error where they are read off the answer. Verdicts carry the
/// parts `log_prob` (the sum, in nats) and `length` (sampled tokens), and with votes `share`.
pub struct SelfReward<'a> {
    config: SelfRewardConfig,
    source: Source,
    vote: &'a Vote,
}

impl<'a> SelfReward<'a> {
    /// Reads the log-probabilities that answers were sampled with: for answers of the base itself.
    pub fn recorded(config: &SelfRewardConfig, vote: &'a Vote) -> SelfReward<'a> {
        SelfReward { config: config.clone(), source: Source::Recorded, vote }
    }

    /// Scores answers with `base` as it is now; what it learns later does not matter. Answers that are only
    /// text are read in its own tokens.
    pub fn scored(config: &SelfRewardConfig, base: &Lm, vote: &'a Vote) -> Result<SelfReward<'a>> {
        Ok(SelfReward { config: config.clone(), source: Source::Scored(Box::new(base.detached()?)), vote })
    }

    /// The log-probabilities of every answer's sampled tokens, in the order of the answers, `None` where
    /// there are none; and how many tokens were read for it.
    fn logprobs(
        &self,
        asks: &[Ask<Chat>],
        answers: &[Vec<Completion>],
    ) -> Result<(Vec<Option<Vec<f32>>>, u64)> {
        let all =
            || asks.iter().zip(answers).flat_map(|(ask, tries)| tries.iter().map(move |one| (ask, one)));
        let base = match &self.source {
            Source::Recorded => return Ok((all().map(|(_, answer)| own(answer)).collect(), 0)),
            Source::Scored(base) => base,
        };
        let mut sequences = Vec::new();
        let mut sampled = Vec::new();
        for (ask, answer) in all() {
            let answer = in_tokens(base, &ask.query, answer)?;
            let prompt = match answer.prompt.is_empty() {
                true => base.render(&ask.query)?,
                false => answer.prompt.clone(),
            };
            let whole = [&prompt[..], &answer.tokens[..]].concat();
            // An answer of another model may be longer than the base can read.
            sampled.push((whole.len() <= base.context()).then_some(answer.sampled()));
            if whole.len() <= base.context() {
                sequences.push(whole);
            }
        }
        let read = sequences.iter().map(|tokens| tokens.len() as u64).sum();
        let mut scored = base.score(&sequences)?.into_iter();
        let tail = |n: Option<usize>| {
            let n = n?;
            let mut all = scored.next()?;
            Some(all.split_off(all.len().saturating_sub(n)))
        };
        Ok((sampled.into_iter().map(tail).collect(), read))
    }

    /// The verdicts on the answers to one ask.
    fn verdicts(
        &self,
        ask: &Ask<Chat>,
        answers: &[Completion],
        logprobs: &[Option<Vec<f32>>],
    ) -> Vec<Verdict> {
        let fit: Vec<Result<(f64, usize), Verdict>> =
            answers.iter().zip(logprobs).map(|(answer, logprobs)| self.fit(answer, logprobs)).collect();
        let Likelihood::Majority { mass } = self.config.form else {
            return fit.into_iter().map(|one| one.map_or_else(|why| why, |fit| self.plain(fit))).collect();
        };
        let votes: Vec<Option<String>> = (answers.iter().zip(&fit))
            .map(|(answer, fit)| fit.is_ok().then(|| (self.vote)(&ask.query, answer)).flatten())
            .collect();
        let shares = shares(answers, &fit, &votes, mass);
        let one = |(fit, vote): (Result<(f64, usize), Verdict>, &Option<String>)| match (fit, vote) {
            (Err(why), _) => why,
            (Ok(_), None) => Verdict::abstain("it has no final answer"),
            (Ok((log_prob, length)), Some(vote)) => {
                let share = shares[vote];
                parts(Verdict::score(share), log_prob, length).with("share", share.exp())
            }
        };
        fit.into_iter().zip(&votes).map(one).collect()
    }

    /// The sum of log-probabilities and the number of sampled tokens, or why the answer is left out.
    fn fit(&self, answer: &Completion, logprobs: &Option<Vec<f32>>) -> Result<(f64, usize), Verdict> {
        if answer.truncated() {
            return Err(Verdict::abstain("it was cut off"));
        }
        let logprobs = match logprobs {
            Some(logprobs) => logprobs,
            None => return Err(Verdict::error("the base has no log-probabilities of the answer", 0.0)),
        };
        if logprobs.len() < self.config.least_tokens as usize {
            let why = format!("it has fewer than {} tokens", self.config.least_tokens);
            return Err(Verdict::abstain(why));
        }
        Ok((logprobs.iter().map(|&logprob| f64::from(logprob)).sum(), logprobs.len()))
    }

    fn plain(&self, (log_prob, length): (f64, usize)) -> Verdict {
        let reward = match self.config.form {
            Likelihood::Normalised => log_prob / length.max(1) as f64,
            _ => log_prob,
        };
        parts(Verdict::score(reward), log_prob, length)
    }
}

/// The log-probabilities of the sampled tokens, if the answer carries them.
fn own(answer: &Completion) -> Option<Vec<f32>> {
    let sampled = answer.logprobs.get(answer.given as usize..)?;
    (!sampled.is_empty()).then(|| sampled.to_vec())
}

fn parts(verdict: Verdict, log_prob: f64, length: usize) -> Verdict {
    verdict.with("log_prob", log_prob).with("length", length as f64)
}

/// The logarithm of the mass of every final answer.
fn shares(
    answers: &[Completion],
    fit: &[Result<(f64, usize), Verdict>],
    votes: &[Option<String>],
    mass: Mass,
) -> BTreeMap<String, f64> {
    let mut masses: BTreeMap<String, f64> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let n = votes.iter().flatten().count() as f64;
    for ((answer, fit), vote) in answers.iter().zip(fit).zip(votes) {
        let (Ok((log_prob, _)), Some(vote)) = (fit, vote) else { continue };
        let added = match mass {
            Mass::Count => 1.0 / n,
            Mass::Probability if seen.insert((&answer.text, &answer.tokens)) => log_prob.exp(),
            Mass::Probability => 0.0,
        };
        // Probabilities of long answers leave the range of numbers; their logarithms must stay finite.
        *masses.entry(vote.clone()).or_insert(f64::MIN_POSITIVE) += added;
    }
    masses.into_iter().map(|(vote, mass)| (vote, mass.ln())).collect()
}

impl Judge<Chat> for SelfReward<'_> {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        let (logprobs, read) = self.logprobs(asks, answers)?;
        let mut rest = logprobs.as_slice();
        let verdicts = asks.iter().zip(answers).map(|(ask, tries)| {
            let (these, others) = rest.split_at(tries.len());
            rest = others;
            self.verdicts(ask, tries, these)
        });
        let mut judged = Judged { verdicts: verdicts.collect(), ..Judged::default() };
        judged.spend.scored_tokens = read;
        Ok(judged)
    }

    fn name(&self) -> String {
        let form = match self.config.form {
            Likelihood::Sum => "log-probability",
            Likelihood::Normalised => "log-probability a token",
            Likelihood::Majority { mass: Mass::Count } => "log share of votes",
            Likelihood::Majority { mass: Mass::Probability } => "log mass of votes",
        };
        let source = match &self.source {
            Source::Recorded => "as sampled".to_owned(),
            Source::Scored(base) => format!("under {}", base.model().version()),
        };
        format!("{form} {source}, at least {} tokens", self.config.least_tokens)
    }
}

#[cfg(test)]
mod tests;
