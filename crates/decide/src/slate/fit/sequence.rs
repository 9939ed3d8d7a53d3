//! The likelihood of one user's clicks, and its gradient through the user's states.
//!
//! Row `t` of the tastes is the taste before list `t` was seen: there is one more row than lists.

use super::layout::Layout;
use super::{Step, UserModel};
use crate::slate::Score;
use autodidact_math::slate::log_likelihood;
use autodidact_nets::gru::{Grads, Path};

/// A user model over latent variables laid out like that.
#[derive(Clone, Copy)]
pub(super) struct Model<'a> {
    pub layout: &'a Layout,
    pub user: UserModel,
    pub score: Score,
}

/// Tastes, and what the way back needs.
pub(super) struct Tastes {
    /// `(steps + 1, dims)`.
    pub rows: Vec<f64>,
    path: Option<Path>,
}

/// Where derivatives are added: with respect to the latent variables, and to the first state.
pub(super) struct Pulls<'a> {
    pub at: &'a mut [f64],
    pub start: &'a mut [f64],
}

impl Model<'_> {
    /// The tastes of a user who starts in state `start` and clicks these items; no click changes nothing.
    pub fn tastes(&self, at: &[f64], start: &[f64], clicked: &[Option<u32>]) -> Tastes {
        let d = self.layout.dims;
        if self.user == UserModel::Gru {
            let path = self.layout.gru().run(&at[self.layout.cell.clone()], start, &self.inputs(at, clicked));
            let output = &at[self.layout.output.clone()];
            let taste = |state: &[f64]| -> Vec<f64> {
                output.chunks(d).map(|row| row.iter().zip(state).map(|(w, h)| w * h).sum()).collect()
            };
            return Tastes { rows: path.states.chunks(d).flat_map(taste).collect(), path: Some(path) };
        }
        let keep = self.keep(at);
        let mut rows = start.to_vec();
        for click in clicked {
            let last = rows.len() - d;
            match click {
                None => rows.extend_from_within(last..),
                Some(item) => {
                    let v = &at[self.layout.item(*item)];
                    let next: Vec<f64> =
                        rows[last..].iter().zip(v).map(|(z, v)| keep * z + (1.0 - keep) * v).collect();
                    rows.extend(next);
                }
            }
        }
        Tastes { rows, path: None }
    }

    /// The log-likelihood of the clicks on `steps`, each counted `weights[t]` times, from start state
    /// `start`; the lists' items are those of `compared`, where the click is at the same place as in its
    /// own list.
    pub fn log_likelihood(
        &self,
        at: &[f64],
        start: &[f64],
        (steps, compared): (&[Step], &[Step]),
        weights: &[f64],
        pulls: Option<Pulls<'_>>,
    ) -> f64 {
        let clicked: Vec<Option<u32>> = steps.iter().map(Step::clicked).collect();
        let tastes = self.tastes(at, start, &clicked);
        let d = self.layout.dims;
        let mut value = 0.0;
        let mut d_tastes = vec![0.0; tastes.rows.len()];
        let mut pulls = pulls;
        for (t, (step, &weight)) in compared.iter().zip(weights).enumerate().filter(|(_, (_, w))| **w > 0.0) {
            let taste = &tastes.rows[t * d..][..d];
            let no_click = self.layout.no_click.start + step.shown.len();
            let mut logits = vec![at[no_click]];
            logits.extend(step.shown.iter().map(|&item| self.score.of(taste, &at[self.layout.item(item)])));
            let chosen = step.click.map_or(0, |place| place as usize + 1);
            let (one, pull) = log_likelihood(&logits, &vec![true; logits.len()], chosen);
            value += weight * one;
            let Some(pulls) = pulls.as_mut() else { continue };
            pulls.at[no_click] += weight * pull[0];
            for (&item, pull) in step.shown.iter().zip(&pull[1..]) {
                let place = self.layout.item(item);
                let d_taste = &mut d_tastes[t * d..][..d];
                self.score.back((taste, &at[place.clone()]), weight * pull, d_taste, &mut pulls.at[place]);
            }
        }
        if let Some(pulls) = pulls {
            self.back(at, &clicked, &tastes, d_tastes, pulls);
        }
        value
    }

    /// From the derivative of the tastes to that of latent variables and first state.
    fn back(
        &self,
        at: &[f64],
        clicked: &[Option<u32>],
        tastes: &Tastes,
        d_tastes: Vec<f64>,
        pulls: Pulls<'_>,
    ) {
        let d = self.layout.dims;
        if let Some(path) = &tastes.path {
            let output = self.layout.output.clone();
            let mut d_states = vec![0.0; d_tastes.len()];
            for ((state, pull), d_state) in
                path.states.chunks(d).zip(d_tastes.chunks(d)).zip(d_states.chunks_mut(d))
            {
                for (i, pull) in pull.iter().enumerate().filter(|(_, pull)| **pull != 0.0) {
                    for j in 0..d {
                        pulls.at[output.start + i * d + j] += pull * state[j];
                        d_state[j] += pull * at[output.start + i * d + j];
                    }
                }
            }
            let mut inputs = vec![0.0; clicked.len() * d];
            let cell = self.layout.cell.clone();
            let mut grads =
                Grads { weights: &mut pulls.at[cell.clone()], inputs: &mut inputs, start: pulls.start };
            self.layout.gru().back(&at[cell], &self.inputs(at, clicked), path, &d_states, &mut grads);
            for (item, row) in clicked.iter().zip(inputs.chunks(d)) {
                if let Some(item) = item {
                    pulls.at[self.layout.item(*item)].iter_mut().zip(row).for_each(|(sum, own)| *sum += own);
                }
            }
            return;
        }
        let keep = self.keep(at);
        let mut onward = d_tastes[clicked.len() * d..].to_vec();
        for t in (0..clicked.len()).rev() {
            if let Some(item) = clicked[t] {
                let place = self.layout.item(item);
                for i in 0..d {
                    let (z, v) = (tastes.rows[t * d + i], at[place.start + i]);
                    if self.user == UserModel::Linear {
                        pulls.at[self.layout.keep] += onward[i] * (z - v);
                    }
                    pulls.at[place.start + i] += (1.0 - keep) * onward[i];
                    onward[i] *= keep;
                }
            }
            onward.iter_mut().zip(&d_tastes[t * d..][..d]).for_each(|(sum, own)| *sum += own);
        }
        pulls.start.iter_mut().zip(onward).for_each(|(sum, own)| *sum += own);
    }

    fn keep(&self, at: &[f64]) -> f64 {
        match self.user {
            UserModel::Linear => at[self.layout.keep],
            UserModel::Markov | UserModel::Gru => 0.0,
        }
    }

    fn inputs<'a>(&self, at: &'a [f64], clicked: &[Option<u32>]) -> Vec<Option<&'a [f64]>> {
        clicked.iter().map(|click| click.map(|item| &at[self.layout.item(item)])).collect()
    }
}
