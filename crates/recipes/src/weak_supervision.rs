//! Self-reinforcement from weak supervision: the tuned model's answer is preferred to the untuned model's.
//!
//! A model is fine-tuned on a few labelled questions. On questions without labels it then answers beside the
//! untouched base; where a filter, mostly the model itself, agrees that its own answer is the better one, the
//! two make a pair, and the model is trained to prefer the one to the other against itself as it was. This
//! repeats with the new model's answers as the strong ones.
//!
//! * Paper: Tong et al. 2024, arXiv 2405.04086.
//! * Code: none is public; prompts are ours.
//! * Differs: the filter asks in both orders and drops pairs on which they disagree; whether the weak side is
//!   the base in every round or the previous model is a setting, as the paper leaves it open; a previous
//!   model's answers are those that it gave as the strong side. Equal answers, and strong ones that were cut
//!   off, make no pair. Small models learn to compare from the labelled questions.
//! * Reports: `strong_right`, `weak_right`, `offered_right`, `offered_reversed`, `kept_right`,
//!   `kept_reversed`, `torn_ratio`, `unread_ratio`.

mod filter;
mod offers;

pub use filter::Filter;
pub use offers::{Statistics, informative};

use crate::asked::{ASKED, Asked, each_once, question};
use crate::watch::{Watch, WatchConfig};
use autodidact_core::chat::{Chat, Completion, Prompt, Sampling};
use autodidact_core::{Ask, Card, Error, Judge, Judged, Learn, Metric, Recipe, Result, Run, Split, Verdict};
use autodidact_lm::Lm;
use autodidact_math::preference::PairLoss;
use autodidact_parts::ask::{Contest, Pairwise};
use autodidact_parts::dataset::{Example, record, record_pairs};
use autodidact_parts::judge::right;
use autodidact_parts::learn::{Keep, Pairs, Prefer, PreferConfig, Restart, Sft, SftConfig};
use autodidact_parts::policy::PolicyConfig;
use autodidact_parts::task::puzzles::Puzzles;
use autodidact_parts::wording::{File, PromptsConfig};
use autodidact_parts::{ModelConfig, OpenTask, TaskConfig};
use filter::Sides;
use offers::offers;
use serde::{Deserialize, Serialize};

/// The prompts, by name.
const FILES: &[File] = &[
    File {
        name: "answer",
        chat: include_str!("../prompts/weak-supervision/chat/answer.txt"),
        small: include_str!("../prompts/weak-supervision/small/answer.txt"),
    },
    File {
        name: "judge",
        chat: include_str!("../prompts/weak-supervision/chat/judge.txt"),
        small: include_str!("../prompts/weak-supervision/small/judge.txt"),
    },
];

/// Settings of self-reinforcement; the defaults are the paper's where it gives them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WeakSupervision {
    /// The model to improve; as it is at first, it is also the base.
    pub model: ModelConfig,
    /// Who answers as the strong side and compares; by default the model under training.
    pub policy: PolicyConfig,
    /// Who answers as the weak side; by default the model as it was before its first lesson.
    pub weak_policy: PolicyConfig,
    /// The words of the prompts.
    pub prompts: PromptsConfig,
    /// Where questions come from.
    pub task: TaskConfig,
    /// Questions whose solutions are learned from first.
    pub labelled: u32,
    /// Questions without solutions.
    pub unlabelled: u32,
    /// Labelled questions on which the model learns to compare a solution with a wrong answer of the weak
    /// side, in both orders; 0 for models that can compare.
    pub comparisons: u32,
    /// Rounds of pairs.
    pub rounds: u32,
    /// How answers are drawn, strong and weak.
    pub sampling: Sampling,
    /// How the filter's opinions are drawn.
    pub judging: Sampling,
    /// Which pairs are kept.
    pub filter: Filter,
    /// Who is weak from the second round on.
    pub weak: Weak,
    /// Whether the solutions of unlabelled questions are looked at.
    pub truth: Truth,
    /// The run ends before a round that would learn from a smaller share of pairs; in [0, 1].
    pub least_kept: f64,
    /// The first lesson.
    pub sft: SftConfig,
    /// The lessons of pairs.
    pub prefer: PreferConfig,
    /// How the model is measured; the run ends after a round that is no better in validation.
    pub watch: WatchConfig,
}

/// Who gives the weak answers from the second round on. In the first it is the base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weak {
    /// The base in every round; its answers are drawn once.
    #[default]
    Base,
    /// The previous round's model.
    Previous,
}

/// Whether the solutions of unlabelled questions are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Truth {
    /// Never: questions are stripped of everything but their text.
    #[default]
    Hidden,
    /// To report the share of right answers in pairs, and by [`Filter::Oracle`]. No other filter and no
    /// learner sees them.
    Monitored,
}

impl Default for WeakSupervision {
    fn default() -> WeakSupervision {
        WeakSupervision {
            model: ModelConfig::Nano,
            policy: PolicyConfig::default(),
            weak_policy: PolicyConfig::default(),
            prompts: PromptsConfig::default(),
            task: TaskConfig::Puzzles(Puzzles::default()),
            labelled: 300,
            unlabelled: 2_000,
            comparisons: 0,
            rounds: 2,
            sampling: Sampling { max_tokens: 512, ..Sampling::default() },
            judging: Sampling { temperature: 0.0, max_tokens: 512, ..Sampling::default() },
            filter: Filter::Pairwise,
            weak: Weak::Base,
            truth: Truth::Hidden,
            least_kept: 0.01,
            sft: SftConfig { lr: 2e-5, restart: Restart::Weights, ..SftConfig::default() },
            prefer: PreferConfig {
                pairs: Pairs::BestWorst,
                loss: PairLoss::LogSigmoid { beta: 0.1, smoothing: 0.0 },
                lr: 5e-6,
                ..PreferConfig::default()
            },
            watch: WatchConfig::default(),
        }
    }
}

impl Recipe for WeakSupervision {
    const CARD: Card = Card {
        id: "weak-supervision",
        summary: "a few labels, then preference learning of the tuned model's answers over the base's",
        paper: "2405.04086",
        code: "",
        reports: &[
            Metric { name: "strong_right", meaning: "share of the strong side's answers that are right" },
            Metric { name: "weak_right", meaning: "share of the weak side's answers that are right" },
            Metric { name: "offered_right", meaning: "share of pairs whose strong answer alone is right" },
            Metric { name: "offered_reversed", meaning: "share of pairs whose weak answer alone is right" },
            Metric { name: "kept_right", meaning: "share of kept pairs whose chosen answer alone is right" },
            Metric {
                name: "kept_reversed",
                meaning: "share of kept pairs whose rejected answer alone is right",
            },
            Metric { name: "torn_ratio", meaning: "share of pairs on which the two orders disagree" },
            Metric { name: "unread_ratio", meaning: "share of pairs on which a reply names neither answer" },
        ],
    };

    fn check(&self) -> Result<()> {
        let positive =
            [("labelled", self.labelled), ("unlabelled", self.unlabelled), ("rounds", self.rounds)];
        for (field, found) in positive {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        if self.comparisons > self.labelled {
            let rule = format!("at most labelled = {}", self.labelled);
            return Err(Error::invalid("comparisons", rule, self.comparisons));
        }
        if !(0.0..=1.0).contains(&self.least_kept) {
            return Err(Error::invalid("least_kept", "in [0, 1]", self.least_kept));
        }
        if self.filter == Filter::Oracle && self.truth == Truth::Hidden {
            return Err(Error::invalid("truth", "monitored where filter is oracle", "hidden"));
        }
        if self.prefer.pairs != Pairs::BestWorst {
            let rule = "best-worst: a dropped pair is one of equal scores";
            return Err(Error::invalid("prefer.pairs.kind", rule, "another"));
        }
        self.policy.check()?;
        self.weak_policy.check()?;
        self.sft.check()?;
        self.prefer.check()?;
        self.task.check()?;
        self.watch.check()
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let lm = crate::open(&self.model, run)?;
        let task = self.open_task()?;
        self.run_on(&lm, &task, run)
    }
}

/// The questions of a run.
struct Questions {
    labelled: Vec<Prompt>,
    unlabelled: Vec<Prompt>,
}

impl WeakSupervision {
    /// The task in the words of the prompts.
    pub(crate) fn open_task(&self) -> Result<OpenTask> {
        let OpenTask { task, vote } = self.task.open()?;
        let wording = self.prompts.open(FILES)?.wording("answer")?.clone();
        let worded = move |prompt: &Prompt| {
            let asked = question(prompt);
            let body = wording.fill(&[("question", &asked)])?;
            Ok(Prompt { body, ..prompt.clone() }.with(ASKED, asked))
        };
        Ok(OpenTask { task: Box::new(Asked::of(task, worded)), vote })
    }

    /// Runs on a model and a task ([`WeakSupervision::open_task`]) that are open already.
    pub(crate) fn run_on(&self, lm: &Lm, task: &OpenTask, run: &mut Run<'_>) -> Result<()> {
        let base = lm.detached()?;
        let judge = task.task.judge();
        let mut sft = Sft::around(lm, &self.sft, Keep::Above { threshold: 0.0 })?;
        let mut watch = Watch::of(&self.watch, lm, task, &*judge);
        watch.before(&sft, run)?;
        self.tune(&mut sft, (lm, &base), task, run)?;
        self.reinforce((lm, &base), task, watch, run)
    }

    /// The first lesson: what the labelled questions teach.
    pub(crate) fn tune(
        &self,
        sft: &mut Sft,
        (lm, base): (&Lm, &Lm),
        task: &OpenTask,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let labelled = self.questions(task, run)?.labelled;
        let examples = self.examples(base, task, &labelled, run)?;
        let groups = record(run, "seed", lm, examples)?;
        run.learn("sft", sft, &groups)?;
        Ok(())
    }

    /// The rounds of pairs, from a tuned model and the base that it was tuned from.
    pub(crate) fn reinforce(
        &self,
        (lm, base): (&Lm, &Lm),
        task: &OpenTask,
        mut watch: Watch<'_>,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let prompts = self.prompts.open(FILES)?;
        let (policy, weak_policy) = (self.policy.open(lm)?, self.weak_policy.open(base)?);
        let judge = self.judge_of_unlabelled(task);
        let unlabelled = self.questions(task, run)?.unlabelled;
        let asks = || Ask::each(&unlabelled, 1, &self.sampling);
        let mut weak = run.attempt("weak", &*weak_policy, &*judge, asks())?;

        let mut learner = Prefer::around(lm, &self.prefer)?;
        let mut best = pass(watch.round(&learner, run)?);
        while run.next_round(self.rounds) {
            let strong = run.attempt("strong", &*policy, &*judge, asks())?;
            let offered = offers(&strong, &weak);
            let sides = Sides { lm, policy: &*policy, prompts: &prompts, judging: &self.judging };
            let (pairs, opinions) = self.filter.pairs(&offered, &sides, run)?;
            Statistics::of(&offered, &pairs, &opinions).note(run)?;
            let kept = pairs.iter().filter(|pair| pair.is_kept()).count();
            if kept == 0 || (kept as f64) < self.least_kept * unlabelled.len() as f64 {
                break;
            }
            let groups = record_pairs(run, "pairs", pairs)?;
            let before = learner.save()?;
            run.learn("prefer", &mut learner, &groups)?;
            if self.weak == Weak::Previous {
                weak = strong;
            }
            let now = pass(watch.round(&learner, run)?);
            if now.is_some() && now <= best {
                // A round that does not help is not kept.
                learner.restore(&before)?;
                break;
            }
            best = now;
        }
        watch.after(&mut learner, run)?;
        Ok(())
    }

    /// Labelled and unlabelled questions, no question twice, so fewer of them from a small task. Where the truth is
    /// hidden the unlabelled ones have nothing but their text.
    fn questions(&self, task: &OpenTask, run: &mut Run<'_>) -> Result<Questions> {
        let n = (self.labelled + self.unlabelled) as usize;
        let mut labelled = task.task.draw(Split::Train, n, &mut run.rng("questions"))?;
        each_once(&mut labelled);
        let mut unlabelled = labelled.split_off((self.labelled as usize).min(labelled.len()));
        if self.truth == Truth::Hidden {
            unlabelled.iter_mut().for_each(|prompt| prompt.fields.retain(|name, _| name == ASKED));
        }
        Ok(Questions { labelled, unlabelled })
    }

    fn judge_of_unlabelled(&self, task: &OpenTask) -> Box<dyn Judge<Chat>> {
        match self.truth {
            Truth::Hidden => Box::new(Unjudged),
            Truth::Monitored => task.task.judge(),
        }
    }

    /// What the first lesson learns: the solutions, and to tell them from wrong answers of the weak side.
    fn examples(
        &self,
        base: &Lm,
        task: &OpenTask,
        labelled: &[Prompt],
        run: &mut Run<'_>,
    ) -> Result<Vec<Example>> {
        let gold = |prompt: &Prompt| task.task.gold(prompt).map(|gold| gold.text);
        let solution = |prompt: &Prompt| Some(Example::kept(prompt.clone(), gold(prompt)?));
        let mut examples: Vec<Example> = labelled.iter().filter_map(solution).collect();
        if self.comparisons == 0 {
            return Ok(examples);
        }
        let wording = self.prompts.open(FILES)?.wording("judge")?.clone();
        let pairwise = Pairwise::of(wording, self.judging.clone())?;
        let (weak, judge) = (self.weak_policy.open(base)?, task.task.judge());
        let compared = &labelled[..labelled.len().min(self.comparisons as usize)];
        let asks = Ask::each(compared, 1, &self.sampling);
        for group in run.attempt("seed-weak", &*weak, &*judge, asks)? {
            let prompt = &group.ask.query;
            let wrong = group.tries.iter().find(|one| one.verdict.value().is_some() && !right(&one.verdict));
            let (Some(gold), Some(wrong)) = (gold(prompt), wrong) else { continue };
            let contest = contest(prompt, &gold, &wrong.answer.text);
            for (swapped, better) in [(false, "1"), (true, "2")] {
                let example = Example::kept(pairwise.prompt(&contest, swapped)?, better);
                examples.push(example.from([prompt.id.clone()]));
            }
        }
        Ok(examples)
    }
}

/// Two answers to a question as the filter sees them.
fn contest(prompt: &Prompt, first: &str, second: &str) -> Contest {
    Contest {
        id: prompt.id.clone(),
        question: question(prompt),
        first: first.to_owned(),
        second: second.to_owned(),
    }
}

/// The share of right answers in validation, if it was measured.
fn pass(measured: Option<autodidact_parts::evaluate::Measured>) -> Option<f64> {
    let scores = measured?.scores;
    scores.pass_at_1.or(scores.greedy).map(|interval| interval.value)
}

/// Knows no truth.
struct Unjudged;

impl Judge<Chat> for Unjudged {
    fn judge(&self, asks: &[Ask<Chat>], answers: &[Vec<Completion>]) -> Result<Judged> {
        Ok(Judged::each(asks, answers, |_, _| Verdict::abstain("the truth is hidden")))
    }

    fn name(&self) -> String {
        "nobody".to_owned()
    }

    fn calls(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests;
