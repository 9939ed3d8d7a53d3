//! The best fair policy in hindsight, by a linear programme: what regret is measured against.
//!
//! Over the weights of a finite class of rules the total error is linear, and so is the difference between
//! two people's chances. Every ordered pair of every round is a constraint, far more than there are rules;
//! nearly all are slack, so that they are added only as the solution breaks them.

use super::{Panel, Person, Rule, chances};
use autodidact_core::{Error, Result};
use autodidact_math::bandit::one_sided;
use autodidact_math::mixture::Mixture;

/// A constraint counts as broken beyond this.
const TOLERANCE: f64 = 1e-6;

/// How many broken constraints are added at a time, the worst first.
const AT_ONCE: usize = 40;

/// People of a round with their labels.
#[derive(Clone, Debug)]
pub struct Past {
    /// The people.
    pub people: Vec<Person>,
    /// Their labels.
    pub labels: Vec<bool>,
}

/// A policy over rules.
#[derive(Clone, Debug)]
pub struct Comparator {
    /// The weight of each rule; sums to 1.
    pub weights: Vec<f64>,
    /// Its expected 0-1 errors over all people of all rounds.
    pub errors: f64,
}

/// The policy over `rules` with the least expected errors in `past` to which `panel` objects in no pair of any
/// round. The panel should have the slack of the regret bound already taken from its tolerance, and its
/// objections must grow as the difference in chances does, as those of metrics do.
///
/// Fails where no such policy exists; a class with a rule that treats everyone alike has one.
pub fn best_fair(rules: &[Rule], past: &[Past], panel: &Panel) -> Result<Comparator> {
    let errors: Vec<f64> = rules.iter().map(|rule| errors(rule, past)).collect();
    // Errors a round, so that all coefficients are of one size.
    let rounds = past.len().max(1) as f64;
    if rules.is_empty() {
        return Err(Error::invalid("the class of rules", "at least one rule", 0));
    }
    let mut mixture = Mixture::of(&errors.iter().map(|sum| sum / rounds).collect::<Vec<_>>());
    loop {
        let Some(weights) = mixture.solve() else {
            return Err(Error::invalid("the class of rules", "one with a fair mixture", "one without"));
        };
        let broken = broken(rules, &weights, past, panel);
        if broken.is_empty() {
            let errors = errors.iter().zip(&weights).map(|(errors, weight)| errors * weight).sum();
            return Ok(Comparator { weights, errors });
        }
        for (favoured, slighted, most) in broken {
            let sign = |rule: &Rule| {
                f64::from(i8::from(rule.accepts(&favoured)) - i8::from(rule.accepts(&slighted)))
            };
            mixture.cut(&rules.iter().map(sign).collect::<Vec<_>>(), most);
        }
    }
}

/// The 0-1 errors of a rule over all people of all rounds.
pub fn errors(rule: &Rule, past: &[Past]) -> f64 {
    let people = past.iter().flat_map(|round| round.people.iter().zip(&round.labels));
    people.map(|(person, label)| one_sided::error(rule.accepts(person), *label)).sum()
}

/// Pairs to which the panel objects under these weights, each with the largest difference it would have
/// accepted; the worst first, at most [`AT_ONCE`], no two of one round.
fn broken(rules: &[Rule], weights: &[f64], past: &[Past], panel: &Panel) -> Vec<(Person, Person, f64)> {
    let (active, shares): (Vec<Rule>, Vec<f64>) = rules
        .iter()
        .zip(weights)
        .filter(|(_, weight)| **weight > 0.0)
        .map(|(rule, weight)| (*rule, *weight))
        .unzip();
    let mut broken: Vec<(f64, (Person, Person, f64))> = Vec::new();
    for round in past {
        let chance = chances(&active, &shares, &round.people);
        // A pair that the panel accepts cannot be broken; the report is the worst of the round.
        let Some((favoured, slighted)) = panel.report(&round.people, &chance) else { continue };
        let pair = [&round.people[favoured], &round.people[slighted]];
        let voice = panel.objection(pair, [chance[favoured], chance[slighted]]);
        if voice > TOLERANCE {
            // Objections are linear in the difference, with slope 1.
            let most = -panel.objection(pair, [0.0, 0.0]);
            broken.push((voice, (*pair[0], *pair[1], most)));
        }
    }
    broken.sort_by(|a, b| b.0.total_cmp(&a.0));
    broken.into_iter().take(AT_ONCE).map(|(_, pair)| pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fair::{RuleGrid, Stream};
    use autodidact_core::Seed;

    fn past(stream: &Stream, rounds: u64) -> Vec<Past> {
        let seed = Seed::root(5);
        (0..rounds)
            .map(|round| {
                let batch = stream.batch(seed, round);
                let labels = stream.labels(seed, &batch);
                Past { people: batch.people, labels }
            })
            .collect()
    }

    #[test]
    fn without_auditors_it_is_the_best_rule() {
        let stream = Stream { tolerance: 1.0, ..Stream::default() };
        let (rules, past) = (RuleGrid::default().rules(), past(&stream, 150));
        let found = best_fair(&rules, &past, &stream.panel(0.0)).expect("feasible");
        let best = rules.iter().map(|rule| errors(rule, &past)).fold(f64::INFINITY, f64::min);
        assert!((found.errors - best).abs() < 1e-6, "{} is not {best}", found.errors);
    }

    #[test]
    fn the_policy_is_fair_everywhere_and_fairness_costs() {
        let stream = Stream::default();
        let (rules, past) = (RuleGrid::default().rules(), past(&stream, 150));
        let best = rules.iter().map(|rule| errors(rule, &past)).fold(f64::INFINITY, f64::min);
        let mut before = best;
        for slack in [0.0, 0.1] {
            let panel = stream.panel(slack);
            let found = best_fair(&rules, &past, &panel).expect("feasible");
            assert!((found.weights.iter().sum::<f64>() - 1.0).abs() < 1e-6);
            for round in &past {
                let chance = chances(&rules, &found.weights, &round.people);
                for i in 0..4 {
                    for j in 0..4 {
                        let pair = [&round.people[i], &round.people[j]];
                        assert!(panel.objection(pair, [chance[i], chance[j]]) < 1e-5);
                    }
                }
            }
            // Less tolerance never helps.
            assert!(found.errors > before - 1e-6, "{} and {before}", found.errors);
            before = found.errors;
        }
    }

    #[test]
    fn auditors_who_tolerate_nothing_leave_constant_policies() {
        let stream = Stream { auditors: vec![0.0], tolerance: 0.0, ..Stream::default() };
        let (rules, past) = (RuleGrid::default().rules(), past(&stream, 30));
        let found = best_fair(&rules, &past, &stream.panel(0.0)).expect("feasible");
        for round in &past {
            let chance = chances(&rules, &found.weights, &round.people);
            assert!(chance.iter().all(|other| (other - chance[0]).abs() < 1e-5), "{chance:?}");
        }
    }
}
