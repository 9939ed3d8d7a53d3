//! Which prompts a round of RAFT asks, and how long their answers may be.

use super::Raft;
use autodidact_core::chat::{Chat, Prompt, Sampling};
use autodidact_core::{Ask, Error, Result, Run, Split};
use autodidact_lm::Lm;
use autodidact_parts::OpenTask;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Whether prompts come back in later rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Prompts {
    /// Every round draws anew.
    #[default]
    Drawn,
    /// A set is drawn once and used up; the run ends with it.
    Once {
        /// Size of the set.
        set: u32,
    },
}

/// How long answers may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum AnswerLength {
    /// As long as the sampling settings say.
    #[default]
    Fixed,
    /// Each prompt draws its limit from `from..to`.
    Uniform {
        /// The least limit, in tokens.
        from: u32,
        /// Above the largest limit.
        to: u32,
    },
}

impl AnswerLength {
    /// Fails on an empty range.
    pub fn check(&self) -> Result<()> {
        match *self {
            AnswerLength::Uniform { from, to } if from == 0 || to <= from => {
                Err(Error::invalid("length.to", format!("above from = {from}, and from above 0"), to))
            }
            _ => Ok(()),
        }
    }
}

/// Prompts by round.
pub struct Source {
    /// What is left of a set that is used up.
    left: Option<Vec<Prompt>>,
}

impl Source {
    /// At the beginning of a run, before its first round.
    pub fn of(recipe: &Raft, task: &OpenTask, run: &Run<'_>) -> Result<Source> {
        let left = match recipe.reuse {
            Prompts::Drawn => None,
            Prompts::Once { set } => Some(task.task.draw(Split::Train, set as usize, &mut run.rng("set"))?),
        };
        Ok(Source { left })
    }

    /// The next round's asks; none when a set is used up.
    pub fn asks(&mut self, recipe: &Raft, lm: &Lm, task: &OpenTask, run: &Run<'_>) -> Result<Vec<Ask<Chat>>> {
        let n = recipe.prompts as usize;
        let queries = match &mut self.left {
            None => task.task.draw(Split::Train, n, &mut run.rng("prompts"))?,
            Some(left) => left.drain(..n.min(left.len())).collect(),
        };
        let mut lengths = run.rng("lengths");
        let mut asks = Vec::with_capacity(queries.len());
        for query in queries {
            // Drawn before anything is left out, so that one long prompt does not shift the others.
            let max_tokens = match recipe.length {
                AnswerLength::Fixed => recipe.sampling.max_tokens,
                AnswerLength::Uniform { from, to } => lengths.random_range(from..to),
            };
            if lm.render(&query)?.len() <= recipe.max_prompt_tokens as usize {
                let knobs = Sampling { max_tokens, ..recipe.sampling.clone() };
                asks.push(Ask { query, knobs, tries: recipe.answers_a_prompt() });
            }
        }
        Ok(asks)
    }
}
