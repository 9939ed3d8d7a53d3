//! Click rate and diversity of what was shown.

use super::{Slate, feedback};
use autodidact_core::Group;
use std::collections::BTreeMap;

/// Counts over judged lists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Lists with feedback.
    pub lists: u64,
    /// Of these, lists with a click.
    pub clicks: u64,
    /// How often each item was shown, clicked or not.
    pub shown: BTreeMap<u32, u64>,
}

impl Tally {
    /// Counts `groups`. Lists without feedback count as shown only.
    pub fn of(groups: &[Group<Slate>]) -> Tally {
        let mut tally = Tally::default();
        for one in groups.iter().flat_map(|group| &group.tries) {
            for item in &one.answer.items {
                *tally.shown.entry(*item).or_default() += 1;
            }
            if let Some(click) = feedback(one) {
                tally.lists += 1;
                tally.clicks += u64::from(click.is_some());
            }
        }
        tally
    }

    /// Clicked lists over lists; NaN without feedback.
    pub fn click_rate(&self) -> f64 {
        self.clicks as f64 / self.lists as f64
    }

    /// How many different items were shown.
    pub fn distinct(&self) -> usize {
        self.shown.len()
    }

    /// The exponential of the entropy of what was shown: how many equally frequent items would be as
    /// diverse. 0 when nothing was shown.
    pub fn effective(&self) -> f64 {
        let total: u64 = self.shown.values().sum();
        if total == 0 {
            return 0.0;
        }
        let entropy: f64 = self.shown.values().map(|&n| n as f64 / total as f64).map(|p| -p * p.ln()).sum();
        entropy.exp()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Shown, Visit, verdict};
    use super::*;
    use autodidact_core::{Ask, Try, Verdict};

    #[test]
    fn lists_clicks_and_items_are_counted() {
        let one = |items: &[u32], verdict| Try::<Slate> { answer: Shown { items: items.to_vec() }, verdict };
        let ask = Ask { query: Visit::default(), knobs: (), tries: 3 };
        let tries = vec![
            one(&[1, 2], verdict(Some(0))),
            one(&[2, 3], verdict(None)),
            one(&[3, 1], Verdict::abstain("lost")),
        ];
        let tally = Tally::of(&[Group { ask, tries }]);
        assert_eq!((tally.lists, tally.clicks, tally.distinct()), (2, 1, 3));
        assert_eq!(tally.click_rate(), 0.5);
        // Each of three items was shown twice: ln 3 nats.
        assert!((tally.effective() - 3.0).abs() < 1e-12);
        assert_eq!(Tally::default().effective(), 0.0);
    }
}
