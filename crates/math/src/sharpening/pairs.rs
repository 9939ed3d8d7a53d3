//! The inner problem of RLHF-sharpening on a grouped softmax: squared residuals of pairs, and optimism.
//!
//! `alpha sum log pi(y~) + sum (beta log pi(y)/base(y) - beta log pi(y~)/base(y~) - (r(y) - r(y~)))^2`.
//! In the logits the squares are a quadratic, as normalisers cancel within a pair, and the optimism is a
//! linear term less `alpha n` times the log-normaliser, which is convex: a convex function minus a convex
//! one. Replacing the subtracted one by its tangent bounds the sum from above and touches it at the
//! present point, and the lowest point of the bound on a ball is known exactly ([`BallQuadratic`]): each
//! such step lowers the sum. Without the norm bound there is no minimum: responses that no pair shows may
//! rise for ever.

use super::GroupedSoftmax;
use crate::ball_quadratic::BallQuadratic;

/// How much a squared distance to the base counts, so that of equally good policies the nearest is taken.
const NEAREST: f64 = 1e-9;

/// Steps of the concave-convex procedure from one start, at most.
const STEPS: usize = 100;

/// A response of the explored policy and one of the base, by group, and how the rewards differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The group of `y`.
    pub response: usize,
    /// The group of `y~`, drawn from the base.
    pub base: usize,
    /// `r(y) - r(y~)`.
    pub gap: f64,
}

/// How squared residuals enter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Residual {
    /// They are added, so that they are made small: what the analysis uses.
    #[default]
    Added,
    /// They are subtracted, so that they are made large: as the algorithm's box is printed.
    Subtracted,
}

/// Where the lowest point is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Search {
    /// From the base, from the previous solution and from every group raised: where an optimist could go.
    #[default]
    Everywhere,
    /// Gradient steps from the base alone, the way a general-purpose optimiser is often left to it.
    NearBase,
}

/// The inner problem, which grows pair by pair.
#[derive(Clone, Debug)]
pub struct Pairs {
    softmax: GroupedSoftmax,
    base: Vec<f64>,
    alpha: f64,
    beta: f64,
    radius: f64,
    residual: Residual,
    /// `x/2 Q x + c x + k` is the sum of squares with its sign.
    quadratic: Vec<f64>,
    linear: Vec<f64>,
    constant: f64,
    /// How often each group was the base's response.
    shown: Vec<f64>,
}

impl Pairs {
    /// No pairs yet. `alpha` weighs optimism, `beta` the divergence; logits have at most the norm `radius`.
    pub fn of(
        softmax: &GroupedSoftmax,
        base: &[f64],
        (alpha, beta): (f64, f64),
        radius: f64,
        residual: Residual,
    ) -> Pairs {
        let n = softmax.groups();
        Pairs {
            softmax: softmax.clone(),
            base: base.to_vec(),
            alpha,
            beta,
            radius,
            residual,
            quadratic: vec![0.0; n * n],
            linear: vec![0.0; n],
            constant: 0.0,
            shown: vec![0.0; n],
        }
    }

    /// Adds a pair.
    pub fn push(&mut self, pair: Pair) {
        let (y, other, n) = (pair.response, pair.base, self.base.len());
        let sign = match self.residual {
            Residual::Added => 1.0,
            Residual::Subtracted => -1.0,
        };
        self.shown[other] += 1.0;
        // The residual is beta (x_y - x_other) - offset.
        let offset = self.beta * (self.base[y] - self.base[other]) + pair.gap;
        self.constant += sign * offset * offset;
        if y != other {
            let square = 2.0 * sign * self.beta * self.beta;
            let slope = 2.0 * sign * self.beta * offset;
            self.quadratic[y * n + y] += square;
            self.quadratic[other * n + other] += square;
            self.quadratic[y * n + other] -= square;
            self.quadratic[other * n + y] -= square;
            self.linear[y] -= slope;
            self.linear[other] += slope;
        }
    }

    /// What is minimised.
    pub fn value(&self, theta: &[f64]) -> f64 {
        let n = theta.len();
        let form: f64 = (0..n * n).map(|i| theta[i / n] * self.quadratic[i] * theta[i % n]).sum();
        let linear: f64 = self.linear.iter().zip(theta).map(|(c, x)| c * x).sum();
        let optimism: f64 =
            self.shown.iter().zip(self.softmax.logprobs(theta)).map(|(n, logprob)| n * logprob).sum();
        0.5 * form + linear + self.constant + self.alpha * optimism
    }

    /// The lowest point found from where `search` starts; `previous` is the last solution.
    pub fn lowest(&self, previous: &[f64], search: Search) -> Vec<f64> {
        match search {
            Search::Everywhere => self.everywhere(previous),
            Search::NearBase => self.near_base(),
        }
    }

    fn everywhere(&self, previous: &[f64]) -> Vec<f64> {
        let n = self.base.len();
        let mut form = self.quadratic.clone();
        (0..n).for_each(|i| form[i * n + i] += 2.0 * NEAREST);
        let ball = BallQuadratic::of(&form, self.radius).expect("the form is square and finite");
        let raised = (0..n).map(|group| {
            let mut theta = self.base.clone();
            theta[group] += self.radius;
            theta
        });
        let starts = [self.base.clone(), previous.to_vec()].into_iter().chain(raised);
        let mut best: Option<(f64, Vec<f64>)> = None;
        for start in starts {
            let (value, theta) = self.descend(&ball, &start);
            if best.as_ref().is_none_or(|(known, _)| value < known - 1e-9) {
                best = Some((value, theta));
            }
        }
        best.expect("there are starts").1
    }

    /// Steps to the lowest point of the bound that touches at the present point. The start itself may lie
    /// outside the ball.
    fn descend(&self, ball: &BallQuadratic, start: &[f64]) -> (f64, Vec<f64>) {
        let total: f64 = self.shown.iter().sum();
        let mut theta = start.to_vec();
        let mut value = f64::INFINITY;
        for _ in 0..STEPS {
            let law = self.softmax.law(&theta);
            let linear: Vec<f64> = (0..theta.len())
                .map(|g| {
                    self.linear[g] + self.alpha * (self.shown[g] - total * law[g])
                        - 2.0 * NEAREST * self.base[g]
                })
                .collect();
            let next = ball.lowest(&linear);
            let now = self.value(&next);
            if now >= value - 1e-10 {
                break;
            }
            (theta, value) = (next, now);
        }
        (value, theta)
    }

    /// Projected gradient steps with backtracking from the base, until they gain little.
    fn near_base(&self) -> Vec<f64> {
        let (n, total) = (self.base.len(), self.shown.iter().sum::<f64>());
        let mut theta = self.base.clone();
        let (mut value, mut step) = (self.value(&theta), 1.0);
        for _ in 0..20 * STEPS {
            let law = self.softmax.law(&theta);
            let gradient: Vec<f64> = (0..n)
                .map(|i| {
                    let form: f64 = (0..n).map(|j| self.quadratic[i * n + j] * theta[j]).sum();
                    form + self.linear[i] + self.alpha * (self.shown[i] - total * law[i])
                })
                .collect();
            let moved = loop {
                let next: Vec<f64> = theta.iter().zip(&gradient).map(|(x, g)| x - step * g).collect();
                let next = within(next, self.radius);
                let now = self.value(&next);
                if now < value {
                    break Some((now, next));
                }
                step *= 0.5;
                if step < 1e-12 {
                    break None;
                }
            };
            let Some((now, next)) = moved else { break };
            let gain = value - now;
            (value, theta) = (now, next);
            step *= 2.0;
            if gain < 1e-9 * value.abs().max(1.0) {
                break;
            }
        }
        theta
    }
}

/// The nearest point of the ball.
fn within(x: Vec<f64>, radius: f64) -> Vec<f64> {
    let norm = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    match norm > radius {
        true => x.into_iter().map(|x| x * radius / norm).collect(),
        false => x,
    }
}

#[cfg(test)]
mod tests {
    use super::super::law;
    use super::*;
    use proptest::prelude::*;

    fn rewards(softmax: &GroupedSoftmax, base: &[f64]) -> Vec<f64> {
        softmax.logprobs(base)
    }

    #[test]
    fn the_value_is_the_sum_of_its_terms() {
        let softmax = GroupedSoftmax::of(&[3, 2, 1]);
        let (base, theta) = ([0.1, -0.2, 0.7], [0.4, 1.0, -0.3]);
        let reward = rewards(&softmax, &base);
        let shown = [(2, 0), (1, 1), (0, 1), (2, 1)];
        for (residual, sign) in [(Residual::Added, 1.0), (Residual::Subtracted, -1.0)] {
            let mut pairs = Pairs::of(&softmax, &base, (0.03, 0.5), 30.0, residual);
            let mut expect = 0.0;
            for (response, other) in shown {
                pairs.push(Pair { response, base: other, gap: reward[response] - reward[other] });
                let (own, reference) = (softmax.logprobs(&theta), softmax.logprobs(&base));
                let side = |g: usize| 0.5 * (own[g] - reference[g]) - reward[g];
                expect += 0.03 * own[other] + sign * (side(response) - side(other)).powi(2);
            }
            assert!((pairs.value(&theta) - expect).abs() < 1e-12);
        }
    }

    #[test]
    fn the_optimal_policy_has_no_residual_and_is_found_without_optimism() {
        let softmax = GroupedSoftmax::of(&[1; 4]);
        let base = law::logs(&[0.4, 0.3, 0.2, 0.1]);
        let reward = rewards(&softmax, &base);
        let mut pairs = Pairs::of(&softmax, &base, (0.0, 0.5), 30.0, Residual::Added);
        for (response, other) in [(0, 1), (1, 2), (3, 2), (0, 2)] {
            pairs.push(Pair { response, base: other, gap: reward[response] - reward[other] });
        }
        let best: Vec<f64> = base.iter().map(|theta| 3.0 * theta).collect();
        assert!(pairs.value(&best).abs() < 1e-12);
        let found = pairs.lowest(&base, Search::Everywhere);
        assert!(pairs.value(&found) < 1e-9);
        for (mass, expect) in softmax.law(&found).iter().zip([0.64, 0.27, 0.08, 0.01]) {
            assert!((mass - expect).abs() < 1e-4);
        }
        // A constant on the prompt's rewards cancels within pairs.
        let mut moved = Pairs::of(&softmax, &base, (0.0, 0.5), 30.0, Residual::Added);
        for (response, other) in [(0, 1), (1, 2), (3, 2), (0, 2)] {
            moved.push(Pair { response, base: other, gap: (reward[response] + 7.0) - (reward[other] + 7.0) });
        }
        assert!((moved.value(&base) - pairs.value(&base)).abs() < 1e-12);
    }

    #[test]
    fn optimism_raises_what_no_pair_shows_to_the_bound() {
        let softmax = GroupedSoftmax::of(&[400, 400, 1]);
        let base = [-0.1, -0.2, 0.7];
        let reward = rewards(&softmax, &base);
        let mut pairs = Pairs::of(&softmax, &base, (0.003, 0.05), 30.0, Residual::Added);
        for (response, other) in [(0, 1), (1, 0), (0, 0)] {
            pairs.push(Pair { response, base: other, gap: reward[response] - reward[other] });
        }
        let found = pairs.lowest(&base, Search::Everywhere);
        assert!(softmax.law(&found)[2] > 0.999);
        assert!((found.iter().map(|x| x * x).sum::<f64>().sqrt() - 30.0).abs() < 1e-6);
        let plain = Pairs { alpha: 0.0, ..pairs }.lowest(&base, Search::Everywhere);
        assert!((plain[2] - base[2]).abs() < 1e-3);
    }

    proptest! {
        #[test]
        fn no_point_of_the_ball_is_lower_than_what_is_found(
            base in prop::collection::vec(-1.0f64..1.0, 3),
            shown in prop::collection::vec((0usize..3, 0usize..3), 1..12),
            alpha in 0.0f64..0.3,
            added in any::<bool>(),
            others in prop::collection::vec(prop::collection::vec(-1.0f64..1.0, 3), 200),
        ) {
            let softmax = GroupedSoftmax::of(&[5, 2, 1]);
            let reward = rewards(&softmax, &base);
            let residual = if added { Residual::Added } else { Residual::Subtracted };
            let mut pairs = Pairs::of(&softmax, &base, (alpha, 0.2), 8.0, residual);
            for (response, other) in shown {
                pairs.push(Pair { response, base: other, gap: reward[response] - reward[other] });
            }
            let found = pairs.lowest(&base, Search::Everywhere);
            prop_assert!(found.iter().map(|x| x * x).sum::<f64>().sqrt() <= 8.0 + 1e-6);
            let lowest = pairs.value(&found);
            for other in others {
                let point = within(other.iter().map(|x| 8.0 * x).collect(), 8.0);
                prop_assert!(lowest <= pairs.value(&point) + 1e-6);
            }
            prop_assert!(lowest <= pairs.value(&pairs.lowest(&base, Search::NearBase)) + 1e-6);
        }
    }
}
