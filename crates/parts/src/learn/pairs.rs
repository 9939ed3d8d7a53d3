//! Which two tries of a judged group are compared, and which of them is the better one.

use autodidact_core::{Error, Group, Result, chat::Chat};
use serde::{Deserialize, Serialize};

/// A rule that makes pairs of tries. Tries without a score are in no pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Pairs {
    /// Of each group the best against the worst, the earlier on ties; groups of equal scores have none.
    #[default]
    BestWorst,
    /// Every two tries of a group whose scores differ by more than `least`.
    All {
        /// At least 0.
        least: f64,
    },
    /// The first try against the second, whatever their scores: for losses that read the difference of
    /// scores, where the second is drawn from a base.
    InOrder,
}

/// Two tries of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Place of the group.
    pub group: usize,
    /// Place of the better try in it.
    pub chosen: usize,
    /// Place of the other.
    pub rejected: usize,
    /// Score of the chosen less that of the rejected.
    pub margin: f64,
}

impl Pairs {
    /// Fails on a rule that cannot be applied.
    pub fn check(&self) -> Result<()> {
        match *self {
            Pairs::All { least } if !(least >= 0.0 && least.is_finite()) => {
                Err(Error::invalid("pairs.least", "at least 0 and finite", least))
            }
            _ => Ok(()),
        }
    }

    /// The pairs in the order of the groups and of their tries.
    pub fn of(&self, groups: &[Group<Chat>]) -> Vec<Pair> {
        groups.iter().enumerate().flat_map(|(idx, group)| self.of_one(idx, group)).collect()
    }

    fn of_one(&self, idx: usize, group: &Group<Chat>) -> Vec<Pair> {
        let scored: Vec<(usize, f64)> = (group.tries.iter().enumerate())
            .filter_map(|(place, one)| Some((place, one.verdict.value()?)))
            .collect();
        let pair = |chosen: (usize, f64), rejected: (usize, f64)| Pair {
            group: idx,
            chosen: chosen.0,
            rejected: rejected.0,
            margin: chosen.1 - rejected.1,
        };
        match *self {
            Pairs::BestWorst => {
                let Some(&first) = scored.first() else { return Vec::new() };
                let best = scored.iter().fold(first, |best, &one| if one.1 > best.1 { one } else { best });
                let worst =
                    scored.iter().fold(first, |worst, &one| if one.1 < worst.1 { one } else { worst });
                if best.1 > worst.1 { vec![pair(best, worst)] } else { Vec::new() }
            }
            Pairs::All { least } => {
                let mut pairs = Vec::new();
                for (i, &a) in scored.iter().enumerate() {
                    for &b in &scored[i + 1..] {
                        let ordered = if a.1 >= b.1 { pair(a, b) } else { pair(b, a) };
                        if ordered.margin > least {
                            pairs.push(ordered);
                        }
                    }
                }
                pairs
            }
            Pairs::InOrder => match scored[..] {
                [first @ (0, _), second @ (1, _), ..] => vec![pair(first, second)],
                _ => Vec::new(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::{Completion, Prompt, Sampling};
    use autodidact_core::{Ask, Try, Verdict};

    #[track_caller]
    fn check(rule: Pairs, verdicts: &[Verdict], expect: &[(usize, usize)]) {
        let ask = Ask { query: Prompt::text("q", "?"), knobs: Sampling::default(), tries: 0 };
        let tries =
            verdicts.iter().map(|verdict| Try { answer: Completion::default(), verdict: verdict.clone() });
        let group = Group { ask: ask.clone(), tries: tries.collect() };
        let pairs = rule.of(&[Group { ask, tries: Vec::new() }, group]);
        assert!(pairs.iter().all(|pair| pair.group == 1));
        assert_eq!(pairs.iter().map(|pair| (pair.chosen, pair.rejected)).collect::<Vec<_>>(), expect);
    }

    fn scores(scores: &[f64]) -> Vec<Verdict> {
        scores.iter().map(|&score| Verdict::score(score)).collect()
    }

    #[test]
    fn the_best_is_paired_with_the_worst_and_ties_go_to_the_first() {
        check(Pairs::BestWorst, &scores(&[0.5, 1.0, 0.0, 1.0, 0.0]), &[(1, 2)]);
        check(Pairs::BestWorst, &scores(&[0.5, 0.5]), &[]);
        check(Pairs::BestWorst, &scores(&[0.5]), &[]);
        check(Pairs::BestWorst, &[], &[]);
    }

    #[test]
    fn all_pairs_differ_by_more_than_the_least() {
        check(Pairs::All { least: 0.0 }, &scores(&[0.0, 1.0, 1.0]), &[(1, 0), (2, 0)]);
        check(Pairs::All { least: 0.5 }, &scores(&[0.0, 0.5, 1.0]), &[(2, 0)]);
    }

    #[test]
    fn in_order_the_first_comes_first_with_a_margin_of_either_sign() {
        check(Pairs::InOrder, &scores(&[0.0, 1.0, 2.0]), &[(0, 1)]);
        let two = Group {
            ask: Ask { query: Prompt::text("q", "?"), knobs: Sampling::default(), tries: 2 },
            tries: scores(&[-1.0, 2.0])
                .into_iter()
                .map(|verdict| Try { answer: Completion::default(), verdict })
                .collect(),
        };
        assert_eq!(Pairs::InOrder.of(&[two])[0].margin, -3.0);
    }

    #[test]
    fn a_failed_judge_is_in_no_pair() {
        let verdicts = [Verdict::error("crash", 0.0), Verdict::score(0.2), Verdict::score(0.1)];
        check(Pairs::BestWorst, &verdicts, &[(1, 2)]);
        check(Pairs::All { least: 0.0 }, &verdicts, &[(1, 2)]);
        check(Pairs::InOrder, &verdicts, &[]);
        assert!(Pairs::All { least: -1.0 }.check().is_err());
    }
}
