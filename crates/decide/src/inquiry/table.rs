//! Inquiries about one of finitely many kinds, each with a known chance of yes for every question.
//!
//! A problem is a kind whose logits the adversary may move by at most `reach`: what strategies believe is
//! computed from the unmoved table.

use super::choose::softmax;
use super::{Memory, Problem, Views, World};
use autodidact_core::Rng;
use autodidact_nets::{Activation, Mlp, Tape};
use rand::Rng as _;

/// A table of kinds and questions.
#[derive(Clone, Debug)]
pub struct Table {
    /// `logits[kind][query]`: log-odds of the answer 1.
    pub logits: Vec<Vec<f64>>,
    /// `losses[kind][decision]`, at least 0.
    pub losses: Vec<Vec<f64>>,
    /// How far a problem's logits may be from its kind's.
    pub reach: f64,
    /// Kinds that share a good decision need not be told apart: those where this kind's best decision
    /// loses at most this.
    pub tolerance: f64,
    /// A natural unit of loss: differences of estimated loss in it are the scores of decisions.
    pub unit: f64,
    budget: usize,
    repeats: bool,
    best: Vec<usize>,
    /// From counts and sums to the log-likelihood of each kind.
    likelihood: (Mlp, Vec<f64>),
    /// From the belief in each kind to expected answers, expected entropies and expected losses.
    expectation: (Mlp, Vec<f64>),
}

impl Table {
    /// A table with `budget` questions. `losses` has a row a kind like `logits`. Panics on ragged or empty
    /// rows: tables are made by code.
    pub fn new(logits: Vec<Vec<f64>>, losses: Vec<Vec<f64>>, budget: usize, repeats: bool) -> Table {
        let (kinds, queries, decisions) = (logits.len(), logits[0].len(), losses[0].len());
        assert!(logits.iter().all(|row| row.len() == queries), "a row of logits a kind");
        assert!(
            losses.len() == kinds && losses.iter().all(|row| row.len() == decisions),
            "a row of losses a kind"
        );
        let mut likelihood = Vec::new();
        for row in &logits {
            likelihood.extend(row.iter().map(|&logit| -softplus(logit)));
            likelihood.extend(row);
        }
        likelihood.resize(likelihood.len() + kinds, 0.0);
        let mut expectation = Vec::new();
        for query in 0..queries {
            expectation.extend(logits.iter().map(|row| sigmoid(row[query])));
        }
        for query in 0..queries {
            expectation.extend(logits.iter().map(|row| entropy(sigmoid(row[query]))));
        }
        for decision in 0..decisions {
            expectation.extend(losses.iter().map(|row| row[decision]));
        }
        expectation.resize(expectation.len() + 2 * queries + decisions, 0.0);
        let linear = |inputs, outputs| Mlp::new(&[inputs, outputs], Activation::Relu);
        let best = losses.iter().map(|row| {
            let negative: Vec<f64> = row.iter().map(|loss| -loss).collect();
            super::choose::largest(&negative)
        });
        Table {
            best: best.collect(),
            likelihood: (linear(2 * queries, kinds), likelihood),
            expectation: (linear(kinds, 2 * queries + decisions), expectation),
            logits,
            losses,
            reach: 0.0,
            tolerance: 0.0,
            unit: 1.0,
            budget,
            repeats,
        }
    }

    /// The same table as a strategy would believe it that thinks answers sharper (above 1) or noisier.
    pub fn sharpened(&self, factor: f64) -> Table {
        let logits = self.logits.iter().map(|row| row.iter().map(|x| x * factor).collect()).collect();
        let table = Table::new(logits, self.losses.clone(), self.budget, self.repeats);
        Table { reach: self.reach, tolerance: self.tolerance, unit: self.unit, ..table }
    }

    /// The problem of a kind as the table has it.
    pub fn kind(&self, kind: u32) -> Problem {
        Problem { theta: self.logits[kind as usize].clone(), kind }
    }

    /// The belief in each kind, `(memories, kinds)`: the posterior under a flat prior.
    pub fn beliefs(&self, memories: &[Memory]) -> Vec<f64> {
        let inputs: Vec<f64> =
            memories.iter().flat_map(|memory| memory.counts.iter().chain(&memory.sums).copied()).collect();
        let mut tape = Tape::default();
        let mut beliefs = self.likelihood.0.forward(&self.likelihood.1, &inputs, &mut tape).to_vec();
        beliefs.chunks_exact_mut(self.logits.len()).for_each(softmax);
        beliefs
    }

    /// The kind hardest to tell from a problem, and the mean information an even design gathers against it.
    fn nearest(&self, problem: &Problem) -> (usize, f64) {
        let best = self.best[problem.kind as usize];
        let mut nearest = (problem.kind as usize, f64::INFINITY);
        for (kind, row) in self.logits.iter().enumerate() {
            if self.losses[kind][best] <= self.tolerance {
                continue;
            }
            let total: f64 = problem.theta.iter().zip(row).map(|(&a, &b)| divergence(a, b)).sum();
            let mean = total / row.len() as f64;
            if mean < nearest.1 {
                nearest = (kind, mean);
            }
        }
        nearest
    }
}

impl World for Table {
    fn queries(&self) -> usize {
        self.logits[0].len()
    }

    fn decisions(&self) -> usize {
        self.losses[0].len()
    }

    fn budget(&self) -> usize {
        self.budget
    }

    fn repeats(&self) -> bool {
        self.repeats
    }

    fn features(&self) -> usize {
        2 * self.queries() + self.decisions() + 1
    }

    fn views(&self, memories: &[Memory]) -> Views {
        let (queries, decisions) = (self.queries(), self.decisions());
        let beliefs = self.beliefs(memories);
        let mut tape = Tape::default();
        let expected = self.expectation.0.forward(&self.expectation.1, &beliefs, &mut tape);
        let mut views = Views::default();
        for (memory, row) in memories.iter().zip(expected.chunks_exact(2 * queries + decisions)) {
            let (yes, rest) = row.split_at(queries);
            let (noise, losses) = rest.split_at(queries);
            views.hints.extend(yes.iter().zip(noise).map(|(&yes, noise)| (entropy(yes) - noise).max(0.0)));
            let scores = losses.iter().map(|loss| -loss / self.unit);
            views.scores.extend(scores.clone());
            views.inputs.extend(&memory.counts);
            views.inputs.extend(memory.sums.iter().zip(&memory.counts).map(|(sum, count)| 2.0 * sum - count));
            views.inputs.extend(scores.map(|score| score.max(-5.0)));
            views.inputs.push(memory.history.len() as f64 / self.budget.max(1) as f64);
        }
        views
    }

    fn draw(&self, level: f64, rng: &mut Rng) -> Problem {
        let fits = |problem: &Problem| self.complexity(problem) <= level;
        for _ in 0..200 {
            let mut problem = self.kind(rng.random_range(0..self.logits.len() as u32));
            let reach = self.reach * rng.random::<f64>();
            for logit in &mut problem.theta {
                *logit += rng.random_range(-1.0..=1.0) * reach;
            }
            if fits(&problem) {
                return problem;
            }
        }
        let easiest = (0..self.logits.len() as u32)
            .map(|kind| self.kind(kind))
            .min_by(|a, b| self.complexity(a).total_cmp(&self.complexity(b)));
        easiest.expect("a table has kinds")
    }

    fn prior(&self, rng: &mut Rng) -> Problem {
        self.kind(rng.random_range(0..self.logits.len() as u32))
    }

    fn clip(&self, problem: &mut Problem) {
        for (logit, centre) in problem.theta.iter_mut().zip(&self.logits[problem.kind as usize]) {
            *logit = logit.clamp(centre - self.reach, centre + self.reach);
        }
    }

    fn complexity(&self, problem: &Problem) -> f64 {
        1.0 / self.nearest(problem).1
    }

    fn log_complexity_gradient(&self, problem: &Problem) -> Vec<f64> {
        let (kind, mean) = self.nearest(problem);
        // d KL(p || q) / d logit(p) = p (1 - p) (logit p - logit q), and ln C = -ln mean.
        let slope = |(&a, &b): (&f64, &f64)| {
            let p = sigmoid(a);
            -p * (1.0 - p) * (a - b) / (mean * problem.theta.len() as f64)
        };
        problem.theta.iter().zip(&self.logits[kind]).map(slope).collect()
    }

    fn answer(&self, problem: &Problem, query: usize, rng: &mut Rng) -> f64 {
        f64::from(u8::from(rng.random::<f64>() < sigmoid(problem.theta[query])))
    }

    fn add_answer_gradient(&self, problem: &Problem, query: usize, answer: f64, scale: f64, out: &mut [f64]) {
        out[query] += scale * (answer - sigmoid(problem.theta[query]));
    }

    fn loss(&self, problem: &Problem, decision: usize) -> f64 {
        self.losses[problem.kind as usize][decision]
    }

    fn add_loss_gradient(&self, _problem: &Problem, _decision: usize, _scale: f64, _out: &mut [f64]) {}
}

fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn entropy(p: f64) -> f64 {
    let part = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    part(p) + part(1.0 - p)
}

/// KL divergence of Bernoulli answers with these log-odds, in nats.
fn divergence(a: f64, b: f64) -> f64 {
    sigmoid(a) * (a - b) - softplus(a) + softplus(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;

    fn coins() -> Table {
        // Kind 0 answers yes with 0.8 and 0.5, kind 1 with 0.2 and 0.5.
        let logit = 4f64.ln();
        let losses = vec![vec![0.0, 1.0], vec![1.0, 0.0]];
        Table { reach: 0.5, ..Table::new(vec![vec![logit, 0.0], vec![-logit, 0.0]], losses, 2, true) }
    }

    #[test]
    fn beliefs_and_information_by_hand() {
        let table = coins();
        let mut memory = Memory::new(2);
        let views = table.views(std::slice::from_ref(&memory));
        // Before any answer: ln 2 less the entropy of 0.8, and nothing from the fair coin.
        let noise = -(0.8 * 0.8f64.ln() + 0.2 * 0.2f64.ln());
        assert!((views.hints[0] - (2f64.ln() - noise)).abs() < 1e-12 && views.hints[1].abs() < 1e-12);
        memory.note(0, 1.0);
        let beliefs = table.beliefs(std::slice::from_ref(&memory));
        assert!((beliefs[0] - 0.8).abs() < 1e-12, "{beliefs:?}");
        let views = table.views(std::slice::from_ref(&memory));
        assert!((views.scores[0] + 0.2).abs() < 1e-12 && (views.scores[1] + 0.8).abs() < 1e-12);
        assert_eq!(views.inputs.len(), table.features());
    }

    #[test]
    fn complexity_is_the_inverse_of_the_information_an_even_design_gathers() {
        let table = coins();
        // KL(0.8 || 0.2) = 0.8 ln 4 - 0.2 ln 4 = 0.6 ln 4 on one of two questions.
        let expect = 2.0 / (0.6 * 4f64.ln());
        assert!((table.complexity(&table.kind(0)) - expect).abs() < 1e-12);
    }

    #[test]
    fn gradients_match_finite_differences() {
        let table = coins();
        let problem = Problem { theta: vec![1.1, 0.3], kind: 0 };
        let gradient = table.log_complexity_gradient(&problem);
        let mut score = vec![0.0; 2];
        table.add_answer_gradient(&problem, 0, 1.0, 1.0, &mut score);
        for i in 0..2 {
            let at = |step: f64| {
                let mut moved = problem.clone();
                moved.theta[i] += step;
                (table.complexity(&moved).ln(), sigmoid(moved.theta[0]).ln())
            };
            let ((high, up), (low, down)) = (at(1e-6), at(-1e-6));
            assert!((gradient[i] - (high - low) / 2e-6).abs() < 1e-6);
            assert!((score[i] - (up - down) / 2e-6).abs() < 1e-6);
        }
    }

    #[test]
    fn a_level_is_kept_where_it_can_be() {
        let table = coins();
        let mut rng = Seed::root(4).rng();
        let level = table.complexity(&table.kind(0)) * 1.1;
        for _ in 0..50 {
            let mut problem = table.draw(level, &mut rng);
            assert!(table.complexity(&problem) <= level);
            let before = problem.clone();
            table.clip(&mut problem);
            assert_eq!(problem, before);
        }
    }
}
