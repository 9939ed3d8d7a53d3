//! The base of the proof: a model that half knows twelve tasks and can invent their inputs.
//!
//! It is trained on documents of one task each: an instruction with four solved inputs, or the prompt for a
//! new input with an input. The tasks that it solves more often than the target get less of the training, so
//! that short training leaves all of them half known.

use super::{PromptsConfig, Wordings, stream};
use crate::proof::{ProofOptions, arm, lab};
use crate::self_guide::SelfGuide;
use autodidact_core::chat::{Chat, Prompt, Sampling};
use autodidact_core::{Ask, Error, Recipe, Result, Rng, Run, Split, Task};
use autodidact_lm::Lm;
use autodidact_math::Row;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_math::sft::{MaskedNll, normalise};
use autodidact_parts::Shape;
use autodidact_parts::learn::{TuneConfig, Tuner, row_of, written};
use autodidact_parts::task::instructions::{Instruction, Instructions, InstructionsJudge};
use rand::Rng as _;
use rand::seq::IndexedRandom;

/// How the base is made.
pub struct World {
    /// Its shape.
    pub shape: Shape,
    /// Learning rate, constant: training is stopped, not finished.
    pub lr: f64,
    /// Documents an update.
    pub rows: usize,
    /// The most updates.
    pub most: u64,
    /// Updates between two looks at what it can do.
    pub every: u64,
    /// Validation inputs a task and look.
    pub probes: usize,
    /// The share right at which a task is left alone, and the mean at which training ends.
    pub target: f64,
    /// The most made inputs that a prompt for a new one shows.
    pub show: u32,
}

/// A base.
pub struct Base {
    /// The model.
    pub lm: Lm,
    /// Updates made.
    pub steps: u64,
    /// Documents that it was not trained on, answers counting.
    pub held_out: Vec<Row>,
}

/// Which labels a document shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Labels {
    Right,
    /// Each right one replaced by another.
    Wrong,
}

/// A base of that seed.
pub fn taught(world: &World, tasks: &[Instruction], seed: u64, options: &ProofOptions<'_>) -> Result<Base> {
    let lm = lab::fresh_words(world.shape, seed, &Instruction::words())?;
    let wordings = Wordings::open(&PromptsConfig::Small)?;
    let root = stream(seed, "base");
    let mut tuner = Tuner::around(&lm, world.tune())?;
    tuner.begin(world.most)?;
    let (steps, _) = arm("base", seed, options, SelfGuide::CARD, |run| {
        let mut shares = vec![1.0; tasks.len()];
        for step in 1..=world.most {
            let mut rng = root.at("step", step).rng();
            let mut batch = Vec::with_capacity(world.rows);
            for _ in 0..world.rows {
                let task = tasks[drawn(&shares, &mut rng)];
                batch.push(match rng.random_bool(0.2) {
                    true => world.invented(&lm, &wordings, task, &mut rng)?,
                    false => solved(&lm, task, Labels::Right, &mut rng)?,
                });
            }
            normalise(&mut batch);
            tuner.update(&batch, &MaskedNll)?;
            if step.is_multiple_of(world.every) {
                let right = world.look(&lm, tasks, run)?;
                let mean = right.iter().sum::<f64>() / right.len() as f64;
                tracing::info!(step, mean, ?right, "base");
                if mean >= world.target - 0.02 && right.iter().all(|one| (0.4..=0.75).contains(one)) {
                    return Ok(step);
                }
                shares = right.iter().map(|one| 0.03 + (world.target + 0.03 - one).max(0.0)).collect();
            }
        }
        Ok(world.most)
    })?;
    let mut rng = root.at("held out", 0).rng();
    let document =
        |_| solved(&lm, *tasks.choose(&mut rng).expect("there are tasks"), Labels::Right, &mut rng);
    let held_out = (0..64).map(document).collect::<Result<_>>()?;
    Ok(Base { lm, steps, held_out })
}

/// A copy of the base that was taught the wrong labels of `task` until it gets less than a quarter right.
pub fn misled(
    world: &World,
    base: &Lm,
    task: Instruction,
    seed: u64,
    options: &ProofOptions<'_>,
) -> Result<Lm> {
    let lm = lab::copy(base)?;
    let root = stream(seed, "misled");
    let mut tuner = Tuner::around(&lm, world.tune())?;
    tuner.begin(world.most)?;
    arm("misled", seed, options, SelfGuide::CARD, |run| {
        for step in 1..=world.most / 5 {
            let mut rng = root.at("step", step).rng();
            let mut batch: Vec<Row> =
                (0..world.rows).map(|_| solved(&lm, task, Labels::Wrong, &mut rng)).collect::<Result<_>>()?;
            normalise(&mut batch);
            tuner.update(&batch, &MaskedNll)?;
            if step.is_multiple_of(10) && world.look(&lm, &[task], run)?[0] < 0.3 {
                break;
            }
        }
        Ok(())
    })?;
    Ok(lm)
}

impl World {
    fn tune(&self) -> TuneConfig {
        let schedule = Schedule { shape: Course::Constant, warmup: self.most / 50, floor: 0.0 };
        TuneConfig { lr: self.lr, schedule, horizon: self.most, ..TuneConfig::default() }
    }

    /// The share of validation inputs of each task that the model answers right, greedily.
    fn look(&self, lm: &Lm, tasks: &[Instruction], run: &mut Run<'_>) -> Result<Vec<f64>> {
        let mut queries: Vec<Prompt> = Vec::new();
        for &task in tasks {
            let family = Instructions { tasks: vec![task], examples: 3 };
            let mut rng = stream(0, "probes").rng();
            queries.extend(family.draw(Split::Validation, self.probes, &mut rng)?);
        }
        let greedy = Sampling { temperature: 0.0, max_tokens: 14, ..Sampling::default() };
        let groups = run.evaluate("look", lm, &InstructionsJudge, Ask::<Chat>::each(&queries, 1, &greedy))?;
        Ok(groups.chunks(self.probes).map(|groups| lab::mean_of(groups, "score")).collect())
    }

    /// A prompt for a new input of a task, and an input.
    fn invented(&self, lm: &Lm, wordings: &Wordings, task: Instruction, rng: &mut Rng) -> Result<Row> {
        let n = 3 + rng.random_range(0..=self.show) as usize;
        let shown: Vec<String> = (0..n).map(|_| task.input_in(Split::Train, rng)).collect();
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        let label = task.labels().choose(rng).copied();
        let input = loop {
            let input = match label {
                Some(label) => task.input_of(label, rng),
                None => task.input(rng),
            };
            if task.split(&input) == Split::Train {
                break input;
            }
        };
        let prompt = wordings.input("", task.text(), (&shown[..3], &shown[3..]), label)?;
        Ok(row_of(&written(lm, &prompt, &input)?, 0.0))
    }
}

/// An instruction with four solved inputs; the outputs and the end count.
fn solved(lm: &Lm, task: Instruction, labels: Labels, rng: &mut Rng) -> Result<Row> {
    let encode = |text: &str| lm.tokenizer().encode(text).map_err(Error::part);
    let mut tokens = lm.tokenizer().opening().to_vec();
    tokens.extend(encode(&format!("{}:", task.text()))?);
    let mut targets = vec![false; tokens.len()];
    for place in 0..4 {
        let input = task.input_in(Split::Train, rng);
        let mut output = task.answer(&input).unwrap_or_default();
        if labels == Labels::Wrong {
            let others: Vec<&&str> = task.labels().iter().filter(|label| **label != output).collect();
            if let Some(other) = others.choose(rng) {
                output = (**other).to_string();
            }
        }
        let before = if place == 0 { "" } else { ";" };
        tokens.extend(encode(&format!("{before}{input}>"))?);
        targets.resize(tokens.len(), false);
        tokens.extend(encode(&output)?);
        targets.resize(tokens.len(), true);
    }
    tokens.extend(lm.eos().first());
    targets.resize(tokens.len(), true);
    let weight = targets[1..].iter().map(|&target| f32::from(u8::from(target))).collect();
    Ok(Row { tokens, weight })
}

/// A place drawn by its share of the sum.
fn drawn(shares: &[f64], rng: &mut Rng) -> usize {
    let mut left = rng.random_range(0.0..shares.iter().sum::<f64>());
    for (place, share) in shares.iter().enumerate() {
        if left < *share {
            return place;
        }
        left -= share;
    }
    shares.len() - 1
}
