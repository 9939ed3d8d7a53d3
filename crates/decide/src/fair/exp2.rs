//! Exp2 over a finite class of rules, with one-sided labels and the panel's pairs in one loss.

use super::{Decision, Feedback, Labels, Person, Rule, chances};
use autodidact_core::Rng;
use autodidact_math::bandit::{exp2, one_sided};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

/// The state: rules with the sums of their estimated losses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exp2 {
    rules: Vec<Rule>,
    losses: Vec<f64>,
    eta: f64,
    explore: f64,
    weight: f64,
    labels: Labels,
}

impl Exp2 {
    /// Nothing learned yet. `eta` is the rate, `explore` (xi) the chance of accepting everyone, `weight` (C)
    /// what a reported pair costs in 0-1 errors. With all `labels` nothing is weighted by its chance.
    pub fn new(rules: Vec<Rule>, eta: f64, explore: f64, weight: f64, labels: Labels) -> Exp2 {
        Exp2 { losses: vec![0.0; rules.len()], rules, eta, explore, weight, labels }
    }

    /// The weights of the rules now, exploration apart.
    pub fn weights(&self) -> Vec<f64> {
        let mut weights = vec![0.0; self.losses.len()];
        exp2::weights(&self.losses, self.eta, &mut weights);
        weights
    }

    /// Draws one rule, or acceptance of everyone, for all people of a round.
    pub fn decide(&self, people: &[Person], rng: &mut Rng) -> Decision {
        let weights = self.weights();
        let chance = chances(&self.rules, &weights, people)
            .into_iter()
            .map(|chance| (self.explore + (1.0 - self.explore) * chance).min(1.0))
            .collect();
        let accept = if rng.random::<f64>() < self.explore {
            vec![true; people.len()]
        } else {
            let mut left = rng.random::<f64>();
            let drawn = weights.iter().position(|weight| {
                left -= weight;
                left < 0.0
            });
            let rule = &self.rules[drawn.unwrap_or(self.rules.len() - 1)];
            people.iter().map(|person| rule.accepts(person)).collect()
        };
        Decision { accept, chance }
    }

    /// Adds a round's estimated losses.
    pub fn learn(&mut self, people: &[Person], decision: &Decision, feedback: &Feedback) {
        let gains = accept_gains(decision, feedback, self.labels);
        // Half, because the shift halved the errors.
        let half = 0.5 * self.weight;
        for (rule, loss) in self.rules.iter().zip(&mut self.losses) {
            for (person, gain) in people.iter().zip(&gains) {
                *loss += 0.5 + if rule.accepts(person) { *gain } else { 0.0 };
            }
            if let Some((favoured, slighted)) = feedback.report {
                let of = |i: usize| f64::from(u8::from(rule.accepts(&people[i])));
                *loss += one_sided::pair(of(favoured), of(slighted), half);
            }
        }
    }
}

/// What accepting each person adds to a rule's loss.
fn accept_gains(decision: &Decision, feedback: &Feedback, labels: Labels) -> Vec<f64> {
    let gain = |(label, chance): (&Option<bool>, &f64)| match labels {
        Labels::OneSided => one_sided::accept_estimate(*label, *chance),
        Labels::All => one_sided::accept_estimate(*label, 1.0),
    };
    feedback.labels.iter().zip(&decision.chance).map(gain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fair::{RuleGrid, Stream, StreamJudge};
    use autodidact_core::{Ask, Judge, Seed};

    /// Plays rounds of a stream; `heed` says whether the learner is told of reports.
    fn play(stream: &Stream, mut learner: Exp2, rounds: u64, heed: bool) -> Exp2 {
        let seed = Seed::root(3);
        let judge = StreamJudge::of(stream, seed);
        for round in 0..rounds {
            let batch = stream.batch(seed, round);
            let decision = learner.decide(&batch.people, &mut seed.at("draw", round).rng());
            let ask = Ask { query: batch.clone(), knobs: (), tries: 1 };
            let judged = judge.judge(&[ask], &[vec![decision.clone()]]).expect("judges");
            let mut feedback = Feedback::of(&judged.verdicts[0][0], batch.people.len());
            if !heed {
                feedback.report = None;
            }
            learner.learn(&batch.people, &decision, &feedback);
        }
        learner
    }

    fn learner(weight: f64, labels: Labels) -> Exp2 {
        Exp2::new(RuleGrid::default().rules(), 0.02, 0.05, weight, labels)
    }

    #[test]
    fn without_weight_on_fairness_reports_change_nothing() {
        // Without tolerance reports come from the first rounds on.
        let stream = Stream { tolerance: 0.0, ..Stream::default() };
        let one = play(&stream, learner(0.0, Labels::OneSided), 200, true);
        let other = play(&stream, learner(0.0, Labels::OneSided), 200, false);
        assert_eq!(one, other);
        let heeding = play(&stream, learner(5.0, Labels::OneSided), 200, true);
        assert!(one.losses != heeding.losses, "no report came");
    }

    #[test]
    fn one_person_a_round_is_apple_tasting() {
        let stream = Stream { people: 1, ..Stream::default() };
        let one = play(&stream, learner(5.0, Labels::OneSided), 400, true);
        let other = play(&stream, learner(0.0, Labels::OneSided), 400, true);
        assert_eq!(one.losses, other.losses);
    }

    #[test]
    fn with_all_labels_and_no_reports_it_is_hedge() {
        let stream = Stream { labels: Labels::All, tolerance: 1.0, ..Stream::default() };
        let found = play(&stream, learner(5.0, Labels::All), 300, true);
        let seed = Seed::root(3);
        let mut losses = vec![0.0; found.rules.len()];
        for round in 0..300 {
            let batch = stream.batch(seed, round);
            for (person, label) in batch.people.iter().zip(stream.labels(seed, &batch)) {
                for (loss, rule) in losses.iter_mut().zip(&found.rules) {
                    *loss += one_sided::shifted(rule.accepts(person), label);
                }
            }
        }
        let hedge: Vec<f64> = losses.iter().map(|loss| (-0.02 * loss).exp()).collect();
        let total: f64 = hedge.iter().sum();
        for (weight, hedge) in found.weights().iter().zip(&hedge) {
            assert!((weight - hedge / total).abs() < 1e-9, "{weight} is not {}", hedge / total);
        }
    }

    #[test]
    fn estimates_are_the_true_losses_on_average_over_the_drawn_rule() {
        let rules = RuleGrid { weights: 3, thresholds: 7, ..RuleGrid::default() }.rules();
        let mut learner = Exp2::new(rules.clone(), 0.5, 0.1, 4.0, Labels::OneSided);
        learner.losses = (0..rules.len()).map(|i| (i * 7 % 5) as f64).collect();
        let stream = Stream::default();
        let batch = stream.batch(Seed::root(4), 0);
        let labels = stream.labels(Seed::root(4), &batch);
        let weights = learner.weights();
        let chance: Vec<f64> =
            chances(&rules, &weights, &batch.people).iter().map(|chance| 0.1 + 0.9 * chance).collect();
        let mut mean = vec![0.0; rules.len()];
        // Every rule that may be drawn, and acceptance of everyone.
        let everyone = Rule { weight: 0.0, threshold: -1.0 };
        let drawn = rules.iter().zip(weights.iter().map(|weight| 0.9 * weight)).chain([(&everyone, 0.1)]);
        for (rule, probability) in drawn {
            let accept: Vec<bool> = batch.people.iter().map(|person| rule.accepts(person)).collect();
            let seen = accept.iter().zip(&labels).map(|(accept, label)| accept.then_some(*label)).collect();
            let feedback = Feedback { labels: seen, report: Some((1, 2)) };
            let mut after = learner.clone();
            after.learn(&batch.people, &Decision { accept, chance: chance.clone() }, &feedback);
            for ((mean, after), before) in mean.iter_mut().zip(&after.losses).zip(&learner.losses) {
                *mean += probability * (after - before);
            }
        }
        for (rule, mean) in rules.iter().zip(mean) {
            let of = |i: usize| rule.accepts(&batch.people[i]);
            let plain: f64 = (0..4).map(|i| one_sided::shifted(of(i), labels[i])).sum();
            let pair = 2.0 * (f64::from(u8::from(of(1))) - f64::from(u8::from(of(2))));
            assert!((mean - plain - pair).abs() < 1e-9, "{rule:?}: {mean} is not {}", plain + pair);
        }
    }
}
