//! How a model answers: at once, or by refining its first answer by its own criticism.

use super::roles::whole;
use super::{Criticism, Roles};
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Ask, Policy, Proposals, Result, Seed, Spend, Version};
use autodidact_parts::evaluate::Vote;
use std::collections::BTreeMap;

/// A policy that is asked bare questions and answers in the wording of the roles.
pub struct Direct<'a> {
    inner: &'a dyn Policy<Chat>,
    roles: &'a Roles,
}

impl<'a> Direct<'a> {
    /// Answers as `inner` does to the prompt for an answer.
    pub fn of(inner: &'a dyn Policy<Chat>, roles: &'a Roles) -> Direct<'a> {
        Direct { inner, roles }
    }
}

impl Policy<Chat> for Direct<'_> {
    fn propose(&self, asks: &[Ask<Chat>], seeds: &[Seed]) -> Result<Proposals<Chat>> {
        let one = |ask: &Ask<Chat>| Ok(Ask { query: self.roles.answer(&ask.query)?, ..ask.clone() });
        self.inner.propose(&asks.iter().map(one).collect::<Result<Vec<_>>>()?, seeds)
    }

    fn version(&self) -> Result<Version> {
        Ok(Version(format!("direct {}", self.inner.version()?.0)))
    }
}

/// A policy that answers, criticises its answer and returns what it refined it to; with several samples, the
/// refined answer that most of them agree on.
///
/// Where criticism or refinement fail or are cut off, the first answer stands.
pub struct Refine<'a> {
    inner: &'a dyn Policy<Chat>,
    roles: &'a Roles,
    vote: &'a Vote,
    samples: u32,
}

impl<'a> Refine<'a> {
    /// Refines the answers of `inner`; of `samples` refined answers (at least 1) the one that wins the vote is
    /// given, the earliest on ties.
    pub fn of(inner: &'a dyn Policy<Chat>, roles: &'a Roles, vote: &'a Vote, samples: u32) -> Refine<'a> {
        Refine { inner, roles, vote, samples: samples.max(1) }
    }

    /// One reply to each prompt, sampled like the ask it belongs to.
    fn reply(
        &self,
        what: &str,
        prompts: Vec<(Prompt, &Sample<'_>)>,
        spend: &mut Spend,
    ) -> Result<Vec<Completion>> {
        let seeds: Vec<Seed> = prompts.iter().map(|(_, sample)| sample.seed.at(what, 0)).collect();
        let ask =
            |(query, sample): (Prompt, &Sample<'_>)| Ask { query, knobs: sample.ask.knobs.clone(), tries: 1 };
        let asks: Vec<Ask<Chat>> = prompts.into_iter().map(ask).collect();
        let proposals = self.inner.propose(&asks, &seeds)?;
        *spend += proposals.spend;
        Ok(proposals.answers.into_iter().map(|mut tries| tries.pop().unwrap_or_default()).collect())
    }
}

/// One of the refined answers that are wanted.
struct Sample<'a> {
    ask: &'a Ask<Chat>,
    seed: Seed,
}

impl Policy<Chat> for Refine<'_> {
    fn propose(&self, asks: &[Ask<Chat>], seeds: &[Seed]) -> Result<Proposals<Chat>> {
        let mut spend = Spend::default();
        let mut samples = Vec::new();
        for (ask, seed) in asks.iter().zip(seeds) {
            for index in 0..u64::from(ask.tries) {
                let of_try = seed.at("try", index);
                samples.extend(
                    (0..u64::from(self.samples)).map(|s| Sample { ask, seed: of_try.at("sample", s) }),
                );
            }
        }
        let prompts = samples.iter().map(|one| Ok((self.roles.answer(&one.ask.query)?, one)));
        let mut answers = self.reply("answer", prompts.collect::<Result<_>>()?, &mut spend)?;

        let answered: Vec<usize> = (0..answers.len()).filter(|&i| whole(&answers[i]).is_some()).collect();
        let mut prompts = Vec::with_capacity(answered.len());
        for &i in &answered {
            let response = whole(&answers[i]).unwrap_or_default();
            prompts.push((self.roles.criticise(&samples[i].ask.query, response)?, &samples[i]));
        }
        let replies = self.reply("feedback", prompts, &mut spend)?;
        let mut to_refine = Vec::new();
        let mut prompts = Vec::new();
        for (&i, reply) in answered.iter().zip(&replies) {
            let Some(text) = whole(reply) else { continue };
            let response = whole(&answers[i]).unwrap_or_default().to_owned();
            let said = self.roles.read(&response, text);
            match (self.roles.criticism(), said.refined) {
                (Criticism::Separate, _) => {
                    let query = &samples[i].ask.query;
                    prompts.push((self.roles.refine(query, &response, &said.feedback)?, &samples[i]));
                    to_refine.push(i);
                }
                (Criticism::Combined, Some(refined)) if refined != response => {
                    answers[i] = Completion { text: refined, ..Completion::default() };
                }
                (Criticism::Combined, _) => {}
            }
        }
        for (i, refined) in to_refine.into_iter().zip(self.reply("refine", prompts, &mut spend)?) {
            if whole(&refined).is_some() {
                answers[i] = refined;
            }
        }

        let mut answers = answers.into_iter();
        let mut one =
            |ask: &Ask<Chat>| elected(self.vote, &ask.query, answers.by_ref().take(self.samples as usize));
        let answers = asks.iter().map(|ask| (0..ask.tries).map(|_| one(ask)).collect()).collect();
        Ok(Proposals { answers, spend })
    }

    fn version(&self) -> Result<Version> {
        Ok(Version(format!("refine {} of {}", self.samples, self.inner.version()?.0)))
    }
}

/// The first answer that votes for what most vote for, the earliest on ties; the first of all where none votes.
fn elected(vote: &Vote, query: &Prompt, answers: impl Iterator<Item = Completion>) -> Completion {
    let answers: Vec<Completion> = answers.collect();
    let votes: Vec<Option<String>> = answers.iter().map(|answer| vote(query, answer)).collect();
    let mut tally: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (place, value) in votes.iter().enumerate().filter_map(|(place, vote)| Some((place, vote.as_deref()?)))
    {
        tally.entry(value).or_insert((0, place)).0 += 1;
    }
    let winner = tally.values().max_by_key(|(count, place)| (*count, std::cmp::Reverse(*place)));
    let place = winner.map_or(0, |(_, place)| *place);
    answers.into_iter().nth(place).unwrap_or_default()
}
