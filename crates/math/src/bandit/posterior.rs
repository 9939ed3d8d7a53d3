//! Closed-form posteriors of an arm's mean reward.

/// The Beta posterior of a Bernoulli mean, `Beta(a, b)`, and of a mean of rewards in `[0, 1]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beta {
    /// Prior successes plus the sum of the rewards.
    pub a: f64,
    /// Prior failures plus the sum of what the rewards lack to 1.
    pub b: f64,
}

impl Beta {
    /// After `n` rewards of sum `sum`, from a prior of `successes` and `failures`. A reward between 0
    /// and 1 counts as that share of a success, the mean of what drawing a success with that
    /// probability would give (Agrawal & Goyal 2012, algorithm 2).
    pub fn after(successes: f64, failures: f64, n: f64, sum: f64) -> Beta {
        Beta { a: successes + sum, b: failures + (n - sum).max(0.0) }
    }

    /// The posterior mean.
    pub fn mean(&self) -> f64 {
        self.a / (self.a + self.b)
    }

    /// The posterior variance.
    pub fn variance(&self) -> f64 {
        let total = self.a + self.b;
        self.a * self.b / (total * total * (total + 1.0))
    }
}

/// The Gaussian posterior of a mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gaussian {
    /// The posterior mean.
    pub mean: f64,
    /// The posterior variance.
    pub variance: f64,
}

impl Gaussian {
    /// After `n` rewards of sum `sum` with Gaussian noise of variance `noise`, from this prior:
    /// precisions add up, means are weighted by them.
    pub fn after(&self, n: f64, sum: f64, noise: f64) -> Gaussian {
        let precision = 1.0 / self.variance + n / noise;
        Gaussian { mean: (self.mean / self.variance + sum / noise) / precision, variance: 1.0 / precision }
    }
}
