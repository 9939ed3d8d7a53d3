//! K, the temperature and the divergence in the ranking, beside REINFORCE and plain fine-tuning.

use super::reinforce::Reinforce;
use super::{Size, recipe, sentences, world};
use crate::proof::{Chart, ProofOptions, ProofReport, Table, Track, arm, claim, lab, spread};
use crate::raft::{Compare, Raft};
use autodidact_core::chat::Sampling;
use autodidact_core::{Ask, Recipe, Result, Run, Seed, Split};
use autodidact_lm::Lm;
use autodidact_math::summary::mean;
use autodidact_parts::learn::{Restart, TuneConfig};
use autodidact_parts::task::colours::Colours;
use std::collections::BTreeMap;

/// The weight of the divergence in the arm that has one.
const BETA: f64 = 0.1;

/// The learning rate of REINFORCE: of 1e-4, 3e-4 and 1e-3 the only one at which it does not collapse.
const REINFORCE_RATE: f64 = 1e-4;

/// Figures of one arm with one seed.
#[derive(Clone, Debug, Default)]
struct Figures {
    /// Mean reward of the round's answers, before each round, then of the held-out answers at the end.
    rewards: Vec<f64>,
    /// Loss on held-out sentences at the same moments, where it was measured.
    losses: Vec<f64>,
    /// Mean log-ratio of the last round's answers to the first model.
    kl: f64,
    tokens: u64,
}

impl Figures {
    fn last(&self) -> f64 {
        self.rewards.last().copied().unwrap_or(f64::NAN)
    }

    fn last_loss(&self) -> f64 {
        self.losses.last().copied().unwrap_or(f64::NAN)
    }
}

/// The arms over the seeds, by name.
#[derive(Default)]
pub struct Sweep {
    arms: BTreeMap<String, Vec<Figures>>,
}

impl Sweep {
    /// Runs every arm from copies of `base`.
    pub fn run(&mut self, size: &Size, base: &Lm, seed: u64, options: &ProofOptions<'_>) -> Result<()> {
        let top = *size.tries.last().expect("the sweep has tries");
        for &tries in &size.tries {
            let recipe = Raft { tries, compare: Compare::Always, ..recipe(size) };
            self.raft(&named(tries), recipe, size, base, seed, options)?;
        }
        let cooler = Sampling { temperature: 0.7, ..recipe(size).sampling };
        let cool = Raft { sampling: cooler, ..recipe(size) };
        self.raft("K = 8, temperature 0.7", cool, size, base, seed, options)?;
        let near = Raft { kl: BETA, tries: top.min(8), ..recipe(size) };
        self.raft("K = 8, beta = 0.1", near, size, base, seed, options)?;
        self.reinforce(size, base, seed, options)?;
        self.plain(size, base, seed, options)
    }

    fn raft(
        &mut self,
        name: &str,
        recipe: Raft,
        size: &Size,
        base: &Lm,
        seed: u64,
        options: &ProofOptions<'_>,
    ) -> Result<()> {
        let (lm, task) = (lab::copy(base)?, world(Colours::default())?);
        let (last, track) = arm(name, seed, options, Raft::CARD, |run| {
            recipe.run_on(&lm, &task, run)?;
            held_out(&lm, size, run)
        })?;
        let loss = lab::loss(&lm, &held_out_sentences())?;
        self.push(name, &track, last, vec![lab::loss(base, &held_out_sentences())?, loss]);
        Ok(())
    }

    /// Policy gradients on as many sampled tokens as RAFT with K = 8.
    fn reinforce(&mut self, size: &Size, base: &Lm, seed: u64, options: &ProofOptions<'_>) -> Result<()> {
        let (lm, task) = (lab::copy(base)?, world(Colours::default())?);
        let recipe = recipe(size);
        let tune = TuneConfig {
            lr: REINFORCE_RATE,
            restart: Restart::Inherit,
            horizon: u64::MAX,
            ..TuneConfig::default()
        };
        let mut learner = Reinforce::around(&lm, tune, 128)?;
        let mut losses = vec![lab::loss(&lm, &held_out_sentences())?];
        let (last, track) = arm("REINFORCE", seed, options, Raft::CARD, |run| {
            let judge = task.task.judge();
            while run.next_round(recipe.rounds) {
                let queries =
                    task.task.draw(Split::Train, recipe.prompts as usize, &mut run.rng("prompts"))?;
                let asks = Ask::each(&queries, recipe.tries, &recipe.sampling);
                let groups = run.attempt("pool", &lm, &*judge, asks)?;
                run.note("reward", lab::mean_of(&groups, "score"))?;
                run.learn("learn", &mut learner, &groups)?;
                losses.push(lab::loss(&lm, &held_out_sentences())?);
            }
            held_out(&lm, size, run)
        })?;
        self.push("REINFORCE", &track, last, losses);
        Ok(())
    }

    /// More of the pre-training data, for as many tokens as RAFT with K = 8 trains on.
    fn plain(&mut self, size: &Size, base: &Lm, seed: u64, options: &ProofOptions<'_>) -> Result<()> {
        let lm = lab::copy(base)?;
        let steps = u64::from(size.rounds * size.prompts * 2 / 32);
        let stream = Seed::root(seed).at("more sentences", 0);
        lab::train(&lm, 1e-3, steps, options, |step| Ok(sentences(Split::Train, stream, step * 32, 32)))?;
        let (last, track) = arm("more sentences", seed, options, Raft::CARD, |run| held_out(&lm, size, run))?;
        let loss = lab::loss(&lm, &held_out_sentences())?;
        self.push("more sentences", &track, last, vec![loss]);
        let (best, track) = arm("best of 8 of the first model", seed, options, Raft::CARD, |run| {
            let task = world(Colours::default())?;
            let judge = task.task.judge();
            let sampling = &recipe(size).sampling;
            let groups = lab::held_out(base, &task, &*judge, (size.held_out.0, 8), sampling, run)?;
            let best = groups.iter().map(|group| group.scores().fold(f64::NEG_INFINITY, f64::max));
            Ok(mean(&best.filter(|best| best.is_finite()).collect::<Vec<_>>()).unwrap_or(f64::NAN))
        })?;
        self.push("best of 8 of the first model", &track, best, Vec::new());
        Ok(())
    }

    fn push(&mut self, name: &str, track: &Track, last: f64, losses: Vec<f64>) {
        let mut rewards = track.values("reward");
        rewards.push(last);
        let kl = track.last("kl").unwrap_or(f64::NAN);
        let tokens = track.spend.sampled_tokens;
        self.arms.entry(name.to_owned()).or_default().push(Figures { rewards, losses, kl, tokens });
    }

    /// One value a seed.
    fn each(&self, name: &str, figure: impl Fn(&Figures) -> f64) -> Vec<f64> {
        self.arms.get(name).into_iter().flatten().map(figure).collect()
    }

    /// The difference of two arms, one value a seed.
    fn gap(&self, one: &str, other: &str, figure: impl Fn(&Figures) -> f64) -> Vec<f64> {
        self.each(one, &figure).iter().zip(self.each(other, &figure)).map(|(a, b)| a - b).collect()
    }

    /// Adds claims, a table and a chart.
    pub fn report(&self, size: &Size, report: &mut ProofReport) {
        let middle = named(size.tries[size.tries.len() / 2]);
        let steps = self.each(&middle, |figures| {
            let first = &figures.rewards[..figures.rewards.len().min(5)];
            first.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min)
        });
        let name = format!("smallest rise of the mean reward over the first four rounds, {middle}");
        report.claims.push(claim(name, &steps, -0.05));
        for pair in size.tries.windows(2) {
            let (less, more) = (named(pair[0]), named(pair[1]));
            let name = format!("final reward with {more} less that with {less}");
            report.claims.push(claim(name, &self.gap(&more, &less, Figures::last), 0.0));
        }
        let best = "best of 8 of the first model";
        let name = format!("final reward of RAFT with {middle} less that of best-of-8 of the first model");
        report.claims.push(claim(name, &self.gap(&middle, best, Figures::last), 0.0));
        let dearer: Vec<f64> = (0..report.seeds.len()).map(|i| self.dearer(&middle, i)).collect();
        report.claims.push(claim(
            "loss on held-out sentences at equal reward, REINFORCE less RAFT (nats a byte)",
            &dearer,
            0.0,
        ));
        let near = "K = 8, beta = 0.1";
        report.claims.push(claim(
            "divergence from the first model without beta less that with it (nats)",
            &self.gap(&middle, near, |figures| figures.kl),
            0.0,
        ));
        report.claims.push(claim(
            "final reward without beta less that with it",
            &self.gap(&middle, near, Figures::last),
            0.0,
        ));
        report.tables.push(self.table());
        let mut chart = Chart::of("mean reward by round", "round", "reward");
        for (name, arms) in &self.arms {
            let n = arms.iter().map(|figures| figures.rewards.len()).min().unwrap_or(0);
            let at = |round| mean(&arms.iter().map(|figures| figures.rewards[round]).collect::<Vec<_>>());
            let means: Vec<f64> = (0..n).filter_map(at).collect();
            if n > 1 {
                chart.push(name, 0, &means);
            }
        }
        report.charts.push(chart);
    }

    /// How much more loss REINFORCE has than RAFT where both have the same reward: REINFORCE is
    /// interpolated to the end of RAFT, or RAFT's line to the end of REINFORCE, whichever is lower.
    fn dearer(&self, raft: &str, seed: usize) -> f64 {
        let (Some(raft), Some(other)) = (
            self.arms.get(raft).and_then(|arms| arms.get(seed)),
            self.arms.get("REINFORCE").and_then(|arms| arms.get(seed)),
        ) else {
            return f64::NAN;
        };
        let (first, base) = (raft.rewards[0], raft.losses[0]);
        let (end, loss) = (raft.last(), raft.last_loss());
        if other.last() >= end {
            let points: Vec<(f64, f64)> =
                other.rewards.iter().copied().zip(other.losses.iter().copied()).collect();
            return interpolated(&points, end) - loss;
        }
        let share = ((other.last() - first) / (end - first)).clamp(0.0, 1.0);
        other.last_loss() - (base + share * (loss - base))
    }

    fn table(&self) -> Table {
        let mut table = Table::of(
            "arms of the sweep, mean over seeds",
            &["arm", "first reward", "final reward", "loss on sentences", "divergence", "sampled tokens"],
        );
        for name in self.arms.keys() {
            let column = |figure: &dyn Fn(&Figures) -> f64| match spread(&self.each(name, figure)).0 {
                value if value.is_nan() => "-".to_owned(),
                value => format!("{value:.3}"),
            };
            table.push([
                name.clone(),
                column(&|figures| figures.rewards[0]),
                column(&Figures::last),
                column(&Figures::last_loss),
                column(&|figures| figures.kl),
                column(&|figures| figures.tokens as f64),
            ]);
        }
        table
    }
}

fn named(tries: u32) -> String {
    format!("K = {tries}")
}

/// The first place where the line through the points reaches `x`.
fn interpolated(points: &[(f64, f64)], x: f64) -> f64 {
    for pair in points.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        if x0 <= x && x <= x1 && x1 > x0 {
            return y0 + (x - x0) / (x1 - x0) * (y1 - y0);
        }
    }
    points.last().map_or(f64::NAN, |point| point.1)
}

/// Sentences that no model saw, the same for all.
fn held_out_sentences() -> Vec<autodidact_math::Row> {
    sentences(Split::Test, Seed::root(0).at("held-out sentences", 0), 0, 200)
}

/// The mean reward of answers to test prompts at temperature 1.
fn held_out(lm: &Lm, size: &Size, run: &mut Run<'_>) -> Result<f64> {
    let task = world(Colours::default())?;
    let judge = task.task.judge();
    let groups = lab::held_out(lm, &task, &*judge, size.held_out, &recipe(size).sampling, run)?;
    Ok(lab::mean_of(&groups, "score"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_followed_to_its_first_crossing_and_ends_at_its_end() {
        let points = [(0.0, 1.0), (2.0, 3.0), (1.0, 9.0), (4.0, 5.0)];
        assert_eq!(interpolated(&points, 1.0), 2.0);
        assert_eq!(interpolated(&points, 9.0), 5.0);
    }
}
