//! Self-align: a base model aligns itself from a page of written principles.
//!
//! It invents what it may be asked: generic tasks by continuing lists, and questions that it cannot answer
//! well from topics that it thinks of. It answers them with the principles and a few exemplars in view,
//! naming in its thoughts which of them apply. What passes a chain of filters becomes a data set from which
//! principles, exemplars and thoughts are left out, and the base model is fine-tuned on that. The
//! result then answers at length under a persona's description, and the base model is fine-tuned once more, on
//! these replies without the description. In one formula, both times: minimise over θ the mean of
//! -log p_θ(a | c, q) for a ~ p_teacher(. | C, q), with a long context C and a short one c.
//!
//! * Paper: Sun et al. 2023, arXiv 2305.03047.
//! * Code: IBM/Dromedary @ 927bf5b (branch dromedary_v1), `training/step1_topic_guided_red_teaming_self_instruct` to
//!   `training/step4_verbose_cloning`.
//! * Differs: principles, exemplars, seeds and persona are in our words; exemplars can rotate; every number of
//!   the data pipeline is a setting; adapters have no dropout; the released scripts' faults (dummies
//!   without an id, nested lists of inputs) are not copied.
//! * Reports: `prompt_tokens`, `reply_words`.

mod asked;
mod invent;
mod kit;
mod pairs;
mod screen;

pub(crate) use asked::{question_of, short_prompt, without_header};
pub use invent::{Balance, InstructConfig, Invented, TopicsConfig};
pub use kit::{Exemplar, FILES, Kit};
pub use screen::{Reply, Rules, Screen, Turns, Verbose, repeat_cut};

use crate::watch::{Watch, WatchConfig};
use autodidact_core::chat::{Bias, Chat, Completion, Finish, NgramPenalty, Prompt, Sampling};
use autodidact_core::{Ask, Card, Error, Group, Learn as _, Metric, Policy, Recipe, Result, Run};
use autodidact_lm::{Lm, LoraConfig};
use autodidact_math::schedule::{Schedule, Shape};
use autodidact_parts::dataset::{Example, dropped, record};
use autodidact_parts::learn::{Amount, Batch, Keep, Restart, Sft, SftConfig};
use autodidact_parts::policy::PolicyConfig;
use autodidact_parts::wording::PromptsConfig;
use autodidact_parts::{ModelConfig, OpenTask, TaskConfig};
use invent::filled;
use pairs::{Pair, Screened, digest, kept_prompts, note_mean, read_pairs};
use serde::{Deserialize, Serialize};

/// Settings of self-align; the defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SelfAlign {
    /// The base model, which is fine-tuned.
    pub model: ModelConfig,
    /// Who invents and answers with the principles in view: the base model itself, as in the paper, or another.
    pub policy: PolicyConfig,
    /// The wording of prompts, principles, exemplars and seeds.
    pub prompts: PromptsConfig,
    /// What the model is measured on; nothing learns from it.
    pub task: TaskConfig,
    /// Where turns begin and end.
    pub turns: Turns,
    /// Generic tasks.
    pub instruct: InstructConfig,
    /// Hard questions.
    pub topics: TopicsConfig,
    /// Answers with the principles in view.
    pub align: AlignConfig,
    /// How the base model is fine-tuned, both times.
    pub sft: SftConfig,
    /// Verbose replies and the second fine-tuning.
    pub clone: CloneConfig,
    /// How the model is measured.
    pub watch: WatchConfig,
}

/// How questions are answered with the principles in view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlignConfig {
    /// Exemplars that the prompt shows.
    pub exemplars: u32,
    /// How answers are drawn.
    pub sampling: Sampling,
    /// Which replies are kept.
    pub screen: Screen,
    /// Pairs about the assistant itself that are added.
    pub identity: u32,
}

/// Verbose cloning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CloneConfig {
    /// Whether it is done; without it the engraved model is the result.
    pub done: bool,
    /// How verbose replies are drawn.
    pub sampling: Sampling,
    /// Which of them are kept.
    pub screen: Verbose,
}

impl Default for AlignConfig {
    fn default() -> AlignConfig {
        let sampling = Sampling {
            temperature: 0.5,
            top_p: 0.95,
            max_tokens: 256,
            biases: vec![Bias { text: "Sorry".to_owned(), amount: -100.0 }],
            ..Sampling::default()
        };
        AlignConfig { exemplars: 5, sampling, screen: Screen::default(), identity: 910 }
    }
}

impl Default for CloneConfig {
    fn default() -> CloneConfig {
        let sampling = Sampling {
            temperature: 0.3,
            top_p: 0.7,
            max_tokens: 512,
            penalties: vec![NgramPenalty { n: 3, weight: 1.0 }, NgramPenalty { n: 4, weight: 2.0 }],
            ..Sampling::default()
        };
        CloneConfig { done: true, sampling, screen: Verbose::default() }
    }
}

impl Default for SelfAlign {
    fn default() -> SelfAlign {
        let projections = ["q_proj", "k_proj", "v_proj", "o_proj"].map(str::to_owned).to_vec();
        SelfAlign {
            model: ModelConfig::Nano,
            policy: PolicyConfig::default(),
            prompts: PromptsConfig::default(),
            task: TaskConfig::default(),
            turns: Turns::default(),
            instruct: InstructConfig::default(),
            topics: TopicsConfig::default(),
            align: AlignConfig::default(),
            sft: SftConfig {
                lr: 4e-4,
                schedule: Schedule { shape: Shape::Constant, warmup: 100, floor: 0.0 },
                amount: Amount::Epochs { epochs: 1 },
                batch: Batch::Rows { rows: 768 },
                restart: Restart::Base,
                lora: Some(LoraConfig { rank: 16, alpha: 16.0, targets: projections }),
                ..SftConfig::default()
            },
            clone: CloneConfig::default(),
            watch: WatchConfig::default(),
        }
    }
}

impl Recipe for SelfAlign {
    const CARD: Card = Card {
        id: "self-align",
        summary: "a base model answers its own questions under written principles, then learns to do so without them",
        paper: "2305.03047",
        code: "IBM/Dromedary",
        reports: &[
            Metric { name: "prompt_tokens", meaning: "mean tokens of the prompts of a stage" },
            Metric { name: "reply_words", meaning: "mean words of the replies that a stage learns from" },
        ],
    };

    fn check(&self) -> Result<()> {
        self.policy.check()?;
        self.turns.check("turns")?;
        self.instruct.check()?;
        self.topics.check()?;
        if self.instruct.requests == 0 && self.topics.epochs == 0 && self.align.identity == 0 {
            let rule = "above 0 where neither topics.epochs nor align.identity is";
            return Err(Error::invalid("instruct.requests", rule, 0));
        }
        if self.align.exemplars == 0 {
            return Err(Error::invalid("align.exemplars", "at least 1", 0));
        }
        if self.sft.restart != Restart::Base {
            return Err(Error::invalid("sft.restart", "base: both fine-tunings start from it", "another"));
        }
        self.sft.check()?;
        self.task.check()?;
        self.watch.check()
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let lm = crate::open(&self.model, run)?;
        let task = self.task.open()?;
        self.run_on(&lm, task, run, &mut |_, _| Ok(()))
    }
}

impl SelfAlign {
    /// Runs on a model and a task that are open already; `engraved` sees the model between stages 3 and 4.
    pub(crate) fn run_on(
        &self,
        lm: &Lm,
        task: OpenTask,
        run: &mut Run<'_>,
        engraved: &mut dyn FnMut(&Lm, &mut Run<'_>) -> Result<()>,
    ) -> Result<()> {
        let kit = Kit::open(&self.prompts)?;
        let teacher = self.policy.open(lm)?;
        let judge = task.task.judge();
        // What is measured or chosen by must not be learned from.
        let mut barred = Vec::new();
        for held_out in [&self.watch.test, &self.watch.validation] {
            let queries = held_out.queries(&*task.task)?;
            barred.extend(queries.iter().map(|prompt| question_of(prompt).to_owned()));
        }
        let task = without_header(task, &kit)?;
        let mut learner = Sft::around(lm, &self.sft, Keep::Above { threshold: 0.0 })?;
        let mut watch = Watch::of(&self.watch, lm, &task, &*judge);
        watch.before(&learner, run)?;

        run.next_round(1 + u32::from(self.clone.done));
        let asked = self.invent(&*teacher, &kit, &barred, run)?;
        let pairs = self.answer(&*teacher, &kit, &asked, run)?;
        self.fine_tune("engrave", (lm, &kit), &pairs, &mut learner, run)?;
        watch.round(&learner, run)?;
        engraved(lm, run)?;

        if self.clone.done {
            run.output("engraved", &learner.save()?)?;
            self.watch.test.run("engraved", lm, &task, &*judge, run)?;
            run.next_round(2);
            let pairs = self.answer_at_length(lm, &kit, &asked, run)?;
            self.fine_tune("clone", (lm, &kit), &pairs, &mut learner, run)?;
            watch.round(&learner, run)?;
        }
        watch.after(&mut learner, run)?;
        Ok(())
    }

    /// Stage 2: one answer a question under principles and exemplars, with thoughts; what the screen keeps
    /// of it.
    fn answer(
        &self,
        teacher: &dyn Policy<Chat>,
        kit: &Kit,
        asked: &[Invented],
        run: &mut Run<'_>,
    ) -> Result<Vec<Pair>> {
        let queries = asked.iter().enumerate().map(|(n, one)| self.long_prompt(kit, n, one));
        let queries = queries.collect::<Result<Vec<_>>>()?;
        let mut knobs = self.align.sampling.clone();
        knobs.stop.push(self.turns.user.clone());
        let shown = self.align.exemplars as usize;
        let words = |n: usize| -> Vec<String> {
            kit.shown(shown, n).iter().flat_map(|exemplar| exemplar.words.iter().cloned()).collect()
        };
        let judge = Screened {
            read: &|place, answer: &Completion| {
                let stopped = answer.finish == Finish::Stop;
                self.align.screen.read(&answer.text, stopped, &self.turns, &words(place))
            },
            name: format!("screen of aligned replies {}", digest(&(&self.align.screen, &self.turns))?),
        };
        let groups = run.attempt("align", teacher, &judge, Ask::each(&queries, 1, &knobs))?;
        read_pairs("align", asked, &groups, &judge, run)
    }

    /// The prompt that shows the principles, for the question of that index.
    pub(crate) fn long_prompt(&self, kit: &Kit, index: usize, one: &Invented) -> Result<Prompt> {
        let shown = kit.shown(self.align.exemplars as usize, index);
        let texts: Vec<&str> = shown.iter().map(|exemplar| exemplar.text.as_str()).collect();
        let values = [
            ("principles", kit.principles.clone()),
            ("exemplars", texts.join("\n")),
            ("query", one.text.clone()),
        ];
        Ok(filled(kit, "align", format!("align/{}", one.id), &values)?
            .with("query", one.text.clone())
            .with("place", index)
            .with("parents", vec![one.parent.clone()]))
    }

    /// Stage 4, first half: the engraved model answers every question at length.
    fn answer_at_length(
        &self,
        student: &Lm,
        kit: &Kit,
        asked: &[Invented],
        run: &mut Run<'_>,
    ) -> Result<Vec<Pair>> {
        let query = |(n, one): (usize, &Invented)| {
            let values = [("system", kit.system(n).to_owned()), ("query", one.text.clone())];
            let prompt = filled(kit, "verbose", format!("verbose/{}", one.id), &values)?;
            Ok(prompt
                .with("query", one.text.clone())
                .with("place", n)
                .with("parents", vec![one.parent.clone()]))
        };
        let queries: Vec<Prompt> = asked.iter().enumerate().map(query).collect::<Result<_>>()?;
        let mut knobs = self.clone.sampling.clone();
        knobs.stop.push(self.turns.user.clone());
        let judge = Screened {
            read: &|_, answer: &Completion| {
                self.clone.screen.read(&answer.text, answer.finish == Finish::Stop, &self.turns)
            },
            name: format!("screen of verbose replies {}", digest(&(&self.clone.screen, &self.turns))?),
        };
        let groups = run.attempt("verbose", student, &judge, Ask::each(&queries, 1, &knobs))?;
        read_pairs("verbose", asked, &groups, &judge, run)
    }

    /// Stages 3 and 4: the base model learns the replies under short system prompts.
    fn fine_tune(
        &self,
        stage: &str,
        (lm, kit): (&Lm, &Kit),
        pairs: &[Pair],
        learner: &mut Sft,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let identity = (0..self.align.identity as usize).map(|n| {
            let (question, answer) = &kit.identity[n % kit.identity.len()];
            Pair {
                id: format!("identity/{n:06}"),
                question: question.clone(),
                reply: Ok(Reply { text: answer.clone(), ended: true }),
                parents: Vec::new(),
            }
        });
        let all: Vec<Pair> = pairs.iter().cloned().chain(identity).collect();
        let kept = all.iter().filter_map(|pair| pair.reply.as_ref().ok());
        let words: Vec<f64> = kept.map(|reply| reply.text.split_whitespace().count() as f64).collect();
        // System prompts rotate over what is kept, so that each gets its share of the training rows.
        let mut place = 0;
        let example = |pair: &Pair| -> Result<Example> {
            let query = short_prompt(kit, place, &pair.question)?;
            let query = Prompt { id: format!("{stage}/{}", pair.id), ..query };
            let made = match &pair.reply {
                Ok(reply) => {
                    place += 1;
                    Example::kept(query.with("ended", reply.ended), self.turns.target(reply))
                }
                Err(reason) => Example { verdict: dropped(reason), ..Example::kept(query, "") },
            };
            Ok(made.from(pair.parents.iter().cloned()))
        };
        let examples = all.iter().map(example).collect::<Result<Vec<_>>>()?;
        let groups = record(run, &format!("{stage}/data"), lm, examples)?;
        let groups = self.unended(lm, groups);
        let prompts: Vec<f64> = kept_prompts(&groups).map(|tokens| tokens as f64).collect();
        note_mean(run, &format!("{stage}/prompt_tokens"), &prompts)?;
        note_mean(run, &format!("{stage}/reply_words"), &words)?;
        run.learn(stage, learner, &groups)?;
        Ok(())
    }

    /// The groups without end-of-sequence tokens after replies that end with a mark, or do not end.
    fn unended(&self, lm: &Lm, mut groups: Vec<Group<Chat>>) -> Vec<Group<Chat>> {
        for group in &mut groups {
            let ended = group.ask.query.fields.get("ended").and_then(serde_json::Value::as_bool);
            if ended == Some(true) && self.turns.end.is_empty() {
                continue;
            }
            for one in &mut group.tries {
                if one.answer.tokens.last().is_some_and(|token| lm.eos().contains(token)) {
                    one.answer.tokens.pop();
                    one.answer.finish = Finish::Length;
                }
            }
        }
        groups
    }
}

#[cfg(test)]
mod tests;
