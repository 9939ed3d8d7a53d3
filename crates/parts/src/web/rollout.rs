//! Lets a policy work on goals and counts what it does.

use super::action::{Action, NAMES};
use super::sample::{Detail, Next, Past, Sample};
use super::session::{Effect, Session};
use super::steps::{Start, StepJudge, prompt};
use super::template::SiteKind;
use crate::wording::Wording;
use autodidact_core::chat::{Chat, Sampling};
use autodidact_core::{Ask, Policy, Result, Run};

/// The most past steps that a prompt shows.
const SHOWN: usize = 8;
/// The most characters of a comment that are kept for the next prompts.
const COMMENT: usize = 80;

/// How a policy is asked.
#[derive(Clone, Copy, Debug)]
pub struct Agent<'a> {
    /// The prompt of a step.
    pub wording: &'a Wording,
    /// What of earlier steps is shown.
    pub detail: Detail,
    /// How it answers.
    pub sampling: &'a Sampling,
    /// After so many steps the work ends, reached or not.
    pub most: u32,
}

/// How the work on one goal went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The kind of site.
    pub kind: SiteKind,
    /// Whether the goal was reached.
    pub reached: bool,
    /// What was done and what it led to; no action where the answer was none.
    pub steps: Vec<(Option<Action>, Effect)>,
}

impl Agent<'_> {
    /// Works on the goals, all at once step by step, and records every step under `stage`.
    pub fn work<'s>(
        &self,
        stage: &str,
        policy: &dyn Policy<Chat>,
        starts: &'s [Start],
        run: &mut Run<'_>,
    ) -> Result<Vec<Trial>> {
        let begin =
            |start: &'s Start| (Session::new(&start.site, &start.goal, start.seed), Vec::<Past>::new());
        let mut sessions: Vec<_> = starts.iter().map(begin).collect();
        let trial = |start: &Start| Trial { kind: start.site.kind, reached: false, steps: Vec::new() };
        let mut trials: Vec<Trial> = starts.iter().map(trial).collect();
        for step in 0..self.most {
            let open: Vec<usize> = (0..starts.len()).filter(|&i| !sessions[i].0.is_over()).collect();
            if open.is_empty() {
                break;
            }
            let mut asks = Vec::with_capacity(open.len());
            for &i in &open {
                let (session, past) = &sessions[i];
                let id = format!("{}/at/{step}", starts[i].id);
                let sample = Sample {
                    website: session.site().title.clone(),
                    page: session.page().text(),
                    goal: starts[i].goal.text(),
                    past: past[past.len().saturating_sub(SHOWN)..].to_vec(),
                    // A prompt does not show what comes next.
                    next: Next { subtask: None, comment: None, action: Action::GoBack, summary: None },
                };
                let query = prompt(self.wording, id, &self.detail.of(&sample))?;
                asks.push(Ask { query, knobs: self.sampling.clone(), tries: 1 });
            }
            let groups = run.evaluate(stage, policy, &StepJudge, asks)?;
            for (&i, group) in open.iter().zip(&groups) {
                let text = group.tries.first().map_or("", |one| one.answer.text.as_str());
                let (session, past) = &mut sessions[i];
                let done = match Next::parse(text) {
                    Err(_) => (None, Effect::Nothing),
                    Ok(next) => {
                        let effect = session.act(&next.action);
                        let short = |text: String| text.chars().take(COMMENT).collect();
                        past.push(Past {
                            subtask: next.subtask.map(short),
                            comment: next.comment.map(short),
                            action: next.action.clone(),
                        });
                        (Some(next.action), effect)
                    }
                };
                trials[i].steps.push(done);
            }
        }
        for ((trial, start), (session, _)) in trials.iter_mut().zip(starts).zip(&sessions) {
            trial.reached = session.reached(&start.goal);
        }
        Ok(trials)
    }
}

/// What many trials came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The share of goals that were reached.
    pub success: f64,
    /// The same for each kind of site, in the order of [`SiteKind::ALL`]; not a number where there was none.
    pub by_kind: [f64; 6],
    /// Of the calls that name an element, the share whose page has no such element.
    pub no_element: f64,
    /// Of the calls that name an element of the page, the share that cannot be done with it.
    pub wrong_kind: f64,
    /// Of the calls that type, the share that type what is there already.
    pub retyped: f64,
    /// The share of answers that are no call.
    pub unread: f64,
    /// The share of each action among all calls, in the order of [`NAMES`].
    pub actions: [f64; NAMES.len()],
}

impl Record {
    /// Sums trials up; shares of nothing are not numbers.
    pub fn of(trials: &[Trial]) -> Record {
        let steps = || trials.iter().flat_map(|trial| &trial.steps);
        let share = |part: usize, whole: usize| part as f64 / whole as f64;
        let reached = |kind: Option<SiteKind>| {
            let of_kind = || trials.iter().filter(|trial| kind.is_none_or(|kind| trial.kind == kind));
            share(of_kind().filter(|trial| trial.reached).count(), of_kind().count())
        };
        let with = |wanted: &dyn Fn(&Action, Effect) -> bool| {
            steps()
                .filter(|(action, effect)| action.as_ref().is_some_and(|action| wanted(action, *effect)))
                .count()
        };
        let named = with(&|action, _| action.target().is_some());
        let missing = with(&|action, effect| action.target().is_some() && effect == Effect::NoElement);
        let calls = with(&|_, _| true);
        Record {
            success: reached(None),
            by_kind: SiteKind::ALL.map(|kind| reached(Some(kind))),
            no_element: share(missing, named),
            wrong_kind: share(with(&|_, effect| effect == Effect::WrongKind), named - missing),
            retyped: share(
                with(&|_, effect| effect == Effect::Retyped),
                with(&|action, _| matches!(action, Action::Type { .. })),
            ),
            unread: share(steps().count() - calls, steps().count()),
            actions: NAMES.map(|name| share(with(&|action, _| action.name() == name), calls)),
        }
    }

    /// The mean share of goals reached over these kinds of sites.
    pub fn on(&self, kinds: &[SiteKind]) -> f64 {
        let of =
            |kind: &SiteKind| SiteKind::ALL.iter().position(|known| known == kind).map(|at| self.by_kind[at]);
        let shares: Vec<f64> = kinds.iter().filter_map(of).filter(|share| share.is_finite()).collect();
        autodidact_math::summary::mean(&shares).unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_what_could_have_gone_wrong() {
        let typed = || Some(Action::Type { id: 1, text: "x".into() });
        let click = || Some(Action::Click { id: 1 });
        let trials = [
            Trial {
                kind: SiteKind::Shop,
                reached: true,
                steps: vec![
                    (typed(), Effect::Changed),
                    (typed(), Effect::Retyped),
                    (click(), Effect::NoElement),
                    (Some(Action::GoBack), Effect::Changed),
                ],
            },
            Trial {
                kind: SiteKind::Mail,
                reached: false,
                steps: vec![(None, Effect::Nothing), (click(), Effect::WrongKind)],
            },
        ];
        let record = Record::of(&trials);
        assert_eq!((record.success, record.by_kind[0], record.by_kind[1]), (0.5, 1.0, 0.0));
        assert!(record.by_kind[2].is_nan());
        assert_eq!(record.no_element, 0.25); // one of two texts and two clicks
        assert_eq!(record.wrong_kind, 1.0 / 3.0);
        assert_eq!((record.retyped, record.unread), (0.5, 1.0 / 6.0));
        assert_eq!(record.actions[..2], [0.4, 0.4]); // of five calls
        assert_eq!(record.on(&[SiteKind::Shop, SiteKind::Mail, SiteKind::Bank]), 0.5);
    }
}
