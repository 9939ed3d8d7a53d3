//! What the proofs' experiments share: small models, warm-ups and measurements.

use super::ProofOptions;
use autodidact_core::chat::{Chat, Prompt, Sampling};
use autodidact_core::{Ask, Error, Group, Judge, Result, Run, Seed, Split};
use autodidact_lm::{Lm, Model, Role, Scorer, Tokenizer};
use autodidact_math::Row;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_math::sft::{MaskedNll, normalise};
use autodidact_parts::learn::{TuneConfig, Tuner, row_of, written};
use autodidact_parts::{ModelConfig, OpenTask, Shape};

/// A model of that shape with fresh weights.
pub fn fresh(shape: Shape, seed: u64) -> Result<Lm> {
    ModelConfig::Random { shape, seed }.open(|| Err(Error::invalid("model.kind", "random", "nano")))
}

/// The same over the byte tokenizer with a token for each of `words`.
pub fn fresh_words(shape: Shape, seed: u64, words: &[&str]) -> Result<Lm> {
    let tokenizer = Tokenizer::words(words)?;
    let model = Model::random(shape.config(&tokenizer)?, Seed::root(seed).at("weights", 0))?;
    Ok(Lm::new(model, tokenizer))
}

/// The same with larger weights: a projection's deviation is one over the root of its inputs.
///
/// At the usual 0.02 a model of a hundred units hardly attends to anything at first, and takes thousands of
/// updates to begin.
pub fn fresh_wide(shape: Shape, seed: u64, words: &[&str]) -> Result<Lm> {
    let lm = fresh_words(shape, seed, words)?;
    let tensors = lm.model().layout().tensors.clone();
    lm.model().update(|weights| {
        for tensor in &tensors {
            let inputs = tensor.shape.last().copied().unwrap_or(1) as f32;
            let factor = match tensor.role {
                Role::Matrix | Role::Output => 1.0 / inputs.sqrt() / 0.02,
                Role::Embedding => 3.0,
                Role::Norm | Role::Bias => continue,
            };
            weights[tensor.range()].iter_mut().for_each(|weight| *weight *= factor);
        }
    });
    Ok(lm)
}

/// Prompts of bare text with their answers as rows; answers and their ends count, prompts do not.
pub fn rows_of_text(lm: &Lm, pairs: &[(String, String)]) -> Result<Vec<Row>> {
    let row = |(prompt, answer): &(String, String)| {
        let answer = written(lm, &Prompt::text("row", prompt.as_str()), answer)?;
        Ok(row_of(&answer, 0.0))
    };
    pairs.iter().map(row).collect()
}

/// A model with the same weights that does not share them.
pub fn copy(lm: &Lm) -> Result<Lm> {
    let model = Model::new(lm.model().config().clone(), lm.model().weights().clone())?;
    Ok(Lm::new(model, lm.tokenizer().clone()))
}

/// Trains on `rows(step)` for `steps` updates: the rate rises over a twentieth of them and then falls in
/// a line to a tenth.
pub fn train(
    lm: &Lm,
    lr: f64,
    steps: u64,
    options: &ProofOptions<'_>,
    mut rows: impl FnMut(u64) -> Result<Vec<Row>>,
) -> Result<()> {
    let schedule = Schedule { shape: Course::Linear, warmup: steps / 20, floor: 0.1 };
    let mut tuner = Tuner::around(lm, TuneConfig { lr, schedule, horizon: steps, ..TuneConfig::default() })?;
    tuner.begin(steps)?;
    for step in 0..steps {
        if options.stop.requested() {
            return Err(Error::Interrupted);
        }
        let mut batch = rows(step)?;
        normalise(&mut batch);
        tuner.update(&batch, &MaskedNll)?;
    }
    Ok(())
}

/// The mean loss a target, in nats; weights say only which targets count.
pub fn loss(lm: &Lm, rows: &[Row]) -> Result<f64> {
    let scored = Scorer::new(lm.model()).score(rows)?;
    let (mut sum, mut n) = (0.0, 0.0);
    for (row, scored) in rows.iter().zip(scored) {
        for (_, logprob) in row.weight.iter().zip(&scored.logprob).filter(|(weight, _)| **weight != 0.0) {
            sum -= f64::from(*logprob);
            n += 1.0;
        }
    }
    Ok(if n > 0.0 { sum / n } else { f64::NAN })
}

/// Judged answers to test queries, the same queries for every arm; counted as evaluation.
pub fn held_out(
    lm: &Lm,
    task: &OpenTask,
    judge: &dyn Judge<Chat>,
    (queries, tries): (usize, u32),
    sampling: &Sampling,
    run: &mut Run<'_>,
) -> Result<Vec<Group<Chat>>> {
    let queries = task.task.draw(Split::Test, queries, &mut Seed::root(0).at("held out", 0).rng())?;
    run.evaluate("held-out", lm, judge, Ask::each(&queries, tries, sampling))
}

/// The mean of a part of the verdicts, or of the scores for `score`.
pub fn mean_of(groups: &[Group<Chat>], part: &str) -> f64 {
    let tries = groups.iter().flat_map(|group| &group.tries);
    let value = |one: &autodidact_core::Try<Chat>| match part {
        "score" => one.verdict.value(),
        _ => one.verdict.part(part),
    };
    autodidact_math::summary::mean(&tries.filter_map(value).collect::<Vec<_>>()).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_text_counts_the_answer_and_its_end() {
        let shape = Shape { hidden_size: 16, heads: 2, kv_heads: 1, layers: 1, ..Shape::default() };
        let lm = fresh_words(shape, 1, &[" red"]).expect("opens");
        let rows = rows_of_text(&lm, &[("a red".to_owned(), "b".to_owned())]).expect("encodes");
        assert_eq!(rows[0].tokens, [256, 97, 272, 98, 257]);
        assert_eq!(rows[0].weight, [0.0, 0.0, 1.0, 1.0]);
    }
}
