//! One token out of a row of logits, with its log-probabilities.
//!
//! Truncation follows transformers' order: temperature, top-k, top-p, min-p. One uniform number picks
//! the token, walking the vocabulary in the order of ids, so that a draw depends on the logits and that
//! number alone.

use crate::kernels::vector::{exp_sum, max};
use crate::kernels::{BLOCK, vectorised};
use crate::{Error, Result};
use autodidact_core::chat::Sampling;

/// A token that was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pick {
    /// Its id.
    pub token: u32,
    /// Its log-probability under the raw distribution.
    pub logprob: f32,
    /// Its log-probability under the distribution it was drawn from; 0 when greedy.
    pub policy_logprob: f32,
}

/// The raw distribution of a row of logits.
#[derive(Clone, Copy, Debug)]
pub struct Distribution {
    top: f32,
    log_total: f32,
}

/// Buffers for drawing; they grow to the vocabulary and are used again.
#[derive(Debug, Default)]
pub struct Picker {
    raw: Vec<f32>,
    scaled: Vec<f32>,
    order: Vec<(f32, u32)>,
}

/// Fails, naming the field, unless the settings mean something.
pub fn check(settings: &Sampling) -> Result<()> {
    let Sampling { temperature, top_p, min_p, ref stop, ref penalties, ref biases, .. } = *settings;
    if !(temperature >= 0.0 && temperature.is_finite()) {
        return Err(Error::invalid("sampling.temperature", "a finite number, at least 0", temperature));
    }
    if !(top_p > 0.0 && top_p <= 1.0) {
        return Err(Error::invalid("sampling.top_p", "in (0, 1]", top_p));
    }
    if !(0.0..1.0).contains(&min_p) {
        return Err(Error::invalid("sampling.min_p", "in [0, 1)", min_p));
    }
    if stop.iter().any(String::is_empty) {
        return Err(Error::invalid("sampling.stop", "texts of at least one character", "an empty text"));
    }
    if let Some(bad) = penalties.iter().find(|one| one.n == 0 || !one.weight.is_finite()) {
        let rule = "n-grams of at least 1 token with a finite weight";
        return Err(Error::invalid(
            "sampling.penalties",
            rule,
            format!("n = {}, weight = {}", bad.n, bad.weight),
        ));
    }
    if let Some(bad) = biases.iter().find(|one| one.text.is_empty() || !one.amount.is_finite()) {
        let rule = "texts of at least one character with a finite amount";
        return Err(Error::invalid("sampling.biases", rule, format!("{:?}, {}", bad.text, bad.amount)));
    }
    Ok(())
}

impl Distribution {
    /// Log-probability of a token, given the row's logits.
    pub fn logprob(&self, logits: &[f32], token: u32) -> f32 {
        logits[token as usize] - self.top - self.log_total
    }
}

impl Picker {
    /// The raw distribution of a row; fails unless all logits are finite.
    pub fn read(&mut self, logits: &[f32]) -> Result<Distribution> {
        self.raw.clear();
        self.raw.extend_from_slice(logits);
        let raw = &mut self.raw;
        let (top, total) = vectorised!({
            let top = max(raw);
            (top, exp_sum(raw, top))
        });
        if !(top.is_finite() && total.is_finite()) {
            return Err(Error::invalid(
                "the model's logits",
                "finite",
                format!("{top} at most, summing to {total}"),
            ));
        }
        Ok(Distribution { top, log_total: total.ln() })
    }

    /// Draws a token; `uniform` lies in `[0, 1)`. Settings must pass [`check`].
    pub fn pick(&mut self, logits: &[f32], settings: &Sampling, uniform: f64) -> Result<Pick> {
        let raw = self.read(logits)?;
        let done = |token: u32, policy_logprob| {
            Ok(Pick { token, logprob: raw.logprob(logits, token), policy_logprob })
        };
        if settings.temperature == 0.0 {
            let likeliest = logits.iter().position(|&x| x == raw.top).expect("the largest is among them");
            return done(likeliest as u32, 0.0);
        }
        let truncated =
            settings.top_k > 0 || settings.top_p < 1.0 || settings.min_p > 0.0 || settings.temperature != 1.0;
        if !truncated {
            // The exponentials are still there from reading.
            let token = draw(&self.raw, uniform);
            return done(token, raw.logprob(logits, token));
        }
        let (top, total) = self.truncate(logits, settings, raw.top);
        let token = draw(&self.raw, uniform);
        done(token, self.scaled[token as usize] - top - total.ln())
    }

    /// Leaves the scaled logits in `scaled` and unnormalised probabilities, zero for dropped tokens, in
    /// `raw`; returns the largest scaled logit and the sum of the unnormalised probabilities.
    fn truncate(&mut self, logits: &[f32], settings: &Sampling, highest: f32) -> (f32, f32) {
        let Picker { raw, scaled, order } = self;
        scaled.clear();
        // Taken from the highest first, so that the smallest temperature overflows to nothing but minus infinity.
        scaled.extend(logits.iter().map(|x| (x - highest) / settings.temperature));
        let k = settings.top_k as usize;
        if k > 0 && k < scaled.len() {
            order.clear();
            order.extend(scaled.iter().map(|&x| (x, 0)));
            let (_, &mut (least, _), _) = order.select_nth_unstable_by(k - 1, |a, b| b.0.total_cmp(&a.0));
            // Ties with the k-th stay, as in transformers.
            scaled.iter_mut().filter(|x| **x < least).for_each(|x| *x = f32::NEG_INFINITY);
        }
        raw.copy_from_slice(scaled);
        let (top, total) = vectorised!({
            let top = max(raw);
            (top, exp_sum(raw, top))
        });
        for (weight, x) in raw.iter_mut().zip(&*scaled) {
            if *x == f32::NEG_INFINITY {
                *weight = 0.0;
            }
        }
        if settings.top_p < 1.0 {
            drop_tail(raw, order, total, settings.top_p);
        }
        if settings.min_p > 0.0 {
            // The likeliest weighs one.
            raw.iter_mut().filter(|weight| **weight < settings.min_p).for_each(|weight| *weight = 0.0);
        }
        (top, sum(raw) as f32)
    }
}

/// Zeroes the least likely weights whose shares together stay within `1 - top_p`, never the likeliest;
/// of equal weights the higher ids go first.
fn drop_tail(weights: &mut [f32], order: &mut Vec<(f32, u32)>, total: f32, top_p: f32) {
    let spare = (1.0 - f64::from(top_p)) * f64::from(total);
    // Weights this small fit into the spare share all together, and no larger one goes before them.
    let tiny = (spare / weights.len() as f64) as f32;
    let mut dropped = 0.0;
    order.clear();
    for (id, weight) in weights.iter_mut().enumerate() {
        if *weight < tiny {
            dropped += f64::from(*weight);
            *weight = 0.0;
        } else if *weight > 0.0 {
            order.push((*weight, id as u32));
        }
    }
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    for &(weight, id) in &order[..order.len().saturating_sub(1)] {
        dropped += f64::from(weight);
        if dropped > spare {
            return;
        }
        weights[id as usize] = 0.0;
    }
}

/// The sum of the weights, block by block in order.
fn sum(weights: &[f32]) -> f64 {
    weights.chunks(BLOCK).map(block_sum).sum()
}

fn block_sum(block: &[f32]) -> f64 {
    f64::from(block.iter().sum::<f32>())
}

/// The token at which the running sum of the weights passes the given share of their total.
fn draw(weights: &[f32], uniform: f64) -> u32 {
    let target = uniform * sum(weights);
    let mut passed = 0.0;
    let mut last = 0;
    for (b, block) in weights.chunks(BLOCK).enumerate() {
        let whole = block_sum(block);
        if passed + whole <= target {
            passed += whole;
            continue;
        }
        let mut inside = passed;
        for (i, &weight) in block.iter().enumerate() {
            if weight > 0.0 {
                inside += f64::from(weight);
                last = b * BLOCK + i;
                if inside > target {
                    return last as u32;
                }
            }
        }
        // Rounding inside the block fell short of its own sum: its last possible token it is.
        return last as u32;
    }
    // Rounding of the running sum fell short of the total: the last possible token it is.
    weights.iter().rposition(|&weight| weight > 0.0).unwrap_or(last) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::{Bias, NgramPenalty};

    fn settings(temperature: f32, top_k: u32, top_p: f32, min_p: f32) -> Sampling {
        Sampling { temperature, top_k, top_p, min_p, ..Sampling::default() }
    }

    /// The tokens that can be drawn with their policy probabilities, found by sweeping the uniform number.
    fn support(logits: &[f32], settings: &Sampling) -> Vec<(u32, f32)> {
        let mut picker = Picker::default();
        let mut seen: Vec<(u32, f32)> = Vec::new();
        for i in 0..20_000 {
            let pick = picker.pick(logits, settings, f64::from(i) / 20_000.0).expect("finite");
            match seen.last() {
                Some(&(token, _)) if token == pick.token => {}
                _ => seen.push((pick.token, pick.policy_logprob.exp())),
            }
        }
        seen
    }

    fn check_support(logits: &[f32], settings: &Sampling, expect: &[(u32, f32)]) {
        let found = support(logits, settings);
        assert_eq!(found.len(), expect.len(), "{settings:?}: {found:?}");
        for (found, expect) in found.iter().zip(expect) {
            assert!(
                found.0 == expect.0 && (found.1 - expect.1).abs() < 1e-5,
                "{settings:?}: {found:?}, {expect:?}"
            );
        }
    }

    /// Logits of the probabilities 0.1, 0.4, 0.2, 0.3.
    fn four() -> Vec<f32> {
        [0.1f32, 0.4, 0.2, 0.3].iter().map(|p| p.ln() + 3.0).collect()
    }

    #[test]
    fn each_truncation_keeps_what_it_says_and_renormalises() {
        let logits = four();
        check_support(&logits, &settings(1.0, 0, 1.0, 0.0), &[(0, 0.1), (1, 0.4), (2, 0.2), (3, 0.3)]);
        check_support(&logits, &settings(1.0, 2, 1.0, 0.0), &[(1, 4.0 / 7.0), (3, 3.0 / 7.0)]);
        // The tail 0.1 fits into 1 - 0.85 and 0.1 + 0.2 does not.
        check_support(
            &logits,
            &settings(1.0, 0, 0.85, 0.0),
            &[(1, 4.0 / 9.0), (2, 2.0 / 9.0), (3, 3.0 / 9.0)],
        );
        check_support(&logits, &settings(1.0, 0, 0.01, 0.0), &[(1, 1.0)]);
        // 0.6 * 0.4 = 0.24 lies above 0.2 and 0.1.
        check_support(&logits, &settings(1.0, 0, 1.0, 0.6), &[(1, 4.0 / 7.0), (3, 3.0 / 7.0)]);
        // At temperature 0.5 the probabilities go as 1, 16, 4, 9 of 30.
        check_support(
            &logits,
            &settings(0.5, 0, 1.0, 0.0),
            &[(0, 1.0 / 30.0), (1, 16.0 / 30.0), (2, 4.0 / 30.0), (3, 9.0 / 30.0)],
        );
        // Top-k leaves 16, 4, 9 of 29; then 4/29 = 0.138 fits into 1 - 0.8.
        check_support(&logits, &settings(0.5, 3, 0.8, 0.0), &[(1, 16.0 / 25.0), (3, 9.0 / 25.0)]);
    }

    #[test]
    fn greedy_takes_the_lowest_id_of_the_likeliest() {
        let mut picker = Picker::default();
        let pick = picker.pick(&[0.0, 2.0, 2.0, -1.0], &settings(0.0, 0, 1.0, 0.0), 0.999).expect("finite");
        assert_eq!((pick.token, pick.policy_logprob), (1, 0.0));
        let total: f64 = [0.0f64, 2.0, 2.0, -1.0].iter().map(|x| x.exp()).sum();
        assert!((f64::from(pick.logprob) - (2.0 - total.ln())).abs() < 1e-6);
    }

    #[test]
    fn ties_with_the_kth_token_stay() {
        check_support(
            &[1.0, 1.0, 1.0, 0.0],
            &settings(1.0, 2, 1.0, 0.0),
            &[(0, 1.0 / 3.0), (1, 1.0 / 3.0), (2, 1.0 / 3.0)],
        );
    }

    #[test]
    fn a_large_vocabulary_is_drawn_in_proportion() {
        let logits: Vec<f32> = (0..1000).map(|i| ((i * 37) % 101) as f32 * 0.03).collect();
        let total: f64 = logits.iter().map(|&x| f64::from(x).exp()).sum();
        let mut picker = Picker::default();
        let mut at = 0.0;
        for (id, &x) in logits.iter().enumerate() {
            let p = f64::from(x).exp() / total;
            let pick = picker.pick(&logits, &settings(1.0, 0, 1.0, 0.0), at + p / 2.0).expect("finite");
            assert_eq!(pick.token, id as u32);
            assert!((f64::from(pick.logprob) - p.ln()).abs() < 1e-5);
            at += p;
        }
    }

    #[test]
    fn the_ends_of_the_unit_interval_give_tokens_that_can_be_drawn() {
        let mut picker = Picker::default();
        let logits = [f32::MIN, 0.0, 0.0, f32::MIN];
        let top_two = settings(1.0, 2, 1.0, 0.0);
        for uniform in [0.0, 0.5, 1.0 - f64::EPSILON / 2.0] {
            assert!([1, 2].contains(&picker.pick(&logits, &top_two, uniform).expect("finite").token));
        }
    }

    #[test]
    fn logits_that_are_not_finite_are_an_error() {
        let mut picker = Picker::default();
        for bad in [[0.0, f32::NAN], [f32::INFINITY, 0.0], [f32::NAN; 2]] {
            assert!(picker.pick(&bad, &Sampling::default(), 0.5).is_err());
        }
    }

    #[test]
    fn settings_without_meaning_are_named() {
        let bad = [
            (settings(-1.0, 0, 1.0, 0.0), "sampling.temperature"),
            (settings(f32::NAN, 0, 1.0, 0.0), "sampling.temperature"),
            (settings(1.0, 0, 0.0, 0.0), "sampling.top_p"),
            (settings(1.0, 0, f32::NAN, 0.0), "sampling.top_p"),
            (settings(1.0, 0, 1.0, 1.0), "sampling.min_p"),
            (Sampling { stop: vec![String::new()], ..Sampling::default() }, "sampling.stop"),
            (
                Sampling { penalties: vec![NgramPenalty { n: 0, weight: 1.0 }], ..Sampling::default() },
                "sampling.penalties",
            ),
            (
                Sampling { biases: vec![Bias { text: "a".into(), amount: f32::NAN }], ..Sampling::default() },
                "sampling.biases",
            ),
        ];
        for (settings, field) in bad {
            assert!(check(&settings).unwrap_err().to_string().starts_with(field));
        }
    }
}
