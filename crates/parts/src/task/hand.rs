//! Who works a problem out: an exact hand, or one that slips as people do.
//!
//! Every family writes its solution through a [`Hand`]. An exact hand writes the reference
//! solution; a noisy one gets each step wrong with a set probability and goes on from the wrong
//! value, which is where imperfect demonstrations come from.

use autodidact_core::{Error, Result, Rng};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

/// How a demonstrator errs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Noise {
    /// Chance that a worked step is wrong; later steps continue from the wrong value.
    pub slip: f64,
    /// Chance that a search problem is answered by a legal rollout that fails.
    pub fail: f64,
    /// Chance that a step is first written wrong and at once corrected (`7+1=9<7+1=8`).
    pub retry: f64,
}

impl Default for Noise {
    fn default() -> Noise {
        Noise { slip: 0.1, fail: 0.3, retry: 0.0 }
    }
}

impl Noise {
    /// No errors at all.
    pub const NONE: Noise = Noise { slip: 0.0, fail: 0.0, retry: 0.0 };

    /// Fails when a chance is not between 0 and 1; `field` is the dotted name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        for (name, chance) in [("slip", self.slip), ("fail", self.fail), ("retry", self.retry)] {
            if !(0.0..=1.0).contains(&chance) {
                return Err(Error::invalid(format!("{field}.{name}"), "between 0 and 1", chance));
            }
        }
        Ok(())
    }
}

/// One step of a worked solution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The step as it stands in the end.
    pub text: String,
    /// Whether it is right, given all that was written before it.
    pub right: bool,
    /// A wrong version that was written first and taken back.
    pub struck: Option<String>,
}

/// A worked solution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worked {
    /// What is written before the first step: copied, not worked out.
    pub lead: String,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// What stands between two steps.
    pub separator: &'static str,
    /// The final answer, where it is more than the last step.
    pub result: Option<String>,
}

impl Worked {
    /// The solution as a model would write it, without the end of sequence.
    pub fn text(&self) -> String {
        let mut text = self.lead.clone();
        for (step_idx, step) in self.steps.iter().enumerate() {
            if step_idx > 0 {
                text.push_str(self.separator);
            }
            if let Some(struck) = &step.struck {
                text.push_str(struck);
                text.push('<');
            }
            text.push_str(&step.text);
        }
        if let Some(result) = &self.result {
            text.push('#');
            text.push_str(result);
        }
        text
    }

    /// Which step is the first wrong one, counted from 1; 0 when all are right.
    pub fn first_wrong(&self) -> usize {
        self.steps.iter().position(|step| !step.right).map_or(0, |idx| idx + 1)
    }
}

/// Writes a solution step by step.
pub(crate) struct Hand<'a> {
    noise: Noise,
    rng: Option<&'a mut Rng>,
    worked: Worked,
}

impl<'a> Hand<'a> {
    /// A hand that makes no error.
    pub(crate) fn exact() -> Hand<'static> {
        Hand { noise: Noise::NONE, rng: None, worked: Worked::default() }
    }

    /// A hand that errs as `noise` says.
    pub(crate) fn noisy(noise: Noise, rng: &'a mut Rng) -> Hand<'a> {
        Hand { noise, rng: Some(rng), worked: Worked::default() }
    }

    /// The chances of errors.
    pub(crate) fn noise(&self) -> Noise {
        self.noise
    }

    /// The stream of this hand's errors; an exact hand has none.
    pub(crate) fn rng(&mut self) -> Option<&mut Rng> {
        self.rng.as_deref_mut()
    }

    /// True with the given chance; an exact hand never throws.
    pub(crate) fn chance(&mut self, chance: f64) -> bool {
        self.rng.as_deref_mut().is_some_and(|rng| rng.random_bool(chance))
    }

    /// Writes what is copied before the first step.
    pub(crate) fn lead(&mut self, text: String) {
        self.worked.lead = text;
    }

    /// Works out one value: writes `head` and the value, and returns what was written in the end.
    pub(crate) fn compute(&mut self, head: &str, right: i64) -> i64 {
        let retried = self.chance(self.noise.retry);
        let slipped = !retried && self.chance(self.noise.slip);
        let wrong = match (&mut self.rng, retried || slipped) {
            (Some(rng), true) => slip(right, rng),
            _ => right,
        };
        let said = if slipped { wrong } else { right };
        let struck = retried.then(|| format!("{head}{wrong}"));
        self.push(Step { text: format!("{head}{said}"), right: !slipped, struck });
        said
    }

    /// Writes a step that the family made itself.
    pub(crate) fn push(&mut self, step: Step) {
        self.worked.steps.push(step);
    }

    /// The finished solution.
    pub(crate) fn finish(self, separator: &'static str, result: Option<String>) -> Worked {
        Worked { separator, result, ..self.worked }
    }
}

/// A wrong value near `right`: off by one, off by ten, or with one digit replaced, a third each.
///
/// Never equal to `right`, and not negative where `right` is not.
pub fn slip(right: i64, rng: &mut Rng) -> i64 {
    loop {
        let wrong = match rng.random_range(0..3u32) {
            kind @ (0 | 1) => {
                let by = if kind == 0 { 1 } else { 10 };
                if rng.random_bool(0.5) { right + by } else { right - by }
            }
            _ => {
                let mut digits = right.unsigned_abs().to_string().into_bytes();
                let place = rng.random_range(0..digits.len() as u32) as usize;
                digits[place] = b'0' + rng.random_range(0..10u8);
                let size = digits.iter().fold(0i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
                if right < 0 { -size } else { size }
            }
        };
        if wrong != right && (wrong >= 0 || right < 0) {
            return wrong;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::Seed;

    #[test]
    fn a_slip_is_never_right_and_stays_near() {
        let mut rng = Seed::root(1).rng();
        for right in [0, 1, 9, 10, 57, 99, 440] {
            for _ in 0..500 {
                let wrong = slip(right, &mut rng);
                assert!(wrong != right && wrong >= 0, "{right} became {wrong}");
            }
        }
    }

    #[test]
    fn a_retried_step_ends_right() {
        let mut rng = Seed::root(2).rng();
        let mut hand = Hand::noisy(Noise { slip: 1.0, fail: 0.0, retry: 1.0 }, &mut rng);
        assert_eq!(hand.compute("7+1=", 8), 8);
        let worked = hand.finish(";", Some("8".into()));
        let text = worked.text();
        assert!(text.starts_with("7+1=") && text.ends_with("<7+1=8#8"), "{text}");
        assert_eq!(worked.first_wrong(), 0);
    }

    #[test]
    fn chances_outside_zero_and_one_are_refused() {
        let bad = Noise { slip: 1.5, ..Noise::default() };
        let said = bad.check("stream.noise").expect_err("1.5 is no chance").to_string();
        assert_eq!(said, "stream.noise.slip must be between 0 and 1, but is 1.5");
        assert!(Noise { fail: f64::NAN, ..Noise::NONE }.check("noise").is_err());
    }
}
