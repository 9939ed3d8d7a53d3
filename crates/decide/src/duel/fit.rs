//! A perceptron that explains who was preferred: `P(first preferred) = sigma(h(first) - h(second))`.

use super::Answered;
use autodidact_core::{Error, Result};
use autodidact_nets::{Adam, AdamConfig, Decay, Mlp, Tape};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How worth is fitted to answers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FitConfig {
    /// Full-batch steps of Adam from the first parameters.
    pub steps: u32,
    /// Adam's step size.
    pub lr: f64,
    /// Weight decay is this over the number of answers plus 50, coupled as in `torch.optim.Adam`.
    pub decay: f64,
}

impl Default for FitConfig {
    fn default() -> FitConfig {
        FitConfig { steps: 1000, lr: 1e-3, decay: 0.1 }
    }
}

impl FitConfig {
    /// Fails on settings that cannot be.
    pub fn check(&self) -> Result<()> {
        if !(self.lr > 0.0 && self.lr.is_finite()) {
            return Err(Error::invalid("fit.lr", "above 0 and finite", self.lr));
        }
        if !(self.decay >= 0.0 && self.decay.is_finite()) {
            return Err(Error::invalid("fit.decay", "at least 0 and finite", self.decay));
        }
        Ok(())
    }
}

/// Parameters and what they cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The perceptron's parameters.
    pub parameters: Vec<f64>,
    /// Mean negative log-likelihood of an answer before the last step, in nats; 0 without steps.
    pub loss: f64,
}

/// Fits `net`, which has one output, to `answers` from `start`; `embeddings[i]` belongs to candidate `i`.
///
/// Always from the same start over the same answers, so the same call gives the same bits. Each shown
/// candidate goes through the network once a step, however often it was shown.
pub fn fit(
    net: &Mlp,
    start: &[f64],
    embeddings: &[Vec<f64>],
    answers: &[Answered],
    config: &FitConfig,
) -> Fitted {
    let mut parameters = start.to_vec();
    if answers.is_empty() {
        return Fitted { parameters, loss: 0.0 };
    }
    let weight = config.decay / (answers.len() as f64 + 50.0);
    let adam = AdamConfig { lr: config.lr, decay: Decay::Coupled { weight }, ..AdamConfig::default() };
    let mut adam = Adam::new(net.len(), adam);
    let batch = Batch::of(embeddings, answers);
    let mut tape = Tape::default();
    let mut gradient = vec![0.0; net.len()];
    let mut loss = 0.0;
    for _ in 0..config.steps {
        gradient.fill(0.0);
        loss = batch.gradient(net, &parameters, &mut tape, &mut gradient);
        adam.step(&mut parameters, &gradient);
    }
    Fitted { parameters, loss }
}

/// The embeddings of the shown candidates and the answers in their numbering.
pub(super) struct Batch {
    rows: Vec<f64>,
    answers: Vec<(usize, usize, f64)>,
}

impl Batch {
    pub(super) fn of(embeddings: &[Vec<f64>], answers: &[Answered]) -> Batch {
        let shown: BTreeSet<u32> = answers.iter().flat_map(|one| [one.pair.first, one.pair.second]).collect();
        let shown: Vec<u32> = shown.into_iter().collect();
        let place = |id: u32| shown.binary_search(&id).expect("every answer's candidates were shown");
        let rows = shown.iter().flat_map(|&id| embeddings[id as usize].iter().copied()).collect();
        let answers = answers
            .iter()
            .map(|one| (place(one.pair.first), place(one.pair.second), f64::from(u8::from(one.first_won))))
            .collect();
        Batch { rows, answers }
    }

    /// The mean loss of the answers; adds its gradient to `gradient`.
    pub(super) fn gradient(
        &self,
        net: &Mlp,
        parameters: &[f64],
        tape: &mut Tape,
        gradient: &mut [f64],
    ) -> f64 {
        let worth = net.forward(parameters, &self.rows, tape);
        let mut pull = vec![0.0; worth.len()];
        let share = 1.0 / self.answers.len() as f64;
        let mut loss = 0.0;
        for &(first, second, won) in &self.answers {
            let margin = worth[first] - worth[second];
            // log(1 + exp(-margin)) + (1 - won) * margin, without overflow.
            loss += share * ((-margin.abs()).exp().ln_1p() + (-margin).max(0.0) + (1.0 - won) * margin);
            let miss = share * (1.0 / (1.0 + (-margin).exp()) - won);
            pull[first] += miss;
            pull[second] -= miss;
        }
        net.backward(parameters, tape, &pull, gradient);
        loss
    }
}

#[cfg(test)]
mod tests {
    use super::super::Pair;
    use super::*;
    use autodidact_core::Seed;
    use autodidact_nets::{Activation, Init};

    fn world() -> (Mlp, Vec<f64>, Vec<Vec<f64>>, Vec<Answered>) {
        let net = Mlp::new(&[2, 4, 1], Activation::Relu);
        let start = net.init(Init::Normal { sd: 1.0 }, &mut Seed::root(1).rng());
        let embeddings = vec![vec![1.0, 0.0], vec![0.0, 1.0], vec![-0.6, 0.8], vec![0.5, -0.5]];
        let answer = |first, second, first_won| Answered { pair: Pair { first, second }, first_won };
        (net, start, embeddings, vec![answer(0, 1, true), answer(2, 1, false), answer(0, 3, true)])
    }

    fn loss_and_gradient(
        net: &Mlp,
        at: &[f64],
        embeddings: &[Vec<f64>],
        answers: &[Answered],
    ) -> (f64, Vec<f64>) {
        let mut gradient = vec![0.0; net.len()];
        let batch = Batch::of(embeddings, answers);
        let loss = batch.gradient(net, at, &mut Tape::default(), &mut gradient);
        (loss, gradient)
    }

    #[test]
    fn a_constant_worth_costs_log_two_an_answer() {
        let (net, _, embeddings, answers) = world();
        let (loss, _) = loss_and_gradient(&net, &vec![0.0; net.len()], &embeddings, &answers);
        assert!((loss - 2f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn swapping_a_pair_and_its_answer_changes_nothing() {
        let (net, start, embeddings, answers) = world();
        let swapped: Vec<Answered> = answers
            .iter()
            .map(|one| Answered {
                pair: Pair { first: one.pair.second, second: one.pair.first },
                first_won: !one.first_won,
            })
            .collect();
        let (loss, gradient) = loss_and_gradient(&net, &start, &embeddings, &answers);
        let (other, others) = loss_and_gradient(&net, &start, &embeddings, &swapped);
        assert!((loss - other).abs() < 1e-14);
        gradient.iter().zip(&others).for_each(|(a, b)| assert!((a - b).abs() < 1e-14));
    }

    #[test]
    fn adding_a_constant_to_every_worth_changes_nothing() {
        let (net, start, embeddings, answers) = world();
        let (loss, gradient) = loss_and_gradient(&net, &start, &embeddings, &answers);
        let mut shifted = start.clone();
        *shifted.last_mut().expect("the output's bias") += 5.0;
        assert!((loss_and_gradient(&net, &shifted, &embeddings, &answers).0 - loss).abs() < 1e-14);
        assert!(gradient.last().expect("the output's bias").abs() < 1e-16);
    }

    #[test]
    fn the_gradient_matches_finite_differences() {
        let (net, start, embeddings, answers) = world();
        let (_, gradient) = loss_and_gradient(&net, &start, &embeddings, &answers);
        for i in 0..net.len() {
            let at = |step: f64| {
                let mut moved = start.clone();
                moved[i] += step;
                loss_and_gradient(&net, &moved, &embeddings, &answers).0
            };
            let expect = (at(1e-6) - at(-1e-6)) / 2e-6;
            assert!((gradient[i] - expect).abs() < 1e-5, "{i}: {} {expect}", gradient[i]);
        }
    }

    #[test]
    fn two_fits_of_the_same_answers_have_the_same_bits() {
        let (net, start, embeddings, answers) = world();
        let config = FitConfig { steps: 200, lr: 1e-2, ..FitConfig::default() };
        let once = fit(&net, &start, &embeddings, &answers, &config);
        assert_eq!(once, fit(&net, &start, &embeddings, &answers, &config));
        assert!(once.loss < 0.7 * loss_and_gradient(&net, &start, &embeddings, &answers).0);
    }
}
