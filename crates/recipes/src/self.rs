//! SELF: a model learns to criticise and to refine answers, and then teaches itself with both.
//!
//! A corpus by an annotator teaches two meta-skills: to assess an answer in words, and to refine it by that
//! assessment. From then on nobody helps. In every round the model answers new questions, criticises its answers,
//! refines them, criticises what it refined, and is fine-tuned on the pairs that it passes itself; the questions of
//! later rounds are its own as well. It may also refine once more when it is asked.
//!
//! * Paper: Lu et al. 2023, arXiv 2310.00533.
//! * Code: none public found.
//! * Differs: the filter is one verdict on the refined answer (the paper leaves the number of passes open); prompts
//!   are ours; an answer that was cut off is never learned from; questions that the evaluation asks, and those that
//!   resemble earlier ones, are dropped; without a meta corpus, for a chat model behind an endpoint that can
//!   criticise already, the rounds begin at once.
//! * Reports: `verdict_rate`, `unread_ratio`, `verdict_accuracy`, `tpr`, `tnr`.

#[path = "self/accounting.rs"]
pub mod accounting;
#[path = "self/meta.rs"]
mod meta;
#[path = "self/questions.rs"]
mod questions;
#[path = "self/refine.rs"]
mod refine;
#[path = "self/roles.rs"]
mod roles;
#[path = "self/round.rs"]
mod round;

pub use meta::Meta;
pub use questions::{By, Instruct, Later};
pub use refine::{Direct, Refine};
pub use roles::{Criticism, Domain, Reading, Roles};
pub use round::{Filter, Target};

use crate::asked::each_once;
use crate::watch::{Watch, WatchConfig};
use autodidact_core::chat::{Chat, Prompt, Sampling};
use autodidact_core::{Card, Error, Group, Metric, Policy, Recipe, Result, Run, Split};
use autodidact_lm::{Lm, Model};
use autodidact_parts::learn::{Amount, Batch, Keep, Restart, Sft, SftConfig};
use autodidact_parts::policy::PolicyConfig;
use autodidact_parts::task::two_steps::{Annotator, TwoSteps};
use autodidact_parts::wording::PromptsConfig;
use autodidact_parts::{ModelConfig, OpenTask, TaskConfig, dataset};
use serde::{Deserialize, Serialize};

/// Settings of SELF; the defaults are the paper's where it states them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SelfEvolution {
    /// The model to improve.
    pub model: ModelConfig,
    /// Who answers, criticises and refines.
    pub policy: PolicyConfig,
    /// The wording of all prompts.
    pub prompts: PromptsConfig,
    /// The wording in which the model under training learns and is measured, where that is another one: its
    /// teacher behind an endpoint may be a chat model while it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub student: Option<PromptsConfig>,
    /// What answers are criticised for.
    pub domain: Domain,
    /// Whether criticism and refinement are one reply or two.
    pub criticism: Criticism,
    /// How replies are read.
    pub reading: Reading,
    /// Questions; their right answers serve the annotator and measuring, never the rounds.
    pub task: TaskConfig,
    /// Where the meta-skills come from.
    pub meta: Meta,
    /// Weight of answering directly in learning from the meta corpus; 0 leaves it out.
    pub beta_qa: f64,
    /// Rounds of self-evolution.
    pub rounds: u32,
    /// Questions a round.
    pub questions: u32,
    /// Where the questions of the second and later rounds come from.
    pub later: Later,
    /// Where each round's training begins and what it sees.
    pub mode: Mode,
    /// Which pairs are learned from.
    pub filter: Filter,
    /// Which answer of a pair is learned from.
    pub target: Target,
    /// Whether the truth is looked at, to measure only.
    pub truth: Truth,
    /// How answers are sampled.
    pub answering: Sampling,
    /// How criticism and refinements are sampled.
    pub criticising: Sampling,
    /// How weights move. `restart` is what continual modes inherit.
    pub sft: SftConfig,
    /// How the model answers when it is measured.
    pub inference: Inference,
    /// How the model is measured.
    pub watch: WatchConfig,
}

/// Where each round's training begins and what it sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// From the first model, on the meta corpus and the pairs of all rounds so far.
    #[default]
    Restart,
    /// From the last round's model, on the meta corpus and this round's pairs.
    ContinualMixed,
    /// From the last round's model, on this round's pairs alone; it forgets the meta-skills.
    ContinualOnly,
}

/// Whether the truth is looked at, to measure only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Truth {
    /// The accuracy of answers, refinements, kept pairs and verdicts is noted where the task's judge knows it.
    #[default]
    Measured,
    /// Nobody knows it.
    Unknown,
}

/// How the model answers when it is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Inference {
    /// At once.
    #[default]
    Direct,
    /// With one self-refinement.
    Refine {
        /// Refined answers that vote; 1 is the single refinement.
        samples: u32,
    },
}

impl Default for SelfEvolution {
    fn default() -> SelfEvolution {
        SelfEvolution {
            model: ModelConfig::Nano,
            policy: PolicyConfig::default(),
            prompts: PromptsConfig::Chat,
            student: None,
            domain: Domain::Maths,
            criticism: Criticism::Combined,
            reading: Reading::default(),
            task: TaskConfig::TwoSteps(TwoSteps::default()),
            meta: Meta::Annotator { prompts: 5_000 },
            beta_qa: 1.0,
            rounds: 3,
            questions: 10_000,
            later: Later::SelfInstruct(Instruct::default()),
            mode: Mode::Restart,
            filter: Filter::Verdict,
            target: Target::Refined,
            truth: Truth::Measured,
            answering: Sampling { temperature: 0.2, max_tokens: 512, ..Sampling::default() },
            criticising: Sampling { temperature: 0.2, max_tokens: 1_024, ..Sampling::default() },
            sft: SftConfig {
                amount: Amount::Epochs { epochs: 3 },
                batch: Batch::Rows { rows: 128 },
                restart: Restart::Weights,
                ..SftConfig::default()
            },
            inference: Inference::Direct,
            watch: WatchConfig::default(),
        }
    }
}

impl Recipe for SelfEvolution {
    const CARD: Card = Card {
        id: "self",
        summary: "self-evolution with language feedback: answer, criticise, refine, filter, fine-tune, repeat",
        paper: "2310.00533",
        code: "",
        reports: &[
            Metric {
                name: "verdict_rate",
                meaning: "share of readable verdicts that are good; 1 is a collapse",
            },
            Metric { name: "unread_ratio", meaning: "share of criticisms without a readable verdict" },
            Metric { name: "verdict_accuracy", meaning: "share of criticisms whose verdict is the truth's" },
            Metric { name: "tpr", meaning: "share of right answers that are called correct" },
            Metric { name: "tnr", meaning: "share of wrong answers that are called incorrect" },
        ],
    };

    fn check(&self) -> Result<()> {
        if self.rounds == 0 {
            return Err(Error::invalid("rounds", "at least 1", 0));
        }
        if self.questions == 0 {
            return Err(Error::invalid("questions", "at least 1", 0));
        }
        if !(self.beta_qa >= 0.0 && self.beta_qa.is_finite()) {
            return Err(Error::invalid("beta_qa", "at least 0 and finite", self.beta_qa));
        }
        if self.sft.restart == Restart::Base {
            return Err(Error::invalid(
                "sft.restart",
                "inherit or weights; mode = restart begins anew",
                "base",
            ));
        }
        if self.filter == Filter::Oracle && self.truth == Truth::Unknown {
            return Err(Error::invalid("truth", "measured where filter is oracle", "unknown"));
        }
        if let Inference::Refine { samples: 0 } = self.inference {
            return Err(Error::invalid("inference.samples", "at least 1", 0));
        }
        self.reading.check()?;
        self.meta.check(&self.task)?;
        self.later.check()?;
        self.policy.check()?;
        self.sft.check()?;
        self.task.check()?;
        self.watch.check()
    }

    fn run(&self, run: &mut Run<'_>) -> Result<()> {
        // Not in `check`, as the preset for chat models leaves the policy to the user.
        if self.student.is_some() && self.policy == PolicyConfig::Model {
            return Err(Error::invalid("student", "left out where policy.kind is model", "another wording"));
        }
        let lm = crate::open(&self.model, run)?;
        let task = self.task.open()?;
        let policy = self.policy.open(&lm)?;
        let first = first_of(&lm)?;
        let writer: &dyn Policy<Chat> = match (&self.policy, &self.later) {
            (PolicyConfig::Model, Later::SelfInstruct(Instruct { by: By::First, .. })) => &first,
            _ => &*policy,
        };
        self.run_on(&lm, (&*policy, writer), &task, self.task.annotator().as_deref(), run)
    }
}

impl SelfEvolution {
    /// Runs on parts that are open already; the writer asks the questions of later rounds.
    pub(crate) fn run_on(
        &self,
        lm: &Lm,
        (policy, writer): (&dyn Policy<Chat>, &dyn Policy<Chat>),
        task: &OpenTask,
        annotator: Option<&dyn Annotator>,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let roles = self.roles(&self.prompts)?;
        let student = self.roles(self.student.as_ref().unwrap_or(&self.prompts))?;
        let judge = task.task.judge();
        let direct = Direct::of(lm, &student);
        let refine;
        let measured: &dyn Policy<Chat> = match self.inference {
            Inference::Direct => &direct,
            Inference::Refine { samples } => {
                refine = Refine::of(lm, &student, &*task.vote, samples);
                &refine
            }
        };
        let mut learner = self.learner(lm)?;
        let mut watch = Watch::of(&self.watch, measured, task, &*judge);
        watch.before(&learner, run)?;

        // All questions are drawn together, so that none of the meta corpus comes again.
        let (of_meta, n) = (self.meta.prompts(), self.questions as usize);
        let original = if self.later == Later::Task { self.rounds as usize * n } else { n };
        let mut drawn = task.task.draw(Split::Train, of_meta + original, &mut run.rng("questions"))?;
        each_once(&mut drawn);
        let unlabelled = drawn.split_off(of_meta.min(drawn.len()));
        if unlabelled.is_empty() {
            let rule = format!("a task with more training questions than the meta corpus takes, {of_meta}");
            return Err(Error::invalid("task", rule, format!("one with {}", drawn.len())));
        }
        let voices = Voices { lm, policy, writer, roles: &roles, student: &student };
        let corpus = self.meta_corpus(&voices, annotator, &drawn, run)?;
        if !corpus.is_empty() {
            run.learn("meta-learn", &mut learner, &corpus)?;
        }
        let material = Material { task, corpus: &corpus, unlabelled: &unlabelled };
        self.evolve(&voices, &material, &mut learner, run, |learner, run| {
            watch.round(learner, run).map(drop)
        })?;
        watch.after(&mut learner, run)?;
        Ok(())
    }

    /// The rounds: from questions to pairs to a new model; `after` sees the learner after each of them.
    pub(crate) fn evolve(
        &self,
        voices: &Voices<'_>,
        material: &Material<'_>,
        learner: &mut Sft,
        run: &mut Run<'_>,
        mut after: impl FnMut(&mut Sft, &mut Run<'_>) -> Result<()>,
    ) -> Result<()> {
        let Material { task, corpus, unlabelled } = *material;
        let n = self.questions as usize;
        let mut asked: Vec<Prompt> = Vec::new();
        let mut own: Vec<Vec<Group<Chat>>> = Vec::new();
        while run.next_round(self.rounds) {
            let round = own.len();
            let questions = match &self.later {
                Later::SelfInstruct(instruct) if round > 0 => {
                    instruct.questions(n, &asked, &self.watch, voices, task, run)?
                }
                Later::SelfInstruct(_) | Later::Task => of_round(unlabelled, round, n),
            };
            let pairs = self.pairs(voices, task, &questions, run)?;
            own.push(dataset::record(run, "data", voices.lm, self.examples(voices.student, &pairs)?)?);
            asked.extend(questions);
            run.learn("learn", learner, &self.mode.rows(corpus, &own))?;
            after(learner, run)?;
        }
        Ok(())
    }

    /// The three roles in that wording.
    pub(crate) fn roles(&self, prompts: &PromptsConfig) -> Result<Roles> {
        Roles::of(prompts, self.domain, self.criticism, &self.reading, [&self.answering, &self.criticising])
    }

    /// The learner: it begins where the mode says.
    pub(crate) fn learner(&self, lm: &Lm) -> Result<Sft> {
        let restart = if self.mode == Mode::Restart { Restart::Base } else { self.sft.restart };
        Sft::around(lm, &SftConfig { restart, ..self.sft.clone() }, Keep::Above { threshold: 0.0 })
    }
}

/// Who speaks in a run, and in which wording.
#[derive(Clone, Copy)]
pub(crate) struct Voices<'a> {
    /// The model under training.
    pub lm: &'a Lm,
    /// Who answers, criticises and refines.
    pub policy: &'a dyn Policy<Chat>,
    /// Who writes the questions of later rounds.
    pub writer: &'a dyn Policy<Chat>,
    /// The wording in which these are asked.
    pub roles: &'a Roles,
    /// The wording in which the model under training learns.
    pub student: &'a Roles,
}

/// What the rounds work on.
#[derive(Clone, Copy)]
pub(crate) struct Material<'a> {
    /// The task, for votes and for measuring.
    pub task: &'a OpenTask,
    /// The meta corpus as training rows.
    pub corpus: &'a [Group<Chat>],
    /// The original questions, those of the first round first.
    pub unlabelled: &'a [Prompt],
}

/// The model as it is now; later changes of the original do not matter.
fn first_of(lm: &Lm) -> Result<Lm> {
    let model = Model::new(lm.model().config().clone(), lm.model().weights().clone())?;
    let first = Lm::new(model, lm.tokenizer().clone());
    Ok(match lm.template() {
        Some(template) => first.with_template(template.clone()),
        None => first,
    })
}

impl Mode {
    /// What the round learns from: `own[j]` are the pairs of round `j + 1`, the last of them this round's.
    pub fn rows(self, corpus: &[Group<Chat>], own: &[Vec<Group<Chat>>]) -> Vec<Group<Chat>> {
        let last = own.len().saturating_sub(1);
        match self {
            Mode::Restart => corpus.iter().chain(own.iter().flatten()).cloned().collect(),
            Mode::ContinualMixed => corpus.iter().chain(own[last..].iter().flatten()).cloned().collect(),
            Mode::ContinualOnly => own[last..].iter().flatten().cloned().collect(),
        }
    }
}

/// The `n` questions of a round counted from 0, none twice; where there are too few for all rounds, they come again
/// in later ones.
fn of_round(questions: &[Prompt], round: usize, n: usize) -> Vec<Prompt> {
    questions.iter().cycle().skip(round * n).take(n.min(questions.len())).cloned().collect()
}

#[cfg(test)]
#[path = "self/tests.rs"]
mod tests;
