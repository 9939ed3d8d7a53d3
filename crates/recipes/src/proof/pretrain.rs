//! The proof of the base model: is it the subject that it is meant to be?
//!
//! The bundled model is measured cell by cell against the window that a base model should stand in. Its
//! verdict is set back to that of the demonstrators and refreshed on own answers. Then two copies learn
//! three rounds from their own answers: from right ones alone, and, as a control, from whatever they say.

mod report;

use super::{Proof, ProofOptions, ProofReport, Scale, Track, arm};
use crate::pretrain::{Pretrain, Refresh};
use crate::pretraining::Pretraining;
use crate::{nano, verdict};
use autodidact_core::chat::{Chat, Sampling};
use autodidact_core::{Ask, Error, Group, Recipe, Result, Run, Split};
use autodidact_lm::Lm;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_parts::evaluate::{Cell, Evaluation};
use autodidact_parts::judge::right;
use autodidact_parts::learn::{Amount, Batch, Keep, Replay, Restart, Sft, SftConfig};
use autodidact_parts::task::SuiteConfig;
use autodidact_parts::{OpenTask, TaskConfig};
use std::collections::BTreeSet;

/// The proof.
pub const PROOF: Proof = Proof {
    id: "pretrain",
    about: "the bundled model leaves the gaps that it should, and learns from its own right answers only",
    run,
};

/// Levels that pre-training shows.
const TRAINED: [&str; 6] = ["A1-4", "M1-2", "P1-4", "W1-4", "C3-4", "G1-4"];

/// The level above them of each family.
const NEXT: [&str; 6] = ["A5", "M3", "P5", "W5", "C5", "G5"];

/// Rounds of self-training.
const ROUNDS: u32 = 3;

/// Distinct answers of a problem that a round learns from.
const DISTINCT: usize = 2;

/// How large everything is.
struct Plan {
    /// What is measured of all cells, and of the trained ones.
    all: Evaluation,
    trained: Evaluation,
    /// How the verdict is set back, and refreshed.
    drift: Pretrain,
    /// Own answers by which the verdict is measured.
    judged: u32,
    /// Problems of a round of self-training, and answers to each.
    queries: u32,
    tries: u32,
    sft: SftConfig,
}

/// What a round learns from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Filter {
    Right,
    Anything,
}

/// What is measured with one seed.
struct Outcome {
    cells: Vec<Cell>,
    well_formed: f64,
    verdict: Track,
    filtered: Track,
    unfiltered: Track,
}

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let plan = Plan::of(options.scale);
    let outcomes: Result<Vec<Outcome>> =
        options.seeds.iter().map(|&seed| plan.outcome(seed, options)).collect();
    Ok(report::report(&plan, &outcomes?, options))
}

impl Plan {
    fn of(scale: Scale) -> Plan {
        let full = scale == Scale::Full;
        let size = |of_full: u32, of_quick: u32| if full { of_full } else { of_quick };
        let tries = size(32, 2);
        let evaluation = Evaluation {
            tries,
            k: tries,
            sampling: Sampling { max_tokens: 160, ..Sampling::default() },
            ..Evaluation::default()
        };
        let updates = u64::from(size(300, 2));
        Plan {
            all: Evaluation { problems: 26 * size(25, 1), ..evaluation.clone() },
            trained: Evaluation { problems: 20 * size(12, 1), ..evaluation },
            drift: Pretrain {
                tokens: 2048 * updates,
                block_updates: updates,
                lr: 3e-4,
                warmup: updates / 10,
                hold: 0.5,
                refresh: Refresh { samples: size(3000, 16), ..Refresh::default() },
                ..Pretrain::default()
            },
            judged: size(600, 20),
            queries: size(1000, 20),
            tries: size(8, 2),
            sft: SftConfig {
                lr: 4e-4,
                schedule: Schedule { shape: Course::Linear, warmup: 5, floor: 0.1 },
                amount: Amount::Steps { steps: u64::from(size(60, 2)) },
                batch: Batch::Rows { rows: size(32, 8) },
                restart: Restart::Weights,
                replay: Replay::Pretraining { share: 0.4 },
                ..SftConfig::default()
            },
        }
    }

    fn outcome(&self, seed: u64, options: &ProofOptions<'_>) -> Result<Outcome> {
        let (cells, well_formed) = self.acceptance(seed, options)?;
        let verdict = self.refreshed(seed, options)?;
        let filtered = self.self_trained(Filter::Right, seed, options)?;
        let unfiltered = self.self_trained(Filter::Anything, seed, options)?;
        Ok(Outcome { cells, well_formed, verdict, filtered, unfiltered })
    }

    /// Pass rates by cell, and the share of answers that have the form.
    fn acceptance(&self, seed: u64, options: &ProofOptions<'_>) -> Result<(Vec<Cell>, f64)> {
        let (lm, task) = (nano::open()?, suite(&[&TRAINED[..], &NEXT[..]].concat())?);
        let evaluation = Evaluation { seed, ..self.all.clone() };
        let (measured, _) = arm("acceptance", seed, options, Pretrain::CARD, |run| {
            evaluation.run("all", &lm, &task, &*task.task.judge(), run)
        })?;
        let measured = measured.ok_or_else(|| Error::invalid("problems", "at least 1", 0))?;
        let well_formed = super::lab::mean_of(&measured.sampled, "well_formed");
        Ok((measured.scores.cells, well_formed))
    }

    /// Notes the verdict's figures as bundled, after more rows of demonstrators, and refreshed.
    fn refreshed(&self, seed: u64, options: &ProofOptions<'_>) -> Result<Track> {
        let (lm, task) = (nano::open()?, suite(&TRAINED)?);
        let ((), track) = arm("refresh", seed, options, Pretrain::CARD, |run| {
            let judge = task.task.judge();
            let mut learner = Pretraining::new(&self.drift, lm.model(), run.seed("rows"))?;
            self.verdict("bundled", &lm, &task, run)?;
            run.learn("pretrain", &mut learner, &[])?;
            self.verdict("before", &lm, &task, run)?;
            let samples = self.drift.refresh.samples as usize;
            let queries = task.task.draw(Split::Train, samples, &mut run.rng("own"))?;
            let own = run.attempt("own", &lm, &*judge, Ask::each(&queries, 1, &self.all.sampling))?;
            run.learn("refresh", &mut learner, &own)?;
            self.verdict("after", &lm, &task, run)
        })?;
        Ok(track)
    }

    /// Notes how the verdict on one own answer a problem stands.
    fn verdict(&self, stage: &str, lm: &Lm, task: &OpenTask, run: &mut Run<'_>) -> Result<()> {
        let queries = task.task.draw(Split::Validation, self.judged as usize, &mut run.rng("judged"))?;
        let asks = Ask::each(&queries, 1, &self.all.sampling);
        let own = run.evaluate(&format!("{stage}/own"), lm, &*task.task.judge(), asks)?;
        verdict::note(stage, lm, &own, run)
    }

    /// Rounds of learning from own answers, each measured as `round` on the same problems.
    fn self_trained(&self, filter: Filter, seed: u64, options: &ProofOptions<'_>) -> Result<Track> {
        let (lm, task) = (nano::open()?, suite(&TRAINED)?);
        let mut learner = Sft::around(&lm, &self.sft, Keep::All)?;
        let evaluation = Evaluation { seed, ..self.trained.clone() };
        let ((), track) = arm(filter.name(), seed, options, Pretrain::CARD, |run| {
            let judge = task.task.judge();
            evaluation.run("round", &lm, &task, &*judge, run)?;
            while run.next_round(ROUNDS) {
                let queries = task.task.draw(Split::Train, self.queries as usize, &mut run.rng("queries"))?;
                let asks = Ask::each(&queries, self.tries, &self.trained.sampling);
                let groups = run.attempt("pool", &lm, &*judge, asks)?;
                let kept = filter.kept(groups);
                run.learn("learn", &mut learner, &kept)?;
                evaluation.run("round", &lm, &task, &*judge, run)?;
            }
            Ok(())
        })?;
        Ok(track)
    }
}

impl Filter {
    fn name(self) -> &'static str {
        match self {
            Filter::Right => "right answers",
            Filter::Anything => "any answers",
        }
    }

    /// The first distinct answers of each group that pass.
    fn kept(self, groups: Vec<Group<Chat>>) -> Vec<Group<Chat>> {
        let thinned = |mut group: Group<Chat>| {
            let mut seen = BTreeSet::new();
            group.tries.retain(|one| {
                let passes = self == Filter::Anything || right(&one.verdict);
                passes && seen.len() < DISTINCT && seen.insert(one.answer.text.clone())
            });
            group
        };
        groups.into_iter().map(thinned).collect()
    }
}

fn suite(cells: &[&str]) -> Result<OpenTask> {
    let cells = cells.iter().map(|&cell| cell.to_owned()).collect();
    TaskConfig::Suite(SuiteConfig { cells, ..SuiteConfig::default() }).open()
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::{Silent, Stop};

    #[test]
    fn the_quick_proof_runs_to_a_whole_report() {
        let options =
            ProofOptions { seeds: vec![0, 1], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
        let report = run(&options).expect("runs");
        assert_eq!((report.recipe.as_str(), report.claims.len(), report.tables.len()), ("pretrain", 10, 3));
        assert!(report.claims.iter().all(|claim| claim.value.is_finite()), "{:?}", report.claims);
        for table in &report.tables {
            assert!(!table.rows.is_empty(), "{}", table.title);
            assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{}", table.title);
        }
        // Before the first round and after each of three.
        assert!(report.charts.iter().flat_map(|chart| &chart.lines).all(|line| line.points.len() == 4));
    }

    #[test]
    fn a_filter_keeps_the_first_distinct_answers_that_pass() {
        use autodidact_core::chat::{Completion, Prompt};
        use autodidact_core::{Try, Verdict};
        let group = || {
            let said = |(text, is_right): (&str, bool)| Try {
                answer: Completion { text: text.to_owned(), ..Completion::default() },
                verdict: Verdict::right(is_right),
            };
            let ask = Ask { query: Prompt::text("x", "A:1+1?"), knobs: Sampling::default(), tries: 5 };
            let tries = [("3", false), ("2", true), ("2", true), ("1+1=2", true), ("2 ", true)].map(said);
            Group { ask, tries: tries.to_vec() }
        };
        let kept = |filter: Filter| -> Vec<String> {
            filter.kept(vec![group()])[0].tries.iter().map(|one| one.answer.text.clone()).collect()
        };
        assert_eq!(kept(Filter::Right), ["2", "1+1=2"]);
        assert_eq!(kept(Filter::Anything), ["3", "2"]);
    }
}
