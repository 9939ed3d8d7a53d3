//! B-STaR: re-balance exploration and exploitation before every round of self-training.
//!
//! Each round samples a fixed set of training queries at many temperatures, scores every temperature
//! and threshold by the balance `mean_q(min(right_q / enough, 1) * right_q / kept_q)` of what they
//! would keep, samples the pool at the best temperature, and goes on fine-tuning on what the best
//! threshold keeps, with as few answers a query as reach the wanted total.
//!
//! * Paper: Zeng et al. 2024, arXiv 2412.17256.
//! * Code: hkust-nlp/B-STaR @ a0f5d95, `train_code/train_bstar.sh`, `determine_hyper.py`.
//! * Differs: draws are seeded (upstream shuffles unseeded); `enough` follows the formula (upstream
//!   writes 8); cut-off answers are never kept; the shape of the schedule's tail is ours.
//! * Reports: `temperature`, `threshold`, `balance`, `probe_balance`, `kept`, `cap`, `pass@k-s`, `reward@k-s`,
//!   `diversity`.
//!
//! Its three ancestors are settings ([`Ancestor`]): a grid of one point is online RFT; with a fresh
//! optimiser each round it is iterative RFT; with the first weights each round it is ReST-EM.

mod ancestor;
mod monitor;
mod selection;

pub use ancestor::Ancestor;

use crate::asked::each_once;
use crate::grid::Grid;
use crate::watch::{Watch, WatchConfig};
use autodidact_core::chat::{Chat, Prompt, Sampling};
use autodidact_core::{Ask, Card, Error, Group, Judge, Metric, Recipe, Result, Run, Split, Try};
use autodidact_lm::Lm;
use autodidact_math::balance::{Point, Selection, best, enough};
use autodidact_math::schedule::{Schedule, Shape};
use autodidact_parts::learn::{Amount, Batch, Keep, Restart, Sft, SftConfig, gold_tries};
use autodidact_parts::{CriticConfig, ModelConfig, OpenTask, TaskConfig};
use serde::{Deserialize, Serialize};

/// Settings of B-STaR; the defaults are the paper's for MATH.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BStar {
    /// The model to improve; one that has had a short fine-tuning.
    pub model: ModelConfig,
    /// Queries with checkable answers.
    pub task: TaskConfig,
    /// Scores steps, beside the check of the answer.
    pub critic: CriticConfig,
    /// Rounds (I).
    pub rounds: u32,
    /// Queries a round (M).
    pub queries: u32,
    /// Answers a query (k).
    pub tries: u32,
    /// Training samples wanted a round (N).
    pub wanted: u32,
    /// The most answers of one query that are ever kept.
    pub most: u32,
    /// Training queries on which temperatures and thresholds are compared.
    pub probe: u32,
    /// Temperatures to choose among.
    pub temperatures: Grid,
    /// Thresholds to choose among; an answer is kept when its reward is above.
    pub thresholds: Grid,
    /// On what the threshold is chosen.
    pub threshold_on: ThresholdOn,
    /// Whether reference solutions are added to the answers.
    pub gold: Gold,
    /// How answers are sampled, the temperature apart.
    pub sampling: Sampling,
    /// How the model learns.
    pub sft: SftConfig,
    /// How it is measured.
    pub watch: WatchConfig,
    /// The S of pass@K-S and reward@K-S in validation, whose tries are K.
    pub watch_s: u32,
}

/// On what the threshold is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdOn {
    /// On the probe, together with the temperature, as the paper says.
    #[default]
    Probe,
    /// Again on the whole pool, once that is sampled, as the released script does.
    Pool,
}

/// Whether reference solutions are added to the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gold {
    /// The model learns from its own answers only.
    #[default]
    Leave,
    /// Every query gets its reference solution, with reward 1, as in the released script.
    Add,
}

impl Default for BStar {
    fn default() -> BStar {
        BStar {
            model: ModelConfig::Nano,
            task: TaskConfig::default(),
            critic: CriticConfig::None,
            rounds: 9,
            queries: 11_500,
            tries: 64,
            wanted: 67_500,
            most: 64,
            probe: 600,
            temperatures: Grid { from: 0.5, to: 1.2, step: 0.1 },
            thresholds: Grid { from: -1.0, to: 1.0, step: 0.1 },
            threshold_on: ThresholdOn::Probe,
            gold: Gold::Leave,
            sampling: Sampling { max_tokens: 1024, ..Sampling::default() },
            sft: SftConfig {
                lr: 4.12e-6,
                // Ends at 2e-7.
                schedule: Schedule { shape: Shape::Cosine, warmup: 0, floor: 0.0485 },
                amount: Amount::Steps { steps: 500 },
                batch: Batch::Rows { rows: 128 },
                restart: Restart::Inherit,
                ..SftConfig::default()
            },
            watch: WatchConfig::default(),
            watch_s: 4,
        }
    }
}

impl Recipe for BStar {
    const CARD: Card = Card {
        id: "b-star",
        summary: "self-training that re-chooses its temperature and threshold before every round",
        paper: "2412.17256",
        code: "hkust-nlp/B-STaR @ a0f5d95",
        reports: &[
            Metric { name: "temperature", meaning: "sampling temperature chosen for the round" },
            Metric { name: "threshold", meaning: "reward above which answers are kept in the round" },
            Metric { name: "balance", meaning: "balance score of the pool's selection, in 0 to 1" },
            Metric { name: "probe_balance", meaning: "balance score of the probe at the chosen point" },
            Metric { name: "kept", meaning: "answers kept of the pool" },
            Metric { name: "cap", meaning: "answers a query up to which the selection went" },
            Metric {
                name: "pass@k-s",
                meaning: "share of validation problems with at least S distinct right answers among K",
            },
            Metric {
                name: "reward@k-s",
                meaning: "share of validation problems whose S answers of highest reward are all right",
            },
            Metric {
                name: "diversity",
                meaning: "distinct equations over all equations among right answers in validation",
            },
        ],
    };

    fn check(&self) -> Result<()> {
        let positive = [
            ("rounds", self.rounds),
            ("queries", self.queries),
            ("tries", self.tries),
            ("wanted", self.wanted),
            ("most", self.most),
            ("probe", self.probe),
            ("watch_s", self.watch_s),
        ];
        for (field, found) in positive {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        self.temperatures.check("temperatures", 0.0, 10.0)?;
        self.thresholds.check("thresholds", -1e6, 1e6)?;
        self.sft_of_all_rounds().check()?;
        self.task.check()?;
        self.critic.check(&self.task)?;
        self.watch.check()
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let lm = crate::open(&self.model, run)?;
        let task = self.task.open()?;
        self.run_on(&lm, &task, run)
    }
}

impl BStar {
    /// Runs on a model and a task that are open already.
    pub(crate) fn run_on(&self, lm: &Lm, task: &OpenTask, run: &mut Run<'_>) -> Result<()> {
        let judge = self.critic.beside(task.task.judge())?;
        let mut learner = Sft::around(lm, &self.sft_of_all_rounds(), Keep::All)?;
        let mut watch = Watch::of(&self.watch, lm, task, &*judge);
        let mut probe = task.task.draw(Split::Train, self.probe as usize, &mut run.rng("probe queries"))?;
        each_once(&mut probe);
        monitor::note(watch.before(&learner, run)?, self.watch_s, run)?;

        while run.next_round(self.rounds) {
            let point = self.choose(&probe, lm, task, &*judge, run)?;
            let mut queries = task.task.draw(Split::Train, self.queries as usize, &mut run.rng("queries"))?;
            each_once(&mut queries);
            let groups = self.sample("pool", &queries, point.temperature, lm, task, &*judge, run)?;
            let (threshold, kept) = match self.threshold_on {
                ThresholdOn::Probe => (point.threshold, self.select(&groups, point.threshold)),
                ThresholdOn::Pool => self.best_threshold(&groups, point.temperature),
            };
            run.note("temperature", point.temperature)?;
            run.note("threshold", threshold)?;
            run.note("balance", kept.score)?;
            run.note("kept", kept.total() as f64)?;
            run.note("cap", kept.cap as f64)?;
            run.learn("learn", &mut learner, &selection::kept_groups(&groups, &kept))?;
            monitor::note(watch.round(&learner, run)?, self.watch_s, run)?;
        }
        watch.after(&mut learner, run)?;
        Ok(())
    }

    /// The temperature and threshold of the round. A grid of one point needs no probing.
    fn choose(
        &self,
        probe: &[Prompt],
        lm: &Lm,
        task: &OpenTask,
        judge: &dyn Judge<Chat>,
        run: &mut Run<'_>,
    ) -> Result<Point> {
        let (temperatures, thresholds) = (self.temperatures.values(), self.thresholds.values());
        if let ([temperature], [threshold]) = (&temperatures[..], &thresholds[..]) {
            return Ok(Point { temperature: *temperature, threshold: *threshold, score: 0.0 });
        }
        let mut points = Vec::new();
        for &temperature in &temperatures {
            let groups = self.sample("probe", probe, temperature, lm, task, judge, run)?;
            for &threshold in &thresholds {
                let score = self.select(&groups, threshold).score;
                points.push(Point { temperature, threshold, score });
            }
        }
        let point = best(&points).expect("a grid is never empty and a balance is a number");
        run.note("probe_balance", point.score)?;
        Ok(point)
    }

    fn best_threshold(&self, groups: &[Group<Chat>], temperature: f64) -> (f64, Selection) {
        let points: Vec<Point> = self
            .thresholds
            .values()
            .into_iter()
            .map(|threshold| Point { temperature, threshold, score: self.select(groups, threshold).score })
            .collect();
        let threshold = best(&points).expect("a grid is never empty and a balance is a number").threshold;
        (threshold, self.select(groups, threshold))
    }

    #[allow(clippy::too_many_arguments)]
    fn sample(
        &self,
        stage: &str,
        queries: &[Prompt],
        temperature: f64,
        lm: &Lm,
        task: &OpenTask,
        judge: &dyn Judge<Chat>,
        run: &mut Run<'_>,
    ) -> Result<Vec<Group<Chat>>> {
        let asks = Ask::each(queries, self.tries, &self.sampling.at(temperature as f32));
        let mut groups = run.attempt(stage, lm, judge, asks)?;
        if self.gold == Gold::Add {
            let gold: Vec<Option<Try<Chat>>> = gold_tries(lm, &*task.task, queries)?;
            for (group, gold) in groups.iter_mut().zip(gold) {
                group.tries.extend(gold);
            }
        }
        Ok(groups)
    }

    /// What a threshold keeps of these groups. The wanted total shrinks with the number of queries.
    fn select(&self, groups: &[Group<Chat>], threshold: f64) -> Selection {
        let (wanted, queries) = (self.wanted as usize, self.queries as usize);
        let of_these = (wanted * groups.len()).div_ceil(queries);
        selection::select(groups, threshold, of_these, enough(wanted, queries), self.most as usize)
    }

    /// An inherited schedule spans all rounds unless the settings say otherwise.
    fn sft_of_all_rounds(&self) -> SftConfig {
        let horizon = match (self.sft.horizon, self.sft.restart, self.sft.amount) {
            (0, Restart::Inherit, Amount::Steps { steps }) => steps * u64::from(self.rounds),
            (horizon, _, _) => horizon,
        };
        SftConfig { horizon, ..self.sft.clone() }
    }
}

#[cfg(test)]
mod tests;
