//! Learning from several right answers to one prompt: the losses of self-sampled solutions.
//!
//! With `P(y)` the probability of a whole target and `B` the targets of one prompt, MLE-Aug is
//! `-sum log P(y)`, MML is `-log sum P(y)` and beta-MML is `-(1/beta) log sum P(y)^beta`. The
//! gradient of each is `-sum w(y) grad log P(y)`: [`MultiTarget::loss`] gives the loss and the
//! weights, [`Targets`] turns them into pulls on tokens.

use crate::objective::{Objective, Pull, Row, Scored};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How several targets of one prompt count together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum MultiTarget {
    /// Every target counts fully: `-sum log P(y)`. With one target this is plain fine-tuning.
    #[default]
    MleAug,
    /// [`MultiTarget::MleAug`] over the number of targets.
    MleAugMean,
    /// The probability of any of them: `-log sum P(y)`; the likelier ones get the gradient.
    Mml,
    /// Between the two: `-(1/beta) log sum P(y)^beta`.
    BetaMml {
        /// In (0, 1]; 1 is MML, towards 0 all targets weigh the same.
        beta: f64,
    },
}

impl MultiTarget {
    /// The loss of one prompt's targets from their log-probabilities in nats, and the weight of each
    /// target, in order: `d loss / d logprob[i] = -weights[i]`. No targets give 0.
    pub fn loss(self, logprobs: &[f64]) -> (f64, Vec<f64>) {
        let n = logprobs.len() as f64;
        match self {
            _ if logprobs.is_empty() => (0.0, Vec::new()),
            MultiTarget::MleAug => (-logprobs.iter().sum::<f64>(), vec![1.0; logprobs.len()]),
            MultiTarget::MleAugMean => (-logprobs.iter().sum::<f64>() / n, vec![1.0 / n; logprobs.len()]),
            MultiTarget::Mml => tempered(logprobs, 1.0),
            MultiTarget::BetaMml { beta } => tempered(logprobs, beta),
        }
    }

    /// Whether the weight of a target depends on the other targets' probabilities.
    fn couples(self) -> bool {
        matches!(self, MultiTarget::Mml | MultiTarget::BetaMml { .. })
    }
}

fn tempered(logprobs: &[f64], beta: f64) -> (f64, Vec<f64>) {
    let highest = logprobs.iter().fold(f64::NEG_INFINITY, |high, &one| high.max(beta * one));
    let powers: Vec<f64> = logprobs.iter().map(|one| (beta * one - highest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    (-(highest + sum.ln()) / beta, powers.iter().map(|power| power / sum).collect())
}

/// Whether targets of different length count as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Length {
    /// The log-probability of a target is the sum over its tokens.
    #[default]
    Sum,
    /// That sum times the length of the prompt's longest target over the target's own.
    LikeLongest,
}

/// [`MultiTarget`] as an objective: the mean over prompts of the loss of each prompt's targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Targets {
    loss: MultiTarget,
    /// For each row of the whole batch: its prompt, how many targets that has, and the length factor.
    rows: Vec<Target>,
    /// How many prompts the batch has.
    prompts: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Target {
    prompt: usize,
    siblings: usize,
    factor: f64,
}

impl Targets {
    /// The objective of a batch in which `rows[i]` is a target of prompt `prompts[i]`.
    ///
    /// A row's log-probability is the sum over its targets of weight times log-probability: a weight
    /// of 1 marks answer tokens, 0 the question. `None` when the slices differ in length or `beta`
    /// is not in (0, 1].
    pub fn of(loss: MultiTarget, length: Length, prompts: &[usize], rows: &[Row]) -> Option<Targets> {
        let valid = match loss {
            MultiTarget::BetaMml { beta } => beta > 0.0 && beta <= 1.0,
            _ => true,
        };
        if !valid || prompts.len() != rows.len() {
            return None;
        }
        let own: Vec<usize> =
            rows.iter().map(|row| row.weight.iter().filter(|&&weight| weight != 0.0).count()).collect();
        let mut known: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for (&prompt, &len) in prompts.iter().zip(&own) {
            let (siblings, longest) = known.entry(prompt).or_default();
            *siblings += 1;
            *longest = (*longest).max(len);
        }
        let target = |(&prompt, &len): (&usize, &usize)| {
            let (siblings, longest) = known[&prompt];
            let factor = match length {
                Length::LikeLongest if len > 0 => longest as f64 / len as f64,
                _ => 1.0,
            };
            Target { prompt, siblings, factor }
        };
        Some(Targets { loss, rows: prompts.iter().zip(&own).map(target).collect(), prompts: known.len() })
    }
}

impl Objective for Targets {
    fn separable(&self) -> bool {
        !self.loss.couples()
    }

    fn pull(&self, at: &[usize], rows: &[&Row], scored: &[Scored]) -> (f64, Vec<Pull>) {
        let scale = 1.0 / self.prompts.max(1) as f64;
        let logprobs: Vec<f64> = (at.iter().zip(rows).zip(scored))
            .map(|((&at, row), scored)| {
                let sum: f64 = row
                    .weight
                    .iter()
                    .zip(&scored.logprob)
                    .map(|(&w, &lp)| f64::from(w) * f64::from(lp))
                    .sum();
                self.rows[at].factor * sum
            })
            .collect();
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (idx, &at) in at.iter().enumerate() {
            members.entry(self.rows[at].prompt).or_default().push(idx);
        }

        let mut total = 0.0;
        let mut pulls = vec![Pull::default(); rows.len()];
        for idxs in members.values() {
            let own: Vec<f64> = idxs.iter().map(|&idx| logprobs[idx]).collect();
            // The batch may arrive split: the number of targets is the prompt's, not the part's.
            let shares = match self.loss {
                MultiTarget::MleAugMean => idxs.len() as f64 / self.rows[at[idxs[0]]].siblings as f64,
                _ => 1.0,
            };
            let (loss, weights) = self.loss.loss(&own);
            total += scale * shares * loss;
            for (&idx, weight) in idxs.iter().zip(weights) {
                let pull = -scale * shares * weight * self.rows[at[idx]].factor;
                pulls[idx].logprob = rows[idx].weight.iter().map(|&w| (pull * f64::from(w)) as f32).collect();
            }
        }
        (total, pulls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [MultiTarget; 4] =
        [MultiTarget::MleAug, MultiTarget::MleAugMean, MultiTarget::Mml, MultiTarget::BetaMml { beta: 0.25 }];

    #[track_caller]
    fn check(loss: MultiTarget, expect: f64, weights: [f64; 2]) {
        let (found, found_weights) = loss.loss(&[0.2f64.ln(), 0.05f64.ln()]);
        assert!((found - expect).abs() < 5e-7, "{loss:?}: {found} != {expect}");
        for (found, expect) in found_weights.iter().zip(weights) {
            assert!((found - expect).abs() < 5e-7, "{loss:?}: {found} != {expect}");
        }
    }

    #[test]
    fn the_losses_and_weights_have_the_values_of_the_card() {
        check(MultiTarget::Mml, 1.386294, [0.8, 0.2]);
        check(MultiTarget::BetaMml { beta: 0.25 }, -0.529762, [0.585786, 0.414214]);
        check(MultiTarget::MleAug, 4.605170, [1.0, 1.0]);
        check(MultiTarget::MleAugMean, 4.605170 / 2.0, [0.5, 0.5]);
    }

    #[test]
    fn the_optimum_is_uniform_except_for_mml() {
        let (skewed, uniform) = ([0.7f64.ln(), 0.2f64.ln(), 0.1f64.ln()], [(1.0f64 / 3.0).ln(); 3]);
        let ln = 3f64.ln();
        assert!(MultiTarget::Mml.loss(&skewed).0.abs() < 1e-12);
        assert!(MultiTarget::Mml.loss(&uniform).0.abs() < 1e-12);
        let beta = MultiTarget::BetaMml { beta: 0.25 };
        assert!((beta.loss(&uniform).0 + 3.0 * ln).abs() < 1e-12); // -((1 - b) / b) ln 3
        assert!(beta.loss(&skewed).0 > beta.loss(&uniform).0);
        assert!((MultiTarget::MleAug.loss(&uniform).0 - 3.0 * ln).abs() < 1e-12);
        assert!(MultiTarget::MleAug.loss(&skewed).0 > 3.0 * ln);
    }

    #[test]
    fn a_small_beta_weighs_all_the_same() {
        let (_, weights) = MultiTarget::BetaMml { beta: 1e-9 }.loss(&[-1.0, -50.0, -3.0]);
        assert!(weights.iter().all(|weight| (weight - 1.0 / 3.0).abs() < 1e-6));
    }

    #[test]
    fn no_targets_cost_nothing() {
        for loss in ALL {
            assert_eq!(loss.loss(&[]), (0.0, vec![]));
        }
    }

    #[test]
    fn a_beta_outside_its_range_makes_no_objective() {
        for beta in [0.0, -1.0, 1.5, f64::NAN] {
            assert_eq!(Targets::of(MultiTarget::BetaMml { beta }, Length::Sum, &[], &[]), None);
        }
        assert_eq!(Targets::of(MultiTarget::Mml, Length::Sum, &[0], &[]), None);
    }

    #[test]
    fn a_shorter_target_is_stretched_to_the_longest() {
        let row = |n| Row { tokens: vec![0; n + 1], weight: vec![1.0; n] };
        let rows = [row(4), row(2)];
        let objective = Targets::of(MultiTarget::MleAug, Length::LikeLongest, &[0, 0], &rows).expect("valid");
        let scored = [4, 2].map(|n| Scored { logprob: vec![-1.0; n], entropy: vec![0.0; n] });
        let (loss, pulls) = objective.pull(&[0, 1], &[&rows[0], &rows[1]], &scored);
        assert_eq!(loss, 8.0);
        assert_eq!((pulls[0].logprob[0], pulls[1].logprob[0]), (-1.0, -2.0));
    }

    fn batch() -> impl Strategy<Value = (Vec<usize>, Vec<Row>, Vec<Vec<f32>>)> {
        let target = (0usize..3, prop::collection::vec((0u8..3, -3.0f32..0.0), 1..6));
        prop::collection::vec(target, 1..7).prop_map(|targets| {
            let prompts = targets.iter().map(|one| one.0).collect();
            let rows = targets
                .iter()
                .map(|(_, tokens)| Row {
                    tokens: vec![0; tokens.len() + 1],
                    weight: tokens.iter().map(|token| f32::from(token.0 > 0)).collect(),
                })
                .collect();
            let logprobs =
                targets.iter().map(|(_, tokens)| tokens.iter().map(|token| token.1).collect()).collect();
            (prompts, rows, logprobs)
        })
    }

    fn evaluate(objective: &Targets, at: &[usize], rows: &[Row], logprobs: &[Vec<f32>]) -> (f64, Vec<Pull>) {
        let picked: Vec<&Row> = at.iter().map(|&i| &rows[i]).collect();
        let scored: Vec<Scored> = at
            .iter()
            .map(|&i| Scored { logprob: logprobs[i].clone(), entropy: vec![0.0; logprobs[i].len()] })
            .collect();
        objective.pull(at, &picked, &scored)
    }

    proptest! {
        #[test]
        fn beta_1_is_mml_to_the_bit(logprobs in prop::collection::vec(-80.0f64..0.0, 1..8)) {
            prop_assert_eq!(
                MultiTarget::BetaMml { beta: 1.0 }.loss(&logprobs),
                MultiTarget::Mml.loss(&logprobs)
            );
        }

        #[test]
        fn every_pull_is_the_derivative((prompts, rows, logprobs) in batch(), stretched in any::<bool>()) {
            let length = if stretched { Length::LikeLongest } else { Length::Sum };
            let at: Vec<usize> = (0..rows.len()).collect();
            for loss in ALL {
                let objective = Targets::of(loss, length, &prompts, &rows).expect("valid");
                let (_, pulls) = evaluate(&objective, &at, &rows, &logprobs);
                for (i, pull) in pulls.iter().enumerate() {
                    for (t, &pull) in pull.logprob.iter().enumerate() {
                        // A power of two, so that the f32 step is exact.
                        let step = 1.0 / 1024.0;
                        let moved = |by: f32| {
                            let mut logprobs = logprobs.clone();
                            logprobs[i][t] += by;
                            (evaluate(&objective, &at, &rows, &logprobs).0, f64::from(logprobs[i][t]))
                        };
                        let ((up, x_up), (down, x_down)) = (moved(step), moved(-step));
                        let numeric = (up - down) / (x_up - x_down);
                        prop_assert!((numeric - f64::from(pull)).abs() < 1e-4, "{loss:?}: {numeric} != {pull}");
                    }
                }
            }
        }

        #[test]
        fn a_separable_loss_may_be_split((prompts, rows, logprobs) in batch(), cut in 0usize..7) {
            let at: Vec<usize> = (0..rows.len()).collect();
            let (left, right) = at.split_at(cut.min(rows.len()));
            for loss in ALL {
                let objective = Targets::of(loss, Length::Sum, &prompts, &rows).expect("valid");
                if !objective.separable() {
                    continue;
                }
                let (whole, pulls) = evaluate(&objective, &at, &rows, &logprobs);
                let (a, mut a_pulls) = evaluate(&objective, left, &rows, &logprobs);
                let (b, b_pulls) = evaluate(&objective, right, &rows, &logprobs);
                a_pulls.extend(b_pulls);
                prop_assert!((whole - a - b).abs() < 1e-9);
                for (one, other) in pulls.iter().zip(&a_pulls) {
                    for (x, y) in one.logprob.iter().zip(&other.logprob) {
                        prop_assert!((x - y).abs() < 1e-6);
                    }
                }
            }
        }
    }
}
