//! Best-of-N curves from one set of answers: subsets of N stand for N draws.

use crate::sharpening::truths;
use autodidact_core::chat::Chat;
use autodidact_core::{Group, Judge, Result, Seed};
use autodidact_math::sharpening::auc;
use autodidact_math::summary::mean;
use autodidact_parts::OpenTask;
use rand::seq::index::sample;
use std::collections::BTreeMap;

/// The numbers of answers that curves have points at.
pub(super) const TRIES: [usize; 5] = [1, 5, 10, 25, 50];

/// Subsets a prompt and number.
const SUBSETS: usize = 40;

/// A judged answer, as far as it matters here.
struct Drawn {
    right: bool,
    /// The log-probability and length; `None` for an answer that was left out.
    scored: Option<(f64, f64)>,
    vote: Option<String>,
}

/// Accuracy by N of several rules, and what they rest on.
#[derive(Clone, Debug, Default)]
pub(super) struct Curves {
    /// The likeliest answer.
    pub ml: Vec<f64>,
    /// The likeliest by token.
    pub norm: Vec<f64>,
    /// The most frequent final answer.
    pub majority: Vec<f64>,
    /// Whether any answer is right: what no rule can beat.
    pub coverage: Vec<f64>,
    /// The mean log-probability of the likeliest.
    pub log_prob: Vec<f64>,
    /// The probability that a right answer is likelier than a wrong one, over all prompts.
    pub auc: f64,
    /// The same within prompts that have both.
    pub auc_within: f64,
    /// The share of answers left out.
    pub dropped: f64,
}

impl Curves {
    /// The curves of groups whose verdicts carry `log_prob` and `length`.
    pub fn of(
        groups: &[Group<Chat>],
        task: &OpenTask,
        truth: &dyn Judge<Chat>,
        seed: Seed,
    ) -> Result<Curves> {
        let rights = truths(groups, truth)?;
        let prompts: Vec<Vec<Drawn>> = (groups.iter().zip(&rights))
            .map(|(group, rights)| {
                let one = |(one, right): (&autodidact_core::Try<Chat>, &Option<bool>)| Drawn {
                    right: right.unwrap_or(false),
                    scored: one
                        .verdict
                        .value()
                        .and(one.verdict.part("log_prob"))
                        .zip(one.verdict.part("length")),
                    vote: (task.vote)(&group.ask.query, &one.answer),
                };
                group.tries.iter().zip(rights).map(one).collect()
            })
            .collect();
        let mut curves = Curves::default();
        for n in TRIES {
            let mut sums = [0.0; 5];
            let mut count = 0.0;
            for (idx, drawn) in prompts.iter().enumerate() {
                let mut rng = seed.at("subset", idx as u64).at("size", n as u64).rng();
                for _ in 0..SUBSETS {
                    let subset = sample(&mut rng, drawn.len(), n.min(drawn.len())).into_vec();
                    add(&mut sums, drawn, &subset);
                    count += 1.0;
                }
            }
            let curves: [&mut Vec<f64>; 5] = [
                &mut curves.ml,
                &mut curves.norm,
                &mut curves.majority,
                &mut curves.coverage,
                &mut curves.log_prob,
            ];
            curves.into_iter().zip(sums).for_each(|(curve, sum)| curve.push(sum / count));
        }
        let pairs = |drawn: &[Drawn]| -> Vec<(f64, bool)> {
            drawn.iter().filter_map(|one| Some((one.scored?.0, one.right))).collect()
        };
        let all: Vec<(f64, bool)> = prompts.iter().flat_map(|drawn| pairs(drawn)).collect();
        let within: Vec<f64> = prompts.iter().filter_map(|drawn| auc(&pairs(drawn))).collect();
        let n: usize = prompts.iter().map(Vec::len).sum();
        curves.dropped = 1.0 - all.len() as f64 / n as f64;
        curves.auc = auc(&all).unwrap_or(f64::NAN);
        curves.auc_within = mean(&within).unwrap_or(f64::NAN);
        Ok(curves)
    }

    /// The point at that number of answers.
    pub fn at(curve: &[f64], n: usize) -> f64 {
        TRIES.iter().position(|&known| known == n).map_or(f64::NAN, |idx| curve[idx])
    }
}

/// Adds what each rule makes of a subset: likeliest, likeliest by token, majority, any, log-probability.
fn add(sums: &mut [f64; 5], drawn: &[Drawn], subset: &[usize]) {
    let best = |score: &dyn Fn((f64, f64)) -> f64| {
        let mut best: Option<(f64, usize)> = None;
        for &idx in subset {
            if let Some(score) = drawn[idx].scored.map(score)
                && best.is_none_or(|(known, _)| score > known)
            {
                best = Some((score, idx));
            }
        }
        best.map(|(_, idx)| idx)
    };
    let worth = |idx: Option<usize>| idx.map_or(0.0, |idx| f64::from(u8::from(drawn[idx].right)));
    let likeliest = best(&|(log_prob, _)| log_prob);
    sums[0] += worth(likeliest);
    sums[1] += worth(best(&|(log_prob, length)| log_prob / length.max(1.0)));
    sums[2] += worth(majority(drawn, subset));
    sums[3] += f64::from(u8::from(subset.iter().any(|&idx| drawn[idx].right)));
    sums[4] += likeliest.and_then(|idx| drawn[idx].scored).map_or(0.0, |(log_prob, _)| log_prob);
}

/// An answer of the most frequent vote, of several the one that comes first.
fn majority(drawn: &[Drawn], subset: &[usize]) -> Option<usize> {
    let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
    let voting = || subset.iter().filter(|&&idx| drawn[idx].scored.is_some());
    for &idx in voting() {
        if let Some(vote) = &drawn[idx].vote {
            *votes.entry(vote).or_default() += 1;
        }
    }
    let most = votes.values().max()?;
    voting().find(|&&idx| drawn[idx].vote.as_deref().is_some_and(|vote| votes[vote] == *most)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(right: bool, log_prob: f64, length: f64, vote: &str) -> Drawn {
        Drawn { right, scored: Some((log_prob, length)), vote: Some(vote.to_owned()) }
    }

    #[test]
    fn each_rule_picks_its_own_favourite() {
        let all = [
            drawn(false, -1.0, 1.0, "3"),
            drawn(true, -1.5, 3.0, "2"),
            drawn(true, -4.0, 4.0, "2"),
            Drawn { right: true, scored: None, vote: Some("5".to_owned()) },
        ];
        let mut sums = [0.0; 5];
        add(&mut sums, &all, &[0, 1, 2, 3]);
        // Likeliest: 3, wrong; by token: -.5 of the second; majority: 2; any is right.
        assert_eq!(sums, [0.0, 1.0, 1.0, 1.0, -1.0]);
        assert_eq!(majority(&all, &[0, 2]), Some(0));
        assert_eq!(majority(&all, &[3]), None);
    }
}
