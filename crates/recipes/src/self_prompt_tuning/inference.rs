//! Answering in a role that the model writes itself: in one pass or in two, with a vote over roles.

use super::Words;
use crate::asked::question;
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Answer, Ask, Error, Policy, Proposals, Result, Seed, Version};
use autodidact_math::estimate::majority;
use autodidact_parts::evaluate::Vote;
use serde::{Deserialize, Serialize};

/// How questions are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Inference {
    /// How a role comes before the answer.
    pub passes: Passes,
    /// Roles a try; their answers vote, and the first of the winners is the answer.
    pub roles: u32,
}

/// How a role comes before the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Passes {
    /// The model writes role and answer in one go.
    #[default]
    One,
    /// The model writes a role; a second call is asked in that role.
    Two,
    /// The role is the question's field `role`, and only the answer is written.
    Given,
}

impl Default for Inference {
    fn default() -> Inference {
        Inference { passes: Passes::One, roles: 1 }
    }
}

impl Inference {
    /// Fails without a role.
    pub fn check(&self) -> Result<()> {
        match self.roles {
            0 => Err(Error::invalid("inference.roles", "at least 1", 0)),
            _ => Ok(()),
        }
    }
}

/// A policy around a policy: its answers hold a role and an answer, joined by the layout.
pub struct SelfPrompted<'a> {
    /// Who writes.
    pub inner: &'a dyn Policy<Chat>,
    /// Prompts and layout.
    pub words: Words<'a>,
    /// How.
    pub how: Inference,
    /// What an output votes for.
    pub vote: &'a Vote,
}

impl Policy<Chat> for SelfPrompted<'_> {
    fn propose(&self, asks: &[Ask<Chat>], seeds: &[Seed]) -> Result<Proposals<Chat>> {
        let wide: Vec<Ask<Chat>> =
            asks.iter().map(|ask| Ask { tries: ask.tries * self.how.roles, ..ask.clone() }).collect();
        let Proposals { answers, spend } = match self.how.passes {
            Passes::One => self.inner.propose(&wide, seeds)?,
            Passes::Two => self.in_two(&wide, seeds)?,
            Passes::Given => self.given(&wide, seeds)?,
        };
        let roles = self.how.roles as usize;
        let voted = |(ask, answers): (&Ask<Chat>, Vec<Completion>)| {
            answers.chunks(roles).map(|tries| self.winner(&ask.query, tries)).collect()
        };
        Ok(Proposals { answers: asks.iter().zip(answers).map(voted).collect(), spend })
    }

    fn version(&self) -> Result<Version> {
        let example = Prompt::text("", "{question}").with("question", "{question}");
        let in_role = self.words.prompt("in_role", &example, "{question}", "{role}")?;
        let digest = Seed::root(0).at(&format!("{:?} {:?}", in_role.body, self.words.segments), 0).number();
        Ok(Version(format!("{} in {:?} roles {digest:016x}", self.inner.version()?.0, self.how)))
    }
}

impl SelfPrompted<'_> {
    /// The first of the outputs whose answer most of them give.
    fn winner(&self, query: &Prompt, tries: &[Completion]) -> Completion {
        let votes: Vec<Option<String>> = tries.iter().map(|one| (self.vote)(query, one)).collect();
        tries[majority(&votes).unwrap_or(0)].clone()
    }

    /// A role first, and the answer by a second call.
    fn in_two(&self, asks: &[Ask<Chat>], seeds: &[Seed]) -> Result<Proposals<Chat>> {
        let close = self.words.segments.parts[0].close.clone();
        let first: Vec<Ask<Chat>> = asks
            .iter()
            .map(|ask| {
                let knobs = Sampling { stop: vec![close.clone()], ..ask.knobs.clone() };
                Ask { knobs, ..ask.clone() }
            })
            .collect();
        let Proposals { answers: firsts, spend } = self.inner.propose(&first, seeds)?;
        let role = |answer: &Completion| self.words.role(&answer.text);
        let roles: Vec<Vec<Option<String>>> =
            firsts.iter().map(|tries| tries.iter().map(role).collect()).collect();
        // Without a role the first output is all there is; that it does not split is counted by who reads it.
        let mut second = self.answered(asks, &roles, firsts, seeds)?;
        second.spend += spend;
        Ok(second)
    }

    /// The answer in the role that the question carries.
    fn given(&self, asks: &[Ask<Chat>], seeds: &[Seed]) -> Result<Proposals<Chat>> {
        let roles: Vec<Vec<Option<String>>> = asks
            .iter()
            .map(|ask| vec![ask.query.field("role").map(str::to_owned); ask.tries as usize])
            .collect();
        let none = asks.iter().map(|ask| vec![Completion::default(); ask.tries as usize]).collect();
        self.answered(asks, &roles, none, seeds)
    }

    /// Answers in these roles, joined with them; the output of `firsts` where there is no role.
    fn answered(
        &self,
        asks: &[Ask<Chat>],
        roles: &[Vec<Option<String>>],
        firsts: Vec<Vec<Completion>>,
        seeds: &[Seed],
    ) -> Result<Proposals<Chat>> {
        let (mut places, mut inner, mut own) = (Vec::new(), Vec::new(), Vec::new());
        for (i, (ask, roles)) in asks.iter().zip(roles).enumerate() {
            for (t, role) in roles.iter().enumerate() {
                let Some(role) = role else { continue };
                let query = self.words.prompt("in_role", &ask.query, &question(&ask.query), role)?;
                inner.push(Ask { query, knobs: ask.knobs.clone(), tries: 1 });
                own.push(seeds[i].at("try", t as u64).at("in role", 0));
                places.push((i, t));
            }
        }
        let proposals = self.inner.propose(&inner, &own)?;
        let mut answers = firsts;
        for ((i, t), tries) in places.into_iter().zip(proposals.answers) {
            let (Some(role), Some(answer)) = (&roles[i][t], tries.into_iter().next()) else { continue };
            answers[i][t] = self.joined(role, answer);
        }
        Ok(Proposals { answers, spend: proposals.spend })
    }

    /// The output of a role and an answer. Its tokens are left empty: they stand in two calls.
    fn joined(&self, role: &str, answer: Completion) -> Completion {
        if answer.failure().is_some() {
            return answer;
        }
        let Completion { text, finish, .. } = &answer;
        match self.words.segments.join(&[role, text]) {
            Ok(text) => Completion { text, finish: *finish, ..Completion::default() },
            Err(_) => answer,
        }
    }
}
