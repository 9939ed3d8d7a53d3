//! What checking and redoing an answer is worth: accuracy, gain and calls from four rates.
//!
//! A first answer is right with chance `a`. A check flags a wrong answer with chance `d` and a right one
//! with chance `f`; a flagged answer is redone and is then right with chance `q`, whatever it was. After
//! `k` checks the answer stands as it is. The closed forms take every check and redo as independent.

use serde::{Deserialize, Serialize};

/// The rates; each in 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rethinking {
    /// The share of first answers that are right.
    pub first: f64,
    /// The share of wrong answers that are flagged.
    pub detected: f64,
    /// The share of right answers that are flagged.
    pub alarmed: f64,
    /// The share of redone answers that are right.
    pub redone: f64,
}

impl Rethinking {
    /// The share of first answers that are flagged.
    pub fn flagged(&self) -> f64 {
        self.first * self.alarmed + (1.0 - self.first) * self.detected
    }

    /// The share of redone answers that are flagged in turn.
    pub fn flagged_again(&self) -> f64 {
        self.redone * self.alarmed + (1.0 - self.redone) * self.detected
    }

    /// The share of right answers after at most `checks` checks: `a (1 - f) + (a f + (1 - a) d) q` for one.
    pub fn accuracy(&self, checks: u32) -> f64 {
        if checks == 0 {
            return self.first;
        }
        let mut right = self.first * (1.0 - self.alarmed);
        // The share of questions whose answer was flagged and is redone.
        let mut redone = self.flagged();
        for _ in 1..checks {
            right += redone * self.redone * (1.0 - self.alarmed);
            redone *= self.flagged_again();
        }
        right + redone * self.redone
    }

    /// What one check adds: `(1 - a) d q - a f (1 - q)`.
    pub fn gain(&self) -> f64 {
        (1.0 - self.first) * self.detected * self.redone - self.first * self.alarmed * (1.0 - self.redone)
    }

    /// The share of right answers when answers are redone until one passes the check. Where every redone
    /// answer is flagged it is the share of those that are right.
    pub fn limit(&self) -> f64 {
        let passes = 1.0 - self.flagged_again();
        if passes <= 0.0 {
            return self.first * (1.0 - self.alarmed) + self.flagged() * self.redone;
        }
        self.first * (1.0 - self.alarmed) + self.flagged() * self.redone * (1.0 - self.alarmed) / passes
    }

    /// Calls a question with at most `checks` checks: the first answer, every check and every redo.
    pub fn calls(&self, checks: u32) -> f64 {
        let mut calls = 1.0;
        let mut reached = 1.0;
        for check in 0..checks {
            let flagged = reached * if check == 0 { self.flagged() } else { self.flagged_again() };
            calls += reached + flagged;
            reached = flagged;
        }
        calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CARD: Rethinking = Rethinking { first: 0.6, detected: 0.7, alarmed: 0.1, redone: 0.6 };

    fn near(found: f64, expect: f64) {
        assert!((found - expect).abs() < 5e-5, "{found} != {expect}");
    }

    #[test]
    fn one_check_has_the_values_of_the_card() {
        // 0.6 * 0.9 + (0.6 * 0.1 + 0.4 * 0.7) * 0.6 = 0.54 + 0.34 * 0.6.
        near(CARD.accuracy(1), 0.744);
        near(CARD.gain(), 0.168 - 0.024);
        near(CARD.accuracy(1) - CARD.accuracy(0), CARD.gain());
        // 2 + 0.6 * 0.1 + 0.4 * 0.7.
        near(CARD.calls(1), 2.34);
    }

    #[test]
    fn independent_redos_without_end_reach_the_share_of_what_passes() {
        // 0.6 * 0.9 / (0.6 * 0.9 + 0.4 * 0.3).
        near(CARD.limit(), 0.8182);
        near(CARD.accuracy(60), 0.8182);
    }

    #[test]
    fn a_check_that_cannot_tell_gains_nothing_at_any_number() {
        let blind = Rethinking { detected: 0.3, alarmed: 0.3, ..CARD };
        for checks in 0..20 {
            near(blind.accuracy(checks), 0.6);
        }
        near(blind.limit(), 0.6);
    }

    #[test]
    fn a_check_that_never_or_always_flags_is_one_call_more_or_a_redo_each() {
        let never = Rethinking { detected: 0.0, alarmed: 0.0, ..CARD };
        let always = Rethinking { detected: 1.0, alarmed: 1.0, redone: 0.4, ..CARD };
        for checks in 1..9 {
            near(never.accuracy(checks), 0.6);
            near(never.calls(checks), 2.0);
            near(always.accuracy(checks), 0.4);
            near(always.calls(checks), 1.0 + 2.0 * f64::from(checks));
        }
        near(always.limit(), 0.4);
        near(CARD.calls(0), 1.0);
    }

    proptest! {
        #[test]
        fn accuracy_is_a_share_and_tends_to_its_limit(
            first in 0.0f64..=1.0, detected in 0.0f64..=1.0, alarmed in 0.0f64..=1.0, redone in 0.0f64..=1.0,
        ) {
            let rates = Rethinking { first, detected, alarmed, redone };
            for checks in [0, 1, 3, 8] {
                let accuracy = rates.accuracy(checks);
                prop_assert!((-1e-12..=1.0 + 1e-12).contains(&accuracy));
                prop_assert!(rates.calls(checks) <= 1.0 + 2.0 * f64::from(checks) + 1e-12);
            }
            prop_assert!((rates.accuracy(1) - first - rates.gain()).abs() < 1e-12);
            if rates.flagged_again() < 0.9 {
                prop_assert!((rates.accuracy(400) - rates.limit()).abs() < 1e-9);
            }
        }
    }
}
