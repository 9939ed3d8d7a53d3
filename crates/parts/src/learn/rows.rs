//! From answers to training rows, and from rows to updates.

use autodidact_core::chat::{Completion, Finish, Prompt};
use autodidact_core::{Error, Result, Seed};
use autodidact_lm::Lm;
use autodidact_math::Row;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The row of an answer: the prompt's tokens at weight 0, given tokens at `given_weight`, sampled
/// tokens at 1, the end-of-sequence token among them.
///
/// Token ids are those that were sampled, never those of the text encoded again.
pub fn row_of(answer: &Completion, given_weight: f32) -> Row {
    let tokens: Vec<u32> = answer.prompt.iter().chain(&answer.tokens).copied().collect();
    let n_given = (answer.given as usize).min(answer.tokens.len());
    let prompt = answer.prompt.len().saturating_sub(1);
    let mut weight = Vec::with_capacity(tokens.len().saturating_sub(1));
    weight.resize(prompt, 0.0);
    weight.resize(prompt + n_given, given_weight);
    weight.resize(prompt + answer.tokens.len(), 1.0);
    // Without a prompt the first token has nothing to be predicted from.
    if answer.prompt.is_empty() && !weight.is_empty() {
        weight.remove(0);
    }
    Row { tokens, weight }
}

/// A text as if `lm` had answered with it and ended: its tokens, then the end-of-sequence token.
/// Log-probabilities are left empty, as no model sampled it.
pub fn written(lm: &Lm, query: &Prompt, text: &str) -> Result<Completion> {
    let mut tokens = lm.tokenizer().encode(text)?;
    tokens.extend(lm.eos().first());
    Ok(Completion {
        prompt: lm.render(query)?,
        tokens,
        text: text.to_owned(),
        finish: Finish::Stop,
        ..Completion::default()
    })
}

/// The answer in tokens of `lm`: as it is where it has tokens, encoded where it is only text, as answers of
/// an endpoint are. One that was cut off gets no end-of-sequence token.
pub fn in_tokens<'a>(lm: &Lm, query: &Prompt, answer: &'a Completion) -> Result<Cow<'a, Completion>> {
    if !answer.tokens.is_empty() || answer.text.is_empty() {
        return Ok(Cow::Borrowed(answer));
    }
    let mut own = written(lm, query, &answer.text)?;
    if answer.finish == Finish::Length {
        own.tokens.pop();
        own.finish = Finish::Length;
    }
    Ok(Cow::Owned(own))
}

/// How much one lesson trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Amount {
    /// So many passes over the kept rows.
    Epochs {
        /// At least 1.
        epochs: u32,
    },
    /// So many optimiser steps, with as many passes as that takes.
    Steps {
        /// At least 1.
        steps: u64,
    },
}

/// How large one update is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Batch {
    /// Rows until their tokens, prompts included, reach this number; at least one row.
    Tokens {
        /// At least 1.
        tokens: u64,
    },
    /// This many rows.
    Rows {
        /// At least 1.
        rows: u32,
    },
}

/// What the loss of an update is a mean of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weigh {
    /// Of its target tokens: long answers count more.
    #[default]
    Tokens,
    /// Of its rows: each answer counts the same.
    Rows,
}

impl Amount {
    /// Fails when it is nothing.
    pub fn check(&self) -> Result<()> {
        match *self {
            Amount::Epochs { epochs: 0 } => Err(Error::invalid("sft.amount.epochs", "at least 1", 0)),
            Amount::Steps { steps: 0 } => Err(Error::invalid("sft.amount.steps", "at least 1", 0)),
            _ => Ok(()),
        }
    }
}

impl Batch {
    /// Fails when it is empty.
    pub fn check(&self) -> Result<()> {
        match *self {
            Batch::Tokens { tokens: 0 } => Err(Error::invalid("sft.batch.tokens", "at least 1", 0)),
            Batch::Rows { rows: 0 } => Err(Error::invalid("sft.batch.rows", "at least 1", 0)),
            _ => Ok(()),
        }
    }
}

impl Weigh {
    /// Scales the weights of an update's rows so that its loss is the mean this asks for.
    pub fn apply(self, rows: &mut [Row]) {
        if self == Weigh::Rows {
            for row in rows.iter_mut() {
                autodidact_math::sft::normalise(std::slice::from_mut(row));
            }
        }
        autodidact_math::sft::normalise(rows);
    }
}

/// The updates of a lesson as indices into its rows, whose lengths are given in tokens.
///
/// Every pass is shuffled by its own seed. The last update of a pass may be small; with a number of
/// steps the plan is cut there. No rows give no updates.
pub fn plan(lengths: &[usize], amount: Amount, batch: Batch, seed: Seed) -> Vec<Vec<usize>> {
    let mut updates = Vec::new();
    let (passes, most) = match amount {
        Amount::Epochs { epochs } => (u64::from(epochs), usize::MAX),
        Amount::Steps { steps } => (u64::MAX, steps as usize),
    };
    if lengths.is_empty() {
        return updates;
    }
    for pass in 0..passes {
        if updates.len() >= most {
            break;
        }
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.shuffle(&mut seed.at("pass", pass).rng());
        let (mut update, mut size) = (Vec::new(), 0);
        for idx in order {
            update.push(idx);
            let full = match batch {
                Batch::Rows { rows } => update.len() >= rows as usize,
                Batch::Tokens { tokens } => {
                    size += lengths[idx] as u64;
                    size >= tokens
                }
            };
            if full {
                updates.push(std::mem::take(&mut update));
                size = 0;
            }
        }
        if !update.is_empty() {
            updates.push(update);
        }
    }
    updates.truncate(most);
    updates
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_sampled_tokens_are_targets_and_the_end_is_among_them() {
        let answer = Completion {
            prompt: vec![256, 65, 66],
            tokens: vec![49, 50, 257],
            given: 1,
            ..Completion::default()
        };
        let row = row_of(&answer, 0.0);
        assert_eq!(row.tokens, [256, 65, 66, 49, 50, 257]);
        assert_eq!(row.weight, [0.0, 0.0, 0.0, 1.0, 1.0]);
        assert_eq!(row_of(&answer, 0.5).weight, [0.0, 0.0, 0.5, 1.0, 1.0]);
        let bare = Completion { prompt: vec![], given: 0, ..answer };
        assert_eq!(row_of(&bare, 0.0).weight, [1.0, 1.0]);
        assert_eq!(row_of(&Completion::default(), 0.0), Row::default());
    }

    #[test]
    fn an_answer_that_is_only_text_is_encoded_and_one_with_tokens_is_left_alone() {
        let shape =
            crate::Shape { hidden_size: 16, heads: 2, kv_heads: 1, layers: 1, ..crate::Shape::default() };
        let lm = crate::ModelConfig::Random { shape, seed: 1 }.open(|| unreachable!("it is random"));
        let lm = lm.expect("opens");
        let query = Prompt::text("q", "A");
        let text = Completion { text: "b".to_owned(), ..Completion::default() };
        let own = in_tokens(&lm, &query, &text).expect("encodes");
        assert_eq!(
            (own.prompt.as_slice(), own.tokens.as_slice()),
            ([256, 65].as_slice(), [98, 257].as_slice())
        );
        let cut = Completion { finish: Finish::Length, ..text };
        assert_eq!(in_tokens(&lm, &query, &cut).expect("encodes").tokens, [98]);
        let sampled = Completion { tokens: vec![99], ..cut };
        assert_eq!(*in_tokens(&lm, &query, &sampled).expect("has tokens"), sampled);
    }

    #[test]
    fn a_mean_over_rows_gives_every_row_the_same_weight() {
        let mut rows = vec![
            Row { tokens: vec![0; 3], weight: vec![0.0, 1.0] },
            Row { tokens: vec![0; 5], weight: vec![1.0; 4] },
        ];
        let mut tokens = rows.clone();
        Weigh::Rows.apply(&mut rows);
        assert_eq!(rows[0].weight, [0.0, 0.5]);
        assert_eq!(rows[1].weight, [0.125; 4]);
        Weigh::Tokens.apply(&mut tokens);
        assert_eq!(tokens[0].weight, [0.0, 0.2]);
    }

    #[test]
    fn a_number_of_steps_is_met_exactly_with_as_many_passes_as_it_takes() {
        let updates = plan(&[10; 5], Amount::Steps { steps: 7 }, Batch::Rows { rows: 2 }, Seed::root(1));
        assert_eq!(updates.len(), 7);
        assert!(plan(&[], Amount::Steps { steps: 7 }, Batch::Rows { rows: 2 }, Seed::root(1)).is_empty());
    }

    proptest! {
        #[test]
        fn every_pass_holds_every_row_once(
            lengths in prop::collection::vec(1usize..50, 1..40),
            epochs in 1u32..4,
            tokens in 1u64..200,
        ) {
            let updates =
                plan(&lengths, Amount::Epochs { epochs }, Batch::Tokens { tokens }, Seed::root(3));
            let mut count = vec![0; lengths.len()];
            for update in &updates {
                prop_assert!(!update.is_empty());
                let all_but_last: usize = update[..update.len() - 1].iter().map(|&i| lengths[i]).sum();
                prop_assert!((all_but_last as u64) < tokens);
                update.iter().for_each(|&i| count[i] += 1);
            }
            prop_assert!(count.iter().all(|&n| n == epochs));
        }
    }
}
