//! Means, quantiles and histograms.

use serde::{Deserialize, Serialize};

/// The arithmetic mean, or `None` without values.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The unbiased variance (over n - 1), or `None` with fewer than two values.
pub fn variance(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (values.len() > 1).then(|| squares / (values.len() - 1) as f64)
}

/// The standard error of the mean, or `None` with fewer than two values.
pub fn standard_error(values: &[f64]) -> Option<f64> {
    Some((variance(values)? / values.len() as f64).sqrt())
}

/// The quantile at `share` (0 the smallest, 0.5 the median, 1 the largest), linear between
/// neighbours as numpy's default; `None` without values or for a share outside 0 to 1.
pub fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_of_sorted(&sorted, share)
}

/// [`quantile`] of values that are already in ascending order.
pub fn quantile_of_sorted(sorted: &[f64], share: f64) -> Option<f64> {
    if sorted.is_empty() || !(0.0..=1.0).contains(&share) {
        return None;
    }
    let place = share * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(low + (high - low) * place.fract())
}

/// Counts of values in bins of equal width.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// The lower edge of the first bin.
    pub from: f64,
    /// The upper edge of the last bin, which belongs to it.
    pub to: f64,
    /// How many values fall into each bin.
    pub counts: Vec<usize>,
}

impl Histogram {
    /// Counts `values` in `bins` bins from the smallest to the largest finite value; values that are
    /// not finite are left out. `None` without finite values or bins.
    pub fn of(values: &[f64], bins: usize) -> Option<Histogram> {
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let (from, to) = (finite().reduce(f64::min)?, finite().reduce(f64::max)?);
        if bins == 0 {
            return None;
        }
        let mut counts = vec![0; bins];
        for value in finite() {
            // Halves first: the range of two finite numbers may itself be infinite.
            let share = (value / 2.0 - from / 2.0) / (to / 2.0 - from / 2.0);
            let bin = if share.is_nan() { 0 } else { (share * bins as f64) as usize };
            counts[bin.min(bins - 1)] += 1;
        }
        Some(Histogram { from, to, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantiles_are_linear_between_neighbours() {
        let values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!(quantile(&values, 0.0), Some(1.0));
        assert_eq!(quantile(&values, 0.5), Some(2.5));
        assert_eq!(quantile(&values, 0.25), Some(1.75));
        assert_eq!(quantile(&values, 1.0), Some(4.0));
        assert_eq!(quantile(&values, 1.1), None);
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn moments_need_enough_values() {
        assert_eq!(mean(&[]), None);
        assert_eq!(variance(&[1.0]), None);
        assert_eq!(variance(&[1.0, 3.0]), Some(2.0));
        assert_eq!(standard_error(&[1.0, 3.0]), Some(1.0));
    }

    #[test]
    fn equal_values_fill_the_first_bin() {
        assert_eq!(Histogram::of(&[2.0, 2.0], 3).map(|h| h.counts), Some(vec![2, 0, 0]));
        assert_eq!(Histogram::of(&[0.0, 1.0, 2.0, f64::NAN], 2).map(|h| h.counts), Some(vec![1, 2]));
        assert_eq!(Histogram::of(&[f64::NAN], 2), None);
        assert_eq!(Histogram::of(&[1.0], 0), None);
    }

    proptest! {
        #[test]
        fn a_histogram_counts_every_finite_value(values in prop::collection::vec(any::<f64>(), 0..30), bins in 1usize..9) {
            let finite = values.iter().filter(|value| value.is_finite()).count();
            let counted = Histogram::of(&values, bins).map_or(0, |h| h.counts.iter().sum());
            prop_assert_eq!(finite, counted);
        }

        #[test]
        fn quantiles_rise_with_the_share(values in prop::collection::vec(-1e6f64..1e6, 1..30), a in 0.0f64..=1.0, b in 0.0f64..=1.0) {
            prop_assert!(quantile(&values, a.min(b)) <= quantile(&values, a.max(b)));
        }
    }
}
