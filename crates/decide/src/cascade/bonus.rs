//! How wide the confidence intervals of empirical means are: Bernstein's form, in the shape of EULER.

use serde::{Deserialize, Serialize};

/// How sure intervals are to hold: `L(n) = fixed + growing * ln(8 e (n + 1))` enters every width.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// The logarithm of the number of events over the probability of failure.
    pub fixed: f64,
    /// How strongly L grows with the observations; 0 where their number is bounded in `fixed`.
    pub growing: f64,
    /// Multiplies every width; 1 is the theory's, 0 trusts the means.
    pub scale: f64,
}

/// The form of an item's width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemBonus {
    /// `2 sqrt(q (1 - q) L / n) + 5 L / n`: narrow for items that rarely or always attract.
    #[default]
    Bernstein,
    /// `2 sqrt(L / n)`, blind to the variance: the looser one to compare with.
    Hoeffding,
}

impl Confidence {
    /// L after `n` observations.
    pub fn log(&self, n: f64) -> f64 {
        match self.growing {
            0.0 => self.fixed,
            growing => self.fixed + growing * ((n + 1.0).ln() + 8f64.ln() + 1.0),
        }
    }

    /// The width around a share seen `n` times, at most 1, and 1 where nothing was seen.
    pub fn of_share(&self, form: ItemBonus, share: f64, n: f64) -> f64 {
        match form {
            ItemBonus::Bernstein => self.of_mean(share * (1.0 - share), n),
            ItemBonus::Hoeffding if n == 0.0 => 1.0,
            ItemBonus::Hoeffding => (self.scale * 2.0 * (self.log(n) / n).sqrt()).min(1.0),
        }
    }

    /// The width around a mean in 0 to 1 of that variance seen `n` times, at most 1, and 1 where nothing
    /// was seen.
    pub fn of_mean(&self, variance: f64, n: f64) -> f64 {
        if n == 0.0 {
            return 1.0;
        }
        let l = self.log(n) / n;
        (self.scale * (2.0 * (variance.max(0.0) * l).sqrt() + 5.0 * l)).min(1.0)
    }

    /// The width around an expected next value seen `n` times, at most `most`, and `most` where nothing
    /// was seen: `variance` of the upper value, `gap` the mean square of upper less lower value.
    pub fn of_value(&self, variance: f64, gap: f64, n: f64, most: f64) -> f64 {
        if n == 0.0 {
            return most;
        }
        let l = self.log(n) / n;
        let width = 2.0 * (variance * l).sqrt() + 2.0 * (gap * l).sqrt() + 5.0 * most * l;
        (self.scale * width).min(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_formulas() {
        let sure = Confidence { fixed: 4.0, growing: 0.0, scale: 1.0 };
        // 2 sqrt(0.25 * 4 / 100) + 5 * 4 / 100 = 0.2 + 0.2.
        assert!((sure.of_share(ItemBonus::Bernstein, 0.5, 100.0) - 0.4).abs() < 1e-15);
        // 2 sqrt(4 / 100) = 0.4 too, and without variance only the second term is left.
        assert!((sure.of_share(ItemBonus::Hoeffding, 0.5, 100.0) - 0.4).abs() < 1e-15);
        assert!((sure.of_share(ItemBonus::Bernstein, 0.0, 100.0) - 0.2).abs() < 1e-15);
        // 2 sqrt(0.36 * 0.04) + 2 sqrt(0.09 * 0.04) + 5 * 3 * 0.04 = 0.24 + 0.12 + 0.6.
        assert!((sure.of_value(0.36, 0.09, 100.0, 3.0) - 0.96).abs() < 1e-15);
        let tenth = Confidence { scale: 0.1, ..sure };
        assert!((tenth.of_value(0.36, 0.09, 100.0, 3.0) - 0.096).abs() < 1e-15);
    }

    #[test]
    fn what_was_never_seen_has_the_whole_width_at_any_scale() {
        let sure = Confidence { fixed: 4.0, growing: 1.0, scale: 0.0 };
        assert_eq!(sure.of_share(ItemBonus::Bernstein, 0.0, 0.0), 1.0);
        assert_eq!(sure.of_value(0.0, 0.0, 0.0, 3.0), 3.0);
        assert_eq!(sure.of_value(1.0, 1.0, 5.0, 3.0), 0.0);
        // ln(8 e * 1) = ln 8 + 1.
        assert!((sure.log(0.0) - (5.0 + 8f64.ln())).abs() < 1e-15);
    }
}
