//! The learner of pre-training: the next block of the stream, or the verdicts of own solutions.

use crate::pretrain::Pretrain;
use autodidact_core::chat::Chat;
use autodidact_core::{Error, Group, Learn, Lesson, Metrics, Result, Seed, Snapshot, Spend};
use autodidact_lm::{Dtype, Model, Tokenizer, Trainer};
use autodidact_math::Row;
use autodidact_math::sft::{MaskedNll, normalise};
use autodidact_parts::judge::right;
use autodidact_parts::task::{PretrainStream, judged};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

/// The file of a snapshot that says how far the stream was read.
const PLACE_FILE: &str = "pretraining.json";
/// The file of a snapshot that holds the optimiser's state.
const OPTIMIZER_FILE: &str = "optimizer.safetensors";

/// Own solutions in an update of the refresh.
const REFRESH_ROWS: usize = 32;

/// Trains on the pre-training stream, a block of updates a lesson.
pub struct Pretraining {
    settings: Pretrain,
    model: Model,
    trainer: Trainer,
    stream: PretrainStream,
    place: Place,
}

/// How far pre-training has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The next row of the stream.
    pub row: u64,
    /// Tokens trained on.
    pub tokens: u64,
    /// Updates made on the stream.
    pub updates: u64,
}

impl Pretraining {
    /// A learner at the start of the stream of `seed`.
    pub fn new(settings: &Pretrain, model: &Model, seed: Seed) -> Result<Pretraining> {
        let trainer = Trainer::new(model, settings.optimizer.clone()).map_err(Error::part)?;
        let stream = PretrainStream::new(settings.stream.clone(), seed, settings.rows(seed)?)?;
        Ok(Pretraining {
            settings: settings.clone(),
            model: model.clone(),
            trainer,
            stream,
            place: Place::default(),
        })
    }

    /// How far it has come.
    pub fn place(&self) -> Place {
        self.place
    }

    /// One update on the next rows of the stream.
    fn update(&mut self, tally: &mut Tally) -> Result<()> {
        let mut rows = Vec::new();
        let mut tokens = 0;
        while tokens < self.settings.update_tokens {
            let row = self.stream.row(self.place.row)?.tokens();
            self.place.row += 1;
            // A few rows with solved examples are longer than the model reads.
            if row.tokens.len() <= self.settings.shape.context {
                tokens += row.tokens.len() as u64;
                rows.push(row);
            }
        }
        normalise(&mut rows);
        let rate = self.settings.rate(self.place.updates);
        tally.step(&mut self.trainer, &rows, rate)?;
        self.place.tokens += tokens;
        self.place.updates += 1;
        Ok(())
    }

    /// Trains the verdict, and the expected success, on own solutions: only those tokens count, and
    /// as many rows of the stream come between, so that nothing else is forgotten.
    fn refresh(&mut self, own: &[Group<Chat>], seed: Seed) -> Result<Lesson> {
        let mut tally = Tally::default();
        let mut verdicts = Vec::new();
        for group in own {
            let problem = group.ask.query.field("text").unwrap_or_default();
            for one in group.tries.iter().filter(|one| one.verdict.value().is_some()) {
                verdicts.push(judged(problem, &one.answer.text, right(&one.verdict)).tokens());
            }
        }
        verdicts.retain(|row| row.tokens.len() <= self.settings.shape.context);
        for epoch in 0..self.settings.refresh.epochs {
            verdicts.shuffle(&mut seed.at("epoch", u64::from(epoch)).rng());
            for batch in verdicts.chunks(REFRESH_ROWS) {
                let mut stream = Vec::new();
                while stream.len() < batch.len() {
                    let row = self.stream.row(self.place.row)?.tokens();
                    self.place.row += 1;
                    if row.tokens.len() <= self.settings.shape.context {
                        stream.push(row);
                    }
                }
                // The two kinds count alike, however many targets each has.
                let mut rows = batch.to_vec();
                normalise(&mut rows);
                normalise(&mut stream);
                rows.append(&mut stream);
                normalise(&mut rows);
                tally.step(&mut self.trainer, &rows, self.settings.refresh.lr)?;
            }
        }
        Ok(tally.lesson())
    }
}

impl Learn<Chat> for Pretraining {
    /// Without groups, the next block of the stream; with groups, their verdicts.
    fn learn(&mut self, groups: &[Group<Chat>], seed: Seed) -> Result<Lesson> {
        if !groups.is_empty() {
            return self.refresh(groups, seed);
        }
        let mut tally = Tally::default();
        let left = self.settings.updates() - self.place.updates;
        for _ in 0..left.min(self.settings.block_updates) {
            self.update(&mut tally)?;
        }
        Ok(tally.lesson())
    }

    fn save(&self) -> Result<Snapshot> {
        let mut files = self.model.save_files(Dtype::F32);
        files.extend(Tokenizer::bytes().files().clone());
        files.push((OPTIMIZER_FILE.to_owned(), self.trainer.save_optimizer()));
        let place = serde_json::to_vec(&self.place);
        files.push((
            PLACE_FILE.to_owned(),
            place.map_err(|source| Error::Recorded { what: "place", source })?,
        ));
        files.sort();
        Ok(Snapshot { files })
    }

    fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        let file = |name: &str| {
            let known = snapshot.files.iter().map(|(name, _)| name.clone());
            snapshot.file(name).ok_or_else(|| Error::unknown("file of a snapshot", name, known))
        };
        self.model.load_weights(file("model.safetensors")?).map_err(Error::part)?;
        self.trainer.restore_optimizer(file(OPTIMIZER_FILE)?).map_err(Error::part)?;
        self.place = serde_json::from_slice(file(PLACE_FILE)?)
            .map_err(|source| Error::Recorded { what: "place", source })?;
        Ok(())
    }
}

/// Adds up what the updates of a lesson report.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    loss: f64,
    grad_norm: f64,
    rate: f64,
    rows: u64,
    tokens: u64,
    targets: u64,
    updates: u64,
}

impl Tally {
    /// One update of `trainer` on rows whose weights sum to one.
    pub(crate) fn step(&mut self, trainer: &mut Trainer, rows: &[Row], rate: f64) -> Result<()> {
        let pulled = trainer.pull(rows, &MaskedNll).map_err(Error::part)?;
        let report = trainer.step(rate).map_err(Error::part)?;
        self.loss += pulled.loss;
        self.grad_norm += report.grad_norm;
        self.rate = rate;
        self.rows += rows.len() as u64;
        self.tokens += pulled.tokens;
        self.targets += pulled.targets as u64;
        self.updates += 1;
        Ok(())
    }

    /// The means and sums as a lesson.
    pub(crate) fn lesson(&self) -> Lesson {
        let mut metrics = Metrics::default();
        let n = self.updates.max(1) as f64;
        metrics.push("loss", self.loss / n);
        metrics.push("grad_norm", self.grad_norm / n);
        metrics.push("learning_rate", self.rate);
        metrics.push("num_rows", self.rows as f64);
        metrics.push("num_tokens", self.tokens as f64);
        metrics.push("num_targets", self.targets as f64);
        metrics.push("optimizer_steps", self.updates as f64);
        Lesson { metrics, spend: Spend { trained_tokens: self.tokens, ..Spend::default() } }
    }
}
