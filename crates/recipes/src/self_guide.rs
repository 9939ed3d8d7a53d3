//! SELF-GUIDE: a model makes itself a specialist from one instruction and about three examples.
//!
//! The model invents inputs, shown the trusted examples and some of its own earlier inputs; rules drop bad
//! ones and survivors join the pool. It then answers every input several times, the most frequent answer
//! becomes the label where it is frequent enough, and the model is fine-tuned on its own pairs under the
//! very prompt that it is later asked with.
//!
//! * Paper: Zhao et al. 2024, arXiv 2407.12874.
//! * Code: zhaochenyang20/Prompt2Model-Self-Guide (released state of 2024, no tag), `input_generator`,
//!   `output_annotator`, `self-guide/`.
//! * Differs: outputs are n samples (upstream the n likeliest of 20); an output that contains a label is
//!   mapped to it, as intended (`mapping = "strict"` drops all that is not exactly a label, as released);
//!   fine-tuning is on the balanced set (the released script balances and then trains on everything);
//!   inputs equal to an example, and those that are measured on, are dropped; ROUGE-L is over words
//!   (upstream over characters); where examples are all as long as each other the length bounds are half
//!   and one and a half times that.
//! * Reports: `pool`, `sample_accuracy`, `vote_share`, `requested_label`, `rouge_l`.

mod guided;
mod inputs;
pub mod labels;
mod outputs;
mod prompts;

pub use guided::{Guide, Guided, Pair, pairs};
pub use prompts::Wordings;

use crate::watch::{Deliver, Watch, WatchConfig};
use autodidact_core::chat::{Chat, Sampling};
use autodidact_core::{Card, Error, Group, Learn, Metric, Recipe, Result, Run};
use autodidact_lm::Lm;
use autodidact_math::schedule::{Schedule, Shape};
use autodidact_parts::evaluate::{Evaluation, Measured};
use autodidact_parts::learn::{Amount, Batch, Keep, Restart, Sft, SftConfig, plan};
use autodidact_parts::policy::PolicyConfig;
use autodidact_parts::task::instructions::Instruction;
use autodidact_parts::wording::PromptsConfig;
use autodidact_parts::{ModelConfig, dataset};
use serde::{Deserialize, Serialize};

/// Settings of SELF-GUIDE; the defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SelfGuide {
    /// The model to improve.
    pub model: ModelConfig,
    /// Who writes inputs and outputs.
    pub policy: PolicyConfig,
    /// In which words it is asked.
    pub prompts: PromptsConfig,
    /// The wording under which the model learns and is measured, where it is not that of `prompts`: for a
    /// model without a chat template that learns what a chat model wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned_prompts: Option<PromptsConfig>,
    /// The task.
    pub task: Guide,
    /// How inputs are made.
    pub inputs: Inputs,
    /// How outputs are made.
    pub outputs: Outputs,
    /// What is dropped.
    pub filters: Filters,
    /// How an output becomes a label; for tasks with labels.
    pub mapping: Mapping,
    /// Which labels are learned from; for tasks with labels.
    pub balance: Balance,
    /// Passes over the pairs; the model after each is kept.
    pub epochs: u32,
    /// How one pass learns.
    pub sft: SftConfig,
    /// How the model is measured.
    pub watch: WatchConfig,
}

/// How inputs are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Inputs {
    /// How often prompts are sent; survivors of one time are shown in the next.
    pub epochs: u32,
    /// Prompts each time, one input a prompt.
    pub prompts: u32,
    /// The most made inputs that a prompt shows.
    pub show: u32,
    /// Temperature; that of `sampling` does not count.
    pub temperature: ByKind<f32>,
    /// How they are sampled otherwise.
    pub sampling: Sampling,
}

/// How outputs are made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outputs {
    /// Samples an input.
    pub tries: u32,
    /// The smallest share of the samples that the most frequent output may have.
    pub least_share: f64,
    /// How they are sampled.
    pub sampling: Sampling,
}

/// One value for tasks with labels and one for those with free outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByKind<T> {
    /// With labels.
    pub classification: T,
    /// With free outputs.
    pub generation: T,
}

impl<T: Copy> ByKind<T> {
    fn of(self, task: &Guided) -> T {
        if task.labels.is_empty() { self.generation } else { self.classification }
    }
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// What is dropped, of inputs and of outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filters {
    /// All rules below, with those against empty and repeated inputs. What is measured on is kept out
    /// either way.
    pub rules: Switch,
    /// Whether inputs must be about as long as the examples' (two deviations around their mean).
    pub input_length: ByKind<Switch>,
    /// Whether outputs must be.
    pub output_length: ByKind<Switch>,
    /// Texts that must occur in neither, in any capitals.
    pub banned: Vec<String>,
}

/// How an output becomes a label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mapping {
    /// The longest label that it contains.
    #[default]
    Contained,
    /// It is a label, to the letter.
    Strict,
}

/// Which labels are learned from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Balance {
    /// Of each as many as the rarest has.
    #[default]
    Rarest,
    /// All.
    Off,
}

/// Turns of phrase of an assistant, the prompts' own words, and what begins a second thought.
const BANNED: [&str; 16] = [
    "as an ai",
    "language model",
    "i'm sorry",
    "i am sorry",
    "i apologize",
    "here is",
    "here's",
    "sure,",
    "sure!",
    "certainly",
    "of course",
    "let me know",
    "[input]",
    "[output]",
    "therefore",
    "\n\n",
];

impl Default for SelfGuide {
    fn default() -> SelfGuide {
        SelfGuide {
            model: ModelConfig::Nano,
            policy: PolicyConfig::default(),
            prompts: PromptsConfig::Chat,
            learned_prompts: None,
            task: Guide::Instruction { instruction: Instruction::Reverse, examples: 3 },
            inputs: Inputs::default(),
            outputs: Outputs::default(),
            filters: Filters::default(),
            mapping: Mapping::Contained,
            balance: Balance::Rarest,
            epochs: 3,
            sft: SftConfig {
                lr: 5e-5,
                schedule: Schedule { shape: Shape::Linear, warmup: 0, floor: 0.0 },
                amount: Amount::Epochs { epochs: 1 },
                batch: Batch::Rows { rows: 10 },
                restart: Restart::Inherit,
                ..SftConfig::default()
            },
            watch: WatchConfig {
                test: Evaluation {
                    tries: 0,
                    k: 1,
                    sampling: Sampling { max_tokens: 500, ..Sampling::default() },
                    ..Evaluation::default()
                },
                ..WatchConfig::default()
            },
        }
    }
}

impl Default for Inputs {
    fn default() -> Inputs {
        Inputs {
            epochs: 40,
            prompts: 10,
            show: 10,
            temperature: ByKind { classification: 0.7, generation: 0.9 },
            sampling: Sampling { top_k: 40, max_tokens: 500, ..Sampling::default() },
        }
    }
}

impl Default for Outputs {
    fn default() -> Outputs {
        Outputs {
            tries: 10,
            least_share: 0.3,
            sampling: Sampling { temperature: 0.2, top_k: 10, max_tokens: 500, ..Sampling::default() },
        }
    }
}

impl Default for Filters {
    fn default() -> Filters {
        Filters {
            rules: Switch::On,
            input_length: ByKind { classification: Switch::On, generation: Switch::Off },
            output_length: ByKind { classification: Switch::Off, generation: Switch::On },
            banned: BANNED.map(str::to_owned).into(),
        }
    }
}

impl Recipe for SelfGuide {
    const CARD: Card = Card {
        id: "self-guide",
        summary: "a specialist from one instruction and three examples: own inputs, own labels by vote",
        paper: "2407.12874",
        code: "zhaochenyang20/Prompt2Model-Self-Guide",
        reports: &[
            Metric { name: "pool", meaning: "made inputs that survived the filters" },
            Metric {
                name: "sample_accuracy",
                meaning: "share of all sampled outputs that are right, where the truth is known",
            },
            Metric { name: "vote_share", meaning: "mean share of the samples that the winning outputs have" },
            Metric {
                name: "requested_label",
                meaning: "share of pairs whose label is the one that the input was asked for",
            },
            Metric { name: "rouge_l", meaning: "mean ROUGE-L F1 of greedy outputs, over words" },
        ],
    };

    fn check(&self) -> Result<()> {
        let positive = [
            ("epochs", self.epochs),
            ("inputs.epochs", self.inputs.epochs),
            ("inputs.prompts", self.inputs.prompts),
            ("outputs.tries", self.outputs.tries),
        ];
        for (field, found) in positive {
            if found == 0 {
                return Err(Error::invalid(field, "at least 1", found));
            }
        }
        if !(0.0..=1.0).contains(&self.outputs.least_share) {
            return Err(Error::invalid("outputs.least_share", "between 0 and 1", self.outputs.least_share));
        }
        if self.sft.amount != (Amount::Epochs { epochs: 1 }) {
            return Err(Error::invalid("sft.amount", "one epoch: passes are counted by epochs", "another"));
        }
        if self.sft.restart != Restart::Inherit {
            return Err(Error::invalid("sft.restart", "inherit: epochs go on from each other", "another"));
        }
        if matches!(self.task, Guide::Described { .. }) && self.watch.deliver == Deliver::Best {
            let rule = "last for a described task, whose held-out pairs are all there to report on";
            return Err(Error::invalid("watch.deliver", rule, "best"));
        }
        self.task.check()?;
        self.policy.check()?;
        self.sft.check()?;
        self.watch.check()
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        let lm = crate::open(&self.model, run)?;
        self.run_on(&lm, run).map(drop)
    }
}

impl SelfGuide {
    /// Runs on a model that is open already; gives what was measured at the end, if anything was.
    pub(crate) fn run_on(&self, lm: &Lm, run: &mut Run<'_>) -> Result<Option<Measured>> {
        let task = self.task.open(Wordings::open(&self.prompts)?, run)?;
        let learned =
            self.task.open(Wordings::open(self.learned_prompts.as_ref().unwrap_or(&self.prompts))?, run)?;
        let policy = self.policy.open(lm)?;
        let measured = learned.measured();
        let judge = measured.task.judge();
        let watch = self.watch_of(&learned);
        let mut watch = Watch::of(&watch, lm, &measured, &*judge);

        let pool = inputs::made(self, &task, lm, &*policy, run)?;
        run.note("pool", pool.len() as f64)?;
        let examples = outputs::labelled(self, (&task, &learned), &pool, lm, &*policy, run)?;
        let data = dataset::record(run, "data", lm, examples)?;

        let mut learner = Sft::around(lm, &self.sft(&data), Keep::Above { threshold: 0.5 })?;
        let before = watch.before(&learner, run)?;
        note_rouge("before", before.as_ref(), run)?;
        while run.next_round(self.epochs) {
            run.learn("learn", &mut learner, &data)?;
            run.output(&format!("epoch-{}", run.round()), &learner.save()?)?;
            watch.round(&learner, run)?;
        }
        let after = watch.after(&mut learner, run)?;
        note_rouge("after", after.as_ref(), run)?;
        Ok(after)
    }

    /// What is measured: nothing where no solved inputs are held out.
    fn watch_of(&self, task: &Guided) -> WatchConfig {
        let mut watch = self.watch.clone();
        if !task.is_measurable() {
            (watch.test.problems, watch.validation.problems) = (0, 0);
            watch.deliver = crate::watch::Deliver::Last;
        }
        watch
    }

    /// How the learner is set up: the schedule spans all epochs unless the settings say otherwise.
    fn sft(&self, data: &[Group<Chat>]) -> SftConfig {
        if self.sft.horizon > 0 {
            return self.sft.clone();
        }
        let kept = data.iter().flat_map(|group| &group.tries).filter(|one| one.verdict.value() > Some(0.5));
        let lengths: Vec<usize> = kept.map(|one| one.answer.prompt.len() + one.answer.tokens.len()).collect();
        let one = plan(&lengths, self.sft.amount, self.sft.batch, autodidact_core::Seed::root(0)).len();
        SftConfig { horizon: (one as u64 * u64::from(self.epochs)).max(1), ..self.sft.clone() }
    }
}

/// Notes the mean ROUGE-L of the greedy outputs.
fn note_rouge(stage: &str, measured: Option<&Measured>, run: &mut Run<'_>) -> Result<()> {
    let greedy = measured.map_or(&[][..], |measured| &measured.greedy);
    let parts = greedy.iter().flat_map(|group| &group.tries).filter_map(|one| one.verdict.part("rouge_l"));
    let parts: Vec<f64> = parts.collect();
    match autodidact_math::summary::mean(&parts) {
        Some(mean) => run.note(&format!("{stage}/rouge_l"), mean),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
