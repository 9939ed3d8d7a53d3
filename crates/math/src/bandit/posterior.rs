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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beta_posterior_counts_shares_of_successes() {
        // Beta(1, 1) after 1, 0, 1/2: a = 1 + 1.5, b = 1 + 1.5.
        let law = Beta::after(1.0, 1.0, 3.0, 1.5);
        assert_eq!((law.a, law.b, law.mean()), (2.5, 2.5, 0.5));
        // 2.5 * 2.5 / (25 * 6).
        assert!((law.variance() - 6.25 / 150.0).abs() < 1e-15);
    }

    #[test]
    fn precisions_add_up() {
        // Prior N(1, 2), noise 4, rewards 3 and 5: precision 1/2 + 2/4 = 1, mean 1/2 + 8/4 = 2.5.
        let law = Gaussian { mean: 1.0, variance: 2.0 }.after(2.0, 8.0, 4.0);
        assert_eq!(law, Gaussian { mean: 2.5, variance: 1.0 });
        // Nothing seen: the prior itself.
        let prior = Gaussian { mean: 1.0, variance: 2.0 };
        assert_eq!(prior.after(0.0, 0.0, 4.0), prior);
    }
}
