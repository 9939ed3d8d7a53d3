//! What a player is shown of the past: every step, a summary, or a summary with a guide's numbers.
//!
//! The three representations of EVOLvE (arXiv 2410.06238, section 4): RH, SH and AG. Each is a function
//! from the steps so far to text. Numbers of summaries and guides have two decimals; a reward stands as
//! it is (`1`, not `1.0`).

use super::guide::{Guide, LinearGuide, ucb_guide};
use super::wording::{Speech, numbers};
use crate::choice::Choice;
use autodidact_core::Group;
use serde::{Deserialize, Serialize};

/// One step of a trajectory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What was known before; empty in worlds without context.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<f64>,
    /// The arm that was pulled.
    pub arm: u32,
    /// What it paid.
    pub reward: f64,
    /// Whether it was drawn because an answer could not be read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_random: bool,
}

/// The steps of judged groups, in order. Tries that nothing was heard of are left out.
pub fn steps(groups: &[Group<Choice>]) -> Vec<Step> {
    let mut steps = Vec::new();
    for group in groups {
        for one in &group.tries {
            if let Some(reward) = one.verdict.value() {
                let features = group.ask.query.features.clone();
                steps.push(Step { features, arm: one.answer.arm, reward, is_random: false });
            }
        }
    }
    steps
}

/// How the past is shown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct History {
    /// In which form.
    pub form: Form,
    /// How many of the latest steps a raw history shows. Summaries and guides count all steps.
    pub window: usize,
}

impl Default for History {
    fn default() -> History {
        History { form: Form::Raw, window: 1000 }
    }
}

/// The form of a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Form {
    /// RH: every step.
    #[default]
    Raw,
    /// SH: how often each arm was pulled and what it paid on average. Of a contextual world there is no
    /// such summary: every step is shown.
    Summary,
    /// AG: the summary with UCB's two numbers for each arm; of a contextual world every step with LinUCB's
    /// two numbers for each arm as they were before that step.
    Guided {
        /// Inside the root for UCB, outside for LinUCB.
        #[serde(default = "alpha")]
        alpha: f64,
    },
}

fn alpha() -> f64 {
    0.5
}

impl History {
    /// The steps so far as text, with the header; the header alone before the first step.
    pub fn text(&self, speech: &Speech, steps: &[Step]) -> String {
        let contextual = steps.iter().any(|step| !step.features.is_empty());
        let lines = match self.form {
            Form::Raw if contextual => self.blocks(speech, steps, None),
            Form::Summary if contextual => self.blocks(speech, steps, None),
            Form::Guided { alpha } if contextual => self.blocks(speech, steps, Some(alpha)),
            Form::Raw => self.list(speech, steps),
            Form::Summary => summary(speech, steps, None),
            Form::Guided { alpha } => summary(speech, steps, Some(alpha)),
        };
        format!("{}{lines}", speech.header(steps.len()))
    }

    /// The question after these steps. In a contextual world `features` says who has come, and a guided
    /// history puts its numbers for this decision before the cue.
    pub fn query(&self, speech: &Speech, steps: &[Step], features: &[f64]) -> String {
        if features.is_empty() {
            return speech.query();
        }
        let guide = match self.form {
            Form::Guided { alpha } => {
                let mut guide = LinearGuide::of(speech.names.len(), features.len(), alpha);
                steps.iter().for_each(|step| guide.tell(step));
                side_information(speech, &guide.all(features))
            }
            Form::Raw | Form::Summary => String::new(),
        };
        speech.query_in(features, &guide)
    }

    fn list(&self, speech: &Speech, steps: &[Step]) -> String {
        let unit = speech.wording.unit();
        let line = |step: &Step| format!("{} {unit}, reward {}\n", speech.called(step.arm), step.reward);
        self.shown(steps).iter().map(line).collect()
    }

    /// A contextual world: context, action and reward of every step.
    fn blocks(&self, speech: &Speech, steps: &[Step], alpha: Option<f64>) -> String {
        let features = steps.first().map_or(0, |step| step.features.len());
        let mut guide = alpha.map(|alpha| LinearGuide::of(speech.names.len(), features, alpha));
        let from = steps.len() - self.shown(steps).len();
        let mut out = String::new();
        for (i, step) in steps.iter().enumerate() {
            if i >= from {
                out.push_str(&format!("Context: {}\n", numbers(&step.features)));
                if let Some(guide) = &guide {
                    out.push_str(&side_information(speech, &guide.all(&step.features)));
                }
                out.push_str(&format!("Action: {}\nReward: {}\n\n", speech.called(step.arm), step.reward));
            }
            // After the step is shown: its numbers are those that the choice was made with.
            if let Some(guide) = &mut guide {
                guide.tell(step);
            }
        }
        out
    }

    fn shown<'a>(&self, steps: &'a [Step]) -> &'a [Step] {
        &steps[steps.len().saturating_sub(self.window)..]
    }
}

impl Speech {
    fn called(&self, arm: u32) -> &str {
        self.names.get(arm as usize).map_or("?", String::as_str)
    }
}

fn summary(speech: &Speech, steps: &[Step], alpha: Option<f64>) -> String {
    if steps.is_empty() {
        return String::new();
    }
    let guides = ucb_guide(steps, speech.names.len(), alpha.unwrap_or(0.0));
    let mut out = String::new();
    for (name, guide) in speech.names.iter().zip(&guides) {
        let (unit, n, mean) = (speech.wording.unit(), guide.pulls, guide.guide.value);
        out.push_str(&format!("{name} {unit}, {n} times, average reward {mean:.2}"));
        if alpha.is_some() {
            out.push_str(&format!(", {}", in_words(&guide.guide)));
        }
        out.push('\n');
    }
    out
}

fn in_words(guide: &Guide) -> String {
    format!("exploration bonus {:.2}, exploitation value {:.2}", guide.bonus, guide.value)
}

fn side_information(speech: &Speech, guides: &[Guide]) -> String {
    let mut out = String::from("Side information for the decision:\n");
    for (name, guide) in speech.names.iter().zip(guides) {
        out.push_str(&format!(
            "{{\"{name}\": {{\"exploration bonus\": {:.2}, \"exploitation value\": {:.2}}}}}\n",
            guide.bonus, guide.value
        ));
    }
    out
}
