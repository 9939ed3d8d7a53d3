//! Things that silently ruin runs, made loud.

use crate::{Answer, Domain, Error, Group, Lesson, Result};
use serde::{Deserialize, Serialize};

/// What an alarm does when it goes off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// Ends the run with an error; it can be resumed once the cause is mended.
    #[default]
    Stop,
    /// Records and reports it, and goes on.
    Warn,
    /// Does not look.
    Off,
}

/// One alarm: where it goes off and what happens then.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// The largest share, in [0, 1], that is still accepted.
    pub limit: f64,
    /// What happens above it.
    #[serde(default)]
    pub response: Response,
}

/// The alarms of a run. All are on and stop the run unless told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alarms {
    /// Share of an attempt's answers that were cut off.
    pub truncated: Alarm,
    /// Share of an attempt's verdicts that are errors.
    pub errored: Alarm,
    /// No group of an attempt with several tries has two different scores.
    pub no_spread: Response,
    /// A learning step had no target token to learn from.
    pub empty_mask: Response,
    /// A learning step's loss is not a finite number.
    pub non_finite: Response,
    /// A run that was complete already was resumed, and nothing new was computed.
    pub idle_resume: Response,
}

impl Default for Alarms {
    fn default() -> Alarms {
        Alarms {
            truncated: Alarm { limit: 0.5, response: Response::Stop },
            errored: Alarm { limit: 0.1, response: Response::Stop },
            no_spread: Response::Stop,
            empty_mask: Response::Stop,
            non_finite: Response::Stop,
            idle_resume: Response::Stop,
        }
    }
}

/// An alarm that went off.
pub(crate) struct Ring {
    pub name: &'static str,
    pub message: String,
    pub response: Response,
}

impl Ring {
    /// The error of an alarm that stops.
    pub fn error(&self) -> Error {
        Error::Alarm { name: self.name, message: self.message.clone() }
    }
}

impl Alarms {
    /// Fails when a limit is not a share.
    pub fn check(&self) -> Result<()> {
        for (name, alarm) in [("truncated", self.truncated), ("errored", self.errored)] {
            if !(0.0..=1.0).contains(&alarm.limit) {
                return Err(Error::invalid(
                    format!("alarms.{name}.limit"),
                    "a share between 0 and 1",
                    alarm.limit,
                ));
            }
        }
        Ok(())
    }

    /// What rings for an attempt.
    pub(crate) fn attempt<D: Domain>(&self, groups: &[Group<D>], evaluation: bool) -> Vec<Ring> {
        let tries = || groups.iter().flat_map(|group| &group.tries);
        let n = tries().count();
        if n == 0 {
            return Vec::new();
        }
        let share = |count: usize| count as f64 / n as f64;
        let mut rings = Vec::new();

        let truncated = share(tries().filter(|one| one.answer.truncated()).count());
        if truncated > self.truncated.limit {
            rings.push(Ring {
                name: "truncated",
                message: format!(
                    "{:.0} % of {n} answers were cut off (limit {:.0} %): raise max_tokens, or set \
                     alarms.truncated",
                    truncated * 100.0,
                    self.truncated.limit * 100.0
                ),
                response: self.truncated.response,
            });
        }
        let errored = share(tries().filter(|one| one.verdict.is_error()).count());
        if errored > self.errored.limit {
            let first = tries().find_map(|one| match &one.verdict.outcome {
                crate::Outcome::Error { reason, .. } => Some(reason.as_str()),
                _ => None,
            });
            rings.push(Ring {
                name: "errored",
                message: format!(
                    "{:.0} % of {n} verdicts are errors (limit {:.0} %); the first: {}",
                    errored * 100.0,
                    self.errored.limit * 100.0,
                    first.unwrap_or("unknown")
                ),
                response: self.errored.response,
            });
        }
        let several = groups.iter().any(|group| group.tries.len() > 1);
        if several && !evaluation && !groups.iter().any(Group::has_spread) {
            let why = tries().find_map(|one| one.verdict.value()).map_or_else(
                || "no answer has a score".to_owned(),
                |score| format!("in each of {} groups all scores are equal (such as {score})", groups.len()),
            );
            rings.push(Ring {
                name: "no_spread",
                message: format!(
                    "{why}: there is nothing to prefer; change the problems' difficulty, the temperature \
                     or the number of tries, or set alarms.no_spread"
                ),
                response: self.no_spread,
            });
        }
        rings
    }

    /// What rings for a learning step.
    pub(crate) fn lesson(&self, lesson: &Lesson) -> Vec<Ring> {
        let mut rings = Vec::new();
        if lesson.metrics.get("num_targets") == Some(0.0) {
            rings.push(Ring {
                name: "empty_mask",
                message: "the learning step had no target token: nothing was kept, or the mask hides all"
                    .to_owned(),
                response: self.empty_mask,
            });
        }
        if let Some(loss) = lesson.metrics.get("loss")
            && !loss.is_finite()
        {
            rings.push(Ring {
                name: "non_finite",
                message: format!("the loss is {loss}: lower the learning rate or clip harder"),
                response: self.non_finite,
            });
        }
        rings
    }
}
