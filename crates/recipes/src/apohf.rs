//! APOHF: finds a good candidate of a pool when a person only says which of two is better.
//!
//! Each round shows the favourite of a small network beside the candidate that is best once it gets credit
//! for how uncertain its difference to the favourite is, hears which is preferred, and fits the network to
//! all answers anew. What is reported is the best of those shown, never one that nobody saw.
//!
//! * Paper: Lin, Dai, Verma, Ng, Jaillet, Low 2024, arXiv 2405.17346.
//! * Code: xqlin98/APOHF @ 26eea14, `Induction/experiments/LlamaForMLPRegression.py`.
//! * Differs: where paper and code part we follow the code (nu under the root, a diagonal precision, no
//!   1/width, no kappa), `width = "full"` has the paper's matrix; the report reads the network after it
//!   learned from the newest answer (the code's, before); the linear rule's precision has lambda where the
//!   code has 1e-10; one pool, simulated answers.
//! * Reports: `regret` and `worth` of the reported candidate, `shown`.

use autodidact_core::{Card, Error, Loop, Metric, Recipe, Result, Run, Seed};
use autodidact_core::{Learn, Snapshot};
use autodidact_decide::duel::{Duel, Dueller, DuellerConfig, Human, Pool, PoolConfig, Rounds, Shared};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Settings of APOHF; the defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Apohf {
    /// The candidates and their hidden worth.
    pub pool: PoolConfig,
    /// How pairs are chosen.
    pub dueller: DuellerConfig,
    /// Comparisons, the random ones at the start among them.
    pub rounds: u32,
}

impl Default for Apohf {
    fn default() -> Apohf {
        Apohf { pool: PoolConfig::default(), dueller: DuellerConfig::default(), rounds: 150 }
    }
}

impl Recipe for Apohf {
    const CARD: Card = Card {
        id: "apohf",
        summary: "finds the best candidate from pairwise preferences, with a duelling bandit on embeddings",
        paper: "2405.17346",
        code: "xqlin98/APOHF @ 26eea14",
        reports: &[
            Metric {
                name: "regret",
                meaning: "hidden worth of the best candidate less that of the reported one, over its \
                          distance to the mean: 0 is the best, 1 an average one",
            },
            Metric { name: "worth", meaning: "hidden worth of the reported candidate" },
            Metric { name: "shown", meaning: "how many different candidates were shown so far" },
        ],
    };

    fn check(&self) -> Result<()> {
        if self.rounds == 0 {
            return Err(Error::invalid("rounds", "at least 1", 0));
        }
        self.pool.check()?;
        self.dueller.check()
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let pool = self.pool.open(run.seed("pool"))?;
        let last = self.run_on(&pool, run)?;
        run.output("last", &last)
    }
}

impl Apohf {
    /// Runs on a pool that is open already; returns the learner's last state.
    pub(crate) fn run_on(&self, pool: &Pool, run: &mut Run<'_>) -> Result<Snapshot> {
        let seed: Seed = run.seed("dueller");
        let shared = Shared::new(Dueller::new(pool.embeddings.clone(), &self.dueller, seed)?);
        let mut duels = Loop::<Duel> {
            explore: Box::new(Rounds::default()),
            policy: Box::new(shared.policy()),
            judge: Box::new(Human::new(pool.worths.clone(), run.seed("person"))),
            learn: Box::new(shared.learner()),
        };
        while run.next_round(self.rounds) {
            // One comparison a phase: a person's answer is worth more than a write.
            run.play("duel", &mut duels, 1, 1)?;
            let dueller = shared.read();
            let shown: BTreeSet<u32> =
                dueller.answers().iter().flat_map(|one| [one.pair.first, one.pair.second]).collect();
            run.note("shown", shown.len() as f64)?;
            if let Some(best) = dueller.best(None) {
                run.note("regret", pool.regret(best))?;
                run.note("worth", pool.worths[best as usize])?;
            }
        }
        shared.learner().save()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::resumes_exactly;
    use autodidact_decide::duel::{FitConfig, Rule};
    use autodidact_nets::Init;

    fn small(rule: Rule) -> Apohf {
        Apohf {
            pool: PoolConfig { items: 20, dim: 4, ..PoolConfig::default() },
            dueller: DuellerConfig {
                rule,
                hidden: vec![8],
                init: Init::Normal { sd: 0.5 },
                fit: FitConfig { steps: 30, lr: 1e-2, ..FitConfig::default() },
                ..DuellerConfig::default()
            },
            rounds: 12,
        }
    }

    #[test]
    fn a_killed_run_goes_on_with_the_same_pairs() {
        for rule in [DuellerConfig::default().rule, Rule::Thompson { members: 3, retries: 5 }] {
            resumes_exactly(Apohf::CARD, |run| small(rule).run(run));
        }
    }

    #[test]
    fn settings_that_cannot_be_are_refused_by_name() {
        let refused = |recipe: Apohf| recipe.check().expect_err("refused").to_string();
        assert!(refused(Apohf { rounds: 0, ..Apohf::default() }).contains("rounds"));
        let pool = PoolConfig { items: 1, ..PoolConfig::default() };
        assert!(refused(Apohf { pool, ..Apohf::default() }).contains("pool.items"));
        let dueller = DuellerConfig { lambda: 0.0, ..DuellerConfig::default() };
        assert!(refused(Apohf { dueller, ..Apohf::default() }).contains("lambda"));
        assert!(Apohf::default().check().is_ok());
    }
}
