//! XPO on a grouped softmax, and its form without exploration.
//!
//! Each round draws `y` from the policy and `y~` from the base, and solves the inner problem of all pairs
//! so far. The iterate with the largest `J` is the result; on a softmax that is written out, `J` is exact.

use super::{GroupedSoftmax, Pair, Pairs, Residual, Search};
use rand::Rng;

/// How to explore.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Explore {
    /// The weight of optimism.
    pub alpha: f64,
    /// The weight of the divergence from the base.
    pub beta: f64,
    /// Rounds, of one pair each.
    pub rounds: u32,
    /// The largest norm of the logits.
    pub radius: f64,
    /// How squared residuals enter.
    pub residual: Residual,
    /// How the inner problem is solved.
    pub search: Search,
    /// Whom `y` comes from.
    pub data: Data,
}

/// Whom the first response of a pair comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Data {
    /// The policy of the round.
    #[default]
    Policy,
    /// The base: the offline form.
    Base,
}

/// What exploring led to.
#[derive(Clone, Debug, PartialEq)]
pub struct Explored {
    /// The logits of the iterate with the largest `J`, the base among them.
    pub best: Vec<f64>,
    /// Its number of pairs; 0 for the base.
    pub round: u32,
    /// Its `J`.
    pub objective: f64,
    /// The logits after the last round.
    pub last: Vec<f64>,
    /// The largest `J` so far after every round.
    pub objectives: Vec<f64>,
}

impl Explore {
    /// The small-scale experiment of the paper's claim: `beta` .05, norm 30, optimism `alpha`.
    pub fn of(alpha: f64, rounds: u32) -> Explore {
        Explore {
            alpha,
            beta: 0.05,
            rounds,
            radius: 30.0,
            residual: Residual::Added,
            search: Search::Everywhere,
            data: Data::Policy,
        }
    }

    /// Explores from `base`, with its own log-probabilities as the reward.
    pub fn run(&self, softmax: &GroupedSoftmax, base: &[f64], rng: &mut impl Rng) -> Explored {
        let rewards = softmax.logprobs(base);
        let worth = |theta: &[f64]| softmax.objective(theta, base, &rewards, self.beta);
        let mut pairs = Pairs::of(softmax, base, (self.alpha, self.beta), self.radius, self.residual);
        let mut out = Explored {
            best: base.to_vec(),
            round: 0,
            objective: worth(base),
            last: base.to_vec(),
            objectives: Vec::with_capacity(self.rounds as usize),
        };
        for round in 1..=self.rounds {
            let from = match self.data {
                Data::Policy => out.last.as_slice(),
                Data::Base => base,
            };
            let (response, other) = (softmax.draw(from, rng), softmax.draw(base, rng));
            pairs.push(Pair { response, base: other, gap: rewards[response] - rewards[other] });
            out.last = pairs.lowest(&out.last, self.search);
            let objective = worth(&out.last);
            if objective > out.objective {
                (out.best, out.objective, out.round) = (out.last.clone(), objective, round);
            }
            out.objectives.push(out.objective);
        }
        out
    }
}

/// The world of that experiment: seven groups of 400 responses with logits uniform in (-0.3, 0), and a
/// single response with logit 0.7, whose mass is about 0.00083. Returns the softmax and the base's logits;
/// the single response is the last group.
pub fn one_in_thousands(rng: &mut impl Rng) -> (GroupedSoftmax, Vec<f64>) {
    let mut base: Vec<f64> = (0..7).map(|_| rng.random_range(-0.3..0.0)).collect();
    base.push(0.7);
    (GroupedSoftmax::of(&[400, 400, 400, 400, 400, 400, 400, 1]), base)
}

#[cfg(test)]
mod tests {
    use super::super::law::miss;
    use super::*;

    const SEEDS: u64 = 20;

    /// The share of seeds with more than one half on the single response.
    fn found(explore: Explore) -> f64 {
        let one = |seed: u64| {
            let mut rng = rand_pcg::Pcg64::new(u128::from(seed), 7);
            let (softmax, base) = one_in_thousands(&mut rng);
            let explored = explore.run(&softmax, &base, &mut rng);
            let chosen = match explore.data {
                Data::Policy => explored.best,
                Data::Base => explored.last,
            };
            softmax.law(&chosen)[7] > 0.5
        };
        (0..SEEDS).filter(|&seed| one(seed)).count() as f64 / SEEDS as f64
    }

    #[test]
    fn exploration_finds_what_the_base_hardly_ever_says() {
        // The reference simulation of the card: .90 and .70 after 60 rounds, 1.0 after 100.
        assert!(found(Explore::of(0.003, 60)) >= 0.9);
        assert!(found(Explore::of(0.001, 60)) >= 0.7);
        assert_eq!(found(Explore::of(0.003, 100)), 1.0);
    }

    #[test]
    fn without_exploration_it_is_found_as_rarely_as_it_is_drawn() {
        // 1 - (1 - .00083)^120 = .095; at most 6 of 20 seeds is what chance allows (P = .004 above).
        assert!((1.0 - miss(0.00083, 120) - 0.095).abs() < 0.001);
        assert!(found(Explore::of(0.0, 60)) <= 0.3);
        assert!(found(Explore { data: Data::Base, ..Explore::of(0.0, 60) }) <= 0.3);
    }

    #[test]
    fn the_printed_minus_sign_finds_nothing() {
        assert_eq!(found(Explore { residual: Residual::Subtracted, ..Explore::of(0.003, 60) }), 0.0);
    }

    #[test]
    fn without_optimism_and_with_both_responses_from_the_base_it_is_the_offline_form() {
        let mut rng = rand_pcg::Pcg64::new(3, 7);
        let (softmax, base) = one_in_thousands(&mut rng);
        let explored = Explore { data: Data::Base, ..Explore::of(0.0, 12) }.run(&softmax, &base, &mut rng);
        // The same draws as pairs, solved once.
        let mut rng = rand_pcg::Pcg64::new(3, 7);
        one_in_thousands(&mut rng);
        let rewards = softmax.logprobs(&base);
        let mut pairs = Pairs::of(&softmax, &base, (0.0, 0.05), 30.0, Residual::Added);
        for _ in 0..12 {
            let (y, other) = (softmax.draw(&base, &mut rng), softmax.draw(&base, &mut rng));
            pairs.push(Pair { response: y, base: other, gap: rewards[y] - rewards[other] });
        }
        let offline = pairs.lowest(&base, Search::Everywhere);
        for (a, b) in softmax.law(&explored.last).iter().zip(softmax.law(&offline)) {
            assert!((a - b).abs() < 1e-6);
        }
        assert!(pairs.value(&offline) < 1e-9);
    }
}
