//! Bounds for means of numbers in `[0, 1]`: at one sample size fixed beforehand, or at all of them.
//!
//! An interval for a fixed size is wrong more often than it says for one who looks again and again and
//! stops when it pleases. A *confidence sequence* holds at all sizes at once with the stated
//! probability, so that regret, value and the share of an arm may be watched while a bandit runs.
//! Neither needs independence: it is enough that every number has the same mean given those before it.
//! Numbers in another range `[low, high]` go through `(x - low) / (high - low)`.

use crate::bandit::index::{kl_lower, kl_upper};
use crate::interval::Interval;
use crate::off_policy::bernstein;
use crate::summary::mean;
use serde::{Deserialize, Serialize};

/// Hoeffding's interval at a fixed size (1963, theorem 2): `mean +- sqrt(ln(2 / (1 - level)) / 2n)`.
///
/// `None` without values, with one outside `[0, 1]`, or when `level` is not between 0 and 1.
pub fn hoeffding(values: &[f64], level: f64) -> Option<Interval> {
    let miss = checked(values, level)?;
    clipped(mean(values)?, ((2.0 / miss).ln() / (2.0 * values.len() as f64)).sqrt())
}

/// The empirical Bernstein interval at a fixed size, narrow where the numbers differ little:
/// `mean +- sqrt(2 V ln(4 / miss) / n) + 7 ln(4 / miss) / (3 (n - 1))` with the unbiased variance `V`.
///
/// Maurer & Pontil 2009, theorem 4, once for each side. `None` as for [`hoeffding`], or of one value.
pub fn empirical_bernstein(values: &[f64], level: f64) -> Option<Interval> {
    bernstein(values, 0.0, 1.0, level)
}

/// The interval of Chernoff's bound at a fixed size: all `q` with `n kl(mean, q) <= ln(2 / miss)`.
///
/// Never wider than Hoeffding's. `None` as for [`hoeffding`].
pub fn chernoff(values: &[f64], level: f64) -> Option<Interval> {
    let miss = checked(values, level)?;
    let value = mean(values)?.clamp(0.0, 1.0);
    let bound = (2.0 / miss).ln() / values.len() as f64;
    Some(Interval { value, low: kl_lower(value, bound).min(value), high: kl_upper(value, bound) })
}

fn checked(values: &[f64], level: f64) -> Option<f64> {
    let fine = !values.is_empty() && values.iter().all(|x| (0.0..=1.0).contains(x));
    (fine && level > 0.0 && level < 1.0).then_some(1.0 - level)
}

fn clipped(value: f64, reach: f64) -> Option<Interval> {
    Some(Interval { value, low: (value - reach).max(0.0), high: (value + reach).min(1.0) })
}

/// What both sequences know of the numbers so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Moments {
    n: u64,
    sum: f64,
    /// The sum of `(x_i - mean_i)^2` with the regularised mean that includes `x_i`.
    squares: f64,
}

impl Moments {
    const NONE: Moments = Moments { n: 0, sum: 0.0, squares: 0.0 };

    /// `(1/2 + sum x) / (n + 1)`.
    fn mean(&self) -> f64 {
        (0.5 + self.sum) / (self.n + 1) as f64
    }

    /// `(1/4 + sum (x_i - mean_i)^2) / (n + 1)`.
    fn variance(&self) -> f64 {
        (0.25 + self.squares) / (self.n + 1) as f64
    }

    /// The next bet before it is capped: `sqrt(2 ln(2 / miss) / (variance t ln(1 + t)))`.
    fn bet(&self, miss: f64) -> f64 {
        let t = (self.n + 1) as f64;
        (2.0 * (2.0 / miss).ln() / (self.variance() * t * t.ln_1p())).sqrt()
    }

    fn tell(&mut self, x: f64) {
        self.n += 1;
        self.sum += x;
        self.squares += (x - self.mean()).powi(2);
    }

    /// The plain mean, 1/2 of nothing.
    fn value(&self) -> f64 {
        if self.n == 0 { 0.5 } else { self.sum / self.n as f64 }
    }
}

/// A confidence sequence in constant time and memory: empirical Bernstein with predictable plug-in.
///
/// Waudby-Smith & Ramdas 2024 (arXiv 2010.09686), theorem 2, with `c = 1/2` and the running
/// intersection of all intervals so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnyTime {
    miss: f64,
    moments: Moments,
    /// `sum lambda`, `sum lambda x`, `sum v psi(lambda)`.
    bets: f64,
    won: f64,
    price: f64,
    low: f64,
    high: f64,
}

impl AnyTime {
    /// A sequence that has seen nothing; `None` when `level` is not between 0 and 1.
    pub fn new(level: f64) -> Option<AnyTime> {
        (level > 0.0 && level < 1.0).then_some(AnyTime {
            miss: 1.0 - level,
            moments: Moments::NONE,
            bets: 0.0,
            won: 0.0,
            price: 0.0,
            low: 0.0,
            high: 1.0,
        })
    }

    /// Takes one more number; one outside `[0, 1]` is refused with `false` and changes nothing.
    pub fn tell(&mut self, x: f64) -> bool {
        if !(0.0..=1.0).contains(&x) {
            return false;
        }
        let bet = self.moments.bet(self.miss).min(0.5);
        let psi = (-(-bet).ln_1p() - bet) / 4.0;
        self.price += 4.0 * (x - self.moments.mean()).powi(2) * psi;
        self.bets += bet;
        self.won += bet * x;
        self.moments.tell(x);
        let (centre, reach) = (self.won / self.bets, ((2.0 / self.miss).ln() + self.price) / self.bets);
        self.low = self.low.max(centre - reach);
        self.high = self.high.min(centre + reach);
        true
    }

    /// The range that held the mean all the time, at this confidence; `[0, 1]` of nothing. Where the
    /// numbers do not have one mean it may end up empty, which is then shown as one point.
    pub fn interval(&self) -> Interval {
        within(self.moments.value(), self.low, self.high)
    }

    /// How many numbers it has seen.
    pub fn n(&self) -> u64 {
        self.moments.n
    }
}

/// The mean, moved into the range where it lies outside.
fn within(value: f64, low: f64, high: f64) -> Interval {
    let (low, high) = if low <= high { (low, high) } else { (0.5 * (low + high), 0.5 * (low + high)) };
    Interval { value: value.clamp(low, high), low, high }
}

/// A narrower confidence sequence, at the price of a grid: hedged capital.
///
/// For every candidate mean a gambler bets that the numbers lie above it, and another that they lie
/// below; a candidate against which somebody has multiplied his money by `1 / miss` is out.
/// Waudby-Smith & Ramdas 2024, theorem 3 with `theta = 1/2`, `c = 1/2`, the maximum of both and bets
/// by predictable plug-in. Means between two points of the grid count as not yet out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Betting {
    miss: f64,
    moments: Moments,
    /// The logarithm of the capital of those who bet on more and on less, a pair a candidate.
    capital: Vec<(f64, f64)>,
    low: f64,
    high: f64,
}

impl Betting {
    /// A sequence that has seen nothing, with `steps + 1` candidates from 0 to 1. `None` when `level`
    /// is not between 0 and 1 or there is no step.
    pub fn new(level: f64, steps: u32) -> Option<Betting> {
        (level > 0.0 && level < 1.0 && steps > 0).then(|| Betting {
            miss: 1.0 - level,
            moments: Moments::NONE,
            capital: vec![(0.0, 0.0); steps as usize + 1],
            low: 0.0,
            high: 1.0,
        })
    }

    /// Takes one more number; one outside `[0, 1]` is refused with `false` and changes nothing.
    pub fn tell(&mut self, x: f64) -> bool {
        if !(0.0..=1.0).contains(&x) {
            return false;
        }
        let steps = self.capital.len() - 1;
        let bet = self.moments.bet(self.miss);
        // Half the capital each: (1/2) K >= 1 / miss.
        let out = (2.0 / self.miss).ln();
        let (mut first, mut last) = (None, None);
        for (i, (more, less)) in self.capital.iter_mut().enumerate() {
            let m = i as f64 / steps as f64;
            *more += (bet.min(0.5 / m) * (x - m)).ln_1p();
            *less += (-bet.min(0.5 / (1.0 - m)) * (x - m)).ln_1p();
            if more.max(*less) < out {
                first.get_or_insert(i);
                last = Some(i);
            }
        }
        self.moments.tell(x);
        // Where every candidate is out, the mean hides between two of them, or there is none.
        if let (Some(first), Some(last)) = (first, last) {
            self.low = self.low.max((first as f64 - 1.0) / steps as f64);
            self.high = self.high.min((last as f64 + 1.0) / steps as f64);
        }
        true
    }

    /// As [`AnyTime::interval`].
    pub fn interval(&self) -> Interval {
        within(self.moments.value(), self.low, self.high)
    }
}

/// How many equally weighted samples these weights are worth: `(sum w)^2 / sum w^2` (Kish 1965).
///
/// Between 1 and the number of weights; 0 when all are 0 or there are none. The alarm for off-policy
/// estimates: few of many means that a handful of rounds decides.
pub fn effective_sample_size(weights: &[f64]) -> f64 {
    // Scaled, so that squares of huge weights stay finite.
    let top = weights.iter().map(|w| w.abs()).fold(0.0, f64::max);
    if top == 0.0 || !top.is_finite() {
        return 0.0;
    }
    let (sum, squares) = weights.iter().fold((0.0, 0.0), |(sum, squares), w| {
        let w = w / top;
        (sum + w, squares + w * w)
    });
    sum * sum / squares
}

/// The share of all pulls that each arm got; empty counts give no shares.
pub fn arm_shares(counts: &[u64]) -> Vec<f64> {
    let total: u64 = counts.iter().sum();
    if total == 0 {
        return Vec::new();
    }
    counts.iter().map(|count| *count as f64 / total as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng, rngs::StdRng};

    #[track_caller]
    fn near(found: f64, expect: f64) {
        assert!((found - expect).abs() < 1e-9, "{found} is not {expect}");
    }

    #[test]
    fn fixed_intervals_by_hand() {
        // 200 numbers of mean 1/2, all 0 or 1; miss 0.05: sqrt(ln 40 / 400) = 0.096032...
        let values: Vec<f64> = (0..200).map(|i| f64::from(i % 2)).collect();
        let reach = (40f64.ln() / 400.0).sqrt();
        near(hoeffding(&values, 0.95).expect("it exists").low, 0.5 - reach);
        // V = 0.25 * 200 / 199: sqrt(2 V ln 80 / 200) + 7 ln 80 / 597.
        let reach = (0.5 / 199.0 * 80f64.ln()).sqrt() + 7.0 * 80f64.ln() / 597.0;
        near(empirical_bernstein(&values, 0.95).expect("it exists").high, 0.5 + reach);
        // kl(0, q) = -ln(1 - q) <= ln 40 / 10.
        near(chernoff(&[0.0; 10], 0.95).expect("it exists").high, 1.0 - 40f64.powf(-0.1));
        // Numbers that do not differ: only the last term.
        near(
            empirical_bernstein(&[0.5; 1001], 0.95).expect("it exists").high,
            0.5 + 7.0 * 80f64.ln() / 3000.0,
        );
        assert_eq!(hoeffding(&[], 0.95), None);
        assert_eq!(hoeffding(&[1.5], 0.95), None);
        assert_eq!(chernoff(&[0.5], 1.0), None);
        assert_eq!(empirical_bernstein(&[0.5], 0.95), None);
    }

    #[test]
    fn the_first_bet_by_hand() {
        // x = 1 after nothing: bet 1/2 (sqrt(2 ln 40 / (ln 2 / 4)) = 6.5 is capped), price
        // 4 (1/2)^2 (ln 2 - 1/2) / 4, centre 1, reach (ln 40 + price) / (1/2): no bound yet.
        let mut sequence = AnyTime::new(0.95).expect("a level");
        assert!(sequence.tell(1.0));
        near(sequence.price, (2f64.ln() - 0.5) / 4.0);
        assert_eq!((sequence.bets, sequence.won), (0.5, 0.5));
        assert_eq!(sequence.interval(), Interval { value: 1.0, low: 0.0, high: 1.0 });
        // Capital against m = 0 of those who bet on more: 1 + 6.5 * 1, on less: 1 - 1/2.
        let mut betting = Betting::new(0.95, 2).expect("a level");
        betting.tell(1.0);
        near(betting.capital[0].0.exp(), 1.0 + (2.0 * 40f64.ln() / (0.25 * 2f64.ln())).sqrt());
        near(betting.capital[0].1.exp(), 0.5);
        // Against m = 1/2 bets are capped at 1: 1 + 1/2 and 1 - 1/2.
        near(betting.capital[1].0.exp(), 1.5);
        near(betting.capital[1].1.exp(), 0.5);
    }

    /// In how many of `runs` sequences of `n` numbers the interval lost the mean at any time.
    fn misses(runs: u64, n: usize, mean: f64, draw: impl Fn(&mut StdRng) -> f64) -> (u64, u64) {
        let (mut plain, mut betting) = (0, 0);
        for run in 0..runs {
            let mut rng = StdRng::seed_from_u64(run);
            let (mut a, mut b) =
                (AnyTime::new(0.9).expect("a level"), Betting::new(0.9, 100).expect("a level"));
            let (mut a_missed, mut b_missed) = (false, false);
            for _ in 0..n {
                let x = draw(&mut rng);
                assert!(a.tell(x) && b.tell(x));
                a_missed |= !(a.low..=a.high).contains(&mean);
                b_missed |= !(b.low..=b.high).contains(&mean);
            }
            plain += u64::from(a_missed);
            betting += u64::from(b_missed);
        }
        (plain, betting)
    }

    #[test]
    fn the_sequences_lose_the_mean_no_more_often_than_they_say_at_any_time() {
        // 200 runs at 90 %: at most 20 expected, 33 is three standard deviations more.
        let (plain, betting) = misses(200, 300, 0.1, |rng| f64::from(u8::from(rng.random::<f64>() < 0.1)));
        assert!(plain <= 33 && betting <= 33, "{plain}, {betting}");
        let (plain, betting) = misses(200, 300, 0.25, |rng| rng.random::<f64>() * rng.random::<f64>());
        assert!(plain <= 33 && betting <= 33, "{plain}, {betting}");
    }

    #[test]
    fn looking_again_and_again_breaks_a_fixed_interval_but_not_a_sequence() {
        let (mut fixed, mut sequence) = (0, 0);
        for run in 0..300 {
            let mut rng = StdRng::seed_from_u64(1000 + run);
            let mut watched = AnyTime::new(0.8).expect("a level");
            let (mut n, mut sum) = (0.0, 0.0);
            let mut lost = false;
            for _ in 0..1000 {
                let x = f64::from(u8::from(rng.random::<bool>()));
                watched.tell(x);
                (n, sum) = (n + 1.0, sum + x);
                lost |= (sum / n - 0.5f64).abs() > (10f64.ln() / (2.0 * n)).sqrt();
            }
            fixed += u32::from(lost);
            sequence += u32::from(watched.low > 0.5 || watched.high < 0.5);
        }
        // At 80 % a fifth of 300 is 60.
        assert!(fixed > 75 && sequence <= 60, "{fixed}, {sequence}");
    }

    #[test]
    fn the_sequences_close_in_on_the_mean() {
        let mut rng = StdRng::seed_from_u64(4);
        let (mut a, mut b) =
            (AnyTime::new(0.95).expect("a level"), Betting::new(0.95, 1000).expect("a level"));
        let mut values = Vec::new();
        for _ in 0..4000 {
            let x = 0.4 + 0.2 * rng.random::<f64>();
            a.tell(x);
            b.tell(x);
            values.push(x);
        }
        let width = |interval: Interval| interval.high - interval.low;
        let hoeffding = width(hoeffding(&values, 0.95).expect("it exists"));
        // Both know how little the numbers differ; Hoeffding's does not, and holds at one size only.
        assert!(width(a.interval()) < 0.75 * hoeffding && width(b.interval()) < 0.75 * hoeffding);
        assert!(a.interval().contains(0.5) && b.interval().contains(0.5));
    }

    #[test]
    fn weights_are_worth_what_kish_says() {
        assert_eq!(effective_sample_size(&[2.0; 5]), 5.0);
        // (3 + 1)^2 / (9 + 1).
        near(effective_sample_size(&[3.0, 1.0]), 1.6);
        near(effective_sample_size(&[1e300, 1e300]), 2.0);
        assert_eq!(effective_sample_size(&[]), 0.0);
        assert_eq!(effective_sample_size(&[0.0, 0.0]), 0.0);
        assert_eq!(arm_shares(&[1, 3]), [0.25, 0.75]);
        assert!(arm_shares(&[0, 0]).is_empty());
    }

    proptest! {
        #[test]
        fn intervals_hold_their_mean_and_stay_within_0_and_1(
            values in prop::collection::vec(0.0..=1.0f64, 2..60),
            level in 0.5..0.999f64,
        ) {
            let (mut a, mut b) = (AnyTime::new(level).expect("a level"), Betting::new(level, 50).expect("a level"));
            for x in &values {
                prop_assert!(a.tell(*x) && b.tell(*x));
            }
            prop_assert!(!a.tell(f64::NAN) && !b.tell(1.1));
            let fixed = [hoeffding, empirical_bernstein, chernoff].map(|of| of(&values, level).expect("it exists"));
            for one in fixed.into_iter().chain([a.interval(), b.interval()]) {
                prop_assert!(0.0 <= one.low && one.low <= one.value && one.value <= one.high && one.high <= 1.0);
            }
            prop_assert!(fixed[2].high <= fixed[0].high + 1e-9 && fixed[2].low >= fixed[0].low - 1e-9);
            let ess = effective_sample_size(&values);
            prop_assert!(ess <= values.len() as f64 + 1e-9);
        }
    }
}
