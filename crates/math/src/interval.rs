//! How sure a measured number is: intervals for shares, means and differences.
//!
//! Problems are the unit of chance: tries at one problem are alike, so every interval over problems
//! and tries is built from one value a problem. A comparison of two policies on the same problems
//! uses the differences problem by problem, which is much sharper than two separate intervals.

use crate::estimate::Tally;
use crate::summary::{mean, quantile_of_sorted, standard_error};
use rand::Rng;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// A measured value and the range in which the true one lies at the stated level of confidence.
///
/// `low <= value <= high` always holds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// What was measured.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether the range holds `value`, its ends included.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    fn around(value: f64, reach: f64) -> Option<Interval> {
        let all = Interval { value, low: value - reach, high: value + reach };
        (all.low.is_finite() && all.high.is_finite()).then_some(all)
    }
}

/// Wilson's interval for `right` of `n` independent tries at confidence `level` (0.95, say).
///
/// Stays within 0 to 1 and is never empty, even at 0 or n right. `None` when `n` is 0, more are
/// right than were tried or the level is not between 0 and 1.
pub fn wilson(right: u64, n: u64, level: f64) -> Option<Interval> {
    (n > 0 && right <= n).then(|| wilson_share(right as f64 / n as f64, n as f64, normal(level)?)).flatten()
}

/// The interval of a mean from the normal distribution; for large samples. `None` with fewer than
/// two values or a level that is not between 0 and 1.
pub fn normal_mean(values: &[f64], level: f64) -> Option<Interval> {
    Interval::around(mean(values)?, normal(level)? * standard_error(values)?)
}

/// The interval of a mean from Student's t distribution. `None` as for [`normal_mean`].
pub fn t_mean(values: &[f64], level: f64) -> Option<Interval> {
    Interval::around(mean(values)?, student(level, values.len().checked_sub(1)?)? * standard_error(values)?)
}

/// The interval of the mean difference `after[i] - before[i]` on the same problems, from Student's t
/// distribution. `None` as for [`normal_mean`], or when the slices differ in length.
pub fn paired(before: &[f64], after: &[f64], level: f64) -> Option<Interval> {
    t_mean(&differences(before, after)?, level)
}

/// The interval of pass@1 over problems with several tries each: the mean over problems of the share
/// of right tries.
///
/// Tries at one problem are not independent, so the width follows from the spread between problems:
/// Wilson's interval at the number of independent tries that would have that spread (Korn and
/// Graubard), never more than all tries and, where no spread is seen, the number of problems.
/// Problems without tries are left out. `None` without problems or for a level not between 0 and 1.
pub fn pass_at_1(tallies: &[Tally], level: f64) -> Option<Interval> {
    let shares: Vec<f64> = tallies.iter().filter_map(Tally::share).collect();
    let (value, problems) = (mean(&shares)?, shares.len());
    let tries: usize = tallies.iter().map(|tally| tally.tries).sum();
    let plain = normal(level)?;
    let error = standard_error(&shares).unwrap_or(0.0);
    // Rounding is no spread: the mean of equal shares may differ from each in its last digit.
    let independent = if error > 1e-12 {
        // With few problems the spread itself is uncertain: t in place of z.
        let student = student(level, problems - 1)?;
        (value * (1.0 - value) / (error * error) * (plain / student).powi(2)).min(tries as f64)
    } else {
        problems as f64
    };
    wilson_share(value, independent, plain)
}

/// The percentile bootstrap interval of the mean: `rounds` resamples of the values with replacement.
///
/// `None` without values or rounds, or for a level not between 0 and 1.
pub fn bootstrap(values: &[f64], level: f64, rounds: usize, rng: &mut impl Rng) -> Option<Interval> {
    bootstrap_of(values, |sample| mean(sample).unwrap_or(f64::NAN), level, rounds, rng)
}

/// The percentile bootstrap interval of the mean of shares, each in `[0, 1]`; where all are 0, or all are 1, and
/// resamples would show no doubt at all, Wilson's. `None` as for [`bootstrap`].
pub fn bootstrap_share(values: &[f64], level: f64, rounds: usize, rng: &mut impl Rng) -> Option<Interval> {
    let first = *values.first()?;
    if (first == 0.0 || first == 1.0) && values.iter().all(|&value| value == first) {
        return wilson(first as u64 * values.len() as u64, values.len() as u64, level);
    }
    bootstrap(values, level, rounds, rng)
}

/// The percentile bootstrap interval of the mean difference on the same problems. `None` as for
/// [`bootstrap`], or when the slices differ in length.
pub fn paired_bootstrap(
    before: &[f64],
    after: &[f64],
    level: f64,
    rounds: usize,
    rng: &mut impl Rng,
) -> Option<Interval> {
    bootstrap(&differences(before, after)?, level, rounds, rng)
}

/// The percentile bootstrap interval of any `statistic` of items that are independent of each other
/// (problems, not tries): resamples of the items with replacement.
///
/// Resamples whose statistic is NaN are left out. `None` as for [`bootstrap`], or when the statistic
/// of the items themselves is not finite.
pub fn bootstrap_of<T: Clone>(
    items: &[T],
    statistic: impl Fn(&[T]) -> f64,
    level: f64,
    rounds: usize,
    rng: &mut impl Rng,
) -> Option<Interval> {
    let valid = level > 0.0 && level < 1.0;
    if items.is_empty() || !valid {
        return None;
    }
    let value = statistic(items);
    let mut sample = items.to_vec();
    let mut found: Vec<f64> = (0..rounds)
        .map(|_| {
            for place in &mut sample {
                *place = items[rng.random_range(0..items.len())].clone();
            }
            statistic(&sample)
        })
        .filter(|value| !value.is_nan())
        .collect();
    found.sort_by(f64::total_cmp);
    let low = quantile_of_sorted(&found, (1.0 - level) / 2.0)?;
    let high = quantile_of_sorted(&found, (1.0 + level) / 2.0)?;
    // A skewed statistic may leave its own estimate outside; the range is widened to hold it.
    value.is_finite().then(|| Interval { value, low: low.min(value), high: high.max(value) })
}

fn differences(before: &[f64], after: &[f64]) -> Option<Vec<f64>> {
    (before.len() == after.len()).then(|| before.iter().zip(after).map(|(b, a)| a - b).collect())
}

fn wilson_share(share: f64, n: f64, z: f64) -> Option<Interval> {
    let spread = z * z / n;
    let centre = (share + spread / 2.0) / (1.0 + spread);
    let reach = z / (1.0 + spread) * (share * (1.0 - share) / n + spread / (4.0 * n)).sqrt();
    // Rounding may put an end past the value at 0 or 1.
    let (low, high) = ((centre - reach).clamp(0.0, share), (centre + reach).clamp(share, 1.0));
    (low.is_finite() && high.is_finite()).then_some(Interval { value: share, low, high })
}

/// How many standard deviations a two-sided interval reaches.
fn normal(level: f64) -> Option<f64> {
    (level > 0.0 && level < 1.0).then(|| Normal::standard().inverse_cdf((1.0 + level) / 2.0))
}

fn student(level: f64, freedom: usize) -> Option<f64> {
    let valid = freedom > 0 && level > 0.0 && level < 1.0;
    let distribution = StudentsT::new(0.0, 1.0, freedom as f64).ok().filter(|_| valid)?;
    Some(distribution.inverse_cdf((1.0 + level) / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    #[track_caller]
    fn close(found: f64, expect: f64) {
        assert!((found - expect).abs() < 5e-5, "{found} != {expect}");
    }

    #[test]
    fn shares_without_spread_are_not_certain() {
        let mut rng = StdRng::seed_from_u64(3);
        let none = bootstrap_share(&[0.0; 20], 0.95, 100, &mut rng).expect("valid");
        assert_eq!(Some(none), wilson(0, 20, 0.95));
        let all = bootstrap_share(&[1.0; 20], 0.95, 100, &mut rng).expect("valid");
        assert_eq!(Some(all), wilson(20, 20, 0.95));
        let some = bootstrap_share(&[0.0, 1.0, 1.0, 0.5], 0.95, 100, &mut rng).expect("valid");
        assert!(some.low < 0.625 && some.value == 0.625 && some.high > 0.625);
        assert_eq!(bootstrap_share(&[], 0.95, 100, &mut rng), None);
    }

    #[test]
    fn wilson_has_published_values() {
        // 81 of 263 at 95 % (Newcombe 1998, table I): 0.2553 to 0.3662; 0 of 20: 0 to 0.1611.
        let found = wilson(81, 263, 0.95).expect("valid");
        close(found.low, 0.2553);
        close(found.high, 0.3662);
        let none = wilson(0, 20, 0.95).expect("valid");
        close(none.low, 0.0);
        close(none.high, 0.1611);
        assert_eq!(wilson(1, 0, 0.95), None);
        assert_eq!(wilson(3, 2, 0.95), None);
        assert_eq!(wilson(1, 2, 1.0), None);
    }

    #[test]
    fn quantiles_of_the_distributions_are_those_of_the_tables() {
        close(normal(0.95).expect("valid"), 1.95996);
        close(student(0.95, 10).expect("valid"), 2.22814);
        close(student(0.95, 1).expect("valid"), 12.70620);
        close(student(0.99, 200).expect("valid"), 2.60063);
        assert_eq!(student(0.95, 0), None);
        assert_eq!(normal(f64::NAN), None);
    }

    #[test]
    fn a_paired_difference_drops_what_the_problems_share() {
        let before = [0.1, 0.5, 0.9, 0.3];
        let after = [0.2, 0.7, 1.0, 0.5]; // differences .1 .2 .1 .2: mean .15, sd .057735, se .028868
        let found = paired(&before, &after, 0.95).expect("valid");
        close(found.value, 0.15);
        close(found.low, 0.15 - 3.182446 * 0.0288675);
        assert_eq!(paired(&before, &after[..3], 0.95), None);
        assert_eq!(paired(&before[..1], &after[..1], 0.95), None);
    }

    #[test]
    fn many_tries_at_few_problems_do_not_make_a_sharp_interval() {
        let alike: Vec<Tally> = (0..10).map(|i| Tally { tries: 64, right: 64 * (i % 2) }).collect();
        let clustered = pass_at_1(&alike, 0.95).expect("valid");
        let naive = wilson(320, 640, 0.95).expect("valid");
        assert_eq!(clustered.value, naive.value);
        assert!(clustered.high - clustered.low > 5.0 * (naive.high - naive.low));
    }

    #[test]
    fn pass_at_1_without_spread_counts_problems() {
        let none = vec![Tally { tries: 64, right: 0 }; 20];
        assert_eq!(pass_at_1(&none, 0.95), wilson(0, 20, 0.95));
        assert_eq!(pass_at_1(&[Tally { tries: 4, right: 1 }], 0.95).map(|one| one.value), Some(0.25));
        assert_eq!(pass_at_1(&[Tally::default()], 0.95), None);
    }

    #[test]
    fn the_bootstrap_agrees_with_the_normal_interval_on_many_values() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 20)).collect();
        let drawn = bootstrap(&values, 0.95, 2_000, &mut StdRng::seed_from_u64(1)).expect("valid");
        let plain = normal_mean(&values, 0.95).expect("valid");
        assert!((drawn.low - plain.low).abs() < 0.06 && (drawn.high - plain.high).abs() < 0.06);
        let again = bootstrap(&values, 0.95, 2_000, &mut StdRng::seed_from_u64(1)).expect("valid");
        assert_eq!(drawn, again);
        assert_eq!(bootstrap(&[], 0.95, 10, &mut StdRng::seed_from_u64(1)), None);
        assert_eq!(bootstrap(&values, 0.95, 0, &mut StdRng::seed_from_u64(1)), None);
    }

    #[test]
    fn a_95_percent_interval_holds_the_truth_about_95_times_in_100() {
        // 2,000 experiments of 50 problems with 8 tries each, difficulty uniform on 0 to 1.
        let mut rng = StdRng::seed_from_u64(7);
        let held = (0..2_000)
            .filter(|_| {
                let tallies: Vec<Tally> = (0..50)
                    .map(|_| {
                        let chance: f64 = rng.random();
                        let right = (0..8).filter(|_| rng.random::<f64>() < chance).count();
                        Tally { tries: 8, right }
                    })
                    .collect();
                pass_at_1(&tallies, 0.95).expect("valid").contains(0.5)
            })
            .count();
        assert!((1_870..=1_930).contains(&held), "{held} of 2,000");
    }

    proptest! {
        #[test]
        fn every_interval_holds_its_estimate(
            values in prop::collection::vec(-1e3f64..1e3, 2..20), level in 0.01f64..0.999, seed: u64,
        ) {
            let mut rng = StdRng::seed_from_u64(seed);
            let after: Vec<f64> = values.iter().rev().copied().collect();
            for found in [
                normal_mean(&values, level),
                t_mean(&values, level),
                paired(&values, &after, level),
                bootstrap(&values, level, 20, &mut rng),
                paired_bootstrap(&values, &after, level, 20, &mut rng),
            ] {
                let found = found.expect("valid");
                prop_assert!(found.contains(found.value));
            }
        }

        #[test]
        fn intervals_of_shares_stay_within_0_and_1(
            counts in prop::collection::vec((1usize..20, 0usize..20), 1..20), level in 0.01f64..0.999,
        ) {
            let tallies: Vec<Tally> =
                counts.iter().map(|&(tries, right)| Tally { tries, right: right.min(tries) }).collect();
            let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum::<usize>() as u64;
            for found in [
                pass_at_1(&tallies, level),
                wilson(sum(|tally| tally.right), sum(|tally| tally.tries), level),
            ] {
                let found = found.expect("valid");
                prop_assert!(found.contains(found.value));
                prop_assert!(found.low >= 0.0 && found.high <= 1.0 && found.low < found.high);
            }
        }
    }
}
