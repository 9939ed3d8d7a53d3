//! A softmax over many responses that share few parameters.

use rand::Rng;

/// Responses in groups: all `sizes[g]` responses of a group have the same logit, which is a linear softmax
/// with one feature a group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupedSoftmax {
    ln_sizes: Vec<f64>,
}

impl GroupedSoftmax {
    /// Groups of these sizes; a size is at least 1.
    pub fn of(sizes: &[u32]) -> GroupedSoftmax {
        GroupedSoftmax { ln_sizes: sizes.iter().map(|&size| f64::from(size.max(1)).ln()).collect() }
    }

    /// How many groups, and so parameters.
    pub fn groups(&self) -> usize {
        self.ln_sizes.len()
    }

    /// The logarithm of the normaliser, in nats.
    pub fn ln_normaliser(&self, theta: &[f64]) -> f64 {
        let logits = || self.ln_sizes.iter().zip(theta).map(|(ln_size, theta)| ln_size + theta);
        let highest = logits().fold(f64::NEG_INFINITY, f64::max);
        highest + logits().map(|logit| (logit - highest).exp()).sum::<f64>().ln()
    }

    /// The mass of each group; it sums to one, and is the gradient of [`Self::ln_normaliser`].
    pub fn law(&self, theta: &[f64]) -> Vec<f64> {
        let normaliser = self.ln_normaliser(theta);
        let mass = |(ln_size, theta): (&f64, &f64)| (ln_size + theta - normaliser).exp();
        self.ln_sizes.iter().zip(theta).map(mass).collect()
    }

    /// The log-probability of one response of each group, in nats.
    pub fn logprobs(&self, theta: &[f64]) -> Vec<f64> {
        let normaliser = self.ln_normaliser(theta);
        theta.iter().map(|theta| theta - normaliser).collect()
    }

    /// `J = E[r] - beta KL(theta || base)`, exactly, with one reward a group.
    pub fn objective(&self, theta: &[f64], base: &[f64], rewards: &[f64], beta: f64) -> f64 {
        let (own, reference) = (self.logprobs(theta), self.logprobs(base));
        let worth = |g: usize| rewards[g] - beta * (own[g] - reference[g]);
        self.law(theta).into_iter().enumerate().map(|(g, mass)| mass * worth(g)).sum()
    }

    /// The group of a response drawn from the policy.
    pub fn draw(&self, theta: &[f64], rng: &mut impl Rng) -> usize {
        let mut left: f64 = rng.random();
        let law = self.law(theta);
        for (group, mass) in law.iter().enumerate() {
            left -= mass;
            if left < 0.0 {
                return group;
            }
        }
        law.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::super::law;
    use super::*;

    #[test]
    fn groups_stand_for_their_responses() {
        let softmax = GroupedSoftmax::of(&[2, 1]);
        let (theta, base) = ([0.3, 1.1], [0.0, 0.4]);
        // The same policies response by response.
        let spread = |theta: &[f64; 2]| -> Vec<f64> {
            softmax.logprobs(theta).iter().map(|logprob| logprob.exp()).collect()
        };
        let (a, b) = (spread(&theta), spread(&base));
        let flat = |law: &[f64]| vec![law[0], law[0], law[1]];
        assert!((flat(&a).iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((softmax.law(&theta)[0] - 2.0 * a[0]).abs() < 1e-12);
        let rewards = softmax.logprobs(&base);
        let expect = law::objective(&flat(&a), &flat(&b), &law::logs(&flat(&b)), 0.5);
        assert!((softmax.objective(&theta, &base, &rewards, 0.5) - expect).abs() < 1e-12);
        // At theta (1 + 1/beta) it is the largest.
        let best = base.map(|theta| theta * 3.0);
        let highest = law::highest_objective(&flat(&b), &law::logs(&flat(&b)), 0.5);
        assert!((softmax.objective(&best, &base, &rewards, 0.5) - highest).abs() < 1e-12);
    }

    #[test]
    fn draws_follow_the_law() {
        let softmax = GroupedSoftmax::of(&[3, 1]);
        let mut rng = rand_pcg::Pcg64::new(1, 2);
        let hits = (0..4_000).filter(|_| softmax.draw(&[0.0, 0.0], &mut rng) == 1).count();
        // 1/4 of 4,000, five standard deviations of 27.4.
        assert!((863..=1137).contains(&hits), "{hits}");
    }
}
