//! Sharpening: a model improves on its own word, by moving its mass onto the answers that it finds likeliest.
//!
//! The only judge is the likelihood of an answer under the frozen base. It is used at inference (the best
//! of N), distilled by fine-tuning on the best of N (a fixed N, or as many as a prompt needs), or made the
//! reward of a divergence-bound policy, fitted by squared losses on pairs: offline pairs of the base, or,
//! as in XPO, answers of the present policy beside the base's, with a term that makes the base's answers
//! less likely and so sends the policy to where the base hardly goes.
//!
//! * Paper: Huang et al. 2024, arXiv 2412.01951.
//! * Code: none was published.
//! * Differs: XPO adds the squared residuals, as its analysis does (the algorithm's box subtracts them, which
//!   makes them as large as they get); a round of XPO draws many pairs, as one gradient step a pair would
//!   not solve the inner problem; `J` is estimated on validation prompts; all weights are trained, not
//!   adapters; the last model is the result, not the best by accuracy.
//! * Reports: `auc`, `sampled_log_prob`, `chosen_log_prob`, `draws`, `objective`, and `label_accuracy`.

mod pairs;

use crate::asked::Asked;
use crate::watch::{Watch, WatchConfig};
use autodidact_core::chat::{Body, Chat, Completion, Prompt, Sampling};
use autodidact_core::{Ask, Card, Error, Group, Judge, Metric, Policy, Recipe, Result, Run, Split, Verdict};
use autodidact_lm::{AdamW, Dtype, Lm};
use autodidact_math::schedule::{Schedule, Shape};
use autodidact_math::select::best;
use autodidact_math::sharpening::auc;
use autodidact_math::summary::mean;
use autodidact_parts::dataset::{Example, dropped, record};
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::judge::{Likelihood, SelfReward, SelfRewardConfig, right};
use autodidact_parts::learn::{Amount, Batch, Keep, Replay, Restart, Sft, SftConfig};
use autodidact_parts::policy::{BestOf, Draws, PolicyConfig, enough};
use autodidact_parts::wording::{File, Prompts, PromptsConfig};
use autodidact_parts::{ModelConfig, OpenTask, TaskConfig};
use serde::{Deserialize, Serialize};

/// The recipe's prompts: how a problem is put to the model.
const PROMPTS: &[File] = &[File {
    name: "answer",
    chat: include_str!("../prompts/sharpening/chat/answer.txt"),
    small: include_str!("../prompts/sharpening/small/answer.txt"),
}];

/// Settings of sharpening; the defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sharpening {
    /// The model to sharpen.
    pub model: ModelConfig,
    /// Who answers.
    pub policy: PolicyConfig,
    /// How problems are put.
    pub prompts: PromptsConfig,
    /// Where problems come from; their answers are read to report, never to learn.
    pub task: TaskConfig,
    /// How it sharpens.
    pub method: Method,
    /// What it finds good.
    pub reward: SelfRewardConfig,
    /// Whose log-probabilities these are.
    pub likelihood: Source,
    /// Training problems.
    pub problems: u32,
    /// How answers are sampled; at temperature 1 with nothing left out, as they are scored.
    pub sampling: Sampling,
    /// How the model learns; where it learns from pairs, a row of its batches is a pair.
    pub sft: SftConfig,
    /// Training problems whose answers are also checked, to report how right they are; 0 checks none.
    pub checked: u32,
    /// How it is measured.
    pub watch: WatchConfig,
}

/// How a model is sharpened.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Method {
    /// The best of several answers is given; nothing is learned.
    Inference {
        /// How many.
        draws: Draws,
    },
    /// Fine-tuning on the best of N answers.
    Sft {
        /// N; 1 is self-distillation.
        tries: u32,
    },
    /// Fine-tuning on the best of as many answers as a prompt needs.
    Adaptive {
        /// The chance that a prompt's likeliest answer is missed, in (0, 1).
        delta: f64,
        /// Answers that are drawn together.
        block: u32,
        /// The most answers to a prompt.
        most: u32,
    },
    /// A policy fitted to the differences of rewards of pairs of the base's answers.
    Offline {
        /// The weight of the divergence from the base.
        beta: f64,
    },
    /// The same with answers that the policy finds itself, and optimism.
    Xpo {
        /// The weight of optimism; 0 explores nothing.
        alpha: f64,
        /// The weight of the divergence from the base.
        beta: f64,
        /// Rounds; the training problems are divided among them.
        rounds: u32,
        /// Validation problems on which each round's `J` is estimated.
        estimated: u32,
    },
}

/// Whose log-probabilities rewards are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Those that came with the answers: the base that answered is the base that judges.
    #[default]
    Recorded,
    /// Those of the model before training, which reads every answer again.
    Model,
}

impl Default for Sharpening {
    fn default() -> Sharpening {
        Sharpening {
            model: ModelConfig::Nano,
            policy: PolicyConfig::Model,
            prompts: PromptsConfig::Chat,
            task: TaskConfig::default(),
            method: Method::Sft { tries: 50 },
            reward: SelfRewardConfig::default(),
            likelihood: Source::Recorded,
            problems: 256,
            sampling: Sampling { temperature: 1.0, max_tokens: 512, ..Sampling::default() },
            sft: SftConfig {
                lr: 3e-4,
                schedule: Schedule { shape: Shape::Linear, warmup: 0, floor: 0.0 },
                amount: Amount::Epochs { epochs: 30 },
                batch: Batch::Rows { rows: 4 },
                optimizer: AdamW { weight_decay: 0.1, max_grad_norm: 0.1, ..AdamW::default() },
                restart: Restart::Weights,
                ..SftConfig::default()
            },
            checked: 256,
            watch: WatchConfig::default(),
        }
    }
}

impl Recipe for Sharpening {
    const CARD: Card = Card {
        id: "sharpening",
        summary: "move a model's mass onto the answers that it finds likeliest itself, without any other judge",
        paper: "2412.01951",
        code: "",
        reports: &[
            Metric {
                name: "auc",
                meaning: "probability that a right answer is likelier under the base than a wrong one",
            },
            Metric {
                name: "sampled_log_prob",
                meaning: "mean log-probability under the base of the answers sampled, in nats",
            },
            Metric {
                name: "chosen_log_prob",
                meaning: "mean log-probability under the base of the answers chosen, in nats",
            },
            Metric { name: "draws", meaning: "answers sampled a training problem" },
            Metric {
                name: "objective",
                meaning: "mean self-reward less beta times the log-ratio to the base, on fresh answers of the policy",
            },
        ],
    };

    fn check(&self) -> Result<()> {
        if self.problems == 0 {
            return Err(Error::invalid("problems", "at least 1", 0));
        }
        let Sampling { temperature, top_k, top_p, min_p, .. } = self.sampling;
        if temperature != 1.0 || top_k != 0 || top_p != 1.0 || min_p != 0.0 {
            let rule = "temperature 1 with no top_k, top_p or min_p, as answers are scored";
            return Err(Error::invalid("sampling", rule, format!("{:?}", self.sampling)));
        }
        let above = |field: &str, found: f64| match found > 0.0 && found.is_finite() {
            true => Ok(()),
            false => Err(Error::invalid(field, "above 0 and finite", found)),
        };
        match self.method {
            Method::Inference { draws } => draws.check("method.draws")?,
            Method::Sft { tries: 0 } => return Err(Error::invalid("method.tries", "at least 1", 0)),
            Method::Sft { .. } => {}
            Method::Adaptive { delta, block, most } => {
                Draws::Patient { delta, block, most }.check("method")?;
            }
            Method::Offline { beta } => above("method.beta", beta)?,
            Method::Xpo { alpha, beta, rounds, estimated } => {
                above("method.beta", beta)?;
                if !(alpha >= 0.0 && alpha.is_finite()) {
                    return Err(Error::invalid("method.alpha", "at least 0 and finite", alpha));
                }
                if rounds == 0 || rounds > self.problems {
                    let rule = format!("in 1 to problems = {}", self.problems);
                    return Err(Error::invalid("method.rounds", rule, rounds));
                }
                if estimated == 0 {
                    return Err(Error::invalid("method.estimated", "at least 1", 0));
                }
                if self.policy != PolicyConfig::Model {
                    let rule = "model where the method is xpo, whose policy learns while it answers";
                    return Err(Error::invalid("policy.kind", rule, "another"));
                }
            }
        }
        let in_pairs = matches!(self.method, Method::Offline { .. } | Method::Xpo { .. });
        if in_pairs {
            let SftConfig { lora, replay, given_weight, .. } = &self.sft;
            let ignored = [
                ("lora", lora.is_some()),
                ("replay", *replay != Replay::None),
                ("given_weight", *given_weight != 0.0),
            ];
            if let Some((field, _)) = ignored.into_iter().find(|(_, set)| *set) {
                let rule = "left out where the method learns from pairs, which knows nothing like it";
                return Err(Error::invalid(format!("sft.{field}"), rule, "set"));
            }
        }
        if in_pairs && matches!(self.reward.form, Likelihood::Majority { .. }) {
            let rule = "sum or normalised where the method compares pairs: two answers hold no vote";
            return Err(Error::invalid("reward.form", rule, "majority"));
        }
        self.sft.check()?;
        self.policy.check()?;
        self.prompts.open(PROMPTS)?;
        self.task.check()?;
        self.watch.check()
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let lm = crate::open(&self.model, run)?;
        let task = worded(self.task.open()?, self.prompts.open(PROMPTS)?);
        let policy = self.policy.open(&lm)?;
        self.run_on(&lm, &*policy, &task, run)
    }
}

/// Puts every problem that is bare text into the prompt `answer`; messages stay as they are. Judge, vote
/// and reference solutions are the task's own.
fn worded(task: OpenTask, prompts: Prompts) -> OpenTask {
    let word = move |prompt: &Prompt| {
        let Body::Text(question) = &prompt.body else { return Ok(prompt.clone()) };
        let body = prompts.wording("answer")?.fill(&[("question", question)])?;
        Ok(Prompt { body, ..prompt.clone() })
    };
    OpenTask { task: Box::new(Asked::of(task.task, word)), vote: task.vote }
}

impl Sharpening {
    /// Runs on a model, a policy and a task that are open already.
    pub(crate) fn run_on(
        &self,
        lm: &Lm,
        policy: &dyn Policy<Chat>,
        task: &OpenTask,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let judge = match self.likelihood {
            Source::Recorded => SelfReward::recorded(&self.reward, &*task.vote),
            Source::Model => SelfReward::scored(&self.reward, lm, &*task.vote)?,
        };
        match self.method {
            Method::Inference { draws } => self.infer(lm, &BestOf::of(policy, &judge, draws)?, task, run),
            Method::Sft { tries } => self.distil(lm, task, run, |asks, run| {
                let asks = asks.into_iter().map(|ask| Ask { tries, ..ask }).collect();
                run.attempt("sample", policy, &judge, asks)
            }),
            Method::Adaptive { delta, block, most } => self.distil(lm, task, run, |asks, run| {
                patiently(asks, (delta, block, most), |asks| run.attempt("sample", policy, &judge, asks))
            }),
            Method::Offline { beta } => self.offline(lm, policy, task, beta, run),
            Method::Xpo { alpha, beta, rounds, estimated } => {
                self.explore(lm, task, pairs::Xpo { alpha, beta, rounds, estimated }, run)
            }
        }
    }

    /// Answers the training problems by the best of several answers, and measures that.
    fn infer(&self, lm: &Lm, best_of: &BestOf<'_>, task: &OpenTask, run: &mut Run<'_>) -> Result<()> {
        let truth = task.task.judge();
        self.watch.test.run("before", lm, task, &*truth, run)?;
        let asks = self.asks(task, run)?;
        run.attempt("answer", best_of, &*truth, asks)?;
        run.output("last", &lm.snapshot(Dtype::F32)?)?;
        // The best of N greedy answers is the greedy answer.
        let sampled = Evaluation { greedy: false, ..self.watch.test.clone() };
        if sampled.tries > 0 {
            sampled.run("after", best_of, task, &*truth, run)?;
        }
        Ok(())
    }

    /// Fine-tunes on the best of the answers that `sample` gives.
    fn distil<'r>(
        &self,
        lm: &Lm,
        task: &OpenTask,
        run: &mut Run<'r>,
        mut sample: impl FnMut(Vec<Ask<Chat>>, &mut Run<'r>) -> Result<Vec<Group<Chat>>>,
    ) -> Result<()> {
        let truth = task.task.judge();
        let mut learner = Sft::around(lm, &self.sft, Keep::Above { threshold: 0.0 })?;
        let mut watch = Watch::of(&self.watch, lm, task, &*truth);
        watch.before(&learner, run)?;
        let asks = self.asks(task, run)?;
        while run.next_round(1) {
            let groups = sample(asks.clone(), run)?;
            let chosen: Vec<Option<usize>> = groups.iter().map(favourite).collect();
            self.note(&groups, &chosen, &*truth, run)?;
            let examples: Vec<Example> = groups
                .iter()
                .zip(&chosen)
                .enumerate()
                .map(|(i, (group, one))| example(i, group, *one))
                .collect();
            run.note("data/kept", examples.iter().filter(|one| one.is_kept()).count() as f64)?;
            run.note("no_answer/dropped", chosen.iter().filter(|one| one.is_none()).count() as f64)?;
            let data = record(run, "data", lm, examples)?;
            run.learn("learn", &mut learner, &data)?;
            watch.round(&learner, run)?;
        }
        watch.after(&mut learner, run)?;
        Ok(())
    }

    /// One ask for each training problem.
    fn asks(&self, task: &OpenTask, run: &Run<'_>) -> Result<Vec<Ask<Chat>>> {
        let problems = task.task.draw(Split::Train, self.problems as usize, &mut run.rng("problems"))?;
        Ok(Ask::each(&problems, 1, &self.sampling))
    }

    /// Notes how likely answers are, and of some of them whether that says anything about being right.
    fn note(
        &self,
        groups: &[Group<Chat>],
        chosen: &[Option<usize>],
        truth: &dyn Judge<Chat>,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let log_prob = |verdict: &Verdict| verdict.value().and(verdict.part("log_prob"));
        let all: Vec<f64> =
            groups.iter().flat_map(|group| &group.tries).filter_map(|one| log_prob(&one.verdict)).collect();
        let best: Vec<f64> = (groups.iter().zip(chosen))
            .filter_map(|(group, chosen)| log_prob(&group.tries[(*chosen)?].verdict))
            .collect();
        let draws = groups.iter().map(|group| group.tries.len()).sum::<usize>() as f64 / groups.len() as f64;
        run.note("draws", draws)?;
        for (name, values) in [("sampled_log_prob", &all), ("chosen_log_prob", &best)] {
            if let Some(value) = mean(values) {
                run.note(name, value)?;
            }
        }
        let checked = &groups[..groups.len().min(self.checked as usize)];
        let rights = truths(checked, truth)?;
        let pairs: Vec<(f64, bool)> = (checked.iter().zip(&rights))
            .flat_map(|(group, rights)| group.tries.iter().zip(rights))
            .filter_map(|(one, right)| Some((log_prob(&one.verdict)?, (*right)?)))
            .collect();
        if let Some(value) = auc(&pairs) {
            run.note("auc", value)?;
        }
        let labels: Vec<f64> = (rights.iter().zip(chosen))
            .filter_map(|(rights, chosen)| rights[(*chosen)?].map(|right| f64::from(u8::from(right))))
            .collect();
        if let Some(value) = mean(&labels) {
            run.note("label_accuracy", value)?;
        }
        Ok(())
    }
}

/// The try that the self-reward likes best, the earlier on ties; `None` where it scored none.
pub(crate) fn favourite(group: &Group<Chat>) -> Option<usize> {
    let score = |one: &autodidact_core::Try<Chat>| one.verdict.value().unwrap_or(f64::NEG_INFINITY);
    best(&group.tries.iter().map(score).collect::<Vec<_>>())
}

/// Whether each try is right, where the task knows.
pub(crate) fn truths(groups: &[Group<Chat>], truth: &dyn Judge<Chat>) -> Result<Vec<Vec<Option<bool>>>> {
    let asks: Vec<Ask<Chat>> = groups.iter().map(|group| group.ask.clone()).collect();
    let answers: Vec<Vec<Completion>> =
        groups.iter().map(|group| group.tries.iter().map(|one| one.answer.clone()).collect()).collect();
    let judged = truth.judge(&asks, &answers)?;
    let one = |verdict: &Verdict| verdict.value().map(|_| right(verdict));
    Ok(judged.verdicts.iter().map(|verdicts| verdicts.iter().map(one).collect()).collect())
}

/// The example that a group's chosen answer makes.
fn example(place: usize, group: &Group<Chat>, chosen: Option<usize>) -> Example {
    let query = &group.ask.query;
    let prompt = autodidact_core::chat::Prompt { id: format!("{}/sharp/{place}", query.id), ..query.clone() };
    let (text, verdict) = match chosen {
        Some(chosen) => (group.tries[chosen].answer.text.clone(), Verdict::score(1.0)),
        None => (String::new(), dropped("no_answer")),
    };
    Example { prompt, text, verdict, parents: vec![query.id.clone()] }
}

/// Samples each ask in blocks until its answers are enough, and gives the answers up to there.
fn patiently(
    asks: Vec<Ask<Chat>>,
    (delta, block, most): (f64, u32, u32),
    mut sample: impl FnMut(Vec<Ask<Chat>>) -> Result<Vec<Group<Chat>>>,
) -> Result<Vec<Group<Chat>>> {
    let mut groups: Vec<Group<Chat>> =
        asks.iter().map(|ask| Group { ask: ask.clone(), tries: Vec::new() }).collect();
    let mut open: Vec<usize> = (0..asks.len()).collect();
    for number in 0..most.div_ceil(block) {
        if open.is_empty() {
            break;
        }
        let tries = block.min(most - number * block);
        let more = sample(open.iter().map(|&idx| Ask { tries, ..asks[idx].clone() }).collect())?;
        for (&idx, more) in open.iter().zip(more) {
            groups[idx].tries.extend(more.tries);
        }
        open.retain(|&idx| {
            let tries = &mut groups[idx].tries;
            let verdicts: Vec<Verdict> = tries.iter().map(|one| one.verdict.clone()).collect();
            match enough(&verdicts, delta) {
                Some(n) => tries.truncate(n),
                None => return true,
            }
            false
        });
    }
    for group in &mut groups {
        group.ask.tries = group.tries.len() as u32;
    }
    Ok(groups)
}

#[cfg(test)]
mod tests;
