//! Numbers about a run, and what each of them means.

use serde::{Deserialize, Serialize};

/// A declared number: its name is part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The name, TRL's where TRL has one.
    pub name: &'static str,
    /// What it measures, with its unit.
    pub meaning: &'static str,
}

macro_rules! metrics {
    ($($name:literal: $meaning:literal,)*) => { &[$(Metric { name: $name, meaning: $meaning },)*] };
}

/// The metrics that any run may report. A recipe declares its own in its [`crate::Card`].
pub const METRICS: &[Metric] = metrics! {
    "reward": "mean score of an attempt's judged answers",
    "reward_std": "standard deviation of the scores of an attempt",
    "frac_reward_zero_std": "share of groups whose scores are all equal",
    "completions/mean_length": "mean number of sampled tokens an answer",
    "completions/max_length": "largest number of sampled tokens in an answer",
    "completions/clipped_ratio": "share of answers cut off before they ended by themselves",
    "verdicts/errored_ratio": "share of answers whose judge failed",
    "verdicts/abstained_ratio": "share of answers that the judge did not score",
    "entropy": "mean entropy of the sampled tokens' distributions, in nats",
    "distinct_ratio": "share of distinct texts among the answers to one ask, averaged",
    "loss": "mean training loss of a learning step",
    "grad_norm": "mean global norm of the gradient before clipping",
    "learning_rate": "learning rate at the end of a learning step",
    "num_tokens": "tokens trained on in a learning step",
    "num_targets": "target tokens with a non-zero weight in a learning step",
    "num_rows": "rows trained on in a learning step",
    "optimizer_steps": "optimiser steps in a learning step",
    "logprob_gap_mean": "mean |sampler's - learner's| log-probability of the sampled tokens, in nats",
    "logprob_gap_max": "largest |sampler's - learner's| log-probability of a sampled token, in nats",
    "greedy": "share of evaluation problems solved by greedy decoding",
    "pass@1": "mean share of right answers on the evaluation problems",
    "pass@k": "unbiased probability that one of k answers is right, averaged over problems",
    "maj@k": "share of evaluation problems whose most frequent answer is right",
    "pass@1/low": "lower end of the 95 % interval of pass@1",
    "pass@1/high": "upper end of the 95 % interval of pass@1",
    "pass@k/low": "lower end of the 95 % interval of pass@k",
    "pass@k/high": "upper end of the 95 % interval of pass@k",
    "maj@k/low": "lower end of the 95 % interval of maj@k",
    "maj@k/high": "upper end of the 95 % interval of maj@k",
    "greedy/low": "lower end of the 95 % interval of greedy",
    "greedy/high": "upper end of the 95 % interval of greedy",
    "kept_ratio": "share of an attempt's answers that the learner keeps",
    "candidates": "items that a chain of rules was given",
    "kept": "items that passed every rule",
    "dropped": "items that the rule of this stage's name dropped",
    "duplicates": "share of generated items that were there already",
    "distinct": "distinct answers a prompt, averaged",
    "failed_ratio": "share of answers whose request failed",
    "label_accuracy": "share of training targets that are right, where the truth is known",
    "kl_from_base": "mean log-probability of held-out tokens under the base minus under the model, in nats",
    "other_skills": "share of right greedy answers on a task that the run does not train on",
    "loss_of_base": "loss on held-out pre-training rows, in nats a target",
};

/// Named numbers in the order of reporting.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics(pub Vec<(String, f64)>);

impl Metrics {
    /// Adds one number.
    pub fn push(&mut self, name: &str, value: f64) {
        self.0.push((name.to_owned(), value));
    }

    /// The number of that name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_declared_once() {
        let mut names: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        let n = names.len();
        names.dedup();
        assert_eq!(names.len(), n);
    }
}
