//! The task of the next step: prompts from demonstrations on the known sites, judged by the whole call.

use super::action::Action;
use super::goal::Goal;
use super::sample::{Detail, Next, Past, Sample, past_text, reason, summary};
use super::site::Site;
use super::template::SiteKind;
use super::tree::Page;
use crate::task::distinct::distinct;
use crate::wording::Wording;
use autodidact_core::chat::{Chat, Completion, Prompt};
use autodidact_core::{Ask, Error, Judge, Judged, Result, Rng, Seed, Split, Task, Verdict};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The prompt of a step for small models.
pub const PROMPT: &str = include_str!("prompt.txt");

/// The world: which kinds of sites, and how tasks on them begin.
///
/// Each kind has two known sites. Training and validation happen on the first, with different goals; tests
/// happen on the second, which neither shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MiniWeb {
    /// The kinds of sites; none stands for all.
    pub kinds: Vec<SiteKind>,
    /// The share of goals that begin on a page from which one has to return.
    pub detours: f64,
    /// What a step says beside its call.
    pub detail: Detail,
}

impl Default for MiniWeb {
    fn default() -> MiniWeb {
        MiniWeb { kinds: Vec::new(), detours: 0.15, detail: Detail::Reasoned }
    }
}

/// A goal on a known site, to be worked on.
#[derive(Clone, Debug)]
pub struct Start {
    /// Its name, the same for the same goal, site and ids.
    pub id: String,
    /// The site.
    pub site: Site,
    /// The goal.
    pub goal: Goal,
    /// Draws the ids of pages.
    pub seed: Seed,
}

impl MiniWeb {
    /// Fails on settings that cannot work; `field` is the dotted name of this value.
    pub fn check(&self, field: &str) -> Result<()> {
        if !(0.0..=1.0).contains(&self.detours) {
            return Err(Error::invalid(format!("{field}.detours"), "between 0 and 1", self.detours));
        }
        Ok(())
    }

    /// The next-step task with prompts of this wording, whose holes are `website`, `page`, `goal` and `past`.
    pub fn steps(&self, wording: Wording) -> Steps {
        Steps { web: self.clone(), wording }
    }

    /// The next-step task in the wording for small models.
    pub fn small_steps(&self) -> Steps {
        self.steps(Wording::parse(PROMPT).expect("the bundled wording parses"))
    }

    /// The same world with every kind of site, for measuring.
    pub fn measured(&self) -> MiniWeb {
        MiniWeb { kinds: Vec::new(), ..self.clone() }
    }

    fn kinds(&self) -> &[SiteKind] {
        if self.kinds.is_empty() { &SiteKind::ALL } else { &self.kinds }
    }

    /// A goal of a split; the kinds of sites take turns.
    fn start(&self, split: Split, turn: usize, rng: &mut Rng) -> Start {
        let kinds = self.kinds();
        let kind = kinds[turn % kinds.len()];
        let site = Site::known(kind, u32::from(split == Split::Test));
        loop {
            let goal = Goal::draw(&site, self.detours, rng);
            let seed = Seed::root(rng.random());
            let id = format!("mini-web/{}/{:016x}", kind.name(), Seed::root(0).at(&goal.text(), 0).number());
            // One goal in eight of the training sites is kept for validation.
            let held = Seed::root(1).at(&goal.text(), 0).number().is_multiple_of(8);
            if split == Split::Test || held == (split == Split::Validation) {
                let id = format!("{id}/{:08x}", seed.number() >> 32);
                return Start { id, site, goal, seed };
            }
        }
    }

    /// `n` goals of a split, the kinds of sites in turns.
    pub fn starts(&self, split: Split, n: usize, rng: &mut Rng) -> Vec<Start> {
        (0..n).map(|turn| self.start(split, turn, rng)).collect()
    }

    /// All steps of demonstrations of these goals, as samples.
    pub fn demonstrated(&self, start: &Start) -> Vec<Sample> {
        let shown = start.goal.demonstrate(&start.site, start.seed);
        let mut past: Vec<Past> = Vec::new();
        let mut samples = Vec::with_capacity(shown.len());
        for step in shown {
            let comment = reason(&step.action, step.node.as_ref());
            let next = Next {
                subtask: None,
                comment: Some(comment.clone()),
                action: step.action.clone(),
                summary: Some(summary(&step.action, step.node.as_ref())),
            };
            let sample = Sample {
                website: start.site.title.clone(),
                page: step.page.text(),
                goal: start.goal.text(),
                past: past.clone(),
                next,
            };
            samples.push(self.detail.of(&sample));
            past.push(Past { subtask: None, comment: Some(comment), action: step.action });
        }
        samples
    }
}

/// The next-step task of a world.
#[derive(Clone, Debug)]
pub struct Steps {
    web: MiniWeb,
    wording: Wording,
}

impl Steps {
    /// The prompt of a sample, with the fields that its judge reads.
    pub fn prompt(&self, id: impl Into<String>, sample: &Sample) -> Result<Prompt> {
        let call = sample.next.action.render();
        Ok(prompt(&self.wording, id, sample)?.with("call", call).with("response", sample.response()))
    }
}

/// What a model reads before a step: the sample's website, page, goal and past. The field `page` tells a
/// [`StepJudge`] what can be done.
pub fn prompt(wording: &Wording, id: impl Into<String>, sample: &Sample) -> Result<Prompt> {
    let past = past_text(&sample.past);
    let values =
        [("website", &*sample.website), ("page", &*sample.page), ("goal", &*sample.goal), ("past", &*past)];
    let body = wording.fill(&values)?;
    Ok(Prompt { id: id.into(), body, ..Prompt::default() }.with("page", sample.page.clone()))
}

impl Task<Chat> for Steps {
    /// Prompts with the fields `family` (the kind of site), `level` (the step's number), `page`, `call` (the
    /// demonstrated one) and `response`.
    fn draw(&self, split: Split, n: usize, rng: &mut Rng) -> Result<Vec<Prompt>> {
        self.web.check("task.web")?;
        let mut turn = 0;
        distinct("task.web", n, split, rng, &mut BTreeSet::new(), |rng| {
            let start = self.web.start(split, turn, rng);
            turn += 1;
            let samples = self.web.demonstrated(&start);
            let step = rng.random_range(0..samples.len());
            let prompt = self.prompt(format!("{}/{step}", start.id), &samples[step])?;
            Ok(Some(prompt.with("family", start.site.kind.name()).with("level", step + 1)))
        })
    }

    fn judge(&self) -> Box<dyn Judge<Chat>> {
        Box::new(StepJudge)
    }

    fn gold(&self, prompt: &Prompt) -> Option<Completion> {
        let response = prompt.field("response")?.to_owned();
        Some(Completion { text: response, ..Completion::default() })
    }

    fn name(&self) -> String {
        format!("next steps on {} kinds of small sites, {:?}", self.web.kinds().len(), self.web.detail)
    }
}

/// 1 where the whole call is that of the prompt's field `call`; without this field, where it can be done on
/// the page in the field `page`.
///
/// Details: `parsed` (there is a call), `element` (it names an element), `exists` (the page has it) and
/// `fits` (its role allows it); the last two are 1 for calls without an element.
#[derive(Clone, Copy, Debug, Default)]
pub struct StepJudge;

impl Judge<Chat> for StepJudge {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |ask, answer| {
            let Some(page) = ask.query.field("page").map(Page::parse) else {
                return Verdict::error("the prompt has no field page", 0.0);
            };
            let Ok(Next { action, .. }) = Next::parse(&answer.text) else {
                return Verdict::right(false).with("parsed", 0.0);
            };
            let node = action.target().map(|id| page.node(id));
            let exists = node.is_none_or(|node| node.is_some());
            let fits = match (&action, node.flatten()) {
                (Action::Type { .. }, Some(node)) => node.is_input(),
                (Action::Click { .. }, Some(node)) => node.is_interactable(),
                _ => exists,
            };
            let right = match ask.query.field("call").map(Action::parse) {
                Some(Ok(wanted)) => action.matches(&wanted),
                Some(Err(error)) => return Verdict::error(format!("the field call is {error}"), 0.0),
                None => exists && fits,
            };
            let share = |yes: bool| f64::from(u8::from(yes));
            Verdict::right(right)
                .with("parsed", 1.0)
                .with("element", share(node.is_some()))
                .with("exists", share(exists))
                .with("fits", share(fits))
        }))
    }

    fn name(&self) -> String {
        "whole calls on pages".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::chat::Sampling;

    fn task() -> Steps {
        MiniWeb::default().small_steps()
    }

    #[test]
    fn gold_passes_and_tests_happen_on_other_sites() {
        let task = task();
        let mut pages = Vec::new();
        for split in [Split::Train, Split::Validation, Split::Test] {
            let prompts = task.draw(split, 120, &mut Seed::root(3).rng()).expect("prompts");
            let golds: Vec<Vec<Completion>> =
                prompts.iter().map(|prompt| vec![task.gold(prompt).expect("gold")]).collect();
            let asks = Ask::<Chat>::each(&prompts, 1, &Sampling::default());
            for verdicts in task.judge().judge(&asks, &golds).expect("a judge").verdicts {
                assert_eq!((verdicts[0].value(), verdicts[0].part("fits")), (Some(1.0), Some(1.0)));
            }
            let families: BTreeSet<&str> =
                prompts.iter().filter_map(|prompt| prompt.field("family")).collect();
            assert_eq!(families.len(), 6);
            let shown = |prompt: &Prompt| -> String {
                let page = Page::parse(prompt.field("page").expect("a page"));
                page.nodes.iter().map(|node| format!("{} {}\n", node.role, node.name)).collect()
            };
            pages.push(prompts.iter().map(shown).collect::<BTreeSet<String>>());
        }
        assert!(pages[0].is_disjoint(&pages[2]) && pages[1].is_disjoint(&pages[2]));
    }

    #[test]
    fn validation_goals_are_not_those_of_training() {
        let goals = |split| -> BTreeSet<String> {
            let starts = MiniWeb::default().starts(split, 600, &mut Seed::root(4).rng());
            starts.into_iter().map(|start| start.goal.text()).collect()
        };
        assert!(goals(Split::Train).is_disjoint(&goals(Split::Validation)));
    }

    #[test]
    fn a_wrong_answer_says_what_is_wrong_with_it() {
        let mut prompt = Prompt::text("p", "").with("page", "[4] button 'Go'\n[7] textbox 'To'");
        let verdict = |prompt: &Prompt, said: &str| {
            let answer = Completion { text: said.into(), ..Completion::default() };
            let ask = Ask::<Chat> { query: prompt.clone(), knobs: Sampling::default(), tries: 1 };
            StepJudge.judge(&[ask], &[vec![answer]]).expect("judges").verdicts[0][0].clone()
        };
        let parts = |said: &str, prompt: &Prompt| {
            let found = verdict(prompt, said);
            (found.value(), found.part("exists"), found.part("fits"))
        };
        assert_eq!(parts("click(4)", &prompt), (Some(1.0), Some(1.0), Some(1.0)));
        assert_eq!(parts("click(5)", &prompt), (Some(0.0), Some(0.0), Some(0.0)));
        assert_eq!(parts("type(4, \"x\")", &prompt), (Some(0.0), Some(1.0), Some(0.0)));
        assert_eq!(parts("stop()", &prompt), (Some(1.0), Some(1.0), Some(1.0)));
        prompt = prompt.with("call", "type(7, \"a b\")");
        assert_eq!(parts("type(7, \"ab!\")", &prompt).0, Some(1.0));
        assert_eq!(parts("click(4)", &prompt).0, Some(0.0));
        assert_eq!(verdict(&prompt, "press it").part("parsed"), Some(0.0));
        assert!(verdict(&Prompt::text("p", ""), "click(4)").is_error());
    }
}
