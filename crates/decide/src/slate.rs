//! Lists of items shown to users who click one of them or nothing: the domain of recommenders.
//!
//! [`World`] simulates such users; [`log`] reads what real ones did. [`Recommender`] is the policy: it
//! fills a list from whatever holds [`Beliefs`] about items, greedily or by posterior sampling.
//! Two kinds of belief learn from clicks: [`Online`] is a Gaussian that is updated impression by
//! impression, [`Refit`] holds the paper's variational posterior and is fitted to the whole log.
//!
//! Items are numbered from 0. The paper's data counts 0 as padding, 1 as no click, 2 as unknown and
//! items from 3; here padding does not exist and clicking nothing is `None`.

mod beliefs;
pub mod fit;
pub mod log;
mod online;
mod refit;
mod tally;
mod world;

pub use beliefs::{Beliefs, Draw, Recommender, Rule, Shared};
pub use online::{Online, OnlineConfig, OnlineState, Prior};
pub use refit::{Refit, RefitState};
pub use tally::Tally;
pub use world::{Clicks, Drift, Visitors, World, WorldConfig};

use autodidact_core::{Answer, Domain, Try, Verdict};
use serde::{Deserialize, Serialize};

/// The domain of recommenders: a user visits, a list of items comes back.
#[derive(Clone, Copy, Debug)]
pub struct Slate;

impl Domain for Slate {
    type Query = Visit;
    type Answer = Shown;
    type Knobs = ();
}

/// A user who waits for a list, and what is known about them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// The visit's number among all visits; names its random streams.
    pub round: u64,
    /// Who visits.
    pub user: u32,
    /// How many lists they have seen in this session; 0 begins a new one.
    pub step: u32,
    /// What they clicked in this session, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clicked: Vec<u32>,
    /// Their taste, in the space of the items, where the platform knows it; else empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taste: Vec<f64>,
    /// The items that may be shown, in rising order; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<u32>>,
}

/// A list of distinct items, first place first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The items.
    pub items: Vec<u32>,
}

impl Answer for Shown {}

/// The verdict on a shown list: 1 for a click, 0 for none; its part `place` is the clicked place
/// counted from 1.
pub fn verdict(click: Option<usize>) -> Verdict {
    match click {
        Some(place) => Verdict::right(true).with("place", (place + 1) as f64),
        None => Verdict::right(false),
    }
}

/// What came back on a shown list: `None` when nothing did (the judge abstained or failed, or names a
/// place that the list does not have), else the clicked place from 0, or `Some(None)` for no click.
pub fn feedback(one: &Try<Slate>) -> Option<Option<usize>> {
    if one.verdict.value()? == 0.0 {
        return Some(None);
    }
    let place = one.verdict.part("place")?;
    let inside = place >= 1.0 && place <= one.answer.items.len() as f64 && place.fract() == 0.0;
    inside.then(|| Some(place as usize - 1))
}

/// How well an item fits a taste.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Score {
    /// Minus the Euclidean distance; what the paper's code uses.
    #[default]
    Distance,
    /// The dot product.
    Dot,
}

impl Score {
    /// The score; distances below 1e-5 count as 1e-5.
    pub fn of(self, taste: &[f64], item: &[f64]) -> f64 {
        let pairs = taste.iter().zip(item);
        match self {
            Score::Distance => -pairs.map(|(z, v)| (z - v).powi(2)).sum::<f64>().max(NEAREST).sqrt(),
            Score::Dot => pairs.map(|(z, v)| z * v).sum(),
        }
    }

    /// Adds `by` times the derivative of the score with respect to taste and item.
    pub fn back(self, (taste, item): (&[f64], &[f64]), by: f64, d_taste: &mut [f64], d_item: &mut [f64]) {
        let away = match self {
            Score::Distance => -Score::Distance.of(taste, item),
            Score::Dot => 1.0,
        };
        for i in 0..taste.len() {
            let (to_taste, to_item) = match self {
                Score::Distance if away * away <= NEAREST => (0.0, 0.0),
                Score::Distance => ((item[i] - taste[i]) / away, (taste[i] - item[i]) / away),
                Score::Dot => (item[i], taste[i]),
            };
            d_taste[i] += by * to_taste;
            d_item[i] += by * to_item;
        }
    }
}

/// The smallest squared distance, as in the paper's code.
const NEAREST: f64 = 1e-10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feedback_is_what_the_judge_said_and_nothing_else() {
        let one = |verdict| Try::<Slate> { answer: Shown { items: vec![4, 7] }, verdict };
        assert_eq!(feedback(&one(verdict(Some(1)))), Some(Some(1)));
        assert_eq!(feedback(&one(verdict(None))), Some(None));
        assert_eq!(feedback(&one(Verdict::abstain("no answer yet"))), None);
        assert_eq!(feedback(&one(Verdict::error("timed out", 1.0))), None);
        assert_eq!(feedback(&one(verdict(Some(2)))), None, "the list has two places");
        assert_eq!(feedback(&one(Verdict::right(true))), None, "a click without a place");
    }

    #[test]
    fn a_score_goes_back_as_finite_differences_say() {
        let (taste, item) = ([0.3, -1.0], [1.0, 0.5]);
        for score in [Score::Distance, Score::Dot] {
            let (mut d_taste, mut d_item) = ([0.0; 2], [0.0; 2]);
            score.back((&taste, &item), 2.0, &mut d_taste, &mut d_item);
            for i in 0..2 {
                let at = |by: f64, of_taste: bool| {
                    let (mut taste, mut item) = (taste, item);
                    if of_taste {
                        taste[i] += by
                    } else {
                        item[i] += by
                    }
                    2.0 * score.of(&taste, &item)
                };
                let slope = |of_taste| (at(1e-6, of_taste) - at(-1e-6, of_taste)) / 2e-6;
                assert!((d_taste[i] - slope(true)).abs() < 1e-8 && (d_item[i] - slope(false)).abs() < 1e-8);
            }
        }
    }
}
