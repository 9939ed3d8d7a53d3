//! The finite class of rules: accept where a weighted sum reaches a threshold.

use super::Person;
use autodidact_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// Accepts a person where `x + weight g >= threshold`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The weight of the group.
    pub weight: f64,
    /// The threshold.
    pub threshold: f64,
}

impl Rule {
    /// Whether it accepts.
    pub fn accepts(&self, person: &Person) -> bool {
        person.x + self.weight * person.g >= self.threshold
    }
}

/// All rules on a grid: weights within `-weight..=weight`, thresholds within `low..=high`, evenly spaced.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleGrid {
    /// The largest weight of the group.
    pub weight: f64,
    /// How many weights there are.
    pub weights: u32,
    /// The least threshold.
    pub low: f64,
    /// The largest threshold.
    pub high: f64,
    /// How many thresholds there are.
    pub thresholds: u32,
}

impl Default for RuleGrid {
    fn default() -> RuleGrid {
        RuleGrid { weight: 0.75, weights: 7, low: -0.25, high: 1.25, thresholds: 31 }
    }
}

impl RuleGrid {
    /// Fails on grids without a rule.
    pub fn check(&self) -> Result<()> {
        for (field, found) in [("rules.weights", self.weights), ("rules.thresholds", self.thresholds)] {
            if !(1..=1000).contains(&found) {
                return Err(Error::invalid(field, "between 1 and 1000", found));
            }
        }
        if !(self.weight >= 0.0 && self.weight.is_finite()) {
            return Err(Error::invalid("rules.weight", "at least 0 and finite", self.weight));
        }
        if !(self.low <= self.high && self.low.is_finite() && self.high.is_finite()) {
            return Err(Error::invalid(
                "rules.high",
                format!("at least rules.low = {}", self.low),
                self.high,
            ));
        }
        Ok(())
    }

    /// The rules, by rising weight and then rising threshold.
    pub fn rules(&self) -> Vec<Rule> {
        let between = |low: f64, high: f64, at: u32, n: u32| {
            if n == 1 { low } else { low + (high - low) * f64::from(at) / f64::from(n - 1) }
        };
        let rule = |w: u32, t: u32| Rule {
            weight: if self.weights == 1 { 0.0 } else { between(-self.weight, self.weight, w, self.weights) },
            threshold: between(self.low, self.high, t, self.thresholds),
        };
        (0..self.weights)
            .flat_map(|w| (0..self.thresholds).map(move |t| (w, t)))
            .map(|(w, t)| rule(w, t))
            .collect()
    }
}

/// Each person's chance of acceptance by a rule drawn with those weights, which sum to at most 1.
pub fn chances(rules: &[Rule], weights: &[f64], people: &[Person]) -> Vec<f64> {
    let chance = |person: &Person| {
        rules
            .iter()
            .zip(weights)
            .filter(|(rule, _)| rule.accepts(person))
            .map(|(_, weight)| weight)
            .sum::<f64>()
    };
    people.iter().map(chance).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_grid_has_217_rules_with_the_streams_own_boundary_among_them() {
        let rules = RuleGrid::default().rules();
        assert_eq!(rules.len(), 7 * 31);
        assert!(
            rules.iter().any(|rule| (rule.weight - 0.5).abs() < 1e-12 && (rule.threshold - 0.5).abs() < 1e-9)
        );
        assert!(rules.iter().any(|rule| rule.weight == 0.0));
    }

    #[test]
    fn chances_are_the_weights_of_those_who_accept() {
        let rules = [Rule { weight: 0.0, threshold: 0.3 }, Rule { weight: 0.5, threshold: 0.6 }];
        let people = [Person { x: 0.4, g: 0.5 }, Person { x: 0.4, g: -0.5 }, Person { x: 0.1, g: 0.5 }];
        assert_eq!(chances(&rules, &[0.75, 0.25], &people), [1.0, 0.75, 0.0]);
    }
}
