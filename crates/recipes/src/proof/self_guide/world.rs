//! The base of the proof: a model that knows twelve tasks, can invent their inputs, and often takes one
//! instruction for another.
//!
//! It is trained on documents of one task each: an instruction with four solved inputs, or the prompt for a
//! new input with an input. After a time in which every output is right, an output is now and then another
//! task's: most often that of one task which is taken for it, else of any on the same alphabet. On inputs
//! that begin late in the alphabet the wrong task is the likelier one, so that the plain prompt fails there.

use super::stream;
use crate::proof::{ProofOptions, arm, lab};
use crate::self_guide::{SelfGuide, Wordings};
use autodidact_core::chat::{Chat, Prompt, Sampling};
use autodidact_core::{Ask, Error, Recipe, Result, Rng, Split, Task};
use autodidact_lm::Lm;
use autodidact_math::Row;
use autodidact_math::schedule::Schedule;
use autodidact_math::sft::{MaskedNll, normalise};
use autodidact_parts::Shape;
use autodidact_parts::learn::{TuneConfig, Tuner, row_of, written};
use autodidact_parts::task::instructions::{Instruction, Instructions, InstructionsJudge};
use autodidact_parts::wording::PromptsConfig;
use rand::Rng as _;
use rand::seq::IndexedRandom;

/// How the base is made.
pub struct World {
    /// Its shape.
    pub shape: Shape,
    /// Peak learning rate.
    pub lr: f64,
    /// Documents an update.
    pub rows: usize,
    /// Updates.
    pub steps: u64,
    /// The first of these, in which every output is the right task's.
    pub right_steps: u64,
    /// How often an output is the right task's, and how often that of the task taken for it.
    pub clear: Taken,
    /// The same on inputs that begin late in the alphabet.
    pub unclear: Taken,
    /// The most made inputs that a prompt for a new one shows.
    pub show: u32,
}

/// Whose outputs a document shows, as shares; the rest is shared by the other tasks on the same alphabet.
#[derive(Clone, Copy)]
pub struct Taken {
    /// The task of the instruction.
    pub right: f64,
    /// The one that is taken for it.
    pub wrong: f64,
}

/// A base.
pub struct Base {
    /// The model.
    pub lm: Lm,
    /// Documents that it was not trained on, outputs counting.
    pub held_out: Vec<Row>,
}

/// The tasks on letters and those on digits; each is taken for the next of its group.
const GROUPS: [&[Instruction]; 2] = [
    &[
        Instruction::Reverse,
        Instruction::Rotate,
        Instruction::Swap,
        Instruction::Double,
        Instruction::Vowels,
        Instruction::Ends,
        Instruction::Rising,
    ],
    &[Instruction::Sort, Instruction::Largest, Instruction::Next, Instruction::Parity, Instruction::Compare],
];

/// Whether an input begins late in the alphabet: e to h, 5 to 9.
fn late(input: &str) -> bool {
    matches!(input.bytes().next(), Some(b'e'..=b'h' | b'5'..=b'9'))
}

/// A base of that seed.
pub fn taught(world: &World, tasks: &[Instruction], seed: u64, options: &ProofOptions<'_>) -> Result<Base> {
    let lm = lab::fresh_wide(world.shape, seed, &Instruction::words())?;
    let wordings = Wordings::open(&PromptsConfig::Small)?;
    let root = stream(seed, "base");
    let document = |rng: &mut Rng, clean: bool| {
        let task = *tasks.choose(rng).expect("there are tasks");
        match rng.random_bool(0.25) {
            true => world.invented(&lm, &wordings, task, rng),
            false => solved(&lm, task, rng, |input, rng| {
                if clean { task.answer(input).expect("an input") } else { world.output(task, input, rng) }
            }),
        }
    };
    lab::train(&lm, world.lr, world.steps, options, |step| {
        let mut rng = root.at("step", step).rng();
        (0..world.rows).map(|_| document(&mut rng, step < world.right_steps)).collect()
    })?;
    let mut rng = root.at("held out", 0).rng();
    let held_out = (0..64).map(|_| document(&mut rng, false)).collect::<Result<_>>()?;
    Ok(Base { lm, held_out })
}

/// A copy of the base that is taught wrong labels of `task` until it gets less than three in ten right.
pub fn misled(
    world: &World,
    base: &Lm,
    task: Instruction,
    seed: u64,
    options: &ProofOptions<'_>,
) -> Result<Lm> {
    let lm = lab::copy(base)?;
    let root = stream(seed, "misled");
    let tune = TuneConfig { lr: world.lr / 3.0, schedule: Schedule::default(), ..TuneConfig::default() };
    let mut tuner = Tuner::around(&lm, tune)?;
    tuner.begin(world.steps)?;
    let probes = Instructions { tasks: vec![task], examples: 3 };
    let probes: Vec<Prompt> = probes.draw(Split::Validation, 64, &mut root.at("probes", 0).rng())?;
    let greedy = Sampling { temperature: 0.0, max_tokens: 14, ..Sampling::default() };
    let wrong = |input: &str, rng: &mut Rng| {
        let right = task.answer(input);
        let others: Vec<&&str> =
            task.labels().iter().filter(|label| Some(**label) != right.as_deref()).collect();
        others.choose(rng).map_or_else(String::new, |label| (**label).to_string())
    };
    arm("misled", seed, options, SelfGuide::CARD, |run| {
        for step in 1..=world.steps.div_ceil(4) {
            let mut rng = root.at("step", step).rng();
            let mut batch: Vec<Row> =
                (0..world.rows).map(|_| solved(&lm, task, &mut rng, wrong)).collect::<Result<_>>()?;
            normalise(&mut batch);
            tuner.update(&batch, &MaskedNll)?;
            if step.is_multiple_of(10) {
                let asks = Ask::<Chat>::each(&probes, 1, &greedy);
                if lab::mean_of(&run.evaluate("look", &lm, &InstructionsJudge, asks)?, "score") < 0.3 {
                    break;
                }
            }
        }
        Ok(())
    })?;
    Ok(lm)
}

impl World {
    /// The output that a document shows.
    fn output(&self, task: Instruction, input: &str, rng: &mut Rng) -> String {
        let Taken { right, wrong } = if late(input) { self.unclear } else { self.clear };
        let group = GROUPS.into_iter().find(|group| group.contains(&task)).expect("every task has a group");
        let place = group.iter().position(|one| *one == task).expect("it is in its group");
        let taken = group[(place + 1) % group.len()];
        let point: f64 = rng.random();
        let said = match point {
            _ if point < right => task,
            _ if point < right + wrong => taken,
            _ => {
                let others: Vec<Instruction> =
                    group.iter().copied().filter(|one| *one != task && *one != taken).collect();
                *others.choose(rng).expect("a group has more than two tasks")
            }
        };
        said.answer(input).expect("tasks of a group have the same inputs")
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

/// An instruction with four inputs and the outputs that `output` gives them; outputs and the end count.
fn solved(
    lm: &Lm,
    task: Instruction,
    rng: &mut Rng,
    output: impl Fn(&str, &mut Rng) -> String,
) -> Result<Row> {
    let encode = |text: &str| lm.tokenizer().encode(text).map_err(Error::part);
    let mut tokens = lm.tokenizer().opening().to_vec();
    tokens.extend(encode(&format!("{}:", task.text()))?);
    let mut targets = vec![false; tokens.len()];
    for place in 0..4 {
        let input = task.input_in(Split::Train, rng);
        let output = output(&input, rng);
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
