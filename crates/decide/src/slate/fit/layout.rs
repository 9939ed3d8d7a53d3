//! Where each latent variable stands in one flat vector, and the prior over all of them.

use super::{FitConfig, UserModel};
use crate::slate::Prior;
use autodidact_nets::gru::Gru;
use std::f64::consts::PI;
use std::ops::Range;

/// The smallest spread of a group.
const LEAST_SPREAD: f64 = 1e-3;

/// Mean and standard deviation of the prior over what a linear user keeps.
const KEEP: (f64, f64) = (0.5, 0.3);

/// The order of the latent variables: item vectors, group means, group spreads, utilities of no click by
/// the list's length, what a linear user keeps, recurrent weights, the matrix from state to taste.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub dims: usize,
    /// The group of each item.
    pub group: Vec<u32>,
    pub items: Range<usize>,
    pub means: Range<usize>,
    pub spreads: Range<usize>,
    pub no_click: Range<usize>,
    pub keep: usize,
    pub cell: Range<usize>,
    pub output: Range<usize>,
}

impl Layout {
    /// For items of these groups and lists of at most `longest` items.
    pub fn of(config: &FitConfig, groups: &[u32], longest: usize) -> Layout {
        let group = match config.prior {
            Prior::Hierarchical => groups.to_vec(),
            Prior::Flat => vec![0; groups.len()],
        };
        let count = group.iter().max().map_or(0, |last| *last as usize + 1);
        let d = config.dims;
        let mut end = 0;
        let mut next = |n: usize| {
            end += n;
            end - n..end
        };
        let (items, means, spreads) = (next(group.len() * d), next(count * d), next(count * d));
        let (no_click, keep) = (next(longest + 1), next(1).start);
        let (cell, output) = (next(Gru { inputs: d, hidden: d }.len()), next(d * d));
        Layout { dims: d, group, items, means, spreads, no_click, keep, cell, output }
    }

    pub fn len(&self) -> usize {
        self.output.end
    }

    pub fn gru(&self) -> Gru {
        Gru { inputs: self.dims, hidden: self.dims }
    }

    /// The place of an item's vector.
    pub fn item(&self, item: u32) -> Range<usize> {
        let start = self.items.start + item as usize * self.dims;
        start..start + self.dims
    }

    /// The variables that a user model has.
    pub fn active(&self, user: UserModel) -> Vec<Range<usize>> {
        let shared = self.items.start..self.no_click.end;
        match user {
            UserModel::Markov => vec![shared],
            UserModel::Linear => vec![shared, self.keep..self.keep + 1],
            UserModel::Gru => vec![shared, self.cell.start..self.output.end],
        }
    }

    /// The log-density of the prior over the variables that `user` has; its gradient is added to `grad`.
    pub fn log_prior(&self, config: &FitConfig, user: UserModel, at: &[f64], grad: &mut [f64]) -> f64 {
        let d = self.dims;
        let mut value = 0.0;
        for (item, &group) in self.group.iter().enumerate() {
            for i in 0..d {
                let (v, mean) = (self.items.start + item * d + i, self.means.start + group as usize * d + i);
                let spread = self.spreads.start + group as usize * d + i;
                let s = at[spread].abs().max(LEAST_SPREAD);
                let off = (at[v] - at[mean]) / s;
                value -= 0.5 * off * off + s.ln() + 0.5 * (2.0 * PI).ln();
                grad[v] -= off / s;
                grad[mean] += off / s;
                if at[spread].abs() > LEAST_SPREAD {
                    grad[spread] += at[spread].signum() * (off * off - 1.0) / s;
                }
            }
        }
        let mut normal = |range: Range<usize>, mean: f64, sd: f64| {
            for i in range {
                let off = (at[i] - mean) / sd;
                value -= 0.5 * off * off + sd.ln() + 0.5 * (2.0 * PI).ln();
                grad[i] -= off / sd;
            }
        };
        normal(self.means.clone(), 0.0, config.group_spread);
        normal(self.spreads.clone(), 0.0, config.spread_spread);
        normal(self.no_click.clone(), 0.0, config.no_click_spread);
        match user {
            UserModel::Markov => {}
            UserModel::Linear => normal(self.keep..self.keep + 1, KEEP.0, KEEP.1),
            UserModel::Gru => normal(self.cell.start..self.output.end, 0.0, config.weight_spread),
        }
        value
    }
}
