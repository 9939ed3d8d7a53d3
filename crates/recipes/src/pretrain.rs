//! Pre-training of a small base model on problems that the project generates itself.
//!
//! Rows of the pre-training stream are functions of the seed and their index, so nothing repeats
//! and nothing is stored. They are trained on in updates of a fixed number of tokens, and a block of
//! updates is one durable learning step. At the end the model samples its own solutions, a checker
//! labels them, and only the verdict tokens are trained on, so that the model's word on its own
//! answers follows its own success rate rather than the demonstrators'.
//!
//! * Paper: none; the literature behind it is listed on its page (TinyZero, Self-Improving
//!   Transformers, Physics of Language Models 2.1 and 2.2, GSM-Symbolic).
//! * Code: none.
//! * Differs: a plain Llama block (SwiGLU, RMS norm, rotary positions), so that other tools load it.
//! * Reports: `tokens_seen`, `verdict_auroc`, `verdict_ece`, and pass rates by cell.

use crate::pretraining::Pretraining;
use crate::verdict;
use autodidact_core::chat::Sampling;
use autodidact_core::{Ask, Card, Error, Metric, Recipe, Result, Run, Seed, Split};
use autodidact_lm::{AdamW, Dtype, Lm, Model, Tokenizer};
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::task::{PretrainStream, StreamConfig, SuiteConfig};
use autodidact_parts::{OpenTask, Shape, TaskConfig};
use serde::{Deserialize, Serialize};

/// Settings of pre-training; the defaults made the bundled model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pretrain {
    /// The shape of the model.
    pub shape: Shape,
    /// Tokens to train on in all.
    pub tokens: u64,
    /// Tokens in an update; updates, not tokens, are the bottleneck of small models.
    pub update_tokens: u64,
    /// Updates recorded together as one learning step.
    pub block_updates: u64,
    /// Peak learning rate.
    pub lr: f64,
    /// Updates over which the rate rises from 0.
    pub warmup: u64,
    /// Share of the updates after which the rate falls in a line.
    pub hold: f64,
    /// Share of the peak rate at the end.
    pub floor: f64,
    /// The optimiser.
    pub optimizer: AdamW,
    /// What the rows are made of.
    pub stream: StreamConfig,
    /// How the model is measured on the way.
    pub check: Check,
    /// The on-policy refresh of the verdict.
    pub refresh: Refresh,
}

/// How a model is measured while it is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Check {
    /// Blocks between two measurements; 0 measures only at the end.
    pub every: u32,
    /// Which cells, each as often as the others.
    pub cells: Vec<String>,
    /// On how many validation problems, and how.
    pub evaluation: Evaluation,
}

/// The refresh of the verdict on the model's own solutions; 0 samples leave it out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Refresh {
    /// Own solutions to sample and label.
    pub samples: u32,
    /// Passes over them.
    pub epochs: u32,
    /// Learning rate.
    pub lr: f64,
}

impl Default for Pretrain {
    fn default() -> Pretrain {
        Pretrain {
            shape: Shape {
                hidden_size: 128,
                layers: 4,
                heads: 4,
                kv_heads: 2,
                intermediate_size: 512,
                context: 512,
            },
            tokens: 32_000_000,
            update_tokens: 2048,
            block_updates: 1000,
            lr: 3e-3,
            warmup: 150,
            hold: 0.7,
            floor: 0.02,
            optimizer: AdamW { beta2: 0.95, weight_decay: 0.05, ..AdamW::default() },
            stream: StreamConfig::default(),
            check: Check::default(),
            refresh: Refresh::default(),
        }
    }
}

impl Default for Check {
    fn default() -> Check {
        let cells = ["A1-4", "M1-2", "P1-4", "W1-4", "C3-4", "G1-4", "A5-6", "P5", "W5", "G5"];
        Check {
            every: 5,
            cells: cells.map(str::to_owned).to_vec(),
            evaluation: Evaluation {
                problems: 40 * 25,
                split: Split::Validation,
                tries: 32,
                k: 32,
                sampling: Sampling { max_tokens: 160, ..Sampling::default() },
                greedy: true,
                seed: 0,
            },
        }
    }
}

impl Default for Refresh {
    fn default() -> Refresh {
        Refresh { samples: 3000, epochs: 2, lr: 3e-4 }
    }
}

impl Recipe for Pretrain {
    const CARD: Card = Card {
        id: "pretrain",
        summary: "make a small base model from generated problems: the bundled model's own recipe",
        paper: "none",
        code: "",
        reports: &[
            Metric { name: "tokens_seen", meaning: "tokens trained on since the beginning" },
            Metric {
                name: "verdict_auroc",
                meaning: "chance that a right own answer is trusted over a wrong one",
            },
            Metric { name: "verdict_ece", meaning: "expected calibration error of the verdict, 10 bins" },
        ],
    };

    fn check(&self) -> Result<()> {
        self.shape.config(&Tokenizer::bytes())?;
        self.optimizer.check().map_err(Error::part)?;
        self.check.task()?;
        self.check.evaluation.check("check.evaluation")?;
        self.stream.check("stream")?;
        for (field, found) in [("hold", self.hold), ("floor", self.floor)] {
            if !(0.0..=1.0).contains(&found) {
                return Err(Error::invalid(field, "a share between 0 and 1", found));
            }
        }
        for (field, found) in [
            ("tokens", self.tokens),
            ("update_tokens", self.update_tokens),
            ("block_updates", self.block_updates),
        ] {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        Ok(())
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let model = Model::random(self.shape.config(&Tokenizer::bytes())?, run.seed("weights"))
            .map_err(Error::part)?;
        let lm = Lm::new(model.clone(), Tokenizer::bytes());
        let mut learner = Pretraining::new(self, &model, run.seed("rows"))?;
        let checked = self.check.task()?;

        while run.next_round(self.blocks()) {
            run.learn("pretrain", &mut learner, &[])?;
            run.note("tokens_seen", learner.place().tokens as f64)?;
            let last = run.round() == self.blocks();
            if last || self.check.every > 0 && run.round().is_multiple_of(self.check.every) {
                self.measure("check", &lm, &checked, run)?;
                run.output("last", &lm.snapshot(Dtype::F16)?)?;
            }
        }
        if self.refresh.samples > 0 {
            let queries =
                checked.task.draw(Split::Train, self.refresh.samples as usize, &mut run.rng("own"))?;
            let asks = Ask::each(&queries, 1, &self.check.evaluation.sampling);
            let own = run.attempt("own", &lm, &*checked.task.judge(), asks)?;
            run.learn("refresh", &mut learner, &own)?;
            self.measure("refreshed", &lm, &checked, run)?;
            run.output("last", &lm.snapshot(Dtype::F16)?)?;
        }
        Ok(())
    }
}

impl Pretrain {
    /// Measures pass rates by cell, and the verdict on the tries that gave them.
    fn measure(&self, stage: &str, lm: &Lm, checked: &OpenTask, run: &mut Run<'_>) -> Result<()> {
        let judge = checked.task.judge();
        let measured = self.check.evaluation.run(stage, lm, checked, &*judge, run)?;
        let Some(measured) = measured else { return Ok(()) };
        for cell in &measured.scores.cells {
            let figures = [
                ("pass@1", cell.pass_at_1),
                ("pass@k", cell.pass_at_k),
                ("maj@k", cell.maj_at_k),
                ("greedy", cell.greedy),
            ];
            for (name, figure) in figures {
                if let Some(figure) = figure {
                    run.note(&format!("{}/{name}", cell.name), figure)?;
                }
            }
        }
        // One try a problem is enough to judge the verdict by.
        let mut firsts = measured.sampled;
        firsts.iter_mut().for_each(|group| group.tries.truncate(1));
        verdict::note(stage, lm, &firsts, run)
    }

    /// How many updates there are.
    pub fn updates(&self) -> u64 {
        self.tokens.div_ceil(self.update_tokens)
    }

    /// How many durable learning steps they are recorded in.
    pub fn blocks(&self) -> u32 {
        self.updates().div_ceil(self.block_updates) as u32
    }

    /// How many rows the stream of `seed` has: the tokens wanted over the mean length of rows taken
    /// evenly from all parts of it.
    pub(crate) fn rows(&self, seed: Seed) -> Result<u64> {
        const PROBES: u64 = 2000;
        let probe = PretrainStream::new(self.stream.clone(), seed.at("length", 0), PROBES)?;
        let mut tokens = 0;
        for index in 0..PROBES {
            tokens += probe.row(index)?.tokens().tokens.len() as u64;
        }
        Ok(self.tokens * PROBES / tokens)
    }

    /// The learning rate of an update: a warm-up, a plateau, a line down to the floor.
    pub(crate) fn rate(&self, update: u64) -> f64 {
        if update < self.warmup {
            return self.lr * (update + 1) as f64 / self.warmup as f64;
        }
        let updates = self.updates() as f64;
        let done = update as f64 / updates;
        if done < self.hold {
            return self.lr;
        }
        let left = (1.0 - done) / (1.0 - self.hold);
        self.lr * (self.floor + (1.0 - self.floor) * left)
    }
}

impl Check {
    fn task(&self) -> Result<OpenTask> {
        TaskConfig::Suite(SuiteConfig { cells: self.cells.clone(), ..SuiteConfig::default() }).open()
    }
}
