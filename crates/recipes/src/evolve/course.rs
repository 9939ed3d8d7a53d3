//! What happened in one run of a player through a world.

use autodidact_core::Group;
use autodidact_decide::choice::Choice;
use autodidact_decide::verbal::{Step, steps};
use autodidact_math::regret;

/// One run: regret, pulls and rewards, round by round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// Cumulative pseudo-regret after each round; empty in a world that does not know its means.
    pub regret: Vec<f64>,
    /// The arm of each round.
    pub arms: Vec<u32>,
    /// Whether the arm of each round was the best one; empty like `regret`.
    pub best: Vec<bool>,
    /// Every step that something was heard of.
    pub steps: Vec<Step>,
}

impl Course {
    /// Goes on with the judged groups of further rounds.
    pub(super) fn extend(&mut self, groups: &[Group<Choice>]) {
        for one in groups.iter().flat_map(|group| &group.tries) {
            self.arms.push(one.answer.arm);
            if let Some(lost) = one.verdict.part("regret") {
                self.regret.push(self.regret.last().copied().unwrap_or(0.0) + lost);
                self.best.push(one.verdict.part("best") == Some(1.0));
            }
        }
        self.steps.extend(steps(groups));
    }

    /// Regret in all, or `None` where it is not known.
    pub fn total(&self) -> Option<f64> {
        self.regret.last().copied()
    }

    /// What a step paid on average, `None` where nothing was heard. Where every round is heard it orders
    /// runs as the cumulative reward does, and replayed logs are not favoured for being heard often.
    pub fn reward(&self) -> Option<f64> {
        let n = self.steps.len();
        (n > 0).then(|| self.steps.iter().map(|step| step.reward).sum::<f64>() / n as f64)
    }

    /// MinFrac of the first `rounds` rounds.
    pub fn min_frac(&self, rounds: usize, arms: usize) -> Option<f64> {
        regret::min_frac(&regret::pulls(self.arms.get(..rounds)?, arms))
    }

    /// OptFrac of the first `rounds` rounds: the share in which the round's best arm was pulled.
    pub fn opt_frac(&self, rounds: usize) -> Option<f64> {
        let best = self.best.get(..rounds).filter(|best| !best.is_empty())?;
        Some(best.iter().filter(|best| **best).count() as f64 / rounds as f64)
    }
}
