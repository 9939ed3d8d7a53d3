//! Auditors who compare how two people were treated, and panels that speak with a quorum.

use super::Person;
use serde::{Deserialize, Serialize};

/// Someone who says whether two people were treated too differently: a metric, a human, a model.
pub trait Auditor: Send + Sync {
    /// Whether the first person's chance of acceptance is too far above the second's. Positive is yes,
    /// and the more, the worse; an auditor that only says yes or no answers 1 or -1.
    fn objection(&self, people: [&Person; 2], chances: [f64; 2]) -> f64;
}

/// An auditor with a metric `min(1, slope |x - x'|)` that tolerates `tolerance` beyond it; the group must
/// not matter. Slope 0 tolerates no difference, an infinite slope any between different people.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slope {
    /// How fast the tolerated difference grows with the distance in merit.
    pub slope: f64,
    /// What is tolerated beyond the metric (alpha).
    pub tolerance: f64,
}

impl Auditor for Slope {
    fn objection(&self, [one, other]: [&Person; 2], chances: [f64; 2]) -> f64 {
        let distance = (one.x - other.x).abs();
        // An infinite slope at distance 0 is no difference at all.
        let metric = if distance == 0.0 { 0.0 } else { (self.slope * distance).min(1.0) };
        chances[0] - chances[1] - metric - self.tolerance
    }
}

/// Auditors who report together.
pub struct Panel {
    /// Its members.
    pub auditors: Vec<Box<dyn Auditor>>,
    /// The share of them that must object to a pair for it to be reported (gamma), in (0, 1]: 1 over their
    /// number asks for any one of them, 1 for all.
    pub quorum: f64,
}

impl Panel {
    /// How strongly the quorum objects to a pair: the largest number that a share of `quorum` of the members
    /// reach. Positive where the pair is a violation. The panel so acts as one auditor.
    pub fn objection(&self, people: [&Person; 2], chances: [f64; 2]) -> f64 {
        let mut voices: Vec<f64> =
            self.auditors.iter().map(|auditor| auditor.objection(people, chances)).collect();
        voices.sort_by(|a, b| b.total_cmp(a));
        // 2/3 of 3 members are 2, though the product may round to a little more.
        let needed = (self.quorum * voices.len() as f64 - 1e-9).ceil().max(1.0) as usize;
        voices.get(needed - 1).copied().unwrap_or(f64::NEG_INFINITY)
    }

    /// The pair to which the quorum objects most, the first of equals, or none.
    pub fn report(&self, people: &[Person], chances: &[f64]) -> Option<(usize, usize)> {
        let mut worst: Option<(f64, (usize, usize))> = None;
        for favoured in 0..people.len() {
            for slighted in (0..people.len()).filter(|slighted| *slighted != favoured) {
                let pair = [&people[favoured], &people[slighted]];
                let voice = self.objection(pair, [chances[favoured], chances[slighted]]);
                if voice > 0.0 && worst.is_none_or(|(known, _)| voice > known) {
                    worst = Some((voice, (favoured, slighted)));
                }
            }
        }
        worst.map(|(_, pair)| pair)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn panel(slopes: &[f64], tolerance: f64, quorum: f64) -> Panel {
        let auditor = |slope: &f64| Box::new(Slope { slope: *slope, tolerance }) as Box<dyn Auditor>;
        Panel { auditors: slopes.iter().map(auditor).collect(), quorum }
    }

    fn people(xs: &[f64]) -> Vec<Person> {
        xs.iter().enumerate().map(|(i, x)| Person { x: *x, g: if i % 2 == 0 { 0.5 } else { -0.5 } }).collect()
    }

    #[test]
    fn two_of_three_object_and_the_quorum_decides() {
        // Chances differ by 0.5; at distance 1/10 the metrics are 0.1, 0.2 and 0.45, alpha = 0.2.
        let two = people(&[0.5, 0.4]);
        for (quorum, reported) in [(1.0 / 3.0, true), (0.5, true), (2.0 / 3.0, true), (1.0, false)] {
            let found = panel(&[1.0, 2.0, 4.5], 0.2, quorum).report(&two, &[0.7, 0.2]);
            assert_eq!(found, reported.then_some((0, 1)), "{quorum}");
        }
    }

    #[test]
    fn constant_policies_offend_no_one_and_a_metric_of_one_is_never_offended() {
        let crowd = people(&[0.0, 0.3, 0.31, 0.9]);
        assert_eq!(panel(&[0.0, 2.0], 0.0, 0.5).report(&crowd, &[0.4; 4]), None);
        assert_eq!(panel(&[f64::INFINITY], 0.0, 1.0).report(&crowd, &[1.0, 0.0, 0.9, 0.2]), None);
        // Metric 0 without tolerance: any difference is one.
        assert_eq!(panel(&[0.0], 0.0, 1.0).report(&crowd, &[0.4, 0.4, 0.4, 0.400001]), Some((3, 0)));
    }

    #[test]
    fn one_person_alone_is_no_pair() {
        assert_eq!(panel(&[0.0], 0.0, 1.0).report(&people(&[0.5]), &[1.0]), None);
    }

    #[test]
    fn thresholds_spread_over_a_width_are_fair_at_a_slope_of_one_over_it() {
        // tau uniform on [0.3, 0.8]: the chance at x is (x - 0.3) / 0.5, of slope 2.
        let xs: Vec<f64> = (0..=40).map(|i| f64::from(i) / 40.0).collect();
        let chances: Vec<f64> = xs.iter().map(|x| ((x - 0.3) / 0.5).clamp(0.0, 1.0)).collect();
        // No person's group matters to either side.
        assert_eq!(panel(&[2.0001], 0.0, 1.0).report(&people(&xs), &chances), None);
        assert!(panel(&[1.9], 0.0, 1.0).report(&people(&xs), &chances).is_some());
    }

    proptest! {
        #[test]
        fn one_voice_is_the_union_all_are_the_intersection_and_less_never_takes_a_report_away(
            xs in prop::collection::vec(0.0..1.0f64, 4),
            chances in prop::collection::vec(0.0..1.0f64, 4),
            slopes in prop::collection::vec(0.0..4.0f64, 3),
            tolerance in 0.0..0.4f64,
        ) {
            let crowd = people(&xs);
            for (left, right) in [(0, 1), (1, 0), (2, 3), (3, 1)] {
                let pair = [&crowd[left], &crowd[right]];
                let both = [chances[left], chances[right]];
                let objects = |tolerance, quorum| panel(&slopes, tolerance, quorum).objection(pair, both) > 0.0;
                let alone = slopes.iter().map(|slope| panel(&[*slope], tolerance, 1.0).objection(pair, both) > 0.0);
                let alone: Vec<bool> = alone.collect();
                prop_assert_eq!(objects(tolerance, 1.0 / 3.0), alone.iter().any(|yes| *yes));
                prop_assert_eq!(objects(tolerance, 1.0), alone.iter().all(|yes| *yes));
                prop_assert!(!objects(tolerance, 1.0) || objects(tolerance, 0.5));
                prop_assert!(!objects(tolerance, 0.5) || objects(tolerance, 1.0 / 3.0));
                prop_assert!(!objects(tolerance, 0.5) || objects(tolerance / 2.0, 0.5));
            }
        }
    }
}
