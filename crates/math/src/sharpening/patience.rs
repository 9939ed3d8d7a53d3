//! When a prompt was sampled often enough.

/// The rule of adaptive sharpening: after `k` draws, stop once `1 / max base(y_j) <= k / mu`, where
/// `mu = ln(2 / delta)`.
///
/// A likelier response that was still unseen would have been missed with probability at most
/// `(1 - mu/k)^k <= delta / 2`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patience {
    mu: f64,
}

impl Patience {
    /// The rule for a chance of failure of `delta` a prompt.
    pub fn of(delta: f64) -> Patience {
        Patience { mu: (2.0 / delta).ln() }
    }

    /// `ln(2 / delta)`.
    pub fn mu(&self) -> f64 {
        self.mu
    }

    /// Whether `k` draws are enough when the likeliest of them has this log-probability, in nats.
    pub fn enough(&self, best_logprob: f64, k: u32) -> bool {
        -best_logprob <= (f64::from(k) / self.mu).ln()
    }

    /// How many draws are made of a sequence with these log-probabilities: up to and with the one at which
    /// the rule holds, or `None` when it never does.
    pub fn stop(&self, logprobs: &[f64]) -> Option<usize> {
        let mut best = f64::NEG_INFINITY;
        for (idx, &logprob) in logprobs.iter().enumerate() {
            best = best.max(logprob);
            if self.enough(best, idx as u32 + 1) {
                return Some(idx + 1);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_rule_holds_from_the_draws_of_the_card_on() {
        let rule = Patience::of(0.1);
        assert!((rule.mu() - 2.995732).abs() < 5e-7);
        for (p, first) in [(0.4f64, 8), (0.3, 10)] {
            // k >= mu / p: 2.995732 / .4 = 7.49, / .3 = 9.99.
            let holds: Vec<u32> = (1..20).filter(|&k| rule.enough(p.ln(), k)).collect();
            assert_eq!(holds, (first..20).collect::<Vec<u32>>());
        }
    }

    #[test]
    fn a_better_draw_ends_the_wait() {
        let rule = Patience::of(0.1);
        let mut draws = vec![0.1f64.ln(); 8];
        assert_eq!(rule.stop(&draws), None);
        draws.extend([0.4f64.ln(), 0.1f64.ln()]);
        assert_eq!(rule.stop(&draws), Some(9));
        assert_eq!(rule.stop(&[]), None);
    }

    proptest! {
        #[test]
        fn whoever_stops_without_the_likeliest_was_unlucky(highest in 0.05f64..1.0, share in 0.05f64..1.0) {
            // The best seen is less likely than the maximiser: the rule made us wait long enough for it.
            let rule = Patience::of(0.1);
            let seen: f64 = highest * share;
            let k = (1..).find(|&k| rule.enough(seen.ln(), k)).expect("it stops");
            prop_assert!((1.0 - highest).powf(f64::from(k)) <= 0.05 + 1e-12);
        }
    }
}
