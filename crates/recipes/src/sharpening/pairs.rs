//! Sharpening as a reward: policies fitted to the differences of self-rewards within pairs.
//!
//! `J(pi) = E_pi[r] - beta KL(pi || base)` is largest where `beta log pi(y)/base(y)` differs between any two
//! answers as much as their rewards do. The loss is the square of what is missing to that.

use super::Sharpening;
use crate::watch::Watch;
use autodidact_core::chat::{Chat, Prompt};
use autodidact_core::{Ask, Group, Judge, Learn, Policy, Result, Run, Split};
use autodidact_lm::Lm;
use autodidact_math::preference::PairLoss;
use autodidact_math::summary::mean;
use autodidact_parts::OpenTask;
use autodidact_parts::judge::SelfReward;
use autodidact_parts::learn::{Pairs, Prefer, PreferConfig, Reference, Restart};

/// The settings of exploration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Xpo {
    pub alpha: f64,
    pub beta: f64,
    pub rounds: u32,
    pub estimated: u32,
}

impl Sharpening {
    /// Fits the policy to pairs of the base's answers.
    pub(super) fn offline(
        &self,
        lm: &Lm,
        policy: &dyn Policy<Chat>,
        task: &OpenTask,
        beta: f64,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let truth = task.task.judge();
        let judge = self.frozen_judge(lm, task)?;
        let mut learner = self.prefer(lm, 0.0, beta)?;
        let mut watch = Watch::of(&self.watch, lm, task, &*truth);
        watch.before(&learner, run)?;
        let asks: Vec<Ask<Chat>> =
            self.asks(task, run)?.into_iter().map(|ask| Ask { tries: 2, ..ask }).collect();
        while run.next_round(1) {
            let groups = run.attempt("sample", policy, &judge, asks.clone())?;
            let chosen: Vec<Option<usize>> = groups.iter().map(super::favourite).collect();
            self.note(&groups, &chosen, &*truth, run)?;
            run.learn("learn", &mut learner, &groups)?;
            watch.round(&learner, run)?;
        }
        watch.after(&mut learner, run)?;
        Ok(())
    }

    /// Fits the policy round after round to its own answers beside the base's, and gives the round's policy
    /// with the largest `J`.
    pub(super) fn explore(&self, lm: &Lm, task: &OpenTask, xpo: Xpo, run: &mut Run<'_>) -> Result<()> {
        let truth = task.task.judge();
        let base = lm.detached()?;
        let judge = self.frozen_judge(lm, task)?;
        let mut learner = self.prefer(lm, xpo.alpha, xpo.beta)?;
        let mut watch = Watch::of(&self.watch, lm, task, &*truth);
        watch.before(&learner, run)?;

        let asks = self.asks(task, run)?;
        let a_round = asks.len().div_ceil(xpo.rounds as usize);
        let mut data: Vec<Group<Chat>> = Vec::new();
        let problems =
            task.task.draw(Split::Validation, xpo.estimated as usize, &mut run.rng("estimated"))?;
        let mut best = (self.objective(lm, &judge, &problems, xpo.beta, run)?, learner.save()?);
        while run.next_round(xpo.rounds) {
            let first = (run.round() as usize - 1) * a_round;
            let these = asks[first.min(asks.len())..(first + a_round).min(asks.len())].to_vec();
            let own = run.attempt("explore", lm, &judge, these.clone())?;
            let other = run.attempt("base", &base, &judge, these)?;
            data.extend(own.into_iter().zip(other).map(|(own, other)| paired(own, other)));
            run.learn("learn", &mut learner, &data)?;
            let objective = self.objective(lm, &judge, &problems, xpo.beta, run)?;
            if objective > best.0 {
                best = (objective, learner.save()?);
            }
            watch.round(&learner, run)?;
        }
        learner.restore(&best.1)?;
        watch.after(&mut learner, run)?;
        Ok(())
    }

    /// The base as a judge of whatever is answered, however the weights move.
    fn frozen_judge<'a>(&self, lm: &Lm, task: &'a OpenTask) -> Result<SelfReward<'a>> {
        SelfReward::scored(&self.reward, lm, &*task.vote)
    }

    /// A learner of pairs in order: the policy's answer, then the base's.
    fn prefer(&self, lm: &Lm, alpha: f64, beta: f64) -> Result<Prefer> {
        let config = PreferConfig {
            pairs: Pairs::InOrder,
            loss: PairLoss::Squared { beta },
            optimism: alpha,
            reference: Reference::Base,
            lr: self.sft.lr,
            schedule: self.sft.schedule,
            horizon: self.sft.horizon,
            amount: self.sft.amount,
            batch: self.sft.batch,
            optimizer: self.sft.optimizer.clone(),
            // Each round solves the problem of all pairs so far anew.
            restart: Restart::Base,
            ..PreferConfig::default()
        };
        Prefer::around(lm, &config)
    }

    /// Estimates and notes `J` on fresh answers to `problems`; answers without a reward are left out.
    fn objective(
        &self,
        lm: &Lm,
        judge: &dyn Judge<Chat>,
        problems: &[Prompt],
        beta: f64,
        run: &mut Run<'_>,
    ) -> Result<f64> {
        let groups = run.attempt("estimate", lm, judge, Ask::each(problems, 1, &self.sampling))?;
        let worth = |group: &Group<Chat>| {
            let one = group.tries.first()?;
            let own: f64 =
                one.answer.logprobs.iter().skip(one.answer.given as usize).map(|&x| f64::from(x)).sum();
            Some(one.verdict.value()? - beta * (own - one.verdict.part("log_prob")?))
        };
        let value = mean(&groups.iter().filter_map(worth).collect::<Vec<_>>()).unwrap_or(f64::NEG_INFINITY);
        if value.is_finite() {
            run.note("objective", value)?;
        }
        Ok(value)
    }
}

/// The policy's answer and the base's as one group.
fn paired(mut own: Group<Chat>, other: Group<Chat>) -> Group<Chat> {
    own.tries.extend(other.tries);
    own.ask.tries = own.tries.len() as u32;
    own
}
