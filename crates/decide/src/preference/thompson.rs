//! PR-TS: Thompson sampling with exact posteriors, a finite class of rewards and Dirichlet dynamics.

use super::question::weighted_disagreement;
use super::{Duel, Duelist};
use crate::mdp::{Plan, Run, Space, drawn};
use autodidact_core::{Error, Result, Rng};
use autodidact_math::bradley_terry::log_chance;
use rand::Rng as _;
use rand_distr::{Distribution, Gamma};
use serde::{Deserialize, Serialize};

/// What is believed of the dynamics at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Dynamics {
    /// A Dirichlet prior with this concentration for every state and action.
    Dirichlet {
        /// Above 0.
        concentration: f64,
    },
    /// The chances themselves, `(s * A + a) * S + t`.
    Known {
        /// One row a state and action.
        transition: Vec<f64>,
    },
}

/// What is believed at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThompsonConfig {
    /// The class of rewards, `s * A + a` each, all equally likely; the true one is in it.
    pub rewards: Vec<Vec<f64>>,
    /// The dynamics.
    pub dynamics: Dynamics,
    /// Log-odds of a preference a unit of return.
    pub slope: f64,
}

/// PR-TS as an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thompson {
    space: Space,
    config: ThompsonConfig,
    /// Log-likelihood of every reward in the class, in nats.
    evidence: Vec<f64>,
    arrivals: Vec<f64>,
    previous: Plan,
}

impl Thompson {
    /// An agent that has seen nothing.
    pub fn new(space: Space, config: ThompsonConfig) -> Result<Thompson> {
        let pairs = space.states * space.actions;
        if config.rewards.is_empty() || config.rewards.iter().any(|reward| reward.len() != pairs) {
            let rule = format!("at least one of {pairs} numbers");
            return Err(Error::invalid("the class of rewards", rule, config.rewards.len()));
        }
        if !(config.slope > 0.0 && config.slope.is_finite()) {
            return Err(Error::invalid("slope", "above 0 and finite", config.slope));
        }
        match &config.dynamics {
            Dynamics::Dirichlet { concentration } if !(*concentration > 0.0 && concentration.is_finite()) => {
                return Err(Error::invalid("concentration", "above 0 and finite", concentration));
            }
            Dynamics::Known { transition } if transition.len() != pairs * space.states => {
                let rule = format!("{} numbers", pairs * space.states);
                return Err(Error::invalid("the known dynamics", rule, transition.len()));
            }
            _ => {}
        }
        let (evidence, arrivals) = (vec![0.0; config.rewards.len()], vec![0.0; pairs * space.states]);
        Ok(Thompson { previous: space.first_plan(), space, config, evidence, arrivals })
    }

    /// The posterior over the class of rewards; sums to 1.
    pub fn posterior(&self) -> Vec<f64> {
        let most = self.evidence.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let odds: Vec<f64> = self.evidence.iter().map(|evidence| (evidence - most).exp()).collect();
        let sum: f64 = odds.iter().sum();
        odds.iter().map(|odds| odds / sum).collect()
    }

    /// A draw of the dynamics.
    fn dynamics(&self, rng: &mut Rng) -> Vec<f64> {
        let concentration = match &self.config.dynamics {
            Dynamics::Known { transition } => return transition.clone(),
            Dynamics::Dirichlet { concentration } => *concentration,
        };
        let mut transition = Vec::with_capacity(self.arrivals.len());
        for row in self.arrivals.chunks_exact(self.space.states) {
            let draw = |count: &f64| {
                let gamma = Gamma::new(concentration + count, 1.0).expect("counts and prior are above 0");
                gamma.sample(rng)
            };
            let masses: Vec<f64> = row.iter().map(draw).collect();
            let sum: f64 = masses.iter().sum();
            let even = 1.0 / self.space.states as f64;
            transition.extend(masses.iter().map(|mass| if sum > 0.0 { mass / sum } else { even }));
        }
        transition
    }

    /// The difference of the episodes' returns under every reward of the class.
    fn margins(&self, runs: &[Run; 2]) -> Vec<f64> {
        let actions = self.space.actions;
        let margin = |reward: &Vec<f64>| runs[0].sum(reward, actions) - runs[1].sum(reward, actions);
        self.config.rewards.iter().map(margin).collect()
    }
}

impl Duelist for Thompson {
    fn plan(&self, rng: &mut Rng) -> Plan {
        let reward = &self.config.rewards[drawn(&self.posterior(), rng.random())];
        let transition = self.dynamics(rng);
        let (states, actions) = (self.space.states, self.space.actions);
        let q = |_: usize, state: usize, action: usize, next: &[f64]| {
            let at = state * actions + action;
            let chances = &transition[at * states..][..states];
            reward[at] + chances.iter().zip(next).map(|(p, v)| p * v).sum::<f64>()
        };
        self.space.backwards(q).0
    }

    fn previous(&self) -> &Plan {
        &self.previous
    }

    fn spread(&self, runs: &[Run; 2]) -> f64 {
        weighted_disagreement(&self.margins(runs), &self.posterior())
    }

    fn learn(&mut self, duel: &Duel, first_won: Option<bool>, _rng: &mut Rng) {
        if let Some(first_won) = first_won {
            let margins = self.margins(&duel.runs);
            for (evidence, margin) in self.evidence.iter_mut().zip(margins) {
                *evidence += log_chance(margin, self.config.slope, first_won);
            }
        }
        for (state, action, next) in duel.runs.iter().flat_map(Run::steps) {
            self.arrivals[(state * self.space.actions + action) * self.space.states + next] += 1.0;
        }
        self.previous.clone_from(&duel.plans[0]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mdp::Chain;
    use crate::preference::{AskWhen, DuelWorld};
    use crate::visit::Visit;
    use autodidact_core::Seed;

    #[test]
    fn with_the_truth_as_its_prior_it_regrets_and_asks_nothing() {
        let mdp = Chain::default().build().expect("sound");
        let dynamics = Dynamics::Known { transition: mdp.transition.clone() };
        let config = ThompsonConfig { rewards: vec![mdp.reward.clone()], dynamics, slope: 4.0 };
        let mut agent = Thompson::new(mdp.space.clone(), config).expect("sound");
        let best = mdp.optimum().1[0][0];
        let world = DuelWorld::new(mdp, 4.0, Seed::root(2)).expect("sound");
        let rule = AskWhen::Disagreement { above: 0.0 };
        let mut rng = Seed::root(3).rng();
        for round in 0..50 {
            let plans = [agent.plan(&mut rng), agent.previous().clone()];
            assert!((world.mdp.value(&plans[0]) - best).abs() < 1e-12);
            let runs = world.play(&plans, Visit { round });
            let spread = agent.spread(&runs);
            let asked = rule.asks(spread, runs[0] == runs[1], 0.0);
            assert!(!asked, "there is nothing to doubt");
            agent.learn(&Duel { plans, runs, spread, asked }, None, &mut rng);
        }
        assert_eq!(agent.posterior(), [1.0]);
    }

    #[test]
    fn the_posterior_is_bayes_rule() {
        // Two rewards, one answer: weights are the likelihoods sigmoid(4 m) over their sum.
        let mdp = Chain::default().build().expect("sound");
        let mut other = mdp.reward.clone();
        other.swap(0, 7);
        let config = ThompsonConfig {
            rewards: vec![mdp.reward.clone(), other],
            dynamics: Dynamics::Dirichlet { concentration: 1.0 },
            slope: 4.0,
        };
        let mut agent = Thompson::new(mdp.space.clone(), config).expect("sound");
        let plans = [mdp.optimum().0, mdp.space.first_plan()];
        let run = |actions: u32| Run { states: vec![0; 7], actions: vec![actions; 6] };
        // Six times right at the left end pays 0 under both, six times left pays 0.6 or 6.
        let runs = [run(1), run(0)];
        let spread = agent.spread(&runs);
        assert!((spread - 0.5 * 5.4).abs() < 1e-12, "{spread}");
        agent.learn(&Duel { plans, runs, spread, asked: true }, Some(true), &mut Seed::root(1).rng());
        let like = [1.0 / (1.0 + (2.4f64).exp()), 1.0 / (1.0 + (24.0f64).exp())];
        let expect = like[0] / (like[0] + like[1]);
        assert!((agent.posterior()[0] - expect).abs() < 1e-12);
    }
}
