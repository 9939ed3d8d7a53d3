//! Self-rethinking: a model checks its answer against earlier mistakes and redoes it on suspicion.

use super::errors::Item;
use super::transcript::{Transcript, Turn, says_yes};
use crate::asked::question;
use autodidact_core::chat::{Chat, Completion, Finish, Prompt, Sampling};
use autodidact_core::{Answer, Ask, Error, Policy, Proposals, Result, Rng, Seed, Spend, Version};
use autodidact_parts::wording::Prompts;
use rand::seq::IndexedRandom;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How an answer is rethought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RethinkConfig {
    /// The most checks (k); 0 is plain chain of thought.
    pub checks: u32,
    /// What of the error set is shown.
    pub material: Vec<Material>,
    /// Mistakes shown with their causes and solutions; all of their types are.
    pub shown: u32,
    /// Whether a last call extracts the answer.
    pub extract: bool,
    /// How answers are sampled.
    pub sampling: Sampling,
    /// How checks are sampled.
    pub checking: Sampling,
}

/// A kind of mistake material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Material {
    /// The names of the types of mistakes.
    Types,
    /// Why answers went wrong.
    Causes,
    /// Right solutions.
    Right,
    /// Wrong solutions.
    Wrong,
}

impl Default for RethinkConfig {
    fn default() -> RethinkConfig {
        RethinkConfig {
            checks: 1,
            material: vec![Material::Types, Material::Causes, Material::Right, Material::Wrong],
            shown: 2,
            extract: true,
            sampling: Sampling { temperature: 0.7, max_tokens: 512, ..Sampling::default() },
            checking: Sampling { temperature: 0.0, max_tokens: 128, ..Sampling::default() },
        }
    }
}

impl RethinkConfig {
    /// Fails on material that is named twice.
    pub fn check(&self) -> Result<()> {
        let distinct: BTreeSet<Material> = self.material.iter().copied().collect();
        match distinct.len() == self.material.len() {
            true => Ok(()),
            false => {
                Err(Error::invalid("rethink.material", "kinds that differ", format!("{:?}", self.material)))
            }
        }
    }
}

/// Mistake material in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remembered(pub String);

impl Remembered {
    /// Draws from an error set what the settings ask for; nothing where they ask for nothing.
    pub fn draw(how: &RethinkConfig, items: &[Item], prompts: &Prompts, rng: &mut Rng) -> Result<Remembered> {
        let types: BTreeSet<&str> = items.iter().map(|item| item.kind.as_str()).collect();
        let types = types.into_iter().collect::<Vec<_>>().join(", ");
        let drawn: Vec<&Item> = (0..how.shown).filter_map(|_| items.choose(rng)).collect();
        let mut pieces = Vec::new();
        for kind in &how.material {
            let name = match kind {
                Material::Types => {
                    pieces.push(piece(prompts, "material_types", &[("types", &types)])?);
                    continue;
                }
                Material::Causes => "material_cause",
                Material::Right => "material_right",
                Material::Wrong => "material_wrong",
            };
            for item in &drawn {
                let holes = [
                    ("question", item.question.as_str()),
                    ("cause", item.cause.as_str()),
                    ("reference", item.reference.as_str()),
                    ("given", item.wrong.as_str()),
                ];
                pieces.push(piece(prompts, name, &holes)?);
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        Ok(Remembered(pieces.join("\n")))
    }
}

fn piece(prompts: &Prompts, name: &str, holes: &[(&str, &str)]) -> Result<String> {
    Ok(question(&prompts.fill(name, name, holes)?))
}

/// A policy around policies: thinks, checks, and redoes what is flagged.
pub struct Rethink<'a> {
    /// Who solves.
    pub thinker: &'a dyn Policy<Chat>,
    /// Who checks; usually the same.
    pub checker: &'a dyn Policy<Chat>,
    /// The prompts.
    pub prompts: &'a Prompts,
    /// How.
    pub how: &'a RethinkConfig,
    /// What is shown of earlier mistakes; nothing is the control without material.
    pub material: &'a Remembered,
}

/// One answer under way.
struct Case {
    seed: Seed,
    query: Prompt,
    question: String,
    turns: Vec<Turn>,
    given: String,
    finish: Finish,
    /// Whether a check may follow.
    open: bool,
    failure: Option<String>,
}

impl Policy<Chat> for Rethink<'_> {
    /// The settings' own sampling is used; the asks' knobs are not.
    fn propose(&self, asks: &[Ask<Chat>], seeds: &[Seed]) -> Result<Proposals<Chat>> {
        let mut spend = Spend::default();
        let mut cases = Vec::new();
        for (ask, seed) in asks.iter().zip(seeds) {
            let question = question(&ask.query);
            cases.extend((0..ask.tries).map(|t| Case {
                seed: seed.at("try", u64::from(t)),
                query: ask.query.clone(),
                question: question.clone(),
                turns: Vec::new(),
                given: String::new(),
                finish: Finish::Stop,
                open: true,
                failure: None,
            }));
        }
        self.solve("think", 0, &mut cases, &mut spend)?;
        for check in 1..=u64::from(self.how.checks) {
            let name = if self.material.0.is_empty() { "check_bare" } else { "check" };
            let said = self.call(self.checker, name, check, &self.how.checking, &mut cases, &mut spend)?;
            for (i, answer) in said {
                cases[i].open = says_yes(&answer.text);
                cases[i].turns.push(Turn::Check(answer.text));
            }
            let name = if self.material.0.is_empty() { "redo_bare" } else { "redo" };
            self.solve(name, check, &mut cases, &mut spend)?;
        }
        if self.how.extract {
            cases.iter_mut().for_each(|case| case.open = true);
            let said = self.call(self.thinker, "final", 0, &self.how.checking, &mut cases, &mut spend)?;
            for (i, answer) in said {
                cases[i].turns.push(Turn::Final(answer.text));
            }
        }
        let mut cases = cases.into_iter();
        let answers = asks.iter().map(|ask| cases.by_ref().take(ask.tries as usize).map(finished).collect());
        Ok(Proposals { answers: answers.collect(), spend })
    }

    fn version(&self) -> Result<Version> {
        let example = [("question", "{}"), ("given", "{}"), ("material", self.material.0.as_str())];
        let mut wording = format!("{:?}", self.how);
        for name in ["think", "check", "check_bare", "redo", "redo_bare", "final"] {
            wording.push_str(&format!("{:?}", self.prompts.fill(name, "", &example)?.body));
        }
        let digest = Seed::root(0).at(&wording, 0).number();
        let (thinker, checker) = (self.thinker.version()?.0, self.checker.version()?.0);
        Ok(Version(format!("{thinker} checked by {checker} in {digest:016x}")))
    }
}

impl Rethink<'_> {
    /// A solution of every open case.
    fn solve(&self, name: &str, place: u64, cases: &mut [Case], spend: &mut Spend) -> Result<()> {
        for (i, answer) in self.call(self.thinker, name, place, &self.how.sampling, cases, spend)? {
            cases[i].turns.push(Turn::Attempt(answer.text.clone()));
            (cases[i].given, cases[i].finish) = (answer.text, answer.finish);
        }
        Ok(())
    }

    /// One call for every open case, with the case's place; a failed call closes its case.
    fn call(
        &self,
        policy: &dyn Policy<Chat>,
        name: &str,
        place: u64,
        sampling: &Sampling,
        cases: &mut [Case],
        spend: &mut Spend,
    ) -> Result<Vec<(usize, Completion)>> {
        let (mut places, mut asks, mut seeds) = (Vec::new(), Vec::new(), Vec::new());
        for (i, case) in cases.iter().enumerate().filter(|(_, case)| case.open && case.failure.is_none()) {
            let holes = [
                ("question", case.question.as_str()),
                ("given", case.given.as_str()),
                ("material", self.material.0.as_str()),
            ];
            let asked = self.prompts.fill(name, &case.query.id, &holes)?;
            let query = Prompt { fields: case.query.fields.clone(), ..asked };
            asks.push(Ask { query, knobs: sampling.clone(), tries: 1 });
            seeds.push(case.seed.at(name, place));
            places.push(i);
        }
        if asks.is_empty() {
            return Ok(Vec::new());
        }
        let proposals = policy.propose(&asks, &seeds)?;
        *spend += proposals.spend;
        let mut said = Vec::new();
        for (i, tries) in places.into_iter().zip(proposals.answers) {
            let Some(answer) = tries.into_iter().next() else { continue };
            match answer.failure() {
                Some(reason) => cases[i].failure = Some(reason.to_owned()),
                None => said.push((i, answer)),
            }
        }
        Ok(said)
    }
}

fn finished(case: Case) -> Completion {
    match case.failure {
        Some(reason) => Completion::failed(reason),
        None => {
            let text = Transcript(case.turns).text();
            Completion { text, finish: case.finish, ..Completion::default() }
        }
    }
}
