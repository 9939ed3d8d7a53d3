//! What a run spends, and when it must stop.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign};

/// What was spent, by kind. Every run counts it, so that methods compare at equal budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spend {
    /// Tokens drawn from a policy.
    pub sampled_tokens: u64,
    /// Tokens read without being drawn: prompts, scored sequences, critics' inputs.
    pub scored_tokens: u64,
    /// Tokens that went forward and backward through a learner, counted once an epoch.
    pub trained_tokens: u64,
    /// Answers judged.
    pub judge_calls: u64,
    /// Wall-clock seconds inside policies, judges and learners.
    pub seconds: f64,
    /// Money, in the currency of the prices that the policy was given; 0 where nothing has a price.
    pub cost: f64,
}

impl Add for Spend {
    type Output = Spend;

    fn add(self, other: Spend) -> Spend {
        Spend {
            sampled_tokens: self.sampled_tokens + other.sampled_tokens,
            scored_tokens: self.scored_tokens + other.scored_tokens,
            trained_tokens: self.trained_tokens + other.trained_tokens,
            judge_calls: self.judge_calls + other.judge_calls,
            seconds: self.seconds + other.seconds,
            cost: self.cost + other.cost,
        }
    }
}

impl AddAssign for Spend {
    fn add_assign(&mut self, other: Spend) {
        *self = *self + other;
    }
}

/// The most a run may spend; `None` sets no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Caps {
    /// Limit on [`Spend::sampled_tokens`].
    pub sampled_tokens: Option<u64>,
    /// Limit on [`Spend::scored_tokens`].
    pub scored_tokens: Option<u64>,
    /// Limit on [`Spend::trained_tokens`].
    pub trained_tokens: Option<u64>,
    /// Limit on [`Spend::judge_calls`].
    pub judge_calls: Option<u64>,
    /// Limit on [`Spend::seconds`].
    pub seconds: Option<f64>,
    /// Limit on [`Spend::cost`].
    pub cost: Option<f64>,
}

impl Caps {
    /// Fails on caps that are no limits.
    pub fn sound(&self) -> Result<()> {
        for (field, cap) in [("caps.seconds", self.seconds), ("caps.cost", self.cost)] {
            if let Some(cap) = cap
                && !(cap > 0.0 && cap.is_finite())
            {
                return Err(Error::invalid(field, "above 0 and finite", cap));
            }
        }
        Ok(())
    }

    /// Fails with [`Error::BudgetSpent`] once any cap is reached.
    pub fn check(&self, spend: &Spend) -> Result<()> {
        let counts = [
            ("sampled_tokens", self.sampled_tokens, spend.sampled_tokens),
            ("scored_tokens", self.scored_tokens, spend.scored_tokens),
            ("trained_tokens", self.trained_tokens, spend.trained_tokens),
            ("judge_calls", self.judge_calls, spend.judge_calls),
        ];
        for (kind, cap, spent) in counts {
            if let Some(cap) = cap
                && spent >= cap
            {
                return Err(Error::BudgetSpent { kind, cap: cap as f64, spent: spent as f64 });
            }
        }
        for (kind, cap, spent) in [("seconds", self.seconds, spend.seconds), ("cost", self.cost, spend.cost)]
        {
            if let Some(cap) = cap
                && spent >= cap
            {
                return Err(Error::BudgetSpent { kind, cap, spent });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_stops_at_the_cap() {
        let caps = Caps { judge_calls: Some(10), ..Caps::default() };
        assert!(caps.check(&Spend { judge_calls: 9, ..Spend::default() }).is_ok());
        let stopped = caps.check(&Spend { judge_calls: 10, ..Spend::default() });
        assert!(matches!(stopped, Err(Error::BudgetSpent { kind: "judge_calls", .. })));
    }

    #[test]
    fn money_has_a_cap_like_everything_else() {
        let caps = Caps { cost: Some(2.5), ..Caps::default() };
        assert!(caps.check(&Spend { cost: 2.49, ..Spend::default() }).is_ok());
        let stopped = caps.check(&Spend { cost: 2.5, ..Spend::default() });
        assert!(matches!(stopped, Err(Error::BudgetSpent { kind: "cost", .. })));
    }

    #[test]
    fn no_caps_never_stop() {
        let spend = Spend { sampled_tokens: u64::MAX, seconds: 1e9, ..Spend::default() };
        assert!(Caps::default().check(&spend).is_ok());
    }
}
