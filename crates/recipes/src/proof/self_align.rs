//! The proof of self-align: does a model keep rules without being shown them, once it has learned from its
//! own replies under them?
//!
//! A small model reads documents of the world of dialogues: mostly blunt ones, and some under a header
//! of rules that are kept when they are shown. From there the recipe runs on its own inventions: tasks and
//! hard questions, replies under the header, engraving, verbose cloning. Beside it run three arms:
//! without the filters, without hard questions, and, for the topics alone, without balancing.

mod measure;
mod report;

use super::{Proof, ProofOptions, ProofReport, Scale, Track, arm, lab};
use crate::self_align::{
    AlignConfig, Balance, CloneConfig, InstructConfig, Kit, Rules, Screen, SelfAlign, TopicsConfig, Turns,
    Verbose,
};
use crate::watch::WatchConfig;
use autodidact_core::chat::Sampling;
use autodidact_core::{Recipe, Result, Rng, Seed};
use autodidact_lm::Lm;
use autodidact_math::Row;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::learn::{Amount, Batch, Restart, SftConfig};
use autodidact_parts::task::dialogues::{Dialogues, Documents, vocabulary};
use autodidact_parts::wording::PromptsConfig;
use autodidact_parts::{Shape, TaskConfig};
use measure::{Measured, Questions, Under};
use rand::Rng as _;

/// The proof.
pub const PROOF: Proof = Proof {
    id: "self-align",
    about: "rules kept only in view of a header are kept without it after learning from own replies",
    run,
};

/// How large the experiment is.
struct Plan {
    shape: Shape,
    documents: Documents,
    /// Share of documents of hinted questions that are read beyond their own.
    hinted: f64,
    /// Updates of the base model, and documents in each.
    steps: u64,
    rows: usize,
    /// Their peak rate.
    lr: f64,
    recipe: SelfAlign,
    /// Tries at each held-out question.
    tries: u32,
}

/// What is measured with one seed.
struct Outcome {
    /// The base model without a header.
    base: Measured,
    /// The base model under the header: the prompted teacher.
    teacher: Measured,
    engraved: Measured,
    cloned: Measured,
    unfiltered: Measured,
    generic: Measured,
    /// What the whole recipe noted.
    track: Track,
    /// Distinct pairs of topic and kind with a question, with balancing and without.
    pairs: [f64; 2],
}

fn run(options: &ProofOptions<'_>) -> Result<ProofReport> {
    let plan = Plan::of(options.scale);
    let mut outcomes = Vec::new();
    for &seed in &options.seeds {
        outcomes.push(plan.seed(seed, options)?);
    }
    Ok(report::report(&plan, &outcomes, options))
}

impl Plan {
    fn of(scale: Scale) -> Plan {
        let full = scale == Scale::Full;
        let width = if full { 96 } else { 32 };
        let questions = if full { 100 } else { 10 };
        Plan {
            shape: Shape {
                hidden_size: width,
                layers: if full { 3 } else { 1 },
                heads: width / 16,
                kv_heads: width / 32,
                intermediate_size: width * 5 / 2,
                context: 384,
            },
            documents: Documents::default(),
            hinted: 0.25,
            steps: if full { 3_500 } else { 8 },
            rows: if full { 12 } else { 4 },
            lr: 4e-3,
            recipe: recipe(full, questions),
            tries: if full { 4 } else { 1 },
        }
    }

    fn seed(&self, seed: u64, options: &ProofOptions<'_>) -> Result<Outcome> {
        let base = self.base(seed, options)?;
        let questions = Questions::of(self, &base, seed)?;
        let measured = |lm: &Lm, under: Under, name: &str| -> Result<Measured> {
            let card = SelfAlign::CARD;
            Ok(arm(name, seed, options, card, |run| questions.measure(lm, under, run))?.0)
        };
        let at_base = measured(&base, Under::Nothing, "base")?;
        let teacher = measured(&base, Under::Header, "teacher")?;

        let lm = lab::copy(&base)?;
        let mut engraved = None;
        let ((), track) = arm("self-align", seed, options, SelfAlign::CARD, |run| {
            self.recipe.run_on(&lm, self.recipe.task.open()?, run, &mut |lm, run| {
                engraved = Some(questions.measure(lm, Under::Nothing, run)?);
                Ok(())
            })
        })?;
        let cloned = measured(&lm, Under::Nothing, "cloned")?;

        let [unfiltered, generic] = [self.without_filters(), self.without_hard_questions()].map(
            |recipe| -> Result<(Measured, Track)> {
                let lm = lab::copy(&base)?;
                arm("ablation", seed, options, SelfAlign::CARD, |run| {
                    recipe.run_on(&lm, recipe.task.open()?, run, &mut |_, _| Ok(()))?;
                    questions.measure(&lm, Under::Nothing, run)
                })
            },
        );
        let pairs =
            [Balance::Smallest, Balance::Free].map(|balance| self.pairs(balance, &base, seed, options));
        let [balanced, free] = pairs;
        Ok(Outcome {
            base: at_base,
            teacher,
            engraved: engraved.unwrap_or_default(),
            cloned,
            unfiltered: unfiltered?.0,
            generic: generic?.0,
            track,
            pairs: [balanced?, free?],
        })
    }

    /// A model that has read documents of the world and nothing else.
    fn base(&self, seed: u64, options: &ProofOptions<'_>) -> Result<Lm> {
        let words = vocabulary();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let lm = lab::fresh_words(self.shape, seed, &words)?;
        let root = Seed::root(seed).at("documents", 0);
        lab::train(&lm, self.lr, self.steps, options, |step| {
            let mut rng = root.at("step", step).rng();
            (0..self.rows).map(|_| document(&lm, &self.read(&mut rng))).collect()
        })?;
        Ok(lm)
    }

    /// A document to read: more often than by its share one in which questions repeat their hints, since a
    /// small model is slow to learn to copy.
    fn read(&self, rng: &mut Rng) -> String {
        if !rng.random_bool(self.hinted) {
            return self.documents.draw(rng);
        }
        loop {
            let document = self.documents.draw(rng);
            if document.starts_with("<ask>") {
                return document;
            }
        }
    }

    fn without_filters(&self) -> SelfAlign {
        let mut recipe = self.recipe.clone();
        recipe.clone.done = false;
        recipe.align.screen.rules = Rules::Ignored;
        recipe
    }

    fn without_hard_questions(&self) -> SelfAlign {
        let mut recipe = self.recipe.clone();
        recipe.clone.done = false;
        recipe.topics.epochs = 0;
        recipe
    }

    /// Distinct pairs of topic and kind that get a question, with equally many lists of topics.
    fn pairs(&self, balance: Balance, base: &Lm, seed: u64, options: &ProofOptions<'_>) -> Result<f64> {
        let mut recipe = self.recipe.clone();
        recipe.instruct.requests = 0;
        recipe.topics.balance = balance;
        let kit = Kit::open(&recipe.prompts)?;
        let ((), track) = arm("topics", seed, options, SelfAlign::CARD, |run| {
            recipe.invent(base, &kit, &[], run).map(drop)
        })?;
        Ok(track.last("questions/kept").unwrap_or_default())
    }
}

/// A document as a row, every token a target. Dialogues end where the user speaks next, lists with an
/// end-of-sequence token.
fn document(lm: &Lm, text: &str) -> Result<Row> {
    let mut tokens = lm.tokenizer().opening().to_vec();
    tokens.extend(lm.tokenizer().encode(text)?);
    if !text.ends_with("<user>") {
        tokens.extend(lm.eos().first());
    }
    let weight = vec![1.0; tokens.len() - 1];
    Ok(Row { tokens, weight })
}

/// How replies are drawn where they are measured: nothing sharpened.
fn plain() -> Sampling {
    Sampling { max_tokens: 70, stop: vec!["<user>".to_owned()], ..Sampling::default() }
}

/// The recipe for the world of dialogues.
pub(crate) fn recipe(full: bool, questions: u32) -> SelfAlign {
    let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    let list = |top_p, max_tokens| Sampling { top_p, max_tokens, ..Sampling::default() };
    let test = Evaluation {
        problems: questions,
        tries: 1,
        k: 1,
        greedy: false,
        sampling: plain(),
        ..Evaluation::default()
    };
    SelfAlign {
        prompts: PromptsConfig::Small,
        task: TaskConfig::Dialogues(Dialogues::default()),
        turns: Turns {
            user: "<user>".into(),
            reply: "<reply>".into(),
            lead: " ".into(),
            end: "\n<user>".into(),
        },
        instruct: InstructConfig {
            requests: if full { 40 } else { 3 },
            batch: 10,
            examples: 4,
            // The world's lists end at ten.
            items: 5,
            near: 0.9,
            sampling: Sampling { endless: true, ..list(0.98, 100) },
            ..InstructConfig::default()
        },
        topics: TopicsConfig {
            epochs: if full { 10 } else { 1 },
            known: 4,
            items: 6,
            sampling: list(0.98, 30),
            examples: 3,
            hints: 3,
            questions: list(0.95, 70),
            ..TopicsConfig::default()
        },
        align: AlignConfig {
            sampling: Sampling { temperature: 0.5, ..list(0.95, 60) },
            screen: Screen {
                identification: "i am helper .".into(),
                least: 24,
                canned: own(&["helper"]),
                apologies: Vec::new(),
                ..Screen::default()
            },
            identity: if full { 8 } else { 2 },
            ..AlignConfig::default()
        },
        sft: SftConfig {
            lr: 5e-4,
            schedule: Schedule { shape: Course::Linear, warmup: 4, floor: 0.1 },
            amount: if full { Amount::Steps { steps: 160 } } else { Amount::Steps { steps: 4 } },
            batch: Batch::Rows { rows: 16 },
            restart: Restart::Base,
            ..SftConfig::default()
        },
        clone: CloneConfig {
            sampling: Sampling { max_tokens: 80, ..CloneConfig::default().sampling },
            screen: Verbose { least: 30, persona: own(&["at length"]), ..Verbose::default() },
            ..CloneConfig::default()
        },
        watch: WatchConfig { test, ..WatchConfig::default() },
        ..SelfAlign::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::{Silent, Stop};

    #[test]
    fn the_quick_proof_runs_to_a_whole_report() {
        let options =
            ProofOptions { seeds: vec![0], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
        let report = run(&options).expect("runs");
        assert_eq!((report.recipe.as_str(), report.claims.len()), ("self-align", 10));
        for table in &report.tables {
            assert!(!table.rows.is_empty() && table.rows.iter().all(|row| row.len() == table.columns.len()));
        }
    }
}
