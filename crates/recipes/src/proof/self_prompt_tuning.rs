//! The proof of self-prompt-tuning: does a model answer better once it writes itself a role?
//!
//! In the world of ambiguous operators a base model has read roles with their procedures, and questions
//! without roles and without answers. Copies of it are fine-tuned on the same 400 questions: with plain
//! answers, with a role before each answer, and with as many words of filler. The tuned model is then
//! asked 1,000 held-out questions, half of them in words that the fine-tuning never showed, in its own role,
//! in a random one and in the right one.

mod report;

use super::{Proof, ProofOptions, ProofReport, Scale, arm, lab};
use crate::self_prompt_tuning::{Annotator, Books, Inference, Passes, SelfPromptTuning, SelfPrompted, Words};
use crate::watch::WatchConfig;
use autodidact_core::chat::{Chat, Prompt, Sampling};
use autodidact_core::{Ask, Group, Recipe, Result, Rng, Run, Seed, Split};
use autodidact_lm::Lm;
use autodidact_math::Row;
use autodidact_math::schedule::{Schedule, Shape as Course};
use autodidact_parts::evaluate::Evaluation;
use autodidact_parts::learn::{Amount, Batch, SftConfig};
use autodidact_parts::task::operators::{Domain, Operators, OperatorsJudge};
use autodidact_parts::wording::PromptsConfig;
use autodidact_parts::{Shape, TaskConfig};
use rand::seq::IndexedRandom;

/// The proof.
pub const PROOF: Proof = Proof {
    id: "self-prompt-tuning",
    about: "a self-written role makes ambiguous questions answerable, where filler of its length does not",
    run,
};

const PLAIN: usize = 0;
const SELF: usize = 1;
const FILLER: usize = 2;

/// The arms that are tuned.
const ARMS: [&str; 3] = ["plain", "self-prompt", "filler"];

/// How large the experiment is.
struct Plan {
    shape: Shape,
    /// Updates of the base model, and rows an update.
    base: (u64, usize),
    recipe: SelfPromptTuning,
    /// Held-out questions.
    questions: usize,
}

/// What one model does on held-out questions.
#[derive(Clone, Debug, Default)]
struct Measured {
    /// Right answers to ambiguous questions.
    multi: f64,
    /// The same where the words were never tuned on.
    unseen: f64,
    /// Right answers to questions of the one domain with a sign of its own.
    single: f64,
    /// Right answers to lessons, which nothing was tuned on.
    lessons: f64,
    /// The books of the ambiguous questions.
    books: Books,
    /// Domains named, of those that there are.
    coverage: f64,
}

/// What is measured with one seed.
struct Outcome {
    base: Measured,
    /// In the order of [`ARMS`].
    arms: Vec<Measured>,
    random: Measured,
    oracle: Measured,
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
        let width = if full { 64 } else { 32 };
        let nothing = Evaluation { problems: 0, ..Evaluation::default() };
        let schedule = Schedule { shape: Course::Linear, warmup: 10, floor: 0.1 };
        Plan {
            shape: Shape {
                hidden_size: width,
                layers: if full { 2 } else { 1 },
                heads: 4,
                kv_heads: 4,
                intermediate_size: width * 5 / 2,
                context: 64,
            },
            base: if full { (3_000, 64) } else { (30, 16) },
            recipe: SelfPromptTuning {
                task: TaskConfig::Operators(talk(&Domain::ALL)),
                prompts: PromptsConfig::Small,
                examples: if full { 400 } else { 24 },
                annotator: Annotator::Field { field: "role".to_owned(), noise: 0.05 },
                sft: SftConfig {
                    lr: 1e-3,
                    schedule,
                    amount: Amount::Epochs { epochs: if full { 15 } else { 1 } },
                    batch: Batch::Rows { rows: if full { 32 } else { 8 } },
                    ..SelfPromptTuning::default().sft
                },
                watch: WatchConfig { test: nothing.clone(), validation: nothing, ..WatchConfig::default() },
                ..SelfPromptTuning::default()
            },
            questions: if full { 1_000 } else { 12 },
        }
    }

    fn seed(&self, seed: u64, options: &ProofOptions<'_>) -> Result<Outcome> {
        let base = self.base(seed, options)?;
        let field = "role".to_owned();
        let annotators = [
            Annotator::Nobody,
            self.recipe.annotator.clone(),
            Annotator::Filler { field, word: FILLER_WORD.to_owned() },
        ];
        let plain = SelfPromptTuning { annotator: Annotator::Nobody, ..self.recipe.clone() };
        let asked = |recipe: &SelfPromptTuning, name: &str, lm: &Lm, how: Asked| {
            arm(name, seed, options, SelfPromptTuning::CARD, |run| self.measure(recipe, lm, how, run))
        };
        let (untuned, _) = asked(&plain, "base", &base, Asked::Own)?;
        let (mut arms, mut forced) = (Vec::new(), Vec::new());
        for (name, annotator) in ARMS.iter().zip(annotators) {
            let recipe = SelfPromptTuning { annotator, ..self.recipe.clone() };
            let lm = lab::copy(&base)?;
            arm(name, seed, options, SelfPromptTuning::CARD, |run| recipe.run_on(&lm, run))?;
            arms.push(asked(&recipe, name, &lm, Asked::Own)?.0);
            if *name == ARMS[SELF] {
                for how in [Asked::Random, Asked::Oracle] {
                    forced.push(asked(&recipe, "forced", &lm, how)?.0);
                }
            }
        }
        let oracle = forced.pop().unwrap_or_default();
        Ok(Outcome { base: untuned, arms, random: forced.pop().unwrap_or_default(), oracle })
    }

    /// A model that has read lessons and bare questions, half of each.
    fn base(&self, seed: u64, options: &ProofOptions<'_>) -> Result<Lm> {
        let vocabulary = vocabulary();
        let words: Vec<&str> = vocabulary.iter().map(String::as_str).collect();
        let lm = lab::fresh_words(self.shape, seed, &words)?;
        let (steps, rows) = self.base;
        let task = talk(&Domain::ALL);
        let root = Seed::root(seed).at("base", 0);
        lab::train(&lm, 3e-3, steps, options, |step| {
            let mut rng = root.at("step", step).rng();
            (0..rows).map(|i| read(&lm, &task, i % 2 == 0, &mut rng)).collect()
        })?;
        Ok(lm)
    }

    /// Greedy answers to held-out questions.
    fn measure(&self, recipe: &SelfPromptTuning, lm: &Lm, how: Asked, run: &mut Run<'_>) -> Result<Measured> {
        let multi = self.answers(recipe, lm, talk(&Domain::AMBIGUOUS), how, run)?;
        let single = self.answers(recipe, lm, talk(&[Domain::Lesson]), how, run)?;
        let (fresh, _): (Vec<_>, Vec<_>) = multi
            .iter()
            .cloned()
            .partition(|group| group.ask.query.fields.get("unseen") == Some(&true.into()));
        let books = Books::of(&multi, &recipe.segments, lm.tokenizer());
        let named = Domain::AMBIGUOUS.iter().filter(|domain| {
            let says = |group: &Group<Chat>| {
                let role = recipe.segments.split(&group.tries[0].answer.text).ok();
                role.is_some_and(|parts| parts[0].trim() == domain.role())
            };
            multi.iter().any(says)
        });
        Ok(Measured {
            multi: lab::mean_of(&multi, "score"),
            unseen: lab::mean_of(&fresh, "score"),
            single: lab::mean_of(&single, "score"),
            lessons: self.lessons(lm, run)?,
            coverage: named.count() as f64 / Domain::AMBIGUOUS.len() as f64,
            books,
        })
    }

    fn answers(
        &self,
        recipe: &SelfPromptTuning,
        lm: &Lm,
        task: Operators,
        how: Asked,
        run: &mut Run<'_>,
    ) -> Result<Vec<Group<Chat>>> {
        let recipe = SelfPromptTuning { task: TaskConfig::Operators(task), ..recipe.clone() };
        let (task, prompts) = (recipe.open_task()?, recipe.open_prompts()?);
        let mut rng = Seed::root(0).at("held out", 0).rng();
        let mut queries = task.task.draw(Split::Test, self.questions, &mut rng)?;
        if how == Asked::Random {
            queries.iter_mut().for_each(|query| forced(query, &mut rng));
        }
        let passes = if how == Asked::Own { Passes::One } else { Passes::Given };
        let speaker = SelfPrompted {
            inner: lm,
            words: Words { prompts: &prompts, segments: &recipe.segments },
            how: Inference { passes, roles: 1 },
            vote: &*task.vote,
        };
        run.evaluate("held-out", &speaker, &*recipe.judge(&task), Ask::each(&queries, 1, &greedy()))
    }

    /// Right answers to lessons.
    fn lessons(&self, lm: &Lm, run: &mut Run<'_>) -> Result<f64> {
        let mut rng = Seed::root(0).at("lessons", 0).rng();
        let one = |i| {
            let (asked, answer) = talk(&Domain::AMBIGUOUS).lesson(MARKERS, &mut rng);
            Prompt::text(format!("lesson/{i}"), asked).with("answer", answer)
        };
        let queries: Vec<Prompt> = (0..self.questions / 2).map(one).collect();
        let asks = Ask::each(&queries, 1, &greedy());
        Ok(lab::mean_of(&run.evaluate("lessons", lm, &OperatorsJudge, asks)?, "score"))
    }
}

/// Whose role a question is answered in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Own,
    Random,
    Oracle,
}

/// What a role stands between, in lessons as in outputs.
const MARKERS: (&str, &str) = ("[role]", "[/role]");

/// Stands for each word of a role in the arm with filler.
const FILLER_WORD: &str = " so";

/// Questions of these domains, some with a word of another among three or four.
fn talk(domains: &[Domain]) -> Operators {
    Operators { domains: domains.to_vec(), stray: 0.3, ..Operators::default() }
}

fn vocabulary() -> Vec<String> {
    let mut pieces = Operators::vocabulary();
    pieces.extend([MARKERS.0, MARKERS.1, FILLER_WORD].map(str::to_owned));
    pieces
}

fn greedy() -> Sampling {
    Sampling { temperature: 0.0, max_tokens: 24, ..Sampling::default() }
}

/// Gives a question the role of any of the ambiguous domains.
fn forced(query: &mut Prompt, rng: &mut Rng) {
    let domain = Domain::AMBIGUOUS.choose(rng).expect("there are six");
    query.fields.insert("role".to_owned(), domain.role().into());
}

/// A lesson with its end, or a question that breaks off where its answer would begin.
fn read(lm: &Lm, task: &Operators, lesson: bool, rng: &mut Rng) -> Result<Row> {
    let mut tokens = lm.tokenizer().opening().to_vec();
    if lesson {
        let (asked, answer) = task.lesson(MARKERS, rng);
        tokens.extend(lm.tokenizer().encode(&(asked + &answer))?);
        tokens.extend(lm.eos().first());
    } else {
        tokens.extend(lm.tokenizer().encode(&task.question(rng).text())?);
    }
    let weight = vec![1.0; tokens.len() - 1];
    Ok(Row { tokens, weight })
}

#[cfg(test)]
mod tests {
    use super::*;
    use autodidact_core::{Silent, Stop};

    #[test]
    fn the_quick_proof_runs_to_its_end() {
        let options =
            ProofOptions { seeds: vec![0], scale: Scale::Quick, observer: &Silent, stop: Stop::default() };
        let report = (PROOF.run)(&options).expect("runs");
        assert_eq!(report.claims.len(), 7);
        assert_eq!(report.tables[0].rows.len(), 6);
    }

    #[test]
    fn a_bare_question_breaks_off_and_a_lesson_ends() {
        let plan = Plan::of(Scale::Quick);
        let words = vocabulary();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let lm = lab::fresh_words(plan.shape, 0, &words).expect("opens");
        let mut rng = Seed::root(0).rng();
        let ends = |row: Row| row.tokens.last() == lm.eos().first();
        assert!(ends(read(&lm, &talk(&Domain::ALL), true, &mut rng).expect("reads")));
        assert!(!ends(read(&lm, &talk(&Domain::ALL), false, &mut rng).expect("reads")));
    }
}
