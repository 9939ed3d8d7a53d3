//! Self-consistency: of several answers to one prompt, the one that most of them agree on.
//!
//! Answers that a rule drops do not vote. The most frequent text among the others wins if its share of
//! them is large enough; on ties the shortest, then the first seen.

use crate::filter::{Rule, first};
use autodidact_core::chat::{Chat, Completion};
use autodidact_core::{Ask, Error, Judge, Judged, Result, Verdict};

/// The text that won a vote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vote {
    /// The place of the first answer with this text.
    pub place: usize,
    /// The share of the answers that have it, in (0, 1].
    pub share: f64,
}

/// The most frequent of `texts` if at least `least_share` of them are it; `None` without texts.
pub fn vote<S: AsRef<str>>(texts: &[S], least_share: f64) -> Option<Vote> {
    let mut found: Vec<(&str, usize, usize)> = Vec::new();
    for (place, text) in texts.iter().map(AsRef::as_ref).enumerate() {
        match found.iter_mut().find(|(known, _, _)| *known == text) {
            Some((_, _, count)) => *count += 1,
            None => found.push((text, place, 1)),
        }
    }
    let rank = |&(text, place, count): &(&str, usize, usize)| {
        (count, std::cmp::Reverse(text.chars().count()), std::cmp::Reverse(place))
    };
    let (_, place, count) = found.into_iter().max_by_key(rank)?;
    let share = count as f64 / texts.len() as f64;
    (share >= least_share).then_some(Vote { place, share })
}

/// A judge that scores an answer 1 if its text, white space around it aside, won the vote of its prompt's
/// answers and 0 if not.
///
/// Verdicts have the part `share` (of the winner; 0 without one). An answer that a rule drops scores 0 with
/// the part `dropped/<rule>` and does not vote.
pub struct Consistency {
    least_share: f64,
    rules: Vec<Box<dyn Rule>>,
}

impl Consistency {
    /// Votes among the answers that `rules` leave; what they are told of kept items is nothing, so rules
    /// with a memory have none here. Fails on a share outside 0..=1.
    pub fn of(least_share: f64, rules: Vec<Box<dyn Rule>>) -> Result<Consistency> {
        if !(0.0..=1.0).contains(&least_share) {
            return Err(Error::invalid("least_share", "between 0 and 1", least_share));
        }
        Ok(Consistency { least_share, rules })
    }

    fn verdicts(&self, answers: &[Completion]) -> Vec<Verdict> {
        let reasons: Vec<Option<&str>> =
            answers.iter().map(|answer| first(&self.rules, answer.text.trim())).collect();
        let voters = answers.iter().zip(&reasons).filter(|(_, reason)| reason.is_none());
        let texts: Vec<&str> = voters.map(|(answer, _)| answer.text.trim()).collect();
        let won = vote(&texts, self.least_share).map(|vote| (texts[vote.place], vote.share));
        let share = won.map_or(0.0, |(_, share)| share);
        let one = |(answer, reason): (&Completion, &Option<&str>)| match reason {
            Some(rule) => Verdict::score(0.0).with(&format!("dropped/{rule}"), 1.0),
            None => {
                Verdict::right(won.is_some_and(|(text, _)| text == answer.text.trim())).with("share", share)
            }
        };
        answers.iter().zip(&reasons).map(one).collect()
    }
}

impl Judge<Chat> for Consistency {
    fn judge(&self, _asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        let verdicts = answers.iter().map(|answers| self.verdicts(answers)).collect();
        Ok(Judged { verdicts, ..Judged::default() })
    }

    fn name(&self) -> String {
        let rules: Vec<&str> = self.rules.iter().map(|rule| rule.name()).collect();
        format!("vote of at least {} after {rules:?}", self.least_share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::{Empty, When};
    use autodidact_core::chat::{Prompt, Sampling};

    #[track_caller]
    fn check(texts: &[&str], least_share: f64, expect: Option<(&str, f64)>) {
        let found = vote(texts, least_share).map(|vote| (texts[vote.place], vote.share));
        assert_eq!(found, expect, "{texts:?}");
    }

    #[test]
    fn the_most_frequent_text_wins_then_the_shortest_then_the_first() {
        let ten = ["a", "a", "b", "b", "b", "c", "c", "c", "d", "e"];
        check(&ten, 0.3, Some(("b", 0.3)));
        check(&ten, 0.31, None);
        check(&[], 0.0, None);
        check(&["yes.", "yes.", "no", "no"], 0.3, Some(("no", 0.5)));
    }

    /// Two labels, n = 11 samples right with probability 0.6: the sum over k >= 6 of C(11, k) 0.6^k 0.4^(11-k).
    #[test]
    fn a_majority_of_eleven_is_right_more_often_than_one() {
        let (n, p) = (11, 0.6f64);
        let mut choose = 1.0;
        let mut right = 0.0;
        for k in 0..=n {
            let texts: Vec<&str> = (0..n).map(|i| if i < k { "right" } else { "wrong" }).collect();
            let vote = vote(&texts, 0.3).expect("a majority of two has half");
            if texts[vote.place] == "right" {
                right += choose * p.powi(k) * (1.0 - p).powi(n - k);
            }
            choose *= f64::from(n - k) / f64::from(k + 1);
        }
        assert!((right - 0.753498).abs() < 5e-7, "{right}");
    }

    /// Where wrong answers never coincide, two right ones win; with p above the least share the winner is
    /// right ever more surely.
    #[test]
    fn where_wrong_answers_never_coincide_the_winner_becomes_right() {
        let share_right = |n: i32, p: f64| {
            let (mut choose, mut right) = (1.0, 0.0);
            for k in 0..=n {
                let texts: Vec<String> = (0..n)
                    .map(|i| if i < k { "right".to_owned() } else { format!("wrong {i:03}") })
                    .collect();
                if vote(&texts, 0.3).is_some_and(|vote| texts[vote.place] == "right") {
                    right += choose * p.powi(k) * (1.0 - p).powi(n - k);
                }
                choose *= f64::from(n - k) / f64::from(k + 1);
            }
            right
        };
        let grown: Vec<f64> = [10, 40, 160].into_iter().map(|n| share_right(n, 0.4)).collect();
        assert!(grown[0] < grown[1] && grown[1] < grown[2] && grown[2] > 0.99, "{grown:?}");
        assert!(share_right(160, 0.2) < 0.01);
    }

    #[test]
    fn dropped_answers_do_not_vote_and_say_why() {
        let long = When::of("long", |text: &str| text.len() > 3);
        let judge = Consistency::of(0.5, vec![Box::new(Empty), Box::new(long)]).expect("sound settings");
        let answers: Vec<Completion> = ["seven", "seven", " 7", "7", "8", ""]
            .map(|text| Completion { text: text.to_owned(), ..Completion::default() })
            .into();
        let asks = Ask::<Chat>::each(&[Prompt::text("q", "?")], 6, &Sampling::default());
        let verdicts = judge.judge(&asks, &[answers]).expect("judges").verdicts.remove(0);
        assert_eq!(verdicts[0].part("dropped/long"), Some(1.0));
        assert_eq!(verdicts[5].part("dropped/empty"), Some(1.0));
        let scores: Vec<f64> = verdicts.iter().filter_map(Verdict::value).collect();
        assert_eq!(scores, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(verdicts[4].part("share"), Some(2.0 / 3.0));
        assert!(Consistency::of(1.5, Vec::new()).is_err());
    }
}
