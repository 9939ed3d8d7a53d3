//! Which tries of judged groups a learner learns from.

use autodidact_core::{Error, Group, Result, Try, chat::Chat};
use autodidact_math::select::{best, rank_scores, share_of, top};
use serde::{Deserialize, Serialize};

/// A rule of selection. Tries without a score, and those whose verdict says `clean = 0`, are never
/// kept.
///
/// `kl` is the weight of the log-ratio between the policy and its reference (the verdict's part
/// `log_ratio`) in the ranking alone: the score that ranks is `score - kl * log_ratio`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Keep {
    /// All of them.
    #[default]
    All,
    /// Those with a score above the threshold.
    Above {
        /// The threshold itself is not kept.
        threshold: f64,
    },
    /// Of each group the one that ranks first; ties go to the earlier try.
    Best {
        /// Weight of the log-ratio in the ranking.
        kl: f64,
        /// A try that scores less is not kept, best or not.
        least: f64,
    },
    /// The top share of all tries together, whatever their group.
    Top {
        /// In (0, 1]; at least one try is kept.
        share: f64,
        /// Weight of the log-ratio in the ranking.
        kl: f64,
        /// A try that scores less is not kept, first or not.
        least: f64,
    },
}

impl Keep {
    /// Fails on a rule that cannot be applied.
    pub fn check(&self) -> Result<()> {
        match *self {
            Keep::All => Ok(()),
            Keep::Above { threshold } if threshold.is_nan() => {
                Err(Error::invalid("keep.threshold", "a number", threshold))
            }
            Keep::Above { .. } => Ok(()),
            Keep::Best { kl, least } => check(1.0, kl, least),
            Keep::Top { share, kl, least } => check(share, kl, least),
        }
    }

    /// The kept tries as (group, try), in the order of the groups and of the tries.
    pub fn of(&self, groups: &[Group<Chat>]) -> Vec<(usize, usize)> {
        match *self {
            Keep::All => each(groups, |one| rank(one, 0.0, f64::NEG_INFINITY) > f64::NEG_INFINITY),
            Keep::Above { threshold } => each(groups, |one| rank(one, 0.0, f64::NEG_INFINITY) > threshold),
            Keep::Best { kl, least } => {
                let best_of = |(g, group): (usize, &Group<Chat>)| {
                    let ranks: Vec<f64> = group.tries.iter().map(|one| rank(one, kl, least)).collect();
                    best(&ranks).map(|t| (g, t))
                };
                groups.iter().enumerate().filter_map(best_of).collect()
            }
            Keep::Top { share, kl, least } => {
                let all = each(groups, |_| true);
                let ranks: Vec<f64> =
                    all.iter().map(|&(g, t)| rank(&groups[g].tries[t], kl, least)).collect();
                top(&ranks, share_of(ranks.len(), share)).into_iter().map(|idx| all[idx]).collect()
            }
        }
    }
}

fn check(share: f64, kl: f64, least: f64) -> Result<()> {
    if !(share > 0.0 && share <= 1.0) {
        return Err(Error::invalid("keep.share", "in (0, 1]", share));
    }
    if !(kl >= 0.0 && kl.is_finite()) {
        return Err(Error::invalid("keep.kl", "at least 0 and finite", kl));
    }
    if least.is_nan() {
        return Err(Error::invalid("keep.least", "a number, -inf for none", least));
    }
    Ok(())
}

/// What a try ranks by: minus infinity when it may not be kept.
fn rank(one: &Try<Chat>, kl: f64, least: f64) -> f64 {
    let Some(score) = one.verdict.value().filter(|&score| score >= least) else {
        return f64::NEG_INFINITY;
    };
    let clean = one.verdict.part("clean") != Some(0.0);
    let log_ratio = one.verdict.part("log_ratio").unwrap_or(0.0);
    rank_scores(&[score], &[log_ratio], kl, &[clean])[0]
}

fn each(groups: &[Group<Chat>], keep: impl Fn(&Try<Chat>) -> bool) -> Vec<(usize, usize)> {
    let tries =
        groups.iter().enumerate().flat_map(|(g, group)| group.tries.iter().enumerate().map(move |t| (g, t)));
    tries.filter(|(_, (_, one))| keep(one)).map(|(g, (t, _))| (g, t)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::{Completion, Prompt, Sampling};
    use autodidact_core::{Ask, Verdict};

    const NONE: f64 = f64::NEG_INFINITY;

    fn group(verdicts: Vec<Verdict>) -> Group<Chat> {
        let ask =
            Ask { query: Prompt::text("q", "?"), knobs: Sampling::default(), tries: verdicts.len() as u32 };
        let tries =
            verdicts.into_iter().map(|verdict| Try { answer: Completion::default(), verdict }).collect();
        Group { ask, tries }
    }

    fn scored(scores: &[f64]) -> Group<Chat> {
        group(scores.iter().map(|&score| Verdict::score(score)).collect())
    }

    fn ratio(score: f64, log_ratio: f64) -> Verdict {
        Verdict::score(score).with("log_ratio", log_ratio)
    }

    #[test]
    fn the_best_of_each_group_is_kept_and_ties_go_to_the_first() {
        let groups = [scored(&[0.1, 0.9, 0.9]), scored(&[1.0, 1.0]), scored(&[-2.0])];
        assert_eq!(Keep::Best { kl: 0.0, least: NONE }.of(&groups), [(0, 1), (1, 0), (2, 0)]);
        assert_eq!(Keep::Best { kl: 0.0, least: 0.0 }.of(&groups), [(0, 1), (1, 0)]);
    }

    #[test]
    fn the_log_ratio_switches_the_ranking_at_a_twentieth() {
        let groups = [group(vec![ratio(1.0, 2.0), ratio(0.9, 0.0)])];
        let kept = |kl| Keep::Best { kl, least: NONE }.of(&groups)[0].1;
        assert_eq!((kept(0.0), kept(0.049), kept(0.051), kept(0.1)), (0, 0, 1, 1));
        // With the policy still at its reference every weight keeps the same.
        let groups = [group(vec![ratio(0.3, 0.0), ratio(0.7, 0.0)])];
        for kl in [0.0, 0.1, 10.0] {
            assert_eq!(Keep::Best { kl, least: NONE }.of(&groups), [(0, 1)]);
        }
    }

    #[test]
    fn a_group_of_discarded_answers_is_dropped() {
        let dirty = |score: f64| Verdict::score(score).with("clean", 0.0);
        let groups = [
            group(vec![dirty(9.0), Verdict::score(-1.0).with("clean", 1.0)]),
            group(vec![dirty(9.0), dirty(5.0)]),
            group(vec![Verdict::error("crash", 0.0), Verdict::abstain("no answer")]),
        ];
        assert_eq!(Keep::Best { kl: 0.0, least: NONE }.of(&groups), [(0, 1)]);
        assert_eq!(Keep::All.of(&groups), [(0, 1)]);
        assert_eq!(Keep::Top { share: 1.0, kl: 0.0, least: NONE }.of(&groups), [(0, 1)]);
    }

    #[test]
    fn the_local_ranking_ignores_a_shift_by_prompt_and_the_global_one_does_not() {
        let groups = [scored(&[0.1, 0.4]), scored(&[0.3, 0.2])];
        let moved = [scored(&[0.1, 0.4]), scored(&[5.6, 5.4])]; // 2 r + 5 for the second prompt
        let local = Keep::Best { kl: 0.0, least: NONE };
        assert_eq!(local.of(&groups), local.of(&moved));
        let global = Keep::Top { share: 0.5, kl: 0.0, least: NONE };
        assert_eq!(global.of(&groups), [(0, 1), (1, 0)]);
        assert_eq!(global.of(&moved), [(1, 0), (1, 1)]);
    }

    #[test]
    fn a_threshold_is_strict_and_errors_are_not_low_scores() {
        let groups = [group(vec![Verdict::score(0.5), Verdict::score(0.6), Verdict::error("deadline", 2.0)])];
        assert_eq!(Keep::Above { threshold: 0.5 }.of(&groups), [(0, 1)]);
        assert_eq!(Keep::Above { threshold: f64::NEG_INFINITY }.of(&groups), [(0, 0), (0, 1)]);
    }

    #[test]
    fn impossible_rules_are_refused() {
        assert!(Keep::Top { share: 0.0, kl: 0.0, least: NONE }.check().is_err());
        assert!(Keep::Best { kl: -1.0, least: NONE }.check().is_err());
        assert!(Keep::Above { threshold: f64::NAN }.check().is_err());
        assert!(Keep::Best { kl: 0.1, least: NONE }.check().is_ok());
    }
}
