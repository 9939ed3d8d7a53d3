//! What was shown to whom, and what they clicked.

use super::FitConfig;
use crate::slate::{Shown, Slate, Visit, feedback, verdict};
use autodidact_core::{Ask, Error, Group, Result, Seed, Try};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Sessions of users, in the order in which they began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The sessions.
    pub sequences: Vec<Sequence>,
    /// The last session of each user, and the step of the last list in it.
    open: BTreeMap<u32, (usize, u32)>,
}

/// One user's lists in one session, in the order of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    /// Who.
    pub user: u32,
    /// What they saw.
    pub steps: Vec<Step>,
}

/// A list and what was clicked on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The items shown, first place first.
    pub shown: Vec<u32>,
    /// The clicked place from 0, if any.
    pub click: Option<u32>,
}

impl Step {
    /// The clicked item.
    pub fn clicked(&self) -> Option<u32> {
        self.click.and_then(|place| self.shown.get(place as usize)).copied()
    }
}

impl History {
    /// Adds a list. A step that does not lie behind the last one of that user begins a session: the lists
    /// before it may have had no feedback.
    pub fn push(&mut self, user: u32, step: u32, shown: &[u32], click: Option<usize>) {
        let at = match self.open.get(&user) {
            Some(&(at, last)) if step > last => at,
            _ => {
                self.sequences.push(Sequence { user, steps: Vec::new() });
                self.sequences.len() - 1
            }
        };
        self.open.insert(user, (at, step));
        let click = click.map(|place| place as u32);
        self.sequences[at].steps.push(Step { shown: shown.to_vec(), click });
    }

    /// The step behind the last one of that user; 0 for a new one.
    pub fn next_step(&self, user: u32) -> u32 {
        self.open.get(&user).map_or(0, |&(_, last)| last + 1)
    }

    /// Adds the lists that have feedback.
    pub fn extend(&mut self, groups: &[Group<Slate>]) {
        for group in groups {
            for one in &group.tries {
                if let Some(click) = feedback(one) {
                    self.push(group.ask.query.user, group.ask.query.step, &one.answer.items, click);
                }
            }
        }
    }

    /// The same as judged visits, as a learner takes them.
    pub fn groups(&self) -> Vec<Group<Slate>> {
        let mut groups = Vec::new();
        for sequence in &self.sequences {
            let mut clicked = Vec::new();
            for (step, one) in sequence.steps.iter().enumerate() {
                let query = Visit {
                    round: groups.len() as u64,
                    user: sequence.user,
                    step: step as u32,
                    clicked: clicked.clone(),
                    ..Visit::default()
                };
                let verdict = verdict(one.click.map(|place| place as usize));
                let tries = vec![Try { answer: Shown { items: one.shown.clone() }, verdict }];
                groups.push(Group { ask: Ask { query, knobs: (), tries: 1 }, tries });
                clicked.extend(one.clicked());
            }
        }
        groups
    }

    /// The length of the longest list.
    pub fn longest(&self) -> usize {
        let steps = self.sequences.iter().flat_map(|sequence| &sequence.steps);
        steps.map(|step| step.shown.len()).max().unwrap_or(0)
    }

    /// Fails on an item that is not below `items`, a repeated item and a click beside the list.
    pub fn check(&self, items: usize) -> Result<()> {
        for step in self.sequences.iter().flat_map(|sequence| &sequence.steps) {
            let mut sorted = step.shown.clone();
            sorted.sort_unstable();
            sorted.dedup();
            if sorted.len() < step.shown.len() || sorted.last().is_some_and(|last| *last as usize >= items) {
                let rule = format!("distinct items below {items}");
                return Err(Error::invalid("slate", rule, format!("{:?}", step.shown)));
            }
            if step.click.is_some_and(|place| place as usize >= step.shown.len()) {
                let rule = format!("a place below {}", step.shown.len());
                return Err(Error::invalid("click", rule, format!("{:?}", step.click)));
            }
        }
        Ok(())
    }
}

/// What a step of the log is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Train,
    Validation,
    Test,
    /// Thinned out.
    Unused,
}

/// The parts of a log, `parts[sequence][step]`; drawn from streams of the users' and steps' own.
pub(super) fn parts(config: &FitConfig, history: &History, seed: Seed) -> Vec<Vec<Part>> {
    let of = |(index, sequence): (usize, &Sequence)| {
        let luck: f64 = seed.at("split", u64::from(sequence.user)).rng().random();
        let late = match luck / config.held_out.max(f64::MIN_POSITIVE) {
            luck if luck < 1.0 => Part::Validation,
            luck if luck < 2.0 => Part::Test,
            _ => Part::Train,
        };
        let mut rng = seed.at("thin", index as u64).rng();
        let one = |(t, step): (usize, &Step)| {
            let kept = rng.random::<f64>() < config.no_click_share || step.click.is_some();
            match (kept, t >= config.first_held_out as usize) {
                (false, _) => Part::Unused,
                (true, false) => Part::Train,
                (true, true) => late,
            }
        };
        sequence.steps.iter().enumerate().map(one).collect()
    };
    history.sequences.iter().enumerate().map(of).collect()
}
