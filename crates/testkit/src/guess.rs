//! A toy world that learns in milliseconds: guess the number that belongs to a clue.
//!
//! The policy holds a table of weights, one row a clue, and draws answers from its softmax. The
//! learner moves the weights along the scores, with a momentum that nobody else sees: what it saves
//! must hold that too, or a resumed run goes another way.

mod clues;

pub use clues::Clues;

use autodidact_core::{
    Ask, BlobId, Card, Domain, Error, Group, Judge, Judged, Learn, Lesson, Loop, Metrics, Policy, Proposals,
    Recipe, Result, Run, Seed, Snapshot, Spend, Verdict, Version,
};
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, PoisonError, RwLock};

/// How many clues there are, and how many numbers.
pub const NUMBERS: usize = 8;

/// The domain: a clue is asked, a number comes back.
#[derive(Clone, Copy, Debug)]
pub struct Guess;

impl Domain for Guess {
    type Query = u32;
    type Answer = u32;
    type Knobs = Eagerness;
}

/// How far a draw leans to what the policy likes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Eagerness {
    /// Multiplies the weights; 0 draws evenly.
    pub lean: f64,
}

impl Default for Eagerness {
    fn default() -> Eagerness {
        Eagerness { lean: 1.0 }
    }
}

/// The number that belongs to a clue.
pub fn right(clue: u32) -> u32 {
    (clue * 5 + 3) % NUMBERS as u32
}

/// Weights that a policy reads and a learner changes.
#[derive(Clone, Debug)]
pub struct Table(Arc<RwLock<Vec<f64>>>);

impl Default for Table {
    fn default() -> Table {
        Table(Arc::new(RwLock::new(vec![0.0; NUMBERS * NUMBERS])))
    }
}

impl Table {
    /// The weights, one row a clue.
    pub fn weights(&self) -> Vec<f64> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, weights: Vec<f64>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = weights;
    }
}

/// Draws numbers from the softmax of a clue's weights. An answer counts as one sampled token.
#[derive(Clone, Debug)]
pub struct Guesser(pub Table);

impl Policy<Guess> for Guesser {
    fn propose(&self, asks: &[Ask<Guess>], seeds: &[Seed]) -> Result<Proposals<Guess>> {
        let weights = self.0.weights();
        let mut answers = Vec::with_capacity(asks.len());
        for (ask, seed) in asks.iter().zip(seeds) {
            let row = &weights[ask.query as usize * NUMBERS..][..NUMBERS];
            let odds: Vec<f64> = row.iter().map(|weight| (weight * ask.knobs.lean).exp()).collect();
            let draw = |attempt| draw(&odds, seed.at("try", u64::from(attempt)));
            answers.push((0..ask.tries).map(draw).collect::<Vec<u32>>());
        }
        let sampled_tokens = answers.iter().map(|tries| tries.len() as u64).sum();
        Ok(Proposals { answers, spend: Spend { sampled_tokens, ..Spend::default() } })
    }

    fn version(&self) -> Result<Version> {
        let bytes: Vec<u8> = self.0.weights().iter().flat_map(|weight| weight.to_le_bytes()).collect();
        Ok(Version(BlobId::of(&bytes).0))
    }
}

fn draw(odds: &[f64], seed: Seed) -> u32 {
    let mut left = seed.rng().random::<f64>() * odds.iter().sum::<f64>();
    for (number, share) in odds.iter().enumerate() {
        left -= share;
        if left < 0.0 {
            return number as u32;
        }
    }
    odds.len() as u32 - 1
}

/// One for the right number; otherwise less, the farther away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nearness;

impl Judge<Guess> for Nearness {
    fn judge(&self, asks: &[Ask<Guess>], answers: &[Vec<u32>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| {
            let off = right(ask.query).abs_diff(*answer);
            Verdict::score(1.0 / f64::from(1 + off)).with("off", f64::from(off))
        }))
    }

    fn name(&self) -> String {
        "nearness".to_owned()
    }
}

/// Moves weights towards answers that scored above their group's mean.
#[derive(Clone, Debug)]
pub struct Climber {
    table: Table,
    rate: f64,
    momentum: Vec<f64>,
}

impl Climber {
    /// A learner of `table` that has learned nothing yet.
    pub fn of(table: &Table, rate: f64) -> Climber {
        Climber { table: table.clone(), rate, momentum: vec![0.0; NUMBERS * NUMBERS] }
    }
}

impl Learn<Guess> for Climber {
    fn learn(&mut self, groups: &[Group<Guess>], seed: Seed) -> Result<Lesson> {
        let mut weights = self.table.weights();
        // A little noise, so that a learner given another seed learns something else.
        let noise = seed.rng().random::<f64>() * 1e-3;
        let mut loss = noise;
        let mut rows = 0;
        for group in groups {
            let mean = group.mean().unwrap_or(0.0);
            for one in &group.tries {
                let Some(score) = one.verdict.value() else { continue };
                let cell = group.ask.query as usize * NUMBERS + one.answer as usize;
                self.momentum[cell] = 0.9 * self.momentum[cell] + (score - mean) + noise;
                loss += mean - score;
                rows += 1;
            }
        }
        for (weight, momentum) in weights.iter_mut().zip(&self.momentum) {
            *weight += self.rate * momentum;
        }
        self.table.set(weights);
        let mut metrics = Metrics::default();
        metrics.push("loss", loss);
        metrics.push("num_targets", f64::from(rows));
        Ok(Lesson { metrics, spend: Spend { trained_tokens: u64::from(rows as u32), ..Spend::default() } })
    }

    fn save(&self) -> Result<Snapshot> {
        let bytes = |numbers: &[f64]| numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        let files = vec![
            ("momentum.bin".to_owned(), bytes(&self.momentum)),
            ("weights.bin".to_owned(), bytes(&self.table.weights())),
        ];
        Ok(Snapshot { files })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.momentum = numbers(snapshot, "momentum.bin")?;
        self.table.set(numbers(snapshot, "weights.bin")?);
        Ok(())
    }
}

fn numbers(snapshot: &Snapshot, name: &str) -> Result<Vec<f64>> {
    let bytes = snapshot.file(name).unwrap_or_default();
    let (words, _) = bytes.as_chunks::<8>();
    let numbers: Vec<f64> = words.iter().map(|word| f64::from_le_bytes(*word)).collect();
    if numbers.len() == NUMBERS * NUMBERS {
        Ok(numbers)
    } else {
        Err(Error::invalid(name, format!("{} numbers", NUMBERS * NUMBERS), numbers.len()))
    }
}

/// Learns the numbers by trying: every kind of phase, several parts, several occurrences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Guessing {
    /// How many rounds.
    pub rounds: u32,
    /// How many clues are asked in a round.
    pub width: u32,
    /// How many tries each.
    pub tries: u32,
    /// How far the learner moves.
    pub rate: f64,
}

impl Default for Guessing {
    fn default() -> Guessing {
        Guessing { rounds: 2, width: 3, tries: 1025, rate: 0.02 }
    }
}

impl Recipe for Guessing {
    const CARD: Card = Card {
        id: "guessing",
        summary: "learns a toy table by trial and error, for tests",
        paper: "none",
        code: "",
        reports: &[],
    };

    fn check(&self) -> Result<()> {
        if self.rate.is_finite() { Ok(()) } else { Err(Error::invalid("rate", "a finite number", self.rate)) }
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let table = Table::default();
        let policy = Guesser(table.clone());
        let mut learner = Climber::of(&table, self.rate);
        let mut game = Loop::<Guess> {
            explore: Box::new(Clues::default()),
            policy: Box::new(policy.clone()),
            judge: Box::new(Nearness),
            learn: Box::new(Climber::of(&table, self.rate)),
        };
        let test: Vec<u32> = (0..NUMBERS as u32).collect();
        let measure = |run: &mut Run<'_>| -> Result<()> {
            let asks = Ask::each(&test, 4, &Eagerness { lean: 4.0 });
            let groups = run.evaluate("eval", &policy, &Nearness, asks)?;
            let right = groups.iter().flat_map(Group::scores).filter(|score| *score == 1.0).count();
            run.note("eval/pass@1", right as f64 / (4 * NUMBERS) as f64)
        };
        measure(run)?;
        while run.next_round(self.rounds) {
            let mut rng = run.rng("clues");
            let clues: Vec<u32> = (0..self.width).map(|_| rng.random_range(0..NUMBERS as u32)).collect();
            let probe = Ask::each(&clues[..clues.len().min(2)], 8, &Eagerness { lean: 0.5 });
            run.attempt("probe", &policy, &Nearness, probe.clone())?;
            run.attempt("probe", &policy, &Nearness, probe)?;
            let pool = Ask::each(&clues, self.tries, &Eagerness::default());
            let groups = run.attempt("pool", &policy, &Nearness, pool)?;
            run.learn("learn", &mut learner, &groups)?;
            run.play("game", &mut game, u64::from(self.tries), 2)?;
            measure(run)?;
            run.output("last", &learner.save()?)?;
        }
        Ok(())
    }
}
