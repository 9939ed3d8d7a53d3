//! A Gaussian without correlations over the latent variables, through unbounded numbers.

use super::FitConfig;
use super::layout::Layout;
use autodidact_core::{Result, Rng, Seed};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// Bounds of the factor of first states, and where it starts.
const FACTOR: (f64, f64, f64) = (1e-3, 5.0, 0.2);

/// Where standard deviations of anything but items and groups start, as upstream.
const FIRST_SD: f64 = 0.05;

/// Where spreads of groups start. Upstream starts near 0, where a spread has trouble growing.
const FIRST_SPREAD: f64 = 0.5;

/// The unbounded numbers: for each latent variable its mean's and its standard deviation's, then the
/// factor's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Guide {
    pub raw: Vec<f64>,
}

/// What the numbers mean.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    pub mean: Vec<f64>,
    pub sd: Vec<f64>,
    /// The factor of first states.
    pub factor: f64,
}

impl Guide {
    /// Before anything was learned: small random items.
    pub fn new(config: &FitConfig, layout: &Layout, seed: Seed) -> Result<Guide> {
        config.check()?;
        let mut rng = seed.at("guide", 0).rng();
        let n = layout.len();
        let mut raw = vec![0.0; 2 * n + 1];
        // Upstream takes the median of 50 draws from the prior, whose deviation is 1.2533 / sqrt(50).
        let median = |spread: f64, rng: &mut Rng| -> f64 {
            let normal: f64 = StandardNormal.sample(rng);
            0.177 * spread * normal
        };
        for i in 0..n {
            let of_items = i < layout.spreads.end;
            let mean = match i {
                i if layout.spreads.contains(&i) => FIRST_SPREAD.min(config.spread_spread),
                _ if of_items => 0.01 * median(config.group_spread, &mut rng),
                i if layout.no_click.contains(&i) => median(config.no_click_spread, &mut rng),
                i if i == layout.keep => 0.5,
                _ => median(config.weight_spread, &mut rng),
            };
            raw[i] = Bound::of_mean(config, layout, i).raw(mean);
            let sd = if of_items { config.first_sd } else { FIRST_SD };
            raw[n + i] = Bound::Between(0.0, config.most_sd).raw(sd.min(0.5 * config.most_sd));
        }
        raw[2 * n] = Bound::Between(FACTOR.0, FACTOR.1).raw(FACTOR.2);
        Ok(Guide { raw })
    }

    pub fn moments(&self, config: &FitConfig, layout: &Layout) -> Moments {
        let n = layout.len();
        let mean = (0..n).map(|i| Bound::of_mean(config, layout, i).value(self.raw[i])).collect();
        let sd =
            self.raw[n..2 * n].iter().map(|&raw| Bound::Between(0.0, config.most_sd).value(raw)).collect();
        Moments { mean, sd, factor: Bound::Between(FACTOR.0, FACTOR.1).value(self.raw[2 * n]) }
    }

    /// The derivative with respect to the unbounded numbers, from that with respect to the moments.
    pub fn back(&self, config: &FitConfig, layout: &Layout, pull: &Moments) -> Vec<f64> {
        let n = layout.len();
        let of_mean = (0..n).map(|i| pull.mean[i] * Bound::of_mean(config, layout, i).slope(self.raw[i]));
        let sd = Bound::Between(0.0, config.most_sd);
        let of_sd = (0..n).map(|i| pull.sd[i] * sd.slope(self.raw[n + i]));
        let of_factor = pull.factor * Bound::Between(FACTOR.0, FACTOR.1).slope(self.raw[2 * n]);
        of_mean.chain(of_sd).chain([of_factor]).collect()
    }
}

/// How an unbounded number becomes one within bounds.
#[derive(Clone, Copy)]
enum Bound {
    Free,
    Between(f64, f64),
}

impl Bound {
    /// Items and groups are free, what a linear user keeps is a share, the rest is bounded alike.
    fn of_mean(config: &FitConfig, layout: &Layout, i: usize) -> Bound {
        match i {
            i if i < layout.spreads.end => Bound::Free,
            i if i == layout.keep => Bound::Between(0.0, 1.0),
            _ => Bound::Between(-config.most_mean, config.most_mean),
        }
    }

    fn value(self, raw: f64) -> f64 {
        match self {
            Bound::Free => raw,
            Bound::Between(low, high) => low + (high - low) * sigmoid(raw),
        }
    }

    fn slope(self, raw: f64) -> f64 {
        match self {
            Bound::Free => 1.0,
            Bound::Between(low, high) => (high - low) * sigmoid(raw) * (1.0 - sigmoid(raw)),
        }
    }

    /// The unbounded number of a value, which is drawn inside the bounds first.
    fn raw(self, value: f64) -> f64 {
        match self {
            Bound::Free => value,
            Bound::Between(low, high) => {
                let share = ((value - low) / (high - low)).clamp(1e-6, 1.0 - 1e-6);
                (share / (1.0 - share)).ln()
            }
        }
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
